"""The keys that act on the load of a live run. What cannot be done is said, and nothing is sent."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from textual.screen import Screen

from bench.model.live import RunState
from bench.model.load import Command, CommandKind
from bench.tui.keys import Commands
from bench.tui.run_model import RunModel
from bench.tui.screens.dialogs import Confirm
from bench.tui.source import AppResult, Leaving

RATE_STEP = 1.1
_LEAVING = {"d": Leaving.DRAIN, "a": Leaving.ABORT, "g": Leaving.DETACH}
_DEAF = {
    RunState.PREPARING: "the run has not begun",
    RunState.DRAINING: "the run is draining",
}
"""States in which a load that is not over can't be changed, and the reason."""


class LoadControl:
    """Sends commands to the run; questions are asked and answers told on a screen.

    sent is called after every command, so that the screen shows at once what it did.
    """

    def __init__(self, run: RunModel, screen: Screen[Any], sent: Callable[[], object]) -> None:
        self._run = run
        self._screen = screen
        self._sent = sent

    @property
    def commands(self) -> Commands:
        """By the names of their keys."""
        no_way_back = partial(
            self._screen.notify, "only a playback can go back and forth", severity="warning"
        )
        return {
            "rate_up": partial(self._change_rate, RATE_STEP),
            "rate_down": partial(self._change_rate, 1 / RATE_STEP),
            "hold_load": self._hold_load,
            "next_phase": self._next_phase,
            "stop": self._ask_to_stop,
            "back_1": no_way_back,
            "forward_1": no_way_back,
            "back_10": no_way_back,
            "forward_10": no_way_back,
        }

    def leave(self) -> None:
        """Leave the app; while the load goes on, ask what is to become of it."""
        if self._run.is_over:
            self._screen.app.exit(AppResult(Leaving.ENDED))
            return
        answers = {key: leaving.value for key, leaving in _LEAVING.items()}
        question = "The run is not over. What becomes of it?"
        self._screen.app.push_screen(Confirm(question, answers, urgent="d"), self._leave)

    def _leave(self, answer: str | None) -> None:
        if answer in _LEAVING:
            leaving = Leaving.ENDED if self._run.is_over else _LEAVING[answer or ""]
            self._screen.app.exit(AppResult(leaving))

    def _change_rate(self, factor: float) -> None:
        if self._can_change_load("the rate stays"):
            snapshot = self._run.snapshot
            before = 1.0 if snapshot is None else snapshot.rate_factor
            after = round(before * factor, 4)
            self._send(CommandKind.RATE_FACTOR, f"load × {after:.2f} of the profile's", after)

    def _hold_load(self) -> None:
        if not self._can_change_load("nothing to hold"):
            return
        if self._state is RunState.HOLDING:
            self._send(CommandKind.RESUME, "the load goes on")
        else:
            self._send(CommandKind.HOLD, "the load is held; p lets it go on")

    def _next_phase(self) -> None:
        if self._can_change_load("no next phase"):
            self._send(CommandKind.SKIP_PHASE, "on to the next phase")

    def _ask_to_stop(self) -> None:
        if self._can_act("nothing to stop"):
            answers = {"y": "stop the load, wait for what is in flight, and report"}
            self._screen.app.push_screen(Confirm("Stop the run?", answers, urgent="y"), self._stop)

    def _stop(self, answer: str | None) -> None:
        if answer == "y" and not self._run.is_over:
            self._send(CommandKind.DRAIN, "draining: waiting for what is in flight")

    def _send(self, kind: CommandKind, effect: str, value: float = 1.0) -> None:
        self._run.source.command(Command(kind, value))
        self._screen.notify(effect)
        self._sent()

    @property
    def _state(self) -> RunState:
        return RunState.PREPARING if self._run.snapshot is None else self._run.snapshot.state

    def _can_act(self, otherwise: str) -> bool:
        """If not, says why not."""
        reason = "the run has ended" if self._run.is_over else _DEAF.get(self._state)
        if reason is not None:
            self._screen.notify(f"{otherwise}: {reason}", severity="warning")
        return reason is None

    def _can_change_load(self, otherwise: str) -> bool:
        """Likewise; a search for capacity sets its own rate."""
        if not self._can_act(otherwise):
            return False
        if self._run.source.profile.capacity is not None:
            reason = "a search for capacity sets its own rate"
            self._screen.notify(f"{otherwise}: {reason}", severity="warning")
            return False
        return True
