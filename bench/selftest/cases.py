"""The proof kit's cases: a script, a load, and what follows from both.

Which quantiles are compared, with the times that script and schedule ask for, and the counts of
outcomes by those of what the target itself did. Nothing here is taken from the measurement.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from bench.model.outcome import Outcome
from bench.model.profile import Arrivals, Timeouts
from bench.model.result import Measure
from bench.model.retry import RetryPolicyName, RetrySpec
from bench.model.times import NS_PER_MS, NS_PER_S
from bench.selftest.script import (
    RETRY_AFTER_S,
    SERVICE_S,
    SLOW_S,
    STALL_FROM_S,
    STALL_TO_S,
    THROTTLE_UNTIL_S,
    TRICKLE_S,
    Act,
)

Quantiles = list[tuple[Measure, float, float]]
"""(measure, q, scripted seconds)."""
ServedCounts = dict[str, int]
"""How often the target did each act, by its own count."""


@dataclass(frozen=True, slots=True)
class Case:
    """One experiment. Even arrivals at `rps` make a schedule that is known to the nanosecond.

    quantiles gives (measure, q, scripted seconds); outcomes turns the target's own counts into
    expected outcomes of attempts.
    """

    name: str
    title: str
    quantiles: Callable[[Case], Quantiles]
    outcomes: Callable[[ServedCounts], dict[Outcome, int]]
    rps: float = 200.0
    duration_s: float = 5.0
    timeouts: Timeouts = field(
        default_factory=lambda: Timeouts(
            connect_ns=NS_PER_S, first_byte_ns=4 * NS_PER_S, total_ns=5 * NS_PER_S
        )
    )
    retry: RetrySpec = field(default_factory=RetrySpec)
    arrivals: Arrivals = Arrivals.EVEN
    tolerance: float = 0.01
    """By which share a quantile may be off, where that is more than TOLERANCE_NS of the kit."""

    def arrivals_s(self) -> list[float]:
        """The intended instants in seconds from the first, evenly spaced."""
        return [i / self.rps for i in range(round(self.rps * self.duration_s))]


def _served(counts: ServedCounts) -> dict[Outcome, int]:
    return {Outcome.OK: sum(counts.values())}


def _failing(act: Act, outcome: Outcome) -> Callable[[ServedCounts], dict[Outcome, int]]:
    def outcomes(counts: ServedCounts) -> dict[Outcome, int]:
        failed = counts.get(act.value, 0)
        return {Outcome.OK: sum(counts.values()) - failed, outcome: failed}

    return outcomes


def _flat(*points: tuple[Measure, float, float]) -> Callable[[Case], Quantiles]:
    return lambda _case: list(points)


def _constant(_case: Case) -> Quantiles:
    return [
        (measure, q, SERVICE_S)
        for measure in (Measure.RESPONSE, Measure.ATTEMPT)
        for q in (0.5, 0.9, 0.99, 0.999)
    ]


def _stalled(case: Case) -> Quantiles:
    """From the schedule: who arrives within the stall waits for its end."""
    waits = sorted(
        (STALL_TO_S - t_s if STALL_FROM_S <= t_s < STALL_TO_S else 0.0) + SERVICE_S
        for t_s in case.arrivals_s()
    )
    return [(Measure.RESPONSE, q, _exact(waits, q)) for q in (0.5, 0.9, 0.99)]


def _throttled(case: Case) -> Quantiles:
    """Who is throttled comes back after Retry-After and is served."""
    waits = sorted(
        RETRY_AFTER_S + 2 * SERVICE_S if t_s < THROTTLE_UNTIL_S else SERVICE_S
        for t_s in case.arrivals_s()
    )
    times = [(Measure.RESPONSE, q, _exact(waits, q)) for q in (0.5, 0.9, 0.99)]
    return [(Measure.ATTEMPT, 0.5, SERVICE_S), *times]


def _exact(ordered: list[float], q: float) -> float:
    """The smallest value that at least q of all do not exceed."""
    count = len(ordered)
    return ordered[min(count - 1, max(0, -int(-q * count // 1) - 1))]


BIMODAL = _flat(
    (Measure.RESPONSE, 0.5, SERVICE_S),
    (Measure.ATTEMPT, 0.5, SERVICE_S),
    (Measure.RESPONSE, 0.99, SLOW_S),
    (Measure.ATTEMPT, 0.99, SLOW_S),
)
HALF = _flat((Measure.ATTEMPT, 0.5, SERVICE_S))
SHORT = Timeouts(connect_ns=NS_PER_S, first_byte_ns=NS_PER_S, total_ns=NS_PER_S)

CASES: tuple[Case, ...] = (
    Case("constant", "every answer after 5 ms", _constant, _served),
    Case(
        "fast",
        "the same at 1,000/s, by Poisson",
        _constant,
        _served,
        rps=1000,
        arrivals=Arrivals.POISSON,
    ),
    Case("bimodal", "nine in ten after 5 ms, one after 50 ms", BIMODAL, _served),
    Case("stall", "nothing is answered for 2 s", _stalled, _served, tolerance=0.02),
    Case(
        "resets",
        "1 % of connections reset",
        HALF,
        _failing(Act.RESET, Outcome.PROTOCOL_ERROR),
        duration_s=3,
    ),
    Case(
        "truncated",
        "10 % of answers cut short",
        HALF,
        _failing(Act.TRUNCATED, Outcome.PROTOCOL_ERROR),
        duration_s=2,
    ),
    Case(
        "garbage",
        "10 % of answers are not HTTP",
        HALF,
        _failing(Act.GARBAGE, Outcome.PROTOCOL_ERROR),
        duration_s=2,
    ),
    Case(
        "oversized",
        "2 % of answers have 32 MiB",
        HALF,
        _failing(Act.OVERSIZED, Outcome.PROTOCOL_ERROR),
        duration_s=2,
        rps=100,
    ),
    Case(
        "endless",
        "2 % of answers never end",
        HALF,
        _failing(Act.ENDLESS, Outcome.TIMEOUT),
        duration_s=2,
        timeouts=SHORT,
    ),
    Case(
        "slow-head",
        f"10 % of heads trickle in over {TRICKLE_S * 1000:g} ms",
        _flat(
            (Measure.RESPONSE, 0.5, SERVICE_S),
            (Measure.RESPONSE, 0.99, TRICKLE_S),
            (Measure.ATTEMPT, 0.99, TRICKLE_S),
        ),
        _served,
        duration_s=3,
    ),
    Case("closed-keep-alive", "20 % of connections close unannounced", HALF, _served, duration_s=3),
    Case(
        "throttles",
        "for half a second only 429 with Retry-After: 1",
        _throttled,
        _failing(Act.THROTTLE, Outcome.THROTTLED),
        duration_s=3,
        rps=100,
        retry=RetrySpec(RetryPolicyName.FULL_JITTER, max_attempts=20, base_ns=10 * NS_PER_MS),
    ),
)
