"""What a function returns to a proxy door, checked: status, headers, body.

The doors differ in what they forgive: `rules` has a row for each.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from typing import Any

from bench.local.doors.fields import HOP_BY_HOP
from bench.local.doors.rules import AnswerRules

_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_SPACE = re.compile(r"[ \t\r\n]+")
_BAD_VALUE = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")

Headers = list[tuple[str, str]]


class Malformed(Exception):
    """The function's output is not what the door asks for."""


def parse(payload: bytes) -> Any:
    """The function's output as a value; raises Malformed when it is no JSON."""
    try:
        return json.loads(payload)
    except (ValueError, RecursionError) as error:
        raise Malformed("the output is no JSON") from error


def text_of(value: Any) -> bytes:
    """A value as compact JSON; raises Malformed when it is nested too deeply."""
    try:
        return json.dumps(value, separators=(",", ":")).encode()
    except (ValueError, RecursionError) as error:
        raise Malformed("the output cannot be written as JSON") from error


def member(said: dict[str, Any], key: str, rules: AnswerRules) -> Any:
    """The value of a key, None where it is absent; raises Malformed for a null not forgiven."""
    value = said.get(key)
    if value is None and key in said and not rules.nulls:
        raise Malformed(f"{key} is null")
    return value


def status(value: Any, rules: AnswerRules) -> int:
    """A status from 200 to 599. 1xx is refused: no final response has it."""
    if rules.status_text and isinstance(value, str) and re.fullmatch(r"[1-9][0-9]{2}", value):
        value = int(value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 200 <= value <= 599:
        raise Malformed("statusCode is no HTTP status")
    return value


def headers(value: Any, rules: AnswerRules) -> Headers:
    """Single-value headers; a null among the values is no header where nulls are forgiven."""
    if value is None:
        return []
    if not isinstance(value, dict):
        raise Malformed("headers is no object")
    return [
        header(name, held, rules)
        for name, held in value.items()
        if held is not None or not rules.nulls
    ]


def multi_headers(value: Any, rules: AnswerRules) -> Headers:
    """Headers with a list of values each."""
    if value is None:
        return []
    if not isinstance(value, dict):
        raise Malformed("multiValueHeaders is no object")
    found = []
    for name, values in value.items():
        if not isinstance(values, list):
            raise Malformed("a value of multiValueHeaders is no list")
        found += [header(name, held, rules) for held in values]
    return found


def header(name: str, value: Any, rules: AnswerRules) -> tuple[str, str]:
    """One header; raises Malformed where it cannot be sent."""
    return _name(name), _value(value, rules.scalars)


def _name(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise Malformed("a header name has letters that no header name can have")
    return name


def _value(value: Any, scalars: bool) -> str:
    if scalars and isinstance(value, bool):
        value = "true" if value else "false"
    elif scalars and isinstance(value, int | float):
        value = json.dumps(value)
    if not isinstance(value, str):
        raise Malformed("a header value is no string")
    if _BAD_VALUE.search(value):
        raise Malformed("a header value has control characters")
    try:
        value.encode("utf-8")
    except UnicodeEncodeError as error:
        raise Malformed("a header value is no text") from error
    return value.strip()


def sendable(found: Headers) -> Headers:
    """Headers without hop-by-hop ones and Content-Length, which the server sets itself."""
    return [
        (name, value)
        for name, value in found
        if name.lower() not in HOP_BY_HOP and name.lower() != "content-length"
    ]


def body(value: Any, encoded: Any, rules: AnswerRules, *, decode: bool = True) -> bytes:
    """The body's bytes; base64 is decoded when `encoded` is true and decode allows it."""
    if rules.json_bodies and isinstance(value, dict | list):
        value = text_of(value).decode()
    if value is None:
        return b""
    if not isinstance(value, str):
        raise Malformed("body is no string")
    if encoded not in (True, False, None):
        raise Malformed("isBase64Encoded is no boolean")
    if not (encoded and decode):
        return value.encode("utf-8", "surrogatepass")
    if rules.base64_breaks:
        value = _SPACE.sub("", value)
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Malformed("body is no base64") from error


def with_content_type(found: Headers, rules: AnswerRules) -> Headers:
    """The headers, with the door's own Content-Type if they have none."""
    if any(name.lower() == "content-type" for name, _ in found):
        return found
    return [*found, ("Content-Type", rules.content_type)]
