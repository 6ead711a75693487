"""Changing a run while it runs. Pure: a command and an instant give new segments.

A change never touches a segment that has results: it ends there, and from at_ns on new segments
with new indexes follow. Workers learn of it early enough to change over at the same instant.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace

from bench.model.load import Command, CommandKind, Plan, Segment


@dataclass(frozen=True, slots=True)
class Change:
    """What takes effect at at_ns: `ended` is cut short there, `segments` follow.

    finish is False while the load is held: nothing follows until the next change.
    """

    at_ns: int
    ended: Segment | None
    segments: tuple[Segment, ...]
    finish: bool


class LivePlan:
    """The plan as it is now, with the rate factor and hold in force."""

    def __init__(self, plan: Plan) -> None:
        self._ahead = plan.segments
        self._planned = plan.segments
        self._next_index = len(plan.segments)
        self.factor = 1.0
        self.held = False

    @property
    def end_ns(self) -> int:
        """When the load ends as things stand; a hold lasts until something changes."""
        return self._planned[-1].end_ns if self._planned else 0

    def left_ns(self, now_ns: int) -> int:
        """How much load is still to come; it does not shrink while the load is held."""
        if self.held:
            return sum(segment.duration_ns for segment in self._ahead)
        return max(0, self.end_ns - now_ns)

    def is_loaded(self, t_ns: int) -> bool:
        """False once there is nothing left to change at an instant."""
        return self.held or t_ns < self.end_ns

    def segment_at(self, t_ns: int) -> Segment | None:
        """The segment in force at an instant, None while held or after the end."""
        if self.held:
            return None
        at = bisect_right(self._planned, t_ns, key=lambda segment: segment.start_ns) - 1
        found = self._planned[at] if at >= 0 else None
        return found if found is not None and t_ns < found.end_ns else None

    def end(self, at_ns: int) -> None:
        """Nothing is planned from an instant on: the run drains."""
        self.held = False
        running = self.segment_at(at_ns)
        self._planned = tuple(s for s in self._planned if s.end_ns <= at_ns)
        if running is not None and running.start_ns < at_ns:
            self._planned += (end_at(running, at_ns),)
        self._ahead = ()

    def apply(self, command: Command, at_ns: int) -> Change | None:
        """The change that a command makes at an instant; None if it changes nothing."""
        rest = self._ahead if self.held else cut(self._ahead, at_ns)
        if command.kind is CommandKind.RATE_FACTOR:
            if command.value == self.factor:
                return None
            self.factor = command.value
            if self.held:
                return None
        elif command.kind is CommandKind.HOLD:
            if self.held or not rest:
                return None
            return self._hold(rest, at_ns)
        elif command.kind is CommandKind.RESUME:
            if not self.held:
                return None
            rest = shift(rest, at_ns)
            self.held = False
        elif command.kind is CommandKind.SKIP_PHASE:
            if not rest:
                return None
            rest = rest[1:]
            if not self.held:
                rest = shift(rest, at_ns)
            else:
                self._ahead = rest
                return None
        else:
            return None
        return self._follow(rest, at_ns)

    def _hold(self, rest: tuple[Segment, ...], at_ns: int) -> Change:
        ended = self._ended(at_ns)
        self._planned = tuple(s for s in self._planned if s.end_ns <= at_ns)
        self._planned += () if ended is None else (ended,)
        self.held, self._ahead = True, rest
        return Change(at_ns, ended, (), finish=False)

    def _follow(self, rest: tuple[Segment, ...], at_ns: int) -> Change:
        ended = self._ended(at_ns)
        # The base keeps the profile's own rates, so that a factor never multiplies another one.
        self._ahead = tuple(
            replace(segment, index=self._next_index + i) for i, segment in enumerate(rest)
        )
        self._next_index += len(rest)
        self._planned = tuple(scale(segment, self.factor) for segment in self._ahead)
        return Change(at_ns, ended, self._planned, finish=True)

    def _ended(self, at_ns: int) -> Segment | None:
        running = self.segment_at(at_ns)
        if running is None or running.start_ns == at_ns:
            return None
        return end_at(running, at_ns)


def cut(segments: Sequence[Segment], at_ns: int) -> tuple[Segment, ...]:
    """What remains of segments from an instant on; the first may be the rest of one."""
    return tuple(
        start_at(segment, at_ns) if segment.start_ns < at_ns else segment
        for segment in segments
        if segment.end_ns > at_ns
    )


def start_at(segment: Segment, at_ns: int) -> Segment:
    """The segment from an instant within it on; its shape goes on from where it was."""
    rest = segment.shape.part(at_ns - segment.start_ns, segment.duration_ns)
    return replace(segment, start_ns=at_ns, shape=rest, stream=None, renews=False)


def end_at(segment: Segment, at_ns: int) -> Segment:
    """The segment up to an instant within it."""
    return replace(segment, shape=segment.shape.part(0, at_ns - segment.start_ns))


def shift(segments: Sequence[Segment], start_ns: int) -> tuple[Segment, ...]:
    """The segments moved so that the first starts at start_ns."""
    if not segments:
        return ()
    by_ns = start_ns - segments[0].start_ns
    return tuple(replace(segment, start_ns=segment.start_ns + by_ns) for segment in segments)


def scale(segment: Segment, factor: float) -> Segment:
    """The segment with so many times its load."""
    return replace(segment, shape=segment.shape.scaled(factor))
