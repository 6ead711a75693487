"""The help of where you are: what the view shows, and every key as it is bound now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from textwrap import wrap

from rich.text import Text

from bench.tui.keys import ALL, ALWAYS_HELP, GRID_HELP, KEYS, LOAD, PLAYBACK, VIEW, KeyBinding
from bench.tui.screens.reasons import WIDEST
from bench.tui.views.base import View

_KEYS_WIDTH = 17
"""Cells of a line before its words: margin, keys, gap."""


def help_text(
    view: View, bound: Mapping[str, str], *, is_playback: bool, views: int, width: int
) -> Text:
    """bound: command -> how its keys are shown; views: how many there are; width: of a line, in
    cells.
    """
    text = Text(flowing(view.help, width) + "\n")
    groups = (VIEW, PLAYBACK, ALL) if is_playback else (VIEW, LOAD, ALL)
    for group in groups:
        keys = [
            key for key in KEYS if _group(key, is_playback) == group and _has_a_place(key, view)
        ]
        rows = [(bound.get(k.name, k.keys), _description(k, view)) for k in keys]
        _section(text, group, rows, width)
    own = list(_of_table(view, bound))
    if own:
        _section(text, f"the {view.title.lower()}", own, width)
    elsewhere = (f"1 … {views}", "another screen")
    _section(text, "tables", (*GRID_HELP, elsewhere, *ALWAYS_HELP), width)
    return text


def flowing(paragraphs: str, width: int) -> str:
    """Paragraphs, one a line, as lines that are no longer than they read well."""
    widest = min(width, WIDEST)
    lines = [line for text in paragraphs.splitlines() for line in wrap(text, widest) or [""]]
    return "\n".join(lines)


def _group(key: KeyBinding, is_playback: bool) -> str:
    """In a playback + and - are its own: they change how fast it plays."""
    return PLAYBACK if is_playback and key.name in ("rate_up", "rate_down") else key.group


def _has_a_place(key: KeyBinding, view: View) -> bool:
    return key.name != "filter" or view.filters


def _description(key: KeyBinding, view: View) -> str:
    return f"change {view.metrics}" if key.name == "metric" else key.help


def _of_table(view: View, bound: Mapping[str, str]) -> Iterable[tuple[str, str]]:
    """Keys that only this view's table has."""
    for key in view.own_keys:
        yield bound.get(str(key.id), key.key), key.description


def _section(text: Text, title: str, rows: Iterable[tuple[str, str]], width: int) -> None:
    text.append(f"\n{title}\n", "bold")
    for key, words in rows:
        text.append(f"  {key:<14}", "bold")
        lines = wrap(words, max(20, width - _KEYS_WIDTH))
        text.append(f" {(chr(10) + ' ' * _KEYS_WIDTH).join(lines)}\n")
