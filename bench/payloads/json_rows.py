"""Rows of JSON in a file, by their offsets; each is sent as it stands there."""

from __future__ import annotations

import json
import re
from array import array
from collections.abc import Callable, Iterator
from typing import Any

from bench.errors import UsageError
from bench.inputs.content import Content

MAX_ARRAY_BYTES = 256 << 20
"""An array is one JSON value, which can only be read whole."""
_SPACE = re.compile(r"[ \t\r\n]*")
_BLANK = " \t\r\n"


def _no_json(name: str) -> Any:
    raise ValueError(f"JSON has no {name}")


_DECODER = json.JSONDecoder(parse_constant=_no_json)

Places = Callable[[Content], Iterator[tuple[int, int]]]
"""Where the rows of a content begin and end; raises UsageError for what is no JSON."""


class JsonRows:
    """The rows at the places that a file has them."""

    def __init__(self, content: Content, places: Places) -> None:
        self.content = content
        self._begins, self._ends = array("Q"), array("Q")
        for begin, end in places(content):
            self._begins.append(begin)
            self._ends.append(end)

    def __len__(self) -> int:
        return len(self._begins)

    def value(self, number: int) -> Any:
        """The row as a JSON value."""
        return _DECODER.decode(self.payload(number).decode("utf-8"))

    def payload(self, number: int) -> bytes:
        """The bytes of the row itself."""
        return bytes(self.content.raw[self._begins[number] : self._ends[number]])

    def columns(self) -> None:
        """Each row has its own."""
        return


def line_rows(content: Content) -> Iterator[tuple[int, int]]:
    """JSON Lines: a value in each line that is not blank."""
    begin, value, rows = content.start, None, 0
    for number, (end, line) in enumerate(content.lines(), 1):
        text = line.strip(_BLANK)
        if text:
            value = _parsed(content, number, text, first=not rows)
            rows += 1
            begin += len(line) - len(line.lstrip(_BLANK))  # of one byte each
            yield begin, begin + len(text.encode("utf-8"))
        begin = end
    if rows == 1 and isinstance(value, list) and len(value) > 1:
        raise UsageError(
            f"{content.name} is one JSON array: with the ending .json each value of it is an event"
        )


def _parsed(content: Content, number: int, text: str, first: bool) -> Any:
    try:
        return _DECODER.decode(text)
    except json.JSONDecodeError as error:
        place, said = f"line {number}, column {error.colno}", error.msg
    except (ValueError, RecursionError) as error:
        place, said = f"line {number}", _reason(error)
    mend = ": each line must be a JSON value (the endings .csv, .tsv and .json mean other forms)"
    raise UsageError(f"{content.name} {place} is no JSON: {said}{mend if first else ''}")


def array_rows(content: Content) -> Iterator[tuple[int, int]]:
    """The values of one JSON array."""
    if len(content.raw) > MAX_ARRAY_BYTES:
        raise UsageError(f"{content.name} is too large for one array: write it as JSON Lines")
    text = "".join(line for _, line in content.lines())
    at = _skip(text, 0)
    if text[at : at + 1] != "[":
        raise UsageError(
            f"{content.name} must be a JSON array with an event in each place; "
            "with the ending .jsonl each line is one"
        )
    at, offset, seen = _skip(text, at + 1), content.start, 0
    while text[at : at + 1] != "]":
        try:
            _, end = _DECODER.raw_decode(text, at)
        except json.JSONDecodeError as error:
            raise _fault(content, text, error.pos, error.msg) from None
        except (ValueError, RecursionError) as error:
            raise _fault(content, text, at, _reason(error)) from None
        begin_offset = offset + len(text[seen:at].encode("utf-8"))
        offset, seen = begin_offset + len(text[at:end].encode("utf-8")), end
        yield begin_offset, offset
        at = _skip(text, end)
        if text[at : at + 1] == ",":
            at = _skip(text, at + 1)
            if text[at : at + 1] == "]":
                raise _fault(content, text, at, "a value must follow the comma")
        elif text[at : at + 1] != "]":
            raise _fault(content, text, at, "a comma or the array's end must follow")
    if _skip(text, at + 1) < len(text):
        raise _fault(content, text, _skip(text, at + 1), "nothing may follow the array")


def _skip(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    return match.end() if match else at


def _fault(content: Content, text: str, at: int, said: str) -> UsageError:
    line, column = text.count("\n", 0, at) + 1, at - (text.rfind("\n", 0, at) + 1) + 1
    return UsageError(f"{content.name} line {line}, column {column} is no JSON: {said}")


def _reason(error: Exception) -> str:
    return "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
