"""The set-up screen, driven by keys."""

from __future__ import annotations

from bench.tui.app import LamloadApp, ProfileCard
from bench.tui.screens.setup import SetupScreen
from tests.tui.fakes import FakeRun

CARDS = [
    ProfileCard(name, name, "?", "LOCAL", ("512 MB",), ("10/s",), "3 s") for name in ("one", "two")
]


async def test_what_is_typed_after_enter_goes_behind_the_profiles_name() -> None:
    started = []

    async def start(line: str) -> FakeRun:
        started.append(line)
        return FakeRun(1)

    app = LamloadApp.setup(CARDS, lambda _line: [], start)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("down", "enter", *" load.seed=2")
        assert isinstance(app.screen, SetupScreen)
        assert app.screen.line == "two load.seed=2"
        await pilot.press("enter")
        await app.workers.wait_for_complete()
    assert started == ["two load.seed=2"]
