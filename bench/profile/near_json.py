"""JSON as somebody from another language writes it, put right: guesses, the best first."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator

_BARE_KEY = re.compile(r"([{,]\s*)([A-Za-z_][\w-]*)\s*:")
_LAST_COMMA = re.compile(r",(\s*[}\]])")
_COMMENT = re.compile(r"(?m)(?:^|(?<=\s))(?://|#).*$")
_SMART = str.maketrans("“”„‘’", '"""\'\'')
_NAMES = {"true": "True", "false": "False", "null": "None"}


def near_json(text: str) -> list[str]:
    """Python's quotes and constants, a comma too many, keys without quotes; [] where none helps."""
    for tried in _tried(text.translate(_SMART).strip()):
        if (value := _read(tried)) is not None:
            return [json.dumps(value, ensure_ascii=False)]
    return []


def _tried(text: str) -> Iterator[str]:
    if not text.startswith(("{", "[")):
        return
    yield text
    quoted = _LAST_COMMA.sub(r"\1", _BARE_KEY.sub(r'\1"\2":', _COMMENT.sub("", text)))
    yield quoted
    yield quoted + _closing(quoted)
    yield re.sub(r"(:\s*)([A-Za-z_][\w -]*?)(\s*[,}])", r'\1"\2"\3', quoted)


def _closing(text: str) -> str:
    """Brackets that were opened and not closed."""
    marks = re.sub(r'"(?:[^"\\]|\\.)*"', "", text)
    opened = ""
    for mark in marks:
        if mark in "{[":
            opened = ("}" if mark == "{" else "]") + opened
        elif mark in "}]":
            opened = opened[1:]
    return opened


def _read(text: str) -> dict[str, object] | list[object] | None:
    """As JSON, or as Python has it."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        named = re.sub(r"\b(true|false|null)\b", lambda name: _NAMES[name[1]], text)
        try:
            value = ast.literal_eval(named)
            json.dumps(value, allow_nan=False)
        except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
            return None
    return value if isinstance(value, dict | list) else None
