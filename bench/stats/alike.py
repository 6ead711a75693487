"""Which variants cannot be told apart from the one that looks best. Pure.

The best of several is picked by the very figures that are compared, so that all pairs count as
compared: a table of equals names a single winner in at most 5 % of cases.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from math import expm1

from bench.format import size_name
from bench.model.profile import Variant
from bench.model.result import Measure, Window
from bench.model.times import NS_PER_MS
from bench.stats.basis import TOO_FEW
from bench.stats.block_means import block_mean
from bench.stats.block_quantiles import BlockLogs, Pool
from bench.stats.holm import apart_from_one
from bench.stats.means import CONFIDENCE, Weighed, chance_of, reach_of
from bench.stats.paired import Difference, difference, told_apart_from_one
from bench.stats.quantiles import Curve
from bench.stats.sequential import deviate_at_any_time
from bench.stats.student import deviate, two_sided
from bench.stats.woodruff import interval

Curves = Mapping[str, Mapping[Measure, Curve]]
Price = Callable[[Variant, float], float | None]
"""(variant, mean billed ms) -> USD per million invocations."""


@dataclass(frozen=True, slots=True)
class Alike:
    """The others: those that chance may have put behind the best, and those nobody knows of."""

    alike: tuple[Variant, ...] = ()
    unknown: tuple[Variant, ...] = ()

    def words(self, best: Variant) -> str:
        """`, not distinguishable from 512 MB; too few blocks to know of 1024 MB`, or none."""
        text = ""
        if self.alike:
            text += f", not distinguishable from {_names(self.alike, best)}"
        if self.unknown:
            text += f"; {TOO_FEW} of {_names(self.unknown, best)}"
        return text


def _names(variants: Sequence[Variant], best: Variant) -> str:
    return ", ".join(size_name(variant, best) for variant in variants)


@dataclass(slots=True)
class Judgement:
    """How the variants of a run compare, by these curves: one for all that is said of them.

    What several questions ask for is worked out once, as long as this is kept. anytime: it is
    looked at while samples come.
    """

    curves: Curves
    anytime: bool = False
    _logs: BlockLogs = field(default_factory=BlockLogs)
    _pools: dict[tuple[Measure, bool], Pool] = field(default_factory=dict)
    _found: dict[tuple[str, str, float], Difference | None] = field(default_factory=dict)

    def response(self, name: str) -> Curve | None:
        """The response times of a variant."""
        return self.curves.get(name, {}).get(Measure.RESPONSE)

    def pool(self, measure: Measure = Measure.RESPONSE, shared: bool = True) -> Pool:
        """All variants, of whose blocks of a measure each says something of every other's.

        shared: as long as they are compared within the run.
        """
        key = measure, shared
        if key not in self._pools:
            every = (own.get(measure) for own in self.curves.values())
            self._pools[key] = Pool.of(every, shared, self._logs)
        return self._pools[key]

    def differences(
        self, base: str, names: Sequence[str], q: float
    ) -> dict[str, Difference | None]:
        """Quantile q of each one's response time less that of base, by names; judged together.

        None if one of the two is not known. base counts as picked by its own figures.
        """
        found = [self._difference(base, name, q) for name in names]
        return dict(zip(names, told_apart_from_one(found), strict=True))

    def _difference(self, base: str, name: str, q: float) -> Difference | None:
        key = base, name, q
        if key not in self._found:
            theirs, own = self.response(base), self.response(name)
            self._found[key] = (
                None
                if theirs is None or own is None
                else difference(theirs, own, q, anytime=self.anytime, pools=(self.pool(),))
            )
        return self._found[key]


def as_fast(best: Window, windows: Sequence[Window], q: float, judgement: Judgement) -> Alike:
    """Whose quantile q of response time cannot be told apart from the best one's."""
    others = [window for window in windows if window is not best]
    found = _differences(best, others, q, judgement)
    return _judged(others, [None if one is None else one.p_value for one in found])


def _differences(
    base: Window, others: Sequence[Window], q: float, judgement: Judgement
) -> list[Difference | None]:
    names = [window.variant.name for window in others]
    return list(judgement.differences(base.variant.name, names, q).values())


