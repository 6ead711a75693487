"""Lines over two axes, with a legend to click on: an own widget, a few milliseconds a redraw."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from rich.cells import cell_len
from rich.style import Style
from textual import events
from textual.strip import Strip

from bench.report.axes import Axis, linear_axis, log_axis
from bench.tui.messages import SeriesToggled
from bench.tui.palette import Tone
from bench.tui.widgets.axes import label_row
from bench.tui.widgets.canvas import EMPTY, GRID, WORDS, Canvas
from bench.tui.widgets.chart_data import ChartData, ChartPoints
from bench.tui.widgets.chart_lines import (
    array_of,
    between,
    dot_of,
    label_places,
    row_labels,
    stretches,
    trace,
)
from bench.tui.widgets.columns import letters
from bench.tui.widgets.strip_widget import StripWidget, blank, strip_of

GUTTER = 7
"""Cells left of the plot, for the labels of the y axis and the axis itself."""
_NONE = np.empty(0)
_MARK_EVERY = 12
"""Cells between the markers of a line."""
_FEW_POINTS = 12
"""With no more than these each is marked: sizes, steps."""
_MIN_WIDTH, _MIN_HEIGHT = 12, 3


class Chart(StripWidget, can_focus=True):
    """Draws the ChartData that it is given."""

    DEFAULT_CSS = "Chart { height: 1fr; min-height: 5; }"

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._data = ChartData()
        self._legend: list[tuple[int, int, int, str]] = []

    @property
    def data(self) -> ChartData:
        """What it draws; points are packed."""
        return self._data

    def show(self, data: ChartData) -> None:
        """Draw this from now on."""
        lines = (replace(line, points=ChartPoints(line.points)) for line in data.lines)
        data = replace(data, lines=tuple(lines))
        if data != self._data:
            self._data = data
            self.redraw()

    def on_click(self, event: events.Click) -> None:
        """Toggle the series whose name was clicked."""
        self.focus()
        for row, start, end, name in self._legend:
            if event.y == row and start <= event.x < end:
                self.post_message(SeriesToggled(name))

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
            empty = strip_of([(f"  {data.empty}", self.paint[Tone.DIM])], width)
            return [*strips, empty, *[blank(width)] * max(0, height - len(strips) - 1)]
        x = data.x or self._x_axis()
        y = self._y_axis(values, plot_height)
        canvas = Canvas(plot_width, plot_height, self.glyphs)
        self._draw_whiskers(canvas, x, y)
        self._draw_lines(canvas, x, y)
        self._draw_labelled(canvas, x, y)
        labels = row_labels(y, plot_height)
        self._draw_between(canvas, x, y)
        self._draw_behind(canvas, x, labels)
        strips += [self._row(canvas, row, labels.get(row, "")) for row in range(plot_height)]
        labels_below = label_row(x, width, GUTTER, plot_width)
        return [*strips, strip_of([(labels_below, self.paint[Tone.DIM])], width)]

    def _values(self) -> list[float]:
        data = self._data
        every = np.concatenate([array_of(line)[:, 1] for line in data.lines] or [_NONE])
        values: list[float] = every[~np.isnan(every)].tolist()
        values += [y for _, y, _, _ in data.labelled]
        values += [end for one in data.whiskers for end in (one.low, one.high)]
        return [value for value in values if value > 0] if data.logarithmic else values

    def _x_axis(self) -> Axis:
        xs = [x for line in self._data.lines for x in array_of(line)[:, 0].tolist()]
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
            is_sparse = len(line.points) <= _FEW_POINTS
            for stretch in stretches(canvas, x, y, line):
                if not line.dots_only:
                    trace(canvas, stretch, number)
                for place, (at_x, first, *_) in enumerate(stretch):
                    if line.dots_only or is_sparse or place == 0 or at_x >= next_mark:
                        marks.append((at_x, first, number, line.style.marker))
                        next_mark = at_x + _MARK_EVERY * across
        # Few points were measured each; where a curve passes them in the same cell they are seen.
        few = [len(line.points) <= _FEW_POINTS for line in self._data.lines]
        for mark in marks:
            if not few[mark[2]]:
                canvas.mark(*mark)
        canvas.points([mark for mark in marks if few[mark[2]] and mark[3]])

    def _draw_whiskers(self, canvas: Canvas, x: Axis, y: Axis) -> None:
        for one in self._data.whiskers:
            at_x, top = dot_of(canvas, x, y, one.x, one.high)
            canvas.column(at_x, top, dot_of(canvas, x, y, one.x, one.low)[1], one.line)

    def _draw_labelled(self, canvas: Canvas, x: Axis, y: Axis) -> None:
        first = len(self._data.lines)
        across, down = canvas.glyphs.dots
        points = [
            (dot_of(canvas, x, y, px, py), name, style, first + number)
            for number, (px, py, name, style) in enumerate(self._data.labelled)
        ]
        last_first = [(*dot, series, style.marker) for dot, _, style, series in reversed(points)]
        cells = canvas.points(last_first)[::-1]
        for number, (_, name, _, series) in reversed(list(enumerate(points))):
            others = [cell for cell in cells if cell != cells[number]]
            for start, row in label_places(cells[number], len(name), others):
                if canvas.is_free(max(0, start - 1) * across, row * down, len(name) + 2):
                    canvas.mark(start * across, row * down, series, name)
                    break

    def _draw_between(self, canvas: Canvas, x: Axis, y: Axis) -> None:
        if self._data.filled is None:
            return
        shade = ":" if self.is_ascii else "░"
        upper, lower = (self._data.lines[place] for place in self._data.filled)
        for column, top, bottom in between(canvas, x, y, upper, lower):
            for row in range(top, bottom):
                canvas.behind(column, row, shade, self._data.filled[0])

    def _draw_behind(self, canvas: Canvas, x: Axis, labels: dict[int, str]) -> None:
        dot, bar = (".", ":") if self.is_ascii else ("┄", "┊")
        flags = [flag for flag in self._data.flags if x.low < flag.x <= x.high]
        columns = [round(x.at(flag.x) * (canvas.width - 1)) for flag in flags]
        ends = [*columns, canvas.width][1:]
        for flag, column, until in zip(flags, columns, ends, strict=True):
            if cell_len(flag.text) < until - column:
                canvas.words_behind(column + 1, 0, letters(flag.text), WORDS)
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
            return self.paint.style_of(data.lines[series].style)
        return self.paint.style_of(data.labelled[series - len(data.lines)][3])

    def _draw_legend(self, width: int, row: int) -> Strip | None:
        self._legend = []
        parts: list[tuple[str, Style]] = [(" " * GUTTER, Style.null())]
        at = GUTTER
        lines = [line for line in self._data.lines if line.name]
        for number, line in enumerate(lines):
            name = f"{line.style.marker} {line.name}"
            left = len(lines) - number
            if at + cell_len(name) + (5 if left > 1 else 0) > width:
                parts.append((f"+{left}", self.paint[Tone.DIM]))
                break
            shown = self.paint.style_of(line.style)
            tone = Tone.DIM if line.hidden else Tone.TEXT
            marker = "-" if line.hidden else line.style.marker
            parts.append((marker, self.paint[Tone.DIM] if line.hidden else shown))
            parts.append((f" {line.name}  ", self.paint[tone]))
            self._legend.append((row, at, at + cell_len(name), line.name))
            at += cell_len(name) + 2
        return strip_of(parts, width) if lines else None
