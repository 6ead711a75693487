"""Looks at sandboxes while they work. Those that are done within one period cost nothing."""

from __future__ import annotations

import asyncio
from itertools import islice
from time import monotonic_ns
from typing import Protocol

from bench.model.times import NS_PER_S

PERIOD_S = 0.01
AT_ONCE = 64
"""Looks per period: with more sandboxes at work each has its turn less often."""


class WatchedSandbox(Protocol):
    """A sandbox, or a test's stand-in."""

    def tick(self) -> None:
        """Take its memory and processes as they are now; every PERIOD_S at most."""


class MemoryWatch:
    """Calls `tick` of whatever has been at work for longer than a period."""

    def __init__(self) -> None:
        self._since_ns: dict[WatchedSandbox, int] = {}
        self._timer: asyncio.TimerHandle | None = None

    def add(self, watched: WatchedSandbox) -> None:
        """Watch it from now on, the first time after a period."""
        self._since_ns[watched] = monotonic_ns()
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(PERIOD_S, self._tick_all)

    def discard(self, watched: WatchedSandbox) -> None:
        """Stop watching it; nothing happens if it is not watched."""
        self._since_ns.pop(watched, None)

    def _tick_all(self) -> None:
        self._timer = None
        before_ns = monotonic_ns() - int(PERIOD_S * NS_PER_S)
        due = islice(
            (w for w, since_ns in self._since_ns.items() if since_ns <= before_ns), AT_ONCE
        )
        for watched in list(due):
            watched.tick()
            if watched in self._since_ns:  # to the end of the queue
                self._since_ns[watched] = self._since_ns.pop(watched)
        if self._since_ns:
            self._timer = asyncio.get_running_loop().call_later(PERIOD_S, self._tick_all)
