"""Lines over an axis: an own widget on render_line, which costs a few milliseconds a redraw."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import log10

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip
from textual.widget import Widget

from bench.tui.palette import Look
from bench.tui.widgets.canvas import Canvas, log_ticks, nice_ticks

AXIS_WIDTH = 8
_MARK_EVERY = 24
"""Dots between the markers of a line."""


@dataclass(frozen=True, slots=True)
class Line:
    """One series: points in data units, ascending in x; a None breaks the line."""

    name: str
    look: Look
    points: Sequence[tuple[float, float | None]]


@dataclass(frozen=True, slots=True)
class ChartData:
    """What a chart shows. logarithmic concerns y; title says the metric and its window."""

    title: str = ""
    unit: str = ""
    x_unit: str = "s"
    lines: tuple[Line, ...] = field(default=())
    logarithmic: bool = False
    empty: str = "no data yet"


@dataclass(frozen=True, slots=True)
class _Scale:
    """From data to dots."""

    low: float
    high: float
    dots: int
    logarithmic: bool = False

    def at(self, value: float) -> int:
        low, high = self.low, self.high
        if self.logarithmic:
            value, low, high = log10(max(value, low)), log10(low), log10(high)
        return round((value - low) / (high - low) * (self.dots - 1))


class Chart(Widget):
    """Draws the ChartData it is given."""

    DEFAULT_CSS = "Chart { height: 1fr; min-height: 6; }"

    def __init__(self, *, id: str | None = None, ascii_only: bool = False) -> None:
        super().__init__(id=id)
        self._data = ChartData()
        self._ascii_only = ascii_only
        self._strips: list[Strip] = []
        self._drawn_for: tuple[int, int] = (0, 0)

    def show(self, data: ChartData) -> None:
        """Draw this from now on."""
        if data != self._data:
            self._data = data
            self._drawn_for = (0, 0)
            self.refresh()

    def render_line(self, y: int) -> Strip:
        """One row of the widget."""
        size = (self.size.width, self.size.height)
        if size != self._drawn_for:
            self._strips = self._draw(*size)
            self._drawn_for = size
        return self._strips[y] if y < len(self._strips) else Strip.blank(size[0], Style.null())

    def _draw(self, width: int, height: int) -> list[Strip]:
        data = self._data
        title = self._text(f" {data.title}", width, bold=True)
        plot_width, plot_height = width - AXIS_WIDTH, height - 2
        values = [y for line in data.lines for _, y in line.points if y is not None]
        if plot_width < 10 or plot_height < 2 or not values:
            rest = [
                self._text(f" {data.empty}" if i == 0 else "", width) for i in range(height - 1)
            ]
            return [title, *rest]
        y_scale = self._y_scale(values, plot_height * 4)
        x_scale = self._x_scale(plot_width * 2)
        canvas = Canvas(plot_width, plot_height)
        marks: list[tuple[int, int, int, str]] = []
        for number, line in enumerate(data.lines):
            marks += self._draw_line(canvas, number, line, x_scale, y_scale)
        for mark in marks:
            canvas.mark(*mark)
        labels = self._labels(y_scale, plot_height)
        body = [self._row(canvas, y, labels.get(y, "")) for y in range(plot_height)]
        return [title, *body, self._x_axis(x_scale, width)]

    def _y_scale(self, values: list[float], dots: int) -> _Scale:
        low, high = min(values), max(values)
        if self._data.logarithmic and high > 0:
            low = max(min((v for v in values if v > 0), default=high / 10), high / 1e6)
            low, high = low * 0.9, high * 1.1
            return _Scale(low, high, dots, logarithmic=True)
        low = min(0.0, low)
        return _Scale(low, high * 1.05 if high > low else low + 1, dots)

    def _x_scale(self, dots: int) -> _Scale:
        xs = [x for line in self._data.lines for x, _ in line.points]
        low, high = min(xs), max(xs)
        return _Scale(low, high if high > low else low + 1, dots)

    def _draw_line(
        self, canvas: Canvas, number: int, line: Line, x_scale: _Scale, y_scale: _Scale
    ) -> list[tuple[int, int, int, str]]:
        """Draw a line; where its markers belong, for when all lines are there."""
        before: tuple[int, int] | None = None
        marked = number * 5 - _MARK_EVERY
        marks: list[tuple[int, int, int, str]] = []
        for x, y in line.points:
            if y is None or (y_scale.logarithmic and y <= 0):
                before = None
                continue
            at = x_scale.at(x), y_scale.dots - 1 - y_scale.at(y)
            canvas.line(*(before or at), *at, number)
            if at[0] >= marked + _MARK_EVERY:
                marks.append((*at, number, line.look.marker))
                marked = at[0]
            before = at
        return marks

    def _labels(self, scale: _Scale, rows: int) -> dict[int, str]:
        most = max(2, rows // 2)
        ticks = log_ticks if scale.logarithmic else nice_ticks
        labels: dict[int, str] = {}
        for tick in ticks(scale.low, scale.high, most):
            row = (scale.dots - 1 - scale.at(tick)) // 4
            labels.setdefault(row, f"{_short(tick)}{self._data.unit and ' ' + self._data.unit}")
        return labels

    def _row(self, canvas: Canvas, y: int, label: str) -> Strip:
        axis = "|" if self._ascii_only else "┤" if label else "│"
        segments = [Segment(f"{label[: AXIS_WIDTH - 1]:>{AXIS_WIDTH - 1}}{axis}", self._dim())]
        for text, series in canvas.row(y, self._ascii_only):
            segments.append(Segment(text, self._style(series)))
        return Strip(segments, AXIS_WIDTH + canvas.width)

    def _x_axis(self, scale: _Scale, width: int) -> Strip:
        text = [" "] * width
        for tick in nice_ticks(scale.low, scale.high, max(2, (width - AXIS_WIDTH) // 14)):
            label = f"{_short(tick)} {self._data.x_unit}"
            at = AXIS_WIDTH + scale.at(tick) // 2
            at = min(at, width - len(label))
            if at >= 0 and not "".join(text[max(0, at - 1) : at + len(label)]).strip():
                text[at : at + len(label)] = label
        return Strip([Segment("".join(text), self._dim())], width)

    def _style(self, series: int) -> Style:
        if series < 0 or self.app.no_color:
            return Style.null()
        return Style(color=self._data.lines[series].look.colour)

    def _dim(self) -> Style:
        return Style.null() if self.app.no_color else Style(dim=True)

    def _text(self, text: str, width: int, bold: bool = False) -> Strip:
        style = Style(bold=True) if bold else self._dim()
        return Strip([Segment(f"{text[:width]:<{width}}", style)], width)


def _short(value: float) -> str:
    if value == 0:
        return "0"
    if abs(value) >= 10_000:
        return f"{value / 1000:g}k"
    return f"{value:.4g}"
