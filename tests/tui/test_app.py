"""The app, driven by keys, on a run whose numbers are known."""

from __future__ import annotations

from rich.text import Text

from bench.model import CommandKind, RunState
from bench.tui.app import LamloadApp
from bench.tui.source import Leaving
from bench.tui.widgets.status import Status
from bench.tui.widgets.variants import Variants
from tests.tui.fakes import VARIANTS, FakeRun


def cell(app: LamloadApp, row: str, column: str) -> str:
    value = app.query_one(Variants).get_cell(row, column)
    assert isinstance(value, Text)
    return value.plain


async def test_the_table_shows_what_the_aggregate_has() -> None:
    run = FakeRun()
    app = LamloadApp(run)
    async with app.run_test(size=(200, 50)):
        for window in run.aggregate.totals():
            name = window.variant.name
            median = window.measures["response"].at(0.5)  # type: ignore[index]
            assert median is not None
            assert float(cell(app, name, "p50 ms")) == round(
                median.value_ns / 1e6, 2 if median.value_ns < 1e7 else 1
            )
            assert cell(app, name, "offered") == f"{window.tally.offered:,}"
            assert cell(app, name, "p99.9") == "·"


async def test_every_variant_has_a_marker_of_its_own() -> None:
    app = LamloadApp(FakeRun())
    async with app.run_test(size=(120, 40)):
        markers = {cell(app, variant.name, "marker") for variant in VARIANTS}
    assert len(markers) == len(VARIANTS)


async def test_what_is_always_visible() -> None:
    app = LamloadApp(FakeRun())
    async with app.run_test(size=(160, 40)):
        said = str(app.query_one(Status).render())
    for words in ("LOCAL", "running", "0:30 of 0:40", "0:10 left", "phase steady", "planned",
                  "lag p99", "dropped 0", "spent", "VALID"):  # fmt: skip
        assert words in said


async def test_stop_asks_before_it_drains() -> None:
    run = FakeRun()
    app = LamloadApp(run)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("s", "escape")
        assert run.commands == []
        await pilot.press("s", "y")
        assert [command.kind for command in run.commands] == [CommandKind.DRAIN]


async def test_keys_steer_the_load() -> None:
    run = FakeRun()
    app = LamloadApp(run)
    async with app.run_test(size=(120, 40)) as pilot:
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
            await pilot.press("q", key)
        assert app.return_value is not None
        assert app.return_value.leaving is leaving


async def test_quitting_a_run_that_has_ended_asks_nothing() -> None:
    app = LamloadApp(FakeRun(state=RunState.FINISHED))
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("q")
    assert app.return_value is not None
    assert app.return_value.leaving is Leaving.ENDED


async def test_all_screens_and_keys_work_at_every_size_and_without_colour() -> None:
    for size in ((60, 18), (80, 24), (120, 40), (240, 70)):
        app = LamloadApp(FakeRun())
        app.no_color = True  # type: ignore[misc]
        async with app.run_test(size=size) as pilot:
            for key in ("3", "4", "7", "1", "m", "l", "w", "w", "b", "x", "z", "z", "space",
                        "space", "T", "T", "T", "question_mark", "escape", "slash", "a", "enter"):  # fmt: skip
                await pilot.press(key)
            assert app.is_running


async def test_a_held_view_stands_still_and_says_so() -> None:
    run = FakeRun()
    app = LamloadApp(run)
    async with app.run_test(size=(140, 40)) as pilot:
        before = cell(app, "invoke-128MB", "offered")
        await pilot.press("space")
        run.aggregate.advance(31 * 10**9)
        assert "VIEW HELD" in str(app.query_one(Status).render())
        assert cell(app, "invoke-128MB", "offered") == before
