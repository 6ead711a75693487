"""Ticks at round numbers, linear and logarithmic. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil, floor, log10

from bench.format import number


@dataclass(frozen=True, slots=True)
class Axis:
    """Maps values to 0..1. ticks are (value, label)."""

    low: float
    high: float
    is_log: bool
    ticks: tuple[tuple[float, str], ...]

    def at(self, value: float) -> float:
        """Where a value lies; clipped to the axis."""
        low, high, value = self.low, self.high, min(max(value, self.low), self.high)
        if self.is_log:
            low, high, value = log10(low), log10(high), log10(value)
        return (value - low) / (high - low) if high > low else 0.5


def linear_axis(
    low: float, high: float, wanted: int = 5, label: Callable[[float], str] = number
) -> Axis:
    """From low to a round number not below high."""
    step = _round_step((high - low) / wanted) if high > low else 1.0
    first, last = floor(low / step + 1e-9), ceil(high / step - 1e-9)
    last = max(last, first + 1)
    ticks = tuple((i * step, label(round(i * step, 12))) for i in range(first, last + 1))
    return Axis(ticks[0][0], ticks[-1][0], False, ticks)


def log_axis(low: float, high: float, label: Callable[[float], str] = number) -> Axis:
    """Whole decades around positive values; 2 and 5 are ticks too if there are few of them."""
    first, last = floor(log10(low) + 1e-9), ceil(log10(high) - 1e-9)
    last = max(last, first + 1)
    between = (1, 2, 5) if last - first <= 3 else (1,)
    values = [m * 10.0**e for e in range(first, last + 1) for m in between]
    ticks = tuple((v, label(v)) for v in values if v <= 10.0**last * (1 + 1e-9))
    return Axis(10.0**first, 10.0**last, True, ticks)


def _round_step(step: float) -> float:
    """The smallest of 1, 2, 5 times a power of ten that is not below step."""
    base = 10.0 ** floor(log10(step))
    return next(base * m for m in (1, 2, 5, 10) if base * m >= step * (1 - 1e-9))
