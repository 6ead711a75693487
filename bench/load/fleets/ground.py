"""Whether what a fleet's nodes stand on is still there: a scheduler that nobody hears any more.

Nodes are asked directly and may go on for long without it; but who would end them, or could tell
that one has gone for good, is away.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from bench.load.coordinator_clock import CoordinatorClock
from bench.load.silence import Silence
from bench.model.times import NS_PER_MS, NS_PER_S

DEADLINE_NS = 10 * NS_PER_S
"""A scheduler under other people's work may answer nobody for some seconds."""
_ASK_NS = NS_PER_S
_ANSWER_LIMIT_S = 3.0
_LOOK_NS = 200 * NS_PER_MS
_ONLY = 0


async def gone(
    check: Callable[[], Awaitable[None]], clock: CoordinatorClock, deadline_ns: int = DEADLINE_NS
) -> None:
    """Return once `check` has not come to its end for so long, whether it raised or hung.

    Counted in time that the coordinator itself lived through (bench.load.silence).
    """
    silence = Silence(deadline_ns)
    silence.expect(_ONLY)
    asking = asyncio.ensure_future(_ask(check, clock, silence))
    try:
        while not list(silence.overdue(clock.now_ns())):
            await clock.sleep_ns(_LOOK_NS)
    finally:
        asking.cancel()


async def _ask(
    check: Callable[[], Awaitable[None]], clock: CoordinatorClock, silence: Silence
) -> None:
    while True:
        try:
            async with asyncio.timeout(_ANSWER_LIMIT_S):
                await check()
            silence.heard(_ONLY)
        except Exception:  # noqa: BLE001, S110 - however it failed, nothing was heard
            pass
        await clock.sleep_ns(_ASK_NS)
