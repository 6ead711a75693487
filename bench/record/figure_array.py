"""Figures of every series at once: counts, extremes and quantiles, from sparse histograms."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from bench.model.result import QUANTILES, Distribution, Quantile
from bench.record.buckets import OVER, UPPER_NS
from bench.record.counted import BUCKET_BITS, BUCKET_MASK, Counted, summed
from bench.record.measures import TAGS
from bench.stats.ranks import BEYOND, RANK_SLACK

FigureArray = NDArray[np.int64]
"""Per series (rows) the columns of FigureColumn, then one per quantile of QUANTILES."""

_NO_BUCKET = BUCKET_MASK
"""Where there is no value: above every bucket."""


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


WIDTH = FigureColumn.QUANTILES + len(QUANTILES)
_BITS = 1 << np.arange(len(QUANTILES))


@dataclass(frozen=True, slots=True)
class Extremes:
    """Per series: least and greatest value, their sum, and how many are below 0."""

    low_ns: NDArray[np.int64]
    high_ns: NDArray[np.int64]
    sum_ns: NDArray[np.int64]
    negative: NDArray[np.int64]


def figure_array(exact: Counted, bounds: Counted, extremes: Extremes, series: range) -> FigureArray:
    """The figures of some series. exact, bounds: known values, and lower bounds of others.

    Codes in them are of these series alone.
    """
    figures = np.zeros((len(series), WIDTH), dtype=np.int64)
    known = _Ranked(exact, series)
    every = known
    if bounds.codes.size:
        every = _Ranked(summed((exact, bounds)), series)
    if every.codes.size:
        _fill(figures, every, extremes)
    if every is not known:
        ranks = _ranks_of(every.counts)
        moved = known.buckets(ranks) != every.buckets(ranks)
        figures[:, FigureColumn.BOUNDED] |= moved @ _BITS
        figures[:, FigureColumn.CENSORED] = _Ranked(bounds, series).counts
    return figures


class _Ranked:
    """Values in order, to be asked for those at some ranks."""

    def __init__(self, values: Counted, series: range) -> None:
        self.codes = values.codes
        self._running = np.concatenate(([0], np.cumsum(values.counts, dtype=np.int64)))
        edges = np.arange(series.start, series.stop + 1, dtype=np.int64) << BUCKET_BITS
        self._ends = np.searchsorted(values.codes, edges.astype(values.codes.dtype))
        self._before = self._running[self._ends[:-1]]
        self.counts: NDArray[np.int64] = self._running[self._ends[1:]] - self._before
        """How many values each series has."""

    def buckets(self, ranks: NDArray[np.int64]) -> NDArray[np.int64]:
        """The bucket of the value at each rank (series × ranks); _NO_BUCKET beyond the last."""
        found = np.full(ranks.shape, _NO_BUCKET, dtype=np.int64)
        is_there = ranks <= self.counts[:, None]
        places = np.searchsorted(self._running, (self._before[:, None] + ranks)[is_there]) - 1
        found[is_there] = self.codes[places].astype(np.int64) & BUCKET_MASK
        return found

    def over(self) -> NDArray[np.int64]:
        """How many values of each series are above the range: they are its last."""
        over = np.zeros(self.counts.size, dtype=np.int64)
        held = np.flatnonzero(self.counts)
        last = self._ends[1:][held] - 1
        is_over = self.codes[last].astype(np.int64) & BUCKET_MASK == OVER
        over[held] = np.where(is_over, self._running[last + 1] - self._running[last], 0)
        return over


def _fill(figures: FigureArray, every: _Ranked, extremes: Extremes) -> None:
    counts, high = every.counts, extremes.high_ns
    low = np.where(counts, extremes.low_ns, 0)
    figures[:, FigureColumn.COUNT] = counts
    figures[:, FigureColumn.MIN_NS] = low
    figures[:, FigureColumn.MAX_NS] = high
    figures[:, FigureColumn.SUM_NS] = extremes.sum_ns
    figures[:, FigureColumn.OUT_OF_RANGE] = extremes.negative + every.over()
    ranks = _ranks_of(counts)
    found = every.buckets(ranks)
    values = UPPER_NS[np.where(found == _NO_BUCKET, 0, found)]
    figures[:, FigureColumn.QUANTILES :] = np.clip(values, low[:, None], high[:, None])
    figures[:, FigureColumn.KNOWN] = (
        (counts[:, None] - ranks >= BEYOND) & (counts > 0)[:, None]
    ) @ _BITS
    figures[:, FigureColumn.BOUNDED] = (found == OVER) @ _BITS


def _ranks_of(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Nearest ranks (series × QUANTILES) from 1, as `rank_of` has them."""
    exact = np.ceil(counts[:, None] * np.array(QUANTILES) - RANK_SLACK).astype(np.int64)
    ranks: NDArray[np.int64] = np.maximum(exact, 1)
    return ranks


def distributions_of(figures: FigureArray) -> Callable[[str], Distribution]:
    """What views show of each series, by its name in files."""
    rows = figures.tolist()
    return lambda name: distribution_of(rows[TAGS[name]])


def distribution_of(row: list[int]) -> Distribution:
    """What views show of a series, from its row of a FigureArray."""
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
