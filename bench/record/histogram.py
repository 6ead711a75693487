"""Histograms of times: HdrHistogram, filled, merged and read in bulk. Only this module knows hdrh.

Values are nanoseconds, 1 µs to 15 min at three significant digits. A value is turned into the index
of its bucket (`buckets_of`, many at once); everything else counts indexes. Quantiles are nearest
rank: the smallest value that at least q·n samples do not exceed.

Two things that a plain HdrHistogram does not know are kept beside its counts. Values that it cannot
hold are counted: above 15 min as "15 min or more", below 0 (a mistake of ours) as 0. And censored
values, timeouts, are lower bounds: a quantile is exact only if it stays in its bucket when every
censored value moves to infinity.
"""

from __future__ import annotations

import binascii
from base64 import b64decode
from collections.abc import Sequence
from typing import Any
from zlib import decompress
from zlib import error as ZlibError

import numpy as np
from hdrh.codec import HdrCookieException, HdrLengthException
from hdrh.histogram import HdrHistogram
from numpy.typing import NDArray

from bench.model.result import QUANTILES, Distribution, Quantile
from bench.model.times import NS_PER_S, NS_PER_US
from bench.stats.quantiles import Curve
from bench.stats.ranks import BEYOND, rank_of

LOWEST_NS = NS_PER_US
HIGHEST_NS = 900 * NS_PER_S
DIGITS = 3
_UNREADABLE = (TypeError, ValueError, ZlibError, HdrCookieException, HdrLengthException)

Indexes = NDArray[np.uint16]
Counts = NDArray[np.int64]


def _new() -> Any:
    return HdrHistogram(LOWEST_NS, HIGHEST_NS, DIGITS)


def _view(hdr: Any) -> Counts:
    """The histogram's own counters, without a copy."""
    return np.frombuffer(hdr.counts, dtype=np.int64)


_GEOMETRY = _new()
_UNIT = int(_GEOMETRY.unit_magnitude)
_HALF = int(_GEOMETRY.sub_bucket_half_count_magnitude)
BUCKETS = int(_GEOMETRY.counts_len)
OVER = BUCKETS
"""Index of what lies above HIGHEST_NS."""


def _bounds() -> tuple[Counts, Counts]:
    index = np.arange(BUCKETS, dtype=np.int64)
    shift = np.maximum((index >> _HALF) - 1, 0)
    sub = np.where(index >> _HALF == 0, index, (index & ((1 << _HALF) - 1)) + (1 << _HALF))
    lower = sub << (shift + _UNIT)
    upper = lower + (np.int64(1) << (shift + _UNIT)) - 1
    return np.append(lower, HIGHEST_NS), np.append(upper, HIGHEST_NS)


LOWER_NS, UPPER_NS = _bounds()
"""Lowest and highest value of each bucket, with one element more for OVER."""


def buckets_of(values_ns: NDArray[np.int64]) -> Indexes:
    """The bucket of each value, in any shape: 0 for negative ones, OVER above HIGHEST_NS."""
    units = np.clip(values_ns, 0, HIGHEST_NS) >> _UNIT
    shift = np.maximum(np.frexp(units.astype(np.float64))[1] - (_HALF + 1), 0).astype(np.int64)
    index = (shift << _HALF) + (units >> shift)
    index[values_ns > HIGHEST_NS] = OVER
    found: Indexes = index.astype(np.uint16)
    return found


def bucket_of(value_ns: int) -> int:
    """The bucket of a single value: an array of one costs ten times as much."""
    if value_ns > HIGHEST_NS:
        return OVER
    units = max(value_ns, 0) >> _UNIT
    shift = max(units.bit_length() - (_HALF + 1), 0)
    return (shift << _HALF) + (units >> shift)


