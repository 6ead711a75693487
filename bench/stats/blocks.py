"""A measure's samples by blocks of time: what tells how far its samples hang together. Pure.

Samples of one second share a fate (a stall, a warm sandbox, a busy neighbour), so that a quantile
is less well known than as many independent samples would make it. How much less shows in how the
share of each block below the quantile differs from block to block.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]
Reals = NDArray[np.float64]
Counts = NDArray[np.integer[Any]]
"""Of any width."""

_OFFSET_BITS = 20
"""Blocks of a round that a key has room for: twelve days of seconds."""


@dataclass(frozen=True, slots=True)
class Scale:
    """What the places of samples stand for: ascending values, those beyond low and high as these.

    One array of values serves every block that there is.
    """

    values_ns: Integers
    low_ns: int
    high_ns: int

    def at(self, places: Counts) -> Integers:
        """The value of each place."""
        return np.clip(self.values_ns[places], self.low_ns, self.high_ns)

    def places_until(self, value_ns: int) -> int:
        """How many places, from the first on, do not exceed a value."""
        if value_ns >= self.high_ns:
            return self.values_ns.size
        if value_ns < self.low_ns:
            return 0
        return int(np.searchsorted(self.values_ns, value_ns, side="right"))


@dataclass(frozen=True, slots=True)
class BlockCounts:
    """The histogram of one block: places on a scale, and how many samples are at each.

    Never written to, so that whoever keeps a block shares it with all who look at it. Of a run of
    hours there are a million such pairs: each array is as narrow as its figures allow.
    """

    places: Counts
    counts: Counts

    @classmethod
    def of(cls, places: Counts, counts: Counts) -> BlockCounts:
        """In as little room as they need."""
        width = np.min_scalar_type(int(counts.max(initial=0)))
        return cls(places.copy(), counts.astype(width))  # neither keeps more than its own alive

    def added(self, other: BlockCounts) -> BlockCounts:
        """Both together, each place once and ascending."""
        low = min(int(self.places[0]), int(other.places[0]))
        high = max(int(self.places[-1]), int(other.places[-1]))
        sums = np.zeros(high - low + 1, dtype=np.int64)
        for own in (self, other):
            sums[own.places.astype(np.int64) - low] += own.counts
        places = np.flatnonzero(sums != 0)  # five times as quick as without a comparison
        return self.of((places + low).astype(self.places.dtype), sums[places])

    def less(self, some: BlockCounts) -> BlockCounts:
        """What is left without some of these samples; places are ascending."""
        counts = self.counts.astype(np.int64)
        counts[np.searchsorted(self.places, some.places)] -= some.counts
        left = counts > 0
        return self.of(self.places[left], counts[left])


@dataclass(frozen=True, slots=True)
class Blocks:
    """The histogram of each block, in the order of time; blocks without a sample are left out.

    keys: ascending, a number per block that says round and place in the round, alike for all
    variants of a run. length_s: seconds of one block; rounds_each: how many whole rounds make a
    block, 0 if it is a part of one.
    """

    keys: Integers
    histograms: tuple[BlockCounts, ...]
    scale: Scale
    length_s: float = 1.0
    rounds_each: int = 0

    def totals(self) -> Reals:
        """How many samples each block has."""
        return self._sums(self._counts())

    def below(self, value_ns: int) -> Reals:
        """Samples of each block that do not exceed a value."""
        return self._sums(self._counts() * (self._places() < self.scale.places_until(value_ns)))

    def sums_ns(self) -> Reals:
        """The sum of each block's samples."""
        return self._sums(self._counts() * self.scale.at(self._places()))

    def _counts(self) -> Counts:
        return np.concatenate([block.counts for block in self.histograms])

    def _places(self) -> Counts:
        return np.concatenate([block.places for block in self.histograms])

    def _sums(self, weights: Counts) -> Reals:
        sizes = [block.counts.size for block in self.histograms]
        starts = np.cumsum([0, *sizes[:-1]])
        found: Reals = np.add.reduceat(weights, starts, dtype=np.float64)
        return found


def block_key(round_: Integers, offset: Integers) -> Integers:
    """The key of blocks by their round and place in it, both from 0."""
    return round_ << _OFFSET_BITS | offset


def key_parts(keys: Integers) -> tuple[Integers, Integers]:
    """Round and place in the round of each key: the inverse of `block_key`."""
    return keys >> _OFFSET_BITS, keys & ((1 << _OFFSET_BITS) - 1)


def blocks_of(
    keys: Integers,
    values_ns: Integers,
    counts: Integers,
    length_s: float = 1.0,
    rounds_each: int = 0,
) -> Blocks:
    """Blocks from samples in any order, at least one, each with the key of its block."""
    known, places = np.unique(values_ns, return_inverse=True)
    scale = Scale(known, int(known[0]), int(known[-1]))
    return placed_blocks(keys, places, counts, scale, length_s, rounds_each)


def placed_blocks(
    keys: Integers,
    places: Counts,
    counts: Counts,
    scale: Scale,
    length_s: float = 1.0,
    rounds_each: int = 0,
) -> Blocks:
    """The same from places on a scale."""
    if (np.diff(keys) < 0).any():
        order = np.argsort(keys, kind="stable")
        keys, places, counts = keys[order], places[order], counts[order]
    starts = np.flatnonzero(np.diff(keys, prepend=-1))
    parts = zip(np.split(places, starts[1:]), np.split(counts, starts[1:]), strict=True)
    histograms = tuple(BlockCounts.of(*part) for part in parts)
    return Blocks(keys[starts], histograms, scale, length_s, rounds_each)


def paired(one: tuple[Integers, Reals], other: tuple[Integers, Reals]) -> tuple[Reals, Reals]:
    """Two series, each with the keys of its blocks, block by block; 0 where one has no sample."""
    keys = np.union1d(one[0], other[0])
    rows = []
    for own, series in (one, other):
        row = np.zeros(keys.size)
        row[np.searchsorted(keys, own)] = series
        rows.append(row)
    return rows[0], rows[1]
