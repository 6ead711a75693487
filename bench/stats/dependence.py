"""How much more a sum over blocks varies than independent samples would let it. Pure.

A mean over candidate models of how blocks hang together, each weighed by how well it explains what
is left of the blocks without their mean (Bayesian model averaging: Hoeting, Madigan, Raftery and
Volinsky, Bayesian Model Averaging: A Tutorial, Statistical Science 14(4), 1999). The candidates
are: samples as good as independent, with the binomial variance; and autoregressions of blocks, of
any variance, from alternating to hardly ever changing. Each comes without and with a steady drift,
which is a fact of the run and no chance. What the models say of the sum is a mixture of Student's
t; the one t that has the same 95 % and 99 % intervals stands for it.

Few blocks cannot tell those models apart, and then none is ruled out: the interval is as wide as
that makes it. With fewer than ten, or where all of them together hardly say more than one, nobody
can say how much chance there is, and None says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from math import log, sqrt

import numpy as np

from bench.stats.block_models import Explained, models
from bench.stats.blocks import Reals
from bench.stats.student import beyond, deviate, t_at

LEAST_BLOCKS = 10
"""Below it no variance between blocks is believed."""
_PLAIN = 0.85
"""From this chance on samples count as independent."""
_FEWEST_APART = 2.5
"""As how many independent blocks all blocks must count at least …"""
_DOUBT = 0.4
"""… or, at this chance that they do not, there are too few to know."""
_LARGE_DF = 60
"""From here on t is as good as normal."""
_PLACES, _BESIDE = np.linspace(0, 1, 48), 1.01
"""Of the reaches to interpolate between, and by what factor they go beyond the ends."""


@dataclass(frozen=True, slots=True)
class Dependence:
    """What the blocks say of the variance of their sum.

    design_effect: that variance over the one of independent samples. df: degrees of freedom of the
    estimate, None where samples are as good as independent (design_effect is 1 then). blocks: how
    many there are.
    """

    design_effect: float
    df: int | None
    blocks: int

    @property
    def is_independent(self) -> bool:
        """True if the blocks differ no more than independent samples let them."""
        return self.df is None


def dependence(residuals: Reals, independent_variance: float) -> Dependence | None:
    """What residuals per block, which add up to 0, say of the variance of a sum like theirs.

    independent_variance: what it would be if all samples were independent. None: too few blocks.
    """
    blocks = residuals.size
    if blocks < LEAST_BLOCKS:
        return None
    if independent_variance <= 0 or not residuals.any():
        return Dependence(1.0, None, blocks)
    found = models(blocks).explain(residuals / sqrt(independent_variance / blocks))
    if found.independent >= _PLAIN:
        return Dependence(1.0, None, blocks)
    if says_too_little(found.weights, found.apart):
        return None
    effect, df = _as_t(found)
    return Dependence(effect, df, blocks)


def says_too_little(weights: Reals, apart: Reals) -> bool:
    """Whether all blocks hardly count as several, by models of these weights.

    apart: as how many independent blocks they count by each.
    """
    return float(weights[apart < _FEWEST_APART].sum()) > _DOUBT


def _as_t(found: Explained) -> tuple[float, int]:
    """Design effect and degrees of freedom of the t with the same intervals at 95 % and 99 %."""
    near, far = _reaches(found, 0.05, 0.01)
    df = next(
        (df for df in range(1, _LARGE_DF) if _t(df, 0.01) * near <= far * _t(df, 0.05)), _LARGE_DF
    )
    return (near / _t(df, 0.05)) ** 2, df


@cache
def _t(df: int, alpha: float) -> float:
    return t_at(deviate(1 - alpha), df)


def _reaches(found: Explained, *chances: float) -> list[float]:
    """How far the sum is away with these chances, in standard errors of independent samples.

    They fall from the first to the last. Interpolated between reaches of which the nearest, and
    the farthest, are those of the models themselves.
    """
    ends = np.append(found.scales, 1.0 if found.independent else found.scales[0])
    near = log(ends.min() * deviate(1 - chances[0]) / _BESIDE)
    far = log(ends.max() * t_at(deviate(1 - chances[-1]), found.df) * _BESIDE)
    logs = near + (far - near) * _PLACES
    tried = np.exp(logs)
    beyond_each = beyond(tried[:, None] / found.scales, found.df) @ found.weights
    beyond_each += found.independent * beyond(tried, None)
    reached = np.interp(-np.log(chances), -np.log(beyond_each), logs)
    return list(np.exp(reached).tolist())