class Histogram:
    """One growing distribution."""

    __slots__ = (
        "_censored",
        "_counts",
        "_hdr",
        "_sum_ns",
        "_summary",
        "max_ns",
        "min_ns",
        "negative",
        "over",
    )

    def __init__(self) -> None:
        self._hdr = _new()
        self._counts = _view(self._hdr)
        self._censored: Counts | None = None
        self._sum_ns = 0.0
        self._summary: tuple[tuple[int, Sequence[float]], Distribution] | None = None
        self.min_ns = 0
        self.max_ns = 0
        self.negative = 0
        self.over = 0

    @property
    def count(self) -> int:
        """Every value recorded, in range or not."""
        return int(self._hdr.total_count) + self.over

    @property
    def censored(self) -> int:
        """How many of them are lower bounds."""
        return 0 if self._censored is None else int(self._censored.sum())

    def record_many(
        self, values_ns: NDArray[np.int64], censored: NDArray[np.bool_] | None = None
    ) -> None:
        """Record values; censored marks those that are lower bounds."""
        if not values_ns.size:
            return
        real = np.maximum(values_ns, 0)
        indexes = buckets_of(values_ns)
        self.record_buckets(
            indexes,
            min_ns=int(real.min()),
            max_ns=int(real.max()),
            sum_ns=float(real.sum()),
            negative=int((values_ns < 0).sum()),
            censored=None if censored is None else indexes[censored],
        )

    def record_buckets(
        self,
        indexes: Indexes,
        *,
        min_ns: int,
        max_ns: int,
        sum_ns: float,
        negative: int = 0,
        censored: Indexes | None = None,
    ) -> None:
        """Record values by bucket, with the exact extremes and sum of those values.

        censored holds the buckets of those among them that are lower bounds.
        """
        self.min_ns = min_ns if not self.count else min(self.min_ns, min_ns)
        self.max_ns = max(self.max_ns, max_ns)
        self._sum_ns += sum_ns
        self.negative += negative
        held = indexes[indexes != OVER] if max_ns > HIGHEST_NS else indexes
        np.add.at(self._counts, held, 1)
        self.over += indexes.size - held.size
        self._hdr.total_count += held.size
        if censored is not None and censored.size:
            np.add.at(self._lower_bounds(), censored, 1)

    def _lower_bounds(self) -> Counts:
        if self._censored is None:
            self._censored = np.zeros(BUCKETS + 1, dtype=np.int64)
        return self._censored

    def add(self, other: Histogram) -> None:
        """Merge another one in; the other stays as it is."""
        if not other.count:
            return
        self.min_ns = other.min_ns if not self.count else min(self.min_ns, other.min_ns)
        self.max_ns = max(self.max_ns, other.max_ns)
        self._sum_ns += other._sum_ns
        self.negative += other.negative
        self.over += other.over
        self._counts += other._counts
        self._hdr.total_count += other._hdr.total_count
        if other._censored is not None:
            self._lower_bounds()[:] += other._censored

    def quantiles(self, qs: Sequence[float] = QUANTILES) -> tuple[Quantile, ...]:
        """Several quantiles at once; none of an empty histogram."""
        count = self.count
        if not count:
            return ()
        ranks = [rank_of(q, count) for q in qs]
        low, high = self._occupied()
        running = np.cumsum(self._counts[low:high])
        found = np.searchsorted(running, ranks).tolist()
        bounded = self._moved(running, ranks, found, low)
        placed = [low + place if place < running.size else OVER for place in found]
        return tuple(
            Quantile(q, self._value_ns(bucket), count - rank >= BEYOND, moved or bucket == OVER)
            for q, bucket, rank, moved in zip(qs, placed, ranks, bounded, strict=True)
        )

    def _value_ns(self, bucket: int) -> int:
        """The highest value of a bucket that may have occurred."""
        return min(max(int(UPPER_NS[bucket]), self.min_ns), self.max_ns)

    def _occupied(self) -> tuple[int, int]:
        """The first bucket with a value in it, at the earliest, and the one behind the last.

        A tenth of all buckets, often: to add up the others would take most of a quantile's time.
        """
        return bucket_of(self.min_ns), min(bucket_of(self.max_ns) + 1, BUCKETS)

    def _moved(
        self, running: Counts, ranks: Sequence[int], found: Sequence[int], low: int
    ) -> Sequence[bool]:
        """Which quantiles leave their bucket if every censored value is infinite.

        running counts up from bucket low on, and found is counted from there.
        """
        if self._censored is None:
            return [False] * len(ranks)
        known = running - np.cumsum(self._censored[low : low + running.size])
        moved = np.searchsorted(known, ranks).tolist()
        return [there != place for there, place in zip(moved, found, strict=True)]

    def distribution(self, qs: Sequence[float] = QUANTILES) -> Distribution:
        """The summary that views show; kept until a value comes, since views ask often."""
        if self._summary is None or self._summary[0] != (self.count, qs):
            self._summary = ((self.count, qs), self._summarise(qs))
        return self._summary[1]

    def _summarise(self, qs: Sequence[float]) -> Distribution:
        count = self.count
        return Distribution(
            count=count,
            min_ns=self.min_ns,
            max_ns=self.max_ns,
            mean_ns=self._sum_ns / count if count else 0.0,
            censored=self.censored,
            out_of_range=self.over + self.negative,
            quantiles=self.quantiles(qs),
        )

    def points(self) -> Curve:
        """The occupied buckets, each by its highest value that may have occurred."""
        low, high = self._occupied()
        occupied = low + np.flatnonzero(self._counts[low:high])
        counts = self._counts[occupied]
        if self.over:
            occupied, counts = np.append(occupied, OVER), np.append(counts, self.over)
        none = np.broadcast_to(np.int64(0), counts.shape)  # takes no room
        censored = none if self._censored is None else self._censored[occupied]
        values = np.clip(UPPER_NS[occupied], min(self.min_ns, HIGHEST_NS), self.max_ns)
        return Curve(values, counts, censored)

    @classmethod
    def of(cls, curve: Curve) -> Histogram:
        """The histogram whose points a curve is; extremes and mean are those of the buckets."""
        histogram = cls()
        if curve.count:
            indexes = buckets_of(curve.values_ns)
            np.add.at(histogram._counts, indexes, curve.counts)
            histogram._hdr.total_count = curve.count
            histogram.min_ns, histogram.max_ns = int(curve.values_ns[0]), int(curve.values_ns[-1])
            histogram._sum_ns = float((curve.values_ns * curve.counts).sum())
            if curve.censored.any():
                np.add.at(histogram._lower_bounds(), indexes, curve.censored)
        return histogram

    def encode(self) -> str:
        """The counts in HdrHistogram's compressed form, version 2, base64.

        What lies out of range, exact extremes and what is censored is not in it.
        """
        occupied = np.flatnonzero(self._counts)
        self._hdr.min_value = int(LOWER_NS[occupied[0]]) if occupied.size else 0
        self._hdr.max_value = int(UPPER_NS[occupied[-1]]) if occupied.size else 0
        return str(self._hdr.encode().decode("ascii"))

    @classmethod
    def decode(cls, text: str, max_ns: int | None = None) -> Histogram:
        """The histogram that `encode` wrote; extremes and mean are those of the buckets.

        max_ns is the exact maximum where the writer kept it. Raises ValueError for another format.
        """
        try:
            theirs = HdrHistogram.decode(text)
        except _UNREADABLE as error:
            raise ValueError(f"not an HdrHistogram: {error}") from error
        histogram = cls()
        counts = _view(theirs)
        if counts.size != BUCKETS or theirs.unit_magnitude != _UNIT:
            raise ValueError("an HdrHistogram of another range")
        occupied = np.flatnonzero(counts)
        if occupied.size:
            histogram._counts += counts
            histogram._hdr.total_count = int(counts.sum())
            histogram.min_ns = int(LOWER_NS[occupied[0]])
            histogram.max_ns = max_ns if max_ns is not None else int(UPPER_NS[occupied[-1]])
            middle = (LOWER_NS[occupied] + UPPER_NS[occupied]) / 2
            histogram._sum_ns = float((middle * counts[occupied]).sum())
        return histogram


