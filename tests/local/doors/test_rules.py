"""What each door makes of the same answer: a column a door, a row an answer."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from tests.local.doors.calls import header, respond, result

DOORS = ("alb", "rest", "http-api", "function-url")
BYTES = bytes(range(256))
BROKEN_LINES = base64.encodebytes(BYTES).decode()
OK, BAD = 200, 502

ROWS: list[tuple[str, dict[str, Any], tuple[int, int, int, int]]] = [
    ("the least", {"statusCode": 200}, (OK, OK, OK, OK)),
    ("body null", {"statusCode": 200, "body": None}, (BAD, OK, OK, OK)),
    ("headers null", {"statusCode": 200, "headers": None}, (BAD, OK, OK, OK)),
    ("multi null", {"statusCode": 200, "multiValueHeaders": None}, (BAD, OK, OK, OK)),
    ("description null", {"statusCode": 200, "statusDescription": None}, (BAD, BAD, OK, OK)),
    ("a null among headers", {"statusCode": 200, "headers": {"a": None}}, (BAD, OK, OK, OK)),
    ("a number as header", {"statusCode": 200, "headers": {"x-n": 5}}, (BAD, OK, OK, OK)),
    ("a boolean as header", {"statusCode": 200, "headers": {"x-n": True}}, (BAD, OK, OK, OK)),
    ("status as text", {"statusCode": "200"}, (BAD, OK, OK, OK)),
    ("status null", {"statusCode": None}, (BAD, OK, 500, BAD)),
    ("an object as body", {"statusCode": 200, "body": {"a": 1}}, (BAD, BAD, 500, OK)),
    (
        "base64 with line breaks",
        {"statusCode": 200, "isBase64Encoded": True, "body": BROKEN_LINES},
        (BAD, OK, OK, OK),
    ),
    (
        "no base64",
        {"statusCode": 200, "isBase64Encoded": True, "body": "%"},
        (BAD, OK, 500, BAD),
    ),
    ("an unknown key", {"statusCode": 200, "typo": 1}, (OK, BAD, OK, OK)),
]


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize(("said", "statuses"), [row[1:] for row in ROWS], ids=[r[0] for r in ROWS])
def test_what_a_door_forgives(
    said: dict[str, Any], statuses: tuple[int, int, int, int], door: str
) -> None:
    assert respond(door, result(said)).status == statuses[DOORS.index(door)]


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
