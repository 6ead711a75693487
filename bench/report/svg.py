"""Charts as inline SVG: lines over an axis, and points with names. Pure; colours come from CSS.

A series is told by colour, by marker and by dash, so that none of them alone carries it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

from bench.report.axes import Axis

WIDTH, HEIGHT = 560, 250
"""Narrow, so that a telephone shows the whole of it in letters that can be read."""
LEFT, RIGHT, TOP, BOTTOM = 64, 22, 12, 46
COLOURS = 8
"""How many `--s0` … the style sheet has."""
_MARKED = 12
"""Markers along a line, at most: enough to tell it."""
_LETTER_WIDTH = 8.4
_LINE_HEIGHT = 16.0
_ROUND = 6.0
"""Left and right of a point, where no name may stand."""
_MOST_STEPS = 2 * round(HEIGHT / _LINE_HEIGHT)
"""Of a label up or down: beyond that it is outside of the chart from wherever it starts."""
_DASHES = ("", "7 4", "2 3", "9 3 2 3", "12 5", "12 3 3 3", "5 2", "1 4")
ALL_LOOKS = COLOURS * len(_DASHES)
"""From here on looks come again."""
_MARKERS = ("circle", "triangle", "square", "diamond")
"""As the live view has them: ● ▲ ■ ◆."""


@dataclass(frozen=True, slots=True)
class SvgLine:
    """A series: stretches of (x, y) points, each drawn without a break. index picks its looks."""

    name: str
    index: int
    stretches: tuple[tuple[tuple[float, float], ...], ...]
    bare: bool = False
    """Without markers: a curve that was fitted, not measured."""
    of: str = ""
    """What it belongs to where that is no variant: a click on its name hides nothing else."""

    @property
    def key(self) -> str:
        """By which it is hidden."""
        return f"{self.of}{self.index}"


@dataclass(frozen=True, slots=True)
class Whisker:
    """An interval of confidence at a place of x, or across at one of y; index picks its looks."""

    index: int
    place: float
    low: float
    high: float
    across: bool = False
    of: str = ""


Flag = tuple[float, str]
"""Where on the x axis something begins, and its name."""


def line_chart(
    title: str,
    lines: Sequence[SvgLine],
    x: Axis,
    y: Axis,
    x_name: str,
    y_name: str,
    *,
    kind: str = "",
    whiskers: Sequence[Whisker] = (),
    flags: Sequence[Flag] = (),
) -> str:
    """Lines over two axes, with a legend in text below. kind: `time` where x is the run's time."""
    body = [_frame(x, y, x_name, y_name), *_flags(flags, x, y)]
    body += [_whisker(whisker, x, y) for whisker in whiskers]
    body += [_line(line, x, y) for line in lines]
    return figure(title, body, lines, f' class="chart" data-kind="{kind}"{_scales(x, y)}')


def _scales(x: Axis, y: Axis) -> str:
    """What a script needs to read values off the picture."""
    places = " ".join(map(str, (LEFT, TOP, WIDTH - RIGHT, HEIGHT - BOTTOM)))
    ends = (f"{axis.low!r} {axis.high!r} {int(axis.logarithmic)}" for axis in (x, y))
    labels = json.dumps([[round(value, 9), label] for value, label in x.ticks])
    return ' data-x="{}" data-y="{}" data-box="{}" data-ticks="{}"'.format(
        *ends, places, escape(labels)
    )


def scatter_chart(
    title: str,
    points: Sequence[tuple[str, int, float, float]],
    path: Sequence[tuple[float, float]],
    x: Axis,
    y: Axis,
    x_name: str,
    y_name: str,
    whiskers: Sequence[Whisker] = (),
    *,
    legend: bool = False,
) -> str:
    """Named points (name, index, x, y), and a path through some of them.

    legend: their names stand below, for points that lie too close together for words beside them.
    """
    body = [_frame(x, y, x_name, y_name)]
    body += [_whisker(whisker, x, y) for whisker in whiskers]
    if len(path) > 1:
        body.append(f'<path class="frontier" d="{_path(path, x, y)}"/>')
    places = [_place(px, py, x, y) for *_, px, py in points]
    taken = [_Label(left - _ROUND, top + 4, 2 * _ROUND) for left, top in places]
    for (name, index, *_), (left, top) in zip(points, places, strict=True):
        parts = [f"<title>{escape(name)}</title>", marker(index, left, top, 5)]
        if not legend:
            label = _free_label(name, left, top, taken)
            taken.append(label)
            where = f'class="name" x="{label.left:.1f}" y="{label.top:.1f}"'
            parts += [_lead(label, left, top), words(name, "start", where)]
        body.append(f'<g data-v="{index}">{"".join(parts)}</g>')
    named = [SvgLine(name, index, ()) for name, index, *_ in points] if legend else []
    return figure(title, body, named, ' class="chart"')


