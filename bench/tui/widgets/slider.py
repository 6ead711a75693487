"""Where a playback stands in its recording; a click goes there."""

from __future__ import annotations

from textual import events
from textual.strip import Strip

from bench.format import clock
from bench.model.times import NS_PER_S
from bench.tui.messages import SeekAsked
from bench.tui.palette import Tone
from bench.tui.widgets.strip_widget import StripWidget, strip_of


class Slider(StripWidget):
    """One row: ▶ 0:30 ━━━━━━●────── 0:45  ×4."""

    DEFAULT_CSS = "Slider { height: 1; }"

    def __init__(self) -> None:
        super().__init__(id="slider")
        self._at_s, self._end_s = 0.0, 0.0
        self._status = ""
        self._track = (0, 1)

    def show(self, at_s: float, end_s: float, status: str) -> None:
        """Draw this from now on; the status stands behind the bar."""
        self._at_s, self._end_s, self._status = at_s, end_s, status
        self.redraw()

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Go where it was clicked; follow the mouse while it is held."""
        self.capture_mouse()
        self._seek(event.x)

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """While it is pressed, the knob follows the mouse."""
        if event.button:
            self._seek(event.x)

    def on_mouse_up(self) -> None:
        """Released, the mouse moves it no longer."""
        self.release_mouse()

    def _seek(self, x: int) -> None:
        start, length = self._track
        self.post_message(SeekAsked(min(1.0, max(0.0, (x - start) / max(1, length - 1)))))

    def draw(self, width: int, _height: int) -> list[Strip]:
        """Position, track with its knob, end and status."""
        left, right = f" {_clock(self._at_s)} ", f" {_clock(self._end_s)}  {self._status} "
        length = max(4, width - len(left) - len(right))
        self._track = (len(left), length)
        share = self._at_s / self._end_s if self._end_s else 0.0
        at = min(length - 1, round(share * (length - 1)))
        done, knob, rest = ("=", "O", "-") if self.is_ascii else ("━", "●", "─")
        parts = [
            (left, self.paint[Tone.STRONG]),
            (done * at, self.paint[Tone.ACCENT]),
            (knob, self.paint[Tone.TITLE]),
            (rest * (length - at - 1), self.paint.rule),
            (right, self.paint[Tone.DIM]),
        ]
        return [strip_of(parts, width)]


def _clock(seconds: float) -> str:
    return clock(round(seconds * NS_PER_S))
