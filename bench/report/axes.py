"""Axes with round ticks: linear, logarithmic and percentiles, for pages and screens alike. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, floor, log10

from bench.format import quantile_percent, tick_label

_NINES = (0.0, 0.5, 0.75, 0.9, 0.95, 0.99, 0.999, 0.9999, 0.99999, 0.999999)
_BETWEEN_NINES = (0.75, 0.95)
"""Ticks that only a long axis has room for."""
_WITHIN_A_DECADE = ((1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8), (1, 1.5, 2, 3, 5, 7))
"""Ticks of a logarithmic axis that is too short for 1, 2 and 5 to tell its scale."""
_SLACK = 1e-9


@dataclass(frozen=True, slots=True)
class Axis:
    """Maps values to 0..1, clipped; ticks are (value, label), ascending."""

    low: float
    high: float
    ticks: tuple[tuple[float, str], ...] = ()
    logarithmic: bool = False

    def at(self, value: float) -> float:
        """Where a value lies on the axis."""
        low, high, value = self.low, self.high, min(max(value, self.low), self.high)
        if self.logarithmic:
            low, high, value = log10(low), log10(high), log10(value)
        return (value - low) / (high - low) if high > low else 0.0


def linear_axis(low: float, high: float, most: int, *, whole: bool = False) -> Axis:
    """Around low..high, to round numbers on both ends, with at most `most` ticks or two.

    whole: what is counted has no ticks between two counts.
    """
    if high <= low:
        high = low + (abs(low) or 1.0)
    step = _round_up((high - low) / max(1, most - 1))
    step = max(1.0, round(step)) if whole else step
    first, last = floor(low / step + _SLACK), ceil(high / step - _SLACK)
    ticks = tuple((i * step, tick_label(round(i * step, 12))) for i in range(first, last + 1))
    return Axis(ticks[0][0], ticks[-1][0], ticks)


def _round_up(step: float) -> float:
    """The smallest of 1, 2, 2.5 and 5 times a power of ten that is not below step."""
    power = 10.0 ** floor(log10(step))
    return next(m * power for m in (1, 2, 2.5, 5, 10) if m * power >= step * (1 - _SLACK))


def log_axis(low: float, high: float, most: int) -> Axis:
    """Around low..high, both positive, to 1, 2 or 5 times a power of ten on both ends."""
    low = _log_edge(low, below=True)
    high = max(_log_edge(high, below=False), low * 2)
    decades = range(floor(log10(low)), ceil(log10(high)) + 1)
    for marks in (*(_WITHIN_A_DECADE if high < low * 11 else ()), (1, 2, 5), (1, 3), (1,)):
        values = [m * 10.0**e for e in decades for m in marks]
        inside = [v for v in values if low * (1 - _SLACK) <= v <= high * (1 + _SLACK)]
        if len(inside) <= most:
            break
    every = max(1, ceil(len(inside) / max(1, most)))
    ticks = tuple((v, tick_label(float(f"{v:.3g}"))) for v in inside[::every])
    return Axis(low, high, ticks, logarithmic=True)


def _log_edge(value: float, below: bool) -> float:
    edges = [m * 10.0 ** (floor(log10(value)) + e) for e in (-1, 0, 1) for m in (1, 2, 5)]
    if below:
        return max(edge for edge in edges if edge <= value * (1 + _SLACK))
    return min(edge for edge in edges if edge >= value * (1 - _SLACK))


def nines(q: float) -> float:
    """HdrHistogram's axis of percentiles: each nine is one step, p90 lies at 1 and p99 at 2."""
    return -log10(max(1e-12, 1 - q))


def nines_axis(furthest: float, most: int) -> Axis:
    """Percentiles from 0 to a place on that axis; `most` ticks, as far as nines alone allow it."""
    high = max(furthest, nines(0.9))
    inside = [q for q in _NINES if nines(q) <= high + _SLACK]
    if len(inside) > most:
        inside = [q for q in inside if q not in _BETWEEN_NINES]
    return Axis(0.0, high, tuple((nines(q), quantile_percent(q)) for q in inside))