@dataclass(frozen=True, slots=True)
class _Label:
    left: float
    top: float
    width: float

    def overlaps(self, other: _Label) -> bool:
        beside = self.left > other.left + other.width or other.left > self.left + self.width
        return not beside and abs(self.top - other.top) < _LINE_HEIGHT


def _free_label(name: str, left: float, top: float, taken: Sequence[_Label]) -> _Label:
    """Beside its point, or so much higher or lower that it covers no other label and no point."""
    width = _LETTER_WIDTH * len(name)
    starts = [at for at in (left + 9, left - 9 - width) if LEFT < at < WIDTH - width]
    for step in range(min(2 * len(taken), _MOST_STEPS) + 1):
        away = (step + 1) // 2 * (-1 if step % 2 else 1) * _LINE_HEIGHT
        for start in starts:
            label = _Label(start, top + 4 + away, width)
            inside = TOP < label.top < HEIGHT - BOTTOM
            if inside and not any(label.overlaps(other) for other in taken):
                return label
    return _Label(starts[0] if starts else LEFT, top + 4, width)


def _lead(label: _Label, left: float, top: float) -> str:
    """From a point to its name, where that stands elsewhere than beside it."""
    if abs(label.top - top - 4) < _LINE_HEIGHT / 2:
        return ""
    end = label.left - 2 if label.left > left else label.left + label.width + 2
    return f'<path class="lead" d="M{left:.1f} {top:.1f}L{end:.1f} {label.top - 5:.1f}"/>'


def figure(
    title: str, body: Sequence[str], lines: Sequence[SvgLine], attributes: str, height: int = HEIGHT
) -> str:
    """A drawing of the common width under its title, with the legend of its lines below."""
    legend = "".join(_legend(line) for line in lines)
    return (
        f'<figure><figcaption>{escape(title)}</figcaption><svg viewBox="0 0 {WIDTH} {height}"'
        f' role="img" aria-label="{escape(title)}"{attributes}>{"".join(body)}</svg>'
        f"{f'<p class=legend>{legend}</p>' if legend else ''}</figure>\n"
    )


def _legend(line: SvgLine) -> str:
    sample = (
        f'<svg viewBox="0 0 34 12" class="sample"><path class="line" {_looks(line.index)}'
        f' d="M1 6H33"/>{marker(line.index, 17, 6, 4)}</svg>'
    )
    return f'<span data-toggle="{line.key}">{sample}{escape(line.name)}</span> '


def _frame(x: Axis, y: Axis, x_name: str, y_name: str) -> str:
    right, bottom = WIDTH - RIGHT, HEIGHT - BOTTOM
    across, down = (LEFT + right) / 2, (TOP + bottom) / 2
    parts = ['<g class="y">']
    for value, label in y.ticks:
        top = _place(x.low, value, x, y)[1]
        parts.append(f'<path class="grid" d="M{LEFT} {top:.1f}H{right}"/>')
        parts.append(words(label, "end", f'x="{LEFT - 6}" y="{top + 4:.1f}"'))
    parts.append('</g><g class="x">')
    for value, label in x.ticks:
        left = _place(value, y.low, x, y)[0]
        parts.append(f'<path class="grid" d="M{left:.1f} {TOP}V{bottom}"/>')
        parts.append(words(label, "middle", f'x="{left:.1f}" y="{bottom + 15}"'))
    parts.append("</g>")
    parts.append(f'<path class="axis" d="M{LEFT} {TOP}V{bottom}H{right}"/>')
    parts.append(words(x_name, "middle", f'x="{across}" y="{HEIGHT - 8}"'))
    parts.append(words(y_name, "middle", f'transform="translate(13 {down}) rotate(-90)"'))
    return "".join(parts)


