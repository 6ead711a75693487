"""What a table is made of, and which of its columns are in sight. Pure.

Which columns come first depends on the width: those that matter most have a place on the narrowest
screen, the others follow to the right, where the arrow keys bring them into view.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from rich.cells import cell_len, set_cell_size

from bench.format import UNKNOWN
from bench.tui.palette import SeriesStyle, Tone
from bench.tui.widgets.drawn_cells import Drawing

GAP = 2
MARKER = "marker"
"""Key of a column whose cells are series' markers."""


@dataclass(frozen=True, slots=True)
class Column:
    """Header and width in cells. rank 0 is always in sight, higher ones as there is room.

    falls: the first sort is from high to low.
    """

    key: str
    header: str
    width: int
    rank: float = 0
    left: bool = False
    group: str = ""
    falls: bool = False
    flex: bool = False
    """Takes what room is left, at least its width; the last column alone can."""
    wide_header: str = ""
    """What it is called while one of its cells is wide."""


@dataclass(frozen=True, slots=True)
class Cell:
    """order is what the column sorts by; series, the style of a marker, wins over tone.

    drawing: what is drawn on the column's axis instead of the text, which is what `y` copies.
    """

    text: str
    order: float | str = ""
    tone: Tone = Tone.TEXT
    series: SeriesStyle | None = None
    drawing: Drawing | None = None
    wide: bool = False
    """Its column is as wide as it needs, up to WIDEST."""


@dataclass(frozen=True, slots=True)
class Row:
    """A row, known by its key. under: that of the row whose part it is, and behind which it stays.

    To choose a part is to choose what it is of.
    """

    key: str
    cells: dict[str, Cell]
    under: str | None = None

    @property
    def owner(self) -> str:
        """The key by which others know what is highlighted here."""
        return self.under or self.key


@dataclass(slots=True)
class RowCursor:
    """Key of the row that is highlighted, None for none. Tables of the same rows may share one."""

    key: str | None = None


@dataclass(frozen=True, slots=True)
class SortOrder:
    """By which column, and whether from high to low."""

    key: str
    falls: bool

    @property
    def reversed(self) -> SortOrder:
        """The same column the other way round."""
        return SortOrder(self.key, not self.falls)

    def arrow(self, is_ascii: bool) -> str:
        """How the column's header says it."""
        if is_ascii:
            return "v" if self.falls else "^"
        return "▼" if self.falls else "▲"


BLANK = Cell("")
WIDEST = 32
"""Cells that a column grows to for the sake of a wide one."""


_LATE = 10
"""Beyond all ranks that columns are given."""


def known_first(columns: Sequence[Column], rows: Sequence[Row]) -> tuple[Column, ...]:
    """The columns, one in which no row knows anything behind all others.

    As long as others of its group are known: before the first answer all wait in their places.
    """
    known = {
        key for row in rows for key, cell in row.cells.items() if cell.text not in ("", UNKNOWN)
    }
    groups = {column.group for column in columns if column.key in known} - {""}
    return tuple(
        replace(column, rank=column.rank + _LATE)
        if column.group in groups and column.key not in known and not column.flex
        else column
        for column in columns
    )


def repeats_headers(columns: Iterable[Column]) -> bool:
    """Whether columns of several groups have the same header, so that the group tells them apart.

    Of all of the table: those out of sight are scrolled beside the others.
    """
    headers = [column.header for column in columns if column.header]
    return len(set(headers)) < len(headers)


def widened(columns: Sequence[Column], rows: Iterable[Row]) -> tuple[Column, ...]:
    """The columns, those with wide cells as wide as these."""
    needed: dict[str, int] = {}
    for row in rows:
        for key, cell in row.cells.items():
            if cell.wide:
                needed[key] = max(needed.get(key, 0), min(WIDEST, cell_len(cell.text)))
    return tuple(
        replace(column, width=max(column.width, needed[column.key]), header=column.wide_header)
        if column.key in needed
        else column
        for column in columns
    )


_FLEX_SHARE = 4
"""A column that takes what is left takes at least this part of the width."""

Placed = tuple[Column, int]
"""A column and the cell in which it begins."""


def in_order(columns: Sequence[Column], width: int) -> list[Column]:
    """The columns as they follow each other: those with a place at this width first."""
    kept: set[str] = set()
    for column in sorted(columns, key=lambda c: c.rank):
        chosen = [c for c in columns if c.key in kept | {column.key}]
        used = sum(_room(c, width) + GAP for c in chosen)
        if used - GAP <= width or column.rank == 0:
            kept.add(column.key)
    return sorted(columns, key=lambda c: c.key not in kept)


def _room(column: Column, width: int) -> int:
    """What a column is given before others that matter less."""
    return max(column.width, width // _FLEX_SHARE) if column.flex else column.width


def placed(columns: Sequence[Column], width: int, fixed: int, skipped: int) -> list[Placed]:
    """What fits behind the fixed ones, so many skipped."""
    found: list[Placed] = []
    at = 0
    for column in _chosen(columns, width, fixed, skipped):
        if at + column.width > width:
            break
        found.append((column, at))
        if column.flex and not skipped:
            break
        at += column.width + GAP
    if found and found[-1][0].flex:
        last, start = found[-1]
        found[-1] = (replace(last, width=width - start), start)
    return found


def _chosen(columns: Sequence[Column], width: int, fixed: int, skipped: int) -> list[Column]:
    ordered = in_order(columns, width)
    return ordered[:fixed] + ordered[fixed + max(0, skipped) :]


def ends_in_sight(columns: Sequence[Column], width: int, fixed: int, skipped: int) -> bool:
    """True if the last column has a place with so many skipped."""
    chosen = _chosen(columns, width, fixed, skipped)
    return sum(column.width + GAP for column in chosen) - GAP <= width


def column_at(visible: Sequence[Placed], x: int) -> Column | None:
    """The column in a cell; its gap belongs to it."""
    for column, at in visible:
        if at <= x < at + column.width + GAP - 1:
            return column
    return None


def padded(text: str, column: Column) -> str:
    """A cell's text in its column's width."""
    text = clipped(text, column.width)
    fill = " " * (column.width - cell_len(text))
    return text + fill if column.left else fill + text


def letters(text: str) -> list[tuple[str, int]]:
    """The letters of a text, each with its combining marks and the number of cells it takes."""
    found: list[tuple[str, int]] = []
    for char in text:
        width = cell_len(char)
        if width or not found:
            found.append((char, width))
        else:
            found[-1] = (found[-1][0] + char, found[-1][1])
    return found


def clipped(text: str, width: int) -> str:
    """Cut to a width, with an ellipsis where something is missing."""
    if cell_len(text) <= width:
        return text
    return set_cell_size(text, max(0, width - 1)) + "…" if width > 0 else ""


def order_key(cell: Cell, falls: bool) -> tuple[bool, float | str]:
    """Sorts cells; what is not known stands last, whichever way."""
    unknown = cell.order == "" or cell.order != cell.order
    return (unknown != falls, 0.0 if unknown else cell.order)
