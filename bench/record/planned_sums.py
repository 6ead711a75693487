"""What is planned, summed over segments: over those that have passed, and over those to come.

Both sums are asked for several times a second. What has passed is added once, what is to come is
summed from the end once for each plan, so that a look costs the same in a run's tenth hour as in
its first minute.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field

from bench.model.load import Segment
from bench.record.timeline import Stretch, Timeline, planned_arrivals


class MeasuredTime:
    """Per variant, how long it has been on in measured phases."""

    def __init__(self, timeline: Timeline, variants: int) -> None:
        self._timeline = timeline
        self._variants = variants
        self._version = -1
        self._over_ns = 0
        self._totals: list[Stretch] = []

    def until(self, now_ns: int) -> list[Stretch]:
        """Up to an instant, which does not go back by more than the segment that is on."""
        if self._version != self._timeline.version or now_ns < self._over_ns:
            self._version = self._timeline.version
            self._over_ns = 0
            self._totals = [Stretch()] * self._variants
        totals = self._totals
        for segment, stretch in self._timeline.between(self._over_ns, now_ns):
            is_over = segment.end_ns <= now_ns
            if not is_over and totals is self._totals:
                totals = list(self._totals)
            if self._timeline.phase(segment.phase).measured:
                for variant in segment.variants:
                    totals[variant] += stretch
            if is_over:
                self._over_ns = segment.end_ns
        return list(totals)


@dataclass(slots=True)
class _Group:
    """The segments of one set of variants, ascending; sums[i] is planned in those from i on."""

    segments: list[Segment] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)
    sums: list[float] = field(default_factory=lambda: [0.0])

    def reverse(self) -> None:
        for column in (self.segments, self.starts, self.sums):
            column.reverse()

    def ahead(self, now_ns: int) -> float:
        """Arrivals planned from an instant on, of each of the variants."""
        at = bisect_right(self.starts, now_ns)
        planned = self.sums[at]
        if at and self.segments[at - 1].end_ns > now_ns:
            running = self.segments[at - 1]
            planned += planned_arrivals(running, now_ns, running.end_ns)
        return planned


class ArrivalsAhead:
    """Per variant, the arrivals that are still to come; none in a closed loop."""

    def __init__(self, timeline: Timeline, variants: int) -> None:
        self._timeline = timeline
        self._variants = variants
        self._version = -1
        self._groups: dict[tuple[int, ...], _Group] = {}

    def after(self, now_ns: int) -> list[float]:
        """Arrivals planned from an instant on, for each variant."""
        if self._version != self._timeline.version:
            self._version = self._timeline.version
            self._sum_up()
        planned = [0.0] * self._variants
        for variants, group in self._groups.items():
            ahead = group.ahead(now_ns)
            for variant in variants:
                planned[variant] += ahead
        return planned

    def _sum_up(self) -> None:
        self._groups = {}
        for segment in reversed(self._timeline.segments):
            group = self._groups.setdefault(segment.variants, _Group())
            group.segments.append(segment)
            group.starts.append(segment.start_ns)
            whole = planned_arrivals(segment, segment.start_ns, segment.end_ns)
            group.sums.append(group.sums[-1] + whole)
        for group in self._groups.values():
            group.reverse()
