"""`lamload report --columns`: the columns of summary.csv that somebody chooses, as a table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import get_close_matches

from bench.errors import UsageError
from bench.format import UNKNOWN, number, quantile_text
from bench.model.result import HIGHEST, MEDIAN, QUANTILES
from bench.record.columns import quantile_name
from bench.record.csv_column import CsvCell
from bench.record.csv_columns import SUMMARY_COLUMNS, summary_row
from bench.record.recorded_run import RecordedRun

SHORT = {
    **{quantile_text(q): f"response_{quantile_name(q)}_ms" for q in QUANTILES},
    "max": "response_max_ms",
    "cost": "usd_per_million",
    "cold": "cold_starts",
    "lag": f"send_lag_{quantile_name(HIGHEST)}_ms",
}
"""What a column may be called beside its name in the file."""
_NAME = "variant"


def render_columns(run: RecordedRun, names: Sequence[str]) -> str:
    """A row for each variant with these columns, however wide. Raises UsageError for another."""
    columns = [_named(name) for name in names]
    rows = [[_NAME, *columns]]
    for window in run.windows:
        row = summary_row(window)
        rows.append([_text(row.get(column)) for column in rows[0]])
    return "\n".join(_aligned(rows)) + "\n"


def _named(name: str) -> str:
    column = SHORT.get(name, name)
    if column in SUMMARY_COLUMNS and column != _NAME:
        return column
    known = [*SHORT, *SUMMARY_COLUMNS]
    close = get_close_matches(name, known, 1) or [quantile_text(MEDIAN)]
    raise UsageError(
        f"there is no column {name}; did you mean `lamload report --columns {close[0]}`? They are "
        f"those of summary.csv (`lamload help files`), and {', '.join(SHORT)}"
    )


def _text(cell: CsvCell) -> str:
    """Figures with three digits; those that are not known as elsewhere."""
    if cell is None or cell == "":
        return UNKNOWN
    return number(cell) if isinstance(cell, float) else str(cell)


def _aligned(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for name, *cells in rows:
        texts = (cell.rjust(wide) for cell, wide in zip(cells, widths[1:], strict=True))
        yield "  ".join([name.ljust(widths[0]), *texts]).rstrip()
