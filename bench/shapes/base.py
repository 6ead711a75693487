"""What several shapes share: the counting of even arrivals, and the answers of an open loop."""

from __future__ import annotations

from math import ceil, frexp
from typing import ClassVar, TypeVar

from bench.model.shape import Shape
from bench.model.times import NS_PER_S

S = TypeVar("S")


def even_count(total: float, shift: float) -> int:
    """How many of shift, shift + 1, (shift + 1) + 1, … lie below total, to the last bit.

    shift in [0, 1). The sums are those of itertools.count, which rounds once a power of two: in
    between whole steps are exact, so that it takes a jump for each power instead of a step each.
    """
    h, count = shift, 0
    while h < total:
        next_power = float(1 << max(0, frexp(h)[1]))
        steps = max(1, ceil(min(total, next_power) - h))
        h += steps
        count += steps
    return count


class OpenLoop:
    """Arrivals come at times of their own, whatever the answers do: there are no callers."""

    __slots__ = ()
    is_closed: ClassVar[bool] = False

    @property
    def most_callers(self) -> int:
        return 0

    def callers_at(self, _at_ns: int) -> int:
        return 0

    def next_change_ns(self, _at_ns: int) -> int | None:
        return None

    def pieces(self: S) -> tuple[S, ...]:
        return (self,)

    def cumulative(self: Shape, at_ns: float) -> float:
        """Arrivals planned before an instant."""
        return self.planned(0, at_ns)


class AtRate(OpenLoop):
    """Arrivals are drawn at a rate."""

    __slots__ = ()
    has_rate: ClassVar[bool] = True

    def even_count(self: Shape, shift: float) -> int:
        """Those at shift, shift + 1, … of the cumulative rate."""
        return even_count(self.expected, shift)


class AtInstants(OpenLoop):
    """Arrivals come as they are; what has no rate shows its mean instead."""

    __slots__ = ()
    has_rate: ClassVar[bool] = False

    def rate_rps(self: Shape, _at_ns: float) -> float:
        """The overall mean, at any instant."""
        return self.expected / self.duration_ns * NS_PER_S if self.duration_ns else 0.0

    @property
    def peak_rps(self: Shape) -> float:
        return self.rate_rps(0)

    def even_count(self: Shape, _shift: float) -> int:
        return int(self.expected)
