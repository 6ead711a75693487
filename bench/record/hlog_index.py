"""The interval log of a run, taken apart so that any stretch of it can be merged at once.

A track is one tag's lines: the occupied buckets of all of them in one array, with the second that
each belongs to. Merging a stretch is then one count over a slice, however many lines there are.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from bench.model.result import Distribution
from bench.model.times import NS_PER_S
from bench.record.histogram import UPPER_NS, Histogram, decode_buckets
from bench.record.hlog import CENSORED, TaggedHistogram
from bench.stats.quantiles import Curve

Integers = NDArray[np.int64]
_EMPTY = np.empty(0, dtype=np.int64)
NOTHING = Curve(_EMPTY, _EMPTY, _EMPTY)


class VariantLog:
    """The lines of one tag, in the order of their seconds."""

    def __init__(self) -> None:
        self._added: list[tuple[int, int, Integers, Integers]] = []
        self._seconds = self._indexes = self._counts = _EMPTY
        self._line_seconds = self._line_max_ns = _EMPTY

    def add(self, line: TaggedHistogram) -> None:
        """One more line. Raises ValueError for a histogram of another form."""
        indexes, counts = decode_buckets(line.encoded)
        second = line.start_ns // NS_PER_S
        self._added.append((second, line.max_ns, indexes.astype(np.int64), counts))

    def _sort(self) -> None:
        if not self._added:
            return
        seconds, maxima, indexes, counts = zip(*self._added, strict=True)
        self._added.clear()
        own = np.repeat(np.array(seconds), [part.size for part in indexes])
        self._seconds = np.concatenate((self._seconds, own))
        self._indexes = np.concatenate((self._indexes, *indexes))
        self._counts = np.concatenate((self._counts, *counts))
        order = np.argsort(self._seconds, kind="stable")
        self._seconds, self._indexes = self._seconds[order], self._indexes[order]
        self._counts = self._counts[order]
        self._line_seconds = np.concatenate((self._line_seconds, np.array(seconds)))
        self._line_max_ns = np.concatenate((self._line_max_ns, np.array(maxima)))

    def counts(self, from_s: int, to_s: int) -> Integers:
        """Samples of each bucket in the seconds from from_s up to, without, to_s."""
        self._sort()
        start, end = np.searchsorted(self._seconds, [from_s, to_s])
        size = UPPER_NS.size
        weights = self._counts[start:end]
        found = np.bincount(self._indexes[start:end], weights=weights, minlength=size)
        return found.astype(np.int64)

    def max_ns(self, from_s: int, to_s: int) -> int:
        """The exact maximum in those seconds, 0 without samples."""
        self._sort()
        there = (self._line_seconds >= from_s) & (self._line_seconds < to_s)
        return int(self._line_max_ns[there].max(initial=0))


class HlogIndex:
    """All tags of an interval log."""

    def __init__(self) -> None:
        self._tracks: dict[str, VariantLog] = {}

    def add(self, lines: Iterable[TaggedHistogram]) -> None:
        """More lines. Raises ValueError for a histogram of another form."""
        for line in lines:
            self._tracks.setdefault(line.tag, VariantLog()).add(line)

    def curve(self, tags: Iterable[str], from_s: int, to_s: int) -> tuple[Curve, int]:
        """Several tags merged over some seconds, and the exact maximum."""
        counts, late = np.zeros_like(UPPER_NS), np.zeros_like(UPPER_NS)
        max_ns = 0
        for tag in tags:
            track, bounds = self._tracks.get(tag), self._tracks.get(tag + CENSORED)
            if track is not None:
                counts += track.counts(from_s, to_s)
                max_ns = max(max_ns, track.max_ns(from_s, to_s))
            if bounds is not None:
                late += bounds.counts(from_s, to_s)
        occupied = np.flatnonzero(counts)
        if not occupied.size:
            return NOTHING, 0
        values = np.minimum(UPPER_NS[occupied], max_ns)
        return Curve(values, counts[occupied], late[occupied]), max_ns


def distribution_of(curve: Curve, max_ns: int) -> Distribution:
    """What views show of a merged stretch; minimum and mean are those of the buckets."""
    if not curve.count:
        return Distribution()
    histogram = Histogram.of(curve)
    histogram.max_ns = max_ns
    return histogram.distribution()
