"""The help of where you are: what the view shows, and every key as it is bound now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from rich.text import Text
from textual.binding import Binding

from bench.tui.keys import ALL, GRID_HELP, KEYS, LOAD, REPLAY, VIEW, Key
from bench.tui.views.base import View


def help_text(view: View, bound: Mapping[str, str], is_replay: bool) -> Text:
    """bound: action's name -> how its key is shown."""
    text = Text(view.help + "\n")
    groups = (VIEW, REPLAY, ALL) if is_replay else (VIEW, LOAD, ALL)
    for group in groups:
        keys = [key for key in KEYS if key.group == group and _has_a_place(key, view)]
        _section(text, group, ((bound.get(k.name, k.keys), _words(k, view)) for k in keys))
    own = list(_of_table(view, bound))
    if own:
        _section(text, f"the {view.title.lower()}", own)
    _section(text, "tables", GRID_HELP)
    return text


def _has_a_place(key: Key, view: View) -> bool:
    return key.name != "filter" or view.filters


def _words(key: Key, view: View) -> str:
    return f"change {view.metrics}" if key.name == "metric" else key.help


def _of_table(view: View, bound: Mapping[str, str]) -> Iterable[tuple[str, str]]:
    """Keys that only this view's table has."""
    for binding in type(view.table).BINDINGS if view.table is not None else ():
        if isinstance(binding, Binding) and binding.id is not None:
            yield bound.get(binding.id, binding.key), binding.description


def _section(text: Text, title: str, rows: Iterable[tuple[str, str]]) -> None:
    text.append(f"\n{title}\n", "bold")
    for key, words in rows:
        text.append(f"  {key:<14}", "bold")
        text.append(f" {words}\n")
