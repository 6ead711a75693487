"""Sums over rows by cell: counts, extremes and histograms of every series. Pure.

A cell is what is told apart of rows (an interval, or a part of one). Cells add up to larger ones,
by any grouping, and what is in them then is what the rows together would have given.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from bench.record.batch import TALLY, Count
from bench.record.counted import (
    BUCKET_BITS,
    GONE,
    NO_COUNTS,
    Counted,
    Runs,
    SlotMap,
    summed,
)
from bench.record.interval_key import IntervalKey
from bench.record.measures import Series

Integers = NDArray[np.int64]
HUGE = np.iinfo(np.int64).max
"""The minimum of no values."""
LEFT_OUT = -1
"""As the group of a cell: it is in none."""
_ARRIVALS = [Count.OFFERED, Count.DROPPED]


@dataclass(frozen=True, slots=True)
class Values:
    """Values of one cell. Codes are `series << 16 | bucket`; arrays have a number per series.

    exact, bounds: known values, and lower bounds of others. negative: those below 0, which lie in
    the first bucket. low_ns is HUGE, the others 0 where there are none.
    """

    exact: Counted
    bounds: Counted
    low_ns: Integers
    high_ns: Integers
    sum_ns: Integers
    negative: Integers


@dataclass(frozen=True, slots=True)
class Known:
    """What has become known of an interval. values None: counts of arrivals alone."""

    key: IntervalKey
    counts: Integers
    values: Values | None


@dataclass(frozen=True, slots=True)
class CellSums:
    """A row of each array per cell; codes are `(cell × series) << 16 | bucket`."""

    counts: Integers
    low_ns: Integers
    high_ns: Integers
    sum_ns: Integers
    negative: Integers
    exact: Counted
    bounds: Counted

    @classmethod
    def arrivals(cls, offered: Integers, dropped: Integers) -> CellSums:
        """Cells of which nothing but the arrivals is known."""
        counts = np.zeros((offered.size, TALLY), dtype=np.int64)
        counts[:, Count.OFFERED], counts[:, Count.DROPPED] = offered, dropped
        shape = offered.size, len(Series)
        none = np.zeros(shape, dtype=np.int64)
        return cls(counts, np.full(shape, HUGE), none, none, none, NO_COUNTS, NO_COUNTS)

    @property
    def size(self) -> int:
        """How many cells there are."""
        return len(self.counts)

    def has_rows(self) -> list[bool]:
        """Of each cell, whether rows came into it."""
        told = self.counts.any(axis=1)
        alone = self.counts[:, _ARRIVALS].sum(axis=1) == self.counts.sum(axis=1)
        found: list[bool] = (told & ~alone).tolist()
        return found

    def small(self) -> CellSums:
        """The same in less room, for who keeps many for a while."""
        return replace(self, exact=self.exact.small(), bounds=self.bounds.small())

    def of_series(self, series: Series) -> Counted:
        """The values of a series, lower bounds among them; codes are `cell << 16 | bucket`."""
        return summed([_of_series(part, series) for part in (self.exact, self.bounds)])

    def values(self) -> Sequence[Values]:
        """The values of each cell."""
        slots = len(Series)
        exact, bounds = (
            _split(part, self.size, slots) if part.codes.size else [NO_COUNTS] * self.size
            for part in (self.exact, self.bounds)
        )
        return [
            Values(
                exact[i],
                bounds[i],
                self.low_ns[i],
                self.high_ns[i],
                self.sum_ns[i],
                self.negative[i],
            )
            for i in range(self.size)
        ]

    def grouped(self, groups: Integers, size: int) -> CellSums:
        """The cells of each group added up; each of the groups 0 … size-1 has at least one."""
        return summed_cells([self], [groups], size)


def _of_series(part: Counted, series: Series) -> Counted:
    runs = part.runs
    cell, own_series = np.divmod(runs.slots, len(Series))
    held = own_series == series
    sizes = runs.sizes[held]
    starts = (np.cumsum(runs.sizes) - runs.sizes)[held]
    places = np.arange(int(sizes.sum())) + np.repeat(starts - np.cumsum(sizes) + sizes, sizes)
    shifts = (cell[held] - runs.slots[held]) << BUCKET_BITS
    codes = part.codes[places] + np.repeat(shifts, sizes)
    return Counted(codes, part.counts[places], Runs(cell[held], sizes))


def summed_cells(parts: Sequence[CellSums], groups: Sequence[Integers], size: int) -> CellSums:
    """The cells of all parts by group; groups: of each part, the group of each cell."""
    if not size:
        return NO_CELLS
    group = np.concatenate(groups)
    held = group != LEFT_OUT
    order = np.flatnonzero(held)[np.argsort(group[held], kind="stable")]
    starts = np.searchsorted(group[order], np.arange(size))

    def reduced(how: np.ufunc, arrays: Sequence[Integers]) -> Integers:
        whole = arrays[0] if len(arrays) == 1 else np.concatenate(arrays)
        found: Integers = how.reduceat(whole[order], starts, axis=0)
        return found

    maps = [_slot_map(own) for own in groups]
    return CellSums(
        reduced(np.add, [part.counts for part in parts]),
        reduced(np.minimum, [part.low_ns for part in parts]),
        reduced(np.maximum, [part.high_ns for part in parts]),
        reduced(np.add, [part.sum_ns for part in parts]),
        reduced(np.add, [part.negative for part in parts]),
        summed([part.exact for part in parts], maps),
        summed([part.bounds for part in parts], maps),
    )


def _slot_map(groups: Integers) -> SlotMap:
    """By group in the place of the cell."""

    def moved(slots: Integers) -> Integers:
        cells, series = np.divmod(slots, len(Series))
        group = groups[cells]
        return np.where(group == LEFT_OUT, GONE, group * len(Series) + series)

    return moved


def _split(part: Counted, cells: int, slots: int) -> list[Counted]:
    """Of each cell its own, by series."""
    bounds = np.arange(cells + 1, dtype=np.int64) * slots << BUCKET_BITS
    ends = np.searchsorted(part.codes, bounds).tolist()
    return [
        Counted(
            (part.codes[ends[i] : ends[i + 1]] - bounds[i]).astype(np.uint32),
            part.counts[ends[i] : ends[i + 1]],
        )
        for i in range(cells)
    ]


NO_CELLS = CellSums.arrivals(np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64))
