"""From one declaration of a key falls out all that is known of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any

import pytest

from bench.schema.files import existing_file
from bench.schema.key import (
    ANY_NAME,
    Key,
    ListKey,
    NamesKey,
    TableKey,
    section_schema,
    values,
)
from bench.schema.markdown import key_table
from bench.schema.quantities import duration, share
from bench.schema.section import Document, Section
from bench.schema.table import Reading
from bench.schema.values import choice, flag, text, whole


class Colour(Enum):
    RED = "red"
    BLUE = "dark-blue"


@dataclass(frozen=True, slots=True)
class Wall:
    height: int = 3
    colours: tuple[Colour, ...] = (Colour.RED,)
    dry_ns: int | None = None
    notes: dict[str, str] = field(default_factory=dict)


WALL = Section(
    "wall",
    (
        Key("height", "metres | of it", whole(1, 9), 3),
        ListKey("colour", "one or several", choice(Colour), (Colour.RED,), fills="colours"),
        Key("dry", "until the next coat", duration, None, fills="dry_ns"),
        NamesKey("notes", "by name", text, ANY_NAME),
    ),
    meaning="of a wall",
)
HOUSE = Document(
    "a house",
    Section(
        "",
        (
            Key("name", "its name", text, "", missing="give it one"),
            TableKey("wall", "what stands", WALL, cell="none"),
            TableKey(
                "door", "what opens", Section("door", (Key("wood", "", flag, True),), many=True)
            ),
        ),
    ),
)


def read(document: dict[str, Any]) -> tuple[Wall, list[str]]:
    reading = Reading(HOUSE)
    root = reading.root(document)
    found = values(root.table("wall"), WALL)
    wall = Wall(**found | {"colours": tuple(found["colours"])})
    return wall, [f"{problem.key} {problem.message}" for problem in reading.problems]


def test_what_is_not_said_is_the_default() -> None:
    assert read({}) == (Wall(), [])


def test_every_mistake_is_noted_and_reading_goes_on() -> None:
    table = {
        "height": 10,
        "colour": ["red", "dark_blue"],
        "dry": "5",
        "notes": {"a b": 3},
        "hight": 1,
    }
    assert read({"wall": table}) == (
        Wall(colours=(Colour.RED,)),
        [
            "wall.hight is not a key of [wall]; did you mean height?",
            "wall.height must be at most 9 (it is 10)",
            'wall.colour[1] must be one of "red", "dark-blue" (it is "dark_blue"); '
            'did you mean "dark-blue"?',
            'wall.dry must be a duration with its unit, such as "500ms", "5s" or "1m30s" '
            '(it is "5")',
            'wall.notes."a b" must be a text in quotes (it is 3)',
        ],
    )


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ({"height": 3}, "height is not a key of a house; it belongs in [wall]"),
        ({"wood": True}, "wood is not a key of a house; it belongs in [[door]]"),
        (
            {"wall": {"name": 3}},
            "wall.name is not a key of [wall]; "
            "it belongs at the top of the house, before the first table",
        ),
        (
            {"wall": {"x": 3}},
            "wall.x is not a key of [wall]; its keys are height, colour, dry, notes",
        ),
        ({"wall": 3}, "wall must be a table (it is 3)"),
    ],
)
def test_a_key_in_the_wrong_place_is_sent_to_the_right_one(
    document: dict[str, Any], said: str
) -> None:
    assert read(document)[1] == [said]


@pytest.mark.parametrize(
    "wall",
    [
        Wall(),
        Wall(5, (Colour.BLUE, Colour.RED), 90_000_000_000, {"a b": "c"}),
    ],
)
def test_what_is_written_reads_back(wall: Wall) -> None:
    assert read({"wall": WALL.written(wall)}) == (wall, [])


def test_what_is_nothing_is_not_written() -> None:
    assert WALL.written(Wall()) == {"height": 3, "colour": "red"}


def test_its_row_has_name_help_and_default_as_toml_writes_it() -> None:
    assert key_table(WALL) == (
        "| key of `[wall]` | of a wall | default |\n"
        "|---|---|---|\n"
        "| `height` | metres \\| of it | `3` |\n"
        '| `colour` | one or several | `"red"` |\n'
        "| `dry` | until the next coat | |\n"
        "| `notes` | by name | |\n"
    )
    assert key_table(HOUSE.root).splitlines()[2:] == [
        "| `name` | its name | required |",
        "| `[wall]` | what stands | none |",
        "| `[[door]]` | what opens | |",
    ]


def test_its_schema_has_help_form_and_default() -> None:
    schema = section_schema(HOUSE.root)
    assert schema["required"] == ["name"]
    wall = schema["properties"]["wall"]
    assert wall["additionalProperties"] is False
    assert wall["properties"]["height"] == {
        "title": "[wall] height",
        "description": "metres | of it",
        "type": "integer",
        "minimum": 1,
        "maximum": 9,
        "default": 3,
    }
    assert schema["properties"]["door"]["type"] == "array"


def test_a_required_key_that_is_missing_is_asked_for() -> None:
    reading = Reading(HOUSE)
    name = HOUSE.root.keys[0]
    assert isinstance(name, Key)
    assert name.read(reading.root({})) == ""
    assert [f"{one.key} {one.message}" for one in reading.problems] == [
        "name is missing: give it one"
    ]


def test_a_path_starts_from_the_documents_folder(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("")
    key = Key("file", "", existing_file, None)
    document = Document("a list", Section("", (key,)))
    assert key.read(Reading(document, tmp_path).root({"file": "a.txt"})) == str(
        (tmp_path / "a.txt").resolve()
    )


def test_a_share_is_written_as_it_is_read() -> None:
    key = Key("rate", "", share, 0.5)
    assert (key.as_toml(0.05), key.default_cell()) == ("5%", '`"50%"`')
