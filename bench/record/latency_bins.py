"""A coarse histogram of response times, per second: what a heat map over time is drawn from.

Twenty bins for each factor of ten, from 100 µs to 1,000 s; what lies beyond is in the first or the
last. Percentiles never come from here. In intervals.csv it stands as `BIN:COUNT` pairs.
"""

from __future__ import annotations

from itertools import starmap
from struct import Struct
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.record.buckets import UPPER_NS, Indexes, buckets_of

LOWEST_NS = 100_000
PER_DECADE = 20
BINS = 140

Spread = tuple[tuple[int, int], ...]
"""(bin, count) for each occupied bin, ascending."""


def bin_edges_ns() -> NDArray[np.float64]:
    """Lower edges of all bins, and the upper edge of the last."""
    edges: NDArray[np.float64] = LOWEST_NS * 10.0 ** (np.arange(BINS + 1) / PER_DECADE)
    return edges


def _bins() -> NDArray[np.intp]:
    """The bin of each bucket of a histogram."""
    found = np.searchsorted(bin_edges_ns(), UPPER_NS, side="right") - 1
    return np.clip(found, 0, BINS - 1)


_BIN_OF_BUCKET = _bins()


def spread_of(buckets: Indexes, each: NDArray[np.integer[Any]] | int = 1) -> Spread:
    """The spread of values given by their buckets, and how many there are in each."""
    counts = np.zeros(BINS, dtype=np.int64)
    np.add.at(counts, _BIN_OF_BUCKET[buckets], each)
    occupied = np.flatnonzero(counts)
    return tuple(zip(occupied.tolist(), counts[occupied].tolist(), strict=True))


def _buckets() -> Indexes:
    """The bucket of the middle of each bin."""
    edges = bin_edges_ns()
    return buckets_of(np.sqrt(edges[:-1] * edges[1:]).astype(np.int64))


_BUCKET_OF_BIN = _buckets()


def on_spread(buckets: Indexes) -> Indexes:
    """The bucket that stands for the bin of each bucket: what a spread still tells of it."""
    found: Indexes = _BUCKET_OF_BIN[_BIN_OF_BUCKET[buckets]]
    return found


def buckets_in(spread: Spread) -> tuple[Indexes, NDArray[np.int64]]:
    """A spread as buckets, likewise, and how many values there are in each."""
    bins, counts = np.array(spread, dtype=np.int64).reshape(-1, 2).T
    return _BUCKET_OF_BIN[bins], counts


def added(one: Spread, other: Spread) -> Spread:
    """The counts of both, bin by bin."""
    counts = dict(one)
    for number, count in other:
        counts[number] = counts.get(number, 0) + count
    return tuple(sorted(counts.items()))


_PAIR = Struct("<BI")


def pack_spread(spread: Spread) -> bytes:
    """Five bytes a bin, for who keeps many."""
    return b"".join(starmap(_PAIR.pack, spread))


def unpack_spread(text: bytes) -> Spread:
    """Counts by bin from bytes: the inverse of `pack_spread`."""
    return tuple(_PAIR.iter_unpack(text))


def spread_text(spread: Spread) -> str:
    """Counts by bin for a cell of a CSV file: `31:4 32:10`."""
    return " ".join(f"{number}:{count}" for number, count in spread)


def spread_from(text: str) -> Spread:
    """Counts by bin from a cell: the inverse of `spread_text`."""
    pairs = (pair.partition(":") for pair in text.split())
    return tuple((int(number), int(count)) for number, _, count in pairs)
