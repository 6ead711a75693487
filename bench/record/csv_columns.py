"""CSV text of rows in both directions, and the columns of summary.csv and intervals.csv.

A contract with spreadsheets and CI. These are declared in bench.record.columns, those of the other
files beside what writes them.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from bench.record.columns import RunColumns
from bench.record.csv_column import CsvCell, CsvColumn

T = TypeVar("T")

COLUMNS = RunColumns()
SUMMARY_COLUMNS = COLUMNS.summary
INTERVAL_COLUMNS = COLUMNS.intervals

summary_row = COLUMNS.summary_row
interval_row = COLUMNS.interval_row
window_of = COLUMNS.window_of
interval_of = COLUMNS.interval_of


def csv_text(columns: Sequence[str], rows: Iterable[Mapping[str, CsvCell]]) -> str:
    """Rows as CSV, without the header."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    for row in rows:
        writer.writerow(map(row.get, columns))  # floats as repr has them, None as nothing
    return out.getvalue()


def columns_text(columns: Sequence[CsvColumn[T]], rows: Iterable[T]) -> str:
    """Rows as CSV by the columns that tell of them, without the header."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    for row in rows:
        writer.writerow([column.cell(row) for column in columns])
    return out.getvalue()


def column_names(columns: Iterable[CsvColumn[T]]) -> tuple[str, ...]:
    """What stands in the first line, in its order."""
    return tuple(column.name for column in columns)


def header_text(columns: Sequence[str]) -> str:
    """The first line of a file."""
    return ",".join(columns) + "\n"


def read_rows(text: str) -> Iterator[dict[str, str]]:
    """The rows of a CSV file one by one, without a last line that was cut off.

    A row of intervals.csv takes far more room than the interval that is made of it.
    """
    whole = text[: text.rfind("\n") + 1]
    return csv.DictReader(io.StringIO(whole))


def read_rows_in(path: Path) -> Iterator[dict[str, str]]:
    """Likewise of a file that is read as its rows are wanted; none if there is no such file."""
    if not path.is_file():
        return
    with path.open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(line for line in file if line.endswith("\n"))
