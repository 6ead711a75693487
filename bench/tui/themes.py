"""The three themes that `T` goes through, and the paint of each."""

from __future__ import annotations

from collections.abc import Mapping
from io import StringIO

from rich.console import Console
from textual.theme import BUILTIN_THEMES, Theme

from bench.tui.palette import ANSI, DARK, LIGHT, Paint

NAMES = ("dark", "light", "ansi")
_PREFIX = "lamload-"

_DARK = Theme(
    name=_PREFIX + "dark",
    primary="#6cb6e8",
    secondary="#3fb68b",
    accent="#6cb6e8",
    warning="#e6a23c",
    error="#ff7b54",
    success="#3fb68b",
    foreground="#d5dde5",
    background="#10151b",
    surface="#151c24",
    panel="#1b242e",
    dark=True,
    variables={
        "footer-background": "#151c24",
        "footer-key-foreground": "#6cb6e8",
        "footer-description-foreground": "#8896a5",
        "block-cursor-background": "#24435c",
        "block-cursor-foreground": "#ffffff",
    },
)

_LIGHT = Theme(
    name=_PREFIX + "light",
    primary="#00649c",
    secondary="#00704f",
    accent="#00649c",
    warning="#8f5a00",
    error="#b3330a",
    success="#00704f",
    foreground="#20272e",
    background="#fbfbf9",
    surface="#f2f3f0",
    panel="#e8eae7",
    dark=False,
    variables={
        "footer-background": "#f2f3f0",
        "footer-key-foreground": "#00649c",
        "footer-description-foreground": "#5f6b76",
        "block-cursor-background": "#cfe3f3",
        "block-cursor-foreground": "#000000",
    },
)


def _ansi() -> Theme:
    """The terminal's own colours, on its own ground, whether that is dark or light."""
    base = BUILTIN_THEMES["ansi-dark"]
    return Theme(
        name=_PREFIX + "ansi",
        primary=base.primary,
        secondary=base.secondary,
        accent="ansi_blue",
        warning=base.warning,
        error=base.error,
        success=base.success,
        foreground=base.foreground,
        background=base.background,
        surface=base.surface,
        panel=base.panel,
        boost=base.boost,
        dark=True,
        ansi=True,
        variables={
            **base.variables,
            "footer-background": "ansi_default",
            "footer-foreground": "ansi_default",
            "footer-key-foreground": "ansi_blue",
            "footer-key-background": "ansi_default",
            "footer-item-background": "ansi_default",
            "footer-description-foreground": "ansi_default",
            "footer-description-background": "ansi_default",
        },
    )


THEMES: dict[str, Theme] = {"dark": _DARK, "light": _LIGHT, "ansi": _ansi()}
PAINTS: dict[str, Paint] = {"dark": DARK, "light": LIGHT, "ansi": ANSI}


def fitting_theme(chosen: str, environ: Mapping[str, str]) -> str:
    """One of NAMES: the terminal's own colours where it has eight or sixteen, for dark ones.

    Others are then the nearest of those, and words on the highlighted row cannot be read.
    """
    system = environ.get("TEXTUAL_COLOR_SYSTEM", "auto")
    if system == "auto":
        screen = Console(file=StringIO(), force_terminal=True, _environ=environ)
        system = screen.color_system or "none"
    return "ansi" if chosen == "dark" and system == "standard" else chosen


def theme_name(name: str) -> str:
    """Textual's name of one of NAMES."""
    return _PREFIX + name


def short_name(theme: str) -> str:
    """One of NAMES; another theme of Textual's, picked in the palette, counts as dark."""
    name = theme.removeprefix(_PREFIX)
    return name if name in NAMES else "dark"