def _flags(flags: Sequence[Flag], x: Axis, y: Axis) -> Iterable[str]:
    """Upright lines, each with its name at the top where there is room for it before the next."""
    places = [_place(at, y.low, x, y)[0] for at, _ in flags]
    for (at, name), left, end in zip(flags, places, [*places[1:], WIDTH - RIGHT], strict=False):
        fits = _LETTER_WIDTH * len(name) + 4 <= end - left
        said = words(name, "start", f'x="4" y="{TOP + 10}"') if fits else ""
        yield (
            f'<g class="flag" data-at="{at:g}" transform="translate({left:.1f} 0)">'
            f'<title>{escape(name)}</title><path d="M0 {TOP}V{HEIGHT - BOTTOM}"/>{said}</g>'
        )


def words(text: str, anchor: str, where: str) -> str:
    """Text that cannot become anything else. anchor: start, middle or end."""
    return f'<text {where} text-anchor="{anchor}">{escape(text)}</text>'


def _place(px: float, py: float, x: Axis, y: Axis) -> tuple[float, float]:
    left = LEFT + x.at(px) * (WIDTH - LEFT - RIGHT)
    return left, HEIGHT - BOTTOM - y.at(py) * (HEIGHT - TOP - BOTTOM)


def _path(points: Iterable[tuple[float, float]], x: Axis, y: Axis) -> str:
    places = (_place(px, py, x, y) for px, py in points)
    return "M" + "L".join(f"{left:.1f} {top:.1f}" for left, top in places)


def _whisker(whisker: Whisker, x: Axis, y: Axis) -> str:
    if whisker.across:
        low, top = _place(whisker.low, whisker.place, x, y)
        high = _place(whisker.high, whisker.place, x, y)[0]
        path = f"M{low:.1f} {top - 4:.1f}v8m0 -4H{high:.1f}m0 -4v8"
    else:
        left, low = _place(whisker.place, whisker.low, x, y)
        high = _place(whisker.place, whisker.high, x, y)[1]
        path = f"M{left - 4:.1f} {low:.1f}h8m-4 0V{high:.1f}m-4 0h8"
    drawn = f'<path class="thin" {_looks(whisker.index)} d="{path}"/>'
    return f'<g data-v="{whisker.of}{whisker.index}">{drawn}</g>'


def _line(line: SvgLine, x: Axis, y: Axis) -> str:
    drawn = " ".join(_path(stretch, x, y) for stretch in line.stretches if len(stretch) > 1)
    points = [point for stretch in line.stretches for point in stretch]
    every = max(1, len(points) // _MARKED)
    marks = (
        ""
        if line.bare
        else "".join(marker(line.index, *_place(px, py, x, y), 3.5) for px, py in points[::every])
    )
    path = f'<path class="line" {_looks(line.index)} d="{drawn}"/>' if drawn else ""
    return f'<g data-v="{line.key}"><title>{escape(line.name)}</title>{path}{marks}</g>'


def _looks(index: int) -> str:
    dash = _DASHES[index // COLOURS % len(_DASHES)]
    return f'style="stroke:var(--s{index % COLOURS})"' + (
        f' stroke-dasharray="{dash}"' if dash else ""
    )


def marker(index: int, left: float, top: float, r: float) -> str:
    """The marker of a series; moved by its transform, so that a script can move it on."""
    place = f'class="m" transform="translate({left:.1f} {top:.1f})"'
    fill = f'style="fill:var(--s{index % COLOURS})"'
    shape = _MARKERS[index % len(_MARKERS)]
    if shape == "circle":
        return f'<circle {place} {fill} r="{r}"/>'
    if shape == "square":
        return f'<rect {place} {fill} x="{-r}" y="{-r}" width="{2 * r}" height="{2 * r}"/>'
    offsets = {
        "triangle": ((0, -1.2), (1.1, 0.9), (-1.1, 0.9)),
        "diamond": ((0, -1.4), (1.2, 0), (0, 1.4), (-1.2, 0)),
    }[shape]
    corners = " ".join(f"{dx * r:.1f},{dy * r:.1f}" for dx, dy in offsets)
    return f'<polygon {place} {fill} points="{corners}"/>'
