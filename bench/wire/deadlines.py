"""Timeouts for exchanges under way, at no price for those that end in time.

Nothing is noted when an exchange begins or ends. One timer looks at all connections when the oldest
exchange can be due, which in a healthy run is about once in the length of the timeout.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from time import monotonic_ns
from typing import TYPE_CHECKING

from bench.model.outcome import Outcome
from bench.model.profile import Timeouts
from bench.model.times import NS_PER_MS, NS_PER_S

if TYPE_CHECKING:
    from bench.wire.connection import Connection

REST_NS = 10_000
"""Between two looks, for each connection: what a look costs stays about a hundredth of the time."""


class Deadlines:
    """Aborts what waits too long for its first byte or its end, counted from its sent_ns.

    connections: all that there are, now and later.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        timeouts: Timeouts,
        connections: Collection[Connection],
    ) -> None:
        self._loop = loop
        self._connections = connections
        self._first_byte_ns, self._total_ns = timeouts.first_byte_ns, timeouts.total_ns
        self._shortest_ns = min(self._first_byte_ns, self._total_ns)
        self._arm(self._shortest_ns)

    def close(self) -> None:
        """Cancel the timer: exchanges still under way are never ended by it."""
        self._timer.cancel()

    def _arm(self, wait_ns: int) -> None:
        # The loop's timers are as coarse as a millisecond; one too early would spin.
        self._timer = self._loop.call_later(max(0, wait_ns) / NS_PER_S + 1e-3, self._expire_due)

    def _expire_due(self) -> None:
        now_ns = monotonic_ns()
        # What is sent from now on is due no earlier than this.
        next_ns = now_ns + self._shortest_ns
        late: list[tuple[Connection, str]] = []
        for connection in self._connections:
            exchange = connection.exchange
            if exchange is None:
                continue
            age_ns = now_ns - exchange.sent_ns
            is_silent = exchange.first_ns < 0
            if age_ns >= self._total_ns:
                late.append((connection, f"not done within {self._total_ns / NS_PER_MS:g} ms"))
            elif is_silent and age_ns >= self._first_byte_ns:
                late.append((connection, f"no byte within {self._first_byte_ns / NS_PER_MS:g} ms"))
            else:
                span_ns = self._shortest_ns if is_silent else self._total_ns
                next_ns = min(next_ns, exchange.sent_ns + span_ns)
        self._arm(max(next_ns - now_ns, len(self._connections) * REST_NS))
        for connection, detail in late:
            connection.abort(Outcome.TIMEOUT, detail)
