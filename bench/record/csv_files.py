"""Whole files of a recorded run as text: the CSV tables, and the log of totals."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from bench.model.outcome import Outcome
from bench.model.profile import Profile
from bench.model.result import Measure
from bench.model.times import NS_PER_MS, NS_PER_S
from bench.record.block_store import block_lines
from bench.record.columns import Cell
from bench.record.csv_columns import (
    ATTEMPT_COLUMNS,
    PERCENTILE_COLUMNS,
    SUMMARY_COLUMNS,
    csv_text,
    header_text,
    summary_row,
)
from bench.record.histogram import Histogram
from bench.record.hlog import CENSORED, TaggedHistogram, hlog_header, hlog_line
from bench.record.intervals_csv import intervals_lines
from bench.record.measures import ROW_TYPE
from bench.record.phases_csv import phases_lines
from bench.record.recorded_run import RecordedRun
from bench.record.row_layout import FLAG_COLD, FLAG_FINAL
from bench.stats.quantiles import Curve
from bench.stats.ranks import BEYOND, rank_of

TICKS_PER_HALVING = 10
"""Points of a percentile curve for each halving of the distance to 100 %."""

Phases = Sequence[int] | np.ndarray[Any, Any]
"""Index of the phase by index of the segment."""


def summary_text(run: RecordedRun) -> str:
    """summary.csv: a row per variant."""
    return header_text(SUMMARY_COLUMNS) + csv_text(SUMMARY_COLUMNS, map(summary_row, run.windows))


def phases_text(run: RecordedRun) -> str:
    """phases.csv: a row per variant in each part of the load."""
    return phases_lines(run.parts)


def intervals_text(run: RecordedRun) -> str:
    """intervals.csv as one text, header and all."""
    return "".join(intervals_lines(run.intervals))


def percentiles_text(run: RecordedRun) -> str:
    """percentiles.csv: the whole curve per variant and measure, as far as it is known."""
    max_ns = _maxima(run)
    rows = (
        row
        for variant, curves in run.curves.items()
        for measure, curve in curves.items()
        for row in percentile_rows(variant, measure, curve, max_ns(variant, measure))
    )
    return header_text(PERCENTILE_COLUMNS) + csv_text(PERCENTILE_COLUMNS, rows)


def percentile_rows(
    variant: str, measure: Measure, curve: Curve, max_ns: int
) -> Iterable[dict[str, Cell]]:
    """The points of a curve: TICKS_PER_HALVING for each halving of the distance to 100 %.

    Ends where fewer than ten samples lie beyond, with the maximum as percentile 100. samples is how
    many are at most the value.
    """
    running, exact = np.cumsum(curve.counts), np.cumsum(curve.counts - curve.censored)
    count = curve.count
    qs, ranks = _ticks(count)
    found = np.searchsorted(running, ranks)
    values_ns = np.minimum(curve.values_ns[found], max_ns).tolist()
    samples = running[found].tolist()
    is_bound = (np.searchsorted(exact, ranks) != found).tolist()
    for q, *point in zip(qs, values_ns, samples, is_bound, strict=True):
        yield _percentile(variant, measure, q, *point)
    yield _percentile(variant, measure, 1.0, max_ns, count, bool(curve.censored.any()))


def _percentile(
    variant: str, measure: Measure, q: float, value_ns: int, samples: int, bound: bool
) -> dict[str, Cell]:
    return {
        "variant": variant,
        "measure": measure.value,
        "percentile": round(q * 100, 8),
        "value_ms": value_ns / NS_PER_MS,
        "samples": samples,
        "at_least": "yes" if bound else "no",
    }


def _ticks(count: int) -> tuple[list[float], list[int]]:
    """0, 0.05, … 0.5, 0.525, … 0.75, …, while they are known; and their ranks."""
    qs: list[float] = []
    ranks: list[int] = []
    base, width = 0.0, 0.5
    while True:
        for tick in range(TICKS_PER_HALVING):
            q = base + width * tick / TICKS_PER_HALVING
            rank = rank_of(q, count)
            if count - rank < BEYOND:
                return qs, ranks
            qs.append(q)
            ranks.append(rank)
        base, width = base + width, width / 2


def _maxima(run: RecordedRun) -> Callable[[str, Measure], int]:
    """The exact maximum of a variant's measure, 0 without samples."""
    windows = {window.variant.name: window for window in run.windows}

    def max_ns(variant: str, measure: Measure) -> int:
        window = windows.get(variant)
        return 0 if window is None else window.measure(measure).max_ns

    return max_ns


