"""One second of one variant in one segment: counts, and its values' buckets until it is packed.

Values are kept as bucket numbers, two bytes each: a second's quantiles come from sorting them,
cheaper than a histogram's twenty thousand counters for the few hundred values of a second. Once
nothing more is expected, a cell is packed: figures only, compressed, some 400 bytes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from zlib import compress, decompress

import numpy as np
from numpy.typing import NDArray

from bench.model.result import QUANTILES, Distribution, Quantile
from bench.record.batch import MISSING, TALLY, Count, MeasureValues, present
from bench.record.buckets import HIGHEST_NS, OVER, UPPER_NS, Indexes
from bench.record.histogram import Histogram
from bench.record.latency_bins import Spread, pack_spread, spread_of
from bench.record.measures import TAGS, Series
from bench.stats.ranks import BEYOND, RANK_SLACK

FigureArray = NDArray[np.int64]
"""Per series (rows) the columns of FigureColumn, then one per quantile of QUANTILES."""

_EVERY = slice(None)
_HUGE = np.iinfo(np.int64).max
_FAST = 1


class FigureColumn(IntEnum):
    """Columns of a FigureArray. KNOWN and BOUNDED are bit masks over QUANTILES."""

    COUNT = 0
    CENSORED = 1
    OUT_OF_RANGE = 2
    MIN_NS = 3
    MAX_NS = 4
    SUM_NS = 5
    KNOWN = 6
    BOUNDED = 7
    QUANTILES = 8


_WIDTH = FigureColumn.QUANTILES + len(QUANTILES)
_BITS = 1 << np.arange(len(QUANTILES))


@dataclass(frozen=True, slots=True)
class Packed:
    """The figures of a cell that grows no more, as bytes."""

    tally: bytes
    figures: bytes
    spread: bytes = b""


class IntervalStats:
    """A second that can still change."""

    __slots__ = (
        "_bounds",
        "_buckets",
        "_emitted",
        "_figures",
        "high",
        "low",
        "negative",
        "sums",
        "tally",
    )

    def __init__(self) -> None:
        self.tally = np.zeros(TALLY, dtype=np.int64)
        self.low = np.full(len(Series), _HUGE, dtype=np.int64)
        self.high = np.zeros(len(Series), dtype=np.int64)
        self.sums = np.zeros(len(Series), dtype=np.int64)
        self.negative = np.zeros(len(Series), dtype=np.int64)
        self._buckets: list[Indexes] = []
        self._bounds: list[Indexes] = []
        self._emitted = (0, 0)
        self._figures: FigureArray | None = None

    def add(self, values: MeasureValues) -> None:
        """Add the values of some rows."""
        self._figures = None
        self._buckets.append(values.buckets)
        if values.bounds is not None:
            self._bounds.append(values.bounds)
        np.minimum(self.low, values.min_ns, out=self.low)
        np.maximum(self.high, values.max_ns, out=self.high)
        self.sums += values.sum_ns
        self.negative += values.negative

    @property
    def unfinished(self) -> int:
        """Invocations offered that have neither ended nor been dropped, as far as is known."""
        ended = int(self.tally[: Count.ATTEMPTS].sum())
        return int(self.tally[Count.OFFERED]) - int(self.tally[Count.DROPPED]) - ended

    def fresh(self) -> tuple[Indexes, Indexes]:
        """Buckets (series × values) not returned before: exact values, and lower bounds."""
        buckets, bounds = self._buckets[self._emitted[0] :], self._bounds[self._emitted[1] :]
        self._emitted = (len(self._buckets), len(self._bounds))
        return _joined(buckets), _joined(bounds)

    def figures(self) -> FigureArray:
        """Counts, extremes and quantiles of every series; kept until a value comes."""
        if self._figures is None:
            self._figures = merged_figures([self])
        return self._figures

    def spread(self) -> Spread:
        """Response times, coarsely; timed-out ones by their lower bound."""
        return _spread_of([*self._buckets, *self._bounds])

    def pack(self) -> Packed:
        """The cell's figures without its histograms, for when it grows no more."""
        return repacked(self.tally, self.figures(), self.spread())


