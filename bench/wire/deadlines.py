"""Timeouts for exchanges under way, at the price of one dictionary entry each.

All exchanges of a wire share their spans, so they fall due in the order in which they were sent:
the first entries of an insertion-ordered dict are the next to expire, and one timer serves any
number of them. The timer goes on while nothing is under way, which costs one tick a span and
spares every exchange the question whether it has been set.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from time import monotonic_ns

from bench.model import NS_PER_S, Timeouts
from bench.wire.exchange import Exchange

Expire = Callable[[Exchange], None]


class Deadlines:
    """Watches for the first byte and for the end.

    Calls no_first_byte(exchange) or not_done(exchange) for each exchange that is watched for
    longer than the span in question, counted from its sent_ns.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        timeouts: Timeouts,
        no_first_byte: Expire,
        not_done: Expire,
    ) -> None:
        self._loop = loop
        self._first_byte_ns, self._total_ns = timeouts.first_byte_ns, timeouts.total_ns
        self._shortest_ns = min(self._first_byte_ns, self._total_ns)
        self._no_first_byte = no_first_byte
        self._not_done = not_done
        self._watched: dict[Exchange, None] = {}
        self.watch = self._watched.__setitem__
        """watch(exchange, None) when it has been sent. The dictionary's own, in the hot path."""
        self.release = self._watched.pop
        """release(exchange, None) when it has ended."""
        self._arm(monotonic_ns(), self._shortest_ns)

    def close(self) -> None:
        """Forget everything."""
        self._watched.clear()
        self._timer.cancel()

    def _arm(self, now_ns: int, wait_ns: int) -> None:
        # The loop's timers are as coarse as a millisecond; one too early would spin.
        wait_s = max(0, wait_ns) / NS_PER_S + 1e-3
        self._timer = self._loop.call_later(wait_s, self._sweep)

    def _sweep(self) -> None:
        now_ns = monotonic_ns()
        silent: list[Exchange] = []
        overdue: list[Exchange] = []
        next_ns = now_ns + self._shortest_ns
        for exchange in self._watched:
            age_ns = now_ns - exchange.sent_ns
            if age_ns >= self._total_ns:
                overdue.append(exchange)
            elif exchange.first_ns < 0 and age_ns >= self._first_byte_ns:
                silent.append(exchange)
            else:
                next_ns = min(next_ns, self._due_ns(exchange))
                if exchange.first_ns < 0:
                    break  # whatever was sent after it falls due after it
        self._arm(now_ns, next_ns - now_ns)
        for exchange in overdue:
            self._expire(exchange, self._not_done)
        for exchange in silent:
            self._expire(exchange, self._no_first_byte)

    def _due_ns(self, exchange: Exchange) -> int:
        span_ns = self._total_ns if exchange.first_ns >= 0 else self._shortest_ns
        return exchange.sent_ns + span_ns

    def _expire(self, exchange: Exchange, told: Expire) -> None:
        self._watched.pop(exchange, None)
        told(exchange)
