"""The keys that act on the load. What cannot be done is said, and nothing is sent."""

from __future__ import annotations

from abc import abstractmethod

from textual.screen import Screen

from bench.model.live import COMMAND_EVENT, RunEvent, RunState, Snapshot
from bench.model.load import Command, CommandKind
from bench.tui.screens.dialogs import Confirm
from bench.tui.source import AppResult, Leaving, Playback, RunSource
from bench.tui.state import OVER

RATE_STEP = 1.1
SPEED_STEP = 2.0
_LEAVING = {"d": Leaving.DRAIN, "a": Leaving.ABORT, "g": Leaving.DETACH}


class LoadKeys(Screen[None]):
    """Mixed into the screen of a run, which keeps snapshot, source and failure."""

    source: RunSource
    snapshot: Snapshot | None = None
    failure: str = ""
    """What the load died of, if it did."""
    nested: bool = False
    """True for a replay that was opened from another run's screen."""
    factor: float = 1.0
    """Of the profile's rate, as last asked for."""
    _followed: RunEvent | None = None

    @abstractmethod
    def poll(self) -> None:
        """Look at the run again."""

    @property
    def playback(self) -> Playback | None:
        """The recording's controls, if this is one."""
        return self.source if isinstance(self.source, Playback) else None

    @property
    def is_over(self) -> bool:
        """True once the load can't be changed any more."""
        return bool(self.failure) or (self.snapshot is not None and self.snapshot.state in OVER)

    def follow_factor(self, snapshot: Snapshot) -> None:
        """Take over a factor that no key of this screen set: of a recording, or replayed."""
        factors = (event for event in reversed(snapshot.events) if _is_factor(event))
        latest = next(factors, None)
        if self.playback is not None:
            self.factor = 1.0 if latest is None else float(latest.fields["value"])
        elif latest is not None and latest != self._followed and latest.fields.get("replayed"):
            self._followed = latest
            self.factor = float(latest.fields["value"])

    def _send(self, kind: CommandKind, said: str, value: float = 1.0) -> None:
        self.source.command(Command(kind, value))
        self.notify(said)
        self.poll()

    def _can_steer(self, what: str) -> bool:
        """Says why not, if not."""
        reason = self._why_not()
        if reason is not None:
            self.notify(f"{what}: {reason}", severity="warning")
        return reason is None

    def _why_not(self) -> str | None:
        if self.playback is not None:
            return "this is a recording"
        if self.is_over:
            return "the run has ended"
        state = self.snapshot.state if self.snapshot is not None else RunState.PREPARING
        if state is RunState.PREPARING:
            return "the run has not begun"
        if state is RunState.DRAINING:
            return "the run is draining"
        return None

    def _can_change_load(self, what: str) -> bool:
        if self._can_steer(what) and self.source.profile.capacity is not None:
            self.notify(f"{what}: a search for capacity sets its own rate", severity="warning")
            return False
        return self._why_not() is None

    # -- the keys

    def action_rate(self, direction: int) -> None:
        """A tenth more or less load; twice or half the speed of a replay."""
        if self.playback is not None:
            self.playback.faster(SPEED_STEP**direction)
            self.poll()
        elif self._can_change_load("the rate stays"):
            self.factor = round(self.factor * RATE_STEP**direction, 4)
            said = f"load × {self.factor:.2f} of the profile's"
            self._send(CommandKind.RATE_FACTOR, said, self.factor)

    def action_hold_load(self) -> None:
        """Hold the load, or let it go on."""
        if not self._can_change_load("nothing to hold"):
            return
        if self.snapshot is not None and self.snapshot.state is RunState.HOLDING:
            self._send(CommandKind.RESUME, "the load goes on")
        else:
            self._send(CommandKind.HOLD, "the load is held; p lets it go on")

    def action_next_phase(self) -> None:
        """Leave this phase for the next one."""
        if self._can_change_load("no next phase"):
            self._send(CommandKind.SKIP_PHASE, "on to the next phase")

    def action_stop(self) -> None:
        """Stop and drain, after asking."""
        if self._can_steer("nothing to stop"):
            answers = {"y": "stop the load, wait for what is in flight, and report"}
            self.app.push_screen(Confirm("Stop the run?", answers, urgent="y"), self._stop)

    def _stop(self, answer: str | None) -> None:
        if answer == "y" and not self.is_over:
            self._send(CommandKind.DRAIN, "draining: waiting for what is in flight")

    def action_leave(self) -> None:
        """Quit; asks while the run goes on; comes back from a replay to the run."""
        if self.nested:
            self.dismiss()
        elif self.is_over or self.playback is not None:
            self.app.exit(AppResult(Leaving.ENDED))
        else:
            answers = {key: leaving.value for key, leaving in _LEAVING.items()}
            question = "The run is not over. What becomes of it?"
            self.app.push_screen(Confirm(question, answers, urgent="d"), self._leave)

    def _leave(self, answer: str | None) -> None:
        if answer in _LEAVING:
            over = Leaving.ENDED if self.is_over else _LEAVING[answer or ""]
            self.app.exit(AppResult(over))


def _is_factor(event: RunEvent) -> bool:
    return event.kind == COMMAND_EVENT and event.text == CommandKind.RATE_FACTOR.value
