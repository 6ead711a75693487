"""A table of a profile being read: it hands out checked values and collects every mistake."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from difflib import get_close_matches
from enum import Enum
from math import isfinite
from typing import Any, TypeVar

from bench.errors import Problem
from bench.profile.schema import KEYS, unknown_key
from bench.units import shown

T = TypeVar("T")
E = TypeVar("E", bound=Enum)
Reader = Callable[[Any], T]
"""Turns a TOML value into what the model wants; ValueError's text continues after the key."""


class Table:
    """One table. path is how messages name it, such as `phase[1]`; section its entry in KEYS.

    A value that cannot be read becomes a Problem and its default, so that reading goes on.
    """

    def __init__(
        self, values: Mapping[str, Any], path: str, section: str, problems: list[Problem]
    ) -> None:
        self._values = values
        self.path = path
        self._section = section
        self.problems = problems
        for key in values:
            if key not in KEYS[section]:
                self.fault(key, unknown_key(section, key))

    def __contains__(self, key: str) -> bool:
        return key in self._values

    def get(self, key: str, default: Any = None) -> Any:
        """The value as it stands, unchecked."""
        return self._values.get(key, default)

    def key_path(self, key: str) -> str:
        """`phase[1].rate`."""
        return f"{self.path}.{key}" if self.path and key else self.path or key

    def fault(self, key: str, message: str) -> None:
        """Note a mistake at a key; '' is the table itself."""
        self.problems.append(Problem(self.key_path(key), message))

    def read(self, key: str, read: Reader[T], default: T, missing: str | None = None) -> T:
        """The value of a key, or default. missing is what to say if the key must be there."""
        if key not in self._values:
            if missing is not None:
                self.fault(key, f"is missing: {missing}")
            return default
        try:
            return read(self._values[key])
        except ValueError as error:
            self.fault(key, str(error))
            return default

    def read_list(self, key: str, read: Reader[T], default: list[T]) -> list[T]:
        """A value or a list of them; each mistake in the list is noted with its index."""
        if key not in self._values:
            return default
        value = self._values[key]
        listed = isinstance(value, list)
        if value == []:
            self.fault(key, "must not be an empty list")
        found = []
        for index, item in enumerate(value if listed else [value]):
            try:
                found.append(read(item))
            except ValueError as error:
                self.fault(f"{key}[{index}]" if listed else key, str(error))
        return found

    def table(self, key: str, section: str) -> Table:
        """A table below this one; empty if it is not there or no table."""
        return Table(self._dict(key), self.key_path(key), section, self.problems)

    def tables(self, key: str, section: str) -> list[Table]:
        """An array of tables below this one."""
        value = self._values.get(key, [])
        path = self.key_path(key)
        if not isinstance(value, list):
            one = "one table: write" if isinstance(value, dict) else f"{shown(value)}: write"
            self.fault(key, f"must be an array of tables (it is {one} [[{path}]])")
            value = [value] if isinstance(value, dict) else []
        found = []
        for index, item in enumerate(value):
            if isinstance(item, dict):
                found.append(Table(item, f"{path}[{index}]", section, self.problems))
            else:
                self.fault(f"{key}[{index}]", f"must be a table (it is {shown(item)})")
        return found

    def named(self, key: str, read: Reader[T]) -> dict[str, T]:
        """A table whose keys are free names, its values checked by read."""
        found = {}
        for name, value in self._dict(key).items():
            try:
                found[name] = read(value)
            except ValueError as error:
                self.fault(f"{key}.{quoted(name)}", str(error))
        return found

    def _dict(self, key: str) -> dict[str, Any]:
        value = self._values.get(key, {})
        if isinstance(value, dict):
            return value
        self.fault(key, f"must be a table (it is {shown(value)})")
        return {}


def quoted(name: str) -> str:
    """A name as a part of a key path: in quotes unless it is a bare key."""
    return name if name.replace("-", "").replace("_", "").isalnum() else f'"{name}"'


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
