"""A colour and a marker for each series. Nothing is told by colour alone."""

from __future__ import annotations

from dataclasses import dataclass

# Okabe and Ito, "Color Universal Design" (2008), without black; ordered for contrast in sequence.
DARK = ("#56b4e9", "#e69f00", "#009e73", "#cc79a7", "#f0e442", "#d55e00", "#7d9bff", "#b0b0b0")
LIGHT = ("#0072b2", "#b87400", "#007a59", "#a3447f", "#8a7f00", "#b84a00", "#4053c0", "#606060")
ANSI = (
    "bright_cyan",
    "bright_yellow",
    "bright_green",
    "bright_magenta",
    "bright_blue",
    "bright_red",
    "white",
    "cyan",
)
MARKERS = "●▲■◆▼○△□◇▽✕✚"
ASCII_MARKERS = "ox+*#@%&=~ABCDEFGH"


@dataclass(frozen=True, slots=True)
class Look:
    """How one series is drawn."""

    marker: str
    colour: str


def looks(count: int, theme: str = "dark", ascii_only: bool = False) -> tuple[Look, ...]:
    """A look for each of count series; colours repeat before markers do."""
    colours = {"dark": DARK, "light": LIGHT, "ansi": ANSI}[theme]
    markers = ASCII_MARKERS if ascii_only else MARKERS
    return tuple(Look(markers[i % len(markers)], colours[i % len(colours)]) for i in range(count))
