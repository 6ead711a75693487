"""Is one variant's quantile different from another's, and by how much? Pure.

Two things must agree. The quantiles of all samples differ by more than independent ones would: the
interval is made of those of its parts, to each side the root of the sum of squares of how far each
part reaches (Zou and Donner, Construction of confidence limits about effect measures: a general
approach, Statistics in Medicine 27, 2008). And block by block one is slower than the other: the
mean of the log ratio of both quantiles has a distribution of its own (`bench.stats.block_means`),
in which samples may hang together as they like, and which needs no sample beyond the quantile. The
interval covers both, and the p-value is the larger one (an intersection-union test: Berger,
Technometrics 24, 1982).

Variants of one run had the same arrivals and the same seconds or rounds, good and bad: blocks are
paired by their place. Two runs share nothing, and each brings its own blocks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import exp, hypot, log

from bench.stats.basis import NOT_TESTED, Basis, Rest, basis_of
from bench.stats.block_means import BlockMean, block_mean
from bench.stats.block_quantiles import BlockLogs, Pool, log_ratios
from bench.stats.blocks import Blocks
from bench.stats.holm import apart_from_one, rejected
from bench.stats.quantiles import Curve
from bench.stats.sequential import chance_at_any_time, deviate_at_any_time
from bench.stats.student import deviate, two_sided
from bench.stats.woodruff import Estimate, estimate

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
    """`other` less `factor` times `base`, of samples as if they were independent."""

    base: Estimate
    other: Estimate
    factor: float = 1.0

    @property
    def value_ns(self) -> float:
        return self.other.value_ns - self.factor * self.base.value_ns

    @property
    def samples(self) -> int:
        """Of the part that has fewer."""
        return min(self.base.count, self.other.count)

    def bounds(self, z: float) -> tuple[float | None, float | None]:
        """The interval that reaches z standard errors."""
        base_low, base_high = self.base.limits(self.base.count, z)
        low, high = self.other.limits(self.other.count, z)
        value, base, factor = self.other.value_ns, self.base.value_ns, self.factor
        return (
            None
            if low is None or base_high is None
            else self.value_ns - hypot(value - low, factor * (base_high - base)),
            None
            if high is None or base_low is None
            else self.value_ns + hypot(high - value, factor * (base - base_low)),
        )

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


@dataclass(frozen=True, slots=True)
class _Rule:
    """How far an interval reaches and how rare a deviate is. anytime: at every look."""

    anytime: bool

    def deviate(self, samples: float) -> float:
        """Standard errors to each side of an interval of as many independent samples."""
        if self.anytime:
            return deviate_at_any_time(samples, 1 - CONFIDENCE)
        return deviate(CONFIDENCE)

    def chance(self, samples: float, z: float) -> float:
        """Of being as far off as z standard errors."""
        return chance_at_any_time(samples, z) if self.anytime else two_sided(z)


def difference(
    base: Curve,
    other: Curve,
    q: float,
    *,
    share_blocks: bool = True,
    anytime: bool = False,
    margin: float = 0.0,
    pools: Sequence[Pool] = (),
) -> Difference | None:
    """Quantile q of other less that of base; None if it is not known of either.

    share_blocks: both are of one run. anytime: it holds at every look. margin: the p-value asks
    whether other differs from base times 1 + margin. pools: the variants of the run, or of both
    runs, base's first; without them the two stand alone. is_distinguishable is that of this
    difference alone, at 95 %.
    """
    if not (base.count and other.count and base.is_known(q) and other.is_known(q)):
        return None
    theirs, own = estimate(base, q), estimate(other, q)
    assert theirs is not None
    assert own is not None
    rule, samples = _Rule(anytime), _Contrast(theirs, own, 1 + margin)
    low, high = replace(samples, factor=1.0).bounds(rule.deviate(samples.samples))
    found = Difference(
        q,
        own.value_ns - theirs.value_ns,
        None if low is None else round(low),
        None if high is None else round(high),
        theirs.value_ns,
        rule.chance(samples.samples, samples.deviate()),
        replace(NOT_TESTED, anytime=anytime),
    )
    if base.blocks is not None and other.blocks is not None:
        agreed = _of_blocks(base, other, q, share_blocks, pools)
        found = _agreeing(found, agreed, samples, rule)
        found = replace(found, basis=_basis(base.blocks, agreed, share_blocks, anytime))
    is_apart = found.p_value is not None and found.p_value <= 1 - CONFIDENCE
    return replace(found, is_distinguishable=is_apart)


def _of_blocks(
    base: Curve, other: Curve, q: float, share_blocks: bool, pools: Sequence[Pool]
) -> BlockMean | None:
    """Of the log of other's quantile over base's; None: too few blocks to know."""
    weights = [pool.weights(q) for pool in pools] or [None]
    logs = pools[0].logs if pools else BlockLogs()
    if share_blocks:
        return block_mean(log_ratios(base, other, q, logs), weights[0])
    assert base.blocks is not None
    assert other.blocks is not None
    both = logs.of_both(base.blocks, other.blocks, q)
    tames = all(series.has_few_outliers for series in both)  # alike, or they differ by that
    theirs, own = (
        block_mean(series, known, tames)
        for series, known in zip(both, (weights[0], weights[-1]), strict=True)
    )
    return None if theirs is None or own is None else own.less(theirs)


def _agreeing(
    found: Difference, agreed: BlockMean | None, samples: _Contrast, rule: _Rule
) -> Difference:
    """The difference as far as blocks agree with what all samples say."""
    if agreed is None:
        return replace(found, low_ns=None, high_ns=None, p_value=None)
    assert found.p_value is not None
    count = samples.samples * agreed.apart / agreed.blocks
    reach = agreed.reach(rule.deviate(count))
    none = log(samples.factor)
    p_value = rule.chance(count, agreed.deviate(none))
    is_opposite = (agreed.value - none) * samples.value_ns <= 0
    low_ns, high_ns = (
        round(found.base_ns * (exp(min(agreed.value + side * reach, _MOST_LOG)) - 1))
        for side in (-1, 1)
    )
    return replace(
        found,
        low_ns=None if found.low_ns is None else min(found.low_ns, low_ns),
        high_ns=None if found.high_ns is None else max(found.high_ns, high_ns),
        p_value=1.0 if is_opposite else max(found.p_value, p_value),
    )


_MOST_LOG = 20.0
"""Of a ratio: beyond it a difference has no end that means anything."""


def _basis(blocks: Blocks, agreed: BlockMean | None, share_blocks: bool, anytime: bool) -> Basis:
    if agreed is None:
        return basis_of(blocks, None, anytime)
    rest = Rest.PAIRED if share_blocks else Rest.OF_BOTH
    return Basis(rest, blocks=agreed.blocks, anytime=anytime)


def told_apart(
    differences: Sequence[Difference | None], family: int | None = None
) -> tuple[Difference | None, ...]:
    """The same, judged together: a table of equals has a difference in at most 5 % of cases.

    family: of how many comparisons these were picked.
    """
    return _judged(differences, rejected(_p_values(differences), 1 - CONFIDENCE, family))


def told_apart_from_one(
    differences: Sequence[Difference | None],
) -> tuple[Difference | None, ...]:
    """The same of differences to one base that was picked by its own figures."""
    return _judged(differences, apart_from_one(_p_values(differences), 1 - CONFIDENCE))


def _p_values(differences: Sequence[Difference | None]) -> list[float | None]:
    return [None if found is None else found.p_value for found in differences]


def _judged(
    differences: Sequence[Difference | None], apart: Sequence[bool]
) -> tuple[Difference | None, ...]:
    return tuple(
        None if found is None else replace(found, is_distinguishable=fallen)
        for found, fallen in zip(differences, apart, strict=True)
    )
