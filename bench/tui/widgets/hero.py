"""The figures that the run was made for, three rows high."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Size
from textual.renderables.digits import Digits
from textual.strip import Strip

from bench.format import MINUS
from bench.tui.palette import Tone
from bench.tui.widgets.strip_widget import StripWidget, strip_of

ROWS = 3
_BETWEEN = 4


@dataclass(frozen=True, slots=True)
class BigFigure:
    """A figure with what it is beside its head, and its unit beside its foot.

    detail: between the two, such as how well it is known.
    """

    figure: str
    caption: str
    unit: str
    tone: Tone = Tone.STRONG
    detail: str = ""


class Hero(StripWidget):
    """Big figures in one row, as many as have a place; none in ASCII, which has no such letters."""

    DEFAULT_CSS = "Hero { height: auto; padding: 0 1; }"

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._figures: tuple[BigFigure, ...] = ()

    @property
    def figures(self) -> tuple[BigFigure, ...]:
        """What it shows, also where it has no place."""
        return self._figures

    def show(self, figures: Sequence[BigFigure]) -> None:
        """Show these from now on; nothing takes no room."""
        before = bool(self._figures)
        self._figures = tuple(figures)
        if bool(self._figures) != before:
            self.ask_for_room()
        self.redraw()

    def get_content_height(self, _container: Size, _viewport: Size, _width: int) -> int:
        """Three rows, if there is anything to show."""
        return ROWS if self._figures else 0

    def draw(self, width: int, height: int) -> list[Strip]:
        """The figures from left to right."""
        blocks: list[tuple[BigFigure, list[tuple[str, str]]]] = []
        used = 0
        for figure in self._figures:
            block = _block(figure)
            used += _width(block) + (_BETWEEN if blocks else 0)
            if used > width:
                break
            blocks.append((figure, block))
        return [self._row(blocks, row, width) for row in range(min(ROWS, height))]

    def _row(
        self, blocks: Sequence[tuple[BigFigure, list[tuple[str, str]]]], row: int, width: int
    ) -> Strip:
        parts: list[tuple[str, Style]] = []
        for number, (figure, block) in enumerate(blocks):
            if number:
                parts.append((" " * _BETWEEN, Style.null()))
            digits, words = block[row]
            parts += [(digits, self.paint[figure.tone]), (words, self.paint[Tone.DIM])]
        return strip_of(parts, width)


def _block(figure: BigFigure) -> list[tuple[str, str]]:
    """Three rows of (digits, words), each of equal width."""
    words = (f" {figure.caption}", f" {figure.detail}", f" {figure.unit}")
    wide = max(map(len, words))
    return [
        (digits, text.ljust(wide))
        for digits, text in zip(_digits(figure.figure), words, strict=True)
    ]


def _width(block: Sequence[tuple[str, str]]) -> int:
    return sum(map(len, block[0]))


def _digits(figure: str) -> Iterator[str]:
    drawn = Digits(figure.replace(MINUS, "-")).render(Style(bold=True))
    segments = [part for part in drawn if isinstance(part, Segment)]
    rows = "".join(segment.text for segment in segments).split("\n")[:ROWS]
    wide = max(map(len, rows))
    return (row.ljust(wide) for row in rows)