_SCRATCH = _new()


def encode_buckets(indexes: Indexes) -> str:
    """`Histogram.encode` of a few values given by bucket, without the cost of a new histogram.

    indexes holds at least one; OVER is left out.
    """
    held, counts = np.unique(indexes[indexes != OVER], return_counts=True)
    view = _view(_SCRATCH)
    view[held] = counts
    _SCRATCH.total_count = int(counts.sum())
    _SCRATCH.min_value = int(LOWER_NS[held[0]]) if held.size else 0
    _SCRATCH.max_value = int(UPPER_NS[held[-1]]) if held.size else 0
    text = str(_SCRATCH.encode().decode("ascii"))
    view[held] = 0
    return text


_COMPRESSED_HEADER = 8
_HEADER = 40
"""Bytes before the zlib stream, and before the counters in it: encoding version 2."""


def decode_buckets(text: str) -> tuple[Indexes, Counts]:
    """The occupied buckets of what `encode` wrote, and their counts, without a histogram.

    The counters are zigzag LEB128 numbers: a count, or minus the length of a run of empty buckets.
    Raises ValueError for another format.
    """
    try:
        raw = decompress(b64decode(text)[_COMPRESSED_HEADER:])[_HEADER:]
    except (*_UNREADABLE, binascii.Error) as error:
        raise ValueError(f"not an HdrHistogram: {error}") from error
    octets = np.frombuffer(raw, dtype=np.uint8)
    if not octets.size:
        return np.empty(0, dtype=np.uint16), np.empty(0, dtype=np.int64)
    last = np.flatnonzero(octets < 0x80)
    first = np.concatenate(([0], last[:-1] + 1))
    place = np.arange(octets.size) - np.repeat(first, last - first + 1)
    parts = (octets & 0x7F).astype(np.int64) << (7 * place)
    coded = np.add.reduceat(parts, first)
    numbers = (coded >> 1) ^ -(coded & 1)
    steps = np.where(numbers < 0, -numbers, 1)
    indexes = np.cumsum(steps) - steps
    occupied = numbers > 0
    return indexes[occupied].astype(np.uint16), numbers[occupied]
