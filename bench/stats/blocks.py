"""A measure's samples by blocks of time: what tells how far its samples hang together. Pure.

Samples of one second share a fate (a stall, a warm sandbox, a busy neighbour), so that a quantile
is less well known than as many independent samples would make it. How much less shows in how the
share of each block below the quantile differs from block to block.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]
Reals = NDArray[np.float64]

_OFFSET_BITS = 20
"""Blocks of a round that a key has room for: twelve days of seconds."""


@dataclass(frozen=True, slots=True)
class Blocks:
    """The histogram of each block, in the order of time; blocks without a sample are left out.

    keys: ascending, a number per block that says round and place in the round, alike for all
    variants of a run. Sample i of the flat arrays: counts[i] samples of values_ns[i] in block
    keys[blocks[i]]. length_s: seconds of one block; rounds_each: how many whole rounds make a
    block, 0 if it is a part of one.
    """

    keys: Integers
    blocks: Integers
    values_ns: Integers
    counts: Integers
    length_s: float = 1.0
    rounds_each: int = 0

    def totals(self) -> Reals:
        """How many samples each block has."""
        return self._sums(self.counts)

    def below(self, value_ns: int) -> Reals:
        """Samples of each block that do not exceed a value."""
        return self._sums(np.where(self.values_ns <= value_ns, self.counts, 0))

    def sums_ns(self) -> Reals:
        """The sum of each block's samples."""
        return self._sums(self.counts * self.values_ns)

    def _sums(self, weights: Integers) -> Reals:
        found = np.bincount(self.blocks, weights=weights, minlength=self.keys.size)
        return found.astype(np.float64, copy=False)


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
    """Blocks from samples in any order, each with the key of its block."""
    steps = np.diff(keys)
    if (steps >= 0).all():
        index = np.concatenate(([0], np.cumsum(steps > 0))) if keys.size else keys
        known = keys[np.flatnonzero(np.diff(keys, prepend=-1))]
    else:
        known, index = np.unique(keys, return_inverse=True)
    return Blocks(known, index.astype(np.int64), values_ns, counts, length_s, rounds_each)


def paired(one: tuple[Integers, Reals], other: tuple[Integers, Reals]) -> tuple[Reals, Reals]:
    """Two series, each with the keys of its blocks, block by block; 0 where one has no sample."""
    keys = np.union1d(one[0], other[0])
    rows = []
    for own, series in (one, other):
        row = np.zeros(keys.size)
        row[np.searchsorted(keys, own)] = series
        rows.append(row)
    return rows[0], rows[1]
