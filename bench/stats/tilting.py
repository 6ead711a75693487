"""How much blocks would vary if their mean were another: exponential tilting. Pure.

A run that met a rare state once or twice knows little of how often it comes: had it come more
often, the mean of the blocks would be another, and so would their variance, which grows with it.
The test of a mean asks for the variance that there is if that mean is the true one. Each block is
given a weight as near to equal as a mean of 0 lets it (Efron, Nonparametric Standard Errors and
Confidence Intervals, Canadian Journal of Statistics 9, 1981; Kitamura, Empirical Likelihood Methods
with Weakly Dependent Processes, Annals of Statistics 25, 1997).
"""

from __future__ import annotations

import numpy as np

from bench.stats.blocks import Reals

_STEPS = 25
_LONGEST_STEP = 2.0
_NEAR = 1e-3
"""Of a standard deviation: so near to 0 a mean is 0."""


def tilted_variance(values: Reals) -> float | None:
    """The variance of values weighted so that their mean is 0; None if none lies beyond 0."""
    if values.min() >= 0 or values.max() <= 0:
        return None
    largest = float(np.abs(values).max())
    scaled = values / largest
    tilt, near = 0.0, _NEAR * float(scaled.std())
    for _ in range(_STEPS):
        weights = np.exp(tilt * scaled)
        weights /= weights.sum()
        mean = float(weights @ scaled)
        square = float(weights @ (scaled * scaled))
        if abs(mean) <= near:
            break
        step = mean / max(square - mean * mean, 1e-12)
        tilt -= max(-_LONGEST_STEP, min(_LONGEST_STEP, step))
    return square * largest**2
