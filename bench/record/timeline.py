"""When each variant was on, in which segment and at which planned rate. Pure.

The segments of a plan say so in advance; a change by the operator supersedes whatever was planned
from its start on. Every duration and planned rate in the results comes from here.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from bench.model.load import Segment
from bench.model.profile import Phase, Profile
from bench.model.times import NS_PER_S
from bench.shapes.ramp import constant_rate


@dataclass(frozen=True, slots=True)
class Stretch:
    """Time during which something was on, and the arrivals planned in it."""

    duration_ns: int = 0
    planned: float = 0.0

    def __add__(self, other: Stretch) -> Stretch:
        return Stretch(self.duration_ns + other.duration_ns, self.planned + other.planned)

    @property
    def duration_s(self) -> float:
        """How long it is in seconds, for rates."""
        return self.duration_ns / NS_PER_S

    @property
    def planned_rps(self) -> float:
        """Planned arrivals per second while on."""
        return self.planned / self.duration_s if self.duration_ns else 0.0


class Timeline:
    """The segments in time order, without overlap; their indexes ascend with it."""

    def __init__(self, profile: Profile, segments: Sequence[Segment]) -> None:
        self._phases = dict(enumerate(profile.phases))
        self._segments: list[Segment] = []
        self._starts: list[int] = []
        self.phase_of: NDArray[np.int64] = np.zeros(0, dtype=np.int64)
        """Index of the phase by index of the segment."""
        self.places: NDArray[np.int64] = np.zeros((0, 3), dtype=np.int64)
        """By index of the segment: 1 if it is measured, its round, and when that began to be."""
        self._begun: dict[tuple[int, tuple[int, ...]], int] = {}
        """By round and variants: the start of their first measured segment."""
        self.version = 0
        """Counts changes."""
        for segment in segments:
            self.add(segment)

    def add(self, segment: Segment, phase: Phase | None = None) -> None:
        """From its start on, this segment supersedes what was planned.

        Segments are added in time order; one that was cut short is added again with its new length
        before those that follow it. phase describes segment.phase where the profile does not.
        """
        self.version += 1
        if phase is not None:
            self._phases[segment.phase] = phase
        at = bisect_left(self._starts, segment.start_ns)
        del self._segments[at:], self._starts[at:]
        self._begun = {key: ns for key, ns in self._begun.items() if ns < segment.start_ns}
        if at and self._segments[-1].end_ns > segment.start_ns:
            self._segments[-1] = _until(self._segments[-1], segment.start_ns)
        self._segments.append(segment)
        self._starts.append(segment.start_ns)
        self._remember(segment)

    def cut(self, at_ns: int) -> None:
        """Nothing is planned from this instant on."""
        self.version += 1
        at = bisect_left(self._starts, at_ns)
        del self._segments[at:], self._starts[at:]
        if self._segments and self._segments[-1].end_ns > at_ns:
            self._segments[-1] = _until(self._segments[-1], at_ns)

    @property
    def segments(self) -> Sequence[Segment]:
        """All of them, in time order."""
        return self._segments

    @property
    def end_ns(self) -> int:
        """When the last of them ends, 0 without any."""
        return self._segments[-1].end_ns if self._segments else 0

    def measured_segments(self) -> Iterator[Segment]:
        """All segments of measured phases, in time order."""
        return (s for s in self._segments if self.phase(s.phase).measured)

    def _remember(self, segment: Segment) -> None:
        if segment.index >= self.phase_of.size:
            grown = np.zeros(segment.index + 64, dtype=np.int64)
            grown[: self.phase_of.size] = self.phase_of
            self.phase_of = grown
            places = np.zeros((grown.size, 3), dtype=np.int64)
            places[: len(self.places)] = self.places
            self.places = places
        self.phase_of[segment.index] = segment.phase
        measured = self.phase(segment.phase).measured
        begun_ns = segment.start_ns
        if measured:
            begun_ns = self._begun.setdefault((segment.round, segment.variants), begun_ns)
        self.places[segment.index] = measured, segment.round, begun_ns

    def phase(self, index: int) -> Phase:
        """The phase with this index; an unknown one is measured."""
        return self._phases.get(index) or Phase(f"phase {index}", constant_rate(0.0, 0))

    def phase_in(self, segment: int) -> Phase:
        """The phase that a segment is of, also one that was superseded."""
        return self.phase(int(self.phase_of[segment]))

    def between(self, from_ns: int, to_ns: int) -> Iterator[tuple[Segment, Stretch]]:
        """The segments with time between two instants, and how much."""
        first = max(0, bisect_right(self._starts, from_ns) - 1)
        for at in range(first, len(self._segments)):
            segment = self._segments[at]
            if segment.start_ns >= to_ns:
                return
            stretch = _overlap(segment, from_ns, to_ns)
            if stretch.duration_ns > 0:
                yield segment, stretch

    def stretch(self, variant: int, segment: int, from_ns: int, to_ns: int) -> Stretch:
        """How long a variant was on between two instants in the segment with this index."""
        at = bisect_left(self._segments, segment, key=lambda planned: planned.index)
        if at == len(self._segments) or self._segments[at].index != segment:
            return Stretch()  # superseded before it began
        planned = self._segments[at]
        return _overlap(planned, from_ns, to_ns) if variant in planned.variants else Stretch()


def _until(segment: Segment, end_ns: int) -> Segment:
    return replace(segment, shape=segment.shape.part(0, end_ns - segment.start_ns))


def _overlap(segment: Segment, from_ns: int, to_ns: int) -> Stretch:
    start_ns, end_ns = max(from_ns, segment.start_ns), min(to_ns, segment.end_ns)
    if end_ns <= start_ns:
        return Stretch()
    return Stretch(end_ns - start_ns, planned_arrivals(segment, start_ns, end_ns))


def planned_arrivals(segment: Segment, from_ns: int, to_ns: int) -> float:
    """What the schedule asks of each of the segment's variants in a part of it."""
    return segment.shape.planned(from_ns - segment.start_ns, to_ns - segment.start_ns)