def totals_text(run: RecordedRun, end_s: int) -> str:
    """totals.hlog: an interval log with one line per variant and measure, of the whole run.

    end_s: where the run's last second ends.
    """
    started_s = float(run.manifest.get("started_epoch_s", 0.0))
    lines = [
        hlog_line(TaggedHistogram(tag, 0, end_s * NS_PER_S, max_ns, encoded))
        for tag, max_ns, encoded in _totals(run)
    ]
    return hlog_header(started_s, f"{run.profile.name}: whole run") + "".join(lines)


def blocks_text(run: RecordedRun) -> str:
    """blocks.hlog: an interval log with a line per block of time, of what is compared or priced."""
    started_s = float(run.manifest.get("started_epoch_s", 0.0))
    lines = (
        hlog_line(line)
        for variant, curves in run.curves.items()
        for measure, curve in curves.items()
        if curve.blocks is not None
        for line in block_lines(f"{variant}/{measure.value}", curve.blocks)
    )
    return hlog_header(started_s, f"{run.profile.name}: by blocks of time") + "".join(lines)


def _totals(run: RecordedRun) -> Iterable[tuple[str, int, str]]:
    """(tag, maximum, encoded histogram) of each line."""
    max_ns = _maxima(run)
    for variant, curves in run.curves.items():
        for measure, curve in curves.items():
            tag = f"{variant}/{measure.value}"
            yield from _with_late(tag, max_ns(variant, measure) or _highest_ns(curve), curve)
    for variant, classes in run.class_curves.items():
        for name, curve in classes.items():
            yield from _with_late(f"{variant}/{name}", _highest_ns(curve), curve)


def _with_late(tag: str, max_ns: int, curve: Curve) -> Iterable[tuple[str, int, str]]:
    yield tag, max_ns, Histogram.of(curve).encode()
    if curve.censored.any():
        late = Curve(curve.values_ns, curve.censored, np.zeros_like(curve.counts))
        yield tag + CENSORED, _highest_ns(curve), Histogram.of(late).encode()


def _highest_ns(curve: Curve) -> int:
    return int(curve.values_ns[-1]) if curve.count else 0


def attempts_text(
    payload: bytes, request_ids: Sequence[str], phases: Phases, profile: Profile
) -> str:
    """Lines of attempts.csv for packed rows, without the header."""
    rows = np.frombuffer(payload, dtype=ROW_TYPE)
    return csv_text(ATTEMPT_COLUMNS, _attempt_rows(rows, request_ids, phases, profile))


def _attempt_rows(
    rows: np.ndarray[Any, Any],
    request_ids: Sequence[str],
    phases: Phases,
    profile: Profile,
) -> Iterable[dict[str, Cell]]:
    names = rows.dtype.names or ()
    told = {name for name in ATTEMPT_COLUMNS if name.endswith(("_ns", "_ms", "_mb"))}
    outcomes = [outcome.name.lower() for outcome in Outcome]
    for i, values in enumerate(rows.tolist()):
        row = dict(zip(names, values, strict=True))
        cells: dict[str, Cell] = {name: row[name] if row[name] >= 0 else None for name in told}
        segment = row["segment"]
        phase = int(phases[segment]) if segment < len(phases) else None
        cells |= {
            "variant": profile.variants[row["variant"]].name,
            "phase": _phase_name(profile, phase),
            "outcome": outcomes[row["outcome"]],
            "attempt": row["attempt"],
            "status": row["status"] or None,
            "request_id": request_ids[i] if i < len(request_ids) else None,
            "final": "yes" if row["flags"] & FLAG_FINAL else "no",
            "cold": "yes" if row["flags"] & FLAG_COLD else "no",
            "segment": segment,
        }
        yield cells


def _phase_name(profile: Profile, phase: int | None) -> str | None:
    if phase is None:
        return None
    return profile.phases[phase].name if phase < len(profile.phases) else f"phase {phase}"
