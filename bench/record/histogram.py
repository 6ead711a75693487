"""Histograms of times, filled, merged and read in bulk. Quantiles are nearest rank: the smallest
value that at least q·n samples do not exceed.

Two things that a plain HdrHistogram does not know are kept beside the counts of the buckets. Values
that it cannot hold are counted: above 15 min as "15 min or more", below 0 (a mistake of ours) as 0.
And censored values, timeouts, are lower bounds: a quantile is exact only if it stays in its bucket
when every censored value moves to infinity.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bench.model.result import QUANTILES, Distribution, Quantile
from bench.record.buckets import (
    BUCKETS,
    HIGHEST_NS,
    LOWER_NS,
    OVER,
    UPPER_NS,
    BucketCounts,
    bucket_of,
    buckets_of,
)
from bench.record.counted import NO_COUNTS, Counted
from bench.record.hdr_encoding import decode_buckets, encode_counts
from bench.stats.quantiles import Curve
from bench.stats.ranks import BEYOND, rank_of


class Histogram:
    """One growing distribution of times in nanoseconds, with what was censored."""

    __slots__ = (
        "_censored",
        "_counts",
        "_placed",
        "_sum_ns",
        "_summary",
        "max_ns",
        "min_ns",
        "negative",
        "over",
    )

    def __init__(self) -> None:
        self._counts: BucketCounts = np.zeros(BUCKETS, dtype=np.int64)
        self._placed = 0
        self._censored: BucketCounts | None = None
        self._sum_ns = 0.0
        self._summary: tuple[tuple[int, Sequence[float]], Distribution] | None = None
        self.min_ns = 0
        self.max_ns = 0
        self.negative = 0
        self.over = 0

    @property
    def count(self) -> int:
        """Every value recorded, in range or not."""
        return self._placed + self.over

    @property
    def censored(self) -> int:
        """How many of them are lower bounds."""
        return 0 if self._censored is None else int(self._censored.sum())

    def add(
        self,
        exact: Counted,
        bounds: Counted = NO_COUNTS,
        *,
        min_ns: int,
        max_ns: int,
        sum_ns: float,
        negative: int = 0,
    ) -> None:
        """Add values by bucket, with the exact extremes and the sum of all of them.

        bounds: those that are lower bounds, beside the exact ones.
        """
        self.min_ns = min_ns if not self.count else min(self.min_ns, min_ns)
        self.max_ns = max(self.max_ns, max_ns)
        self._sum_ns += sum_ns
        self.negative += negative
        self._place(exact)
        if bounds.codes.size:
            self._place(bounds)
            self._lower_bounds()[bounds.buckets] += bounds.counts

    def _place(self, values: Counted) -> None:
        buckets, counts = values.buckets, values.counts
        if buckets.size and buckets[-1] == OVER:
            self.over += int(counts[-1])
            buckets, counts = buckets[:-1], counts[:-1]
        self._counts[buckets] += counts
        self._placed += int(counts.sum())

    def _lower_bounds(self) -> BucketCounts:
        if self._censored is None:
            self._censored = np.zeros(BUCKETS + 1, dtype=np.int64)
        return self._censored

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
        self, running: BucketCounts, ranks: Sequence[int], found: Sequence[int], low: int
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
            histogram._placed = curve.count
            histogram.min_ns, histogram.max_ns = int(curve.values_ns[0]), int(curve.values_ns[-1])
            histogram._sum_ns = float((curve.values_ns * curve.counts).sum())
            if curve.censored.any():
                np.add.at(histogram._lower_bounds(), indexes, curve.censored)
        return histogram

    def encode(self) -> str:
        """The counts as bench.record.hdr_encoding has them."""
        occupied = np.flatnonzero(self._counts)
        return encode_counts(occupied.astype(np.uint16), self._counts[occupied])

    def add_encoded(self, text: str, max_ns: int | None = None) -> None:
        """Merge in what `encode` wrote; minimum and mean are those of the buckets.

        max_ns is the exact maximum where the writer kept it. Raises ValueError for another format.
        """
        indexes, counts = decode_buckets(text)
        if not indexes.size:
            return
        low, high = int(LOWER_NS[indexes[0]]), int(UPPER_NS[indexes[-1]])
        self.min_ns = low if not self.count else min(self.min_ns, low)
        self.max_ns = max(self.max_ns, high if max_ns is None else max_ns)
        self._counts[indexes] += counts
        self._placed += int(counts.sum())
        middle = (LOWER_NS[indexes] + UPPER_NS[indexes]) / 2
        self._sum_ns += float((middle * counts).sum())
