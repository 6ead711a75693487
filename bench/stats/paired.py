"""Is one variant's quantile different from another's, and by how much? Pure.

The interval of a difference is made of those of its parts: to each side the root of the sum of
squares of how far each part reaches (Zou and Donner, Construction of confidence limits about effect
measures: a general approach, Statistics in Medicine 27, 2008). Variants of one run had the same
arrivals and the same seconds or rounds, good and bad: what counts is how the *difference* of the
two varies from block to block, with blocks paired by their place. Two runs share nothing, and each
brings its own blocks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import hypot

from bench.stats.basis import NOT_TESTED, Basis, basis_of
from bench.stats.blocks import paired
from bench.stats.dependence import Dependence, dependence
from bench.stats.holm import rejected
from bench.stats.quantiles import Curve
from bench.stats.sequential import chance_at_any_time, deviate_at_any_time
from bench.stats.student import deviate, two_sided
from bench.stats.woodruff import Estimate, dependence_of, effective_samples, estimate

_FARTHEST_Z = 8.0
_HALVINGS = 20
CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class Difference:
    """A quantile of one variant less that of another (the base), in ns, with its interval.

    low_ns or high_ns is None where timed-out values, or too few blocks, leave it open.
    p_value: how likely chance alone makes so large a difference; None: too few blocks to know.
    is_distinguishable is judged by one error rate for all that is shown together (`told_apart`).
    """

    q: float
    value_ns: int
    low_ns: int | None
    high_ns: int | None
    base_ns: int
    p_value: float | None = None
    basis: Basis = NOT_TESTED
    is_distinguishable: bool = False

    @property
    def relative(self) -> float | None:
        """The difference as a share of the base."""
        return self.value_ns / self.base_ns if self.base_ns else None


@dataclass(frozen=True, slots=True)
class _Contrast:
    """`other` less `factor` times `base`: the difference, and what its interval is made from."""

    base: Estimate
    other: Estimate
    factor: float
    found: tuple[Dependence, Dependence]

    @property
    def value_ns(self) -> float:
        return self.other.value_ns - self.factor * self.base.value_ns

    @property
    def samples(self) -> float:
        """As how many independent samples the part counts that has fewer."""
        parts = zip((self.base, self.other), self.found, strict=True)
        return min(effective_samples(part.count, found, 0) for part, found in parts)

    def bounds(self, z: float) -> tuple[float | None, float | None]:
        """The interval that reaches z standard errors."""
        base_low, base_high = self._limits(self.base, self.found[0], z)
        low, high = self._limits(self.other, self.found[1], z)
        value, base, factor = self.other.value_ns, self.base.value_ns, self.factor
        return (
            None
            if low is None or base_high is None
            else self.value_ns - hypot(value - low, factor * (base_high - base)),
            None
            if high is None or base_low is None
            else self.value_ns + hypot(high - value, factor * (base - base_low)),
        )

    def _limits(self, part: Estimate, found: Dependence, z: float) -> tuple[int | None, int | None]:
        return part.limits(effective_samples(part.count, found, z), z)

    def deviate(self) -> float:
        """How many standard errors it takes for the interval to reach zero."""
        inside, outside = _FARTHEST_Z, 0.0
        if not self._has_zero(inside):
            return inside
        for _ in range(_HALVINGS):
            middle = (inside + outside) / 2
            if self._has_zero(middle):
                inside = middle
            else:
                outside = middle
        return outside

    def _has_zero(self, z: float) -> bool:
        low, high = self.bounds(z)
        return not ((low is not None and low > 0) or (high is not None and high < 0))


def difference(
    base: Curve,
    other: Curve,
    q: float,
    *,
    share_blocks: bool = True,
    anytime: bool = False,
    margin: float = 0.0,
) -> Difference | None:
    """Quantile q of other less that of base; None if it is not known of either.

    share_blocks: both are of one run. anytime: it holds at every look. margin: the p-value asks
    whether other differs from base times 1 + margin. is_distinguishable is that of this difference
    alone, at 95 %.
    """
    if not (base.count and other.count and base.is_known(q) and other.is_known(q)):
        return None
    theirs, own = estimate(base, q), estimate(other, q)
    assert theirs is not None
    assert own is not None
    found = _dependences(theirs, own, share_blocks)
    basis = _basis(base, other, found, anytime)
    unknown = Difference(
        q, own.value_ns - theirs.value_ns, None, None, theirs.value_ns, basis=basis
    )
    if found is None:
        return unknown
    contrast = _Contrast(theirs, own, 1.0, found)
    z = deviate(CONFIDENCE)
    if anytime:
        z = deviate_at_any_time(contrast.samples, 1 - CONFIDENCE)
    low, high = contrast.bounds(z)
    p_value = _p_value(_Contrast(theirs, own, 1 + margin, found), anytime)
    return replace(
        unknown,
        low_ns=None if low is None else round(low),
        high_ns=None if high is None else round(high),
        p_value=p_value,
        is_distinguishable=p_value <= 1 - CONFIDENCE,
    )


def _p_value(contrast: _Contrast, anytime: bool) -> float:
    z = contrast.deviate()
    return chance_at_any_time(contrast.samples, z) if anytime else two_sided(z)


def _dependences(
    base: Estimate, other: Estimate, share_blocks: bool
) -> tuple[Dependence, Dependence] | None:
    if not share_blocks or base.curve.blocks is None or other.curve.blocks is None:
        own, theirs = dependence_of(other), dependence_of(base)
        return None if own is None or theirs is None else (theirs, own)
    weights = [part.slope_ns / part.count for part in (base, other)]
    series = paired(
        (base.curve.blocks.keys, base.residuals), (other.curve.blocks.keys, other.residuals)
    )
    apart = weights[1] * series[1] - weights[0] * series[0]
    independent = sum(
        weight**2 * part.count * part.share_below * (1 - part.share_below)
        for weight, part in zip(weights, (base, other), strict=True)
    )
    found = dependence(apart, independent)
    return None if found is None else (found, found)


def _basis(
    base: Curve, other: Curve, found: tuple[Dependence, Dependence] | None, anytime: bool
) -> Basis:
    """Of two that rest on different things, the one with less to rest on."""
    if found is None:
        return basis_of(base.blocks or other.blocks, None, anytime)
    rest = [basis_of(base.blocks, found[0], anytime), basis_of(other.blocks, found[1], anytime)]
    return max(rest, key=lambda basis: basis.design_effect)


def told_apart(
    differences: Sequence[Difference | None], family: int | None = None
) -> tuple[Difference | None, ...]:
    """The same, judged together: a table of equals has a difference in at most 5 % of cases.

    family: of how many comparisons these were picked.
    """
    p_values = [None if found is None else found.p_value for found in differences]
    fallen = rejected(p_values, 1 - CONFIDENCE, family)
    return tuple(
        None if found is None else replace(found, is_distinguishable=apart)
        for found, apart in zip(differences, fallen, strict=True)
    )
