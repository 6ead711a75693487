"""The factor of the load on the screen follows what a replay of commands does to it."""

from __future__ import annotations

from bench.model.live import COMMAND_EVENT, RunEvent
from bench.model.load import CommandKind
from bench.model.times import NS_PER_S
from bench.tui.app import LamloadApp
from tests.tui.fakes import FakeRun
from tests.tui.test_app import drawn, screen_of

SIZE = (120, 40)


def factor_event(second: int, value: float, **marks: bool) -> RunEvent:
    return RunEvent(
        second * NS_PER_S, COMMAND_EVENT, CommandKind.RATE_FACTOR.value, {"value": value, **marks}
    )


async def test_plus_goes_on_from_a_replayed_factor() -> None:
    run = FakeRun()
    app = LamloadApp(run)
    async with app.run_test(size=SIZE) as pilot:
        await drawn(pilot)
        await pilot.press("+")
        assert run.commands[-1].value == 1.1
        run._events.append(factor_event(31, 2.0, replayed=True))
        screen_of(app).poll()
        await pilot.press("+", "+")
        assert [command.value for command in run.commands[-2:]] == [2.2, 2.42]


async def test_a_factor_of_ones_own_is_not_taken_over_twice() -> None:
    run = FakeRun()
    app = LamloadApp(run)
    async with app.run_test(size=SIZE) as pilot:
        await drawn(pilot)
        await pilot.press("+", "+")
        run._events.append(factor_event(31, 1.1))  # the first press, noted after the second
        screen_of(app).poll()
        await pilot.press("+")
        assert run.commands[-1].value == 1.331
