"""How well a quantile is known, given how its samples hang together. Pure.

Woodruff's interval (Confidence Intervals for Medians and Other Position Measures, JASA 47, 1952):
the share of samples below the quantile has an interval, and the samples at its ends enclose the
quantile, whatever the distribution's shape. The share varies as that of an effective number of
independent samples: their count over the design effect, less for a t of few degrees of freedom
(Korn and Graubard, Survey Methodology 24, 1998). Where blocks show no dependence the interval is
that of the order statistics.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import ceil, exp, floor, log, sqrt

import numpy as np
from numpy.typing import NDArray

from bench.stats.basis import basis_of
from bench.stats.blocks import Reals
from bench.stats.dependence import Dependence, dependence
from bench.stats.quantiles import Bounds, Curve, quantile_bounds
from bench.stats.ranks import rank_of
from bench.stats.sequential import deviate_at_any_time, shares_at_any_time
from bench.stats.student import deviate, t_at
from bench.stats.tilting import tilted_variance

_SLACK = 1e-9
_MOVES = 4
"""By then a limit hardly moves."""
_RARER = 1.5
"""Power of how much more blocks vary with a rare state at its share: half of it is its length."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """One quantile of a curve, with what its interval is made from."""

    curve: Curve
    q: float
    count: int
    value_ns: int
    running: NDArray[np.int64]
    exact: NDArray[np.int64]
    """Running counts of all samples, and of those that are no lower bounds."""

    def within(self, low: float, high: float) -> tuple[int | None, int | None]:
        """The samples at two shares (0..1), None for one that no sample or a lower bound has."""
        first = ceil(self.count * low - _SLACK)
        last = floor(self.count * high + _SLACK) + 1
        return (
            self._at(first) if first >= 1 else None,
            None if last > self.count or self._moves(last) else self._at(last),
        )

    def limits(self, effective: float, z: float) -> tuple[int | None, int | None]:
        """Where the quantile lies if the share below it is off by z standard errors at most."""
        return self.within(*shares(self.q, effective, z))

    def _at(self, rank: int) -> int:
        return int(self.curve.values_ns[np.searchsorted(self.running, rank)])

    def _moves(self, rank: int) -> bool:
        """True if the sample of a rank is another once every lower bound is infinite."""
        return bool(np.searchsorted(self.exact, rank) != np.searchsorted(self.running, rank))

    @property
    def share_below(self) -> float:
        """Share of the samples that do not exceed the quantile: q, or more among equal ones."""
        place = int(np.searchsorted(self.running, rank_of(self.q, self.count)))
        return float(self.running[place]) / self.count

    @property
    def residuals(self) -> Reals:
        """By block, the samples not above the quantile less those to be expected. They add up to 0.

        Only of a curve with blocks.
        """
        assert self.curve.blocks is not None
        below, totals = self.curve.blocks.below(self.value_ns), self.curve.blocks.totals()
        residuals: Reals = below - totals * (below.sum() / totals.sum())
        return residuals


def estimate(curve: Curve, q: float) -> Estimate | None:
    """Quantile q of a curve; None without samples."""
    running = np.cumsum(curve.counts)
    count = int(running[-1]) if running.size else 0
    if not count:
        return None
    place = np.searchsorted(running, rank_of(q, count))
    exact = running - np.cumsum(curve.censored)
    return Estimate(curve, q, count, int(curve.values_ns[place]), running, exact)


def shares(q: float, effective: float, z: float) -> tuple[float, float]:
    """Between which shares of so many independent samples the true quantile q lies.

    By Cornish and Fisher's expansion of the binomial distribution, which with ten samples beyond
    the quantile is off by a tenth of a sample. Below 0 or above 1 where samples do not reach.
    """
    error, skew = z * sqrt(q * (1 - q) / effective), (z**2 - 1) * (1 - 2 * q) / (6 * effective)
    low, high = min(q, q - error + skew), max(q, q + error + skew)
    half = 0.5 / effective
    return (low if low > half else -1.0), (high if high < 1 - half else 2.0)


def far_shares(q: float, effective: float, z: float) -> tuple[float, float]:
    """The same where z standard errors lead beyond 0 and 1: taken on the scale of log odds."""
    middle, error = log(q / (1 - q)), z / sqrt(effective * q * (1 - q))
    return 1 / (1 + exp(error - middle)), 1 / (1 + exp(-error - middle))


def effective_samples(count: int, found: Dependence, z: float) -> float:
    """As how many independent samples so many count, z standard errors out."""
    spent = z / t_at(z, found.df) if z > 0 else 1.0
    return count / max(found.design_effect, _SLACK) * spent**2


def dependence_of(standing: Estimate) -> Dependence | None:
    """What the blocks say of the share below a quantile; None: too few blocks.

    Without blocks samples are taken as independent.
    """
    if standing.curve.blocks is None:
        return Dependence(1.0, None, 0)
    below = standing.share_below
    return dependence(standing.residuals, standing.count * below * (1 - below))


@dataclass(frozen=True, slots=True)
class _Level:
    """How sure an interval is, and whether at every look."""

    confidence: float
    anytime: bool

    @property
    def moves(self) -> int:
        """How often a limit is moved at most: once where looks are many."""
        return 1 if self.anytime else _MOVES

    def shares(self, q: float, count: int, found: Dependence) -> tuple[float, float]:
        """Between which shares of so many samples the true quantile q lies."""
        alpha = 1 - self.confidence
        if self.anytime:
            z = deviate_at_any_time(effective_samples(count, found, 0), alpha)
            return shares_at_any_time(q, effective_samples(count, found, z), alpha)
        z = deviate(self.confidence)
        return shares(q, effective_samples(count, found, z), z)


def interval(curve: Curve, q: float, confidence: float = 0.95, anytime: bool = False) -> Bounds:
    """Where the true quantile lies, and what that rests on.

    anytime: it holds at every look while samples come, not only at a size fixed before.
    """
    standing = estimate(curve, q)
    found = None if standing is None else dependence_of(standing)
    basis = basis_of(curve.blocks, found, anytime)
    if standing is None or found is None:
        return Bounds(None, None, basis)
    if found.is_independent and not anytime:
        known = quantile_bounds(curve, q, confidence)
        return Bounds(known.low_ns, known.high_ns, basis)
    level = _Level(confidence, anytime)
    low_ns, high_ns = standing.within(*level.shares(q, standing.count, found))
    if low_ns is None and high_ns is None and not anytime:
        z = deviate(confidence)
        reach = far_shares(q, effective_samples(standing.count, found, z), z)
        low_ns, high_ns = standing.within(*reach)
    if low_ns is None and high_ns is None:
        return Bounds(None, None, basis_of(curve.blocks, None, anytime))
    if not found.is_independent:
        low_ns, high_ns = _as_blocks_vary_there(standing, (low_ns, high_ns), level)
    return Bounds(low_ns, high_ns, basis)


def _as_blocks_vary_there(
    standing: Estimate, limits: tuple[int | None, int | None], level: _Level
) -> tuple[int | None, int | None]:
    """The limits, moved outwards where blocks vary more at them than at the quantile itself.

    A run that was in one state more often than usual has its quantile where blocks hardly differ,
    though they do where the true one lies: a test asks for the variance there (a score interval).
    """
    moved = []
    for side, limit in enumerate(limits):
        for _ in range(level.moves):
            found = None if limit is None else _dependence_at(standing, limit)
            if found is None:
                break
            reach = level.shares(standing.q, standing.count, found)
            further = standing.within(*reach)[side]
            if further is not None and (further - (limit or 0)) * (-1, 1)[side] <= 0:
                break
            limit = further
        moved.append(limit)
    return moved[0], moved[1]


def _dependence_at(standing: Estimate, value_ns: int) -> Dependence | None:
    """What blocks say of the share of samples that do not exceed a value, if it is the quantile.

    Blocks of a rare state that a run has met less often than usual come more often then, and make
    for more variance than they did in this run. It was as likely left sooner than usual, too: the
    variance of a sum grows as the share of such blocks times how long the state lasts.
    """
    blocks, q = standing.curve.blocks, standing.q
    assert blocks is not None
    below, totals = blocks.below(value_ns), blocks.totals()
    share = float(below.sum() / totals.sum())
    residuals = below - totals * share
    found = dependence(residuals, standing.count * share * (1 - share))
    tilted = tilted_variance(below - totals * q)
    if found is None or tilted is None:
        return found
    spread = float(residuals @ residuals) / residuals.size
    more = tilted / spread * share * (1 - share) / (q * (1 - q))
    return replace(found, design_effect=found.design_effect * max(1.0, more) ** _RARER)


def precision(
    curve: Curve, q: float, confidence: float = 0.95, anytime: bool = False
) -> float | None:
    """Half the width of the interval of confidence, relative to the quantile.

    0.03 reads "p99 ±3 %". None while the interval is open, not known, or the quantile is 0.
    """
    value_ns, bounds = curve.quantile_ns(q), interval(curve, q, confidence, anytime)
    if not value_ns or bounds.low_ns is None or bounds.high_ns is None:
        return None
    return (bounds.high_ns - bounds.low_ns) / 2 / value_ns
