"""A heat map: how many answers took how long, second by second."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import groupby, pairwise
from math import floor, log10

from rich.style import Style
from textual.strip import Strip

from bench.format import tick_label
from bench.report.axes import Axis
from bench.tui.palette import Tone
from bench.tui.widgets.axes import label_row
from bench.tui.widgets.chart import GUTTER
from bench.tui.widgets.strip_widget import StripWidget, blank, strip_of

_SHADES = " ·░▒▓█"
_ASCII_SHADES = " .:+*#@"


HeatColumn = tuple[float, int, Mapping[int, int]]
"""(second, how many seconds, count by bin)."""


class HeatMark(Enum):
    """What a column is, with its character and that of a terminal without others."""

    NONE = (" ", " ")
    WARM_UP = ("╌", "-")
    COLD = ("◆", "*")


@dataclass(frozen=True, slots=True)
class HeatData:
    """columns: a time, how many seconds it stands for, and the count of each bin in them; marks:
    one for each, or none at all.

    edges: of all bins, ascending, in ms.
    """

    title: str = ""
    note: str = ""
    columns: tuple[HeatColumn, ...] = ()
    edges_ms: Sequence[float] = ()
    x: Axis | None = None
    marks: tuple[HeatMark, ...] = ()
    """What is to be known of some columns, in a row above them."""
    empty: str = "no answers"


def _round_edge(edge_ms: float) -> str:
    """The edge's label if it is 1, 2 or 5 times a power of ten, within the bins' grain."""
    power = 10.0 ** floor(log10(edge_ms) + 1e-6)
    near = next((m for m in (1, 2, 5) if abs(edge_ms / power / m - 1) < 0.01), None)
    return "" if near is None else tick_label(float(f"{near * power:.3g}"))


class Heat(StripWidget, can_focus=True):
    """Draws the HeatData that it is given."""

    DEFAULT_CSS = "Heat { height: 1fr; min-height: 5; }"

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._data = HeatData()

    @property
    def data(self) -> HeatData:
        """What it draws, as it was given last."""
        return self._data

    def show(self, data: HeatData) -> None:
        """Draw this from now on."""
        self._data = data
        self.redraw()

    def draw(self, width: int, height: int) -> list[Strip]:
        """Heading, cells, the x axis."""
        data = self._data
        head = self.section(width, data.title, data.note)
        rows, plot_width = height - 2, width - GUTTER
        marks = (
            [self._marks(plot_width, data.x)]
            if data.x and set(data.marks) - {HeatMark.NONE}
            else []
        )
        rows -= len(marks)
        bins = [number for _, _, counts in data.columns for number in counts]
        if not bins or rows < 3 or plot_width < 12 or data.x is None:
            empty = strip_of([(f"  {data.empty}", self.paint[Tone.DIM])], width)
            return [head, empty, *[blank(width)] * max(0, height - 2)]
        low, high = min(bins), max(bins) + 1
        cells = self._cells(plot_width, rows, low, high, data.x)
        most = max((max(column) for column in cells), default=0.0)
        labels = self._labels(rows, low, high)
        body = [self._row(cells, level, labels[level], most) for level in reversed(range(rows))]
        labels_below = label_row(data.x, width, GUTTER, plot_width)
        return [head, *marks, *body, strip_of([(labels_below, self.paint[Tone.DIM])], width)]

    def _marks(self, width: int, x: Axis) -> Strip:
        """A cold start wins over the warm-up that it is in."""
        row = [HeatMark.NONE] * width
        for (at, seconds, _), mark in zip(self._data.columns, self._data.marks, strict=True):
            first, last = self._span(at, seconds, width, x)
            places = range(first, last) if mark is HeatMark.WARM_UP else range(first, first + 1)
            for column in places:
                if 0 <= column < width and mark is not HeatMark.NONE:
                    row[column] = mark
        parts = [(" " * GUTTER, Style.null())]
        for mark, run in groupby(row):
            tone = Tone.WARN if mark is HeatMark.COLD else Tone.DIM
            parts.append((mark.value[self.is_ascii] * len(list(run)), self.paint[tone]))
        return strip_of(parts, GUTTER + width)

    def _span(self, at: float, seconds: int, width: int, x: Axis) -> tuple[int, int]:
        step = x.high - x.low
        first = int((at - x.low) / step * width)
        return first, max(first + 1, int((at + seconds - x.low) / step * width))

    def _cells(self, width: int, rows: int, low: int, high: int, x: Axis) -> list[list[float]]:
        """Calls a second by column and row, row 0 at the bottom; a bin may fill several rows."""
        cells = [[0.0] * rows for _ in range(width)]
        for at, seconds, counts in self._data.columns:
            first, last = self._span(at, seconds, width, x)
            for number, count in counts.items():
                bottom = (number - low) * rows // (high - low)
                top = max(bottom + 1, (number + 1 - low) * rows // (high - low))
                for column in range(max(0, first), min(width, last)):
                    for row in range(bottom, min(rows, top)):
                        cells[column][row] += count / seconds
        return cells

    def _labels(self, rows: int, low: int, high: int) -> list[str]:
        """From the bottom: round edges, or those of the ends where too few tell the scale."""
        edges_ms = self._data.edges_ms
        firsts = [low + level * (high - low) // rows for level in range(rows + 1)]
        labels = [""] * rows
        for level, (first, until) in enumerate(pairwise(firsts)):
            if level == 0 or firsts[level - 1] != first:
                round_ones = [_round_edge(edges_ms[n]) for n in range(first, max(first + 1, until))]
                labels[level] = next((text for text in round_ones if text), "")
        if sum(map(bool, labels)) < 2:
            for level in (0, firsts.index(firsts[rows - 1])):
                labels[level] = labels[level] or tick_label(float(f"{edges_ms[firsts[level]]:.3g}"))
        return labels

    def _row(self, cells: list[list[float]], level: int, label: str, most: float) -> Strip:
        axis = "|" if self.is_ascii else ("┤" if label else "│")
        parts = [
            (f"{label[: GUTTER - 1]:>{GUTTER - 1}}", self.paint[Tone.DIM]),
            (axis, self.paint.rule),
        ]
        for _, run in groupby(column[level] for column in cells):
            same = list(run)
            char, style = self._shade(same[0], most)
            parts.append((char * len(same), style))
        return strip_of(parts, GUTTER + len(cells))

    def _shade(self, count: float, most: float) -> tuple[str, Style]:
        """By the square root, so that a few slow answers beside many quick ones can be seen."""
        if not count:
            return " ", Style.null()
        share = (count / most) ** 0.5
        heat = self.paint.heat
        if heat and not self.is_ascii:
            return "█", Style(color=heat[min(len(heat) - 1, int(share * len(heat)))])
        shades = _ASCII_SHADES if self.is_ascii else _SHADES
        return shades[max(1, round(share * (len(shades) - 1)))], Style.null()
