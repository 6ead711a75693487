"""Colours, styles and markers. Nothing is told by colour alone.

Series: Okabe and Ito, "Color Universal Design" (2008), without black, ordered for contrast in
sequence and darkened for a light ground. Heat: cividis (Nuñez, Anderton, Renslow 2018), which reads
the same to colour-blind eyes; on a light ground from light to dark. Each series has a marker too.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from rich.style import Style

MARKERS = "●▲■◆▼○△□◇▽✕✚"
ASCII_MARKERS = "ox+*#@%&$ABCDEFGHI"
"""None of those that ranges are drawn with, or that mark chance."""


class Tone(Enum):
    """What a piece of text is; a Paint says how it looks."""

    TEXT = "text"
    DIM = "dim"
    STRONG = "strong"
    TITLE = "title"
    GOOD = "good"
    WARN = "warn"
    BAD = "bad"
    ACCENT = "accent"
    CHIP = "chip"
    """Upside down: where the load goes."""
    ALARM = "alarm"
    """Upside down: what must not be overlooked."""


@dataclass(frozen=True, slots=True)
class SeriesStyle:
    """How one series is drawn, in charts and in the tables that are their legends."""

    marker: str
    colour: str


@dataclass(frozen=True, slots=True)
class Paint:
    """All styles of a theme."""

    name: str
    tones: dict[Tone, Style]
    rule: Style
    """Thin lines: section rules and axes."""
    grid: Style
    """Fainter than those."""
    cursor: Style
    cursor_blurred: Style
    series: tuple[str, ...]
    """Colours; empty where there are none."""
    heat: tuple[str, ...]
    """From few to many; empty where there are no colours."""

    def __getitem__(self, tone: Tone) -> Style:
        return self.tones[tone]

    def style_of(self, style: SeriesStyle) -> Style:
        """A series' style for Rich: its colour, or bold where there are no colours."""
        return Style(color=style.colour) if style.colour else Style(bold=True)

    def series_styles(self, count: int, ascii_only: bool = False) -> tuple[SeriesStyle, ...]:
        """A style for each of `count` series; colours repeat before markers do."""
        markers = ASCII_MARKERS if ascii_only else MARKERS
        colours = self.series or ("",)
        return tuple(
            SeriesStyle(markers[i % len(markers)], colours[i % len(colours)]) for i in range(count)
        )

    def other_colours(self, taken: int) -> tuple[str, ...]:
        """All colours, those behind the first `taken` of them in front; `('',)` without any."""
        colours = self.series or ("",)
        first = taken % len(colours)
        return (*colours[first:], *colours[:first])


def _paint(
    name: str,
    *,
    text: str,
    muted: str,
    faint: str,
    grid: str,
    ground: str,
    cursor: str,
    cursor_blurred: str,
    good: str,
    warn: str,
    bad: str,
    accent: str,
    series: tuple[str, ...],
    heat: tuple[str, ...],
) -> Paint:
    return Paint(
        name=name,
        tones={
            Tone.TEXT: Style(color=text),
            Tone.DIM: Style(color=muted),
            Tone.STRONG: Style(color=text, bold=True),
            Tone.TITLE: Style(color=accent, bold=True),
            Tone.GOOD: Style(color=good, bold=True),
            Tone.WARN: Style(color=warn, bold=True),
            Tone.BAD: Style(color=bad, bold=True),
            Tone.ACCENT: Style(color=accent),
            Tone.CHIP: Style(color=ground, bgcolor=accent, bold=True),
            Tone.ALARM: Style(color=ground, bgcolor=warn, bold=True),
        },
        rule=Style(color=faint),
        grid=Style(color=grid),
        cursor=Style(bgcolor=cursor),
        cursor_blurred=Style(bgcolor=cursor_blurred),
        series=series,
        heat=heat,
    )


DARK = _paint(
    "dark",
    text="#d5dde5", muted="#8896a5", faint="#465362", grid="#26303b", ground="#10151b",
    cursor="#24435c", cursor_blurred="#1c2731",
    good="#3fb68b", warn="#e6a23c", bad="#ff7b54", accent="#6cb6e8",
    series=("#56b4e9", "#e69f00", "#14b88a", "#d98cb9", "#f0e442", "#ec6b2d", "#93a8ff", "#b9c0c7"),
    heat=("#16304f", "#23406b", "#3f4f6c", "#5a606e", "#747372", "#8f8a77", "#aa9f72", "#c6b566",
          "#e2cd54", "#fee838"),
)  # fmt: skip

LIGHT = _paint(
    "light",
    text="#20272e", muted="#5f6b76", faint="#a9b2b8", grid="#dfe3e3", ground="#fbfbf9",
    cursor="#cfe3f3", cursor_blurred="#e9eeee",
    good="#00704f", warn="#8f5a00", bad="#b3330a", accent="#00649c",
    series=("#0072b2", "#b87400", "#007a59", "#a3447f", "#857b00", "#b84a00", "#4053c0", "#606a72"),
    heat=("#e3e8ef", "#c9d3e0", "#aebfd2", "#93abc5", "#7796b7", "#5c81a8", "#456c98", "#305786",
          "#1c4272", "#0a2c5c"),
)  # fmt: skip

ANSI = Paint(
    name="ansi",
    tones={
        Tone.TEXT: Style.null(),
        Tone.DIM: Style(dim=True),
        Tone.STRONG: Style(bold=True),
        Tone.TITLE: Style(color="blue", bold=True),
        Tone.GOOD: Style(color="green", bold=True),
        Tone.WARN: Style(color="yellow", bold=True),
        Tone.BAD: Style(color="red", bold=True),
        Tone.ACCENT: Style(color="blue"),
        Tone.CHIP: Style(color="blue", bold=True, reverse=True),
        Tone.ALARM: Style(color="yellow", bold=True, reverse=True),
    },
    rule=Style(dim=True),
    grid=Style(dim=True),
    cursor=Style(reverse=True),
    cursor_blurred=Style(bold=True),
    series=("cyan", "yellow", "green", "magenta", "blue", "red", "bright_black", "default"),
    heat=(),
)

PLAIN = Paint(
    name="plain",
    tones={
        Tone.TEXT: Style.null(),
        Tone.DIM: Style.null(),
        Tone.STRONG: Style(bold=True),
        Tone.TITLE: Style(bold=True),
        Tone.GOOD: Style(bold=True),
        Tone.WARN: Style(bold=True, underline=True),
        Tone.BAD: Style(bold=True, underline=True),
        Tone.ACCENT: Style(bold=True),
        Tone.CHIP: Style(bold=True, reverse=True),
        Tone.ALARM: Style(bold=True, reverse=True),
    },
    rule=Style.null(),
    grid=Style(dim=True),
    cursor=Style(reverse=True),
    cursor_blurred=Style(bold=True),
    series=(),
    heat=(),
)
"""Without any colour, for NO_COLOR."""
