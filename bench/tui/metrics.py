"""The metrics that can be charted over time: each reads one number out of a Window."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bench.model import NS_PER_MS, Measure, Outcome, Window

Reading = Callable[[Window], float | None]


@dataclass(frozen=True, slots=True)
class Metric:
    """name as the screen says it, unit for the axis, and how to read it from one second."""

    name: str
    unit: str
    read: Reading


def _quantile(measure: Measure, q: float) -> Reading:
    def read(window: Window) -> float | None:
        found = window.measure(measure).at(q)
        return None if found is None else found.value_ns / NS_PER_MS

    return read


def _largest(window: Window) -> float | None:
    response = window.measure(Measure.RESPONSE)
    return response.max_ns / NS_PER_MS if response.count else None


METRICS: tuple[Metric, ...] = (
    Metric("response p50", "ms", _quantile(Measure.RESPONSE, 0.5)),
    Metric("response p90", "ms", _quantile(Measure.RESPONSE, 0.9)),
    Metric("response p99", "ms", _quantile(Measure.RESPONSE, 0.99)),
    Metric("response max", "ms", _largest),
    Metric("attempt p50", "ms", _quantile(Measure.ATTEMPT, 0.5)),
    Metric("duration p50", "ms", _quantile(Measure.DURATION, 0.5)),
    Metric("send lag p99", "ms", _quantile(Measure.SEND_LAG, 0.99)),
    Metric("achieved rate", "/s", lambda window: window.achieved_rps),
    Metric("goodput", "/s", lambda window: window.goodput_rps),
    Metric("failed", "/s", lambda window: float(window.tally.failed)),
    Metric("throttled", "/s", lambda window: float(window.tally.outcomes[Outcome.THROTTLED])),
    Metric("retries", "/s", lambda window: float(window.tally.retries)),
    Metric("cold starts", "/s", lambda window: float(window.tally.cold_starts)),
    Metric("in flight", "", lambda window: float(window.tally.in_flight)),
    Metric("billed mean", "ms", lambda window: window.billed_ms_mean),
)
