"""The app, driven by keys, on a run whose numbers are known."""

from __future__ import annotations

import re
from html import unescape

import pytest

from bench.model import NS_PER_MS, CommandKind, Measure, RunState
from bench.tui.app import LamloadApp
from bench.tui.source import Leaving
from tests.tui.fakes import FakeRun

SIZES = ((60, 18), (80, 24), (120, 40), (240, 70))
KEYS = (
    *"23456781",
    *("m", "l", "w", "w", "w", "b", "x", "x", "z", "z", "space", "space", "T", "T", "T"),
    *("left", "right", "home", "end", "up", "down", "question_mark", "escape"),
    *("slash", "a", "enter", "escape"),
)


def said(app: LamloadApp) -> str:
    """All that the screen says, as text."""
    texts = re.findall(r"<text[^>]*>([^<]*)</text>", app.export_screenshot())
    return " ".join(unescape("".join(texts)).replace("\xa0", " ").split())


async def test_the_table_shows_what_the_aggregate_has() -> None:
    run = FakeRun()
    app = LamloadApp(run)
    async with app.run_test(size=(200, 50)) as pilot:
        await pilot.pause()
        shown = said(app)
    for window in run.aggregate.totals():
        median = window.measure(Measure.RESPONSE).at(0.5)
        assert median is not None
        ms = median.value_ns / NS_PER_MS
        assert any(f"{ms:.{digits}f}" in shown for digits in (0, 1, 2))


async def test_what_is_always_visible() -> None:
    app = LamloadApp(FakeRun())
    async with app.run_test(size=(160, 40)) as pilot:
        await pilot.pause()
        shown = said(app)
    for words in ("LOCAL", "running", "0:30 of 0:40", "0:10 left", "steady", "sent", "in flight",
                  "lag p99", "dropped 0", "spent", "VALID"):  # fmt: skip
        assert words in shown


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
        await pilot.press("plus", "minus", "minus", "p", "n")
    kinds = [command.kind for command in run.commands]
    assert kinds == [CommandKind.RATE_FACTOR] * 3 + [CommandKind.HOLD, CommandKind.SKIP_PHASE]
    up, back, down = (command.value for command in run.commands[:3])
    assert up > back > down


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


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("no_color", [False, True])
async def test_all_screens_and_keys_work_at_every_size(
    size: tuple[int, int], no_color: bool
) -> None:
    app = LamloadApp(FakeRun(), no_color=no_color)
    async with app.run_test(size=size) as pilot:
        for key in KEYS:
            await pilot.press(key)
        assert app.is_running


async def test_a_resize_in_any_screen_is_survived() -> None:
    app = LamloadApp(FakeRun())
    async with app.run_test(size=(120, 40)) as pilot:
        for screen in "12345678":
            await pilot.press(screen)
            for size in SIZES:
                await pilot.resize_terminal(*size)
        assert app.is_running
