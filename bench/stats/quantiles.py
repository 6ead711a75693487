"""Quantiles of a measured distribution, and how far they can be believed. Pure.

A quantile is nearest rank: the smallest value that at least q·n samples do not exceed. Its interval
of confidence is made of order statistics and assumes nothing of the distribution's shape: the
number of samples below the true quantile is binomial(n, q), so that the samples of the ranks
between which that number lies with the wanted probability enclose it (Conover, Practical
Nonparametric Statistics, 3.2). Samples are taken as independent there; `bench.stats.woodruff` asks
the blocks first whether they are.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from bench.stats.basis import NOT_TESTED, Basis
from bench.stats.blocks import Blocks
from bench.stats.ranks import BEYOND, rank_of

_SPREAD = 9.0
"""Standard deviations of the binomial beyond which its probability is nil for our purpose."""


@dataclass(frozen=True, slots=True)
class Curve:
    """A whole distribution: ascending values in ns and how many samples have each.

    censored counts those of `counts` that are lower bounds (timed out). blocks: the same samples by
    blocks of time, None where nobody knows when each came.
    """

    values_ns: NDArray[np.int64]
    counts: NDArray[np.int64]
    censored: NDArray[np.int64]
    blocks: Blocks | None = None

    @property
    def count(self) -> int:
        """How many samples there are, censored ones included."""
        return int(self.counts.sum())

    def at_rank(self, rank: int) -> int:
        """The value of a rank from 1 to count."""
        return int(self.values_ns[np.searchsorted(np.cumsum(self.counts), rank)])

    def quantile_ns(self, q: float) -> int | None:
        """Quantile q, None without samples."""
        return self.at_rank(rank_of(q, self.count)) if self.count else None

    def is_known(self, q: float) -> bool:
        """True if enough samples lie beyond q."""
        return self.count - rank_of(q, self.count) >= BEYOND

    def is_bound(self, q: float) -> bool:
        """True if q would move if every censored value were infinite: it is a lower bound."""
        return self._is_bound(rank_of(q, self.count))

    def _is_bound(self, rank: int) -> bool:
        exact = np.cumsum(self.counts - self.censored)
        moved = np.searchsorted(exact, rank) != np.searchsorted(np.cumsum(self.counts), rank)
        return bool(moved)


@dataclass(frozen=True, slots=True)
class Bounds:
    """An interval of confidence in ns. None: too few samples to bound it on that side."""

    low_ns: int | None
    high_ns: int | None
    basis: Basis = NOT_TESTED


def quantile_bounds(curve: Curve, q: float, confidence: float = 0.95) -> Bounds:
    """Where the true quantile lies with at least the given confidence."""
    count = curve.count
    if not count:
        return Bounds(None, None)
    low, high = rank_bounds(count, q, confidence)
    unbounded = high > count or curve._is_bound(high)
    return Bounds(
        curve.at_rank(low) if low >= 1 else None,
        None if unbounded else curve.at_rank(high),
    )


def rank_bounds(count: int, q: float, confidence: float) -> tuple[int, int]:
    """Ranks that enclose the true quantile; 0 or count + 1 where no sample does."""
    first, cumulative = _binomial(count, q)
    tail = (1 - confidence) / 2
    # P(X < low) must not exceed the tail, nor P(X >= high), with X the samples below the quantile.
    below = int(np.searchsorted(cumulative, tail, side="right"))
    above = int(np.searchsorted(cumulative, 1 - tail, side="left"))
    return first + below, first + above + 1


def _binomial(count: int, q: float) -> tuple[int, NDArray[np.float64]]:
    """First k of interest and the cumulative probabilities from there on."""
    mean, deviation = count * q, sqrt(count * q * (1 - q))
    first = max(0, int(mean - _SPREAD * deviation) - 10)
    last = min(count, int(mean + _SPREAD * deviation) + 10)
    k = np.arange(first, last, dtype=np.float64)
    steps = np.log((count - k) / (k + 1)) + np.log(q / (1 - q))
    logs = np.concatenate(([0.0], np.cumsum(steps)))
    weights = np.exp(logs - logs.max())
    return first, np.cumsum(weights) / weights.sum()
