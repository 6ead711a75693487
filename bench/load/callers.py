"""The closed loop: callers that each wait for their answer before they invoke again.

A worker runs its share of each variant's callers. A caller is a Call that goes out again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.load.schedule import callers_at, next_caller_change_ns, share
from bench.model.times import NS_PER_MS

if TYPE_CHECKING:
    from bench.load.call import Call
    from bench.load.engine import Engine

REJECTED_PAUSE_NS = 100 * NS_PER_MS
"""What a caller waits at least before it knocks at an open breaker again."""


class CallerPool:
    """How many run and how many are wanted, by variant. Instants are of the run."""

    __slots__ = ("_engine", "_running", "_think_ns", "_wanted", "_worker", "_workers", "until_ns")

    def __init__(
        self, engine: Engine, variants: int, think_ns: int, worker: int, workers: int
    ) -> None:
        self._engine = engine
        self._running = [0] * variants
        self._wanted = [0] * variants
        self._think_ns = think_ns
        self._worker, self._workers = worker, workers
        self.until_ns = 0
        """Up to when the numbers in `_wanted` stand; after that they are worked out anew."""

    def resume(self, when_ns: int) -> None:
        """The number of callers changes now."""
        self.set_to(when_ns)

    def set_to(self, t_ns: int) -> None:
        """Start the callers that the segment wants beyond those that run; ramps come back here."""
        engine = self._engine
        segment = engine.segment
        self.until_ns = 0
        if segment is None or not segment.shape.is_closed:
            return
        change_ns = next_caller_change_ns(segment, t_ns)
        for variant in range(len(self._running)):
            self._wanted[variant] = wanted = self._wanted_at(variant, t_ns)
            while self._running[variant] < wanted:
                self._running[variant] += 1
                engine.later(t_ns, engine.call_types[variant](engine, variant, True))
        self.until_ns = min(change_ns or segment.end_ns, engine.pacer.cut_ns)
        if change_ns is not None:
            engine.later(change_ns, self)

    def let_think(self, call: Call) -> None:
        """Its invocation has ended: it goes on after its think time."""
        engine = self._engine
        engine.later(call.last_ns - engine.start_ns + self._think_ns, call)
        engine.pump()

    def go_on(self, call: Call, ready_ns: int) -> None:
        """The same call goes out again as the caller's next invocation, if that is wanted still."""
        engine = self._engine
        segment, variant = engine.segment, call.variant
        if ready_ns >= self.until_ns:
            wanted = self._wanted_at(variant, ready_ns)
        else:
            wanted = self._wanted[variant]
        if segment is None or self._running[variant] > wanted:
            self._running[variant] -= 1
            return
        if ready_ns < segment.start_ns:  # an answer that a new segment has overtaken
            ready_ns = segment.start_ns
        engine.cell(ready_ns, variant, segment.index)[0] += 1
        if engine.guards and not engine.guards[variant].admits(engine.clock.now_ns()):
            engine.reject(call, ready_ns, segment.index)
            engine.later(ready_ns + max(self._think_ns, REJECTED_PAUSE_NS), call)
            return
        engine.begin(call, ready_ns, segment.index)

    def _wanted_at(self, variant: int, t_ns: int) -> int:
        segment = self._engine.segment
        if segment is None or variant not in segment.variants:
            return 0
        return share(callers_at(segment, t_ns), self._worker, self._workers)
