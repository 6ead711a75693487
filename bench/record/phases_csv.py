"""phases.csv: results by part of the load, a row for each variant in each; in both directions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from bench.model.part import Ends, Part
from bench.model.result import LADDER, Measure
from bench.model.times import NS_PER_MS
from bench.record.border import decoded
from bench.record.columns import quantile_name
from bench.record.csv_column import CsvCell
from bench.record.csv_columns import (
    SUMMARY_COLUMNS,
    csv_text,
    header_text,
    read_rows_in,
    summary_row,
    window_of,
)
from bench.record.later_columns import LEVEL_NAMES, OF_RUN

_BOUNDS = {
    q: tuple(f"{Measure.RESPONSE.value}_{quantile_name(q)}_{end}_ms" for end in ("low", "high"))
    for q in sorted(LADDER)
}
_LATER = SUMMARY_COLUMNS.index(LEVEL_NAMES[0])
"""From there on columns came when this file had all the others."""
PHASE_COLUMNS = (
    *("phase", "step", *SUMMARY_COLUMNS[:_LATER]),
    *(name for names in _BOUNDS.values() for name in names),
    *("payload", "callers"),
    *(name for name in SUMMARY_COLUMNS[_LATER:] if name not in {column.name for column in OF_RUN}),
)
"""Those of summary.csv behind the part's own, and the intervals of the response time. What came
later is behind all of them."""


def phases_lines(parts: Iterable[Part]) -> str:
    """The whole file; the header alone where the load has but one part."""
    return header_text(PHASE_COLUMNS) + csv_text(PHASE_COLUMNS, map(part_row, parts))


def part_row(part: Part) -> dict[str, CsvCell]:
    """A row: cell by column."""
    own: dict[str, CsvCell] = {"phase": part.phase, "step": part.step, "payload": part.payload}
    row = own | {"callers": part.callers} | summary_row(part.window)
    for q, ends in part.bounds.items():
        row |= {name: _ms(end) for name, end in zip(_BOUNDS[q], ends, strict=True)}
    return row


def read_phases(path: Path) -> Iterator[Part]:
    """The parts of a file; none if there is no such file, as in a run of an older version."""
    return decoded(path, read_rows_in(path), _part_of, first_line=2)


def _part_of(row: Mapping[str, str]) -> Part:
    bounds = {q: found for q in _BOUNDS if (found := _ends(row, q)) != (None, None)}
    step = int(row["step"]) if row["step"] else None
    callers = row.get("callers")
    return Part(
        row["phase"],
        step,
        window_of(row),
        bounds,
        row.get("payload") or "",
        int(callers) if callers else None,
    )


def _ends(row: Mapping[str, str], q: float) -> Ends:
    low, high = (row.get(name) for name in _BOUNDS[q])
    return _ns(low), _ns(high)


def _ms(value_ns: int | None) -> float | None:
    return None if value_ns is None else value_ns / NS_PER_MS


def _ns(text: str | None) -> int | None:
    return round(float(text) * NS_PER_MS) if text else None
