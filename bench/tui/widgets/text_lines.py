"""A few lines of styled text that never wrap and only redraw where they changed."""

from __future__ import annotations

from collections.abc import Sequence

from rich.style import Style
from rich.text import Text
from textual.geometry import Size
from textual.strip import Strip

from bench.tui.palette import Tone
from bench.tui.widgets.strip_widget import StripWidget, text_strip

TextPiece = str | tuple[str, Tone | Style]
TextLine = Sequence[TextPiece]
"""Pieces of text, plain or with a tone."""


class TextLines(StripWidget):
    """Shows lines; with a title, under a headed rule."""

    DEFAULT_CSS = "TextLines { height: auto; padding: 0 1; }"

    def __init__(
        self,
        *,
        id: str | None = None,
        classes: str | None = None,
        title: str = "",
        rows: int | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self._title, self._note = title, ""
        self._lines: Sequence[TextLine] = ()
        self._rows = rows

    def show(self, lines: Sequence[TextLine], note: str = "") -> None:
        """Show these from now on."""
        before = self._height
        self._lines, self._note = tuple(lines), note
        if self._height != before:
            self.ask_for_room()
        else:
            self.redraw()

    @property
    def plain(self) -> str:
        """What is shown, without styles."""
        return "\n".join(self._text(line).plain for line in self._lines)

    @property
    def _height(self) -> int:
        rows = self._rows if self._rows is not None else len(self._lines)
        return rows + bool(self._title)

    def get_content_height(self, _container: Size, _viewport: Size, _width: int) -> int:
        """As many rows as there are lines, or always the same if rows was given."""
        return self._height

    def draw(self, width: int, _height: int) -> list[Strip]:
        """The lines, cut to the width."""
        head = [self.section(width, self._title, self._note)] if self._title else []
        return head + [text_strip(self._text(line), width) for line in self._lines]

    def _text(self, line: TextLine) -> Text:
        text = Text()
        for part in line:
            if isinstance(part, str):
                text.append(part, self.paint[Tone.TEXT])
            else:
                words, tone = part
                text.append(words, tone if isinstance(tone, Style) else self.paint[tone])
        return text
