"""So many arrivals at once, every so often."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import repeat
from typing import Any

from bench.format import span_text
from bench.schema.quantities import span
from bench.schema.table import Table
from bench.schema.values import whole
from bench.shapes.base import AtInstants
from bench.shapes.kind import ShapeKind, read_duration, shape_key
from bench.units import MAX_CALLERS


@dataclass(frozen=True, slots=True)
class Burst(AtInstants):
    """size arrivals at first_ns, first_ns + every_ns, … within the stretch; every_ns above 0.

    first_ns is not 0 for a part that begins between two bursts.
    """

    duration_ns: int
    size: int
    every_ns: int
    first_ns: int = 0

    @property
    def sends(self) -> bool:
        """Whether there is anybody in a burst."""
        return bool(self.size)

    @property
    def expected(self) -> float:
        """Every burst of the stretch."""
        return self.planned(0, self.duration_ns)

    def planned(self, from_ns: float, to_ns: float) -> float:
        """Bursts that fall into it, one at from_ns included and one at to_ns not."""
        return float(self.size * (self._bursts_before(to_ns) - self._bursts_before(from_ns)))

    def _bursts_before(self, at_ns: float) -> int:
        return int(max(0, -((self.first_ns - at_ns) // self.every_ns)))

    def inverse_ns(self, arrivals: float) -> float:
        """The burst that the arrival is in."""
        if arrivals >= self.expected:
            return self.duration_ns
        return self.first_ns + self.every_ns * int(arrivals // self.size)

    def offsets_ns(self, _units: Iterable[float], /) -> Iterator[int]:
        for start_ns in range(self.first_ns, self.duration_ns, self.every_ns):
            yield from repeat(start_ns, self.size)

    def most_within(self, window_ns: int) -> float:
        """Of a window that begins with a burst."""
        return min(self.expected, float(self.size * -(-window_ns // self.every_ns)))

    def part(self, from_ns: int, to_ns: int) -> Burst:
        """The bursts that are still to come keep their instants."""
        first_ns = self.first_ns + self.every_ns * self._bursts_before(from_ns) - from_ns
        return replace(self, duration_ns=to_ns - from_ns, first_ns=first_ns)

    def scaled(self, factor: float) -> Burst:
        """Bursts so many times as large, of some at least one arrival."""
        return replace(self, size=max(1, round(self.size * factor)) if self.size else 0)

    def words(self, _arrivals: str) -> str:
        """`20 at once every 2 s`."""
        return f"{self.size} at once every {span_text(self.every_ns)}"

    def key_values(self) -> Mapping[str, Any]:
        return {"burst": self.size, "every": self.every_ns}


SIZE = shape_key("burst", "so many at once", whole(1, MAX_CALLERS), 0, cell="")
EVERY = shape_key("every", "how far bursts are apart", span, 1, cell="required with `burst`")


def _read(table: Table) -> Burst:
    return Burst(
        size=SIZE.read(table),
        duration_ns=read_duration(table),
        every_ns=EVERY.read(table, missing='say how far bursts are apart, such as "10s"'),
    )


BURST = ShapeKind((SIZE, EVERY), _read)
