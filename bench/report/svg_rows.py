"""Charts with a row for each series, all on one axis: ranges and ridges, as inline SVG. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

from bench.report.axes import Axis
from bench.report.svg import COLOURS, RIGHT, WIDTH, figure, marker, words

NAME_WIDTH = 150
MOST_LETTERS = 18
"""Of a name that has room there."""
_ROW_HEIGHTS = (64, 44, 34, 26)
"""Of one row alone, of two, three, and more."""
_HEAD = 26
_LENGTH = WIDTH - RIGHT - NAME_WIDTH - 10
"""Of the axis: the last label reaches beyond it."""


@dataclass(frozen=True, slots=True)
class RangeRow:
    """What a row shows, in units of the axis: p50, p90, p99, as many as are known, and the end."""

    name: str
    index: int
    points: tuple[float, ...]
    end: float
    text: str
    """The same in words, for who points at it or can't see it."""


@dataclass(frozen=True, slots=True)
class RidgeRow:
    """Heights from 0 to 1 along equal stretches of the axis; `second` in another tone."""

    name: str
    index: int
    heights: tuple[float, ...]
    second: tuple[float, ...] = ()
    text: str = ""


def range_chart(title: str, rows: Sequence[RangeRow], x: Axis) -> str:
    """Solid from p50 to p90, thin to p99 and to the end; the marker stands on the median."""
    short = short_names(row.name for row in rows)
    high = _row_height(len(rows))
    body = [_row_axis(x, len(rows))]
    for number, row in enumerate(rows):
        middle = _HEAD + (number + 0.5) * high
        first, *rest = (_along(x, point) for point in row.points)
        solid, last = (rest[0] if rest else first), _along(x, row.end)
        looks = f'style="stroke:var(--s{row.index % COLOURS})"'
        thin = rest[1] if len(rest) > 1 else solid
        parts = [
            f'<path class="solid" {looks} d="M{first:.1f} {middle}H{solid:.1f}"/>',
            f'<path class="thin" {looks} d="M{solid:.1f} {middle}H{thin:.1f}"/>',
            f'<path class="far" {looks} d="M{thin:.1f} {middle}H{last:.1f}m0 -4v8"/>',
            marker(row.index, first, middle, 4.5),
        ]
        body.append(_named_row(row, short[row.name], middle, "".join(parts)))
    return figure(title, body, [], ' class="rows"', _HEAD + len(rows) * high + 6)


def ridge_chart(title: str, rows: Sequence[RidgeRow], x: Axis) -> str:
    """A density for each row, as high as its row at its highest place."""
    short = short_names(row.name for row in rows)
    high = _row_height(len(rows))
    body = [_row_axis(x, len(rows))]
    for number, row in enumerate(rows):
        bottom = _HEAD + (number + 1) * high - 2
        top = bottom - high + 4
        areas = _area(row.heights, top, bottom, f'style="fill:var(--s{row.index % COLOURS})"')
        areas += _area(row.second, top, bottom, "", "second")
        body.append(_named_row(row, short[row.name], bottom - high / 3, areas))
    return figure(title, body, [], ' class="rows"', _HEAD + len(rows) * high + 6)


def _row_height(rows: int) -> int:
    return _ROW_HEIGHTS[min(rows, len(_ROW_HEIGHTS)) - 1]


def _along(x: Axis, value: float) -> float:
    return NAME_WIDTH + x.at(value) * _LENGTH


def _row_axis(x: Axis, rows: int) -> str:
    bottom = _HEAD + rows * _row_height(rows)
    parts = []
    for value, label in x.ticks:
        left = _along(x, value)
        parts.append(f'<path class="grid" d="M{left:.1f} {_HEAD - 4}V{bottom}"/>')
        parts.append(words(label, "middle", f'x="{left:.1f}" y="{_HEAD - 10}"'))
    return "".join(parts)


def short_names(names: Iterable[str], most: int = MOST_LETTERS) -> dict[str, str]:
    """Without the words that all begin with, and of those that are too long the end."""
    parts = {name: name.split("-") for name in names}
    shared = 0
    while len(parts) > 1 and all(len(own) > shared + 1 for own in parts.values()):
        if len({own[shared] for own in parts.values()}) > 1:
            break
        shared += 1
    short = {name: "-".join(own[shared:]) for name, own in parts.items()}
    return {name: own if len(own) <= most else f"…{own[1 - most :]}" for name, own in short.items()}


def _named_row(row: RangeRow | RidgeRow, name: str, middle: float, drawn: str) -> str:
    where = f'class="name" x="{NAME_WIDTH - 12}" y="{middle + 4:.1f}"'
    return (
        f'<g data-toggle="{row.index}">{words(name, "end", where)}</g>'
        f'<g data-v="{row.index}"><title>{escape(row.text or row.name)}</title>{drawn}</g>'
    )


def _area(heights: Sequence[float], top: float, bottom: float, looks: str, kind: str = "") -> str:
    if not any(heights):
        return ""
    step = _LENGTH / len(heights)
    path = f"M{NAME_WIDTH} {bottom}"
    for number, height in enumerate(heights):
        path += f"V{bottom - height * (bottom - top):.1f}H{NAME_WIDTH + (number + 1) * step:.1f}"
    return f'<path class="ridge {kind}" {looks} d="{path}V{bottom}Z"/>'
