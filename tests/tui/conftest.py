"""Keys take effect at once: tests go on as soon as the app has nothing left to do."""

from __future__ import annotations

import asyncio

import pytest
from textual._context import active_app

MOST_ROUNDS = 10_000


async def nothing_to_do(min_sleep: float = 0, max_sleep: float = 0) -> None:  # noqa: ARG001
    """In place of Textual's own wait, which sleeps until the process has used little CPU.

    That takes 20 ms or more, twice a key, and on a busy machine up to a second. What is asked here
    is exact: the event loop has nothing that could run, and nothing is left to be drawn.
    """
    loop = asyncio.get_running_loop()
    app = active_app.get()
    for _ in range(MOST_ROUNDS):
        await asyncio.sleep(0)
        if loop._ready:  # type: ignore[attr-defined]
            continue
        if app._screen_stack:
            app.screen._on_timer_update()
        if not loop._ready:  # type: ignore[attr-defined]
            return
    raise AssertionError("the app goes on and on")


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("textual.app.wait_for_idle", nothing_to_do)
    monkeypatch.setattr("textual.pilot.wait_for_idle", nothing_to_do)
