"""Every screen at two sizes, as text and once as SVG: a change of looks is seen in a diff.

With LAMLOAD_DRAW=1 in the environment the pictures are drawn anew; look at what changed.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from itertools import zip_longest
from pathlib import Path

import pytest
from textual.app import App

from bench.commands.support.setup_screen import card_of
from bench.tui.app import LamloadApp
from bench.tui.playback import PlaybackSource
from bench.tui.preferences import Preferences
from bench.tui.source import AppResult
from bench.tui.views.registry import VIEWS
from tests.tui.fakes import FakeRun
from tests.tui.picture import rows_of, svg_of
from tests.tui.recorded import record

PICTURES = Path(__file__).parent / "pictures"
SIZES = ((80, 24), (120, 40))
IN_COLOUR = (80, 24)
SCREENS = {view.view_name: str(number) for number, view in enumerate(VIEWS, 1)}


def check(app: App[AppResult], name: str, size: tuple[int, int]) -> None:
    """The screen is as it was drawn; with its colours where it is that large."""
    compare(rows_of(app, size[0]), PICTURES / f"{name}-{size[0]}x{size[1]}.txt")
    if size == IN_COLOUR:
        compare(svg_of(app), PICTURES / f"{name}-{size[0]}x{size[1]}.svg")


def compare(shown: str, path: Path) -> None:
    if os.environ.get("LAMLOAD_DRAW"):
        path.write_text(shown, encoding="utf-8")
    rows, drawn = shown.splitlines(), path.read_text("utf-8").splitlines()
    changed = [f"-{was}\n+{now}" for was, now in zip_longest(drawn, rows) if was != now]
    assert not changed, f"{path.name}: LAMLOAD_DRAW=1 draws it anew\n" + "\n".join(changed[:20])


async def show(app: App[AppResult], name: str, size: tuple[int, int], keys: Sequence[str]) -> None:
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        await pilot.press(*keys)
        await app.workers.wait_for_complete()
        await pilot.pause()
        check(app, name, size)


@pytest.fixture(autouse=True)
def any_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the tests are run in says nothing about the pictures."""
    monkeypatch.delenv("NO_COLOR", raising=False)


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with one run, under a name that is the same everywhere."""
    monkeypatch.chdir(tmp_path)
    record(Path("runs"))
    return Path("runs")


@pytest.mark.parametrize("size", SIZES, ids="{0[0]}x{0[1]}".format)
@pytest.mark.parametrize("name", SCREENS)
async def test_a_screen_of_a_run(name: str, size: tuple[int, int], runs: Path) -> None:
    app = LamloadApp(FakeRun(), runs_root=runs)
    await show(app, name, size, [SCREENS[name], "b", "down"])


@pytest.mark.parametrize("size", SIZES, ids="{0[0]}x{0[1]}".format)
async def test_a_playback_that_is_paused(size: tuple[int, int], runs: Path) -> None:
    playback = PlaybackSource(next(runs.iterdir()), clock=lambda: 0.0)
    playback.seek(20)
    await show(LamloadApp(playback, runs_root=runs), "playback", size, ["space"])


@pytest.mark.parametrize(("name", "key"), [("help", "question_mark"), ("leaving", "q")])
async def test_a_question_and_the_help(name: str, key: str) -> None:
    await show(LamloadApp(FakeRun()), name, IN_COLOUR, [key])


@pytest.mark.parametrize("theme", ["light", "ansi"])
async def test_the_other_themes(theme: str) -> None:
    app = LamloadApp(FakeRun(), preferences=Preferences(theme=theme))
    await show(app, theme, IN_COLOUR, ["b", "down"])


async def test_no_colour() -> None:
    await show(LamloadApp(FakeRun(), no_color=True), "plain", IN_COLOUR, ["b", "down"])


async def test_the_smallest_screen(runs: Path) -> None:
    await show(LamloadApp(FakeRun(), runs_root=runs), "compare", (60, 18), [])


async def test_the_widest_screen(runs: Path) -> None:
    await show(LamloadApp(FakeRun(), runs_root=runs), "compare", (240, 70), ["b", "down"])


@pytest.mark.parametrize("size", SIZES, ids="{0[0]}x{0[1]}".format)
async def test_the_set_up_screen(size: tuple[int, int]) -> None:
    names = ("quickstart", "spike", "aws-memory-sweep")
    cards = [card for card in map(card_of, names) if card is not None]

    async def start(_line: str) -> FakeRun:
        return FakeRun()

    app = LamloadApp.setup(cards, lambda _line: [], start, card_of)
    await show(app, "setup", size, [])


@pytest.mark.parametrize("size", [(60, 18), (80, 24), (120, 40), (240, 70)])
async def test_what_matters_most_has_a_place_on_every_screen(size: tuple[int, int]) -> None:
    app = LamloadApp(FakeRun())
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        head = "\n".join(rows_of(app, size[0]).splitlines()[:4])
    for words in ("LOCAL", "running", "0:30 of 0:40", "left", "VALID", "lag", "drop", "$"):
        assert words in head
    assert re.search(r"\d+\s*/\s*540|\d+ of +540/s", head)
    assert "…" not in head.splitlines()[2]