def unpacked(packed: Packed) -> tuple[NDArray[np.int64], FigureArray]:
    """Tally and figures of a packed cell, to be written to."""
    tally = np.frombuffer(decompress(packed.tally), dtype=np.int64).copy()
    figures = np.frombuffer(decompress(packed.figures), dtype=np.int64).copy()
    return tally, figures.reshape(len(Series), _WIDTH)


def repacked(tally: NDArray[np.int64], figures: FigureArray, spread: Spread) -> Packed:
    """The inverse of `unpacked`, with the spread as it is."""
    return Packed(
        compress(tally.tobytes(), _FAST), compress(figures.tobytes(), _FAST), pack_spread(spread)
    )


def add_late(figures: FigureArray, values: MeasureValues) -> None:
    """Count values that came after their cell was packed: its quantiles are no longer known."""
    fresh = (values.buckets != MISSING).sum(axis=1)
    if values.bounds is not None:
        late = (values.bounds != MISSING).sum(axis=1)
        figures[:, FigureColumn.CENSORED] += late
        fresh += late
    empty = figures[:, FigureColumn.COUNT] == 0
    figures[empty, FigureColumn.MIN_NS] = _HUGE
    figures[:, FigureColumn.MIN_NS] = np.minimum(figures[:, FigureColumn.MIN_NS], values.min_ns)
    figures[:, FigureColumn.MAX_NS] = np.maximum(figures[:, FigureColumn.MAX_NS], values.max_ns)
    figures[:, FigureColumn.COUNT] += fresh
    figures[:, FigureColumn.SUM_NS] += values.sum_ns
    figures[:, FigureColumn.OUT_OF_RANGE] += values.negative
    figures[fresh > 0, FigureColumn.KNOWN] = 0
    figures[figures[:, FigureColumn.COUNT] == 0, FigureColumn.MIN_NS] = 0


def response_spread(values: MeasureValues) -> Spread:
    """The spread of the response times of some rows."""
    return _spread_of(
        [values.buckets] if values.bounds is None else [values.buckets, values.bounds]
    )


def _spread_of(parts: list[Indexes]) -> Spread:
    held = _joined(parts)[Series.RESPONSE]
    return spread_of(held[held != MISSING])


def merged_figures(cells: list[IntervalStats], rows: slice = _EVERY) -> FigureArray:
    """Figures over several cells at once: a window. rows: of these series alone."""
    exact = _joined([part[rows] for cell in cells for part in cell._buckets], rows)
    bounds = [part[rows] for cell in cells for part in cell._bounds]
    figures = np.zeros((exact.shape[0], _WIDTH), dtype=np.int64)
    every = np.sort(_joined([exact, *bounds]) if bounds else exact, axis=1)
    if every.shape[1]:
        _fill(figures, every, cells, rows)
        if bounds:
            _fill_bounded(figures, every, np.sort(exact, axis=1), _joined(bounds))
    return figures


def merged_series(cells: list[IntervalStats], series: Series) -> Distribution:
    """One series over several cells, without the work for the others."""
    return _distribution(merged_figures(cells, slice(series, series + 1))[0].tolist())


def merged_quantile(cells: list[IntervalStats], series: Series, q: float) -> Quantile | None:
    """Any quantile of one series over several cells, None without a value; censored ones count.

    The same value as `merged_figures` has for those of QUANTILES.
    """
    histogram = Histogram()
    for cell in cells:
        exact = present(_joined(cell._buckets)[series])
        bounds = present(_joined(cell._bounds)[series])
        if exact.size or bounds.size:
            histogram.record_buckets(
                np.concatenate((exact, bounds)),
                min_ns=int(cell.low[series]),
                max_ns=int(cell.high[series]),
                sum_ns=float(cell.sums[series]),
                negative=int(cell.negative[series]),
                censored=bounds,
            )
    return next(iter(histogram.quantiles((q,))), None)


