"""Histograms of many series at once, sparse: how many values lie in each bucket that has any.

A code is `slot << 16 | bucket`; a slot is a series, or a series of one of many cells. Codes ascend
and are there once each, so that adding histograms is sorting and adding numbers, whatever the rate
at which their values came.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.record.buckets import Indexes

Codes = NDArray[np.integer[Any]]
Counts = NDArray[np.integer[Any]]

BUCKET_BITS = 16
BUCKET_MASK = (1 << BUCKET_BITS) - 1
_DENSE = 8
"""Buckets that there may be for each code to be added as if all had a value."""
_SMALL_CODE = np.iinfo(np.uint32).max


@dataclass(frozen=True, slots=True)
class Counted:
    """Ascending codes, each with how many values it stands for: at least one."""

    codes: Codes
    counts: Counts

    @property
    def buckets(self) -> Indexes:
        """The bucket of each code."""
        held: Indexes = (self.codes & self.codes.dtype.type(BUCKET_MASK)).astype(np.uint16)
        return held

    def between(self, first: int, end: int) -> Counted:
        """Those of the slots from one up to, without, another; as a view."""
        edges = (np.array((first, end)) << BUCKET_BITS).astype(self.codes.dtype)
        low, high = np.searchsorted(self.codes, edges)
        return Counted(self.codes[low:high], self.counts[low:high])

    def of_slot(self, slot: int) -> Counted:
        """Those of one slot alone."""
        return self.between(slot, slot + 1)

    def by_slot(self, slots: int) -> list[Counted]:
        """Those of each of the first slots, as views."""
        ends = self.ends(slots)
        return [
            Counted(self.codes[ends[i] : ends[i + 1]], self.counts[ends[i] : ends[i + 1]])
            for i in range(slots)
        ]

    def ends(self, slots: int) -> list[int]:
        """Where the codes of each of the first slots end, after a 0."""
        bounds = (np.arange(slots + 1, dtype=np.int64) << BUCKET_BITS).astype(self.codes.dtype)
        found: list[int] = np.searchsorted(self.codes, bounds).tolist()
        return found

    def totals(self, slots: int) -> NDArray[np.int64]:
        """How many values each of the first slots has."""
        running = np.concatenate(([0], np.cumsum(self.counts, dtype=np.int64)))
        found: NDArray[np.int64] = np.diff(running[self.ends(slots)])
        return found

    def small(self) -> Counted:
        """The same in as few bytes as it takes, for who keeps many."""
        codes, counts = self.codes, self.counts
        if codes.size and int(codes[-1]) <= _SMALL_CODE:
            codes = codes.astype(np.uint32)
        return Counted(codes, counts.astype(np.min_scalar_type(int(counts.max(initial=0)))))


NO_COUNTS = Counted(np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64))


def counted(codes: NDArray[np.int64]) -> Counted:
    """Values by their codes, in any order."""
    if not codes.size:
        return NO_COUNTS
    ordered = np.sort(codes)
    starts = _starts(ordered)
    return Counted(ordered[starts], np.diff(starts, append=ordered.size))


def collected(codes: Codes, counts: Counts) -> Counted:
    """Counts by their codes in any order, of which several may be equal; sums of 0 are left out."""
    if not codes.size:
        return NO_COUNTS
    rows = _Rows.of(codes)
    if rows.width <= _DENSE * codes.size:
        return rows.collected(codes, counts)
    order = np.argsort(codes, kind="stable")
    codes = codes[order]
    starts = _starts(codes)
    sums = np.add.reduceat(counts[order], starts, dtype=np.int64)
    held = sums != 0
    return Counted(codes[starts[held]], sums[held])


@dataclass(frozen=True, slots=True)
class _Rows:
    """Slots side by side, each as wide as its buckets lie apart: a histogram that is not sparse.

    To add what lies close together into that takes a third of the time of sorting it.
    """

    slots: NDArray[np.int64]
    widths: NDArray[np.int64]
    shifts: NDArray[np.int64]
    """From a bucket of each slot to its place."""
    run_shifts: NDArray[np.int64]
    """The same for each code."""
    width: int

    @classmethod
    def of(cls, codes: Codes) -> _Rows:
        """Those that codes need."""
        slots = (codes >> BUCKET_BITS).astype(np.int64)
        starts = _starts(slots)
        buckets = codes & codes.dtype.type(BUCKET_MASK)
        found, which = np.unique(slots[starts], return_inverse=True)
        low = np.full(found.size, BUCKET_MASK, dtype=np.int64)
        high = np.zeros(found.size, dtype=np.int64)
        np.minimum.at(low, which, np.minimum.reduceat(buckets, starts))
        np.maximum.at(high, which, np.maximum.reduceat(buckets, starts))
        widths = high - low + 1
        shifts = np.cumsum(widths) - widths - low
        sizes = np.diff(starts, append=codes.size)
        return cls(found, widths, shifts, np.repeat(shifts[which], sizes), int(widths.sum()))

    def collected(self, codes: Codes, counts: Counts) -> Counted:
        """The codes' counts, added up in these rows."""
        places = (codes & codes.dtype.type(BUCKET_MASK)).astype(np.int64) + self.run_shifts
        sums = np.bincount(places, weights=counts, minlength=self.width)
        held = np.flatnonzero(sums)
        back = np.repeat((self.slots << BUCKET_BITS) - self.shifts, self.widths)
        found = (held + back[held]).astype(codes.dtype)
        return Counted(found, sums[held].astype(np.int64))


def summed(parts: Sequence[Counted]) -> Counted:
    """The sum of several histograms."""
    held = [part for part in parts if part.codes.size]
    if len(held) < 2:
        return held[0] if held else NO_COUNTS
    return collected(
        np.concatenate([part.codes for part in held]),
        np.concatenate([part.counts for part in held]),
    )


def _starts(ordered: Codes) -> NDArray[np.int64]:
    """Where each run of equal codes begins."""
    is_first = np.ones(ordered.size, dtype=np.bool_)
    np.not_equal(ordered[1:], ordered[:-1], out=is_first[1:])
    return np.flatnonzero(is_first)
