"""What a value can be: how it is read, how it is written back, what JSON Schema says of it.

Every reader raises ValueError with the rest of a sentence that begins with the key, as
`bench.units` does: `must be true or false (it is 3)`. Nothing else comes out of one, whatever it
is given.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from enum import Enum
from math import isfinite
from pathlib import Path
from typing import Any, Generic, TypeVar

from bench.units import shown

T = TypeVar("T")
U = TypeVar("U")
T_co = TypeVar("T_co", covariant=True)
E = TypeVar("E", bound=Enum)
Reader = Callable[[Any], T]
"""Turns a TOML value into what the model wants; ValueError's text continues after the key."""
JsonSchema = Mapping[str, Any]


def _as_it_is(value: Any) -> Any:
    return value


@dataclass(frozen=True, slots=True)
class Value(Generic[T_co]):
    """A kind of value. write gives what TOML has for it; schema is what JSON Schema says of that.

    located takes the place of read where a value means something only from a folder: a path.
    """

    read: Callable[[Any], T_co]
    schema: JsonSchema
    write: Callable[[Any], Any] = _as_it_is
    located: Callable[[Any, Path], T_co] | None = None

    def __call__(self, value: Any) -> T_co:
        """Read it: a Value is a Reader."""
        return self.read(value)

    def read_in(self, value: Any, base_dir: Path) -> T_co:
        """Read it; relative paths start from base_dir."""
        return self.read(value) if self.located is None else self.located(value, base_dir)


def located(read: Callable[[Any, Path], T], schema: JsonSchema) -> Value[T]:
    """A kind of value that is a path, or has one in it; read gets the folder it starts from."""
    return Value(lambda value: read(value, Path()), schema, located=read)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError(f"must be a text in quotes (it is {shown(value)})")
    if not value.strip():
        raise ValueError("must not be empty")
    return value


text = Value(_text, {"type": "string", "pattern": r"\S"})
"""A text that is not empty."""


def narrowed(
    value: Value[T], check: Callable[[T], U], schema: JsonSchema | None = None
) -> Value[U]:
    """The same kind of value, but check may refuse what was read, or change it."""

    def read(given: Any) -> U:
        return check(value.read(given))

    return Value(read, {**value.schema, **(schema or {})}, value.write)


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"must be true or false (it is {shown(value)})")
    return value


flag = Value(_flag, {"type": "boolean"})
"""true or false."""


def whole(low: int, high: int) -> Value[int]:
    """A whole number from low to high."""

    def read(value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int):
            raise ValueError(f"must be a whole number (it is {shown(value)})")
        return _within(value, low, high)

    return Value(read, {"type": "integer", "minimum": low, "maximum": high})


def number(low: float, high: float) -> Value[float]:
    """A number from low to high, whole or not."""

    def read(value: Any) -> float:
        return float(_within(_finite(value), low, high))

    return Value(read, {"type": "number", "minimum": low, "maximum": high})


def _within(value: T, low: float, high: float) -> T:
    """Compared as it is: a whole number may be larger than a float can be."""
    assert isinstance(value, int | float)
    if value < low:
        raise ValueError(f"must be at least {shown(low)} (it is {shown(value)})")
    if value > high:
        raise ValueError(f"must be at most {shown(high)} (it is {shown(value)})")
    return value


def _finite(value: Any, what: str = "a number") -> int | float:
    """A whole number is finite, even if no float can hold it."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or (isinstance(value, float) and not isfinite(value)):
        raise ValueError(f"must be {what} (it is {shown(value)})")
    assert isinstance(value, int | float)
    return value


def _positive(value: Any) -> float:
    found = _finite(value, "a number above 0")
    if found <= 0:
        raise ValueError(f"must be a number above 0 (it is {shown(value)})")
    return float(_within(found, 0, 1e300))


positive = Value(_positive, {"type": "number", "exclusiveMinimum": 0})
"""A number above 0."""


def choice(kind: type[E], leave_out: frozenset[E] = frozenset()) -> Value[E]:
    """One of an Enum's values, by its value."""
    return named_choice({str(one.value): one for one in kind if one not in leave_out})


def named_choice(members: Mapping[str, T]) -> Value[T]:
    """One of several names, each of which stands for something else."""
    names = {member: name for name, member in members.items()}

    def read(value: Any) -> T:
        if isinstance(value, str) and value in members:
            return members[value]
        raise ValueError(_none_of(list(members), value) + _likely(members, value))

    return Value(read, {"type": "string", "enum": list(members)}, names.__getitem__)


def one_of(values: Sequence[T]) -> Value[T]:
    """One of several values as they stand."""

    def read(value: Any) -> T:
        if value in values and not isinstance(value, bool):
            return values[values.index(value)]
        raise ValueError(_none_of(values, value) + _likely(list(map(str, values)), value))

    return Value(read, {"enum": list(values)})


def _none_of(values: Sequence[object], value: Any) -> str:
    return f"must be one of {', '.join(map(shown, values))} (it is {shown(value)})"


def _likely(names: Sequence[str] | Mapping[str, Any], value: Any) -> str:
    """What was probably meant, whichever of - and _ stands in it."""
    if not isinstance(value, str) or len(value) > 100:
        return ""
    lower = value.lower()
    for guess in (lower.replace("_", "-"), lower.replace("-", "_"), value):
        if close := get_close_matches(guess, names, 1, 0.5):
            return f"; did you mean {shown(close[0])}?"
    return ""


def above_zero(value: Value[int]) -> Value[int]:
    """The same kind of value, but 0 is a mistake."""

    def read(given: Any) -> int:
        found = value.read(given)
        if found == 0:
            raise ValueError(f"must be above 0 (it is {shown(given)})")
        return found

    return replace(value, read=read)
