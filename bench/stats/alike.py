"""Which variants cannot be told apart from the one that looks best. Pure.

The best of several is picked by the very figures that are compared, so that all pairs count as
compared: a table of equals names a single winner in at most 5 % of cases.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from bench.format import size_name
from bench.model.profile import Variant
from bench.model.result import Measure, Window
from bench.model.times import NS_PER_MS
from bench.stats.basis import TOO_FEW
from bench.stats.holm import rejected
from bench.stats.means import Weighed, chance_of
from bench.stats.paired import Difference, difference
from bench.stats.quantiles import Curve

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


def pairs(variants: int) -> int:
    """How many comparisons there are between so many."""
    return variants * (variants - 1) // 2


def as_fast(
    best: Window, windows: Sequence[Window], q: float, curves: Curves, *, anytime: bool = False
) -> Alike:
    """Whose quantile q of response time cannot be told apart from the best one's."""
    others = [window for window in windows if window is not best]
    found = [response_difference(best, other, q, curves, anytime=anytime) for other in others]
    return _judged(others, [None if one is None else one.p_value for one in found])


def response_difference(
    base: Window, other: Window, q: float, curves: Curves, *, anytime: bool = False
) -> Difference | None:
    """Quantile q of other's response time less that of base; None if one is not known."""
    one, two = (curves.get(w.variant.name, {}).get(Measure.RESPONSE) for w in (base, other))
    return None if one is None or two is None else difference(one, two, q, anytime=anytime)


def as_cheap(
    best: Window,
    windows: Sequence[Window],
    curves: Curves,
    price: Price,
    *,
    anytime: bool = False,
) -> Alike:
    """Whose price cannot be told apart from the best one's: what varies is the billed duration."""
    others = [window for window in windows if window is not best]
    own = _weighed(best, curves, price)
    chances: list[float | None] = []
    for other in others:
        theirs = _weighed(other, curves, price)
        dearer = (other.usd_per_million or 0.0) - (best.usd_per_million or 0.0)
        if own is None or theirs is None:
            chances.append(None)
        else:
            chances.append(chance_of(own, theirs, dearer, anytime)[0])
    return _judged(others, chances)


def _weighed(window: Window, curves: Curves, price: Price) -> Weighed | None:
    curve = curves.get(window.variant.name, {}).get(Measure.BILLED)
    mean_ms = window.billed_ms_mean
    if curve is None or not curve.count or mean_ms is None:
        return None
    now, dearer = price(window.variant, mean_ms), price(window.variant, mean_ms + 1)
    return None if now is None or dearer is None else Weighed(curve, (dearer - now) / NS_PER_MS)


def _judged(others: Sequence[Window], p_values: Sequence[float | None]) -> Alike:
    apart = rejected(p_values, family=pairs(len(others) + 1))
    judged = list(zip(others, p_values, apart, strict=True))
    return Alike(
        tuple(w.variant for w, p, fallen in judged if p is not None and not fallen),
        tuple(w.variant for w, p, _ in judged if p is None),
    )
