"""The keys that matter here, as they are bound now, as many as fit. A click does the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.style import Style
from textual import events
from textual.strip import Strip

from bench.tui.palette import Tone
from bench.tui.widgets.strip_widget import StripWidget, strip_of


@dataclass(frozen=True, slots=True)
class Hint:
    """key as it is shown, words, and the action of the screen that it stands for."""

    key: str
    words: str
    action: str


class KeyBar(StripWidget):
    """One row at the bottom."""

    DEFAULT_CSS = "KeyBar { height: 1; dock: bottom; padding: 0 1; background: $surface; }"

    def __init__(self) -> None:
        super().__init__(id="keys")
        self._hints: Sequence[Hint] = ()
        self._places: list[tuple[int, int, str]] = []

    def show(self, hints: Sequence[Hint]) -> None:
        """Show these, the first ones first."""
        if tuple(hints) != self._hints:
            self._hints = tuple(hints)
            self.redraw()

    async def on_click(self, event: events.Click) -> None:
        """Do what was clicked."""
        for start, end, action in self._places:
            if start <= event.x - 1 < end and action:
                await self.screen.run_action(action)

    def draw(self, width: int, height: int) -> list[Strip]:
        """The row."""
        parts: list[tuple[str, Style]] = []
        self._places = []
        at = 0
        for hint in self._hints:
            length = cell_len(hint.key) + 1 + cell_len(hint.words)
            if at + length > width:
                continue
            parts += [
                (hint.key, self.paint[Tone.TITLE]),
                (f" {hint.words}", self.paint[Tone.DIM]),
                ("   ", Style.null()),
            ]
            self._places.append((at, at + length, hint.action))
            at += length + 3
        return [strip_of(parts, width)]
