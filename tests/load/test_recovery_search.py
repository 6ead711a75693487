"""The search for the rate that recovers, against a queue whose recoverable rate is known."""

from __future__ import annotations

import numpy as np
import pytest

from bench.load.capacity_search import CapacitySearch
from bench.load.capacity_step import CapacityStep, StepKind
from bench.load.recovery_search import RecoverySearch
from bench.model.profile import CapacitySpec
from bench.model.search_disturbance import DisturbanceKind, SearchDisturbance
from bench.model.times import NS_PER_MS, NS_PER_S
from tests.load.retrying_queue import RetryingQueue

STALL = SearchDisturbance(DisturbanceKind.STALL, NS_PER_S)
SPEC = CapacitySpec(
    start_rps=10,
    max_rps=400,
    limit_ns=150 * NS_PER_MS,
    q=0.95,
    step_ns=3 * NS_PER_S,
    hold_ns=5 * NS_PER_S,
    precision=0.1,
    recovers_from=STALL,
    within_ns=5 * NS_PER_S,
)
QUEUES = {
    "nobody tries again": RetryingQueue(1, 86.2),
    "once more": RetryingQueue(2, 48.1),
}


def steady(queue: RetryingQueue, seed: int) -> CapacitySearch:
    random, search = np.random.default_rng(seed), CapacitySearch(SPEC)
    step: CapacityStep | None = search.first()
    while step is not None:
        step = search.next(queue.step(random, step, SPEC))
    return search


def recovering(queue: RetryingQueue, steady_rps: float, seed: int) -> RecoverySearch:
    random, search = np.random.default_rng(seed), RecoverySearch(SPEC, steady_rps, made=9)
    step: CapacityStep | None = search.first()
    assert step is not None
    assert (step.number, step.kind, step.rps) == (10, StepKind.RECOVER, steady_rps)
    while step is not None:
        step = search.next(queue.step(random, step, SPEC))
    return search


@pytest.mark.parametrize("name", QUEUES)
def test_the_recoverable_rate_lies_within_the_interval(name: str) -> None:
    queue = QUEUES[name]
    found = [recovering(queue, 90.0, seed).interval for seed in range(8)]
    hits = sum(f is not None and f.low_rps <= queue.recovers_rps <= f.high_rps for f in found)
    assert hits >= 7


def test_the_steady_capacity_is_that_of_the_server_however_often_callers_try() -> None:
    held = [steady(queue, 3).confirmed_rps for queue in QUEUES.values()]
    assert all(rps is not None and 70 < rps < 99 for rps in held)


def test_a_load_that_always_recovers_is_said_to() -> None:
    search = recovering(RetryingQueue(1, 0.0), 40.0, 1)
    assert search.always
    assert search.interval is not None
    assert search.interval.high_rps == 40
    least = f"{search.interval.low_rps:.4g}/s"
    assert search.answer == f"after a stall of 1 s 40/s recovers too (95 %: {least} at least)"


def test_the_answer_tells_both_rates_and_why_the_other_does_not() -> None:
    answer = recovering(QUEUES["once more"], 90.0, 1).answer
    assert answer.startswith("after a stall of 1 s ")
    assert " recovers, " in answer and " does not (95 %; p95 " in answer
