"""The reference's tables of keys, made from the keys' declarations.

`python -m tests.repo.key_tables` prints them, with --fix it puts them into the pages of bench/help,
each in the place of the table that has the same first line, and writes the schema beside the
shipped profiles.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from bench.commands.support.topics import FOLDER
from bench.faults.kinds import KINDS
from bench.faults.read import COMMON, FAULT
from bench.profile.events import EVENTS, NAME, WEIGHT
from bench.profile.schema import PROFILE
from bench.schema.json_schema import schema_text
from bench.schema.markdown import key_table
from bench.tui.default_keys import DEFAULTS
from bench.tui.preferences import SETTINGS

SCHEMA = Path(__file__).parent.parent.parent / "profiles" / "lamload.schema.json"
KIND_HEAD = "| kind of fault | what it does | its own keys |"
_APART = {EVENTS.path, FAULT.path}
"""Sections of which the reference has less than the whole: their keys stand elsewhere too."""


def key_tables() -> list[str]:
    """Every table of keys that the reference must have, word for word."""
    sections = [one for one in PROFILE.sections() if one.path not in _APART]
    own = [key for facts in KINDS.values() for key in facts.keys]
    return [
        *map(key_table, sections),
        key_table(EVENTS, keys=[NAME, WEIGHT]),
        key_table(FAULT, keys=COMMON),
        kind_table(),
        key_table(FAULT, keys=own, head="key of a kind of fault"),
        key_table(SETTINGS.root, head="key of the settings"),
    ]


def kind_table() -> str:
    """A row for each kind of fault."""
    rows = [
        f"| `{kind.value}` | {facts.help} | {', '.join(f'`{key.name}`' for key in facts.keys)} |"
        for kind, facts in KINDS.items()
    ]
    return "\n".join([KIND_HEAD, "|---|---|---|", *rows]).replace("|  |", "| |") + "\n"


def actions() -> str:
    """The paragraph with every action that can have other keys."""
    names = ", ".join(f"`{action}` ({keys})" for action, keys in DEFAULTS.items())
    return f"Actions and their keys: {names}.\n"


def replaced(text: str) -> str:
    """The text with each of the tables in the place of the one that has its first line."""
    for table in key_tables():
        first = re.escape(table.partition("\n")[0])
        text = put(rf"^{first}\n(?:\|.*\n)*", table, text)
    return put(r"^Actions and their keys:.*\n", actions(), text)


def put(pattern: str, new: str, text: str) -> str:
    return re.sub(pattern, lambda _: new, text, flags=re.MULTILINE)


if __name__ == "__main__":
    if sys.argv[1:] == ["--fix"]:
        for page in FOLDER.glob("*.md"):
            page.write_text(replaced(page.read_text("utf-8")), "utf-8")
        SCHEMA.write_text(schema_text(PROFILE), "utf-8")
    else:
        print("\n".join([*key_tables(), actions()]))
