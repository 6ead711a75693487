"""Precise pacing: what is due next is prepared before, so that at its instant only a write remains.

Of an open loop, without a budget or breaker that may refuse it. Arrivals due within one send of
each other leave at the pace of bare writes; the clock is awake at their instants, and answers are
read while it waits (bench.load.clock.AwakeClock).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from bench.load.call import Call
from bench.load.engine import Engine
from bench.model.times import NS_PER_S

AHEAD = 4
"""Invocations that are prepared: more are seldom due within the time that preparing takes."""
WARM_NS = 120_000
"""How long before an instant the way is walked: what is in the caches then is there still."""
KEEPS_NS = NS_PER_S
"""How much later than planned what was prepared may be sent: signatures hold for minutes."""


@dataclass(frozen=True, slots=True)
class _Prepared:
    """A call with its request, for one number and one variant, up to an instant of the run."""

    number: int
    variant: int
    until_ns: int
    call: Call


class PreciseEngine(Engine):
    """Sends what it has prepared; else it does as any engine does."""

    __slots__ = ("_again", "_is_pumping", "_prepared", "_warm_for_ns", "keep_warm", "read_ready")

    def __init__(self, **of_engine: Any) -> None:
        super().__init__(**of_engine)
        self._prepared: deque[_Prepared] = deque()
        """In the order of their numbers."""
        self._is_pumping = self._again = False
        self._warm_for_ns = -1
        """The arrival before which the way through the kernel has been walked."""
        self.read_ready: Sequence[Callable[[], None]] = ()
        """What reads the answers that have come."""
        self.keep_warm: Callable[[], None] = lambda: None
        """What walks the way that a request takes."""

    def meanwhile(self, away_ns: int) -> bool:
        """Use a moment of waiting: prepare what is missing, keep warm, or read what has come.

        True if something that was read asks for the engine's attention.
        """
        next_ns, variant, _ = self.pacer.next
        if self.pacer.look_ahead(AHEAD):
            pass
        elif variant >= 0 and len(self._prepared) < AHEAD and not self.guards:
            self._prepare(next_ns, variant)
        elif away_ns < WARM_NS and self._warm_for_ns != next_ns:
            self._warm_for_ns = next_ns
            self.keep_warm()
        else:
            for read in self.read_ready:
                read()
        return self._again

    def pump(self) -> None:
        """As any engine's; what is read while it waits may ask for it from within."""
        if self._is_pumping:
            self._again = True
            return
        self._is_pumping = True
        try:
            super().pump()
            while self._again:
                self._again = False
                super().pump()
        finally:
            self._is_pumping = False

    def _prepare(self, next_ns: int, variant: int) -> None:
        """One more: the arrivals after the next one are taken to be of the same variant."""
        prepared = self._prepared
        if prepared and not self._fits(prepared[0], next_ns, variant):
            prepared.clear()
        number = prepared[-1].number + self._workers if prepared else self._number
        call = self.call_types[variant](self, variant, False)
        call.number = number
        call.waited_ns = call.paid = call.marks = 0
        call.event = self._event[variant] or self._events[variant].next(number)
        if self._choose is not None:
            call.payload = self._choose(number)
        call.reset(self.endpoints[variant].request(call.event, int(self._wall_s())))
        call.attempt = 1
        prepared.append(_Prepared(number, variant, next_ns + KEEPS_NS, call))

    def _fits(self, prepared: _Prepared, intended_ns: int, variant: int) -> bool:
        return (
            prepared.number == self._number
            and prepared.variant == variant
            and intended_ns < prepared.until_ns
        )

    def _offer(self, intended_ns: int, variant: int, segment: int) -> None:
        prepared = self._prepared
        if not prepared or self.in_flight >= self._limit:
            super()._offer(intended_ns, variant, segment)
            return
        if not self._fits(prepared[0], intended_ns, variant):
            prepared.clear()
            super()._offer(intended_ns, variant, segment)
            return
        call = prepared.popleft().call
        call.intended_ns, call.segment, call.start_ns = intended_ns, segment, self.start_ns
        self.in_flight += 1
        self._submits[variant](call)
        # All else can wait until it is sent.
        self.cell(intended_ns, variant, segment)[0] += 1
        self._number = number = call.number + self._workers
        if number >= self._full_number:
            self._use_up(intended_ns)
