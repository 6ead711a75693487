"""The seam between a run and its view: a live session or a recording, seen the same way."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from bench.model import Command, Snapshot, Window


class RunSource(Protocol):
    """What the TUI reads. All of it is cheap and none of it waits."""

    def snapshot(self) -> Snapshot:
        """The run at this moment, with the intervals that changed since the last call."""

    def command(self, command: Command) -> None:
        """Ask something of the run; a recording takes none."""

    def window(self, seconds: int | None) -> tuple[Window, ...]:
        """Per variant, the last seconds; None for the whole run's measured phases."""


class Leaving(Enum):
    """What is to become of the load when the view is left."""

    ENDED = "the run has ended"
    DRAIN = "stop, wait for answers, report"
    ABORT = "stop at once and report"
    DETACH = "go on without a view"


@dataclass(frozen=True, slots=True)
class AppResult:
    """What the app returns."""

    leaving: Leaving
