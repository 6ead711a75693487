"""A rate that changes evenly from a start to an end, or stays, when both are equal.

Where it starts at rate a per second and changes by k per second each second, the cumulative rate is
R(t) = a·t + k·t²/2, and R(t) = h solves to

    t = 2h / (a + √(a² + 2kh))

which is stable for k = 0 and for a = 0.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from math import sqrt
from typing import Any

from bench.model.shape import Shape
from bench.model.times import NS_PER_S
from bench.schema.quantities import rates
from bench.schema.table import Table
from bench.shapes.base import AtRate
from bench.shapes.kind import ShapeKind, read_duration, shape_key
from bench.shapes.steps import STEPS, in_steps


@dataclass(frozen=True, slots=True)
class Ramp(AtRate):
    """Rates in arrivals per second, at least 0."""

    duration_ns: int
    start_rps: float
    end_rps: float

    @property
    def sends(self) -> bool:
        """Whether there is a rate at all."""
        return bool(self.start_rps or self.end_rps)

    @property
    def expected(self) -> float:
        return (self.start_rps + self.end_rps) / 2 * (self.duration_ns / NS_PER_S)

    @property
    def peak_rps(self) -> float:
        return max(self.start_rps, self.end_rps)

    @property
    def _slope(self) -> float:
        """Change per second, each second."""
        duration_s = self.duration_ns / NS_PER_S
        return (self.end_rps - self.start_rps) / duration_s if duration_s else 0.0

    def rate_rps(self, at_ns: float) -> float:
        """On the straight line between both ends, which are met exactly."""
        if at_ns == self.duration_ns:
            return self.end_rps
        return self.start_rps + (self.end_rps - self.start_rps) * (at_ns / self.duration_ns)

    def planned(self, from_ns: float, to_ns: float) -> float:
        """The rate in the middle, times the time."""
        slope = (self.end_rps - self.start_rps) / self.duration_ns
        middle_ns = (from_ns + to_ns) / 2
        return (self.start_rps + slope * middle_ns) * (to_ns - from_ns) / NS_PER_S

    def inverse_ns(self, arrivals: float) -> float:
        if arrivals >= self.expected:
            return self.duration_ns
        a = self.start_rps
        root = a + sqrt(max(0.0, a * a + 2 * self._slope * arrivals))
        return min(2 * arrivals / root * NS_PER_S, self.duration_ns) if root else 0.0

    def offsets_ns(self, units: Iterable[float], /) -> Iterator[int]:
        """The same, written out: this is done for every arrival, within half a microsecond."""
        a, twice_slope = self.start_rps, 2 * self._slope
        square, last_ns = a * a, self.duration_ns - 1
        for h in units:
            inner = square + twice_slope * h
            root = a + sqrt(inner) if inner > 0.0 else a
            offset_ns = round(2 * h / root * NS_PER_S) if root else 0
            yield offset_ns if offset_ns < last_ns else last_ns

    def most_within(self, window_ns: int) -> float:
        """What comes at the higher end."""
        if window_ns >= self.duration_ns:
            return self.expected
        low, high = sorted((self.start_rps, self.end_rps))
        window_s = window_ns / NS_PER_S
        return (high - (high - low) * (window_ns / self.duration_ns) / 2) * window_s

    def part(self, from_ns: int, to_ns: int) -> Ramp:
        """A ramp between the rates at both instants."""
        return Ramp(to_ns - from_ns, self.rate_rps(from_ns), self.rate_rps(to_ns))

    def scaled(self, factor: float) -> Ramp:
        """Both ends times the factor."""
        return replace(self, start_rps=self.start_rps * factor, end_rps=self.end_rps * factor)

    def held(self, share: float, duration_ns: int) -> Ramp:
        """The rate at a share (0..1) of the way, held for a time: a step of the ramp."""
        rps = self.start_rps + (self.end_rps - self.start_rps) * share
        return constant_rate(rps, duration_ns)

    def words(self, arrivals: str) -> str:
        """`10/s, even`, `5 to 50/s, poisson`."""
        start, end = f"{self.start_rps:g}", f"{self.end_rps:g}"
        return f"{start if self.start_rps == self.end_rps else f'{start} to {end}'}/s, {arrivals}"

    def key_values(self) -> Mapping[str, Any]:
        return {"rate": (self.start_rps, self.end_rps)}


def constant_rate(rps: float, duration_ns: int) -> Ramp:
    """The same rate (arrivals per second) throughout."""
    return Ramp(duration_ns, rps, rps)


RATE = shape_key(
    "rate",
    'arrivals: `"10/s"`, or a ramp `"10/s..100/s"`',
    rates,
    (0.0, 0.0),
    cell="required, or another shape",
)


def _read(table: Table) -> Shape:
    start_rps, end_rps = RATE.read(table)
    ramp = Ramp(read_duration(table), start_rps, end_rps)
    return in_steps(table, ramp, is_level=start_rps == end_rps)


RAMP = ShapeKind((RATE, STEPS), _read)
