"""Every screen at two sizes, as text, from recorded intervals: a change of looks is seen in a diff.

With LAMLOAD_DRAW=1 in the environment the pictures are drawn anew; look at what changed.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path

import pytest
from textual.app import App

from bench.commands.choose import card_of
from bench.tui.app import LamloadApp
from bench.tui.replay import Replay
from bench.tui.source import AppResult
from tests.tui.fakes import FakeRun
from tests.tui.picture import rows_of
from tests.tui.recorded import record

PICTURES = Path(__file__).parent / "pictures"
SIZES = ((80, 24), (120, 40))
SCREENS = {
    "compare": "1",
    "latency": "2",
    "load": "3",
    "errors": "4",
    "cold": "5",
    "cost": "6",
    "log": "7",
    "history": "8",
}


def check(app: App[AppResult], name: str, size: tuple[int, int]) -> None:
    """The screen is as it was drawn."""
    shown = rows_of(app, size[0])
    path = PICTURES / f"{name}-{size[0]}x{size[1]}.txt"
    if os.environ.get("LAMLOAD_DRAW"):
        path.write_text(shown, encoding="utf-8")
    assert shown == path.read_text("utf-8"), "LAMLOAD_DRAW=1 draws it anew"


async def show(app: App[AppResult], name: str, size: tuple[int, int], keys: Sequence[str]) -> None:
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        await pilot.press(*keys)
        await app.workers.wait_for_complete()
        await pilot.pause()
        check(app, name, size)


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


async def test_a_replay_that_is_paused(runs: Path) -> None:
    replay = Replay(next(runs.iterdir()), clock=lambda: 0.0)
    replay.seek(20)
    await show(LamloadApp(replay, runs_root=runs), "replay", (120, 40), ["space"])


async def test_the_smallest_screen(runs: Path) -> None:
    await show(LamloadApp(FakeRun(), runs_root=runs), "compare", (60, 18), [])


async def test_the_widest_screen(runs: Path) -> None:
    await show(LamloadApp(FakeRun(), runs_root=runs), "compare", (240, 70), ["b", "down"])


@pytest.mark.parametrize("size", SIZES, ids="{0[0]}x{0[1]}".format)
async def test_the_set_up_screen(size: tuple[int, int]) -> None:
    names = ("quickstart", "spike", "aws-memory-sweep")
    cards = [card for card in map(card_of, names) if card is not None]

    async def start(line: str) -> FakeRun:
        return FakeRun()

    app = LamloadApp.setup(cards, lambda line: [], start, card_of)
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
