"""Timeouts for exchanges under way, at the price of a dictionary entry each.

All exchanges of a wire share one span per kind, so they fall due in the order in which they were
sent: the first entry of an insertion-ordered dict is the next to expire, and one timer per kind
serves any number of them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from time import monotonic_ns

from bench.model import NS_PER_S
from bench.wire.exchange import Exchange


class Deadlines:
    """Calls expire(exchange) for each exchange that is watched for longer than span_ns."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, span_ns: int, expire: Callable[[Exchange], None]
    ) -> None:
        self._loop = loop
        self._span_ns = span_ns
        self._expire = expire
        self._watched: dict[Exchange, object] = {}
        self._timer: asyncio.TimerHandle | None = None
        self.release = self._watched.pop
        """release(exchange, None): stop watching. The dictionary's own method, in the hot path."""

    def watch(self, exchange: Exchange) -> None:
        """Begin to watch an exchange that has just been sent: its sent_ns counts."""
        self._watched[exchange] = None
        if self._timer is None:
            self._arm(exchange.sent_ns)

    def close(self) -> None:
        """Forget everything."""
        self._watched.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _arm(self, from_ns: int) -> None:
        wait_ns = from_ns + self._span_ns - monotonic_ns()
        self._timer = self._loop.call_later(max(0, wait_ns) / NS_PER_S, self._sweep)

    def _sweep(self) -> None:
        self._timer = None
        due_ns = monotonic_ns() - self._span_ns
        expired = []
        for exchange in self._watched:
            if exchange.sent_ns > due_ns:
                self._arm(exchange.sent_ns)
                break
            expired.append(exchange)
        for exchange in expired:
            self._watched.pop(exchange, None)
            self._expire(exchange)
