"""CSV text of rows in both directions, and the columns of every CSV file of a run.

A contract with spreadsheets and CI. Those of summary.csv and intervals.csv are declared in
bench.record.columns.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from bench.record.columns import Cell, RunColumns

COLUMNS = RunColumns()
SUMMARY_COLUMNS = COLUMNS.summary
INTERVAL_COLUMNS = COLUMNS.intervals
PERCENTILE_COLUMNS = ("variant", "measure", "percentile", "value_ms", "samples", "at_least")
ATTEMPT_COLUMNS = (
    *("variant", "phase", "intended_ns", "sent_ns", "first_ns", "last_ns"),
    *("outcome", "attempt", "status", "request_id", "final", "cold"),
    *("dns_ns", "connect_ns", "tls_ns", "duration_ns", "init_ns", "restore_ns"),
    *("billed_ms", "max_memory_mb", "segment", "read_lag_ns"),
)

summary_row = COLUMNS.summary_row
interval_row = COLUMNS.interval_row
window_of = COLUMNS.window_of
interval_of = COLUMNS.interval_of


def csv_text(columns: Sequence[str], rows: Iterable[Mapping[str, Cell]]) -> str:
    """Rows as CSV, without the header."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    for row in rows:
        writer.writerow(map(row.get, columns))  # floats as repr has them, None as nothing
    return out.getvalue()


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
