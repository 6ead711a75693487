"""The user's own settings: theme, charts, keys. A TOML file that they write by hand.

    theme = "dark"            # "light", "ansi"
    charts = "braille"        # "block", "ascii"

    [keys]
    stop = "x"
    rate_up = "plus,right_square_bracket"

It is $XDG_CONFIG_HOME/lamload/config.toml, by default ~/.config/lamload/config.toml; the
environment variable LAMLOAD_CONFIG names another.
"""

from __future__ import annotations

import tomllib
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from textual.keys import KEY_NAME_REPLACEMENTS

from bench.errors import Problem, ProfileError
from bench.tui.themes import NAMES
from bench.tui.widgets.canvas import Glyphs

CONFIG = "LAMLOAD_CONFIG"
_KEYS = ("theme", "charts", "keys")


@dataclass(frozen=True, slots=True)
class Preferences:
    """keys: action's name -> keys, several with commas between."""

    theme: str = "dark"
    charts: Glyphs = Glyphs.BRAILLE
    keys: Mapping[str, str] = field(default_factory=dict)


def config_path(environ: Mapping[str, str]) -> Path:
    """Where the settings would be."""
    if environ.get(CONFIG):
        return Path(environ[CONFIG]).expanduser()
    base = environ.get("XDG_CONFIG_HOME") or "~/.config"
    return Path(base).expanduser() / "lamload" / "config.toml"


def load_preferences(
    environ: Mapping[str, str], known_keys: Mapping[str, str] | None = None
) -> Preferences:
    """The user's settings; defaults where there is no file.

    known_keys: action's name -> its default keys. Raises UsageError with every mistake.
    """
    path = config_path(environ)
    if not path.is_file():
        return Preferences()
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ProfileError(str(path), [Problem("", f"is not TOML: {error}")]) from error
    problems = list(_problems(document, known_keys or {}))
    if problems:
        raise ProfileError(str(path), problems)
    return Preferences(
        theme=document.get("theme", "dark"),
        charts=Glyphs(document.get("charts", Glyphs.BRAILLE.value)),
        keys=document.get("keys", {}),
    )


def _problems(document: Mapping[str, Any], known: Mapping[str, str]) -> Iterable[Problem]:
    for key in document:
        if key not in _KEYS:
            yield Problem(key, f"is not a setting; there are {', '.join(_KEYS)}")
    yield from _choice(document, "theme", NAMES)
    yield from _choice(document, "charts", [glyphs.value for glyphs in Glyphs])
    keys = document.get("keys", {})
    if not isinstance(keys, dict):
        yield Problem("keys", "must be a table, [keys]")
        return
    for action, bound in keys.items():
        if known and action not in known:
            yield Problem(f"keys.{action}", f"is no action; there are {', '.join(known)}")
        elif not isinstance(bound, str) or not bound.strip():
            yield Problem(f"keys.{action}", f"must be the name of a key (it is {bound!r})")
    yield from _clashes({k: v for k, v in keys.items() if isinstance(v, str)}, known)


def _choice(document: Mapping[str, Any], key: str, choices: Iterable[str]) -> Iterable[Problem]:
    if key in document and document[key] not in tuple(choices):
        yield Problem(key, f"must be one of {', '.join(choices)} (it is {document[key]!r})")


def _clashes(keys: Mapping[str, str], known: Mapping[str, str]) -> Iterable[Problem]:
    """A key that would do two things."""
    owner: dict[str, str] = {}
    for action, bound in {**known, **keys}.items():
        for key in split_keys(bound):
            other = owner.setdefault(key, action)
            if other != action and (action in keys or other in keys):
                mine = action if action in keys else other
                theirs = other if mine == action else action
                yield Problem(f"keys.{mine}", f"{key} is the key of {theirs}; give that another")


def split_keys(bound: str) -> list[str]:
    """The names of keys, characters by their long names."""
    names = [name.strip() for name in bound.split(",")]
    return [_key_name(name) if len(name) == 1 else name for name in names if name]


def _key_name(character: str) -> str:
    """As Textual calls it: `?` is `question_mark`."""
    if character.isalnum():
        return character
    name = unicodedata.name(character, character).lower().replace("-", "_").replace(" ", "_")
    return KEY_NAME_REPLACEMENTS.get(name, name)
