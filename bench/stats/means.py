"""Are two means different, such as what two variants cost? Pure.

Blocks are paired and judged as for quantiles (`bench.stats.paired`); the mean of a sum over so many
samples is near enough to normal for Student's t.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import numpy as np

from bench.stats.basis import Basis, basis_of
from bench.stats.blocks import Reals, paired
from bench.stats.dependence import Dependence, dependence
from bench.stats.quantiles import Curve
from bench.stats.sequential import chance_at_any_time, deviate_at_any_time
from bench.stats.student import deviate, t_at, two_sided, z_at

CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class Weighed:
    """A curve whose mean counts so much: dollars per nanosecond, say."""

    curve: Curve
    weight: float

    @property
    def variance(self) -> float:
        """Of the weighed mean, if samples are independent."""
        counts, values = self.curve.counts, self.curve.values_ns.astype(np.float64)
        mean = float(np.average(values, weights=counts))
        spread = float(np.average((values - mean) ** 2, weights=counts))
        return self.weight**2 * spread / self.curve.count

    @property
    def residuals(self) -> Reals:
        """By block, what its samples have more than the mean, of the weighed mean."""
        blocks = self.curve.blocks
        assert blocks is not None
        sums, totals = blocks.sums_ns(), blocks.totals()
        apart: Reals = sums - totals * (sums.sum() / totals.sum())
        return apart * (self.weight / float(totals.sum()))


def chance_of(
    base: Weighed, other: Weighed, value: float, anytime: bool = False
) -> tuple[float | None, Basis]:
    """How likely chance alone makes two weighed means differ by a value, and what that rests on.

    None: too few blocks to know. Both are of one run and have samples.
    """
    variance = base.variance + other.variance
    found = _dependence(base, other, variance)
    basis = basis_of(base.curve.blocks or other.curve.blocks, found, anytime)
    if found is None:
        return None, basis
    error = sqrt(variance * max(found.design_effect, 0.0))
    if not error:
        return (0.0 if value else 1.0), basis
    z = z_at(abs(value) / error, found.df)
    if not anytime:
        return two_sided(z), basis
    samples = min(base.curve.count, other.curve.count) / found.design_effect
    return chance_at_any_time(samples, z), basis


def reach_of(base: Weighed, other: Weighed, anytime: bool = False) -> float | None:
    """How far to each side the interval at 95 % of the difference of two weighed means reaches.

    None: too few blocks to know. Both are of one run and have samples.
    """
    variance = base.variance + other.variance
    found = _dependence(base, other, variance)
    if found is None:
        return None
    effect = max(found.design_effect, 0.0)
    z = deviate(CONFIDENCE)
    if anytime:
        samples = min(base.curve.count, other.curve.count) / max(effect, 1e-9)
        z = deviate_at_any_time(samples, 1 - CONFIDENCE)
    return t_at(z, found.df) * sqrt(variance * effect)


def _dependence(base: Weighed, other: Weighed, variance: float) -> Dependence | None:
    one, two = base.curve.blocks, other.curve.blocks
    if one is None or two is None:
        return Dependence(1.0, None, 0)
    rows = paired((one.keys, base.residuals), (two.keys, other.residuals))
    return dependence(rows[1] - rows[0], variance)
