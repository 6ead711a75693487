"""What the key `e` writes: the figures on the screen in the forms that the files have."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from bench.model.result import Window
from bench.record.csv_columns import SUMMARY_COLUMNS, csv_text, header_text, summary_row
from bench.record.load_run import load_run
from bench.report.formats import render
from bench.whole_file import replace_bytes

HTML = "report.html"
FOLDER = "exports"


def export_folder(run_folder: str | None) -> Path:
    """Where exports go: into the run's own folder if it has one, else where we are."""
    return Path.cwd() if run_folder is None else Path(run_folder) / FOLDER


def stamped(name: str, suffix: str) -> str:
    """A file's name with the time in UTC: `compare-20261124T101154Z.csv`."""
    return f"{name}-{datetime.now(UTC):%Y%m%dT%H%M%SZ}{suffix}"


def export_windows(folder: Path, name: str, windows: Sequence[Window]) -> Path:
    """The tables' figures, with the columns of summary.csv. Raises OSError."""
    text = header_text(SUMMARY_COLUMNS) + csv_text(SUMMARY_COLUMNS, map(summary_row, windows))
    return _written(folder / stamped(name, ".csv"), text.encode("utf-8"))


def export_text(folder: Path, name: str, suffix: str, text: str) -> Path:
    """Any text, into a file whose name begins with `name`. Raises OSError."""
    return _written(folder / stamped(name, suffix), text.encode("utf-8"))


def export_report(run_folder: Path) -> Path:
    """report.html of a run, written into its folder if it has none. Raises OSError, UsageError."""
    path = run_folder / HTML
    return path if path.is_file() else _written(path, render("html", load_run(run_folder)).content)


def export_summary(run_folder: Path, folder: Path) -> Path:
    """summary.csv of a run as far as it is written. Raises OSError, UsageError."""
    content = render("csv", load_run(run_folder)).content
    return _written(folder / stamped("summary", ".csv"), content)


def _written(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    replace_bytes(path, [content])
    return path
