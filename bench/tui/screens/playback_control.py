"""The keys of a playback, in which time is the viewer's and there is no load to change."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from textual.screen import Screen

from bench.tui.keys import Commands
from bench.tui.source import AppResult, Leaving, Playback

SPEED_STEP = 2.0


class PlaybackControl:
    """Moves a recording. moved is called whenever it stands elsewhere or plays otherwise."""

    def __init__(
        self, playback: Playback, screen: Screen[Any], moved: Callable[[], object]
    ) -> None:
        self._playback = playback
        self._screen = screen
        self._moved = moved

    @property
    def commands(self) -> Commands:
        """By the names of their keys; hold_view plays or pauses."""
        return {
            "rate_up": partial(self._change_speed, SPEED_STEP),
            "rate_down": partial(self._change_speed, 1 / SPEED_STEP),
            "hold_load": partial(self._refuse, "nothing to hold"),
            "next_phase": partial(self._refuse, "no next phase"),
            "stop": partial(self._refuse, "nothing to stop"),
            "hold_view": self._toggle,
            "back_1": partial(self._step, -1),
            "forward_1": partial(self._step, 1),
            "back_10": partial(self._step, -10),
            "forward_10": partial(self._step, 10),
        }

    def leave(self) -> None:
        """Leave the app: a recording has no load that could go on."""
        self._screen.app.exit(AppResult(Leaving.ENDED))

    def seek(self, share: float) -> None:
        """Go to a share of the recording, 0..1."""
        self._playback.seek(share * self._playback.end_s)
        self._moved()

    def _step(self, seconds: int) -> None:
        self._playback.seek(self._playback.position_s + seconds)
        self._moved()

    def _toggle(self) -> None:
        self._playback.toggle()
        self._moved()

    def _change_speed(self, factor: float) -> None:
        self._playback.change_speed(factor)
        self._moved()

    def _refuse(self, otherwise: str) -> None:
        self._screen.notify(f"{otherwise}: this is a recording", severity="warning")
