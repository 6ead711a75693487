"""What a cell can be meant as: a number only if writing that number gives the same text."""

from __future__ import annotations

import json
from typing import Any

_CONSTANTS = {"true": True, "false": False, "null": None}
LONGEST_NUMBER = 400
"""Characters; a longer row of digits is a text."""


def literal(text: str) -> Any:
    """The JSON number, true, false or null that is written as this text, else the text itself.

    `1.10`, `1e5`, `-0` and `007` stay as they are: as numbers they would be written otherwise.
    """
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if text[:1] not in _FIRST or len(text) > LONGEST_NUMBER:
        return text
    try:
        value = json.loads(text)
    except ValueError:
        return text
    return value if isinstance(value, int | float) and _written(value) == text else text


def is_number(text: str) -> bool:
    """Whether a text could have been a number to who wrote it."""
    try:
        float(text.strip().replace(",", "."))
    except ValueError:
        return False
    return any(char.isdigit() for char in text)


_FIRST = frozenset("-0123456789")


def _written(value: int | float) -> str:
    return repr(value)
