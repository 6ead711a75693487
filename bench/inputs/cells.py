"""What a cell can be meant as: a number only if writing that number gives the same text."""

from __future__ import annotations

import re
from typing import Any

_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(\.[0-9]+(?:[eE][-+]?[0-9]+)?|[eE][-+]?[0-9]+)?\Z")
"""As JSON has it."""
_CONSTANTS = {"true": True, "false": False, "null": None}
LONGEST_NUMBER = 400
"""Characters; a longer row of digits is a text."""


def literal(text: str) -> Any:
    """The JSON number, true, false or null that is written as this text, else the text itself.

    `1.10`, `1e5`, `-0` and `007` stay as they are: as numbers they would be written otherwise.
    """
    match = _NUMBER.match(text)
    if match is None:
        return _CONSTANTS.get(text, text)
    if len(text) > LONGEST_NUMBER:
        return text
    if match[1] is None:
        return text if text == "-0" else int(text)
    value = float(text)
    return value if repr(value) == text else text


def is_number(text: str) -> bool:
    """Whether a text could have been a number to who wrote it."""
    try:
        float(text.strip().replace(",", "."))
    except ValueError:
        return False
    return any(char.isdigit() for char in text)
