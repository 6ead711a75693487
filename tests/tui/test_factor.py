"""The factor of the load on the screen is what the run says, whoever set it."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.model.load import Command
from bench.tui.app import LamloadApp
from bench.tui.playback import PlaybackSource
from tests.tui.fakes import FakeRun
from tests.tui.recorded import record
from tests.tui.test_app import drawn, screen_of, status

SIZE = (120, 40)


async def test_plus_goes_on_from_a_factor_that_was_set_before() -> None:
    run = FakeRun(1)
    app = LamloadApp(run)
    async with app.run_test(size=SIZE) as pilot:
        await drawn(pilot)
        await pilot.press("+")
        assert run.commands[-1].value == 1.1
        run.rate_factor = 2.0
        screen_of(app).poll()
        assert "×2.00" in status(app)
        await pilot.press("+", "+")
        assert [command.value for command in run.commands[-2:]] == [2.2, 2.42]


async def test_a_factor_that_the_run_does_not_take_is_not_counted() -> None:
    class Deaf(FakeRun):
        def command(self, command: Command) -> None:
            self.commands.append(command)

    run = Deaf(1)
    app = LamloadApp(run)
    async with app.run_test(size=SIZE) as pilot:
        await drawn(pilot)
        await pilot.press("+", "+")
        assert [command.value for command in run.commands] == [1.1, 1.1]
        assert "×" not in status(app)


@pytest.mark.parametrize(("second", "shown"), [(4, False), (20, True)])
async def test_a_recording_has_the_factor_of_its_commands(
    second: int, shown: bool, tmp_path: Path
) -> None:
    playback = PlaybackSource(record(tmp_path), clock=lambda: 0.0)
    playback.seek(second)
    app = LamloadApp(playback)
    async with app.run_test(size=SIZE) as pilot:
        await drawn(pilot)
        assert ("×1.10" in status(app)) is shown
