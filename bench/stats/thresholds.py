"""Thresholds: `p99 of 1769MB < 500ms`. Pure.

    METRIC [of SELECTOR] [MEASURE] OP VALUE

METRIC    p50, p95, p99.9, …, max, min, mean               with a time behind the operator
          error_rate, throttle_rate, timeout_rate           with 1% or 0.01, of what has finished
          drop_rate                                         likewise, of what was offered
          goodput, achieved                                 with 10/s
          amplification (attempts per invocation)           with a plain number
          cost (USD per million invocations)                with $2.50
          cold_starts                                       with a plain number
SELECTOR  all (the default), a variant's name (invoke-128MB), a size (1769MB), an endpoint (alb),
          an architecture (arm64). Every variant that it picks must meet the threshold.
MEASURE   response (the default), attempt, send_lag, duration, init, connect, first_byte, billed,
          restore, cold, warm, retried, failed                  for p…, max, min and mean
OP        < <= > >=

A quantile with too few samples behind it is unknown, unless the samples settle the matter all the
same: if even the maximum meets an upper limit it is met, if a known lower quantile breaks it it is
broken. Unknown is neither ok nor failed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from operator import ge, gt, le, lt
from typing import TYPE_CHECKING, TypeAlias

from bench.model.outcome import Outcome
from bench.model.profile import Slo, Variant
from bench.model.result import Distribution, Measure, Tally, Window
from bench.model.times import NS_PER_MS, NS_PER_S, NS_PER_US
from bench.stats.ranks import samples_needed

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


class _Unit(StrEnum):
    TIME = "a time such as 500ms"
    SHARE = "a share such as 1%"
    RATE = "a rate such as 10/s"
    NUMBER = "a number"
    USD = "an amount such as $2.50"


@dataclass(frozen=True, slots=True)
class Threshold:
    """A parsed threshold. limit is in ns, as a share, per second, in USD or plain."""

    metric: str
    q: float | None
    """The quantile for p…, else None."""
    selector: str
    measure: str
    op: str
    limit: float
    limit_text: str

    def picks(self, variant: Variant) -> bool:
        """True if the selector means this variant."""
        return self.selector.lower() in _names(variant)

    def holds(self, value: float) -> bool:
        """True if a value meets the limit."""
        return _OPS[self.op](value, self.limit)

    @property
    def is_upper(self) -> bool:
        """True for < and <=."""
        return self.op in ("<", "<=")


_OPS: dict[str, Callable[[float, float], bool]] = {"<": lt, "<=": le, ">": gt, ">=": ge}


def _share(
    count: Callable[[Tally], int], total: Callable[[Tally], int]
) -> Callable[[Window], float | None]:
    def of(window: Window) -> float | None:
        whole = total(window.tally)
        return count(window.tally) / whole if whole else None

    return of


def _finished(tally: Tally) -> int:
    return tally.finished


_PLAIN: dict[str, tuple[_Unit, Callable[[Window], float | None]]] = {
    "error_rate": (_Unit.SHARE, _share(lambda t: t.failed, _finished)),
    "throttle_rate": (_Unit.SHARE, _share(lambda t: t.outcomes[Outcome.THROTTLED], _finished)),
    "timeout_rate": (_Unit.SHARE, _share(lambda t: t.outcomes[Outcome.TIMEOUT], _finished)),
    "drop_rate": (_Unit.SHARE, _share(lambda t: t.dropped, lambda t: t.offered)),
    "goodput": (_Unit.RATE, lambda window: window.goodput_rps if window.duration_s else None),
    "achieved": (_Unit.RATE, lambda window: window.achieved_rps if window.duration_s else None),
    "amplification": (_Unit.NUMBER, lambda window: window.tally.retry_amplification),
    "cost": (_Unit.USD, lambda window: window.usd_per_million),
    "cold_starts": (_Unit.NUMBER, lambda window: float(window.tally.cold_starts)),
}
_TIMES = ("max", "min", "mean")
_CLASSES = ("cold", "warm", "retried", "failed")
_MEASURES = (*(m.value for m in Measure if m is not Measure.MEMORY), *_CLASSES)

_FORM = re.compile(
    r"""\s*(?P<metric>[a-z_]+|p\d+(?:\.\d+)?)
        (?:\s+of\s+(?P<selector>\S+))?
        (?:\s+(?P<measure>[a-z_]+))?
        \s*(?P<op><=|>=|<|>)\s*
        (?P<limit>\S.*?)\s*""",
    re.VERBOSE | re.IGNORECASE,
)
_NUMBER = r"(\d+(?:\.\d*)?|\.\d+)"
_TIME_UNITS_NS = {
    "ns": 1,
    "us": NS_PER_US,
    "µs": NS_PER_US,
    "ms": NS_PER_MS,
    "s": NS_PER_S,
    "m": 60 * NS_PER_S,
    "min": 60 * NS_PER_S,
}


def parse_slo(text: str) -> Threshold:
    """The threshold that a text states. Raises ValueError, saying what is wrong and the mend."""
    match = _FORM.fullmatch(re.sub(r"(?<=\d)\s+(?=MB\b)", "", text, flags=re.IGNORECASE))
    if match is None:
        raise ValueError(
            f"'{text}' is not a threshold; write one like 'p99 of 1769MB < 500ms'"
            " or 'error_rate of all <= 1%'"
        )
    metric = match["metric"].lower()
    q, unit = _metric(metric)
    measure = (match["measure"] or Measure.RESPONSE.value).lower()
    if measure not in _MEASURES:
        raise ValueError(f"'{measure}' is not a measure; there are {', '.join(_MEASURES)}")
    if match["measure"] and unit is not _Unit.TIME:
        raise ValueError(f"{metric} has no measure (it says '{measure}')")
    limit = _limit(match["limit"], unit, metric)
    selector = match["selector"] or "all"
    return Threshold(metric, q, selector, measure, match["op"], limit, match["limit"])


def _metric(metric: str) -> tuple[float | None, _Unit]:
    if metric in _PLAIN:
        return None, _PLAIN[metric][0]
    if metric in _TIMES:
        return None, _Unit.TIME
    if not re.fullmatch(r"p\d+(\.\d+)?", metric):
        known = ", ".join(("p50", "p99", "p99.9", *_TIMES, *_PLAIN))
        raise ValueError(f"'{metric}' is not a metric; there are {known}")
    q = _percentile(metric[1:])
    if not 0 < q < 1:
        raise ValueError(f"{metric} must lie between p0 and p100")
    return q, _Unit.TIME


def _percentile(digits: str) -> float:
    """99 and 99.9 as written; 999 and 9999 as people say them: p99.9, p99.99."""
    if "." not in digits and len(digits) > 2 and digits != "100":
        digits = f"{digits[:2]}.{digits[2:]}"
    return round(float(digits) / 100, 10)


def _limit(text: str, unit: _Unit, metric: str) -> float:
    limit = _READERS[unit](text)
    if limit is None:
        raise ValueError(f"{metric} needs {unit.value} (it is '{text}')")
    return limit


def _time_ns(text: str) -> float | None:
    match = re.fullmatch(_NUMBER + r"\s*([a-zµ]+)", text)
    if match is None or match[2] not in _TIME_UNITS_NS:
        return None
    return float(match[1]) * _TIME_UNITS_NS[match[2]]


def _share_of(text: str) -> float | None:
    match = re.fullmatch(_NUMBER + r"\s*(%?)", text)
    if match is None:
        return None
    value = float(match[1]) / 100 if match[2] else float(match[1])
    return value if value <= 1 else None


def _by(pattern: str) -> Callable[[str], float | None]:
    def read(text: str) -> float | None:
        match = re.fullmatch(pattern, text, re.IGNORECASE)
        return float(match[1]) if match else None

    return read


_READERS: dict[_Unit, Callable[[str], float | None]] = {
    _Unit.TIME: _time_ns,
    _Unit.SHARE: _share_of,
    _Unit.RATE: _by(_NUMBER + r"\s*/\s*s"),
    _Unit.NUMBER: _by(_NUMBER),
    _Unit.USD: _by(r"\$?\s*" + _NUMBER + r"(?:\s*usd)?"),
}


def _names(variant: Variant) -> set[str]:
    names = {"all", variant.name, variant.endpoint.value, variant.architecture.value}
    if variant.memory_mb is not None:
        names.add(f"{variant.memory_mb}MB")
    return {name.lower() for name in names}


def check_selector(threshold: Threshold, variants: Iterable[Variant]) -> None:
    """Raises ValueError if the threshold picks none of the variants."""
    known = list(variants)
    if not any(threshold.picks(variant) for variant in known):
        names = ", ".join(variant.name for variant in known)
        raise ValueError(f"'{threshold.selector}' picks no variant; there are {names}")


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
    if threshold.metric in _PLAIN:
        unit, read = _PLAIN[threshold.metric]
        value = read(window)
        if value is None:
            return SloState.UNKNOWN, "nothing was measured"
        return _state(threshold.holds(value)), _text(unit, value)
    distribution = _distribution(threshold.measure, window)
    if not distribution.count:
        return SloState.UNKNOWN, f"no {threshold.measure} time was measured"
    if threshold.q is None:
        return _judge_extreme(threshold, distribution)
    is_class = threshold.measure in _CLASSES
    curve = None if is_class else curves.get(Measure(threshold.measure))
    return _judge_quantile(threshold, threshold.q, distribution, curve)


def _distribution(measure: str, window: Window) -> Distribution:
    if measure in _CLASSES:
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
    text = ("≥ " if censored else "") + _text(_Unit.TIME, value_ns)
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
            return SloState.OK, f"max {_text(_Unit.TIME, distribution.max_ns)} ({few})"
        for lower in distribution.quantiles:
            if lower.known and lower.q < q and not threshold.holds(lower.value_ns):
                told = _text(_Unit.TIME, lower.value_ns)
                return SloState.FAILED, f"already p{lower.q * 100:g} is {told} ({few})"
    return SloState.UNKNOWN, few


def _state(holds: bool) -> SloState:
    return SloState.OK if holds else SloState.FAILED


def _text(unit: _Unit, value: float) -> str:
    if unit is _Unit.TIME:
        return f"{value / NS_PER_MS:.4g} ms" if value < NS_PER_S else f"{value / NS_PER_S:.4g} s"
    if unit is _Unit.SHARE:
        return f"{value:.3%}"
    if unit is _Unit.RATE:
        return f"{value:.4g}/s"
    return f"${value:.4g}" if unit is _Unit.USD else f"{value:.4g}"
