"""The seconds of each variant's turns, a turn a round, as columns. Pure."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bench.model.load import Segment
from bench.model.profile import Profile, Variant
from bench.model.result import Interval, Measure
from bench.model.times import NS_PER_S
from bench.plan import make_plan
from bench.record.latency_bins import BINS, bin_edges_ns

Integers = NDArray[np.int64]
Reals = NDArray[np.float64]
_EDGES_NS = bin_edges_ns()


@dataclass(frozen=True, slots=True)
class Seconds:
    """Measured seconds of a turn, or of several; starts are from the beginning of the turn.

    exposure: what successes are counted against: arrivals, or seconds where is_closed. spreads: a
    row of counts by bin for each second. max_ns: its longest response time.
    """

    starts_ns: Integers
    ends_ns: Integers
    ok: Reals
    exposure: Reals
    spreads: Reals
    max_ns: Reals
    is_closed: bool

    @property
    def count(self) -> int:
        """How many there are; one in which the load changes may be two."""
        return self.starts_ns.size

    @property
    def answered(self) -> Reals:
        """How many response times each has."""
        found: Reals = self.spreads.sum(axis=1)
        return found

    @property
    def answers(self) -> int:
        """How many response times all have."""
        return int(self.spreads.sum())

    @property
    def duration_s(self) -> float:
        """How long all last together."""
        return float((self.ends_ns - self.starts_ns).sum()) / NS_PER_S

    @property
    def ok_in_all(self) -> float:
        """How many successes all have together."""
        return float(self.ok.sum())

    @property
    def exposure_in_all(self) -> float:
        """What they are counted against."""
        return float(self.exposure.sum())

    @property
    def end_ns(self) -> int:
        """When the last of them is over."""
        return int(self.ends_ns[-1])

    def begun_by(self, at_ns: int) -> int:
        """How many of them begin before an instant."""
        return int(np.searchsorted(self.starts_ns, at_ns))

    def answered_by(self, end_ns: int) -> Seconds:
        """Those that are over by then, and whose longest call was too if it began with its second.

        What was still under way then has a longer response time than the second has left.
        """
        over = (self.ends_ns <= end_ns) & (self.starts_ns + self.max_ns <= end_ns)
        return self._where(over)

    def between(self, from_ns: int, until_ns: int | None) -> Seconds:
        """Those that end after one instant and by another."""
        held = self.ends_ns > from_ns
        return self._where(held if until_ns is None else held & (self.ends_ns <= until_ns))

    def _where(self, held: NDArray[np.bool_]) -> Seconds:
        return Seconds(
            self.starts_ns[held],
            self.ends_ns[held],
            self.ok[held],
            self.exposure[held],
            self.spreads[held],
            self.max_ns[held],
            self.is_closed,
        )

    @classmethod
    def joined(cls, parts: Sequence[Seconds]) -> Seconds:
        """All of them, one after another."""
        return cls(
            np.concatenate([part.starts_ns for part in parts]),
            np.concatenate([part.ends_ns for part in parts]),
            np.concatenate([part.ok for part in parts]),
            np.concatenate([part.exposure for part in parts]),
            np.concatenate([part.spreads for part in parts]),
            np.concatenate([part.max_ns for part in parts]),
            parts[0].is_closed,
        )

    def late(self, limit_ns: float) -> Reals:
        """How many response times of each second exceed a limit.

        Bins count as a whole but for the one in which the limit lies, of which a share counts as if
        its values lay evenly by their logarithms; the exact maximum says whether any does at all.
        """
        low, high = np.log(_EDGES_NS[:-1]), np.log(_EDGES_NS[1:])
        share = np.clip((high - np.log(max(limit_ns, 1.0))) / (high - low), 0.0, 1.0)
        found: Reals = np.maximum(self.spreads @ share, 1.0)
        return np.where(self.max_ns <= limit_ns, 0.0, found)

    def quantile_ns(self, q: float) -> float:
        """Of all response times together, likewise out of bins; never above the exact maximum."""
        counts = self.spreads.sum(axis=0)
        below = np.concatenate(([0.0], np.cumsum(counts)))
        at = q * below[-1]
        number = min(int(np.searchsorted(below, at, side="left")) - 1, BINS - 1)
        number = max(number, 0)
        share = (at - below[number]) / counts[number] if counts[number] else 0.0
        low, high = _EDGES_NS[number], _EDGES_NS[number + 1]
        return min(float(low * (high / low) ** share), float(self.max_ns.max()))


class _Rows:
    """The seconds of one turn as they come."""

    def __init__(self) -> None:
        self._cells: list[tuple[int, int, int, float, int]] = []
        self._spreads: list[NDArray[np.float64]] = []

    def add(self, start_ns: int, end_ns: int, interval: Interval, is_closed: bool) -> None:
        tally = interval.window.tally
        exposure = (end_ns - start_ns) / NS_PER_S if is_closed else tally.offered
        longest_ns = interval.window.measure(Measure.RESPONSE).max_ns
        self._cells.append((start_ns, end_ns, tally.ok, exposure, longest_ns))
        spread = np.zeros(BINS)
        for number, count in interval.spread:
            spread[number] = count
        self._spreads.append(spread)

    def seconds(self, is_closed: bool) -> Seconds:
        starts, ends, ok, exposure, longest = (
            np.array(column) for column in zip(*self._cells, strict=True)
        )
        order = np.argsort(starts, kind="stable")
        return Seconds(
            starts[order],
            ends[order],
            ok[order].astype(np.float64),
            exposure[order].astype(np.float64),
            np.array(self._spreads)[order],
            longest[order].astype(np.float64),
            is_closed,
        )


def turns_of(
    profile: Profile, intervals: Iterable[Interval], is_closed: bool
) -> Mapping[Variant, Sequence[Seconds]]:
    """By variant, its turns in the order of the rounds, without those that nothing is known of."""
    places = _Places(make_plan(profile).segments)
    rows: dict[Variant, dict[int, _Rows]] = {}
    index = {variant: number for number, variant in enumerate(profile.variants)}
    for interval in intervals:
        variant = interval.window.variant
        if not interval.measured or variant not in index:
            continue
        place = places.of(index[variant], interval)
        if place is not None:
            round_, start_ns, end_ns = place
            own = rows.setdefault(variant, {}).setdefault(round_, _Rows())
            own.add(start_ns, end_ns, interval, is_closed)
    return {
        variant: [turns[round_].seconds(is_closed) for round_ in sorted(turns)]
        for variant, turns in rows.items()
    }


class _Places:
    """Where in which turn a second lies, as planned."""

    def __init__(self, segments: Sequence[Segment]) -> None:
        self._segments = segments
        self._starts: dict[int, list[tuple[int, int]]] = {}
        """By variant: when each of its turns begins, and the round."""
        seen: set[tuple[int, int]] = set()
        for segment in segments:
            for variant in segment.variants:
                if (variant, segment.round) not in seen:
                    seen.add((variant, segment.round))
                    turn = (segment.start_ns, segment.round)
                    self._starts.setdefault(variant, []).append(turn)

    def of(self, variant: int, interval: Interval) -> tuple[int, int, int] | None:
        """(round, start, end) in the turn; None before the first turn."""
        from_ns = interval.t_s * NS_PER_S
        start_ns, end_ns = from_ns, from_ns + NS_PER_S
        segment = self._segment(interval)
        if segment is not None:
            start_ns = max(from_ns, segment.start_ns)
            end_ns = min(end_ns, segment.end_ns)
        starts = self._starts.get(variant, [])
        at = bisect_right(starts, (start_ns, len(self._segments))) - 1
        if at < 0 or end_ns <= start_ns:
            return None
        began_ns, round_ = starts[at]
        return round_, start_ns - began_ns, end_ns - began_ns

    def _segment(self, interval: Interval) -> Segment | None:
        """Of the plan; None for one that a command has put in its place."""
        number = interval.segment
        if number is None or number >= len(self._segments):
            return None
        return self._segments[number]
