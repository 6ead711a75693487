"""Attempts that a client's own rate limit holds back, between the engine and the wire."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any

from bench.load.retry.limiter import ClientRateLimiter
from bench.model.outcome import Outcome
from bench.model.retry import RetrySpec, SendLimit
from bench.model.times import NEVER
from bench.record.row_layout import FLAG_HELD

if TYPE_CHECKING:
    from bench.load.call import Call
    from bench.load.engine import Engine
    from bench.wire.exchange import Exchange, Wire


class SendGate:
    """A Wire before the wire of one variant in one worker.

    What it holds goes out in its order, signed anew, as a token comes for each. Held attempts are
    in flight, and response time counts on.
    """

    def __init__(self, engine: Engine, limit: SendLimit, wire: Wire) -> None:
        self._engine = engine
        self._limit = limit
        self._wire = wire
        self._limiter: ClientRateLimiter | None = None
        self._held: deque[Call] = deque()
        self._wake_ns = NEVER
        """When (of the run) it comes back for what it holds; NEVER while that is not settled."""

    @property
    def limiter(self) -> ClientRateLimiter:
        """The client's, from the first send on: a client is made just before it is used."""
        if self._limiter is None:
            self._limiter = ClientRateLimiter(self._limit, self._engine.clock.now_ns())
        return self._limiter

    def renew(self) -> None:
        """A client of which no throttle is known: what it holds goes out."""
        self._limiter = None
        self._release()

    def submit(self, call: Any) -> None:
        """Send now, or when those before it have gone and there is a token."""
        if not self._held:
            now_ns = self._engine.clock.now_ns()
            wait_ns = self.limiter.wait_ns(now_ns)
            if not wait_ns:
                self._wire.submit(call)
                return
            self._wake_at(now_ns + wait_ns)
        call.marks |= FLAG_HELD
        self._held.append(call)

    def cancel(self, exchanges: Collection[Exchange], detail: str) -> None:
        """End as TIMEOUT what is held of them; the rest is the wire's."""
        late = [call for call in self._held if call in exchanges]
        self._held = deque(call for call in self._held if call not in exchanges)
        # First, since a caller whose attempt ends here goes out again.
        self._wire.cancel(set(exchanges).difference(late), detail)
        for call in late:
            call.last_ns = self._engine.clock.now_ns()
            call.failure, call.detail = Outcome.TIMEOUT, detail
            call.finished()

    def close(self) -> None:
        """What it holds stays in flight; the wire is closed by whoever has opened it."""

    def resume(self, when_ns: int) -> None:
        """The engine comes back; by another instant than the latest it means nothing any more."""
        if when_ns == self._wake_ns:
            self._release()

    def answered(self, throttled: bool) -> None:
        """An attempt has ended: the rate has moved, and with it when the next may go."""
        self.limiter.answered(throttled, self._engine.clock.now_ns())
        if self._held:
            self._release()
            self._engine.pump()

    def _release(self) -> None:
        """Send what there are tokens for, and come back for the rest."""
        self._wake_ns = NEVER
        engine, held, limiter = self._engine, self._held, self.limiter
        while held:
            now_ns = engine.clock.now_ns()
            wait_ns = limiter.wait_ns(now_ns)
            if wait_ns:
                self._wake_at(now_ns + wait_ns)
                return
            call = held.popleft()
            engine.renew(call)
            self._wire.submit(call)

    def _wake_at(self, when_ns: int) -> None:
        self._wake_ns = when_ns - self._engine.start_ns
        self._engine.later(self._wake_ns, self)


def gates(
    engine: Engine, wires: Sequence[Wire], retries: Sequence[RetrySpec]
) -> dict[int, SendGate]:
    """By variant, of those whose policy limits the client's rate."""
    return {
        variant: SendGate(engine, limit, wire)
        for variant, (wire, retry) in enumerate(zip(wires, retries, strict=True))
        if (limit := retry.policy.facts.limit) is not None
    }
