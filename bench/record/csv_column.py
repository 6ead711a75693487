"""A column of a CSV file: its name, what stands in a cell, and where that reads back into."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

CsvCell = str | int | float | None
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class CsvColumn(Generic[T]):
    """A column of rows that tell of a T each.

    fills is where a cell reads back into: a field of the T itself, or `variant.…`, `tally.…`,
    `rates.…` for one of its parts; '' for what follows from other columns. An empty cell, or a
    file without the column, leaves the field's default.
    """

    name: str
    cell: Callable[[T], CsvCell]
    fills: str = ""
    read: Callable[[str], Any] = str
