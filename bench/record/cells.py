"""Sums over rows by cell: counts, extremes and histograms of every series. Pure.

A cell is what is told apart of rows (an interval, or a part of one). Cells add up to larger ones,
by any grouping, and what is in them then is what the rows together would have given.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bench.record.batch import TALLY, Count
from bench.record.counted import (
    BUCKET_BITS,
    NO_COUNTS,
    Codes,
    Counted,
    collected,
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
        held = groups != LEFT_OUT
        order = np.flatnonzero(held)[np.argsort(groups[held], kind="stable")]
        starts = np.searchsorted(groups[order], np.arange(size))
        if not size:
            return NO_CELLS
        return CellSums(
            np.add.reduceat(self.counts[order], starts, axis=0),
            np.minimum.reduceat(self.low_ns[order], starts, axis=0),
            np.maximum.reduceat(self.high_ns[order], starts, axis=0),
            np.add.reduceat(self.sum_ns[order], starts, axis=0),
            np.add.reduceat(self.negative[order], starts, axis=0),
            _moved(self.exact, groups),
            _moved(self.bounds, groups),
        )


def _of_series(part: Counted, series: Series) -> Counted:
    slots = part.codes >> BUCKET_BITS
    held = slots % len(Series) == series
    cells = slots[held] // len(Series)
    return Counted(cells << BUCKET_BITS | part.buckets[held], part.counts[held])


def joined(parts: Sequence[CellSums]) -> CellSums:
    """The cells of all, one after the other."""
    exact, bounds = [], []
    before = 0
    for part in parts:
        shift = before * len(Series) << BUCKET_BITS
        exact.append(_shifted(part.exact, shift))
        bounds.append(_shifted(part.bounds, shift))
        before += part.size
    return CellSums(
        np.concatenate([part.counts for part in parts]),
        np.concatenate([part.low_ns for part in parts]),
        np.concatenate([part.high_ns for part in parts]),
        np.concatenate([part.sum_ns for part in parts]),
        np.concatenate([part.negative for part in parts]),
        _chained(exact),
        _chained(bounds),
    )


def _shifted(part: Counted, shift: int) -> Counted:
    return Counted(part.codes + shift, part.counts)


def _chained(parts: Sequence[Counted]) -> Counted:
    return Counted(
        np.concatenate([part.codes for part in parts]),
        np.concatenate([part.counts for part in parts]),
    )


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


def _moved(part: Counted, groups: Integers) -> Counted:
    """By group in the place of the cell. Work per slot, of which there are few, not per code."""
    if not part.codes.size:
        return NO_COUNTS
    slots = part.codes >> BUCKET_BITS
    starts = np.flatnonzero(np.diff(slots, prepend=-1))
    sizes = np.diff(starts, append=slots.size)
    cells, series = np.divmod(slots[starts], len(Series))
    group = groups[cells]
    shifts = ((group * len(Series) + series) - slots[starts]) << BUCKET_BITS
    codes: Codes = part.codes + np.repeat(shifts, sizes)
    counts = part.counts
    if (group == LEFT_OUT).any():
        held = np.repeat(group != LEFT_OUT, sizes)
        codes, counts = codes[held], counts[held]
    if (np.diff(codes) > 0).all():
        return Counted(codes, counts)
    return collected(codes, counts)


NO_CELLS = CellSums.arrivals(np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64))
