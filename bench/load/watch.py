"""An eye on the attempts of one variant: what takes too long is hedged, or cut at its deadline.

It stands between the engine and the variant's wire, so that a variant without hedge and deadline
pays nothing for it. One alarm at a time is set, for the next attempt that may be due.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from bench.load.pacer import NEVER_DUE
from bench.model.outcome import Outcome
from bench.record.row_layout import FLAG_DEADLINE, FLAG_HEDGE, FLAG_HEDGE_REFUSED, FLAG_HELD
from bench.units import write_duration

if TYPE_CHECKING:
    from bench.load.engine import Engine
    from bench.load.retry.hedge import HedgeDelay
    from bench.load.watched_call import WatchedCall
    from bench.model.retry import RetrySpec
    from bench.wire.exchange import Wire


class Watch:
    """Of one variant in one worker. Instants are of the run."""

    __slots__ = (
        "_alarm_ns",
        "_deadline_ns",
        "_engine",
        "_hedge",
        "_is_new",
        "_under_way",
        "_unhedged",
        "_unsent",
        "_wire",
        "reason",
    )

    def __init__(
        self, engine: Engine, wire: Wire, retry: RetrySpec, hedge: HedgeDelay | None
    ) -> None:
        self._engine = engine
        self._wire = wire
        self._deadline_ns = retry.deadline_ns
        self._hedge = hedge
        self._under_way: dict[WatchedCall, None] = {}
        """Attempts that the deadline may cut."""
        self._unhedged: dict[WatchedCall, int] = {}
        """First attempts that may be hedged, and when each was begun: the oldest first."""
        self._unsent: list[WatchedCall] = []
        """Attempts that would begin after their deadline."""
        self._alarm_ns = NEVER_DUE
        self._is_new = False
        """Whether the alarm was set since the engine last heard of it."""
        ends_ns = retry.deadline_ns
        self.reason = "" if ends_ns is None else f"the deadline, {write_duration(ends_ns)}"

    def due_ns(self, call: WatchedCall) -> int:
        """Until when the call's attempts must have ended."""
        ends_ns = self._deadline_ns
        return NEVER_DUE if ends_ns is None else call.intended_ns + ends_ns

    def submit(self, call: WatchedCall) -> None:
        """Send an attempt, unless its deadline has passed."""
        engine = self._engine
        now_ns = engine.clock.now_ns() - engine.start_ns
        if call.attempt == 1:
            call.begin(self.due_ns(call))
        due_ns = call.due_ns
        if due_ns <= now_ns:
            self._unsent.append(call)
            self._set_alarm(now_ns)
            return
        if self._deadline_ns is not None:
            self._under_way[call] = None
            self._set_alarm(due_ns)
        if self._hedge is not None and call.attempt == 1:
            self._unhedged[call] = now_ns
            after_ns = self._hedge.after_ns
            if after_ns is not None:
                self._set_alarm(now_ns + after_ns)
        self._wire.submit(call)

    def ended(self, call: WatchedCall) -> None:
        """An attempt has ended, whichever way."""
        self._under_way.pop(call, None)
        self._unhedged.pop(call, None)

    def tell(self) -> None:
        """After an attempt's end: let the engine know of an alarm that was set meanwhile."""
        if self._is_new:
            self._is_new = False
            self._engine.pump()

    def resume(self, when_ns: int) -> None:
        """The alarm: hedge and cut what is due, and set the next one."""
        self._is_new = False
        if when_ns != self._alarm_ns:
            return  # another one took its place
        self._alarm_ns = NEVER_DUE
        now_ns = self._engine.clock.now_ns() - self._engine.start_ns
        self._end_unsent()
        self._cut(now_ns)
        self._send_hedges(now_ns)

    def _set_alarm(self, when_ns: int) -> None:
        if when_ns < self._alarm_ns:
            self._alarm_ns = when_ns
            self._is_new = True
            self._engine.later(when_ns, self)

    # -- deadlines

    def _end_unsent(self) -> None:
        late, self._unsent = self._unsent, []
        for call in late:
            call.last_ns = self._engine.clock.now_ns()
            call.failure, call.detail = Outcome.TIMEOUT, f"not sent: it was after {self.reason}"
            call.marks |= FLAG_DEADLINE
            call.finished()

    def _cut(self, now_ns: int) -> None:
        """End what has run until its deadline."""
        if not self._under_way:
            return
        late = [call for call in self._under_way if call.due_ns <= now_ns]
        for call in late:
            if not call.is_spent:
                call.marks |= FLAG_DEADLINE
        if late:
            self._wire.cancel(set(late), f"not done before {self.reason}")
        if self._under_way:
            self._set_alarm(min(call.due_ns for call in self._under_way))

    # -- hedges

    def _send_hedges(self, now_ns: int) -> None:
        """Hedge what has taken so long; the oldest are looked at alone."""
        hedge = self._hedge
        after_ns = None if hedge is None else hedge.after_ns
        if after_ns is None:
            return
        while self._unhedged:
            call, begun_ns = next(iter(self._unhedged.items()))
            if begun_ns + after_ns > now_ns:
                self._set_alarm(begun_ns + after_ns)
                return
            del self._unhedged[call]
            self._send_hedge(call)

    def _send_hedge(self, call: WatchedCall) -> None:
        engine = self._engine
        is_held = call.sent_ns < 0 and call.marks & FLAG_HELD
        if is_held or not (call.caller or engine.has_room):
            return  # what its client holds back would hold back a second one too
        paid = engine.guards[call.variant].hedge(engine.clock.now_ns())
        if paid is None:
            call.marks |= FLAG_HEDGE_REFUSED
            return
        beside = call.beside()
        beside.paid, beside.marks = paid, FLAG_HEDGE
        engine.send_beside(beside)


def watches(
    engine: Engine, wires: Sequence[Wire], retries: Sequence[RetrySpec]
) -> dict[int, Watch]:
    """By variant, of those that have a deadline or hedges."""
    found = {}
    for variant, (wire, retry) in enumerate(zip(wires, retries, strict=True)):
        if retry.deadline_ns is not None or retry.hedge is not None:
            delay = engine.guards[variant].hedge_delay if engine.guards else None
            found[variant] = Watch(engine, wire, retry, delay)
    return found
