"""A table of a document being read: it hands out checked values and collects every mistake."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from bench.errors import Problem
from bench.schema.sections import Sections
from bench.schema.values import Reader
from bench.units import shown

T = TypeVar("T")


class Table:
    """One table. path is how messages name it, such as `phase[1]`; section its entry in sections.

    A value that cannot be read becomes a Problem and its default, so that reading goes on.
    """

    def __init__(
        self,
        values: Mapping[str, Any],
        path: str,
        section: str,
        problems: list[Problem],
        sections: Sections,
    ) -> None:
        self._values = values
        self.path = path
        self._section = section
        self._sections = sections
        self.problems = problems
        for key in values:
            if key not in sections.keys[section]:
                self.fault(key, sections.unknown_key(section, key))

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
        path = self.key_path(key)
        return Table(self._dict(key), path, section, self.problems, self._sections)

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
                below = f"{path}[{index}]"
                found.append(Table(item, below, section, self.problems, self._sections))
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