def beyond(cells: list[IntervalStats], series: Series, limit_ns: int) -> tuple[int, int]:
    """How many values of a series several cells have, and how many reach a limit.

    A lower bound counts as reaching it.
    """
    held = [present(_joined(cell._buckets)[series]) for cell in cells]
    bounds = sum(present(_joined(cell._bounds)[series]).size for cell in cells)
    late = sum(int((UPPER_NS[exact] >= limit_ns).sum()) for exact in held)
    return sum(exact.size for exact in held) + bounds, late + bounds


def _joined(parts: list[Indexes], rows: slice = _EVERY) -> Indexes:
    if not parts:
        return np.empty((len(Series), 0), dtype=np.uint16)[rows]
    return parts[0] if len(parts) == 1 else np.concatenate(parts, axis=1)


def _fill(figures: FigureArray, every: Indexes, cells: list[IntervalStats], rows: slice) -> None:
    counts = (every != MISSING).sum(axis=1)
    low = np.min([cell.low for cell in cells], axis=0)[rows]
    high = np.max([cell.high for cell in cells], axis=0)[rows]
    figures[:, FigureColumn.COUNT] = counts
    figures[:, FigureColumn.MIN_NS] = np.where(counts, low, 0)
    figures[:, FigureColumn.MAX_NS] = high
    figures[:, FigureColumn.SUM_NS] = np.sum([cell.sums for cell in cells], axis=0)[rows]
    figures[:, FigureColumn.OUT_OF_RANGE] = np.sum([cell.negative for cell in cells], axis=0)[rows]
    if high.max() > HIGHEST_NS:
        figures[:, FigureColumn.OUT_OF_RANGE] += (every == OVER).sum(axis=1)
    ranks = ranks_of(counts)
    found = np.take_along_axis(every, ranks - 1, axis=1)
    values = UPPER_NS[np.where(found == MISSING, 0, found)]
    figures[:, FigureColumn.QUANTILES :] = np.clip(
        values, np.where(counts, low, 0)[:, None], high[:, None]
    )
    figures[:, FigureColumn.KNOWN] = (
        (counts[:, None] - ranks >= BEYOND) & (counts > 0)[:, None]
    ) @ _BITS
    figures[:, FigureColumn.BOUNDED] = (found == OVER) @ _BITS


def _fill_bounded(figures: FigureArray, every: Indexes, exact: Indexes, bounds: Indexes) -> None:
    """Mark the quantiles that leave their bucket if every lower bound is infinite."""
    ranks = ranks_of(figures[:, FigureColumn.COUNT])
    room = exact.shape[1]
    reached = np.full(ranks.shape, MISSING)
    if room:
        reached = np.take_along_axis(exact, np.minimum(ranks, room) - 1, axis=1)
    moved = (ranks > room) | (reached != np.take_along_axis(every, ranks - 1, axis=1))
    figures[:, FigureColumn.BOUNDED] |= moved @ _BITS
    figures[:, FigureColumn.CENSORED] = (bounds != MISSING).sum(axis=1)


def ranks_of(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Nearest ranks (series × QUANTILES) from 1, as `rank_of` has them."""
    exact = np.ceil(counts[:, None] * np.array(QUANTILES) - RANK_SLACK).astype(np.int64)
    ranks: NDArray[np.int64] = np.maximum(exact, 1)
    return ranks


def distributions_of(figures: FigureArray) -> Callable[[str], Distribution]:
    """What views show of each series, by its name in files."""
    rows = figures.tolist()
    return lambda name: _distribution(rows[TAGS[name]])


def _distribution(row: list[int]) -> Distribution:
    count, censored, out, low, high, total, known, bounded, *values = row
    if not count:
        return _NOTHING
    quantiles = tuple(
        [
            Quantile(q, value, bool(known & bit), bool(bounded & bit))
            for q, value, bit in zip(QUANTILES, values, _BIT_LIST, strict=True)
        ]
    )
    return Distribution(count, low, high, total / count, censored, out, quantiles)


_NOTHING = Distribution()
_BIT_LIST: list[int] = _BITS.tolist()
