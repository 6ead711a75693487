"""What a front door adds over Invoke, from results of the same size through both. Pure.

Doors are compared over good answers. Where the function's own duration is known, each call is taken
less its own: what is left is the way there and back, whatever the function did.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from bench.format import bare_size, duration_text, signed_ms
from bench.model.endpoint import BASELINE
from bench.model.outcome import Verdict
from bench.model.profile import Variant
from bench.model.result import Measure, Window
from bench.stats.alike import Curves, Judgement
from bench.stats.basis import TOO_FEW
from bench.stats.block_quantiles import Pool
from bench.stats.one_kind import NO_CLASSES, ClassCurves
from bench.stats.paired import Difference, difference, told_apart
from bench.stats.quantiles import Bounds, Curve
from bench.stats.woodruff import interval

_MEASURES = (Measure.OVERHEAD, Measure.RESPONSE, Measure.ATTEMPT)
"""From what a door's share is told, the best one first."""


@dataclass(frozen=True, slots=True)
class Overhead:
    """What a door adds to the median over Invoke at the same size.

    measure tells from what: OVERHEAD is paired with the function's own duration in each invocation;
    RESPONSE, of good answers, and ATTEMPT are not.
    """

    variant: Variant
    base: Variant
    measure: Measure
    added: Difference


def door_overheads(
    windows: Sequence[Window], judgement: Judgement, classes: ClassCurves = NO_CLASSES
) -> tuple[Overhead, ...]:
    """Each door against Invoke at the same size, where both medians are known; judged together.

    Good answers alone count: a door may fail sooner, or later, than it answers.
    """
    usable = [w for w in windows if w.verdict is not Verdict.INVALID]
    invokes = {
        window.variant: window.variant for window in usable if window.variant.endpoint is BASELINE
    }
    pools = {measure: _pool(measure, judgement, classes) for measure in _MEASURES}
    found = []
    for window in usable:
        variant = window.variant
        base = invokes.get(replace(variant, endpoint=BASELINE))
        if base is not None and base != variant:
            overhead = _overhead(variant, base, judgement, classes, pools)
            if overhead is not None:
                found.append(overhead)
    judged = told_apart([overhead.added for overhead in found])
    return tuple(
        replace(overhead, added=added)
        for overhead, added in zip(found, judged, strict=True)
        if added is not None
    )


def _overhead(
    variant: Variant,
    base: Variant,
    judgement: Judgement,
    classes: ClassCurves,
    pools: Mapping[Measure, Pool],
) -> Overhead | None:
    for measure in _MEASURES:
        own, theirs = (
            _good_curve(one, measure, judgement.curves, classes) for one in (variant, base)
        )
        if own is not None and theirs is not None:
            pool = (pools[measure],)
            added = difference(theirs, own, 0.5, anytime=judgement.anytime, pools=pool)
            if added is not None:
                return Overhead(variant, base, measure, added)
    return None


def _pool(measure: Measure, judgement: Judgement, classes: ClassCurves) -> Pool:
    """All variants by the same answers."""
    if measure is Measure.RESPONSE:
        return Pool.of(own.get("warm") for own in classes.values())
    return judgement.pool(measure)


def _good_curve(
    variant: Variant, measure: Measure, curves: Curves, classes: ClassCurves
) -> Curve | None:
    """Of good answers: OVERHEAD is so by itself, of response times the warm successes are.

    ATTEMPT is of all, and has to do where nobody tells the classes.
    """
    if measure is Measure.RESPONSE:
        return classes.get(variant.name, {}).get("warm")
    if measure is Measure.ATTEMPT and classes:
        return None
    return curves.get(variant.name, {}).get(measure)


def own_overhead(curves: Mapping[Measure, Curve], q: float = 0.5) -> tuple[int, Bounds] | None:
    """What lies between caller and handler at quantile q, with its interval of confidence."""
    curve = curves.get(Measure.OVERHEAD)
    value_ns = curve.quantile_ns(q) if curve is not None and curve.is_known(q) else None
    if curve is None or value_ns is None:
        return None
    return value_ns, interval(curve, q)


def door_sentences(overheads: Sequence[Overhead]) -> tuple[str, ...]:
    """What each door adds, a sentence each."""
    return tuple(_door_text(overhead) for overhead in overheads)


def _door_text(overhead: Overhead) -> str:
    added = overhead.added
    door = overhead.variant.endpoint.value
    verb = "adds" if added.value_ns >= 0 else "saves"
    time = duration_text(abs(added.value_ns))
    text = f"{door} {verb} {time} to the median over Invoke at {bare_size(overhead.variant)}"
    if overhead.measure is Measure.OVERHEAD:
        text += ", each call less its own duration"
    if not added.basis.is_known:
        return f"{text} ({TOO_FEW})"
    low, high = (
        signed_ms(bound) if bound is not None else "open" for bound in (added.low_ns, added.high_ns)
    )
    text = f"{text} (95 %: {low} … {high} ms; {added.basis.text})"
    return text if added.is_distinguishable else f"{text}, not distinguishable"
