"""Time for the coordinator, which decides when commands go out and what a second of results is.

Workers have a clock of their own (bench.load.clock): nothing here is on an invocation's way.
"""

from __future__ import annotations

import asyncio
from time import monotonic_ns
from typing import Protocol

from bench.model.times import NS_PER_S


class CoordinatorClock(Protocol):
    """Monotonic nanoseconds, and waiting for them to pass. bench.load.fleets.fake has another."""

    def now_ns(self) -> int:
        """Nanoseconds of CLOCK_MONOTONIC on the coordinator's machine."""

    async def sleep_ns(self, wait_ns: int) -> None:
        """Return after so many nanoseconds at the earliest; at once, if cancelled."""


class SystemClock:
    """The system's own, as precise as the event loop's timers."""

    def now_ns(self) -> int:
        """Nanoseconds of CLOCK_MONOTONIC, the clock of workers on this machine."""
        return monotonic_ns()

    async def sleep_ns(self, wait_ns: int) -> None:
        """Give way to the event loop for so long."""
        await asyncio.sleep(wait_ns / NS_PER_S)
