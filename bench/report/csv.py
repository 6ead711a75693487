"""The CSV files of a run, made again from what is recorded: for `export`."""

from __future__ import annotations

from collections.abc import Callable

from bench.record.csvfiles import intervals_text, percentiles_text, summary_text
from bench.record.recorded import RecordedRun

TABLES: dict[str, Callable[[RecordedRun], str]] = {
    "summary": summary_text,
    "intervals": intervals_text,
    "percentiles": percentiles_text,
}
"""What can be exported, by name; attempts.csv exists only as the run wrote it."""
