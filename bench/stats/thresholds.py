"""Thresholds held against results. Pure. bench.stats.threshold_grammar says how one is written.

A quantile with too few samples behind it is unknown, unless the samples settle the matter all the
same: if even the maximum meets an upper limit it is met, if a known lower quantile breaks it it is
broken. Unknown is neither ok nor failed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, TypeAlias

from bench.model.profile import Slo
from bench.model.recovery import Recovery, RecoveryState
from bench.model.result import Distribution, Measure, Window
from bench.model.times import NS_PER_MS, NS_PER_S
from bench.stats.ranks import samples_needed
from bench.stats.threshold_grammar import CLASSES, PLAIN, RECOVERY, Threshold, Unit, parse_slo

if TYPE_CHECKING:
    from bench.stats.quantiles import Curve

Curves: TypeAlias = "Mapping[str, Mapping[Measure, Curve]]"
"""Whole distributions by the variant's name and measure."""


class SloState(StrEnum):
    """How a threshold ended: UNKNOWN if too few samples leave it open."""

    OK = "ok"
    FAILED = "failed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class SloResult:
    """A threshold, how it ended, and the figures that say so in words."""

    slo: Slo
    state: SloState
    value: str


def evaluate(slo: Slo, windows: Sequence[Window], curves: Curves | None = None) -> SloResult:
    """Hold a threshold against the results; curves give quantiles that windows do not have."""
    threshold = parse_slo(slo.text)
    judged = [
        (window, *_judge(threshold, window, (curves or {}).get(window.variant.name, {})))
        for window in windows
        if threshold.picks(window.variant)
    ]
    if not judged:
        return SloResult(slo, SloState.UNKNOWN, f"no variant is '{threshold.selector}'")
    order = (SloState.FAILED, SloState.UNKNOWN, SloState.OK)
    state = min((state for _, state, _ in judged), key=order.index)
    told = [f"{window.variant.name} {text}" for window, s, text in judged if s is state]
    return SloResult(slo, state, ", ".join(told))


def _judge(
    threshold: Threshold, window: Window, curves: Mapping[Measure, Curve]
) -> tuple[SloState, str]:
    if threshold.metric in PLAIN:
        unit, read = PLAIN[threshold.metric]
        value = read(window)
        if value is None:
            return SloState.UNKNOWN, "nothing was measured"
        return _state(threshold.holds(value)), _text(unit, value)
    if threshold.metric == RECOVERY:
        return _judge_recovery(threshold, window.recovery)
    distribution = _distribution(threshold.measure, window)
    if not distribution.count:
        return SloState.UNKNOWN, f"no {threshold.measure} time was measured"
    if threshold.q is None:
        return _judge_extreme(threshold, distribution)
    is_class = threshold.measure in CLASSES
    curve = None if is_class else curves.get(Measure(threshold.measure))
    return _judge_quantile(threshold, threshold.q, distribution, curve)


def _judge_recovery(threshold: Threshold, found: Recovery | None) -> tuple[SloState, str]:
    """The slowest; of one that was not within the run it is known how long it takes at least."""
    if found is None:
        return SloState.UNKNOWN, "the profile names no disturbance"
    seconds = found.after_s if found.state is RecoveryState.RECOVERED else found.low_s
    if seconds is None:
        return SloState.UNKNOWN, f"recovery is {found.state.value}"
    if found.state is RecoveryState.RECOVERED:
        return _judge_value(threshold, seconds * NS_PER_S, censored=False)
    state, text = _judge_value(threshold, seconds * NS_PER_S, censored=True)
    return state, f"{found.state.value}, {text}"


def _distribution(measure: str, window: Window) -> Distribution:
    if measure in CLASSES:
        found: Distribution = getattr(window, measure)
        return found
    return window.measure(Measure(measure))


def _judge_extreme(threshold: Threshold, distribution: Distribution) -> tuple[SloState, str]:
    values = {
        "max": float(distribution.max_ns),
        "min": float(distribution.min_ns),
        "mean": distribution.mean_ns,
    }
    censored = distribution.censored > 0 and threshold.metric != "min"
    return _judge_value(threshold, values[threshold.metric], censored)


def _judge_value(threshold: Threshold, value_ns: float, censored: bool) -> tuple[SloState, str]:
    """A censored value is at least value_ns: that breaks an upper limit or meets a lower one."""
    holds = threshold.holds(value_ns)
    text = ("≥ " if censored else "") + _text(Unit.TIME, value_ns)
    if censored and holds is threshold.is_upper:
        return SloState.UNKNOWN, text
    return _state(holds), text


def _judge_quantile(
    threshold: Threshold, q: float, distribution: Distribution, curve: Curve | None
) -> tuple[SloState, str]:
    quantile = distribution.at(q)
    if quantile is not None and quantile.known:
        return _judge_value(threshold, quantile.value_ns, quantile.censored)
    if curve is not None and curve.is_known(q):
        return _judge_value(threshold, curve.quantile_ns(q) or 0, curve.is_bound(q))
    return _judge_few(threshold, q, distribution)


def _judge_few(threshold: Threshold, q: float, distribution: Distribution) -> tuple[SloState, str]:
    """What too few samples settle all the same: every one meets the limit, or too many break it."""
    count, needed = distribution.count, samples_needed(q)
    few = f"{count:,} samples, of {needed:,} needed" if count < needed else "it was not computed"
    if threshold.is_upper:
        if not distribution.censored and threshold.holds(distribution.max_ns):
            return SloState.OK, f"max {_text(Unit.TIME, distribution.max_ns)} ({few})"
        for lower in distribution.quantiles:
            if lower.known and lower.q < q and not threshold.holds(lower.value_ns):
                told = _text(Unit.TIME, lower.value_ns)
                return SloState.FAILED, f"already p{lower.q * 100:g} is {told} ({few})"
    return SloState.UNKNOWN, few


def _state(holds: bool) -> SloState:
    return SloState.OK if holds else SloState.FAILED


def _text(unit: Unit, value: float) -> str:
    if unit is Unit.TIME:
        return f"{value / NS_PER_MS:.4g} ms" if value < NS_PER_S else f"{value / NS_PER_S:.4g} s"
    if unit is Unit.SHARE:
        return f"{value:.3%}"
    if unit is Unit.RATE:
        return f"{value:.4g}/s"
    return f"${value:.4g}" if unit is Unit.USD else f"{value:.4g}"
