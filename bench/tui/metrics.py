"""The metrics that can be charted over time: each reads one number out of a second's results.

A second in which the load changes comes in parts, one for each segment: a metric also says how the
figures of its parts make that of the second.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import isnan, nan

from bench.format import quantile_text
from bench.model.outcome import Outcome
from bench.model.result import LADDER as QUANTILE_LADDER
from bench.model.result import MEDIAN, Measure, Window
from bench.model.times import NS_PER_MS

MetricReading = Callable[[Window], float | None]
Join = Callable[[Sequence[float], Sequence[float]], float]
"""(figures, weights) of some parts -> the figure of all; NaN is what is not known."""


def highest(figures: Sequence[float], _weights: Sequence[float] = ()) -> float:
    """For what can't be added up: no part shows more."""
    return max((figure for figure in figures if not isnan(figure)), default=nan)


def total(figures: Sequence[float], _weights: Sequence[float] = ()) -> float:
    """For counts, which add up whatever the parts weigh."""
    return sum(figures)


def mean(figures: Sequence[float], weights: Sequence[float]) -> float:
    """For rates, by the time of each part, and for means, by the samples of each."""
    known = [(f, w) for f, w in zip(figures, weights, strict=True) if not isnan(f) and w > 0]
    weight = sum(w for _, w in known)
    return sum(f * w for f, w in known) / weight if known else highest(figures)


@dataclass(frozen=True, slots=True)
class Metric:
    """name as the screen says it, unit of the axis, and how to read it from one second.

    join: how the parts of a second make one figure. weight: what each part counts in a mean.
    """

    name: str
    unit: str
    read: MetricReading
    join: Join = highest
    weight: MetricReading = lambda _: None


def _quantile_metric(measure: Measure, q: float) -> Metric:
    """Only where it is known: a second with too few answers has a gap."""

    def read(window: Window) -> float | None:
        found = window.measure(measure).at(q)
        return None if found is None or not found.known else found.value_ns / NS_PER_MS

    return Metric(f"{measure.value} {quantile_text(q)}", "ms", read)


def _largest(measure: Measure) -> MetricReading:
    def read(window: Window) -> float | None:
        distribution = window.measure(measure)
        return distribution.max_ns / NS_PER_MS if distribution.count else None

    return read


def _mean(name: str, measure: Measure) -> Metric:
    def read(window: Window) -> float | None:
        distribution = window.measure(measure)
        return distribution.mean_ns / NS_PER_MS if distribution.count else None

    return Metric(name, "ms", read, mean, _samples(measure))


def _samples(measure: Measure) -> MetricReading:
    return lambda window: window.measure(measure).count


def _rate(name: str, read: MetricReading) -> Metric:
    return Metric(name, "/s", read, mean, lambda window: window.duration_s)


def _per_s(window: Window, counted: int) -> float | None:
    return counted / window.duration_s if window.duration_s else None


def _calls(name: str, read: MetricReading) -> Metric:
    return Metric(name, "calls", read, total)


def _outcome(outcome: Outcome) -> MetricReading:
    return lambda window: float(window.tally.outcomes[outcome])


METRICS: tuple[Metric, ...] = (
    *(_quantile_metric(Measure.RESPONSE, q) for q in sorted(QUANTILE_LADDER)),
    _mean("response mean", Measure.RESPONSE),
    Metric("response max", "ms", _largest(Measure.RESPONSE)),
    _quantile_metric(Measure.ATTEMPT, MEDIAN),
    _mean("attempt mean", Measure.ATTEMPT),
    _mean("duration mean", Measure.DURATION),
    _mean("backoff mean", Measure.BACKOFF),
    Metric("send lag max", "ms", _largest(Measure.SEND_LAG)),
    Metric("read lag max", "ms", _largest(Measure.READ_LAG)),
    _rate("sent", lambda window: window.achieved_rps),
    _rate("goodput", lambda window: window.goodput_rps),
    _rate("throughput", lambda window: window.throughput_rps),
    _rate("arrivals", lambda window: _per_s(window, window.tally.offered)),
    _rate("attempts", lambda window: _per_s(window, window.tally.attempts)),
    _calls("failed", lambda window: float(window.tally.failed)),
    _calls("throttled", _outcome(Outcome.THROTTLED)),
    _calls("dropped", lambda window: float(window.tally.dropped)),
    _calls("retries", lambda window: float(window.tally.retries)),
    _calls("cold starts", lambda window: float(window.tally.cold_starts)),
    Metric(
        *("amplification", "attempts", lambda window: window.tally.retry_amplification),
        *(mean, lambda window: float(window.tally.sent)),
    ),
    Metric(
        *("billed mean", "ms", lambda window: window.billed_ms_mean),
        *(mean, _samples(Measure.BILLED)),
    ),
)

BY_NAME = {metric.name: metric for metric in METRICS}
LADDER = tuple(BY_NAME[f"response {quantile_text(q)}"] for q in QUANTILE_LADDER)
"""What the chart shows first: the highest quantile that most seconds know, else the mean."""
MEAN = BY_NAME["response mean"]
COLD_STARTS = BY_NAME["cold starts"]
ARRIVALS, ATTEMPTS, GOODPUT = BY_NAME["arrivals"], BY_NAME["attempts"], BY_NAME["goodput"]
FAILED = BY_NAME["failed"]
AMPLIFICATION = BY_NAME["amplification"]
LAG = BY_NAME["send lag max"]
READ_LAG = BY_NAME["read lag max"]
