"""How a threshold is written: `p99 of 1769MB < 500ms`. Pure.

    METRIC [of SELECTOR] [MEASURE] OP VALUE

METRIC    p50, p95, p99.9, …, max, min, mean               with a time behind the operator
          error_rate, throttle_rate, timeout_rate           with 1% or 0.01, of what has finished
          drop_rate                                         likewise, of what was offered
          goodput, achieved                                 with 10/s
          amplification (attempts per invocation)           with a plain number
          cost (USD per million invocations)                with $2.50
          cold_starts                                       with a plain number
          recovery (after a disturbance of the profile)     with a time
SELECTOR  all (the default), a variant's name (invoke-128MB), a size (1769MB), an endpoint (alb),
          an architecture (arm64), a level of any other factor (patient). Every variant that it
          picks must meet the threshold.
MEASURE   response (the default), attempt, send_lag, read_lag, duration, init, connect, first_byte,
          billed, restore, backoff, cold, warm, retried, failed          for p…, max, min and mean
OP        < <= > >=
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from operator import ge, gt, le, lt

from bench.model.outcome import Outcome
from bench.model.profile import Variant
from bench.model.result import Measure, Tally, Window
from bench.model.times import NS_PER_MS, NS_PER_S, NS_PER_US


class Unit(StrEnum):
    """What a metric is counted in; the value is how a limit is written."""

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

    def picks(self, variant: Variant) -> bool:
        """True if the selector means this variant."""
        return self.selector.lower() in {"all", *map(str.lower, variant.selectors)}

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


PLAIN: dict[str, tuple[Unit, Callable[[Window], float | None]]] = {
    "error_rate": (Unit.SHARE, _share(lambda t: t.failed, _finished)),
    "throttle_rate": (Unit.SHARE, _share(lambda t: t.outcomes[Outcome.THROTTLED], _finished)),
    "timeout_rate": (Unit.SHARE, _share(lambda t: t.outcomes[Outcome.TIMEOUT], _finished)),
    "drop_rate": (Unit.SHARE, _share(lambda t: t.dropped, lambda t: t.offered)),
    "goodput": (Unit.RATE, lambda window: window.goodput_rps if window.duration_s else None),
    "achieved": (Unit.RATE, lambda window: window.achieved_rps if window.duration_s else None),
    "amplification": (Unit.NUMBER, lambda window: window.tally.retry_amplification),
    "cost": (Unit.USD, lambda window: window.usd_per_million),
    "cold_starts": (Unit.NUMBER, lambda window: float(window.tally.cold_starts)),
}
"""Metrics that are one number of a window, None where nothing was measured."""
RECOVERY = "recovery"
_TIMES = ("max", "min", "mean")
CLASSES = ("cold", "warm", "retried", "failed")
"""Measures that are response times of a class of invocations."""
_MEASURES = (*(m.value for m in Measure if m is not Measure.MEMORY), *CLASSES)

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
    if match["measure"] and (unit is not Unit.TIME or metric == RECOVERY):
        raise ValueError(f"{metric} has no measure (it says '{measure}')")
    limit = _limit(match["limit"], unit, metric)
    selector = match["selector"] or "all"
    return Threshold(metric, q, selector, measure, match["op"], limit)


def _metric(metric: str) -> tuple[float | None, Unit]:
    if metric in PLAIN:
        return None, PLAIN[metric][0]
    if metric in (*_TIMES, RECOVERY):
        return None, Unit.TIME
    if not re.fullmatch(r"p\d+(\.\d+)?", metric):
        known = ", ".join(("p50", "p99", "p99.9", *_TIMES, *PLAIN, RECOVERY))
        raise ValueError(f"'{metric}' is not a metric; there are {known}")
    q = _percentile(metric[1:])
    if not 0 < q < 1:
        raise ValueError(f"{metric} must lie between p0 and p100")
    return q, Unit.TIME


def _percentile(digits: str) -> float:
    """99 and 99.9 as written; 999 and 9999 as people say them: p99.9, p99.99."""
    if "." not in digits and len(digits) > 2 and digits != "100":
        digits = f"{digits[:2]}.{digits[2:]}"
    return round(float(digits) / 100, 10)


def _limit(text: str, unit: Unit, metric: str) -> float:
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


_READERS: dict[Unit, Callable[[str], float | None]] = {
    Unit.TIME: _time_ns,
    Unit.SHARE: _share_of,
    Unit.RATE: _by(_NUMBER + r"\s*/\s*s"),
    Unit.NUMBER: _by(_NUMBER),
    Unit.USD: _by(r"\$?\s*" + _NUMBER + r"(?:\s*usd)?"),
}


def check_selector(threshold: Threshold, variants: Iterable[Variant]) -> None:
    """Raises ValueError if the threshold picks none of the variants."""
    known = list(variants)
    if not any(threshold.picks(variant) for variant in known):
        names = ", ".join(variant.name for variant in known)
        raise ValueError(f"'{threshold.selector}' picks no variant; there are {names}")
