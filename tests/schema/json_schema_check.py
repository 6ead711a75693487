"""As much of a JSON Schema validator as the schemas here need."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

Schema = Mapping[str, Any]
TYPES: dict[str, type | tuple[type, ...]] = {
    "object": dict,
    "array": list,
    "string": str,
    "boolean": bool,
    "integer": int,
    "number": (int, float),
}
NOTES = {"$schema", "title", "description", "default", "examples"}


def complaints(schema: Schema, value: Any, path: str = "") -> Iterator[str]:
    """What the schema has against a value. An unknown keyword is a mistake of the test's."""
    for keyword, wanted in schema.items():
        if keyword not in NOTES:
            yield from RULES[keyword](schema, wanted, value, path)


def _type(_: Schema, wanted: str, value: Any, path: str) -> Iterator[str]:
    is_flag = isinstance(value, bool) and wanted != "boolean"
    if is_flag or not isinstance(value, TYPES[wanted]):
        yield f"{path} is no {wanted}"


def _any_of(_: Schema, wanted: list[Schema], value: Any, path: str) -> Iterator[str]:
    found = [list(complaints(one, value, path)) for one in wanted]
    if all(found):
        yield f"{path} has none of the forms: {found}"


def _one_of(_: Schema, wanted: list[Schema], value: Any, path: str) -> Iterator[str]:
    good = [one for one in wanted if not list(complaints(one, value, path))]
    if len(good) != 1:
        yield f"{path} has {len(good)} of the forms"


def _properties(
    schema: Schema, wanted: Mapping[str, Schema], value: Any, path: str
) -> Iterator[str]:
    if not isinstance(value, dict):
        return
    for name, item in value.items():
        if name in wanted:
            yield from complaints(wanted[name], item, f"{path}.{name}")
        elif schema.get("additionalProperties") is False:
            yield f"{path}.{name} is not known"


def _additional(schema: Schema, wanted: Any, value: Any, path: str) -> Iterator[str]:
    if isinstance(value, dict) and wanted is not False:
        for name in value.keys() - schema.get("properties", {}).keys():
            yield from complaints(wanted, value[name], f"{path}.{name}")


def _names(_: Schema, wanted: Schema, value: Any, path: str) -> Iterator[str]:
    for name in value if isinstance(value, dict) else ():
        yield from complaints(wanted, name, f"the name {path}.{name}")


def _required(_: Schema, wanted: list[str], value: Any, path: str) -> Iterator[str]:
    if isinstance(value, dict):
        yield from (f"{path}.{name} is missing" for name in wanted if name not in value)


def _items(_: Schema, wanted: Schema, value: Any, path: str) -> Iterator[str]:
    for index, item in enumerate(value if isinstance(value, list) else ()):
        yield from complaints(wanted, item, f"{path}[{index}]")


def _min_items(_: Schema, wanted: int, value: Any, path: str) -> Iterator[str]:
    if isinstance(value, list) and len(value) < wanted:
        yield f"{path} is too short"


def _enum(_: Schema, wanted: list[Any], value: Any, path: str) -> Iterator[str]:
    if value not in wanted or isinstance(value, bool):
        yield f"{path} is none of {wanted}"


def _pattern(_: Schema, wanted: str, value: Any, path: str) -> Iterator[str]:
    if isinstance(value, str) and not re.search(wanted, value):
        yield f"{path} has not the form {wanted}"


def _bound(holds: Callable[[Any, Any], bool]) -> Callable[[Schema, Any, Any, str], Iterator[str]]:
    def check(_: Schema, wanted: Any, value: Any, path: str) -> Iterator[str]:
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if is_number and not holds(value, wanted):
            yield f"{path} is out of bounds ({wanted})"

    return check


RULES: dict[str, Callable[[Schema, Any, Any, str], Iterator[str]]] = {
    "type": _type,
    "anyOf": _any_of,
    "oneOf": _one_of,
    "properties": _properties,
    "additionalProperties": _additional,
    "propertyNames": _names,
    "required": _required,
    "items": _items,
    "minItems": _min_items,
    "enum": _enum,
    "pattern": _pattern,
    "minimum": _bound(lambda value, wanted: value >= wanted),
    "maximum": _bound(lambda value, wanted: value <= wanted),
    "exclusiveMinimum": _bound(lambda value, wanted: value > wanted),
}
