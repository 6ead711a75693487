"""Intervals that hold at every look, however often one looks: confidence sequences. Pure.

A test at 5 % that is repeated while samples come errs far more often than once in twenty. Here the
likelihood ratio of a mixture (a beta prior over the share below the quantile) against the quantile
itself is a martingale, which reaches 1/α with a probability of at most α over all time (Ville); the
quantiles that it does not rule out are a confidence sequence (Howard and Ramdas, Sequential
estimation of quantiles with applications to A/B testing and best-arm identification, Bernoulli
28(3), 2022). Where samples depend, it is taken of the effective number of samples.
"""

from __future__ import annotations

from collections.abc import Callable
from math import exp, lgamma, log, sqrt

PRIOR_SAMPLES = 100.0
"""Weight of the prior in samples: sequences are tightest around ten times as many."""
_STEPS, _NEXT_TO_NOTHING = 50, 1e-6


def deviate_at_any_time(samples: float, alpha: float) -> float:
    """How many standard errors the mean of so many samples stays within, at every look.

    The normal mixture: Robbins, Annals of Mathematical Statistics 41, 1970.
    """
    growth = log(1 + samples / PRIOR_SAMPLES)
    return sqrt((1 + PRIOR_SAMPLES / samples) * (2 * log(1 / alpha) + growth))


def chance_at_any_time(samples: float, deviate: float) -> float:
    """The smallest α whose sequence a mean so many standard errors away has left; at most 1."""
    growth = log(1 + samples / PRIOR_SAMPLES)
    weight = samples / (samples + PRIOR_SAMPLES)
    return min(1.0, exp((growth - deviate**2 * weight) / 2))


def shares_at_any_time(q: float, samples: float, alpha: float) -> tuple[float, float]:
    """Between which shares of the samples the true quantile q lies, at every look.

    0 or 1 where so few samples bound nothing on that side.
    """

    def evidence(share: float) -> float:
        return _log_ratio(q, samples, share) + log(alpha)

    low = 0.0 if evidence(0.0) < 0 else _root(evidence, 0.0, q)
    high = 1.0 if evidence(1.0) < 0 else _root(evidence, 1.0, q)
    return low, high


def _log_ratio(q: float, samples: float, share: float) -> float:
    """Log of the mixture's likelihood over that of q, if so large a share lies below."""
    a, b = q * PRIOR_SAMPLES, (1 - q) * PRIOR_SAMPLES
    below, above = share * samples, (1 - share) * samples
    mixed = _log_beta(a + below, b + above) - _log_beta(a, b)
    return mixed - below * log(q) - above * log(1 - q)


def _log_beta(a: float, b: float) -> float:
    return lgamma(a) + lgamma(b) - lgamma(a + b)


def _root(evidence: Callable[[float], float], outside: float, inside: float) -> float:
    """Where evidence, which is not negative outside and is inside, is next to nothing.

    By false position, with the Illinois rule where one end stays (Dowell and Jarratt, A Modified
    Regula Falsi Method, BIT 11, 1971).
    """
    above, below, side = evidence(outside), evidence(inside), 0
    middle = outside
    for _ in range(_STEPS):
        middle = (inside * above - outside * below) / (above - below)
        found = evidence(middle)
        if abs(found) < _NEXT_TO_NOTHING:
            break
        if found > 0:
            outside, above, below, side = middle, found, below / (2 if side > 0 else 1), 1
        else:
            inside, below, above, side = middle, found, above / (2 if side < 0 else 1), -1
    return middle
