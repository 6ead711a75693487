"""Student's t beside the normal distribution: how far to reach when a variance is estimated. Pure.

For a whole number of degrees of freedom t's distribution is a finite sum (Abramowitz and Stegun,
Handbook of Mathematical Functions, 26.7.3 and 26.7.4), so that no special function is needed.
"""

from __future__ import annotations

from functools import cache
from math import erfc, sqrt
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

_NORMAL = NormalDist()
_LARGEST_Z = 6.5
"""Beyond it the finite sum has no digits left; probabilities there are below 1e-10."""
_POINTS = 600

Reals = NDArray[np.float64]


def deviate(confidence: float) -> float:
    """z such that a normal variable lies within ±z with this probability (0..1, both excluded)."""
    return _NORMAL.inv_cdf((1 + confidence) / 2)


def two_sided(z: float) -> float:
    """Probability that a normal variable lies beyond ±z."""
    return erfc(z / sqrt(2))


def t_at(z: float, df: int | None) -> float:
    """The t, with df degrees of freedom, that is exceeded as rarely as z by a normal variable.

    df None: the variance is known and t is z itself. Above z = 6.5 t grows in proportion.
    """
    if df is None:
        return z
    deviates, ts = _table(df)
    found = float(np.interp(z, deviates, ts))
    return found * max(1.0, z / float(deviates[-1]))


def z_at(t: float, df: int | None) -> float:
    """The normal deviate of a t: the inverse of `t_at`; df None is infinitely many."""
    if df is None:
        return t
    deviates, ts = _table(df)
    return float(np.interp(t, ts, deviates)) * max(1.0, t / float(ts[-1]))


def beyond(ts: Reals, df: int | None) -> Reals:
    """Probability that a t variable lies beyond ±ts; at least 1e-10. df None: a normal one."""
    at, chances = _normal_table() if df is None else (_table(df)[1], _two_sided(df))
    found: Reals = np.interp(ts, at, chances)
    return found


@cache
def _normal_table() -> tuple[Reals, Reals]:
    """Ascending deviates, and the chance of each."""
    deviates = np.linspace(0, _LARGEST_Z, _POINTS)
    return deviates, np.array([two_sided(z) for z in deviates.tolist()])


@cache
def _two_sided(df: int) -> Reals:
    """The chances that go with the table."""
    return np.array([two_sided(z) for z in _table(df)[0].tolist()])


@cache
def _table(df: int) -> tuple[Reals, Reals]:
    """Ascending normal deviates, and the t of equal probability for each."""
    angles = np.linspace(0, np.pi / 2, _POINTS, endpoint=False)
    # Evenly spaced where t is small, geometrically where its tail is long.
    ts = np.concatenate((sqrt(df) * np.tan(angles[: _POINTS // 2]), _tail(df)))
    ts = np.unique(ts)
    beyond = np.maximum(1 - _within(ts, df), 1e-300)
    kept = beyond > two_sided(_LARGEST_Z)
    z = [-_NORMAL.inv_cdf(p / 2) for p in beyond[kept].tolist()]
    return np.array(z), ts[kept]


def _tail(df: int) -> Reals:
    tail: Reals = sqrt(df) * np.geomspace(1.0, 1e6, _POINTS)
    return tail


def _within(ts: Reals, df: int) -> Reals:
    """Probability that a t variable lies within ±t."""
    theta = np.arctan(ts / sqrt(df))
    sin, cos = np.sin(theta), np.cos(theta)
    if df % 2:
        return 2 / np.pi * (theta + sin * _sum_odd(cos, df))
    even: Reals = sin * _sum_even(cos, df)
    return even


def _sum_odd(cos: Reals, df: int) -> Reals:
    term = cos.copy() if df > 1 else np.zeros_like(cos)
    total = term.copy()
    for k in range(3, df - 1, 2):
        term = term * cos**2 * (k - 1) / k
        total += term
    return total


def _sum_even(cos: Reals, df: int) -> Reals:
    term = np.ones_like(cos)
    total = term.copy()
    for k in range(2, df - 1, 2):
        term = term * cos**2 * (k - 1) / k
        total += term
    return total
