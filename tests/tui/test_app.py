"""The app, driven by keys, on a run whose numbers are known."""

from __future__ import annotations

import pytest
from textual.pilot import Pilot

from bench.model.live import RunState
from bench.model.load import CommandKind
from bench.model.result import Measure
from bench.tui.app import LamloadApp
from bench.tui.screens.run import RunScreen
from bench.tui.source import AppResult, Leaving
from bench.tui.widgets.grid import Grid
from bench.tui.widgets.status import Status
from tests.tui.fakes import VARIANTS, FakeRun

SIZES = ((60, 18), (80, 24), (120, 40), (240, 70))


def screen_of(app: LamloadApp) -> RunScreen:
    screen = app.screen
    assert isinstance(screen, RunScreen)
    return screen


def grid(app: LamloadApp, name: str = "variants") -> Grid:
    return screen_of(app).query_one(f"#{name}", Grid)


def status(app: LamloadApp) -> str:
    return screen_of(app).query_one(Status).plain


async def drawn(pilot: Pilot[AppResult]) -> None:
    """Until everything asked for has been drawn."""
    await pilot.pause()
    screen_of(pilot.app).poll()  # type: ignore[arg-type]
    await pilot.pause()


async def test_the_table_shows_what_the_aggregate_has() -> None:
    run = FakeRun()
    app = LamloadApp(run)
    async with app.run_test(size=(200, 50)) as pilot:
        await drawn(pilot)
        for window in run.aggregate.totals():
            name = window.variant.name
            median = window.measure(Measure.RESPONSE).at(0.5)
            assert median is not None
            digits = 2 if median.value_ns < 1e7 else 1
            assert float(grid(app).cell(name, "p50")) == round(median.value_ns / 1e6, digits)
            assert grid(app).cell(name, "offered") == f"{window.tally.offered:,}"
            assert grid(app).cell(name, "p99.9") == "·"


async def test_every_variant_has_a_marker_of_its_own() -> None:
    app = LamloadApp(FakeRun())
    async with app.run_test(size=(120, 40)) as pilot:
        await drawn(pilot)
        markers = {grid(app).cell(variant.name, "marker") for variant in VARIANTS}
    assert len(markers) == len(VARIANTS)


@pytest.mark.parametrize("size", SIZES)
async def test_what_is_always_visible(size: tuple[int, int]) -> None:
    app = LamloadApp(FakeRun())
    async with app.run_test(size=size) as pilot:
        await drawn(pilot)
        said = status(app)
    for words in ("LOCAL", "running", "0:30 of 0:40", "0:10 left", "steady", "540", "/s",
                  "lag", "0.20 ms", "10", "drop", "$0.02", "VALID so far"):  # fmt: skip
        assert words in said, words


async def test_stop_asks_before_it_drains() -> None:
    run = FakeRun()
    app = LamloadApp(run)
    async with app.run_test(size=(120, 40)) as pilot:
        await drawn(pilot)
        await pilot.press("s", "escape")
        assert run.commands == []
        await pilot.press("s", "y")
        assert [command.kind for command in run.commands] == [CommandKind.DRAIN]


async def test_keys_steer_the_load() -> None:
    run = FakeRun()
    app = LamloadApp(run)
    async with app.run_test(size=(120, 40)) as pilot:
        await drawn(pilot)
        await pilot.press("plus", "minus", "minus", "p", "p", "n")
    kinds = [command.kind for command in run.commands]
    assert kinds == [CommandKind.RATE_FACTOR] * 3 + [
        CommandKind.HOLD,
        CommandKind.RESUME,
        CommandKind.SKIP_PHASE,
    ]
    assert [round(command.value, 2) for command in run.commands[:3]] == [1.1, 1.0, 0.91]


async def test_quitting_a_run_that_goes_on_asks_what_becomes_of_it() -> None:
    for key, leaving in (("d", Leaving.DRAIN), ("a", Leaving.ABORT), ("g", Leaving.DETACH)):
        app = LamloadApp(FakeRun())
        async with app.run_test(size=(120, 40)) as pilot:
            await drawn(pilot)
            await pilot.press("q", key)
        assert app.return_value is not None
        assert app.return_value.leaving is leaving


async def test_quitting_a_run_that_has_ended_asks_nothing() -> None:
    app = LamloadApp(FakeRun(state=RunState.FINISHED))
    async with app.run_test(size=(120, 40)) as pilot:
        await drawn(pilot)
        await pilot.press("q")
    assert app.return_value is not None
    assert app.return_value.leaving is Leaving.ENDED


async def test_a_held_view_stands_still_and_says_so() -> None:
    run = FakeRun()
    app = LamloadApp(run)
    async with app.run_test(size=(140, 40)) as pilot:
        await drawn(pilot)
        before = grid(app).cell("invoke-128MB", "offered")
        await pilot.press("space")
        run.play(35)
        await drawn(pilot)
        assert "VIEW HELD" in status(app)
        assert grid(app).cell("invoke-128MB", "offered") == before
        await pilot.press("space")
        await drawn(pilot)
        assert "VIEW HELD" not in status(app)
        assert grid(app).cell("invoke-128MB", "offered") == f"{32 * 60:,}"
