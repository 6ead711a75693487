"""percentiles.csv: the whole curve per variant and measure, as far as it is known.

Its columns are declared here, each with its cell: one more is a line in COLUMNS, behind the others.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from bench.model.result import Measure
from bench.model.times import NS_PER_MS
from bench.record.csv_column import CsvColumn
from bench.record.csv_columns import column_names, columns_text, header_text
from bench.record.recorded_run import RecordedRun
from bench.stats.quantiles import Curve
from bench.stats.ranks import BEYOND, rank_of

TICKS_PER_HALVING = 10
"""Points of a curve for each halving of the distance to 100 %."""


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """Of a distribution: samples is how many are at most value_ns; q of the maximum is 1.

    is_bound: value_ns falls among timed-out values, so that the true one is at least that.
    """

    q: float
    value_ns: int
    samples: int
    is_bound: bool


@dataclass(frozen=True, slots=True)
class _PercentileRow:
    """A point, and whose it is."""

    variant: str
    measure: Measure
    point: CurvePoint


COLUMNS: tuple[CsvColumn[_PercentileRow], ...] = (
    CsvColumn("variant", lambda row: row.variant),
    CsvColumn("measure", lambda row: row.measure.value),
    CsvColumn("percentile", lambda row: round(row.point.q * 100, 8)),
    CsvColumn("value_ms", lambda row: row.point.value_ns / NS_PER_MS),
    CsvColumn("samples", lambda row: row.point.samples),
    CsvColumn("at_least", lambda row: "yes" if row.point.is_bound else "no"),
)


def percentiles_text(run: RecordedRun) -> str:
    """The file as one text, header and all."""
    return header_text(column_names(COLUMNS)) + columns_text(COLUMNS, _rows(run))


def _rows(run: RecordedRun) -> Iterator[_PercentileRow]:
    windows = {window.variant.name: window for window in run.windows}
    for variant, curves in run.curves.items():
        window = windows.get(variant)
        for measure, curve in curves.items():
            max_ns = 0 if window is None else window.measure(measure).max_ns
            for point in curve_points(curve, max_ns):
                yield _PercentileRow(variant, measure, point)


def curve_points(curve: Curve, max_ns: int) -> Iterable[CurvePoint]:
    """The points of a curve: TICKS_PER_HALVING for each halving of the distance to 100 %.

    Ends where fewer than ten samples lie beyond, with the maximum as the last point. max_ns: the
    maximum as it was measured, which the values of a curve can exceed by the width of a bin.
    """
    running, exact = np.cumsum(curve.counts), np.cumsum(curve.counts - curve.censored)
    count = curve.count
    qs, ranks = _ticks(count)
    found = np.searchsorted(running, ranks)
    values_ns = np.minimum(curve.values_ns[found], max_ns).tolist()
    samples = running[found].tolist()
    is_bound = (np.searchsorted(exact, ranks) != found).tolist()
    yield from map(CurvePoint, qs, values_ns, samples, is_bound)
    yield CurvePoint(1.0, max_ns, count, bool(curve.censored.any()))


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
