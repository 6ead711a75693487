"""Lines on a grid of character cells: braille dots, or ASCII. Pure; knows no terminal."""

from __future__ import annotations

from dataclasses import dataclass
from math import floor, log10

_DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
"""Bit of a dot by row and column within a braille cell (Unicode 28xx)."""


@dataclass(slots=True)
class Cell:
    """A character's dots and the series that drew it last; a marker replaces the dots."""

    dots: int = 0
    series: int = -1
    marker: str = ""


class Canvas:
    """width × height cells with 2 × 4 dots each; (0, 0) is the top left dot."""

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        self.cells = [[Cell() for _ in range(width)] for _ in range(height)]

    def dot(self, x: int, y: int, series: int) -> None:
        """Set one dot; what lies outside is left out."""
        if 0 <= x < self.width * 2 and 0 <= y < self.height * 4:
            cell = self.cells[y // 4][x // 2]
            cell.dots |= _DOTS[y % 4][x % 2]
            if not cell.marker:
                cell.series = series

    def line(self, x0: int, y0: int, x1: int, y1: int, series: int) -> None:
        """A straight line (Bresenham)."""
        dx, dy = abs(x1 - x0), -abs(y1 - y0)
        step_x, step_y = (1 if x0 < x1 else -1), (1 if y0 < y1 else -1)
        error = dx + dy
        while True:
            self.dot(x0, y0, series)
            if (x0, y0) == (x1, y1):
                return
            twice = 2 * error
            if twice >= dy:
                error += dy
                x0 += step_x
            if twice <= dx:
                error += dx
                y0 += step_y

    def mark(self, x: int, y: int, series: int, marker: str) -> None:
        """Put a marker into the cell of a dot."""
        if 0 <= x < self.width * 2 and 0 <= y < self.height * 4:
            cell = self.cells[y // 4][x // 2]
            cell.marker, cell.series = marker, series

    def row(self, y: int, ascii_only: bool = False) -> list[tuple[str, int]]:
        """(text, series) runs of one row of cells; series -1 is empty ground."""
        runs: list[tuple[str, int]] = []
        for cell in self.cells[y]:
            char = cell.marker or (" " if not cell.dots else _char(cell.dots, ascii_only))
            if runs and runs[-1][1] == cell.series:
                runs[-1] = (runs[-1][0] + char, cell.series)
            else:
                runs.append((char, cell.series))
        return runs


def _char(dots: int, ascii_only: bool) -> str:
    return "." if ascii_only else chr(0x2800 + dots)


def nice_ticks(low: float, high: float, most: int) -> list[float]:
    """At most `most` round values (1, 2 or 5 times a power of ten) from low to high."""
    span = high - low
    if span <= 0 or most < 1:
        return [low]
    raw = span / most
    power = 10.0 ** floor(log10(raw))
    step = next((m * power for m in (1, 2, 5, 10) if m * power >= raw), 10 * power)
    first = -(-low // step) * step
    ticks = []
    tick = first
    while tick <= high + step * 1e-9:
        ticks.append(round(tick, 12))
        tick += step
    return ticks


def log_ticks(low: float, high: float, most: int) -> list[float]:
    """Powers of ten from low to high; with 2 and 5 between them where there is room."""
    ticks = []
    power = 10.0 ** floor(log10(low))
    while power <= high:
        ticks += [m * power for m in (1, 2, 5) if low <= m * power <= high]
        power *= 10
    tens = [tick for tick in ticks if abs(log10(tick) - round(log10(tick))) < 1e-9]
    return ticks if len(ticks) <= most else tens or ticks[:most]
