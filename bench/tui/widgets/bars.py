"""A histogram: vertical bars in eighths of a cell, over a logarithmic axis of time."""

from __future__ import annotations

from dataclasses import dataclass

from rich.style import Style
from textual.strip import Strip

from bench.report.axes import Axis
from bench.tui.palette import SeriesStyle, Tone
from bench.tui.widgets.axes import label_row
from bench.tui.widgets.strip_widget import StripWidget, blank, strip_of

_EIGHTHS = " ▁▂▃▄▅▆▇█"
MARGIN = 1


@dataclass(frozen=True, slots=True)
class BarsData:
    """counts: a bar each, from left to right. marks: places on the axis that have a name."""

    title: str = ""
    note: str = ""
    counts: tuple[int, ...] = ()
    x: Axis | None = None
    style: SeriesStyle | None = None
    marks: tuple[tuple[float, str], ...] = ()
    empty: str = "no answers"


class Bars(StripWidget, can_focus=True):
    """Draws the BarsData that it is given."""

    DEFAULT_CSS = "Bars { height: 1fr; min-height: 5; }"

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._data = BarsData()

    @property
    def bins(self) -> int:
        """How many bars there is room for."""
        return max(1, self.size.width - 2 * MARGIN)

    @property
    def data(self) -> BarsData:
        """What it draws, as it was given last."""
        return self._data

    def show(self, data: BarsData) -> None:
        """Draw this from now on."""
        self._data = data
        self.redraw()

    def draw(self, width: int, height: int) -> list[Strip]:
        """Heading, names of places, bars, the x axis."""
        data = self._data
        head = self.section(width, data.title, data.note)
        rows = height - 3
        if not any(data.counts) or rows < 2 or data.x is None:
            empty = strip_of([(f"  {data.empty}", self.paint[Tone.DIM])], width)
            return [head, empty, *[blank(width)] * max(0, height - 2)]
        most = max(data.counts)
        body = [self._row(row, rows, most, width) for row in range(rows)]
        names = self._axis_row(Axis(data.x.low, data.x.high, data.marks, True), width, Tone.TEXT)
        return [head, names, *body, self._axis_row(data.x, width, Tone.DIM)]

    def _row(self, row: int, rows: int, most: int, width: int) -> Strip:
        below = rows - 1 - row
        chars = []
        for count in self._data.counts:
            eighths = max(1, round(count / most * rows * 8)) if count else 0
            chars.append(self._char(min(8, max(0, eighths - below * 8))))
        series = self._data.style
        style = Style.null() if series is None else self.paint.style_of(series)
        return strip_of([(" " * MARGIN, Style.null()), ("".join(chars), style)], width)

    def _char(self, eighths: int) -> str:
        if self.is_ascii:
            return "#" if eighths > 4 else "." if eighths else " "
        return _EIGHTHS[eighths]

    def _axis_row(self, axis: Axis, width: int, tone: Tone) -> Strip:
        text = label_row(axis, width, MARGIN, width - 2 * MARGIN)
        return strip_of([(text, self.paint[tone])], width)