def as_cheap(
    best: Window,
    windows: Sequence[Window],
    price: Price,
    judgement: Judgement,
) -> Alike:
    """Whose price cannot be told apart from the best one's: what varies is the billed duration."""
    others = [window for window in windows if window is not best]
    own = _weighed(best, price, judgement)
    chances: list[float | None] = []
    for other in others:
        theirs = _weighed(other, price, judgement)
        dearer = (other.usd_per_million or 0.0) - (best.usd_per_million or 0.0)
        if own is None or theirs is None:
            chances.append(None)
        else:
            chances.append(chance_of(own, theirs, dearer, judgement.anytime)[0])
    return _judged(others, chances)


@dataclass(frozen=True, slots=True)
class Shares:
    """How time and cost are weighed in a trade: by the slowest's time and the dearest's cost."""

    per_ns: float
    per_usd: float
    slowest: Window | None = None


def as_good(
    best: Window,
    windows: Sequence[Window],
    q: float,
    price: Price,
    shares: Shares,
    judgement: Judgement,
) -> Alike:
    """Whose trade of time for cost cannot be told apart from the best one's.

    Time and cost hang together in ways that nobody knows, so that how far each may be off adds up;
    so does what the yardstick of time, the slowest one's, may be off.
    """
    others = [window for window in windows if window is not best]
    own, stretch = _weighed(best, price, judgement), _stretch(shares, q, judgement)
    chances: list[float | None] = []
    times = _differences(best, others, q, judgement)
    for other, time in zip(others, times, strict=True):
        theirs = _weighed(other, price, judgement)
        reach = None if own is None or theirs is None else reach_of(own, theirs, judgement.anytime)
        if time is None or not time.basis.is_known or reach is None:
            chances.append(None)
        elif time.low_ns is None or stretch is None:
            chances.append(1.0)
        else:
            dearer = (other.usd_per_million or 0.0) - (best.usd_per_million or 0.0)
            worse = shares.per_ns * time.value_ns + shares.per_usd * dearer
            off = shares.per_ns * (time.value_ns - time.low_ns + stretch * abs(time.value_ns))
            off += shares.per_usd * reach
            chances.append(_chance(worse, off))
    return _judged(others, chances)


def _chance(worse: float, off: float) -> float:
    """Of so much by chance alone, where 95 % of chances stay within `off`."""
    if not off:
        return 0.0 if worse else 1.0
    return two_sided(deviate(CONFIDENCE) * abs(worse) / off)


def _stretch(shares: Shares, q: float, judgement: Judgement) -> float | None:
    """By what share the yardstick of time may be off; None if nobody knows."""
    if shares.slowest is None:
        return 0.0
    curve = judgement.response(shares.slowest.variant.name)
    value_ns = None if curve is None else curve.quantile_ns(q)
    if curve is None or not value_ns:
        return None
    if curve.blocks is not None:
        pool = judgement.pool(shared=False)
        logs = pool.logs.of(curve.blocks, q, pool.logs.usual_size(curve.blocks))
        usual = block_mean(logs, pool.weights(q))
        if usual is None:
            return None
        z = deviate(CONFIDENCE)
        if judgement.anytime:
            z = deviate_at_any_time(curve.count * usual.apart / usual.blocks, 1 - CONFIDENCE)
        return expm1(usual.reach(z))
    bounds = interval(curve, q, anytime=judgement.anytime)
    if bounds.low_ns is None or bounds.high_ns is None:
        return None
    return max(value_ns - bounds.low_ns, bounds.high_ns - value_ns) / value_ns


def _weighed(window: Window, price: Price, judgement: Judgement) -> Weighed | None:
    curve = judgement.curves.get(window.variant.name, {}).get(Measure.BILLED)
    mean_ms = window.billed_ms_mean
    if curve is None or not curve.count or mean_ms is None:
        return None
    now, dearer = price(window.variant, mean_ms), price(window.variant, mean_ms + 1)
    return None if now is None or dearer is None else Weighed(curve, (dearer - now) / NS_PER_MS)


def _judged(others: Sequence[Window], p_values: Sequence[float | None]) -> Alike:
    apart = apart_from_one(p_values)
    judged = list(zip(others, p_values, apart, strict=True))
    return Alike(
        tuple(w.variant for w, p, fallen in judged if p is not None and not fallen),
        tuple(w.variant for w, p, _ in judged if p is None),
    )
