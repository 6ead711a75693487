"""Cells of a table that are drawn on an axis which all its rows share: ranges and densities. Pure.

The axis itself stands in the column's header, so that a table is also its own chart.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Protocol

from bench.report.axes import Axis, log_axis
from bench.tui.palette import Tone
from bench.tui.widgets.axes import label_row

Drawn = tuple[str, Tone | None]
"""Characters with their tone; None is the colour of the row's series."""

_NONE, _THIN, _SOLID = 0, 1, 2
_HALVES = {
    (_NONE, _NONE): " ",
    (_NONE, _THIN): "╶",
    (_THIN, _NONE): "╴",
    (_THIN, _THIN): "─",
    (_NONE, _SOLID): "╺",
    (_SOLID, _NONE): "╸",
    (_SOLID, _SOLID): "━",
    (_SOLID, _THIN): "╾",
    (_THIN, _SOLID): "╼",
}
_EIGHTHS = " ▁▂▃▄▅▆▇█"
_CELLS_PER_TICK = 7


class Drawing(Protocol):
    """What a cell shows instead of text."""

    def parts(self, width: int, is_ascii: bool) -> Sequence[Drawn]:
        """So many cells of characters, from left to right."""


@dataclass(frozen=True, slots=True)
class Range:
    """From the median on: solid to the ninth decile, thin to the last known one, dotted to the end.

    points: ascending values of the axis for p50, p90 and p99, as many as are known. marker stands
    on the first. open: the end is a lower bound.
    """

    axis: Axis
    points: tuple[float, ...]
    end: float
    marker: str
    open: bool = False

    def parts(self, width: int, is_ascii: bool) -> Sequence[Drawn]:
        """The range as one stretch of its series' colour, its far end dimmed."""
        if not self.points:
            return [(" " * width, None)]
        first, *rest = (round(self.axis.at(point) * (2 * width - 1)) for point in self.points)
        end = round(self.axis.at(self.end) * (2 * width - 1))
        solid = rest[0] if rest else first
        thin = rest[-1] if len(rest) > 1 else solid
        halves = [_weight(half, first, solid, thin) for half in range(2 * width)]
        cells = [_cell(halves[2 * n], halves[2 * n + 1], is_ascii) for n in range(width)]
        tones: list[Tone | None] = [None] * width
        for n in range(thin // 2 + 1, end // 2 + 1):
            cells[n], tones[n] = "." if is_ascii else "┄", Tone.DIM
        if self.open:
            cells[end // 2] = ">" if is_ascii else "›"
        cells[first // 2] = self.marker
        return list(_joined(cells, tones))


def _weight(half: int, first: int, solid: int, thin: int) -> int:
    if half < first or half > max(solid, thin):
        return _NONE
    return _SOLID if half <= solid else _THIN


def _cell(left: int, right: int, is_ascii: bool) -> str:
    if is_ascii:
        return " -="[max(left, right)]
    return _HALVES[left, right]


@dataclass(frozen=True, slots=True)
class Density:
    """How many values lie where, each row by its own highest cell; `second` in another tone.

    counts and second: of equal stretches of the axis, as many of both.
    """

    counts: tuple[int, ...]
    second: tuple[int, ...] = ()

    def parts(self, width: int, is_ascii: bool) -> Sequence[Drawn]:
        """By the square root: a few slow ones beside many quick ones can be seen."""
        counts, second = _rebinned(self.counts, width), _rebinned(self.second, width)
        most = max((*counts, *second), default=0)
        cells, tones = [], []
        for n in range(width):
            is_second = second[n] > counts[n]
            cells.append(_height(max(counts[n], second[n]), most, is_ascii))
            tones.append(Tone.ACCENT if is_second else None)
        return list(_joined(cells, tones))


def _rebinned(counts: Sequence[int], width: int) -> list[int]:
    """As many stretches as there are cells; one that lies in two counts where it begins."""
    found = [0] * width
    for number, count in enumerate(counts):
        found[number * width // len(counts)] += count
    return found


def _height(count: int, most: int, is_ascii: bool) -> str:
    if not count:
        return " "
    share = (count / most) ** 0.5
    if is_ascii:
        return "#" if share > 0.5 else "+" if share > 0.2 else "."
    return _EIGHTHS[max(1, round(share * 8))]


def _joined(cells: Sequence[str], tones: Sequence[Tone | None]) -> Iterator[Drawn]:
    for tone, run in groupby(zip(cells, tones, strict=True), key=lambda pair: pair[1]):
        yield "".join(cell for cell, _ in run), tone


def shared_axis(values: Sequence[float], width: int) -> Axis | None:
    """A logarithmic axis around all positive values, as finely labelled as the width allows."""
    positive = [value for value in values if value > 0]
    if not positive:
        return None
    return log_axis(min(positive), max(positive), max(2, width // _CELLS_PER_TICK))


def scale_text(axis: Axis, width: int) -> str:
    """The labels of an axis in one row, each above its place."""
    return label_row(axis, width, 0, width)
