"""A rate that swings around a mean as a sine does: a day in miniature.

With mean m, amplitude A and period P the rate is m + A·sin(φ), φ = 2πt/P, and so is the cumulative
rate R(t) = m·t + A·P/2π·(1 - cos φ). With E = φ + π/2 and e = A/m, R(t) = h is Kepler's equation

    M = E - e·sin E        M = M₀ + 2πh/(m·P), M₀ that of t = 0

whose eccentricity is the amplitude as a share of the mean. As M grows by 2π each period, whole
periods are taken off first: an instant is as exact at the end of a month as on the first day. In
[0, π] the left side less M is convex and rises, so that Newton's method, begun at or above the
solution, comes down to it and never leaves [0, π]. It begins at the lesser of M + e and ∛(π²M)
(for E - sin E ≥ E³/π²), from where three to five rounds do: a few microseconds an arrival.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from math import cbrt, copysign, cos, fmod, pi, sin
from typing import Any

from bench.format import span_text
from bench.model.times import NS_PER_S
from bench.schema.quantities import rate, span
from bench.schema.table import Table
from bench.shapes.base import AtRate
from bench.shapes.kind import ShapeKind, read_duration, shape_key
from bench.units import write_rates

_CLOSE = 1e-13
"""Radians between two rounds of Newton's method, each of which squares what is left."""


@dataclass(frozen=True, slots=True)
class Wave(AtRate):
    """Rates in arrivals per second, 0 ≤ amplitude_rps ≤ mean_rps; it begins at its mean and rises.

    from_ns is where in the wave this stretch starts, not 0 for a part.
    """

    duration_ns: int
    mean_rps: float
    amplitude_rps: float
    period_ns: int
    from_ns: int = 0

    @property
    def sends(self) -> bool:
        """Whether there is a rate at all."""
        return bool(self.mean_rps)

    @property
    def expected(self) -> float:
        return self.planned(0, self.duration_ns)

    @property
    def peak_rps(self) -> float:
        """At the first crest, or at the higher end of a stretch without one."""
        if self._next_ns(0.25, 0) <= self.duration_ns:
            return self.mean_rps + self.amplitude_rps
        return max(self.rate_rps(0), self.rate_rps(self.duration_ns))

    def _next_ns(self, turn: float, from_ns: float) -> float:
        """The first instant from from_ns on at which so much of a period (0..1) has passed."""
        return from_ns + (turn * self.period_ns - self.from_ns - from_ns) % self.period_ns

    def _angle(self, at_ns: float) -> float:
        """φ in [0, 2π): whole periods go first, so that an instant keeps all of its digits."""
        return 2 * pi * fmod(self.from_ns + at_ns, self.period_ns) / self.period_ns

    def rate_rps(self, at_ns: float) -> float:
        return max(0.0, self.mean_rps + self.amplitude_rps * sin(self._angle(at_ns)))

    def planned(self, from_ns: float, to_ns: float) -> float:
        """By cos a - cos b = 2·sin((a + b)/2)·sin((b - a)/2), which cancels no digits."""
        length_ns, period_ns = to_ns - from_ns, self.period_ns
        half_angle = pi * fmod(length_ns, 2 * period_ns) / period_ns
        swing = sin(self._angle((from_ns + to_ns) / 2)) * sin(half_angle)
        swing_s = self.amplitude_rps * (period_ns / NS_PER_S) / pi
        return self.mean_rps * length_ns / NS_PER_S + swing_s * swing

    def inverse_ns(self, arrivals: float) -> float:
        """By Kepler's equation, to much less than a nanosecond of an hour.

        Where the rate itself is 0, in the trough of an amplitude that is the mean, the instants of
        an arrival lie as close as its own last digit allows: there cumulative(inverse) is exact.
        """
        if arrivals >= self.expected:
            return self.duration_ns
        return min(max(0.0, self._solver()(arrivals)), self.duration_ns)

    def offsets_ns(self, units: Iterable[float], /) -> Iterator[int]:
        """The same for every arrival; rounding brings none before the start or the one before."""
        solve, offset_ns, last_ns = self._solver(), 0, self.duration_ns - 1
        for h in units:
            offset_ns = min(max(offset_ns, round(solve(h))), last_ns)
            yield offset_ns

    def _solver(self) -> Callable[[float], float]:
        """Of arrivals, the instant in ns before which so many are planned."""
        mean_rps, period_ns = self.mean_rps, self.period_ns
        e = self.amplitude_rps / mean_rps
        start = self._angle(0) + pi / 2
        first_turn = (start - e * sin(start)) / (2 * pi)
        per_period = mean_rps * (period_ns / NS_PER_S)
        start_turn = start / (2 * pi)

        def solve(arrivals: float) -> float:
            turns = first_turn + arrivals / per_period
            whole = round(turns)
            anomaly = _eccentric_anomaly(2 * pi * (turns - whole), e)
            return (whole - start_turn + anomaly / (2 * pi)) * period_ns

        return solve

    def most_within(self, window_ns: int) -> float:
        """Around a crest (or a trough, if longer than a period), or at an end of the stretch."""
        last_ns = self.duration_ns - window_ns
        if last_ns <= 0:
            return self.expected
        middles_ns = (self._next_ns(turn, window_ns / 2) for turn in (0.25, 0.75))
        starts_ns = [middle_ns - window_ns / 2 for middle_ns in middles_ns]
        return max(
            self.planned(start_ns, start_ns + window_ns)
            for start_ns in (0, last_ns, *(ns for ns in starts_ns if ns <= last_ns))
        )

    def part(self, from_ns: int, to_ns: int) -> Wave:
        """The wave goes on where it was."""
        from_ns += self.from_ns
        return replace(self, duration_ns=self.from_ns + to_ns - from_ns, from_ns=from_ns)

    def scaled(self, factor: float) -> Wave:
        """Mean and amplitude times the factor."""
        return replace(
            self,
            mean_rps=self.mean_rps * factor,
            amplitude_rps=self.amplitude_rps * factor,
        )

    def words(self, arrivals: str) -> str:
        """`20 ± 15/s, a wave each 60 s, poisson`."""
        rates = f"{self.mean_rps:g} ± {self.amplitude_rps:g}/s"
        return f"{rates}, a wave each {span_text(self.period_ns)}, {arrivals}"

    def key_values(self) -> Mapping[str, Any]:
        return {"wave": self.mean_rps, "amplitude": self.amplitude_rps, "period": self.period_ns}


