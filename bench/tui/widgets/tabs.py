"""The names of the screens in one row; the one in view stands out. A click goes there."""

from __future__ import annotations

from collections.abc import Sequence

from rich.style import Style
from textual import events
from textual.strip import Strip

from bench.tui.messages import TabChosen
from bench.tui.palette import Tone
from bench.tui.widgets.painted import Painted, strip_of


class TabRow(Painted):
    """tabs are (key, name, title); on a narrow screen only the current one has its title."""

    DEFAULT_CSS = "TabRow { height: 1; }"

    def __init__(self, tabs: Sequence[tuple[str, str, str]], current: str) -> None:
        super().__init__(id="tabs")
        self._tabs = tuple(tabs)
        self.current = current
        self._places: list[tuple[int, int, str]] = []

    def go(self, name: str) -> None:
        """Another one is in view."""
        self.current = name
        self.redraw()

    def on_click(self, event: events.Click) -> None:
        """Tell which was clicked."""
        for start, end, name in self._places:
            if start <= event.x < end:
                self.post_message(TabChosen(name))

    def draw(self, width: int, height: int) -> list[Strip]:
        """The row."""
        whole = sum(len(f" {key} {title} ") + 1 for key, _, title in self._tabs)
        parts: list[tuple[str, Style]] = []
        self._places = []
        at = 0
        for key, name, title in self._tabs:
            current = name == self.current
            said = f" {key} {title} " if whole <= width or current else f" {key} "
            style = self.paint[Tone.CHIP if current else Tone.DIM]
            parts += [(said, style), (" ", Style.null())]
            self._places.append((at, at + len(said), name))
            at += len(said) + 1
        return [strip_of(parts, width)]
