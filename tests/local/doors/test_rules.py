"""What each door makes of the same answer: a column a door, a row an answer."""

from __future__ import annotations

import base64
import json

import pytest

from bench.local.doors.book import ANSWERS, door_book
from tests.local.doors.calls import header, respond, result

DOORS = ("alb", "rest", "http-api", "function-url")
BYTES = bytes(range(256))
BROKEN_LINES = base64.encodebytes(BYTES).decode()
OK, BAD = 200, 502

STATUSES: dict[str, tuple[int, int, int, int]] = {
    "the least": (OK, OK, OK, OK),
    "body null": (BAD, OK, OK, OK),
    "headers null": (BAD, OK, OK, OK),
    "multi null": (BAD, OK, OK, OK),
    "description null": (BAD, BAD, OK, OK),
    "a null among headers": (BAD, OK, OK, OK),
    "a number as header": (BAD, OK, OK, OK),
    "a boolean as header": (BAD, OK, OK, OK),
    "status as text": (BAD, OK, OK, OK),
    "status null": (BAD, OK, 500, BAD),
    "an object as body": (BAD, BAD, 500, OK),
    "base64 with line breaks": (BAD, OK, OK, OK),
    "no base64": (BAD, OK, 500, BAD),
    "an unknown key": (OK, BAD, OK, OK),
    "both header maps": (OK, OK, OK, OK),
    "cookies": (OK, BAD, OK, OK),
    "a misspelt key": (BAD, BAD, OK, OK),
    "an errorMessage": (BAD, BAD, 500, OK),
    "a text": (BAD, BAD, OK, OK),
    "a list": (BAD, BAD, OK, OK),
    "nothing": (BAD, BAD, OK, OK),
    "no content": (204, 204, 204, 204),
}
"""Of every output in the door book, door by door."""


def test_every_output_of_the_door_book_has_its_row() -> None:
    assert STATUSES.keys() == ANSWERS.keys()


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("name", STATUSES)
def test_what_a_door_forgives(name: str, door: str) -> None:
    assert respond(door, result(ANSWERS[name])).status == STATUSES[name][DOORS.index(door)]


@pytest.mark.parametrize("door", ["http-api", "function-url"])
def test_base64_of_any_length_of_line_is_decoded(door: str) -> None:
    said = {"statusCode": 200, "isBase64Encoded": True, "body": BROKEN_LINES}
    assert respond(door, result(said)).body == BYTES
    windows = said | {"body": BROKEN_LINES.replace("\n", "\r\n")}
    assert respond(door, result(windows)).body == BYTES


@pytest.mark.parametrize(
    ("door", "content_type"),
    [
        ("rest", "application/json"),
        ("http-api", "text/plain; charset=utf-8"),
        ("function-url", "application/json"),
    ],
)
def test_the_content_type_where_none_is_named(door: str, content_type: str) -> None:
    answer = respond(door, result({"statusCode": 200, "body": json.dumps({"a": 1})}))
    assert header(answer, "content-type") == content_type


def test_the_door_book_is_the_same_each_time_and_shows_what_differs() -> None:
    book = door_book()
    assert book == door_book()
    assert "| http-api | yes | yes | yes | yes | no | text/plain; charset=utf-8 |" in book
    _, _, slashes = book.partition("### two slashes in front")
    assert '"path": "/items//7"' in slashes.partition("- rest:")[2].partition("- http-api:")[0]
    assert '"rawPath": "//items//7"' in slashes.partition("- http-api:")[2]
