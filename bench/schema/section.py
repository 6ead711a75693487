"""A table that a kind of document can have, its keys declared once each, and what follows from it.

What a key is stands in `bench.schema.key`; here is what a table knows of any of them.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from operator import attrgetter
from typing import Any

from bench.schema.values import JsonSchema


@dataclass(frozen=True, slots=True, eq=False)
class Declared(ABC):
    """A key as its table sees it. help is a cell of the reference's tables, in Markdown.

    fills names the field of the model that it becomes, `of` finds what to write of a model where
    that is not the field as it stands. missing makes the key a required one: it is what to say
    where the key is not there. cell stands in the tables as its default, where that is no constant.
    """

    name: str
    help: str
    fills: str = field(default="", kw_only=True)
    of: Callable[[Any], Any] | None = field(default=None, kw_only=True)
    missing: str | None = field(default=None, kw_only=True)
    cell: str | None = field(default=None, kw_only=True)

    @property
    def model_field(self) -> str:
        """The field of the model that it becomes."""
        return self.fills or self.name

    @property
    def section(self) -> Section | None:
        """What its value is a table of, if it is one with keys of its own."""
        return None

    @property
    def label(self) -> str:
        """As a table of keys names it."""
        return self.name

    def written(self, model: object) -> Any:
        """What a document says of the model; None if it needs no word."""
        value = self.of(model) if self.of is not None else attrgetter(self.model_field)(model)
        return None if value is None else self.as_toml(value)

    @abstractmethod
    def as_toml(self, value: Any) -> Any:
        """What TOML has for a value of the model's."""

    @abstractmethod
    def default_cell(self) -> str:
        """What a table of keys says of its default, in Markdown."""

    @abstractmethod
    def schema(self) -> JsonSchema:
        """What JSON Schema says of its value."""


@dataclass(frozen=True, slots=True)
class Section:
    """A table with its keys. path is how messages name its place: `target.events`, '' for the top.

    meaning heads the column of its keys' help in the reference. many: it is one of an array of
    tables. called is what messages call it where that is not its header (`[load]`), place where a
    key of it belongs where that is not `in [load]`. forms: where a table has the keys of one of
    several sections, these are they, and keys has those of all; whoever reads the table says which
    it is (`Table.check_names`).
    """

    path: str
    keys: tuple[Declared, ...]
    meaning: str = "meaning"
    many: bool = field(default=False, kw_only=True)
    called: str = field(default="", kw_only=True)
    place: str = field(default="", kw_only=True)
    forms: tuple[Section, ...] = field(default=(), kw_only=True)

    @property
    def header(self) -> str:
        """As TOML writes it: `[load]`, `[[phase]]`."""
        return f"[[{self.path}]]" if self.many else f"[{self.path}]"

    @property
    def names(self) -> tuple[str, ...]:
        """Of its keys, in the order of their declarations."""
        return tuple(key.name for key in self.keys)

    def written(self, model: object) -> dict[str, Any]:
        """The keys that bring the model back when they are read; what is None is left out.

        A model that is a table itself is what a document says already.
        """
        if isinstance(model, Mapping):
            return dict(model)
        values = {key.name: key.written(model) for key in self.keys}
        return {name: value for name, value in values.items() if value is not None}

    def sections(self) -> Iterator[Section]:
        """This one and all below it."""
        yield from self.forms
        yield self
        for key in self.keys:
            if key.section is not None:
                yield from key.section.sections()


@dataclass(frozen=True, slots=True)
class Document:
    """A kind of document: name is what messages call it (`a profile`), root its top level.

    others are tables beyond its own whose keys a mistake may have been meant for.
    """

    name: str
    root: Section
    others: tuple[Section, ...] = ()

    def sections(self) -> tuple[Section, ...]:
        """All of them, in the order of the document."""
        return (*self.root.sections(), *self.others)

    def unknown_key(self, section: Section, name: str) -> str:
        """What to say of a key that its section does not have, with the likely mend."""
        called = section.called or (section.header if section.path else self.name)
        close = get_close_matches(name[:100].lower().replace("-", "_"), section.names, 1)
        if close:
            return f"is not a key of {called}; did you mean {close[0]}?"
        for other in self.sections():
            if name in other.names:
                return f"is not a key of {called}; it belongs {other.place or self._place(other)}"
        return f"is not a key of {called}; its keys are {', '.join(section.names)}"

    def _place(self, section: Section) -> str:
        if section.path:
            return f"in {section.header}"
        return f"at the top of the {self.name.split()[-1]}, before the first table"
