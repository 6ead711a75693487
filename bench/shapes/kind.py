"""How a shape gets into a profile: the keys of [[phase]] that are its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from bench.model.profile import Phase
from bench.model.shape import Shape
from bench.schema.key import Key
from bench.schema.quantities import span
from bench.schema.table import Table
from bench.schema.values import Value

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class ShapeKind:
    """A kind of shape. keys are those that it has beside `duration`; the first one chooses it.

    read makes a shape of a [[phase]] that has that key. A mistake is noted in the table, and what
    comes of it then is of no use, but a shape.
    """

    keys: tuple[Key[Any], ...]
    read: Callable[[Table], Shape]

    @property
    def name(self) -> str:
        """The key that chooses it."""
        return self.keys[0].name

    def has(self, name: str) -> bool:
        """Whether it has a key of that name."""
        return any(key.name == name for key in self.keys)


def shape_key(
    name: str, help: str, value: Value[T], default: T, *, cell: str | None = None
) -> Key[T]:
    """A key of a shape's own, whose value is the one in its `key_values`.

    default is what reading goes on with; cell is what tables of keys have in its place.
    """

    def of(phase: Phase) -> Any:
        return phase.shape.key_values().get(name)

    return Key(name, help, value, default, of=of, cell=cell)


DURATION = Key(
    "duration",
    "how long it lasts",
    span,
    0,
    of=lambda phase: phase.duration_ns,
    cell="required, but not for `replay`",
)


def read_duration(table: Table, default_ns: int | None = None) -> int:
    """The duration of a phase in nanoseconds, above 0; without a default it has to be there."""
    missing = 'say how long, such as "30s"' if default_ns is None else None
    return DURATION.read(table, default=default_ns or 0, missing=missing)
