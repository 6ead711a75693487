"""A plain text table that may be wider than a terminal: what of it is shown, where it breaks."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from bench.format import UNKNOWN
from bench.model.plain import aligned
from bench.model.result import Window

_GAP = "  "


@dataclass(frozen=True, slots=True)
class TextColumn:
    """A heading, and what stands under it for a variant."""

    head: str
    read: Callable[[Window], str]


@dataclass(frozen=True, slots=True)
class ColumnGroup:
    """Columns that belong together under one title."""

    title: str
    columns: tuple[TextColumn, ...]


ColumnCells = dict[TextColumn, list[str]]
"""Heading and figures of each column, all of a width."""
_NAME = TextColumn("variant", lambda window: window.variant.name)


def table_lines(
    windows: Sequence[Window],
    parts: Sequence[ColumnGroup],
    always: Collection[TextColumn],
    width: int,
    own_names: Sequence[str] = (),
) -> Iterator[str]:
    """The table, part beside part, in as many rows of parts as the width demands.

    always: the columns that are there whatever they say. own_names: of the rows, where they are not
    the variants' own.
    """
    cells = {column: _cells(column, windows) for part in parts for column in part.columns}
    names = _names(own_names) if own_names else _cells(_NAME, windows)
    for row in _fitted(_present(parts, always, cells), cells, width - len(names[0])):
        table = [names, *(cells[column] for part in row for column in part.columns)]
        yield _headline(row, cells, len(names[0]))
        for line in zip(*table, strict=True):
            yield _GAP.join(line)
        yield ""


def _cells(column: TextColumn, windows: Sequence[Window]) -> list[str]:
    texts = [column.head, *(column.read(window) for window in windows)]
    return aligned(texts, right=column is not _NAME)


def _names(texts: Sequence[str]) -> list[str]:
    return aligned((_NAME.head, *texts))


def _present(
    parts: Sequence[ColumnGroup], always: Collection[TextColumn], cells: ColumnCells
) -> list[ColumnGroup]:
    """The parts, without columns of failures that never happened and measures never taken."""
    kept = []
    for part in parts:
        columns = tuple(c for c in part.columns if c in always or _says_something(cells[c]))
        if columns:
            kept.append(ColumnGroup(part.title, columns))
    return kept


def _says_something(texts: Sequence[str]) -> bool:
    return any(text.strip() not in ("0", UNKNOWN) for text in texts[1:])


def _part_width(part: ColumnGroup, cells: ColumnCells) -> int:
    return sum(len(_GAP) + len(cells[column][0]) for column in part.columns)


def _fitted(
    parts: Sequence[ColumnGroup], cells: ColumnCells, room: int
) -> Iterable[list[ColumnGroup]]:
    """The parts in as many rows as the width demands; one that is too wide alone is split."""
    row: list[ColumnGroup] = []
    used = 0
    for part in _split(parts, cells, room):
        width = _part_width(part, cells)
        if row and used + width > room:
            yield row
            row, used = [], 0
        row.append(part)
        used += width
    if row:
        yield row


def _split(parts: Sequence[ColumnGroup], cells: ColumnCells, room: int) -> Iterable[ColumnGroup]:
    for part in parts:
        columns: list[TextColumn] = []
        used = 0
        for column in part.columns:
            width = len(_GAP) + len(cells[column][0])
            if columns and used + width > room:
                yield ColumnGroup(part.title, tuple(columns))
                columns, used = [], 0
            columns.append(column)
            used += width
        yield ColumnGroup(part.title, tuple(columns))


def _headline(row: Sequence[ColumnGroup], cells: ColumnCells, indent: int) -> str:
    line = " " * indent
    for part in row:
        width = _part_width(part, cells) - len(_GAP)
        line += (
            _GAP + f" {part.title} ".center(width, "─")[:width]
            if part.title
            else (_GAP + " " * width)
        )
    return line
