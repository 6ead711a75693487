"""The capacity search against targets whose capacity is known."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.load.capacity_search import CapacitySearch, CapacityStep, StepKind, StepResult
from bench.model.outcome import Outcome
from bench.model.profile import CapacitySpec
from bench.model.result import Quantile, Tally
from bench.model.times import NS_PER_MS

SPEC = CapacitySpec(start_rps=10, max_rps=10_000, limit_ns=300 * NS_PER_MS)


def result(
    p99_ms: float | None = 100, offered: int = 1000, *, bound: bool = False, **counts: int
) -> StepResult:
    """Of so many arrivals all are answered but those of counts."""
    dropped, in_flight = counts.pop("dropped", 0), counts.pop("in_flight", 0)
    outcomes = [0] * len(Outcome)
    for name, count in counts.items():
        outcomes[Outcome[name.upper()]] = count
    outcomes[Outcome.OK] = offered - dropped - in_flight - sum(outcomes)
    quantile = None if p99_ms is None else Quantile(0.99, round(p99_ms * NS_PER_MS), True, bound)
    return StepResult(Tally(offered, in_flight, dropped, tuple(outcomes)), quantile)


def search(
    bears: Callable[[CapacityStep], bool], spec: CapacitySpec = SPEC
) -> tuple[CapacitySearch, list[CapacityStep]]:
    finding = CapacitySearch(spec)
    steps: list[CapacityStep] = []
    step: CapacityStep | None = finding.first()
    while step is not None:
        steps.append(step)
        step = finding.next(result(100 if bears(step) else 900))
    return finding, steps


@given(capacity=st.floats(1, 9_000))
def test_a_sharp_capacity_is_found_within_the_precision(capacity: float) -> None:
    finding, steps = search(lambda step: step.rps <= capacity)
    assert steps[-1].kind is StepKind.HOLD
    assert steps[-1].rps <= capacity <= steps[-1].rps * (1.3 if capacity < 10 else 1.051)
    assert "holds p99 < 300 ms" in finding.answer
    assert len(steps) < 40


def test_a_rate_that_holds_only_for_a_short_step_is_not_the_answer() -> None:
    _, steps = search(lambda step: step.rps <= (300 if step.kind is StepKind.HOLD else 400))
    assert steps[-1].kind is StepKind.HOLD
    assert 280 < steps[-1].rps <= 300


def test_a_target_without_a_limit_is_held_at_the_maximum() -> None:
    finding, steps = search(lambda _step: True)
    assert steps[-1].rps == 10_000
    assert finding.answer == "10000/s, the most that was to be tried, holds p99 < 300 ms"
    assert finding.confirmed_rps == 10_000


def test_a_target_that_bears_nothing_ends_the_search_with_a_plain_answer() -> None:
    finding, steps = search(lambda _step: False)
    assert len(steps) < 10
    assert finding.confirmed_rps is None
    assert finding.answer.startswith("no rate was found that holds p99 < 300 ms; 0.")


def test_an_answer_before_the_end_says_what_is_known_so_far() -> None:
    finding = CapacitySearch(SPEC)
    assert finding.answer == "no rate was found that holds p99 < 300 ms"
    finding.first()
    finding.next(result(100))
    assert finding.answer == "10/s held p99 < 300 ms in a step, but no hold confirms it"
    finding.next(result(900))
    assert finding.answer.endswith("but no hold confirms it; 20/s does not (p99 900.0 ms)")


@pytest.mark.parametrize(
    ("what", "fault"),
    [
        (result(), None),
        (result(299.9), None),
        (result(300), "p99 300.0 ms"),
        (result(299, bound=True), "p99 ≥ 299.0 ms"),  # it may be any more
        (result(server_error=10), None),
        (result(server_error=11), "1.1% errors"),
        (result(server_error=6, timeout=5), "1.1% errors"),
        (result(throttled=5), "0.5% throttled"),
        (result(dropped=1), "1 of 1000 arrivals found no free slot: load.in_flight is the limit"),
        (result(900, dropped=500), "p99 900.0 ms"),
        (result(in_flight=20), "2.0% errors"),
        (
            result(in_flight=10, dropped=5),
            "5 of 1000 arrivals found no free slot: load.in_flight is the limit",
        ),
        (result(None), "nothing was answered"),
        (result(offered=0), "nothing was offered"),
    ],
)
def test_what_makes_a_step_fail(what: StepResult, fault: str | None) -> None:
    assert what.fault(SPEC) == fault


def test_throttles_within_their_share_are_no_errors_either() -> None:
    spec = replace(SPEC, throttle_rate=0.02)
    assert result(throttled=20).fault(spec) is None
    assert result(throttled=21).fault(spec) == "2.1% throttled"
    assert result(throttled=20, server_error=11).fault(spec) == "1.1% errors"
