"""What a worker has to do when, by its plan: segments begin, arrivals are due, the plan ends.

A change of the plan cuts the timeline at an instant and goes on with another one. Pure.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence

from bench.load.schedule import arrivals
from bench.model.load import Segment
from bench.model.profile import LoadSpec

START, END, WAIT = -1, -2, -3
"""In place of a variant: a segment begins, the plan ends, nothing until a change of the plan."""
NEVER_DUE = 1 << 62
_LAST_CUT = NEVER_DUE + 1

Step = tuple[int, int, Segment | None]
"""(instant in ns of the run, index of a variant or one of the above, segment)."""
_NOTHING: Step = (NEVER_DUE, WAIT, None)


class Pacer:
    """One worker's share of the plan, step by step. next is due next; over: it was the last."""

    __slots__ = (
        "_ahead",
        "_load",
        "_tails",
        "_timeline",
        "_worker",
        "_workers",
        "cut_ns",
        "next",
        "over",
    )

    def __init__(self, load: LoadSpec, worker: int, workers: int) -> None:
        self._load = load
        self._worker, self._workers = worker, workers
        self._timeline: Iterator[Step] = iter(())
        self._tails: deque[tuple[int, tuple[Segment, ...], bool]] = deque()
        self._ahead: deque[Step] = deque()
        """What was looked up of the timeline before its time."""
        self.cut_ns = _LAST_CUT
        """From here on another plan holds."""
        self.next: Step = _NOTHING
        self.over = False

    def begin(self, segments: Sequence[Segment], finish: bool) -> None:
        """Follow segments; without finish, wait after them."""
        self._timeline = self._walk(segments, finish, 0)
        self.advance()

    def advance(self) -> None:
        """The next step has been taken: on to the one after it."""
        ahead = self._ahead
        self.next = ahead.popleft() if ahead else next(self._timeline, None) or _NOTHING
        while self.next[0] >= self.cut_ns:
            self._switch()

    def look_ahead(self, steps: int) -> bool:
        """Look one more step up, if there are fewer than so many; for who has time before one.

        A draw and the inverse of the shape take as long as a bare write. False if there is nothing
        to be looked up.
        """
        if len(self._ahead) >= steps or self.next[0] == NEVER_DUE:
            return False
        self._ahead.append(next(self._timeline, None) or _NOTHING)
        return True

    def replan(self, at_ns: int, segments: Sequence[Segment], finish: bool) -> None:
        """From at_ns on, follow segments instead."""
        self._tails.append((at_ns, tuple(segments), finish))
        self.cut_ns = self._tails[0][0]
        while self.next[0] >= self.cut_ns:
            self._switch()

    def end(self) -> None:
        """There is nothing more to do, unless the plan is changed."""
        self._timeline = iter(())
        self._ahead.clear()
        self._tails.clear()
        self.cut_ns = _LAST_CUT
        self.next = (NEVER_DUE, END, None)
        self.over = True

    def _walk(self, segments: Sequence[Segment], finish: bool, end_ns: int) -> Iterator[Step]:
        """end_ns is the end of a plan without segments."""
        load = self._load
        for segment in segments:
            end_ns = segment.end_ns
            yield segment.start_ns, START, segment
            if not segment.shape.is_closed:
                for intended_ns, variant in arrivals(
                    segment, load.arrivals, load.seed, self._worker, self._workers
                ):
                    yield intended_ns, variant, segment
        if finish:
            yield end_ns, END, None

    def _switch(self) -> None:
        """Leave the timeline at the cut and follow the next tail."""
        cut_ns, segments, finish = self._tails.popleft()
        self._ahead.clear()
        self.cut_ns = self._tails[0][0] if self._tails else _LAST_CUT
        self._timeline = self._walk(segments, finish, cut_ns)
        self.over = False
        if segments or finish:
            self.next = next(self._timeline, None) or _NOTHING
        else:
            self.next = (cut_ns, START, None)
