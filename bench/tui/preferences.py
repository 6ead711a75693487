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

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from textual.keys import KEY_NAME_REPLACEMENTS

from bench.errors import Problem, ProfileError, cause_of
from bench.folders import config_folder, expanded
from bench.schema.key import Key, NamesKey, values
from bench.schema.lines import Lines
from bench.schema.paths import joined, quoted
from bench.schema.section import Document, Section
from bench.schema.table import Reading, Table
from bench.schema.toml import decode, parse_toml
from bench.schema.values import Value, choice, one_of
from bench.tui.default_keys import DEFAULTS
from bench.tui.themes import NAMES
from bench.tui.widgets.canvas import Glyphs
from bench.units import shown

CONFIG = "LAMLOAD_CONFIG"


@dataclass(frozen=True, slots=True)
class Preferences:
    """keys: action's name -> keys, several with commas between."""

    theme: str = "dark"
    charts: Glyphs = Glyphs.BRAILLE
    keys: Mapping[str, str] = field(default_factory=dict)


def _bound(value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"must be the name of a key (it is {shown(value)})")
    return value


def _action(name: Any) -> str:
    if name not in DEFAULTS:
        raise ValueError(f"is no action; there are {', '.join(DEFAULTS)}")
    return str(name)


_DEFAULT = Preferences()
SETTINGS = Document(
    "the settings",
    Section(
        "",
        (
            Key(
                "theme", "the colours; `ansi` are the terminal's own", one_of(NAMES), _DEFAULT.theme
            ),
            Key("charts", "what lines are drawn with", choice(Glyphs), _DEFAULT.charts),
            NamesKey(
                "keys",
                "a table: other keys by action, several with commas between, as Textual names them",
                Value(_bound, {"type": "string", "pattern": r"\S"}),
                Value(_action, {"enum": list(DEFAULTS)}),
            ),
        ),
    ),
)
"""The file's keys, each declared once."""


def config_path(environ: Mapping[str, str]) -> Path:
    """Where the settings would be."""
    if environ.get(CONFIG):
        return expanded(environ[CONFIG])
    return config_folder(environ) / "config.toml"


def load_preferences(environ: Mapping[str, str]) -> Preferences:
    """The user's settings; defaults where there is no file.

    Raises ProfileError with every mistake in it.
    """
    path = config_path(environ)
    if not path.is_file():
        return Preferences()
    content = _read(path)
    reading = Reading(SETTINGS)
    root = reading.root(parse_toml(content, str(path)))
    found = Preferences(**values(root, SETTINGS.root))
    _check_clashes(root, found.keys)
    if reading.problems:
        raise ProfileError(str(path), Lines.of_toml(content).located(reading.problems))
    return found


def _read(path: Path) -> str:
    try:
        return decode(path.read_bytes(), str(path))
    except OSError as error:
        raise ProfileError(str(path), [Problem("", f"cannot be read: {cause_of(error)}")]) from None


def _check_clashes(root: Table, keys: Mapping[str, str]) -> None:
    """Note a key that would do two things."""
    owner: dict[str, str] = {}
    for action, bound in {**DEFAULTS, **keys}.items():
        for key in split_keys(bound):
            other = owner.setdefault(key, action)
            if other != action and (action in keys or other in keys):
                mine = action if action in keys else other
                theirs = other if mine == action else action
                place = joined("keys", quoted(mine))
                root.fault(place, f"{key} is the key of {theirs}; give that another")


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
