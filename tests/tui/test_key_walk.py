"""Every key in every state a run's screen can be in: the app stays up and keeps what it promises.

In each state half of the keys come, in an order of its own, with other views, dialogs, filters and
nested playbacks between them as they happen to be opened.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from bench.model.live import RunState
from bench.tui.app import LamloadApp
from bench.tui.keys import KEYS
from bench.tui.playback import PlaybackSource
from bench.tui.screens.run import RunScreen
from bench.tui.source import RunSource
from bench.tui.views.registry import VIEWS
from tests.tui.fakes import FakeRun
from tests.tui.picture import rows_of
from tests.tui.recorded import begin, record

LEAVING = {"q", "ctrl+q", "ctrl+c"}
"""Pressed last: they end the app, or a dialog."""
OF_TABLES = ("up", "down", "left", "right", "home", "end", "pageup", "pagedown", "enter", "o", "O")
OF_DIALOGS = ("y", "n", "d", "escape", "tab", "shift+tab", "ctrl+p")
OF_VIEWS = tuple(str(key.key) for view in VIEWS for key in view.own_keys)
EVERY = sorted(
    {key for command in KEYS for key in command.keys.split(",")} - LEAVING
    | {str(number) for number in range(1, len(VIEWS) + 1)}
    | {*OF_TABLES, *OF_DIALOGS, *OF_VIEWS, "a"}
)  # fmt: skip
OVER = (RunState.FINISHED, RunState.INTERRUPTED, RunState.FAILED)
SIZES = ((80, 24), (120, 40), (60, 18))
Walk = tuple[RunSource, tuple[str, ...]]
"""What is shown, and the keys that bring the screen into its state."""


def live(state: RunState, second: int = 12) -> Callable[[Path], Walk]:
    return lambda _: (FakeRun(second, state), ())


def with_keys(*keys: str) -> Callable[[Path], Walk]:
    return lambda _: (FakeRun(12), keys)


def played(*keys: str) -> Callable[[Path], Walk]:
    return lambda root: (PlaybackSource(record(root), clock=lambda: 0.0), keys)


def followed(root: Path) -> Walk:
    return PlaybackSource(begin(root, 5).path, clock=lambda: 0.0), ()


STATES: dict[str, Callable[[Path], Walk]] = {
    **{state.value: live(state) for state in RunState},
    "nothing yet": live(RunState.PREPARING, 0),
    "first second": live(RunState.RUNNING, 1),
    "held view": with_keys("space"),
    "last second": with_keys("w", "w"),
    "all hidden": with_keys(*(key for _ in range(9) for key in ("x", "down"))),
    "filtered to nothing": with_keys("4", "slash", "ctrl+u", "enter"),
    "maximised": with_keys("2", "z"),
    "playback at its beginning": played(),
    "playback at its end": played("greater_than_sign", "greater_than_sign", "greater_than_sign"),
    "paused playback": played("space"),
    "followed run": followed,
}


@pytest.mark.parametrize(("number", "state"), list(enumerate(STATES)))
async def test_every_key_in_every_state(
    number: int, state: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("webbrowser.open", lambda _url: True)
    runs = tmp_path / "runs"
    record(runs)
    source, first = STATES[state](tmp_path / "shown")
    app = LamloadApp(source, runs_root=runs, no_color=number % 2 == 1)
    width, height = SIZES[number % len(SIZES)]
    keys = Random(state).sample(EVERY, len(EVERY) // 2)
    async with app.run_test(size=(width, height)) as pilot:
        await pilot.press(*first)
        for at, key in enumerate(keys):
            await pilot.press(key)
            assert app.is_running, f"{key} ended the view after {keys[:at]}"
            if key == "ctrl+p":
                await pilot.press("escape")
        await app.workers.wait_for_complete()
        while not isinstance(app.screen, RunScreen):
            await pilot.press("escape")
        shown = rows_of(app, width)
        assert all(len(line) <= width for line in shown.splitlines())
        assert shown.strip()
        for key in sorted(LEAVING) * 3:
            if app.is_running:
                await pilot.press(key)
        assert not app.is_running, "no way to leave"
    if state in {over.value for over in OVER}:
        assert isinstance(source, FakeRun)
        assert not source.commands, "a load that is over was sent a command"
