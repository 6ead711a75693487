"""Waiting for what may take long, from somebody who may be gone."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")
LOOK_S = 1.0
"""From one question whether somebody is there to the next."""


async def while_answering(
    work: Coroutine[Any, Any, T], ping: Callable[[], Awaitable[None]], look_s: float = LOOK_S
) -> T:
    """What `work` comes to, for as long as whoever does it answers.

    ping: returns once that has answered, and raises if it does not; what it raises ends the work.
    """
    working = asyncio.ensure_future(work)
    try:
        while not (await asyncio.wait({working}, timeout=look_s))[0]:
            try:
                await ping()
            except Exception:
                if not working.done():  # else: the work itself says how it ended
                    raise
        return working.result()
    finally:
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)
