"""Steps of a search owe nothing to each other: a client begins each of them anew."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import numpy as np
import pytest

from bench.load.live_plan import cut
from bench.load.retry.breaker import Breaker
from bench.load.retry.budget import budget_of
from bench.load.retry.hedge import RunningQuantile
from bench.model.budget import BudgetSpec, ConcurrencyBudget, RetryBudget, RetryThrottling
from bench.model.load import Segment
from bench.model.outcome import Outcome
from bench.model.retry import BreakerSpec, Hedge, RetryPolicyName, RetrySpec
from bench.model.times import NS_PER_MS, NS_PER_S
from bench.record.row_layout import FLAG_HEDGE, FLAG_HELD, FLAG_REFUSED
from tests.load.fakes import Bench, constant, segment

STEP_S = 5


def step(number: int, rps: float) -> Segment:
    """A step that begins ten seconds after the one before, when all of that has ended."""
    start_s = 10.0 * number
    made = segment(rps, STEP_S, start_s=start_s, index=number)
    return Segment(0, 0, 0, made.variants, made.start_ns, made.shape, stream=0, renews=True)


def twice(service: Callable[[int, int], tuple[int, int | Outcome]], retry: RetrySpec) -> list[str]:
    """What becomes of the attempts of two equal steps, as text: without when and which one."""
    bench = Bench(service, retry=retry).run(step(0, 20), step(1, 20))
    told = []
    for number in range(2):
        own = bench.rows[bench.rows["intended_ns"] // (10 * NS_PER_S) == number]
        own = np.sort(own, order=["intended_ns", "attempt"])
        told.append(str([(int(r["attempt"]), int(r["flags"])) for r in own]))
    return told


FIXED = RetryPolicyName.FIXED


@pytest.mark.parametrize(
    "retry",
    [
        RetrySpec(RetryPolicyName.AWS_STANDARD, 3),
        RetrySpec(FIXED, 9, NS_PER_MS, budget=RetryBudget(0.1, 1.0, 60 * NS_PER_S)),
        RetrySpec(FIXED, 9, NS_PER_MS, budget=RetryThrottling(20, 0.1)),
    ],
    ids=["tokens", "finagle", "grpc"],
)
def test_a_step_has_as_many_retries_as_the_one_before(retry: RetrySpec) -> None:
    first, second = twice(constant(1, 503), retry)
    if retry.policy is FIXED:  # whose delays draw nothing
        assert first == second
    assert first.count(f", {FLAG_REFUSED | 1})") > 10
    assert abs(first.count("(2, ") - second.count("(2, ")) <= 5


def test_without_a_renewal_the_second_step_would_have_none() -> None:
    retry = RetrySpec(FIXED, 9, NS_PER_MS, budget=RetryThrottling(20, 0.1))
    plain = [segment(20, STEP_S, start_s=10.0 * n, index=n) for n in range(2)]
    rows = Bench(constant(1, 503), retry=retry).run(*plain).rows
    again = rows["intended_ns"][rows["attempt"] > 1]
    assert again.size and again.max() < 10 * NS_PER_S


def test_a_client_that_was_throttled_holds_nothing_in_the_next_step() -> None:
    def throttled_at_first(_number: int, t_ns: int) -> tuple[int, int | Outcome]:
        return NS_PER_MS, 429 if t_ns < 1_006 * NS_PER_S else 200  # the clock begins at 1,000 s

    retry = RetrySpec(RetryPolicyName.AWS_ADAPTIVE, 3)
    rows = Bench(throttled_at_first, retry=retry).run(step(0, 20), step(1, 20)).rows
    held = rows[rows["flags"] & FLAG_HELD > 0]
    assert len(held) > 10
    assert held["intended_ns"].max() < 10 * NS_PER_S


def test_a_breaker_is_closed_again() -> None:
    breaker = BreakerSpec(min_attempts=5, open_ns=1000 * NS_PER_S)

    def ill_at_first(_number: int, t_ns: int) -> tuple[int, int | Outcome]:
        return NS_PER_MS, 503 if t_ns < 1_006 * NS_PER_S else 200

    rows = Bench(ill_at_first, breaker=breaker).run(step(0, 20), step(1, 20)).final
    second = rows[rows["intended_ns"] >= 10 * NS_PER_S]
    assert set(second["outcome"].tolist()) == {Outcome.OK}
    assert (rows["outcome"] == Outcome.REJECTED).sum() > 50


def test_what_envoys_budget_counts_goes_on_since_it_is_under_way() -> None:
    def slow(_number: int, _t_ns: int) -> tuple[int, int | Outcome]:
        return 30 * NS_PER_S, 503

    budget = ConcurrencyBudget(share=0.5, least=1)
    retry = RetrySpec(FIXED, 2, NS_PER_MS, budget=budget)
    bench = Bench(slow, retry=retry).run(step(0, 5), step(1, 5))
    counted = bench.engine.guards[0].budget
    assert (getattr(counted, "active", None), getattr(counted, "retries", None)) == (0, 0)


def test_a_percentile_goes_back_to_what_was_first_known() -> None:
    random, found = Random(1), RunningQuantile(0.9)
    found.renew()  # nothing is known: nothing is kept
    for _ in range(400):
        found.add(round(random.uniform(10, 20) * NS_PER_MS))
    usual_ns = found.value_ns
    found.renew()
    for _ in range(3):
        for _ in range(400):
            found.add(2 * NS_PER_S)
        assert found.value_ns is not None and found.value_ns >= 2 * NS_PER_S
        found.renew()
        assert found.value_ns == usual_ns


def test_a_stall_in_one_step_does_not_keep_the_next_from_hedging() -> None:
    def stalled(number: int, t_ns: int) -> tuple[int, int | Outcome]:
        after_s = (t_ns - 1_000 * NS_PER_S) / NS_PER_S
        is_stalled = after_s > 10 and 2 <= after_s % 10 < 4
        usual = 10 if number % 17 else 60
        return (2000 if is_stalled else usual) * NS_PER_MS, 200

    steps = [step(number, 100) for number in range(4)]
    rows = Bench(stalled, retry=RetrySpec(hedge=Hedge(quantile=0.9))).run(*steps).rows
    hedges = rows["intended_ns"][rows["flags"] & FLAG_HEDGE > 0] // (10 * NS_PER_S)
    later = np.bincount(hedges, minlength=4)[2:]
    assert later[0] > 100
    assert later[0] == pytest.approx(later[1], rel=0.1)


@pytest.mark.parametrize("budget", [RetryBudget(), ConcurrencyBudget(), RetryThrottling()])
def test_every_kind_of_budget_can_be_renewed_before_anything_has_happened(
    budget: BudgetSpec,
) -> None:
    made = budget_of(RetrySpec(FIXED, 9, budget=budget), 1)
    assert made is not None
    made.renew()
    assert made.try_spend(Outcome.THROTTLED, 0) is not None


def test_the_rest_of_a_step_that_is_changed_while_it_runs_renews_nothing() -> None:
    first, second = cut((step(0, 20), step(1, 20)), 2 * NS_PER_S)
    assert not first.renews and second.renews


def test_a_breaker_that_is_renewed_passes_over_what_was_sent_before() -> None:
    breaker = Breaker(BreakerSpec(min_attempts=1))
    breaker.renew(5)
    breaker.ended(Outcome.TIMEOUT, sent_ns=3, t_ns=7)
    assert breaker.is_closed
