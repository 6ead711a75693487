"""Axes with round ticks: linear, logarithmic, clock time and percentiles. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor, log10

_TIME_STEPS_S = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400)
_NINES = (0.0, 0.5, 0.75, 0.9, 0.95, 0.99, 0.999, 0.9999, 0.99999, 0.999999)
_WITHIN_A_DECADE = ((1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8), (1, 1.5, 2, 3, 5, 7))
"""Ticks of a logarithmic axis that is too short for 1, 2 and 5 to tell its scale."""
_SLACK = 1e-9


@dataclass(frozen=True, slots=True)
class Axis:
    """Maps values to 0..1, clipped; ticks are (value, label)."""

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


def label(value: float) -> str:
    """`0`, `0.25`, `150`, `1500`, `20k`, `3M`."""
    if abs(value) >= 1_000_000:
        return f"{value / 1_000_000:g}M"
    if abs(value) >= 10_000:
        return f"{value / 1000:g}k"
    return f"{value:.6g}"


def linear_axis(low: float, high: float, most: int, *, whole: bool = False) -> Axis:
    """Around low..high, to round numbers on both ends, with at most `most` ticks or two.

    whole: what is counted has no ticks between two counts.
    """
    if high <= low:
        high = low + (abs(low) or 1.0)
    step = _round_up((high - low) / max(1, most - 1))
    step = max(1.0, round(step)) if whole else step
    first, last = floor(low / step + _SLACK), ceil(high / step - _SLACK)
    ticks = tuple((i * step, label(round(i * step, 12))) for i in range(first, last + 1))
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
    ticks = tuple((v, label(float(f"{v:.3g}"))) for v in inside[::every])
    return Axis(low, high, ticks, logarithmic=True)


def _log_edge(value: float, below: bool) -> float:
    edges = [m * 10.0 ** (floor(log10(value)) + e) for e in (-1, 0, 1) for m in (1, 2, 5)]
    if below:
        return max(edge for edge in edges if edge <= value * (1 + _SLACK))
    return min(edge for edge in edges if edge >= value * (1 - _SLACK))


def time_axis(low_s: float, high_s: float, most: int) -> Axis:
    """Seconds of a run as clock time; the ends stay as they are."""
    span = max(1.0, high_s - low_s)
    step = next((s for s in _TIME_STEPS_S if span / s <= max(1, most)), _TIME_STEPS_S[-1])
    first = ceil(low_s / step - _SLACK)
    last = floor(high_s / step + _SLACK)
    ticks = tuple((float(i * step), _clock(i * step)) for i in range(first, last + 1))
    return Axis(low_s, low_s + span, ticks)


def _clock(seconds: int) -> str:
    hours, rest = divmod(seconds, 3600)
    minutes, rest = divmod(rest, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def round_span_s(seconds: float) -> float:
    """A length of time for an axis that grows in few steps: 30 s, 1 min, 2, 5, 10, …"""
    steps = (10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600)
    whole = next((step for step in steps if seconds <= step), None)
    return float(whole if whole is not None else ceil(seconds / 3600) * 3600)


def nines(q: float) -> float:
    """HdrHistogram's axis of percentiles: each nine is one step."""
    return -log10(max(1e-12, 1 - q))


def nines_axis(furthest: float, most: int) -> Axis:
    """Percentiles from 0 to a place on that axis."""
    high = max(furthest, nines(0.9))
    ticks = [(nines(q), f"{q * 100:g} %") for q in _NINES if nines(q) <= high + _SLACK]
    if len(ticks) > most:
        ticks = [t for t in ticks if t[1] not in ("75 %", "95 %")]
    return Axis(0.0, high, tuple(ticks))


def category_axis(count: int) -> Axis:
    """Places 0 to count - 1."""
    return Axis(0.0, float(max(1, count - 1)))


def placed(axis: Axis, length: int, widths: Sequence[int]) -> list[int]:
    """The cell in which each tick's label begins, so that it is centred and stays inside."""
    places = []
    for (value, _), width in zip(axis.ticks, widths, strict=True):
        centre = round(axis.at(value) * (length - 1))
        places.append(min(max(0, centre - width // 2), max(0, length - width)))
    return places
