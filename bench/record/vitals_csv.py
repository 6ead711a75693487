"""The rows of vitals.csv, written and read back: every column declared once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from bench.model.result import Vitals
from bench.record.border import decoded
from bench.record.csv_column import CsvCell, CsvColumn
from bench.record.csv_columns import column_names, columns_text, read_rows_in

_BETWEEN = "; "
_NO_TOKENS = "-"
"""A variant whose budget pays with no tokens, or that has none."""


def _column(
    name: str, read: Callable[[str], Any], write: Callable[[Any], CsvCell] = lambda value: value
) -> CsvColumn[Vitals]:
    """The field of this name; write makes a cell of it, read the inverse."""
    return CsvColumn(name, lambda vitals: write(getattr(vitals, name)), name, read)


def _by_variant(
    name: str, read: Callable[[str], Any] = int, write: Callable[[Any], str] = str
) -> CsvColumn[Vitals]:
    """Likewise of a field with a value for each variant."""
    return _column(
        name,
        lambda text: tuple(map(read, text.split())),
        lambda values: " ".join(map(write, values)),
    )


def _tokens(text: str) -> float | None:
    return None if text == _NO_TOKENS else float(text)


def _tokens_text(tokens: float | None) -> str:
    return _NO_TOKENS if tokens is None else f"{tokens:g}"


_COLUMNS = (
    _column("t_s", int),
    _column("planned_rps", float),
    _column("achieved_rps", float),
    _column("in_flight", int),
    _by_variant("in_flight_by_variant"),
    _column("connections", int),
    _column("connections_opened", int),
    _column("connection_waits", int),
    _column("workers", int),
    _column("cpu", float),
    _column("rss_mb", float),
    _column("spend_usd", float),
    _column("unreachable", lambda text: tuple(text.split(_BETWEEN)), _BETWEEN.join),
    _column("core_wait", float),
    _by_variant("tokens_by_variant", _tokens, _tokens_text),
    _by_variant("open_breakers_by_variant"),
)
VITALS_COLUMNS = column_names(_COLUMNS)


def vitals_text(vitals: Iterable[Vitals]) -> str:
    """Lines of vitals.csv, without the header."""
    return columns_text(_COLUMNS, vitals)


def read_vitals(path: Path) -> tuple[Vitals, ...]:
    """A whole vitals.csv, none if there is no such file."""
    return tuple(decoded(path, read_rows_in(path), vitals_from, first_line=2))


def vitals_from(row: Mapping[str, str]) -> Vitals:
    """The inverse, from a row of the file; an older one lacks the last columns."""
    cells = ((column, row.get(column.name)) for column in _COLUMNS)
    return Vitals(**{column.fills: column.read(text) for column, text in cells if text})
