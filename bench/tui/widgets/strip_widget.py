"""What all of our widgets share: they draw strips in the app's paint, under a thin headed rule."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable
from itertools import pairwise
from typing import Protocol, cast

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from bench.tui.palette import DARK, Paint, Tone
from bench.tui.widgets.canvas import Glyphs
from bench.tui.widgets.columns import clipped, letters

NULL = Style.null()
"""Under NO_COLOR a segment without a style ends the app, so every one has this at least."""


class _Painter(Protocol):
    paint: Paint
    glyphs: Glyphs


class StripWidget(Widget):
    """A widget that draws whole strips and redraws those that changed."""

    DEFAULT_CSS = "StripWidget { height: auto; }"
    ALLOW_SELECT = False

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._strips: list[Strip] = []
        self._drawn_for: tuple[int, int, str, Glyphs, bool] | None = None

    @property
    def paint(self) -> Paint:
        """The styles of the theme in force."""
        return cast(_Painter, self.app).paint if hasattr(self.app, "paint") else DARK

    @property
    def glyphs(self) -> Glyphs:
        """What charts are drawn with: dots of braille, blocks or ASCII."""
        return cast(_Painter, self.app).glyphs if hasattr(self.app, "glyphs") else Glyphs.BRAILLE

    @property
    def is_ascii(self) -> bool:
        """True if rules and markers are ASCII too."""
        return self.glyphs is Glyphs.ASCII

    @abstractmethod
    def draw(self, width: int, height: int) -> list[Strip]:
        """All rows of the widget at this size."""

    def redraw(self) -> None:
        """Draw again what the widget shows, and have the rows that differ painted."""
        if not self.size.area or not self.is_mounted:
            self._drawn_for = None
            return
        before = self._strips if self._drawn_for == self._state else []
        self._draw_now()
        if not before:
            self.refresh()
            return
        for y, strip in enumerate(self._strips):
            if y >= len(before) or strip != before[y]:
                self.refresh(changed_region(before[y] if y < len(before) else None, strip, y))

    def ask_for_room(self) -> None:
        """Its height is another now. Asked for amid another layout, that would be forgotten."""
        self._drawn_for = None
        self.refresh(layout=True)
        self.call_after_refresh(self.refresh, layout=True)

    @property
    def _state(self) -> tuple[int, int, str, Glyphs, bool]:
        return (*self.size, self.paint.name, self.glyphs, self.has_focus)

    def _draw_now(self) -> None:
        self._drawn_for = self._state
        ground = Style(bgcolor=self.background_colors[1].rich_color)
        width, height = self.size
        drawn = self.draw(width, height)
        drawn += [blank(width)] * (height - len(drawn))
        if self.is_ascii:
            drawn = [_in_ascii(strip) for strip in drawn]
        self._strips = [strip.apply_style(ground) for strip in drawn]

    def render_line(self, y: int) -> Strip:
        """A row of what was drawn last; Textual asks for each that is to be painted."""
        if self._drawn_for != self._state:
            self._draw_now()
        return self._strips[y] if y < len(self._strips) else blank(self.size.width)

    def on_focus(self) -> None:
        """The heading of the focused section stands out."""
        self.refresh()

    def on_blur(self) -> None:
        """It does so no longer."""
        self.refresh()

    def section(self, width: int, title: str, note: str = "") -> Strip:
        """`── title ── note ─────`: the first row of a section."""
        rule = "-" if self.is_ascii else "─"
        tone = Tone.TITLE if self.has_focus else Tone.STRONG
        parts = [(f"{rule}{rule} ", self.paint.rule), (title, self.paint[tone])]
        room = width - cell_len(title) - 8
        if note and room > 6:
            text = clipped(note, room)
            text = text.replace("…", "~") if self.is_ascii else text
            parts += [(f" {rule} ", self.paint.rule), (text, self.paint[Tone.DIM])]
        used = sum(cell_len(text) for text, _ in parts)
        parts.append((" " + rule * max(0, width - used - 1), self.paint.rule))
        return strip_of(parts, width)


def changed_region(before: Strip | None, after: Strip, y: int) -> Region:
    """The cells of a row in which it differs from what it was."""
    width = after.cell_length
    if before is None or before.cell_length != width:
        return Region(0, y, width, 1)
    old, new = _cells(before), _cells(after)
    if not len(old) == len(new) == width:  # letters that are wider together than one by one
        return Region(0, y, width, 1)
    differing = [x for x, (one, other) in enumerate(zip(old, new, strict=True)) if one != other]
    if not differing:
        return Region(0, y, width, 1)
    return Region(differing[0], y, differing[-1] - differing[0] + 1, 1)


def _cells(strip: Strip) -> list[tuple[str, int, Style | None]]:
    """What stands in each cell: a letter, which of its cells it is, its style.

    A wide letter has two cells, and a combining one stands in that of the letter before it.
    """
    cells: list[tuple[str, int, Style | None]] = []
    for segment in strip:
        for letter, width in letters(segment.text):
            cells += [(letter, place, segment.style) for place in range(width)]
    return cells


_ASCII = str.maketrans("−–…★≥≈±·×µ─┄│┤━‹›▲▼→←↑↓◌▶‖▽■✕●", "--~*>~~.xu-.||=<>^v><^vo>|v#x@")
"""Our own signs in one cell each; what others say goes through as it is."""
_BETWEEN = (" … ", " - ")
"""Of two ends: as a sign for words that are cut it would be one for chance there."""


def _in_ascii(strip: Strip) -> Strip:
    return Strip(
        [Segment(part.text.replace(*_BETWEEN).translate(_ASCII), part.style) for part in strip]
    )


def strip_of(parts: Iterable[tuple[str, Style]], width: int) -> Strip:
    """A row of exactly this width."""
    strip = Strip([Segment(text, style) for text, style in parts if text])
    return strip.adjust_cell_length(width, NULL)


def blank(width: int) -> Strip:
    """A row of so many empty cells."""
    return Strip.blank(width, NULL)


def text_strip(text: Text, width: int) -> Strip:
    """A line of Rich text, cut or filled to the width."""
    parts: list[tuple[str, Style]] = []
    plain = text.plain
    edges = sorted({0, len(plain), *(e for span in text.spans for e in (span.start, span.end))})
    for start, end in pairwise(edges):
        style = NULL
        for span in text.spans:
            if span.start <= start and end <= span.end and isinstance(span.style, Style):
                style += span.style
        parts.append((plain[start:end], style))
    if cell_len(plain) > width:
        parts = _cut(parts, width - 1)
        parts.append(("…", NULL))
    return strip_of(parts, width)


def _cut(parts: list[tuple[str, Style]], width: int) -> list[tuple[str, Style]]:
    kept: list[tuple[str, Style]] = []
    for text, style in parts:
        room = width - sum(cell_len(t) for t, _ in kept)
        if room <= 0:
            break
        kept.append((text if cell_len(text) <= room else set_cell_size(text, room), style))
    return kept
