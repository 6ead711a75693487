"""Is one variant's quantile different from another's, and by how much? Pure.

The bootstrap, done directly: the q-quantile of a resample of n samples is the sample whose rank is
that of a Beta(r, n - r + 1) variable, r being the quantile's rank, since that is how the r-th of n
uniform variables is distributed. So no resample is ever drawn, and a thousand draws cost
microseconds however many samples there are. A draw that falls among timed-out values is unbounded.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bench.stats.quantiles import Curve
from bench.stats.ranks import rank_of

DRAWS = 4000
SEED = 1
"""Fixed: the same results give the same sentence."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A quantile of one variant less that of another (the base), in ns, with its interval.

    low_ns or high_ns is None where timed-out values leave it open.
    """

    q: float
    value_ns: int
    low_ns: int | None
    high_ns: int | None
    base_ns: int

    @property
    def is_distinguishable(self) -> bool:
        """True if the interval leaves out zero."""
        above = self.low_ns is not None and self.low_ns > 0
        below = self.high_ns is not None and self.high_ns < 0
        return above or below

    @property
    def relative(self) -> float | None:
        """The difference as a share of the base."""
        return self.value_ns / self.base_ns if self.base_ns else None


def difference(base: Curve, other: Curve, q: float, confidence: float = 0.95) -> Difference | None:
    """Quantile q of other less that of base; None if it is not known of either."""
    if not (base.count and other.count and base.is_known(q) and other.is_known(q)):
        return None
    random = np.random.default_rng(SEED)
    base_low, base_high = _draws(base, q, random)
    other_low, other_high = _draws(other, q, random)
    tail = (1 - confidence) / 2
    low = float(np.quantile(other_low - base_high, tail, method="inverted_cdf"))
    high = float(np.quantile(other_high - base_low, 1 - tail, method="inverted_cdf"))
    base_ns = base.quantile_ns(q) or 0
    return Difference(
        q,
        (other.quantile_ns(q) or 0) - base_ns,
        round(low) if np.isfinite(low) else None,
        round(high) if np.isfinite(high) else None,
        base_ns,
    )


def _draws(
    curve: Curve, q: float, random: np.random.Generator
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Quantile q of DRAWS resamples: with lower bounds as they are, and taken as infinite."""
    count, rank = curve.count, rank_of(q, curve.count)
    ranks = np.ceil(random.beta(rank, count - rank + 1, DRAWS) * count)
    running = np.cumsum(curve.counts)
    found = np.searchsorted(running, ranks)
    low = curve.values_ns[found].astype(np.float64)
    exact = np.searchsorted(np.cumsum(curve.counts - curve.censored), ranks)
    high = np.where(exact == found, low, np.inf)
    return low, high
