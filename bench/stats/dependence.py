"""How much more a sum over blocks varies than independent samples would let it. Pure.

The variance that counts is that of the slowest movements: what goes on within a few blocks (a stall
every five seconds) evens out, and what lasts for many does not. It is measured by the projections
of the blocks' residuals on the first few cosines, whose mean square is chi-squared with as many
degrees of freedom (Lazarus, Lewis, Stock and Watson, HAR Inference: Recommendations for Practice,
Journal of Business & Economic Statistics 36(4), 2018). It needs neither that neighbouring blocks be
independent nor a model of how they depend; where neighbours are alike, what the cosines miss is
added as for a first-order autoregression. A steady drift is a fact of the run and no chance: a
line, of twenty blocks or more a parabola, is taken out first.

Blocks whose neighbours are plainly alike are doubled until they are not. With fewer than ten left
nobody can say how much chance there is, and None says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from math import sqrt

import numpy as np

from bench.stats.blocks import Reals

LEAST_BLOCKS = 10
"""Below it no variance between blocks is believed."""
_CURVED_FROM = 20
"""Blocks from which on a drift may be bent."""
_MOST_COSINES = 12
"""More would make t hardly smaller, and let faster movements in."""
_ALIKE = 2.0
"""Standard errors of the lag-1 correlation beyond which neighbours are plainly alike."""
_MOST_ALIKE = 0.7
_CAUTION = 0.5
"""Standard errors by which neighbours may be more alike than they look."""
_PLAIN = 0.7
"""Samples count as independent if neighbours are less alike, in standard errors, …"""
_PLAIN_LOW, _PLAIN_HIGH = -1.3, 0.7
"""… blocks differ by as much as chance makes them, in standard errors of the design effect, …"""
_PLAIN_SLOW = 1.5
"""… and the slow movements have a design effect of at most this."""


@dataclass(frozen=True, slots=True)
class Dependence:
    """What the blocks say of the variance of their sum.

    design_effect: that variance over the one of independent samples. df: degrees of freedom of the
    estimate, None where samples are as good as independent (design_effect is 1 then). blocks: how
    many, after doubling; doubled: how many of the original ones make one.
    """

    design_effect: float
    df: int | None
    blocks: int
    doubled: int = 1

    @property
    def is_independent(self) -> bool:
        """True if the blocks differ no more than independent samples let them."""
        return self.df is None


def dependence(residuals: Reals, independent_variance: float) -> Dependence | None:
    """What residuals per block, which add up to 0, say of the variance of a sum like theirs.

    independent_variance: what it would be if all samples were independent. None: too few blocks.
    """
    series, doubled = residuals, 1
    while series.size >= LEAST_BLOCKS:
        if independent_variance <= 0 or not series.any():
            return Dependence(1.0, None, series.size, doubled)
        steady, error = _steady(series), 1 / sqrt(series.size)
        likeness = _lag_1(steady)
        if likeness <= _ALIKE * error:
            slow, df = _slow_variance(series, likeness + _CAUTION * error)
            between = _variance_between(steady) / independent_variance
            if doubled == 1 and _is_plain(
                likeness / error, (between - 1) / (sqrt(2) * error), slow / independent_variance
            ):
                return Dependence(1.0, None, series.size)
            return Dependence(slow / independent_variance, df, series.size, doubled)
        series, doubled = _doubled(series), doubled * 2
    return None


def _is_plain(likeness: float, between: float, slow: float) -> bool:
    """True if nothing speaks against independent samples; the first two in standard errors."""
    return likeness <= _PLAIN and _PLAIN_LOW <= between <= _PLAIN_HIGH and slow <= _PLAIN_SLOW


def cosines(blocks: int) -> int:
    """How many cosines the variance is taken from: about half of blocks to the power of 2/3."""
    return min(_MOST_COSINES, max(2, round(0.5 * float(np.cbrt(blocks)) ** 2)))


def _degree(blocks: int) -> int:
    return 2 if blocks >= _CURVED_FROM else 1


def _slow_variance(series: Reals, likeness: float) -> tuple[float, int]:
    """The variance of the sum, and its degrees of freedom."""
    df = cosines(series.size)
    projected = series @ _basis(series.size, df)[1]
    return series.size * float(projected @ projected) / df / _kept(series.size, df, likeness), df


def _kept(blocks: int, df: int, likeness: float) -> float:
    """Which share of the slowest movement's variance the cosines have on average.

    As for a first-order autoregression with this correlation of neighbours.
    """
    correlation = min(max(likeness, 0.0), _MOST_ALIKE)
    angles = np.pi * (_degree(blocks) + 1 + np.arange(df)) / blocks
    steep = 2 * correlation / (1 - correlation) ** 2
    return float(np.mean(1 / (1 + steep * (1 - np.cos(angles)))))


def _steady(series: Reals) -> Reals:
    """What is left without the drift."""
    drift = _basis(series.size, cosines(series.size))[0]
    steady: Reals = series - drift @ (drift.T @ series)
    return steady


def _lag_1(steady: Reals) -> float:
    """Correlation of neighbours, without the bias that taking a drift out brings."""
    square = float(steady @ steady)
    if square <= 0:
        return 0.0
    bias = (_degree(steady.size) + 1) / steady.size
    return float(steady[1:] @ steady[:-1]) / square + bias


def _variance_between(steady: Reals) -> float:
    """Variance of the sum if blocks are independent."""
    free = steady.size - _degree(steady.size) - 1
    return steady.size * float(steady @ steady) / free


def _doubled(series: Reals) -> Reals:
    """Neighbours together; an odd one out goes with the last two."""
    doubled: Reals = np.add.reduceat(series, np.arange(0, series.size - 1, 2))
    return doubled


@cache
def _basis(blocks: int, df: int) -> tuple[Reals, Reals]:
    """Orthonormal columns: constant and drift; then the cosines, made orthogonal to those."""
    place = (np.arange(blocks) + 0.5) / blocks
    degree = _degree(blocks)
    columns = [(2 * place - 1) ** power for power in range(degree + 1)]
    columns += [np.cos(np.pi * (degree + 1 + j) * place) for j in range(df)]
    basis, _ = np.linalg.qr(np.stack(columns, axis=1))
    return basis[:, : degree + 1], basis[:, degree + 1 :]
