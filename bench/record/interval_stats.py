"""One second of one variant in one segment: counts, and its histograms until it is packed.

Histograms are sparse: a second has values in some hundred buckets of twenty thousand, however high
the rate. Once nothing more is expected, a cell is packed: figures only, compressed, some 400 bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from zlib import compress, decompress

import numpy as np
from numpy.typing import NDArray

from bench.model.result import Distribution, Quantile
from bench.record.batch import TALLY, Count
from bench.record.buckets import UPPER_NS
from bench.record.cells import HUGE, Values
from bench.record.counted import Counted, Kept, summed
from bench.record.figure_array import (
    WIDTH,
    Extremes,
    FigureArray,
    FigureColumn,
    distribution_of,
    figure_array,
)
from bench.record.histogram import Histogram
from bench.record.latency_bins import Spread, pack_spread, spread_of
from bench.record.measures import Series

_FAST = 1
_MOST_PARTS = 16
"""Histograms of a cell that wait to be added up."""


@dataclass(frozen=True, slots=True)
class Packed:
    """The figures of a cell that grows no more, as bytes."""

    tally: bytes
    figures: bytes
    spread: bytes = b""


class IntervalStats:
    """A second that can still change."""

    __slots__ = (
        "_figures",
        "_fresh",
        "_spread",
        "_told",
        "high",
        "low",
        "negative",
        "sums",
        "tally",
    )

    def __init__(self) -> None:
        self.tally = np.zeros(TALLY, dtype=np.int64)
        self.low = np.full(len(Series), HUGE, dtype=np.int64)
        self.high = np.zeros(len(Series), dtype=np.int64)
        self.sums = np.zeros(len(Series), dtype=np.int64)
        self.negative = np.zeros(len(Series), dtype=np.int64)
        self._told = _Parts(Kept.of)
        self._fresh = _Parts(Counted.small)
        self._figures: FigureArray | None = None
        self._spread: Spread | None = None

    def add(self, values: Values) -> None:
        """Add the values of some rows."""
        self._figures = self._spread = None
        self._fresh.add(values.exact, values.bounds)
        np.minimum(self.low, values.low_ns, out=self.low)
        np.maximum(self.high, values.high_ns, out=self.high)
        self.sums += values.sum_ns
        self.negative += values.negative

    @property
    def unfinished(self) -> int:
        """Invocations offered that have neither ended nor been dropped, as far as is known."""
        ended = int(self.tally[: Count.ATTEMPTS].sum())
        return int(self.tally[Count.OFFERED]) - int(self.tally[Count.DROPPED]) - ended

    def fresh(self) -> tuple[Counted, Counted]:
        """Histograms of the values not returned before: exact values, and lower bounds."""
        exact, bounds = (summed(_opened(own)) for own in (self._fresh.exact, self._fresh.bounds))
        self._told.add(exact, bounds)
        self._fresh = _Parts(Counted.small)
        return exact, bounds

    def gather(self, series: range, exact: list[Counted], bounds: list[Counted]) -> None:
        """Add the histograms of some series to lists: of exact values, and of lower bounds."""
        for parts in (self._told, self._fresh):
            exact += [own.between(series.start, series.stop) for own in parts.exact]
            bounds += [own.between(series.start, series.stop) for own in parts.bounds]

    def figures(self) -> FigureArray:
        """Counts, extremes and quantiles of every series; kept until a value comes."""
        if self._figures is None:
            self._figures = merged_figures([self])
        return self._figures

    def spread(self) -> Spread:
        """Response times, coarsely; timed-out ones by their lower bound."""
        if self._spread is None:
            self._spread = _spread_of(*_summed([self], _only(Series.RESPONSE)))
        return self._spread

    def absorb(self, cells: Sequence[IntervalStats]) -> None:
        """Add all that other cells have."""
        self._figures = self._spread = None
        self._told.add(*_summed(cells, _EVERY))
        self.tally += np.sum([cell.tally for cell in cells], axis=0)
        self.low = np.min([self.low, *(cell.low for cell in cells)], axis=0)
        self.high = np.max([self.high, *(cell.high for cell in cells)], axis=0)
        self.sums += np.sum([cell.sums for cell in cells], axis=0)
        self.negative += np.sum([cell.negative for cell in cells], axis=0)

    def pack(self) -> Packed:
        """The cell's figures without its histograms, for when it grows no more."""
        return repacked(self.tally, self.figures(), self.spread())


class _Parts:
    """Histograms that are added up when there are many of them."""

    __slots__ = ("_as_kept", "bounds", "exact")

    def __init__(self, as_kept: Callable[[Counted], Counted | Kept]) -> None:
        """as_kept: quick to read while they are asked for often, and small afterwards."""
        self._as_kept = as_kept
        self.exact: list[Counted | Kept] = []
        self.bounds: list[Counted | Kept] = []

    def add(self, exact: Counted, bounds: Counted) -> None:
        """Take the counts of one more interval in."""
        for own, parts in ((exact, self.exact), (bounds, self.bounds)):
            if own.codes.size:
                parts.append(self._as_kept(own))
                if len(parts) > _MOST_PARTS:
                    parts[:] = [self._as_kept(summed(_opened(parts)))]


