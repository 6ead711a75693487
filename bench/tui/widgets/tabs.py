"""The names of the screens in one row; the one in view stands out. A click goes there."""

from __future__ import annotations

from collections.abc import Sequence

from rich.style import Style
from textual import events
from textual.strip import Strip

from bench.tui.messages import TabChosen
from bench.tui.palette import Tone
from bench.tui.widgets.strip_widget import StripWidget, strip_of


class TabRow(StripWidget):
    """tabs are (key, name, title). Where titles have no room their first words stand, closer
    together if need be, else only the current one's.
    """

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
        """Send which tab was clicked; what is beside them is none."""
        for start, end, name in self._places:
            if start <= event.x < end:
                self.post_message(TabChosen(name))

    def draw(self, width: int, _height: int) -> list[Strip]:
        """The tabs, the current one upside down."""
        titles, pad, gap = self._titles(width)
        parts: list[tuple[str, Style]] = []
        self._places = []
        at = 0
        for (key, name, _), title in zip(self._tabs, titles, strict=True):
            tab = f" {key} {title}{pad}" if title else f" {key} "
            style = self.paint[Tone.CHIP if name == self.current else Tone.DIM]
            parts += [(tab, style), (gap, Style.null())]
            self._places.append((at, at + len(tab), name))
            at += len(tab) + len(gap)
        return [strip_of(parts, width)]

    def _titles(self, width: int) -> tuple[list[str], str, str]:
        """What stands behind each key, behind that, and between two tabs."""
        whole = [title for _, _, title in self._tabs]
        if sum(len(title) + 5 for title in whole) <= width:
            return whole, " ", " "
        words = [title.split()[0] for title in whole]
        for pad in (" ", ""):
            if sum(len(f" 1 {word}{pad}") for word in words) <= width:
                return words, pad, ""
        current = [title if name == self.current else "" for _, name, title in self._tabs]
        return current, " ", " "
