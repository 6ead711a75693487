"""Lines over two axes, with a legend to click on: an own widget, a few milliseconds a redraw."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from math import isnan, log10
from typing import overload

import numpy as np
from numpy.typing import NDArray
from rich.cells import cell_len
from rich.style import Style
from textual import events
from textual.strip import Strip

from bench.report.axes import Axis, linear_axis, log_axis
from bench.tui.messages import Toggled
from bench.tui.palette import Look, Tone
from bench.tui.widgets.axes import label_row
from bench.tui.widgets.canvas import EMPTY, GRID, WORDS, Canvas
from bench.tui.widgets.strip_widget import StripWidget, blank, strip_of

Point = tuple[float, float | None]
Upright = tuple[int, int, int, int, int]
"""What a line covers of a column of dots: x, and y where it enters, at the top, bottom, leaving."""
GUTTER = 7
"""Cells left of the plot, for the labels of the y axis and the axis itself."""
_NONE = np.empty(0)
_MARK_EVERY = 12
"""Cells between the markers of a line."""
_MIN_WIDTH, _MIN_HEIGHT = 12, 3


class Points(Sequence[Point]):
    """Points at sixteen bytes each: a chart keeps what it has shown, also while out of sight."""

    __slots__ = ("_packed",)

    def __init__(self, points: Iterable[Point]) -> None:
        self._packed = np.array(tuple(points), dtype=np.float64).tobytes()

    @property
    def array(self) -> NDArray[np.float64]:
        """Rows of x and y; NaN where the line breaks."""
        return np.frombuffer(self._packed, dtype=np.float64).reshape(-1, 2)

    def __len__(self) -> int:
        return len(self._packed) // 16

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Points) and self._packed == other._packed

    def __hash__(self) -> int:
        return hash(self._packed)

    @overload
    def __getitem__(self, index: int) -> Point: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Point]: ...
    def __getitem__(self, index: int | slice) -> Point | Sequence[Point]:
        rows = self.array[index].tolist()
        return tuple(map(_point, rows)) if isinstance(index, slice) else _point(rows)


def _point(row: list[float]) -> Point:
    x, y = row
    return x, None if isnan(y) else y


@dataclass(frozen=True, slots=True)
class ChartLine:
    """One series: points ascending in x; a None breaks the line. A hidden one has no points."""

    name: str
    look: Look
    points: Sequence[Point]
    hidden: bool = False
    dots_only: bool = False
    """Markers with no line between them."""


@dataclass(frozen=True, slots=True)
class Flag:
    """A vertical line with a word at its top: where a phase begins."""

    x: float
    text: str


@dataclass(frozen=True, slots=True)
class ChartData:
    """What a chart shows. title says the metric, note its window and unit."""

    title: str = ""
    note: str = ""
    lines: tuple[ChartLine, ...] = ()
    x: Axis | None = None
    """None: from the first to the last point."""
    logarithmic: bool = False
    """Concerns y."""
    flags: tuple[Flag, ...] = ()
    labelled: tuple[tuple[float, float, str, Look], ...] = field(default=())
    """Single points (x, y, name, look), the last on top, with their names beside them."""
    empty: str = "no data yet"


class Chart(StripWidget, can_focus=True):
    """Draws the ChartData that it is given."""

    DEFAULT_CSS = "Chart { height: 1fr; min-height: 5; }"

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._data = ChartData()
        self._legend: list[tuple[int, int, int, str]] = []

    @property
    def data(self) -> ChartData:
        """What is shown."""
        return self._data

    def show(self, data: ChartData) -> None:
        """Draw this from now on."""
        lines = (replace(line, points=Points(line.points)) for line in data.lines)
        data = replace(data, lines=tuple(lines))
        if data != self._data:
            self._data = data
            self.redraw()

    def on_click(self, event: events.Click) -> None:
        """Toggle the series whose name was clicked."""
        self.focus()
        for row, start, end, name in self._legend:
            if event.y == row and start <= event.x < end:
                self.post_message(Toggled(name))

    # -- drawing

    def draw(self, width: int, height: int) -> list[Strip]:
        """Heading, legend, plot and the x axis."""
        data = self._data
        strips = [self.section(width, data.title, data.note)]
        legend = self._draw_legend(width, row=1) if height >= 8 else None
        if legend is not None:
            strips.append(legend)
        plot_width, plot_height = width - GUTTER, height - len(strips) - 1
        values = self._values()
        if plot_width < _MIN_WIDTH or plot_height < _MIN_HEIGHT or not values:
            said = strip_of([(f"  {data.empty}", self.paint[Tone.DIM])], width)
            return [*strips, said, *[blank(width)] * max(0, height - len(strips) - 1)]
        x = data.x or self._x_axis()
        y = self._y_axis(values, plot_height)
        canvas = Canvas(plot_width, plot_height, self.glyphs)
        self._draw_lines(canvas, x, y)
        self._draw_labelled(canvas, x, y)
        labels = _labels(y, plot_height)
        self._draw_behind(canvas, x, labels)
        strips += [self._row(canvas, row, labels.get(row, "")) for row in range(plot_height)]
        labels_below = label_row(x, width, GUTTER, plot_width)
        return [*strips, strip_of([(labels_below, self.paint[Tone.DIM])], width)]

    def _values(self) -> list[float]:
        data = self._data
        every = np.concatenate([_array(line)[:, 1] for line in data.lines] or [_NONE])
        values: list[float] = every[~np.isnan(every)].tolist()
        values += [y for _, y, _, _ in data.labelled]
        return [value for value in values if value > 0] if data.logarithmic else values

    def _x_axis(self) -> Axis:
        xs = [x for line in self._data.lines for x in _array(line)[:, 0].tolist()]
        xs += [x for x, _, _, _ in self._data.labelled]
        low, high = min(xs), max(xs)
        return linear_axis(low, high, max(2, self.size.width // 12))

    def _y_axis(self, values: Sequence[float], rows: int) -> Axis:
        most = max(3, rows // 2)
        if self._data.logarithmic:
            return log_axis(min(values), max(values), most)
        whole = all(value == int(value) for value in values)
        return linear_axis(min(0.0, min(values)), max(values), min(most, 7), whole=whole)

    def _draw_lines(self, canvas: Canvas, x: Axis, y: Axis) -> None:
        across = canvas.glyphs.dots[0]
        marks: list[tuple[int, int, int, str]] = []
        for number, line in enumerate(self._data.lines):
            next_mark = number * 3 % _MARK_EVERY * across
            for stretch in stretches(canvas, x, y, line):
                if not line.dots_only:
                    trace(canvas, stretch, number)
                for place, (at_x, first, *_) in enumerate(stretch):
                    if line.dots_only or place == 0 or at_x >= next_mark:
                        marks.append((at_x, first, number, line.look.marker))
                        next_mark = at_x + _MARK_EVERY * across
        for mark in marks:
            canvas.mark(*mark)

    def _draw_labelled(self, canvas: Canvas, x: Axis, y: Axis) -> None:
        first = len(self._data.lines)
        across, down = canvas.glyphs.dots
        points = [
            (_dot(canvas, x, y, px, py), name, look, first + number)
            for number, (px, py, name, look) in enumerate(self._data.labelled)
        ]
        for (dot_x, dot_y), _, look, series in points:
            canvas.mark(dot_x, dot_y, series, look.marker)
        for (dot_x, dot_y), name, _, series in reversed(points):
            for rows in (0, -1, 1, -2, 2):
                for cells in (2, -len(name) - 1):
                    start_x, at_y = dot_x + cells * across, dot_y + rows * down
                    if canvas.is_free(max(0, start_x - across), at_y, len(name) + 2):
                        canvas.mark(start_x, at_y, series, name)
                        break
                else:
                    continue
                break

    def _draw_behind(self, canvas: Canvas, x: Axis, labels: dict[int, str]) -> None:
        dot, bar = (".", ":") if self.is_ascii else ("┄", "┊")
        flags = [flag for flag in self._data.flags if x.low < flag.x <= x.high]
        columns = [round(x.at(flag.x) * (canvas.width - 1)) for flag in flags]
        ends = [*columns, canvas.width][1:]
        for flag, column, until in zip(flags, columns, ends, strict=True):
            if len(flag.text) < until - column:
                for offset, char in enumerate(flag.text):
                    canvas.behind(column + 1 + offset, 0, char, WORDS)
            for row in range(canvas.height):
                canvas.behind(column, row, bar)
        for row in labels:
            for column in range(canvas.width):
                canvas.behind(column, row, dot)

    def _row(self, canvas: Canvas, row: int, label: str) -> Strip:
        axis = "|" if self.is_ascii else ("┤" if label else "│")
        parts = [
            (f"{label[: GUTTER - 1]:>{GUTTER - 1}}", self.paint[Tone.DIM]),
            (axis, self.paint.rule),
        ]
        parts += [(run.text, self._style(run.series)) for run in canvas.row(row)]
        return strip_of(parts, GUTTER + canvas.width)

    def _style(self, series: int) -> Style:
        if series == GRID:
            return self.paint.grid
        if series == WORDS:
            return self.paint[Tone.DIM]
        if series == EMPTY:
            return Style.null()
        data = self._data
        if series < len(data.lines):
            return self.paint.series_style(data.lines[series].look)
        return self.paint.series_style(data.labelled[series - len(data.lines)][3])

    def _draw_legend(self, width: int, row: int) -> Strip | None:
        self._legend = []
        parts: list[tuple[str, Style]] = [(" " * GUTTER, Style.null())]
        at = GUTTER
        lines = [line for line in self._data.lines if line.name]
        for number, line in enumerate(lines):
            name = f"{line.look.marker} {line.name}"
            left = len(lines) - number
            if at + cell_len(name) + (5 if left > 1 else 0) > width:
                parts.append((f"+{left}", self.paint[Tone.DIM]))
                break
            shown = self.paint.series_style(line.look)
            tone = Tone.DIM if line.hidden else Tone.TEXT
            marker = "-" if line.hidden else line.look.marker
            parts.append((marker, self.paint[Tone.DIM] if line.hidden else shown))
            parts.append((f" {line.name}  ", self.paint[tone]))
            self._legend.append((row, at, at + cell_len(name), line.name))
            at += cell_len(name) + 2
        return strip_of(parts, width) if lines else None


def _dot(canvas: Canvas, x: Axis, y: Axis, px: float, py: float) -> tuple[int, int]:
    return (
        round(x.at(px) * (canvas.dots_across - 1)),
        round((1 - y.at(py)) * (canvas.dots_down - 1)),
    )


def stretches(canvas: Canvas, x: Axis, y: Axis, line: ChartLine) -> Iterator[Sequence[Upright]]:
    """Each part of a line without a gap in it, as what it covers of each column of dots.

    However many points a line has, no more is drawn of it than there are columns.
    """
    if not line.points:
        return
    at_x, at_y = _array(line).T
    seen = ~np.isnan(at_y) & (at_x >= x.low) & (at_x <= x.high)
    if y.logarithmic:
        seen &= at_y > 0
    (places,) = np.nonzero(seen)
    if not places.size:
        return
    dots_x = np.rint(_on(x, at_x[places]) * (canvas.dots_across - 1)).astype(np.int64)
    dots_y = np.rint((1 - _on(y, at_y[places])) * (canvas.dots_down - 1)).astype(np.int64)
    gaps = np.flatnonzero(np.diff(places) > 1) + 1
    steps = np.arange(1, places.size) if line.dots_only else np.flatnonzero(np.diff(dots_x)) + 1
    starts = np.union1d(np.union1d(steps, gaps), [0]).astype(np.int64)
    ends = np.append(starts[1:], places.size) - 1
    uprights = np.column_stack(
        (
            dots_x[starts],
            dots_y[starts],
            np.minimum.reduceat(dots_y, starts),
            np.maximum.reduceat(dots_y, starts),
            dots_y[ends],
        )
    ).tolist()
    bounds = [0, *np.searchsorted(starts, gaps).tolist(), len(uprights)]
    yield from (uprights[first:last] for first, last in pairwise(bounds))


def _array(line: ChartLine) -> NDArray[np.float64]:
    points = line.points
    return (points if isinstance(points, Points) else Points(points)).array


def trace(canvas: Canvas, stretch: Sequence[Upright], series: int) -> None:
    """Draw a part of a line: its points joined in their order."""
    before = stretch[0][:2]
    for at_x, first, top, bottom, last in stretch:
        canvas.line(*before, at_x, first, series)
        if top < bottom:
            canvas.column(at_x, top, bottom, series)
        before = (at_x, last)


def _on(axis: Axis, values: NDArray[np.float64]) -> NDArray[np.float64]:
    """`Axis.at` of many values."""
    low, high, values = axis.low, axis.high, np.clip(values, axis.low, axis.high)
    if axis.logarithmic:
        low, high, values = log10(low), log10(high), np.log10(values)
    return (values - low) / (high - low) if high > low else np.zeros_like(values)


def _labels(y: Axis, rows: int) -> dict[int, str]:
    """Row of the plot -> label of the tick there."""
    labels: dict[int, str] = {}
    for value, text in y.ticks:
        labels.setdefault(round((1 - y.at(value)) * (rows - 1)), text)
    return labels
