"""What shapes with instants of their own share: arrivals that come as they are."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TypeVar

from bench.shapes.base import AtInstants

S = TypeVar("S", bound="Instants")


@dataclass(frozen=True, slots=True)
class Instants(AtInstants):
    """offsets: little-endian 64-bit nanoseconds, ascending, packed.

    from_ns is the offset at which this stretch starts, not 0 for a part.
    """

    duration_ns: int
    offsets: bytes
    from_ns: int = 0

    @property
    def _instants(self) -> memoryview[int]:
        return memoryview(self.offsets).cast("q")

    def _before(self, at_ns: float) -> int:
        """How many of all arrivals come before an instant of the stretch."""
        return bisect_left(self._instants, self.from_ns + at_ns)

    @property
    def sends(self) -> bool:
        return bool(self.offsets)

    @property
    def expected(self) -> float:
        return self.planned(0, self.duration_ns)

    def planned(self, from_ns: float, to_ns: float) -> float:
        """Those that lie in it, one at from_ns included and one at to_ns not."""
        return float(self._before(to_ns) - self._before(from_ns))

    def inverse_ns(self, arrivals: float) -> float:
        if arrivals >= self.expected:
            return self.duration_ns
        return self._instants[self._before(0) + int(arrivals)] - self.from_ns

    def offsets_ns(self, _units: Iterable[float], /) -> Iterator[int]:
        from_ns = self.from_ns
        for instant_ns in self._instants[self._before(0) : self._before(self.duration_ns)]:
            yield instant_ns - from_ns

    def most_within(self, window_ns: int) -> float:
        """Of all windows that begin with an arrival."""
        instants = self._instants[self._before(0) : self._before(self.duration_ns)]
        most = 0
        for first, start_ns in enumerate(instants):
            while first + most < len(instants) and instants[first + most] < start_ns + window_ns:
                most += 1
        return float(most)

    def part(self: S, from_ns: int, to_ns: int) -> S:
        """The arrivals that are still to come keep their instants."""
        return replace(self, duration_ns=to_ns - from_ns, from_ns=self.from_ns + from_ns)

    def scaled(self: S, _factor: float) -> S:
        """Itself: instants stay as they are."""
        return self
