"""Keys of a document. What stands in the declaration of one is all that is known of it.

From it fall out how it is read, what it is without being said, how it is written back, its row in
the reference's tables and what JSON Schema says of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from bench.schema.section import Declared, Section
from bench.schema.table import Table
from bench.schema.values import JsonSchema, Reader, Value
from bench.units import shown

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
N_co = TypeVar("N_co", covariant=True)
REQUIRED = "required"
_AS_DECLARED = object()


@dataclass(frozen=True, slots=True, eq=False)
class Key(Declared, Generic[T_co]):
    """A key with one value. default is what the model has without it, None where that is nothing.

    Of a required key, default is what reading goes on with once its absence has been noted.
    """

    value: Value[T_co]
    default: T_co

    def read(
        self,
        table: Table,
        *,
        default: Any = _AS_DECLARED,
        missing: str | None = None,
        by: Reader[Any] | None = None,
    ) -> T_co:
        """The checked value, or the default; a mistake is noted.

        Another default, reader or word for its absence is for keys on which others decide.
        """
        fallback: T_co = self.default if default is _AS_DECLARED else default
        return table.read(self.name, by or self.value, fallback, missing or self.missing)

    def as_toml(self, value: Any) -> Any:
        """What TOML has for a value of the model's."""
        return self.value.write(value)

    def default_cell(self) -> str:
        """As TOML writes it, in backticks; nothing where nothing is the default."""
        if self.cell is not None:
            return self.cell
        if self.missing is not None:
            return REQUIRED
        return "" if self.default is None else _code(self.as_toml(self.default))

    def schema(self) -> JsonSchema:
        """That of the value, with its default."""
        if self.cell is not None or self.missing is not None or self.default is None:
            return self.value.schema
        return {**self.value.schema, "default": self.as_toml(self.default)}


@dataclass(frozen=True, slots=True, eq=False)
class ListKey(Declared, Generic[T_co]):
    """A key with a value or a list of them."""

    value: Value[T_co]
    default: Sequence[T_co] = ()

    def read(self, table: Table, default: Sequence[Any] | None = None) -> list[T_co]:
        """The checked values; each mistake is noted with its index."""
        return table.read_list(self.name, self.value, list(default or self.default))

    def as_toml(self, value: Any) -> Any:
        """The values in the model's order; one of them stands alone."""
        items = [self.value.write(item) for item in value]
        return items[0] if len(items) == 1 else items

    def default_cell(self) -> str:
        """The values in backticks, with commas between."""
        if self.cell is not None or self.missing is not None:
            return self.cell or REQUIRED
        return ", ".join(_code(self.value.write(item)) for item in self.default)

    def schema(self) -> JsonSchema:
        """Either form: one value, or a list of at least one."""
        one = self.value.schema
        return {"anyOf": [one, {"type": "array", "items": one, "minItems": 1}]}


def _code(value: Any) -> str:
    """As TOML writes it, in Markdown."""
    is_round = isinstance(value, float) and value.is_integer()
    return f"`{shown(int(value) if is_round else value)}`"


def _any_name(name: str) -> str:
    return name


ANY_NAME: Value[str] = Value(_any_name, {"type": "string"})


@dataclass(frozen=True, slots=True, eq=False)
class NamesKey(Declared, Generic[N_co, T_co]):
    """A key with a table of names, each with a value. The names are free, or those of a few."""

    value: Value[T_co]
    names: Value[N_co]

    def read(self, table: Table) -> dict[Any, T_co]:
        """The checked values by what their names stand for."""
        found = {}
        for name, value in table.named(self.name, self.value).items():
            found[table.read_name(self.name, name, self.names)] = value
        return {name: value for name, value in found.items() if name is not None}

    def as_toml(self, value: Any) -> Any:
        """None where there is none."""
        return {
            self.names.write(name): self.value.write(one) for name, one in value.items()
        } or None

    def default_cell(self) -> str:
        """Empty, unless the declaration says something: there is no default to show."""
        return self.cell or ""

    def schema(self) -> JsonSchema:
        """With its few names one by one, so that an editor can offer them."""
        few: Sequence[str] = self.names.schema.get("enum", ())
        if few:
            return _object(dict.fromkeys(few, self.value.schema))
        return {
            "type": "object",
            "propertyNames": self.names.schema,
            "additionalProperties": self.value.schema,
        }


@dataclass(frozen=True, slots=True, eq=False)
class TableKey(Declared):
    """A key whose value is a table, or with `many` an array of tables, with keys of its own."""

    below: Section

    @property
    def section(self) -> Section:
        """The section whose keys stand below this one."""
        return self.below

    @property
    def label(self) -> str:
        """The key as a profile writes it: `[load]`, `[[phase]]`."""
        return self.below.header

    def as_toml(self, value: Any) -> Any:
        """None for a table without a key."""
        if self.below.many:
            return [self.below.written(item) for item in value] or None
        return self.below.written(value) or None

    def default_cell(self) -> str:
        """Whether it must be there."""
        return self.cell or (REQUIRED if self.missing is not None else "")

    def schema(self) -> JsonSchema:
        """The table, or the array of them."""
        table = section_schema(self.below)
        return {"type": "array", "items": table} if self.below.many else table


def values(table: Table, section: Section) -> dict[str, Any]:
    """Every key's checked value, or default, by the field of the model that it fills."""
    return {
        key.model_field: key.read(table)
        for key in section.keys
        if isinstance(key, Key | ListKey | NamesKey)
    }


def section_schema(section: Section) -> dict[str, Any]:
    """What JSON Schema says of a table: nothing but its keys may stand in it."""
    if section.forms:
        return {"oneOf": [section_schema(form) for form in section.forms]}
    properties = {
        key.name: {
            "title": f"{section.header} {key.name}" if section.path else key.name,
            "description": key.help,
            **key.schema(),
        }
        for key in section.keys
    }
    required = [key.name for key in section.keys if key.missing is not None]
    return _object(properties) | ({"required": required} if required else {})


def _object(properties: Mapping[str, JsonSchema]) -> dict[str, Any]:
    return {"type": "object", "properties": dict(properties), "additionalProperties": False}
