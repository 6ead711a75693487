"""Readers of single values: each turns what TOML gives into what the model wants, or tells why not.

Every reader raises ValueError with the rest of a sentence that begins with the key, as
`bench.units` does: `must be true or false (it is 3)`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from difflib import get_close_matches
from enum import Enum
from math import isfinite
from typing import Any, TypeVar

from bench.units import shown

T = TypeVar("T")
E = TypeVar("E", bound=Enum)
Reader = Callable[[Any], T]
"""Turns a TOML value into what the model wants; ValueError's text continues after the key."""


def text(value: Any) -> str:
    """A text that is not empty."""
    if not isinstance(value, str):
        raise ValueError(f"must be a text in quotes (it is {shown(value)})")
    if not value.strip():
        raise ValueError("must not be empty")
    return value


def flag(value: Any) -> bool:
    """true or false."""
    if not isinstance(value, bool):
        raise ValueError(f"must be true or false (it is {shown(value)})")
    return value


def whole(low: int, high: int) -> Reader[int]:
    """A reader of whole numbers from low to high."""

    def read(value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int):
            raise ValueError(f"must be a whole number (it is {shown(value)})")
        if value < low:
            raise ValueError(f"must be at least {low} (it is {value})")
        if value > high:
            raise ValueError(f"must be at most {high} (it is {value})")
        return value

    return read


def positive(value: Any) -> float:
    """A number above 0."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"must be a number (it is {shown(value)})")
    if not isfinite(value) or value <= 0:
        raise ValueError(f"must be a number above 0 (it is {value})")
    return float(value)


def choice(kind: type[E], leave_out: frozenset[E] = frozenset()) -> Reader[E]:
    """A reader of one of an Enum's values, by its value."""
    members = {str(member.value): member for member in kind if member not in leave_out}
    return named_choice(members)


def named_choice(members: Mapping[str, T]) -> Reader[T]:
    """A reader of one of several names."""

    def read(value: Any) -> T:
        if isinstance(value, str) and value in members:
            return members[value]
        close = get_close_matches(str(value).lower().replace("_", "-"), members, 1, 0.5)
        close = close or get_close_matches(str(value).lower().replace("-", "_"), members, 1, 0.5)
        mend = f"; did you mean {shown(close[0])}?" if close else ""
        raise ValueError(
            f"must be one of {', '.join(map(shown, members))} (it is {shown(value)}){mend}"
        )

    return read


def above_zero(read: Reader[int]) -> Reader[int]:
    """The same reader, but 0 is a mistake."""

    def reader(value: Any) -> int:
        found = read(value)
        if found == 0:
            raise ValueError(f"must be above 0 (it is {shown(value)})")
        return found

    return reader
