"""What all views share, and what follows from their registry: a view is a file and a line in it."""

from __future__ import annotations

from typing import cast

import pytest
from textual.app import ComposeResult
from textual.pilot import Pilot

from bench.commands.support.topics import topics
from bench.tui.app import LamloadApp
from bench.tui.keys import KEYS, MOST_VIEWS
from bench.tui.screens.dialogs import TextDialog
from bench.tui.screens.run import RunScreen
from bench.tui.source import AppResult
from bench.tui.state import ViewState
from bench.tui.views.base import View, panel
from bench.tui.views.registry import VIEWS
from bench.tui.widgets.bars import Bars
from bench.tui.widgets.columns import Cell, Column, Row
from bench.tui.widgets.grid import Grid
from bench.tui.widgets.heat import Heat
from tests.tui.fakes import FakeRun
from tests.tui.picture import rows_of
from tests.tui.test_app import drawn, grid, screen_of

SIZE = (140, 40)
SMALLEST, THIRD = "invoke-128MB", "invoke-512MB"


class ToyView(View):
    """As a newcomer would write one."""

    view_name = "toy"
    title = "Toys"
    help = "How many toys each variant has."
    DEFAULT_CSS = ".wide ToyView #toys { max-height: 50%; }"

    def compose(self) -> ComposeResult:
        yield panel(Grid((Column("toys", "toys", 40, left=True),), id="toys", title="all toys"))

    def show(self, state: ViewState) -> None:
        rows = [Row(name, {"toys": Cell(f"a toy for {name}")}) for name in state.totals]
        self.query_one("#toys", Grid).show(rows)


class ToyApp(LamloadApp):
    """On whose screen the new view is the fourth and last."""

    def on_mount(self) -> None:
        self.push_screen(RunScreen(FakeRun(2), views=(*VIEWS[:3], ToyView)))


async def test_a_new_view_has_its_key_tab_help_and_screen() -> None:
    app = ToyApp(None)
    async with app.run_test(size=(160, 40)) as pilot:
        await drawn(pilot)
        await pilot.press("4")
        await drawn(pilot)
        shown = rows_of(app, 160)
        assert " 4 Toys" in shown
        assert "a toy for invoke-128MB" in shown
        assert screen_of(app).query_one("#toys").styles.max_height is not None
        commands = {command.title for command in app.get_system_commands(app.screen)}
        assert "Screen: Toys" in commands
        await pilot.press("question_mark")
        await pilot.pause()
        dialog = cast(TextDialog, app.screen)
        assert "How many toys each variant has." in dialog.plain
        assert "1 … 4" in dialog.plain


async def test_a_digit_without_a_view_goes_nowhere() -> None:
    app = ToyApp(None)
    async with app.run_test(size=SIZE) as pilot:
        await drawn(pilot)
        await pilot.press("2", "9")
        assert screen_of(app).switcher.view.view_name == "latency"


async def test_the_palette_goes_to_a_view_and_does_what_a_key_does() -> None:
    app = LamloadApp(FakeRun(2))
    async with app.run_test(size=SIZE) as pilot:
        await drawn(pilot)
        commands = {command.title: command for command in app.get_system_commands(app.screen)}
        assert {f"Screen: {view.title}" for view in VIEWS} <= set(commands)
        for title in ("Screen: Errors", "Log"):
            await commands[title].callback()
        assert screen_of(app).switcher.view.view_name == "errors"
        assert screen_of(app).choices.logarithmic


def test_each_view_has_a_name_of_its_own_and_a_digit() -> None:
    assert len({view.view_name for view in VIEWS}) == len(VIEWS) <= MOST_VIEWS
    assert all(view.title and view.help for view in VIEWS)


def test_the_reference_names_each_view_with_its_key() -> None:
    page = topics()["live"].text
    for number, view in enumerate(VIEWS, 1):
        assert f"`{number}` {view.title}" in page


async def test_each_key_has_a_command() -> None:
    app = LamloadApp(FakeRun(1))
    async with app.run_test(size=SIZE) as pilot:
        await drawn(pilot)
        assert {key.name for key in KEYS if not key.by_app} == set(screen_of(app).commands)


# -- the highlighted variant is one for all views

TABLES = {
    "1": "variants",
    "2": "distributions",
    "4": "kinds",
    "5": "starts",
    "6": "prices",
    "9": "policies",
}


async def go(pilot: Pilot[AppResult], *keys: str) -> None:
    await pilot.press(*keys)
    await drawn(pilot)


@pytest.mark.parametrize("key", TABLES)
async def test_the_row_that_is_highlighted_stays_so_in_every_view(key: str) -> None:
    app = LamloadApp(FakeRun(5))
    async with app.run_test(size=SIZE) as pilot:
        await go(pilot, "down", "down", key)
        assert grid(app, TABLES[key]).selected == THIRD
        await go(pilot, "up", "1")
        assert grid(app).selected == "invoke-256MB"


async def test_b_acts_on_the_row_that_is_highlighted_after_a_change_of_view() -> None:
    app = LamloadApp(FakeRun(5))
    async with app.run_test(size=SIZE) as pilot:
        await go(pilot, "down", "down", "2", "down", "1", "b")
        assert grid(app).selected == "invoke-1024MB"
        assert grid(app).cell("invoke-1024MB", "difference") == "base"


async def test_histogram_and_heat_map_show_the_row_that_is_highlighted() -> None:
    app = LamloadApp(FakeRun(5))
    async with app.run_test(size=(160, 60)) as pilot:
        await go(pilot, "2")
        await go(pilot, "1", "down", "down", "2")
        assert grid(app, "distributions").selected == THIRD
        assert "512 invoke" in app.screen.query_one(Bars).data.note
        assert "512 invoke" in app.screen.query_one(Heat).data.note


async def test_a_table_sorted_otherwise_highlights_the_same_variant() -> None:
    app = LamloadApp(FakeRun(5))
    async with app.run_test(size=SIZE) as pilot:
        await go(pilot, "2", "o", "O", "1", "down", "2")
        table = grid(app, "distributions")
        assert table.selected == "invoke-256MB"
        assert table.order[0] != SMALLEST
