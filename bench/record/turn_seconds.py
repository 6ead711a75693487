"""The seconds of a variant's turns, a turn a round, as columns. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.model.times import NS_PER_S
from bench.record.buckets import UPPER_NS, Indexes
from bench.stats.ranks import rank_of

Integers = NDArray[np.int64]
Reals = NDArray[np.float64]
Held = NDArray[np.bool_]
_BITS = 2
"""So many buckets of a histogram, as a power of two, are one here: a value is known to 0.4 %."""
_EDGES_NS: Integers = UPPER_NS[:-1].reshape(-1, 1 << _BITS)[:, -1]
"""The highest value of each."""


def coarse(buckets: Indexes) -> Indexes:
    """What a bucket of a histogram is here."""
    found: Indexes = buckets >> np.uint16(_BITS)
    return found


@dataclass(frozen=True, slots=True)
class Times:
    """Response times of seconds: which second each is of, its bucket, and how many there are.

    In any order, and a bucket of a second may be there several times.
    """

    seconds: NDArray[np.integer[Any]]
    buckets: Indexes
    counts: NDArray[np.integer[Any]]

    @classmethod
    def joined(cls, parts: Iterable[Times]) -> Times:
        """The times of all parts, one after another."""
        seconds, buckets, counts = (
            np.concatenate(columns)
            for columns in zip(*((p.seconds, p.buckets, p.counts) for p in parts), strict=True)
        )
        return cls(seconds, buckets, counts)


class Seconds:
    """Measured seconds of one variant, in the order of time; one may be there in two parts.

    starts_ns and ends_ns count from the beginning of the turn, rounds ascend. exposure: what
    successes are counted against: arrivals, or seconds where is_closed. max_ns: the longest
    response time of each, exactly.
    """

    def __init__(
        self,
        *,
        rounds: Integers,
        starts_ns: Integers,
        ends_ns: Integers,
        ok: Reals,
        exposure: Reals,
        max_ns: Reals,
        times: Times,
        is_closed: bool,
    ) -> None:
        self._rounds = rounds
        self.starts_ns, self.ends_ns = starts_ns, ends_ns
        self.ok, self.exposure = ok, exposure
        self.is_closed = is_closed
        self._max_ns = max_ns
        self._times = times
        self._late: dict[float, Reals] = {}
        self.answered = self._counted(times.counts)

    def _counted(self, counts: NDArray[np.integer[Any]], held: Held | None = None) -> Reals:
        """By second, how many response times there are, all or some."""
        seconds = self._times.seconds
        if held is not None:
            seconds, counts = seconds[held], counts[held]
        found: Reals = np.bincount(seconds, counts, self.starts_ns.size).astype(np.float64)
        return found

    def late(self, limit_ns: float) -> Reals:
        """How many response times of each second exceed a limit; kept, as few limits are asked."""
        found = self._late.get(limit_ns)
        if found is None:
            times = self._times
            first = np.searchsorted(_EDGES_NS, limit_ns, side="right")
            found = self._counted(times.counts, times.buckets >= first)
            # A bucket has a width; of the longest the time is known exactly.
            found = np.where(self._max_ns <= limit_ns, 0.0, np.maximum(found, 1.0))
            self._late[limit_ns] = found
        return found

    def quantile_ns(self, q: float, held: Held) -> float:
        """Of all response times of some of the seconds together, by nearest rank."""
        times = self._times
        own = held[times.seconds]
        counts = np.bincount(times.buckets[own], times.counts[own], _EDGES_NS.size)
        running = np.cumsum(counts)
        at = np.searchsorted(running, rank_of(q, int(running[-1])))
        return float(min(_EDGES_NS[at], self._max_ns[held].max()))

    def answered_by(self, end_ns: int) -> Held:
        """Those that are over by then, and whose longest call was too if it began with its second.

        What was still under way then has a longer response time than the second has left.
        """
        held: Held = (self.ends_ns <= end_ns) & (self.starts_ns + self._max_ns <= end_ns)
        return held

    def turns(self) -> Sequence[Turn]:
        """Those of each round, in their order."""
        starts = np.flatnonzero(np.diff(self._rounds, prepend=-1)).tolist()
        return [
            Turn(self, slice(at, until))
            for at, until in zip(starts, [*starts[1:], self._rounds.size], strict=True)
        ]


@dataclass(frozen=True, slots=True)
class Turn:
    """A stretch of seconds of one round."""

    seconds: Seconds
    places: slice

    def __bool__(self) -> bool:
        """Whether it has any seconds at all."""
        return bool(self.places.stop > self.places.start)

    @property
    def starts_ns(self) -> Integers:
        """When each begins, from the beginning of the turn."""
        return self.seconds.starts_ns[self.places]

    @property
    def end_ns(self) -> int:
        """When the last of them is over."""
        return int(self.seconds.ends_ns[self.places.stop - 1])

    def between(self, from_ns: int, until_ns: int | None) -> Turn:
        """Those that end after one instant and by another; None is the turn's own end."""
        ends_ns = self.seconds.ends_ns[self.places]
        first = self.places.start + int(np.searchsorted(ends_ns, from_ns, side="right"))
        last = self.places.stop
        if until_ns is not None:
            last = self.places.start + int(np.searchsorted(ends_ns, until_ns, side="right"))
        return Turn(self.seconds, slice(first, max(first, last)))

    def stretches(self, of_ns: int) -> Integers:
        """By second, how many seconds a stretch of so long has that begins with it; 0: not all."""
        starts_ns = self.starts_ns
        sizes = np.searchsorted(starts_ns, starts_ns + of_ns) - np.arange(starts_ns.size)
        found: Integers = np.where(starts_ns + of_ns <= self.end_ns, sizes, 0)
        return found


def duration_s(seconds: Seconds, held: Held) -> float:
    """How long some of the seconds last together."""
    return float((seconds.ends_ns - seconds.starts_ns)[held].sum()) / NS_PER_S
