"""attempts.csv: a row for each attempt, as packed rows come.

Its columns are declared here, each with its cell: one more is a line in COLUMNS, behind the others.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from bench.model.outcome import Outcome
from bench.model.plain import plain_cell
from bench.model.profile import Profile
from bench.record.csv_column import CsvCell, CsvColumn
from bench.record.csv_columns import column_names, columns_text
from bench.record.measures import ROW_TYPE
from bench.record.row_layout import (
    FLAG_COLD,
    FLAG_DEADLINE,
    FLAG_FINAL,
    FLAG_HEDGE,
    FLAG_HEDGE_REFUSED,
    FLAG_HELD,
    FLAG_SPENT,
)

Phases = Sequence[int] | np.ndarray[Any, Any]
"""Index of the phase by index of the segment."""

_OUTCOMES = tuple(outcome.name.lower() for outcome in Outcome)


@dataclass(frozen=True, slots=True)
class _AttemptRow:
    """fields: of the packed row, by name; -1 is what is not known."""

    fields: Mapping[str, int]
    request_id: str | None
    phases: Phases
    profile: Profile

    @property
    def phase(self) -> str | None:
        """Its name; None of a segment that nobody has told of."""
        segment = self.fields["segment"]
        if segment >= len(self.phases):
            return None
        phase = int(self.phases[segment])
        named = self.profile.phases
        return named[phase].name if phase < len(named) else f"phase {phase}"


def _told(name: str) -> CsvColumn[_AttemptRow]:
    """A field as it stands in the packed row, nothing where it is not known."""

    def cell(row: _AttemptRow) -> CsvCell:
        value = row.fields[name]
        return value if value >= 0 else None

    return CsvColumn(name, cell)


def _flag(name: str, flag: int) -> CsvColumn[_AttemptRow]:
    return CsvColumn(name, lambda row: "yes" if row.fields["flags"] & flag else "no")


COLUMNS: tuple[CsvColumn[_AttemptRow], ...] = (
    CsvColumn("variant", lambda row: row.profile.variants[row.fields["variant"]].name),
    CsvColumn("phase", lambda row: row.phase),
    *map(_told, ("intended_ns", "sent_ns", "first_ns", "last_ns")),
    CsvColumn("outcome", lambda row: _OUTCOMES[row.fields["outcome"]]),
    CsvColumn("attempt", lambda row: row.fields["attempt"]),
    CsvColumn("status", lambda row: row.fields["status"] or None),
    CsvColumn("request_id", lambda row: row.request_id),
    _flag("final", FLAG_FINAL),
    _flag("cold", FLAG_COLD),
    *map(_told, ("dns_ns", "connect_ns", "tls_ns", "duration_ns", "init_ns", "restore_ns")),
    *map(_told, ("billed_ms", "max_memory_mb", "segment", "read_lag_ns")),
    _flag("hedge", FLAG_HEDGE),
    _flag("spent", FLAG_SPENT),
    _flag("hedge_refused", FLAG_HEDGE_REFUSED),
    _flag("deadline", FLAG_DEADLINE),
    _flag("held", FLAG_HELD),
)
ATTEMPT_COLUMNS = column_names(COLUMNS)
"""Their names, in the order of the file."""


def attempts_text(
    payload: bytes, request_ids: Sequence[str], phases: Phases, profile: Profile
) -> str:
    """Lines of the file for packed rows, without the header."""
    packed = np.frombuffer(payload, dtype=ROW_TYPE)
    return columns_text(COLUMNS, _rows(packed, request_ids, phases, profile))


def _rows(
    packed: np.ndarray[Any, Any], request_ids: Sequence[str], phases: Phases, profile: Profile
) -> Iterable[_AttemptRow]:
    names = packed.dtype.names or ()
    for i, values in enumerate(packed.tolist()):
        request_id = plain_cell(request_ids[i]) if i < len(request_ids) else None
        yield _AttemptRow(dict(zip(names, values, strict=True)), request_id, phases, profile)
