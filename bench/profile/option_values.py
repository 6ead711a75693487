"""From what stands behind an option to what a profile would have there; nothing is checked yet."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from bench.profile.refusal import Refusal

_INTEGER = re.compile(r"[+-]?\d{1,18}")
_NUMBER = re.compile(r"\d+(?:\.\d+)?")


def as_text(text: str) -> str:
    """The text as it stands."""
    return text


def as_number(text: str, unit: str | None = None) -> int | str:
    """A whole number as one; with a unit, a number alone gets it. Anything else stays a text."""
    text = text.strip()
    if unit is not None:
        return f"{text}{unit}" if _NUMBER.fullmatch(text) else text
    return int(text) if _INTEGER.fullmatch(text) else text


def as_rate(text: str) -> str:
    """A number alone is of a second, as with hey's -q."""
    return f"{text.strip()}/s" if _NUMBER.fullmatch(text.strip()) else text


def as_list(texts: Sequence[str], read: Callable[[str], Any]) -> list[Any]:
    """What stands between commas, over all times that the option was given."""
    parts = [part.strip() for text in texts for part in text.split(",")]
    return [read(part) for part in parts if part]


def as_header(text: str) -> tuple[str, str]:
    """`Name: value`, as curl and hey have it."""
    name, colon, value = text.partition(":")
    if not colon or not name.strip():
        raise Refusal("must be a header such as 'Accept: application/json'")
    return name.strip(), value.strip()


def as_event(text: str, *, is_text: bool) -> tuple[str, Any]:
    """The key of [target] for a payload, and its value: JSON, @FILE, or where it may be any text.

    TOML has no null: JSON with one in it is kept as its text.
    """
    if text.startswith("@"):
        return "event_file", str(Path(text[1:]).absolute())
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        if not is_text:
            raise Refusal(_no_json(text)) from None
        return "event_template", text
    return ("event_template", text) if _has_null(value) or is_text else ("event", value)


def _no_json(text: str) -> str:
    if Path(text).is_file():
        return f"is no JSON but the name of a file: write it as `--event @{text}`"
    return "must be JSON, such as `--event '{\"n\": 1}'`, or a file with it, `--event @FILE`"


def _has_null(value: Any) -> bool:
    if isinstance(value, dict):
        return any(map(_has_null, value.values()))
    if isinstance(value, list):
        return any(map(_has_null, value))
    return value is None
