"""Work on files in a thread, so that no slow disk stops the screen. What fails is said on it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

from textual.screen import Screen

from bench.errors import LamloadError

Result = TypeVar("Result")


def in_background(
    screen: Screen[Any],
    work: Callable[[], Result],
    done: Callable[[Result], object],
    failure: str,
) -> None:
    """Call done with what work returns, back in the screen's own thread.

    work may raise OSError, ValueError or LamloadError: that is told behind the words of failure.
    """

    async def run() -> None:
        try:
            result = await asyncio.to_thread(work)
        except (OSError, ValueError, LamloadError) as error:
            screen.notify(f"{failure}: {error}", severity="error")
            return
        done(result)

    screen.run_worker(run(), exit_on_error=False)
