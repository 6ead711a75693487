"""A table of a document being read: it hands out checked values and collects every mistake."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from bench.errors import Problem
from bench.schema.paths import joined, quoted
from bench.schema.section import Document, Section
from bench.schema.values import Reader, Value
from bench.units import shown

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Reading:
    """One document while it is read. Relative paths in it start from base_dir."""

    document: Document
    base_dir: Path = Path()
    problems: list[Problem] = field(default_factory=list)
    environ: Mapping[str, str] = field(default_factory=dict)
    """Variables that a value may refer to: what some values stand for is said elsewhere."""

    def root(self, values: Mapping[str, Any]) -> Table:
        """The document's top level as a table, whose keys have no path before them."""
        return Table(self, values, "", self.document.root)


class Table:
    """One table. path is how messages name it, such as `phase[1]`.

    A value that cannot be read becomes a Problem and its default, so that reading goes on.
    """

    def __init__(
        self, reading: Reading, values: Mapping[str, Any], path: str, section: Section | None
    ) -> None:
        self._reading = reading
        self._values = values
        self.path = path
        self._section = section
        if section is not None and not section.forms:
            self.check_names(section)

    @property
    def problems(self) -> list[Problem]:
        """Of the whole document, as far as it has been read."""
        return self._reading.problems

    @property
    def base_dir(self) -> Path:
        """The folder that relative paths in the document start from."""
        return self._reading.base_dir

    @property
    def environ(self) -> Mapping[str, str]:
        """Variables of the environment that the document is read in."""
        return self._reading.environ

    def check_names(self, section: Section) -> None:
        """Note every key that the section does not have."""
        self._section = section
        for name in self._values:
            if name not in section.names:
                self.fault(quoted(name), self._reading.document.unknown_key(section, name))

    def __contains__(self, key: str) -> bool:
        return key in self._values

    def get(self, key: str, default: Any = None) -> Any:
        """The value as it stands, unchecked."""
        return self._values.get(key, default)

    def as_written(self) -> dict[str, Any]:
        """Every key with its value, unchecked."""
        return dict(self._values)

    def key_path(self, key: str) -> str:
        """The path of a key as mistakes name it: `phase[1].rate`."""
        return joined(self.path, key) if key else self.path

    def fault(self, key: str, message: str) -> None:
        """Note a mistake at a key, or at a path below this table; '' is the table itself."""
        self.problems.append(Problem(self.key_path(key), message))

    def is_noted(self, key: str) -> bool:
        """Whether there is a mistake at the key already."""
        path = self.key_path(key)
        return any(problem.key == path for problem in self.problems)

    def read(self, key: str, read: Reader[T], default: T, missing: str | None = None) -> T:
        """The value of a key, or default. missing is what to say if the key must be there."""
        if key not in self._values:
            if missing is not None:
                self.fault(key, f"is missing: {missing}")
            return default
        return self._one(key, read, self._values[key], default)

    def read_list(self, key: str, read: Reader[T], default: list[T]) -> list[T]:
        """A value or a list of them; each mistake in the list is noted with its index."""
        if key not in self._values:
            return default
        value = self._values[key]
        listed = isinstance(value, list)
        if value == []:
            self.fault(key, "must not be an empty list")
        found: list[T | None] = []
        for index, item in enumerate(value if listed else [value]):
            found.append(self._one(f"{key}[{index}]" if listed else key, read, item, None))
        return [item for item in found if item is not None]

    def named(self, key: str, read: Reader[T]) -> dict[str, T]:
        """A table whose keys are free names, its values checked by read."""
        found = {
            name: self._one(joined(key, quoted(name)), read, value, None)
            for name, value in self._dict(key).items()
        }
        return {name: value for name, value in found.items() if value is not None}

    def read_name(self, key: str, name: str, read: Reader[T]) -> T | None:
        """What one of those names stands for; None, and noted, if it is none that can be."""
        return self._one(joined(key, quoted(name)), read, name, None)

    def table(self, key: str) -> Table:
        """A table below this one; empty if it is not there or no table."""
        return Table(self._reading, self._dict(key), self.key_path(key), self._below(key))

    def table_names(self, key: str, plain: Section) -> list[str]:
        """Names of the tables in a table of them; what is no table is noted.

        plain: whose keys stand in each of them.
        """
        found = self._dict(key)
        for name, value in found.items():
            if not isinstance(value, dict):
                place = f"[{key}.NAME]"
                mend = f"it belongs in {plain.header} or {place}" if name in plain.names else place
                self.fault(
                    joined(key, quoted(name)), f"must be a table (it is {shown(value)}): {mend}"
                )
        return [name for name, value in found.items() if isinstance(value, dict)]

    def filled(self, key: str, values: Mapping[str, Any], section: Section) -> Table:
        """A table below this one with these values, whatever it says itself."""
        return Table(self._reading, values, self.key_path(key), section)

    def tables(self, key: str) -> list[Table]:
        """An array of tables below this one."""
        value = self._values.get(key, [])
        path = self.key_path(key)
        if not isinstance(value, list):
            one = "one table: write" if isinstance(value, dict) else f"{shown(value)}: write"
            self.fault(key, f"must be an array of tables (it is {one} [[{path}]])")
            value = [value] if isinstance(value, dict) else []
        section, found = self._below(key), []
        for index, item in enumerate(value):
            if isinstance(item, dict):
                found.append(Table(self._reading, item, f"{path}[{index}]", section))
            else:
                self.fault(f"{key}[{index}]", f"must be a table (it is {shown(item)})")
        return found

    def _below(self, name: str) -> Section | None:
        keys = self._section.keys if self._section is not None else ()
        return next((key.section for key in keys if key.name == name), None)

    def _one(self, key: str, read: Reader[T], value: Any, default: T) -> T:
        try:
            if isinstance(read, Value):
                found: T = read.read_in(value, self.base_dir)
                return found
            return read(value)
        except ValueError as error:
            self.fault(key, str(error))
        except RecursionError:
            self.fault(key, "is nested too deeply")
        return default

    def _dict(self, key: str) -> dict[str, Any]:
        value = self._values.get(key, {})
        if isinstance(value, dict):
            return value
        self.fault(key, f"must be a table (it is {shown(value)})")
        return {}
