"""Do achieved arrivals look like the Poisson process that was planned? Pure.

Instants of a Poisson process, run through its cumulative rate, have gaps that are Exp(1). The
Anderson–Darling test compares them with that, giving weight to the ends where bunching shows. Its
distribution for a fully specified law: Marsaglia and Marsaglia, Evaluating the Anderson-Darling
Distribution, Journal of Statistical Software 9(2), 2004.
"""

from __future__ import annotations

from math import exp, sqrt

import numpy as np
from numpy.typing import NDArray

_TINY = 1e-12


def exponential_p(gaps: NDArray[np.float64]) -> float:
    """Probability of a fit this bad if the gaps are independent Exp(1); 1 without gaps."""
    if not gaps.size:
        return 1.0
    return 1 - _below(anderson_darling(1 - np.exp(-gaps)))


def ks_distance(gaps: NDArray[np.float64]) -> float:
    """The largest distance between the distribution of gaps and Exp(1), 0 without gaps."""
    if not gaps.size:
        return 0.0
    planned = 1 - np.exp(-np.sort(gaps))
    ranks = np.arange(gaps.size + 1) / gaps.size
    return float(max((ranks[1:] - planned).max(), (planned - ranks[:-1]).max()))


def anderson_darling(uniform: NDArray[np.float64]) -> float:
    """A² of values that should be uniform over [0, 1]."""
    count = uniform.size
    ordered = np.clip(np.sort(uniform), _TINY, 1 - _TINY)
    weights = 2 * np.arange(1, count + 1) - 1
    return float(-count - (weights * (np.log(ordered) + np.log1p(-ordered[::-1]))).sum() / count)


def _below(z: float) -> float:
    """P(A² < z) for many samples; off by less than 2e-6."""
    if z <= 0:
        return 0.0
    if z < 2:
        poly = 0.0116720 - 0.00168691 * z
        for coefficient in (0.0347962, 0.0649821, 0.247105):
            poly = coefficient - poly * z
        return exp(-1.2337141 / z) / sqrt(z) * (2.00012 + poly * z)
    poly = 0.008056 - 0.0003146 * z
    for coefficient in (0.082433, 0.43424, 2.30695):
        poly = coefficient - poly * z
    return exp(-exp(1.0776 - poly * z))
