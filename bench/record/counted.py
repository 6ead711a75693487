"""Histograms of many series at once, sparse: how many values lie in each bucket that has any.

A code is `slot << 16 | bucket`; a slot is a series, or a series of one of many cells. Codes ascend
and are there once each, so that adding histograms is sorting and adding numbers, whatever the rate
at which their values came.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
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
_FEW = 1 << 14
"""Codes that are sorted sooner than laid side by side."""
_SMALL_CODE = np.iinfo(np.uint32).max


@dataclass(frozen=True, slots=True)
class Runs:
    """The slots of a histogram that have codes, ascending, and how many each has."""

    slots: NDArray[np.int64]
    sizes: NDArray[np.int64]

    @classmethod
    def of(cls, codes: Codes) -> Runs:
        """Found out from the codes."""
        slots = codes >> codes.dtype.type(BUCKET_BITS)
        starts = _starts(slots)
        return cls(slots[starts].astype(np.int64), np.diff(starts, append=slots.size))


@dataclass(frozen=True, slots=True)
class Counted:
    """Ascending codes, each with how many values it stands for: at least one.

    known_runs: for who knows them without a look at the codes.
    """

    codes: Codes
    counts: Counts
    known_runs: Runs | None = None

    @property
    def runs(self) -> Runs:
        """Which slots have codes, and how many."""
        return Runs.of(self.codes) if self.known_runs is None else self.known_runs

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
        return Counted(small_codes(self.codes), small_counts(self.counts), self.known_runs)


def small_codes(codes: Codes) -> Codes:
    """Ascending codes in as few bytes as the last needs, and no other array kept alive."""
    fits = codes.size and int(codes[-1]) <= _SMALL_CODE
    return codes.astype(np.uint32, copy=codes.base is not None) if fits else codes


def small_counts(counts: Counts) -> Counts:
    """Counts in as few bytes as the greatest needs."""
    width = np.min_scalar_type(int(counts.max(initial=0)))
    return counts.astype(width, copy=counts.base is not None)


@dataclass(frozen=True, slots=True)
class Kept:
    """A histogram in as little room as it takes: of a code no more than the bucket."""

    buckets: Indexes
    counts: Counts
    runs: Runs

    @classmethod
    def of(cls, part: Counted) -> Kept:
        """The same, which keeps no other array alive."""
        return cls(part.buckets, small_counts(part.counts), part.runs)

    def between(self, first: int, end: int) -> Counted:
        """Those of the slots from one up to, without, another."""
        low, high = np.searchsorted(self.runs.slots, (first, end))
        runs = Runs(self.runs.slots[low:high], self.runs.sizes[low:high])
        before = int(self.runs.sizes[:low].sum())
        own = slice(before, before + int(runs.sizes.sum()))
        codes = np.repeat(runs.slots << BUCKET_BITS, runs.sizes) | self.buckets[own]
        return Counted(codes, self.counts[own], runs)


NO_COUNTS = Counted(np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64))


def counted(codes: NDArray[np.int64]) -> Counted:
    """Values by their codes, in any order."""
    if not codes.size:
        return NO_COUNTS
    ordered = np.sort(codes)
    starts = _starts(ordered)
    return Counted(ordered[starts], np.diff(starts, append=ordered.size))


SlotMap = Callable[[NDArray[np.int64]], NDArray[np.int64]]
"""From slots of a histogram to those of a sum; GONE for what is not to be in it."""
GONE = -1


def summed(parts: Sequence[Counted], maps: Sequence[SlotMap] = ()) -> Counted:
    """The sum of several histograms, without what adds up to 0. maps: one for each, or none."""
    if not maps and sum(part.codes.size for part in parts) <= _FEW:
        few = [part for part in parts if part.codes.size]
        return _sorted(few) if len(few) > 1 else (few or [NO_COUNTS])[0]
    runs = [
        _Placed.of(part, maps[at] if maps else None)
        for at, part in enumerate(parts)
        if part.codes.size
    ]
    if len(runs) == 1 and runs[0].is_ordered:
        return runs[0].moved()
    held = [own for own in runs if own.slots.size]
    if not held:
        return NO_COUNTS
    slots = np.concatenate([own.slots for own in held])
    order = np.argsort(slots, kind="stable")
    starts = _starts(slots[order])
    found = slots[order][starts]
    which = np.empty(slots.size, dtype=np.int64)
    which[order] = np.repeat(np.arange(found.size), np.diff(starts, append=slots.size))
    low = np.minimum.reduceat(np.concatenate([own.first for own in held])[order], starts)
    high = np.maximum.reduceat(np.concatenate([own.last for own in held])[order], starts)
    widths = high - low + 1
    if int(widths.sum()) > _DENSE * sum(own.part.codes.size for own in held):
        return _sorted([own.moved() for own in held])
    # Slots side by side, each as wide as its buckets lie apart: adding is indexing then, and what
    # it touches of a part fits into a cache.
    ends = np.cumsum(widths)
    shifts = ends - widths - low
    sums = np.zeros(int(ends[-1]), dtype=np.int64)
    at = 0
    for own in held:
        own.add_to(sums, shifts[which[at : at + own.slots.size]])
        at += own.slots.size
    places = np.flatnonzero(sums != 0)  # five times as quick as without a comparison
    sizes = np.diff(np.searchsorted(places, ends), prepend=0)
    codes = places + np.repeat((found << BUCKET_BITS) - shifts, sizes)
    left = sizes > 0
    return Counted(codes, sums[places], Runs(found[left], sizes[left]))


@dataclass(frozen=True, slots=True)
class _Placed:
    """A histogram by slot: where each begins, how many codes it has, and which slot it becomes."""

    part: Counted
    starts: NDArray[np.int64]
    sizes: NDArray[np.int64]
    slots: NDArray[np.int64]
    first: NDArray[np.int64]
    last: NDArray[np.int64]

    @classmethod
    def of(cls, part: Counted, slot_map: SlotMap | None) -> _Placed:
        """Those of a histogram, without what is gone."""
        runs = part.runs
        slots, sizes = runs.slots, runs.sizes
        if slot_map is not None:
            slots = slot_map(slots)
            held = slots != GONE
            if not held.all():
                part = _without(part, np.repeat(held, sizes))
                slots, sizes = slots[held], sizes[held]
        starts = np.cumsum(sizes) - sizes
        first = part.codes[starts].astype(np.int64) & BUCKET_MASK
        last = part.codes[starts + sizes - 1].astype(np.int64) & BUCKET_MASK
        return cls(part, starts, sizes, slots, first, last)

    @property
    def is_ordered(self) -> bool:
        """Whether it is a histogram with its slots as they become."""
        return bool((np.diff(self.slots) > 0).all())

    def moved(self) -> Counted:
        """The codes with the slots that they become, in the order in which they were."""
        codes, counts = self.part.codes, self.part.counts
        shifts = (self.slots << BUCKET_BITS) - self._before
        if not shifts.any():
            return Counted(codes, counts, self.part.known_runs)
        return Counted(codes + np.repeat(shifts, self.sizes), counts)

    @property
    def _before(self) -> NDArray[np.int64]:
        """The first code that each slot could have had."""
        return (self.part.codes[self.starts].astype(np.int64) >> BUCKET_BITS) << BUCKET_BITS

    def add_to(self, sums: NDArray[np.int64], shifts: NDArray[np.int64]) -> None:
        """Add the counts; shifts: from a bucket of each slot to its place."""
        places = np.repeat(shifts - self._before, self.sizes) + self.part.codes
        np.add.at(sums, places, self.part.counts.astype(np.int64, copy=False))


def _without(part: Counted, held: NDArray[np.bool_]) -> Counted:
    return Counted(part.codes[held], part.counts[held])


def _sorted(parts: Sequence[Counted]) -> Counted:
    """The sum of what is too thin to lie side by side."""
    codes = np.concatenate([part.codes for part in parts])
    order = np.argsort(codes, kind="stable")  # which merges runs that are in order
    codes = codes[order]
    starts = _starts(codes)
    counts = np.concatenate([part.counts for part in parts])[order]
    sums = np.add.reduceat(counts, starts, dtype=np.int64)
    held = sums != 0
    return Counted(codes[starts[held]], sums[held])


def _starts(ordered: Codes) -> NDArray[np.int64]:
    """Where each run of equal codes begins."""
    is_first = np.ones(ordered.size, dtype=np.bool_)
    np.not_equal(ordered[1:], ordered[:-1], out=is_first[1:])
    return np.flatnonzero(is_first)
