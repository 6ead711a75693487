"""TOML: read, with every failure as a ProfileError that names the line; and written."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from typing import Any

import tomli_w

from bench.errors import Problem, ProfileError

MAX_DEPTH = 64
"""Tables and arrays within each other; what walks through a value goes as deep as it is nested."""
_POSITION = re.compile(r"(.*?) \(at line (\d+), column (\d+)\)", re.DOTALL)
_TOO_DEEP = f"is nested too deeply: at most {MAX_DEPTH} tables and arrays within each other"


def parse_toml(content: str, source: str) -> dict[str, Any]:
    """The document. source is what messages call it; raises ProfileError with one mistake."""
    try:
        document = tomllib.loads(content)
    except tomllib.TOMLDecodeError as error:
        raise ProfileError(source, [_not_toml(str(error), content)]) from None
    except ValueError as error:  # a whole number of thousands of digits
        raise ProfileError(source, [Problem("", f"is not TOML: {error}", line=1)]) from None
    except RecursionError:
        raise ProfileError(source, [Problem("", _TOO_DEEP, line=1)]) from None
    if is_too_deep(document):
        raise ProfileError(source, [Problem("", _TOO_DEEP, line=1)])
    return document


def write_toml(document: Mapping[str, Any]) -> str:
    """The document, a part for each of its tables; arrays of flat tables under `[[name]]` headers.

    tomli_w alone would make one inline array of an array whose tables are short.
    """
    plain = {name: value for name, value in document.items() if not _has_headers(value)}
    parts = [tomli_w.dumps(plain)] if plain else []
    for name, value in document.items():
        if isinstance(value, Mapping):
            parts.append(tomli_w.dumps({name: value}))
        elif _has_headers(value):
            head = tomli_w.dumps({name: {}}).strip()
            parts += [f"[{head}]\n{tomli_w.dumps(item)}" for item in value]
    return "\n".join(parts)


def _has_headers(value: Any) -> bool:
    """Whether it is a table, or an array of tables without tables in them."""
    if not isinstance(value, list) or not value:
        return isinstance(value, Mapping)
    return all(isinstance(item, Mapping) and not _has_tables(item) for item in value)


def _has_tables(table: Mapping[str, Any]) -> bool:
    """Whether tomli_w could give a value of the table a header of its own."""
    items = [item for value in table.values() for item in (value, *_within(value))]
    return any(isinstance(item, Mapping) for item in items)


def decode(raw: bytes, source: str) -> str:
    """The text of a file; a mark of byte order is left out. Raises ProfileError."""
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        message = f"must be UTF-8: byte 0x{raw[error.start]:02x} is not"
        raise ProfileError(source, [Problem("", message, line=line)]) from None


def is_too_deep(value: Any) -> bool:
    """Whether something is nested more deeply than MAX_DEPTH. It takes no stack to find out."""
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [item for outer in level for item in _within(outer)]
        if not level:
            return False
    return True


def _within(value: Any) -> list[Any]:
    if isinstance(value, Mapping):
        return list(value.values())
    return value if isinstance(value, list) else []


def _not_toml(said: str, content: str) -> Problem:
    """tomllib's words; it names no line for the end of the document."""
    match = _POSITION.fullmatch(said)
    if match:
        line, column, words = int(match[2]), int(match[3]), match[1]
    else:
        lines = content.rstrip("\n").split("\n")
        line, column = len(lines), len(lines[-1]) + 1
        words = said.removesuffix(" (at end of document)")
    return Problem("", f"is not TOML: column {column}: {words}", line=line)
