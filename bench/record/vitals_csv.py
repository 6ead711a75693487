"""The rows of vitals.csv, written and read back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from bench.model.result import Vitals
from bench.record.border import decoded
from bench.record.csv_column import CsvCell
from bench.record.csv_columns import csv_text, read_rows_in

VITALS_COLUMNS = (
    *("t_s", "planned_rps", "achieved_rps", "in_flight", "in_flight_by_variant"),
    *("connections", "connections_opened", "connection_waits"),
    *("workers", "cpu", "rss_mb", "spend_usd", "unreachable", "core_wait"),
    *("tokens_by_variant", "open_breakers_by_variant"),
)

_BETWEEN = "; "
_NO_TOKENS = "-"
"""A variant whose budget pays with no tokens, or that has none."""


def vitals_text(vitals: Iterable[Vitals]) -> str:
    """Lines of vitals.csv, without the header."""
    return csv_text(VITALS_COLUMNS, map(_row, vitals))


def _row(vitals: Vitals) -> dict[str, CsvCell]:
    row: dict[str, CsvCell] = {name: getattr(vitals, name) for name in VITALS_COLUMNS}
    row["in_flight_by_variant"] = " ".join(map(str, vitals.in_flight_by_variant))
    row["tokens_by_variant"] = " ".join(map(_tokens_text, vitals.tokens_by_variant))
    row["open_breakers_by_variant"] = " ".join(map(str, vitals.open_breakers_by_variant))
    row["unreachable"] = _BETWEEN.join(vitals.unreachable)
    return row


def _tokens_text(tokens: float | None) -> str:
    return _NO_TOKENS if tokens is None else f"{tokens:g}"


def read_vitals(path: Path) -> tuple[Vitals, ...]:
    """A whole vitals.csv, none if there is no such file."""
    return tuple(decoded(path, read_rows_in(path), vitals_from, first_line=2))


def vitals_from(row: Mapping[str, str]) -> Vitals:
    """The inverse, from a row of the file."""
    return Vitals(
        t_s=int(row["t_s"]),
        planned_rps=float(row["planned_rps"]),
        achieved_rps=float(row["achieved_rps"]),
        in_flight=int(row["in_flight"]),
        in_flight_by_variant=tuple(map(int, row["in_flight_by_variant"].split())),
        connections=int(row["connections"]),
        connections_opened=int(row["connections_opened"]),
        connection_waits=int(row["connection_waits"]),
        workers=int(row["workers"]),
        cpu=float(row["cpu"]),
        rss_mb=float(row["rss_mb"]),
        spend_usd=float(row["spend_usd"]),
        unreachable=tuple(filter(None, (row.get("unreachable") or "").split(_BETWEEN))),
        core_wait=float(row["core_wait"]) if row.get("core_wait") else None,
        tokens_by_variant=tuple(
            None if text == _NO_TOKENS else float(text)
            for text in (row.get("tokens_by_variant") or "").split()
        ),
        open_breakers_by_variant=tuple(
            map(int, (row.get("open_breakers_by_variant") or "").split())
        ),
    )