def _eccentric_anomaly(mean: float, e: float) -> float:
    """The solution E of Kepler's equation for a mean anomaly in [-π, π] and e in [0, 1]."""
    m = abs(mean)
    anomaly = min(m + e, cbrt(pi * pi * m), pi)
    while (slope := 1 - e * cos(anomaly)) > 0.0:
        step = (anomaly - e * sin(anomaly) - m) / slope
        anomaly -= step
        if step < _CLOSE:  # rounding alone can turn it back
            break
    return copysign(anomaly, mean)


MEAN = shape_key(
    "wave",
    'arrivals that swing like a sine, a day in miniature: the mean, such as `"20/s"`, '
    "at which they begin and rise",
    rate,
    0.0,
    cell="",
)
AMPLITUDE = shape_key(
    "amplitude",
    'how far up and down, such as `"15/s"`; at most the mean',
    rate,
    0.0,
    cell="required with `wave`",
)
PERIOD = shape_key("period", "from one crest to the next", span, 1, cell="required with `wave`")


def _read(table: Table) -> Wave:
    mean_rps = MEAN.read(table)
    amplitude_rps = AMPLITUDE.read(table, missing='say how far it swings, such as "15/s"')
    if mean_rps and amplitude_rps > mean_rps:
        most = write_rates(mean_rps, mean_rps)
        table.fault("amplitude", f"must be at most the mean, {most}: no rate is below 0")
    period_ns = PERIOD.read(table, missing='say how long a wave is, such as "60s"')
    return Wave(read_duration(table), mean_rps, amplitude_rps, period_ns)


WAVE = ShapeKind((MEAN, AMPLITUDE, PERIOD), _read)
