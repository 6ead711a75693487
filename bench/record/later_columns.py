"""Columns of summary.csv and intervals.csv behind the first ones: the place of a new one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from operator import attrgetter
from typing import Any

from bench.model.recovery import RecoveryState
from bench.model.result import TRIES, Interval, Measure, Window
from bench.model.variant import NAMED_FACTORS, Factor
from bench.record.csv_column import CsvCell, CsvColumn

Later = CsvColumn[Window] | Measure | float
"""A column, all columns of a measure, or those of a quantile."""


def _level(factor: Factor) -> CsvColumn[Window]:
    """Empty where the variants of a run do not differ in it, or the plain table holds."""
    return CsvColumn(
        factor.in_files, attrgetter(f"variant.{factor.name}"), f"variant.{factor.name}"
    )


def _recovery(name: str, field: str, read: Callable[[str], Any] = float) -> CsvColumn[Window]:
    """Of the slowest recovery; empty where the profile names no disturbance, and in seconds."""

    def cell(window: Window) -> CsvCell:
        found: CsvCell = None if window.recovery is None else getattr(window.recovery, field)
        return found

    return CsvColumn(name, cell, f"recovery.{field}", read)


def _tries(field: str) -> Iterator[CsvColumn[Window]]:
    """`ended_with_1`, …: by the number of the attempt; the last has all more."""
    for at in range(TRIES):
        read = partial(_try, field, at)
        yield CsvColumn(f"{field}_{at + 1}", read, f"{field}.{at}", int)


def _try(field: str, at: int, window: Window) -> CsvCell:
    counts: tuple[int, ...] = getattr(window.tally, field)
    return counts[at]


_RETRY_PRICE: CsvColumn[Window] = CsvColumn(
    "retry_usd_per_million", attrgetter("retry_usd_per_million"), "retry_usd_per_million", float
)
_RETRIED: tuple[Later, ...] = (
    Measure.BACKOFF,
    CsvColumn("throughput_rps", attrgetter("throughput_rps")),
    CsvColumn("hedges", attrgetter("tally.hedges"), "tally.hedges", int),
    CsvColumn("hedges_won", attrgetter("tally.hedges_won"), "tally.hedges_won", int),
    CsvColumn("hedges_spent", attrgetter("tally.spent"), "tally.spent", int),
    *_tries("ended_with"),
    *_tries("ok_with"),
    _RETRY_PRICE,
)
_RECOVERY: tuple[CsvColumn[Window], ...] = (
    _recovery("recovery", "state", RecoveryState),
    _recovery("recovery_from", "disturbance", str),
    _recovery("recovery_s", "after_s"),
    _recovery("recovery_low_s", "low_s"),
    _recovery("recovery_high_s", "high_s"),
    _recovery("recovery_watched_s", "watched_s"),
    _recovery("recovery_rounds", "rounds", int),
    _recovery("recovery_rounds_recovered", "recovered_rounds", int),
    _recovery("recovery_rests_on", "basis", str),
)
_LATE: CsvColumn[Window] = CsvColumn(
    "late_successes", attrgetter("late_successes"), "late_successes", int
)
OF_RUN = (*_RECOVERY, _LATE)
"""Columns of summary.csv alone: what is known of a run, and of no second or part of it."""
NOT_OF_SECONDS = frozenset(column.name for column in (*OF_RUN, _RETRY_PRICE))
LATER: tuple[Later, ...] = (
    Measure.READ_LAG,
    *map(_level, NAMED_FACTORS),
    *_RECOVERY,
    *_RETRIED,
    _LATE,
)
"""Columns of both files that came behind these, in the order in which they came. A measure stands
for all columns of it, a number for the columns of that quantile; one that stands nowhere comes
last."""
LATER_OF_INTERVALS: tuple[CsvColumn[Interval], ...] = ()
"""The same of intervals.csv alone, behind those."""
LEVEL_NAMES = tuple(factor.in_files for factor in NAMED_FACTORS)
"""Columns of both files for factors whose levels are names."""
