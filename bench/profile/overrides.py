"""`--set KEY=VALUE`: a value put into a profile's document before it is read."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from typing import Any

from bench.errors import Problem
from bench.profile.schema import PROFILE
from bench.schema.paths import joined, quoted
from bench.schema.toml import is_too_deep

SOURCE = "--set"
MAX_PARTS = 32
_PART = re.compile(r'\s*(?:"((?:[^"\\]|\\.)*)"|([^.\[\]"]+)|\[(\d+)\])\s*\.?')
_ARRAYS = {section.path: section for section in PROFILE.sections() if section.many}
_BY_NAME = 'by name or number, such as phase.steady.rate="20/s"'


class BadOverride(Exception):
    """An override that cannot be carried out; the text continues after the key."""


def apply_overrides(
    document: dict[str, Any], overrides: Sequence[str]
) -> tuple[list[Problem], set[str]]:
    """Change the document. What is wrong, and the key paths that now come from `--set`."""
    problems: list[Problem] = []
    touched: set[str] = set()
    for text in overrides:
        key, equals, value = text.partition("=")
        key, value = _outside_quotes(key, value)
        try:
            if not key.strip() or not equals:
                raise BadOverride("must be KEY=VALUE, such as load.seed=2")
            touched.add(_put(document, parse_key(key), parse_value(value)))
        except BadOverride as error:
            problems.append(Problem(key.strip() or text, str(error), SOURCE))
    return problems, touched


def _outside_quotes(key: str, value: str) -> tuple[str, str]:
    """Move on to the next `=` while the key has an open quote: `slo."a = b"="…"`."""
    while key.count('"') % 2 and "=" in value:
        more, _, value = value.partition("=")
        key = f"{key}={more}"
    return key, value


def parse_key(text: str) -> list[str]:
    """`phase[1].rate`, `phase.1.rate` and `slo."p99 ok"` as parts."""
    parts, position, text = [], 0, text.strip()
    while position < len(text):
        match = _PART.match(text, position)
        if match is None or match.end() == position:
            raise BadOverride(
                "is not a key: write it as load.seed, phase.steady.rate or variants[0]…"
            )
        quoted, bare, index = match.groups()
        parts.append(quoted if quoted is not None else (bare.strip() if bare else index))
        position = match.end()
    if len(parts) > MAX_PARTS:
        raise BadOverride(f"has too many parts: at most {MAX_PARTS} tables are within each other")
    return parts


def parse_value(text: str) -> Any:
    """As TOML if it is a TOML value, else as a text."""
    try:
        found = tomllib.loads(f"value = {text.strip()}")
    except ValueError:  # also a whole number of thousands of digits
        return text.strip()
    except RecursionError:
        raise BadOverride("is nested too deeply") from None
    if is_too_deep(found):
        raise BadOverride("is nested too deeply")
    return found["value"] if len(found) == 1 else text.strip()


def _put(document: dict[str, Any], parts: list[str], value: Any) -> str:
    """Set the value, making tables on the way; the key path as messages write it."""
    if parts[0] not in PROFILE.root.names:
        unknown = PROFILE.unknown_key(PROFILE.root, parts[0])
        raise BadOverride(f"starts with {quoted(parts[0])}, which {unknown}")
    place: Any = document
    path = ""
    for depth, part in enumerate(parts):
        last = depth == len(parts) - 1
        if isinstance(place, list):
            index = _index(place, part, parts[0])
            path += f"[{index}]"
            if last:
                place[index] = value
                return path
            place = place[index]
            continue
        if not isinstance(place, dict):
            raise BadOverride(f"cannot be set: {path} is a value and has no keys")
        path = joined(path, quoted(part))
        if last:
            place[part] = value
            return path
        place = place.setdefault(part, [] if path in _ARRAYS else {})
    return path


def _index(items: list[Any], part: str, array: str) -> int:
    """Of an item by its name, else by its number from 0."""
    names = [item.get("name") if isinstance(item, dict) else None for item in items]
    if part in names:
        return names.index(part)
    if part.isdecimal() and len(part) < 10 and int(part) < len(items):
        return int(part)
    known = [str(name) for name in names if name]
    there = f"there are {', '.join(known)}" if known else f"the last is {len(items) - 1}"
    if not items:
        there = "there is none"
    how = _BY_NAME if array in _ARRAYS and "name" in _ARRAYS[array].names else "by number"
    raise BadOverride(f"names no {array}: {there} (address it {how})")
