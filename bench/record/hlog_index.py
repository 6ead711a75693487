"""The interval log of a run, taken apart so that any stretch of it can be merged at once.

A track is one tag's lines: the occupied buckets of all of them in one array, with the second that
each belongs to. Merging a stretch is then one count over a slice, however many lines there are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from bench.model.result import Distribution
from bench.model.times import NS_PER_S
from bench.record.block_store import COMPARED, Kind, grain_for, in_blocks
from bench.record.buckets import UPPER_NS, Indexes
from bench.record.growing_array import GrowingArray
from bench.record.hdr_encoding import Allowance
from bench.record.histogram import Histogram
from bench.record.hlog import CENSORED, TaggedHistogram, decode_lines
from bench.stats.blocks import block_key, key_parts
from bench.stats.quantiles import Curve

Integers = NDArray[np.int64]
_EMPTY = np.empty(0, dtype=np.int64)
EVER_S = 1 << 30
"""A second after all others."""
_AT_ONCE = 20_000
"""Lines that are taken apart together: the more, the less each costs, but for their memory."""
NOTHING = Curve(_EMPTY, _EMPTY, _EMPTY)


class VariantLog:
    """The lines of one tag, in the order of their seconds."""

    def __init__(self) -> None:
        self._seconds, self._indexes = GrowingArray(np.int32), GrowingArray(np.uint16)
        self._counts = GrowingArray(np.int64)
        self._line_seconds, self._line_max_ns = GrowingArray(np.int64), GrowingArray(np.int64)

    def add(self, lines: Sequence[TaggedHistogram], allowance: Allowance | None = None) -> None:
        """More lines, in any order. Raises ValueError for a histogram of another form."""
        sizes, indexes, counts = decode_lines(lines, allowance)
        seconds = np.array([line.start_ns // NS_PER_S for line in lines], dtype=np.int64)
        reached = self._line_seconds.values[-1:].max(initial=-1)
        self._line_seconds.extend(seconds)
        self._line_max_ns.extend(np.array([line.max_ns for line in lines], dtype=np.int64))
        self._seconds.extend(np.repeat(seconds, sizes))
        self._indexes.extend(indexes)
        self._counts.extend(counts)
        if (np.diff(seconds, prepend=reached) < 0).any():
            self._sort()

    def _sort(self) -> None:
        for key, *others in (
            (self._seconds, self._indexes, self._counts),
            (self._line_seconds, self._line_max_ns),
        ):
            order = np.argsort(key.values, kind="stable")
            for column in (key, *others):
                column.values[:] = column.values[order]

    def counts(self, from_s: int, to_s: int) -> Integers:
        """Samples of each bucket in the seconds from from_s up to, without, to_s."""
        start, end = np.searchsorted(self._seconds.values, [from_s, to_s])
        weights = self._counts.values[start:end]
        found = np.bincount(
            self._indexes.values[start:end], weights=weights, minlength=UPPER_NS.size
        )
        return found.astype(np.int64)

    def entries(self, to_s: int) -> tuple[Integers, Indexes, Integers]:
        """Second, bucket and count of all samples before a second."""
        end = np.searchsorted(self._seconds.values, to_s)
        seconds = self._seconds.values[:end].astype(np.int64)
        return seconds, self._indexes.values[:end], self._counts.values[:end]

    def samples(self, to_s: int) -> tuple[Integers, Integers, Integers]:
        """Key of the block (a second), bucket and count of all samples before a second.

        A new round begins where seconds are missing.
        """
        seconds, indexes, counts = self.entries(to_s)
        steps = np.diff(seconds, prepend=seconds[:1])
        begins = np.concatenate(([0], np.flatnonzero(steps > 1))) if seconds.size else _EMPTY
        round_ = np.searchsorted(begins, np.arange(seconds.size), side="right") - 1
        keys = block_key(round_, seconds - seconds[begins[round_]])
        return keys, indexes.astype(np.int64), counts

    def max_ns(self, from_s: int, to_s: int) -> int:
        """The exact maximum in those seconds, 0 without samples."""
        start, end = np.searchsorted(self._line_seconds.values, [from_s, to_s])
        return int(self._line_max_ns.values[start:end].max(initial=0))


class HlogIndex:
    """All tags of an interval log."""

    def __init__(self) -> None:
        self._tracks: dict[str, VariantLog] = {}
        self._allowance = Allowance()

    def add(self, lines: Iterable[TaggedHistogram]) -> None:
        """More lines. Raises ValueError for a histogram of another form."""
        lines = iter(lines)
        while part := list(islice(lines, _AT_ONCE)):
            by_tag: dict[str, list[TaggedHistogram]] = {}
            for line in part:
                by_tag.setdefault(line.tag, []).append(line)
            for tag, own in by_tag.items():
                self._tracks.setdefault(tag, VariantLog()).add(own, self._allowance)

    def entries(self, tag: str, to_s: int) -> tuple[Integers, Indexes, Integers]:
        """Second, bucket and count of a tag's samples before a second."""
        track = self._tracks.get(tag)
        return (track or VariantLog()).entries(to_s)

    def in_blocks(
        self, curves: Mapping[str, Mapping[Kind, Curve]], to_s: int
    ) -> dict[str, dict[Kind, Curve]]:
        """Curves of measured phases before a second, those that are compared by blocks as well."""
        samples = {
            (name, kind): self._tracks[tag].samples(to_s)
            for name, own in curves.items()
            for kind in own
            if kind in COMPARED and (tag := f"{name}/{kind}") in self._tracks
        }
        grain = grain_for(keys for keys, _, _ in samples.values())
        found = {name: dict(own) for name, own in curves.items()}
        for (name, kind), (keys, buckets, counts) in samples.items():
            keys = grain.keys(*key_parts(keys))
            found[name][kind] = in_blocks(found[name][kind], keys, buckets, counts, grain)
        return found

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
