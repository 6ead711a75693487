"""Which line a key stands in, whatever form its table and its neighbours have."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest
import tomli_w
from hypothesis import given
from hypothesis import strategies as st

from bench.errors import Problem
from bench.profile import shipped_profiles
from bench.schema.lines import Lines
from bench.schema.paths import parent, quoted, written

DOCUMENT = '''# why?
title = "a # b [c]"  # a comment = 3
long = """
[not.a.table]
key = "x" \\"""
""""" # two quotes belong to it
raw = \'\'\'
[neither]
\'\'\'\'
when = 1979-05-27 07:32:00
list = [ # comment ]
  "a, ]",
  { x = 1, "y z" = [1,
    2] },
]
a.b.c = 1
a."d.e" = 2

[ table . "in quotes" ]
key = {p = {q = "}"}, r = [[], [3]]}

[[array]]
one = 1
[array.below]
two = 2
[[array]]
[[array.inner]]
three = 3
[[array.inner]]
four = 4
[other]
"\\u00e9" = 5
'''
PLACES = [
    ("title", 2),
    ("long", 3),
    ("raw", 7),
    ("when", 10),
    ("list", 11),
    ("list[0]", 12),
    ("list[1]", 13),
    ("list[1].x", 13),
    ('list[1]."y z"', 13),
    ('list[1]."y z"[0]', 13),
    ('list[1]."y z"[1]', 14),
    ("a", 16),
    ("a.b", 16),
    ("a.b.c", 16),
    ('a."d.e"', 17),
    ("table", 19),
    ('table."in quotes"', 19),
    ('table."in quotes".key', 20),
    ('table."in quotes".key.p.q', 20),
    ('table."in quotes".key.r[1][0]', 20),
    ("array", 22),
    ("array[0]", 22),
    ("array[0].one", 23),
    ("array[0].below.two", 25),
    ("array[1]", 26),
    ("array[1].inner[0].three", 28),
    ("array[1].inner[1].four", 30),
    ("other.é", 32),
]


@pytest.mark.parametrize(("path", "line"), PLACES)
def test_a_key_is_found_in_its_line(path: str, line: int) -> None:
    tomllib.loads(DOCUMENT)
    assert Lines.of_toml(DOCUMENT).of(path) == line


def test_windows_line_ends_count_once() -> None:
    assert Lines.of_toml(DOCUMENT.replace("\n", "\r\n")).of("array[1].inner[1].four") == 30


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("array[1].inner[0].missing", 27),
        ("array[1].inner[7]", 27),
        ('table."in quotes".key.nothing[3]."at all"', 20),
        ("nowhere.at.all", 1),
        ("", 1),
    ],
)
def test_a_missing_key_has_the_line_of_the_table_around_it(path: str, line: int) -> None:
    assert Lines.of_toml(DOCUMENT).of(path) == line


def test_a_mistake_made_elsewhere_gets_no_line() -> None:
    here, elsewhere = Problem("a.b.c", "is wrong"), Problem("a.b.c", "is wrong", "--set")
    found = Lines.of_toml(DOCUMENT).located([here, elsewhere])
    assert [problem.line for problem in found] == [16, None]


def test_json_has_lines_too() -> None:
    text = json.dumps({"faults": [{"kind": "x"}, {"kind": "y", "a b": [1, {"c": None}]}]}, indent=1)
    lines = Lines.of_json(text)
    assert text.splitlines()[lines.of("faults[1].kind") - 1].strip() == '"kind": "y",'
    assert text.splitlines()[lines.of('faults[1]."a b"[1].c') - 1].strip() == '"c": null'


names = st.text("ab-_ .\"'\\#[]=é\n\t🦀", min_size=1, max_size=5) | st.sampled_from(["a", "b", "c"])
texts = st.text("ab \"'\\#[]{}=,.\n\té", max_size=12)
plain = st.booleans() | st.integers(-9, 9) | texts | st.floats(allow_nan=False)
nested = st.recursive(
    plain | st.dates() | st.datetimes() | st.times(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
    max_leaves=6,
)


def literal(value: str) -> str | None:
    """The text in a form that tomli_w does not write, if it has one."""
    if "'''" in value or value.endswith("'") or value.startswith("\n"):
        return None
    return f"'''\n{value}'''" if "\n" in value else None


class Writer:
    """Writes a document and notes where it has written each key."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.places: dict[str, int] = {}

    def table(self, table: dict[str, Any], parts: tuple[str | int, ...] = ()) -> None:
        """Values first, then a header for each table and each table of an array."""
        headed = {name: value for name, value in table.items() if is_headed(value)}
        for name, value in table.items():
            if name not in headed:
                self.pair(name, value, (*parts, name))
        for name, value in headed.items():
            for index, item in enumerate(value if isinstance(value, list) else [value]):
                at: tuple[str | int, ...] = (*parts, name)
                header = ".".join(key(part) for part in at if isinstance(part, str))
                self.note(at)
                if isinstance(value, list):
                    at = (*at, index)
                    self.note(at)
                    header = f"[{header}]"
                self.lines += f"[{header}] # [comment] = 3".split("\n")
                self.table(item, at)

    def pair(self, name: str, value: Any, at: tuple[str | int, ...]) -> None:
        self.note(at)
        form = literal(value) if isinstance(value, str) else None
        text = tomli_w.dumps({"k": [value]}, multiline_strings=True).partition("[\n    ")[2]
        text = form or text.rstrip("\n").removesuffix(",\n]")
        self.lines += f"{key(name)} = {text} # end\n".split("\n")

    def note(self, at: tuple[str | int, ...]) -> None:
        self.places.setdefault(written(at), len(self.lines) + 1)


def is_headed(value: Any) -> bool:
    items = value if isinstance(value, list) else [value]
    return bool(items) and all(isinstance(item, dict) for item in items)


def key(name: str) -> str:
    return tomli_w.dumps({name: 1}).removesuffix(" = 1\n")


@given(document=st.dictionaries(names, nested, max_size=5))
def test_the_line_found_is_the_one_where_the_key_was_written(document: dict[str, Any]) -> None:
    writer = Writer()
    writer.table(document)
    text = "\n".join(writer.lines)
    tomllib.loads(text)
    lines = Lines.of_toml(text)
    assert {place: lines.of(place) for place in writer.places} == writer.places


@pytest.mark.parametrize("path", shipped_profiles(), ids=lambda path: path.stem)
def test_every_key_of_a_shipped_profile_is_in_the_line_that_is_found(path: Path) -> None:
    text = path.read_text("utf-8")
    lines = Lines.of_toml(text)
    for place, last in leaves(tomllib.loads(text)):
        assert last in text.splitlines()[lines.of(place) - 1], place


def leaves(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str, str]]:
    """Every key path with its last name."""
    if isinstance(value, dict):
        found = [(written((*path, name)), name) for name in value]
        return found + [
            leaf for name, item in value.items() for leaf in leaves(item, (*path, name))
        ]
    items = enumerate(value) if isinstance(value, list) else ()
    return [leaf for index, item in items for leaf in leaves(item, (*path, index))]


@given(st.lists(st.text(max_size=200) | st.integers(0, 99), min_size=1, max_size=4))
def test_a_path_without_its_last_part_is_that_of_the_table_around_it(
    parts: list[str | int],
) -> None:
    assert parent(written(parts)) == written(parts[:-1])


def test_a_name_is_cut_and_its_control_characters_are_shown() -> None:
    assert quoted("a-b_ö") == "a-b_ö"
    assert quoted('a "b"\x1b') == '"a \\"b\\"\\x1b"'
    assert len(quoted("x" * 300)) < 90
