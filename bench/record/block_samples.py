"""What blocks are made of: of one measure a histogram per variant and block, kept narrow.

A run of an hour at 1,000/s fills each of its blocks with thousands of distinct values. At sixteen
bytes for each, sorted anew with every delta, that was most of what a coordinator grew by; as an
array of buckets and one of counts for each block they take three or four, and a delta touches
the blocks of its own seconds alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.stats.blocks import BlockCounts

Integers = NDArray[np.int64]
BUCKET_BITS = 16
KEY_BITS = 36
"""Round and place together."""
_CROWDED = 1 << 15
"""Pairs of bucket and count that are added together: half a megabyte."""
_DELTAS = 256
"""Or as many deltas, each an array."""
NOTHING: Mapping[int, BlockCounts] = {}


def owners_of(variants: Integers, keys: Integers) -> Integers:
    """A number for each row that says whose and in which block it is."""
    return variants << KEY_BITS | keys


class BlockSamples:
    """The blocks of each variant by key, and samples that wait to be added to them."""

    def __init__(self) -> None:
        self._blocks: dict[int, dict[int, BlockCounts]] = {}
        self._waiting: list[tuple[Integers, Integers]] = []
        self._waiting_count = 0

    def add(self, owners: Integers, buckets: Integers, counts: Integers) -> None:
        """Samples by bucket, each with the block that it belongs to; at least one."""
        self._waiting.append((owners << BUCKET_BITS | buckets, counts))
        self._waiting_count += owners.size

    @property
    def is_crowded(self) -> bool:
        """True once enough of them wait to be worth adding."""
        return self._waiting_count >= _CROWDED or len(self._waiting) >= _DELTAS

    def settle(self) -> bool:
        """Add what waits; False if nothing did."""
        if not self._waiting:
            return False
        codes, counts = map(np.concatenate, zip(*self._waiting, strict=True))
        self._waiting.clear()
        order = np.argsort(codes, kind="stable")
        codes = codes[order]
        starts = np.flatnonzero(np.diff(codes, prepend=-1))
        codes, counts = codes[starts], np.add.reduceat(counts[order], starts, dtype=np.int64)
        self._waiting_count = 0
        owners = codes >> BUCKET_BITS
        starts = np.flatnonzero(np.diff(owners, prepend=-1))
        buckets = np.split(codes.astype(np.uint16), starts[1:])
        parts = zip(owners[starts].tolist(), buckets, np.split(counts, starts[1:]), strict=True)
        for owner, *part in parts:
            self._put(owner >> KEY_BITS, owner & ((1 << KEY_BITS) - 1), BlockCounts.of(*part))
        return True

    def _put(self, variant: int, key: int, block: BlockCounts) -> None:
        own = self._blocks.setdefault(variant, {})
        own[key] = own[key].added(block) if key in own else block

    def regrain(self, coarse: Any) -> None:
        """Give each block another key, and put those together that share one.

        coarse: from an array of keys to those that they become.
        """
        before, self._blocks = self._blocks, {}
        for variant, own in before.items():
            keys = coarse(np.fromiter(own, dtype=np.int64, count=len(own)))
            for key, block in zip(keys.tolist(), own.values(), strict=True):
                self._put(variant, key, block)

    @property
    def most_blocks(self) -> int:
        """How many the variant with the most of them has."""
        return max(map(len, self._blocks.values()), default=0)

    @property
    def keys(self) -> Integers:
        """Of all blocks, each as often as variants have it."""
        every = [key for own in self._blocks.values() for key in own]
        return np.array(every, dtype=np.int64)

    def of(self, variant: int) -> Mapping[int, BlockCounts]:
        """The blocks of a variant by their keys, ascending."""
        return dict(sorted(self._blocks.get(variant, NOTHING).items()))


def without(
    every: Mapping[int, BlockCounts], some: Mapping[int, BlockCounts]
) -> Mapping[int, BlockCounts]:
    """What is left when some of the samples are taken away; blocks without any are none."""
    left = {key: block.less(some[key]) if key in some else block for key, block in every.items()}
    return {key: block for key, block in left.items() if block.counts.size}