def _opened(parts: Sequence[Counted | Kept]) -> list[Counted]:
    return [part.between(0, len(Series)) for part in parts]


def _only(series: Series) -> range:
    return range(series, series + 1)


_EVERY = range(len(Series))


def unpacked(packed: Packed) -> tuple[NDArray[np.int64], FigureArray]:
    """Tally and figures of a packed cell, to be written to."""
    tally = np.frombuffer(decompress(packed.tally), dtype=np.int64).copy()
    figures = np.frombuffer(decompress(packed.figures), dtype=np.int64).copy()
    return tally, figures.reshape(len(Series), WIDTH)


def repacked(tally: NDArray[np.int64], figures: FigureArray, spread: Spread) -> Packed:
    """The inverse of `unpacked`, with the spread as it is."""
    return Packed(
        compress(tally.tobytes(), _FAST), compress(figures.tobytes(), _FAST), pack_spread(spread)
    )


def add_late(figures: FigureArray, values: Values) -> None:
    """Count values that came after their cell was packed: its quantiles are no longer known."""
    late = values.bounds.totals(len(Series))
    fresh = values.exact.totals(len(Series)) + late
    figures[:, FigureColumn.CENSORED] += late
    empty = figures[:, FigureColumn.COUNT] == 0
    figures[empty, FigureColumn.MIN_NS] = HUGE
    figures[:, FigureColumn.MIN_NS] = np.minimum(figures[:, FigureColumn.MIN_NS], values.low_ns)
    figures[:, FigureColumn.MAX_NS] = np.maximum(figures[:, FigureColumn.MAX_NS], values.high_ns)
    figures[:, FigureColumn.COUNT] += fresh
    figures[:, FigureColumn.SUM_NS] += values.sum_ns
    figures[:, FigureColumn.OUT_OF_RANGE] += values.negative
    figures[fresh > 0, FigureColumn.KNOWN] = 0
    figures[figures[:, FigureColumn.COUNT] == 0, FigureColumn.MIN_NS] = 0


def response_spread(values: Values) -> Spread:
    """The spread of the response times of some rows."""
    series = Series.RESPONSE
    return _spread_of(values.exact.of_slot(series), values.bounds.of_slot(series))


def _spread_of(exact: Counted, bounds: Counted) -> Spread:
    held = summed((exact, bounds))
    return spread_of(held.buckets, held.counts)


def merged(cells: Sequence[IntervalStats]) -> IntervalStats:
    """One cell with all that several have, for who reads them together more than once."""
    whole = IntervalStats()
    whole.absorb(cells)
    return whole


def merged_figures(cells: Sequence[IntervalStats], series: range = _EVERY) -> FigureArray:
    """Figures over several cells at once: a window. series: of these alone."""
    own = slice(series.start, series.stop)
    extremes = Extremes(
        np.min([cell.low for cell in cells], axis=0)[own],
        np.max([cell.high for cell in cells], axis=0)[own],
        np.sum([cell.sums for cell in cells], axis=0)[own],
        np.sum([cell.negative for cell in cells], axis=0)[own],
    )
    return figure_array(*_summed(cells, series), extremes, series)


def _summed(cells: Sequence[IntervalStats], series: range) -> tuple[Counted, Counted]:
    """Exact values, and lower bounds, of all cells."""
    exact: list[Counted] = []
    bounds: list[Counted] = []
    for cell in cells:
        cell.gather(series, exact, bounds)
    return summed(exact), summed(bounds)


def merged_series(cells: Sequence[IntervalStats], series: Series) -> Distribution:
    """One series over several cells, without the work for the others."""
    return distribution_of(merged_figures(cells, _only(series))[0].tolist())


def merged_quantile(cells: Sequence[IntervalStats], series: Series, q: float) -> Quantile | None:
    """Any quantile of one series over several cells, None without a value; censored ones count.

    The same value as `merged_figures` has for those of QUANTILES.
    """
    histogram = Histogram()
    for cell in cells:
        exact, bounds = _summed([cell], _only(series))
        if exact.codes.size or bounds.codes.size:
            histogram.add(
                exact,
                bounds,
                min_ns=int(cell.low[series]),
                max_ns=int(cell.high[series]),
                sum_ns=float(cell.sums[series]),
                negative=int(cell.negative[series]),
            )
    return next(iter(histogram.quantiles((q,))), None)


def beyond(cells: Sequence[IntervalStats], series: Series, limit_ns: int) -> tuple[int, int]:
    """How many values of a series several cells have, and how many reach a limit.

    A lower bound counts as reaching it.
    """
    exact, bounds = _summed(cells, _only(series))
    late = int(exact.counts[UPPER_NS[exact.buckets] >= limit_ns].sum())
    unknown = int(bounds.counts.sum())
    return int(exact.counts.sum()) + unknown, late + unknown
