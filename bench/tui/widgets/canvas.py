"""Lines on a grid of character cells, in braille, quadrant blocks or ASCII. Pure."""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import groupby


class Glyphs(Enum):
    """How dots become characters; the value is what the configuration calls it."""

    BRAILLE = "braille"
    BLOCK = "block"
    ASCII = "ascii"

    @property
    def dots(self) -> tuple[int, int]:
        """Dots of a cell, across and down."""
        return _DOTS[self]


_DOTS = {Glyphs.BRAILLE: (2, 4), Glyphs.BLOCK: (2, 2), Glyphs.ASCII: (1, 2)}
_BITS = {
    Glyphs.BRAILLE: ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80)),
    Glyphs.BLOCK: ((1, 2), (4, 8)),
    Glyphs.ASCII: ((1,), (2,)),
}
"""Bit of a dot by row and column within its cell; braille as in Unicode 28xx."""
_BLOCKS = " ▘▝▀▖▌▞▛▗▚▐▜▄▙▟█"
_ASCII = " '.:"


def _char(glyphs: Glyphs, dots: int) -> str:
    if glyphs is Glyphs.BRAILLE:
        return chr(0x2800 + dots)
    return _BLOCKS[dots] if glyphs is Glyphs.BLOCK else _ASCII[dots]


EMPTY = -1
GRID = -2
"""Series of a cell that only the grid behind the lines has drawn."""
WORDS = -3
"""Series of a cell with a letter of what is written there."""

_FARTHEST_BESIDE = 3
"""Cells from its own at which a point is still taken for one of that place."""
PointMark = tuple[int, int, int, str]
"""The dot across and down, the series, the character."""
Cell = tuple[int, int]
"""Column and row."""


@dataclass(frozen=True, slots=True)
class StyledSpan:
    """Neighbouring cells of one series."""

    text: str
    series: int


class Canvas:
    """width × height cells; dots count from the top left."""

    def __init__(self, width: int, height: int, glyphs: Glyphs = Glyphs.BRAILLE) -> None:
        self.width, self.height, self.glyphs = width, height, glyphs
        across, down = glyphs.dots
        self.dots_across, self.dots_down = width * across, height * down
        self._dots = [0] * (width * height)
        self._series = [EMPTY] * (width * height)
        self._marks: dict[int, str] = {}
        self._pointed: set[int] = set()

    def _cell(self, x: int, y: int) -> int | None:
        if 0 <= x < self.dots_across and 0 <= y < self.dots_down:
            across, down = self.glyphs.dots
            return y // down * self.width + x // across
        return None

    def line(self, x0: int, y0: int, x1: int, y1: int, series: int) -> None:
        """A straight line (Bresenham); what lies outside is left out."""
        if x0 == x1:
            self.column(x0, min(y0, y1), max(y0, y1), series)
            return
        dx, dy = abs(x1 - x0), -abs(y1 - y0)
        step_x, step_y = (1 if x0 < x1 else -1), (1 if y0 < y1 else -1)
        error = dx + dy
        (across, down), bits = self.glyphs.dots, _BITS[self.glyphs]
        dots, cells = self._dots, self._series
        while True:
            if 0 <= x0 < self.dots_across and 0 <= y0 < self.dots_down:
                cell = y0 // down * self.width + x0 // across
                dots[cell] |= bits[y0 % down][x0 % across]
                cells[cell] = series
            if (x0, y0) == (x1, y1):
                return
            twice = 2 * error
            if twice >= dy:
                error += dy
                x0 += step_x
            if twice <= dx:
                error += dx
                y0 += step_y

    def column(self, x: int, top: int, bottom: int, series: int) -> None:
        """An upright line, a cell at a time: most of a chart with many points is made of these."""
        if not 0 <= x < self.dots_across:
            return
        across, down = self.glyphs.dots
        bits = [row[x % across] for row in _BITS[self.glyphs]]
        top, bottom = max(top, 0), min(bottom, self.dots_down - 1)
        for row in range(top // down, bottom // down + 1 if top <= bottom else 0):
            cell = row * self.width + x // across
            for y in range(max(top - row * down, 0), min(bottom - row * down, down - 1) + 1):
                self._dots[cell] |= bits[y]
            self._series[cell] = series

    def mark(self, x: int, y: int, series: int, text: str) -> None:
        """Put characters into the cells from that of a dot on."""
        cell = self._cell(x, y)
        if cell is None:
            return
        room = self.width - cell % self.width
        for offset, char in enumerate(text[:room]):
            self._marks[cell + offset] = char
            self._series[cell + offset] = series

    def points(self, marks: Sequence[PointMark]) -> list[Cell]:
        """Put one character each into the cell of a dot, and tell where it came to stand.

        What would cover that of another series stands beside it, in the same row: of two points of
        one cell both are seen. The first ones keep their cells.
        """
        places = [self._cell(x, y) for x, y, _, _ in marks]
        taken: dict[int, int] = {}
        for place, (_, _, series, _) in zip(places, marks, strict=True):
            if place is not None and place not in self._pointed:
                taken.setdefault(place, series)
        stood: list[Cell] = []
        for place, (x, y, series, text) in zip(places, marks, strict=True):
            across, down = self.glyphs.dots
            stood.append((x // across, y // down))
            if place is None:
                continue
            if taken.get(place) != series:
                place = self._beside(place, taken)
            taken[place] = self._series[place] = series
            self._marks[place] = text
            self._pointed.add(place)
            stood[-1] = (place % self.width, place // self.width)
        return stood

    def _beside(self, place: int, taken: Container[int]) -> int:
        """The nearest cell of the row in which no point stands; the same where there is none."""
        start = place - place % self.width
        free = (
            cell
            for away in range(1, _FARTHEST_BESIDE + 1)
            for cell in (place + away, place - away)
            if start <= cell < start + self.width
        )
        return next((c for c in free if c not in taken and c not in self._pointed), place)

    def is_free(self, x: int, y: int, length: int) -> bool:
        """True if no mark stands in the cells from that of a dot on, and all are inside."""
        cell = self._cell(x, y)
        if cell is None or cell % self.width + length > self.width:
            return False
        return not any(cell + offset in self._marks for offset in range(length))

    def behind(self, column: int, row: int, char: str, series: int = GRID) -> None:
        """Draw into a cell that nothing else has drawn in."""
        cell = row * self.width + column
        if 0 <= column < self.width and 0 <= row < self.height and self._series[cell] == EMPTY:
            self._series[cell] = series
            self._marks[cell] = char

    def words_behind(
        self, column: int, row: int, words: Iterable[tuple[str, int]], series: int
    ) -> None:
        """Likewise letters with the cells that each takes, which must all be free for it."""
        for letter, width in words:
            cells = [row * self.width + column + place for place in range(width)]
            if column + width <= self.width and all(self._series[c] == EMPTY for c in cells):
                for place, cell in enumerate(cells):
                    self._series[cell] = series
                    self._marks[cell] = "" if place else letter
            column += width

    def row(self, y: int) -> list[StyledSpan]:
        """One row of cells, neighbours of the same series joined."""
        start = y * self.width
        cells = range(start, start + self.width)
        return [
            StyledSpan("".join(map(self._char_at, run)), series)
            for series, run in groupby(cells, key=self._series.__getitem__)
        ]

    def _char_at(self, cell: int) -> str:
        dots = self._dots[cell]
        mark = self._marks.get(cell)
        if mark is not None:  # '' is the second cell of a wide letter
            return mark
        return _char(self.glyphs, dots) if dots else " "
