"""As many environments start at once as the host can bear; the others wait for their turn.

A thousand processes that start together on two cores all miss their init limit, are started again,
and so on: none would ever come up. One that waits for something else than a core makes room.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

STARTS_PER_CORE = 2
WAIT_LIMIT_S = 30.0
"""How long a start may wait for its turn."""


class StartGate:
    """Places for environments that are starting."""

    def __init__(
        self,
        places: int,
        wait_limit_s: float = WAIT_LIMIT_S,
        clock_ns: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self.waited_ns = 0
        """Of all starts together."""
        self._places = asyncio.Semaphore(places)
        self._wait_limit_s = wait_limit_s
        self._clock_ns = clock_ns

    async def enter(self) -> StartSlot:
        """A place, when there is one. Raises TimeoutError after the wait limit."""
        begin_ns = self._clock_ns()
        try:
            async with asyncio.timeout(self._wait_limit_s):
                await self._places.acquire()
        finally:
            self.waited_ns += self._clock_ns() - begin_ns
        return StartSlot(self._places)


class StartSlot:
    """Of one environment that starts."""

    def __init__(self, places: asyncio.Semaphore) -> None:
        self._places: asyncio.Semaphore | None = places

    def leave(self) -> None:
        """Make room for another; it may be said twice."""
        if self._places is not None:
            self._places.release()
            self._places = None
