"""The gaps between first sends, kept for a test of how they are distributed.

Of each variant the first KEPT planned arrivals of measured phases are looked at, wherever they
lie: its segments are joined end to end on a scale of planned arrivals, on which the instants of a
Poisson process have gaps of Exp(1) at any rate, also on a ramp.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from bench.model.load import Segment
from bench.model.profile import Arrivals, Profile
from bench.record.delta import NO_SENDS, SendColumn
from bench.record.timeline import Timeline
from bench.stats.goodness_of_fit import exponential_p

KEPT = 400
ENOUGH = 100
"""Gaps below which the test says nothing."""


@dataclass(frozen=True, slots=True)
class GapFit:
    """p: probability of gaps this unlike the planned ones. mean_gap_ns: the planned mean."""

    p: float
    mean_gap_ns: float


class ArrivalGaps:
    """First sends of every variant, on the scale of planned arrivals."""

    def __init__(self, profile: Profile, timeline: Timeline) -> None:
        self._poisson = profile.load.arrivals is Arrivals.POISSON
        self._limited = {
            index
            for index, client in enumerate(profile.clients)
            if client.retry.policy.facts.limit is not None
        }
        """Variants whose client lets arrivals go at a rate of its own."""
        self._timeline = timeline
        self._version = -1
        self._starts: dict[tuple[int, int], float] = {}
        self._segments: dict[int, Segment] = {}
        self._last_ns = -1
        self._sent: dict[int, list[NDArray[np.float64]]] = {}

    def sends(self, rows: NDArray[np.void]) -> NDArray[np.int64]:
        """The first sends among rows that may be of those looked at: a line of SendColumn each."""
        if not self._poisson:
            return NO_SENDS
        self._refresh()
        if rows["intended_ns"].min() > self._last_ns:
            return NO_SENDS
        early = np.minimum(rows["intended_ns"], rows["sent_ns"]) <= self._last_ns
        own = rows[early & (rows["attempt"] == 1) & (rows["sent_ns"] >= 0)]
        return np.stack([own[column.name.lower()] for column in SendColumn], axis=1)

    def add(self, sends: NDArray[np.int64]) -> None:
        """Keep what is needed of first sends, in any order."""
        if not sends.size:
            return
        self._refresh()
        keys = sends[:, SendColumn.VARIANT] << 16 | sends[:, SendColumn.SEGMENT]
        order = np.argsort(keys, kind="stable")
        keys, sent_ns = keys[order], sends[order, SendColumn.SENT_NS]
        starts = np.flatnonzero(np.diff(keys, prepend=-1))
        for key, part in zip(keys[starts].tolist(), np.split(sent_ns, starts[1:]), strict=True):
            self._keep(key >> 16, key & 0xFFFF, part)

    def fits(self, now_ns: int) -> dict[int, GapFit]:
        """By the variant's index; without those of which there are too few gaps to tell.

        now_ns: arrivals up to here are complete.
        """
        self._refresh()
        fits = {}
        for variant, joined in self._joined().items():
            p = self._p_value(variant, joined.reached(now_ns))
            if variant in self._limited:
                continue
            if p is not None and joined.planned:
                fits[variant] = GapFit(p, joined.duration_ns / joined.planned)
        return fits

    def _joined(self) -> dict[int, _Joined]:
        """By variant, those of its segments that are tested."""
        found: dict[int, _Joined] = {}
        for (index, variant), start in self._starts.items():
            joined = found.setdefault(variant, _Joined())
            joined.parts.append((self._segments[index], start))
        return found

    def _p_value(self, variant: int, reached: float) -> float | None:
        """Probability of gaps this unlike Exp(1); None with too few to tell."""
        parts = self._sent.get(variant)
        if not parts:
            return None
        instants = np.sort(np.concatenate(parts))
        instants = instants[instants < min(KEPT, reached)]
        if instants.size < ENOUGH:
            return None
        return exponential_p(np.maximum(np.diff(instants, prepend=0.0), 0.0))

    def _refresh(self) -> None:
        """Lay the segments end to end anew if the plan has changed."""
        if self._version == self._timeline.version:
            return
        self._version = self._timeline.version
        self._segments.clear()
        self._starts.clear()
        self._last_ns = -1
        reached: dict[int, float] = {}
        for segment in self._timeline.measured_segments():
            planned = segment.shape.expected
            if not segment.shape.has_rate or not planned:
                continue
            for variant in segment.variants:
                start = reached.get(variant, 0.0)
                if start < KEPT:
                    self._segments[segment.index] = segment
                    self._starts[segment.index, variant] = start
                    reached[variant] = start + planned
                    self._last_ns = max(self._last_ns, _instant_ns(segment, KEPT - start))

    def _keep(self, variant: int, segment: int, sent_ns: NDArray[np.int64]) -> None:
        start = self._starts.get((segment, variant))
        if start is None:
            return
        instants = start + _cumulative(self._segments[segment], sent_ns)
        instants = instants[instants < KEPT]
        if instants.size:
            self._sent.setdefault(variant, []).append(instants)


@dataclass(slots=True)
class _Joined:
    """A variant's segments, each with where it begins on the scale of planned arrivals."""

    parts: list[tuple[Segment, float]] = field(default_factory=list)

    @property
    def duration_ns(self) -> int:
        return sum(segment.duration_ns for segment, _ in self.parts)

    @property
    def planned(self) -> float:
        return sum(segment.shape.expected for segment, _ in self.parts)

    def reached(self, now_ns: int) -> float:
        """How far they have come by now."""
        reached = 0.0
        for segment, start in self.parts:
            if segment.start_ns < now_ns:
                until = np.array([min(now_ns, segment.end_ns)])
                reached = max(reached, start + float(_cumulative(segment, until)[0]))
        return reached


def _instant_ns(segment: Segment, arrivals: float) -> int:
    """When so many arrivals of a segment have been planned, at most its end."""
    return segment.start_ns + round(segment.shape.inverse_ns(arrivals))


def _cumulative(segment: Segment, instants_ns: NDArray[np.int64]) -> NDArray[np.float64]:
    """Arrivals planned in a segment up to each instant; of few segments, and of their beginning."""
    cumulative = segment.shape.cumulative
    offsets_ns = (instants_ns - segment.start_ns).tolist()
    return np.fromiter(map(cumulative, offsets_ns), dtype=np.float64, count=len(offsets_ns))
