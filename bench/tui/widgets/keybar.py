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
    """key as it is shown, its label, and the action of the screen that it stands for.

    opposite: key and action of another key with the same label: `+ - rate`.
    """

    key: str
    label: str
    action: str
    opposite: tuple[str, str] | None = None

    @property
    def keys(self) -> tuple[tuple[str, str], ...]:
        """(key, action) of the one, or of both."""
        own = (self.key, self.action)
        return (own,) if self.opposite is None else (own, self.opposite)

    @property
    def length(self) -> int:
        """How many cells it takes."""
        return sum(cell_len(key) + 1 for key, _ in self.keys) + cell_len(self.label)


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
        """Run the action of the key that was clicked."""
        for start, end, action in self._places:
            if start <= event.x - 1 < end and action:
                await self.screen.run_action(action)

    def draw(self, width: int, _height: int) -> list[Strip]:
        """As many hints as there is room for; a shorter one may follow one that has none."""
        parts: list[tuple[str, Style]] = []
        self._places = []
        at = 0
        for hint in self._hints:
            if at + hint.length > width:
                continue
            end = at + hint.length
            for number, (key, action) in enumerate(hint.keys):
                parts += [(" ", self.paint[Tone.DIM])] if number else []
                parts.append((key, self.paint[Tone.TITLE]))
                self._places.append((at, at + cell_len(key) + 1, action))
                at += cell_len(key) + 1
            parts += [(f" {hint.label}", self.paint[Tone.DIM]), ("   ", Style.null())]
            if hint.opposite is None:
                self._places.append((at, end, hint.action))
            at = end + 3
        return [strip_of(parts, width)]
