"""The seam between a run and its view: a live session or a recording, seen the same way."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Protocol, runtime_checkable

from bench.model.live import Snapshot
from bench.model.load import Command
from bench.model.profile import Profile
from bench.model.result import Window
from bench.record.finding import Results
from bench.stats.alike import Curves
from bench.stats.one_kind import ClassCurves


class RunSource(Protocol):
    """What the TUI reads. All of it is cheap and none of it waits."""

    @property
    def profile(self) -> Profile:
        """Of the run, or of the recorded one, as it was resolved."""

    def snapshot(self) -> Snapshot:
        """The run at this moment, with the intervals that changed since the last call."""

    def command(self, command: Command) -> None:
        """Ask something of the run; a recording takes none."""

    def window(self, seconds: int | None) -> tuple[Window, ...]:
        """Per variant, the last seconds; None for the whole run's measured phases."""

    def curves(self) -> Curves:
        """Whole distributions so far, by the variant's name; measured phases."""

    def class_curves(self) -> ClassCurves:
        """Response times of cold, warm, retried and failed invocations, likewise."""

    def results(self) -> Results:
        """What the run tells of its question, part by part; looked at every few seconds."""


@runtime_checkable
class Playback(Protocol):
    """What a recording can do beside: time is the viewer's."""

    @property
    def position_s(self) -> float:
        """Where it stands, from 0 to end_s."""

    @property
    def end_s(self) -> float:
        """Where it ends, or ends so far."""

    @property
    def status(self) -> str:
        """What it does, for the slider: `playing ×4`, `paused`, `following`."""

    @property
    def is_running(self) -> bool:
        """True while the run that it shows goes on."""

    @property
    def rewound(self) -> bool:
        """True once after time went back: what was shown of later seconds is to be forgotten."""

    def seek(self, position_s: float) -> None:
        """Go to a second of the run; beyond an end, to that end."""

    def toggle(self) -> None:
        """Play or pause; at the end, play from the beginning."""

    def change_speed(self, factor: float) -> None:
        """Play so many times as fast as now, within bounds."""


class Leaving(Enum):
    """What is to become of the load when the view is left."""

    ENDED = "the run has ended"
    DRAIN = "stop, wait for answers, report"
    ABORT = "stop at once and report"
    DETACH = "go on without a view"
    UNSTARTED = "nothing was started"


@dataclass(frozen=True, slots=True)
class AppResult:
    """What the app returns to the command that started it."""

    leaving: Leaving
