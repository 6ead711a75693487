"""The metrics that can be charted over time: each reads one number out of a second's results."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bench.model import NS_PER_MS, Measure, Outcome, Window

Reading = Callable[[Window], float | None]


@dataclass(frozen=True, slots=True)
class Metric:
    """name as the screen says it, unit of the axis, and how to read it from one second."""

    name: str
    unit: str
    read: Reading


def _quantile(measure: Measure, q: float) -> Reading:
    """Only where it is known: a second with too few answers has a gap."""

    def read(window: Window) -> float | None:
        found = window.measure(measure).at(q)
        return None if found is None or not found.known else found.value_ns / NS_PER_MS

    return read


def _largest(measure: Measure) -> Reading:
    def read(window: Window) -> float | None:
        distribution = window.measure(measure)
        return distribution.max_ns / NS_PER_MS if distribution.count else None

    return read


def _mean(measure: Measure) -> Reading:
    def read(window: Window) -> float | None:
        distribution = window.measure(measure)
        return distribution.mean_ns / NS_PER_MS if distribution.count else None

    return read


def _outcome(outcome: Outcome) -> Reading:
    return lambda window: float(window.tally.outcomes[outcome])


METRICS: tuple[Metric, ...] = (
    Metric("response p50", "ms", _quantile(Measure.RESPONSE, 0.5)),
    Metric("response p90", "ms", _quantile(Measure.RESPONSE, 0.9)),
    Metric("response p99", "ms", _quantile(Measure.RESPONSE, 0.99)),
    Metric("response mean", "ms", _mean(Measure.RESPONSE)),
    Metric("response max", "ms", _largest(Measure.RESPONSE)),
    Metric("attempt p50", "ms", _quantile(Measure.ATTEMPT, 0.5)),
    Metric("attempt mean", "ms", _mean(Measure.ATTEMPT)),
    Metric("duration mean", "ms", _mean(Measure.DURATION)),
    Metric("send lag max", "ms", _largest(Measure.SEND_LAG)),
    Metric("sent", "/s", lambda window: window.achieved_rps),
    Metric("goodput", "/s", lambda window: window.goodput_rps),
    Metric("failed", "calls", lambda window: float(window.tally.failed)),
    Metric("throttled", "calls", _outcome(Outcome.THROTTLED)),
    Metric("dropped", "calls", lambda window: float(window.tally.dropped)),
    Metric("retries", "calls", lambda window: float(window.tally.retries)),
    Metric("cold starts", "calls", lambda window: float(window.tally.cold_starts)),
    Metric("billed mean", "ms", lambda window: window.billed_ms_mean),
)

BY_NAME = {metric.name: metric for metric in METRICS}
LADDER = tuple(BY_NAME[f"response {q}"] for q in ("p99", "p90", "p50"))
"""What the chart shows first: the highest quantile that most seconds know, else the mean."""
MEAN = BY_NAME["response mean"]
COLD_STARTS = BY_NAME["cold starts"]
FAILED = BY_NAME["failed"]
LAG = BY_NAME["send lag max"]
