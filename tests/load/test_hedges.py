"""A second attempt beside the first, on a clock turned by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.load.precise import PreciseEngine
from bench.load.retry.budget import ActiveBudget
from bench.model.budget import ConcurrencyBudget, RetryBudget
from bench.model.outcome import Outcome
from bench.model.profile import Arrivals, LoadSpec
from bench.model.retry import BreakerSpec, Hedge, RetryPolicyName, RetrySpec
from bench.model.times import NS_PER_MS, NS_PER_S
from bench.record.backoff import Backoffs
from bench.record.row_layout import (
    FLAG_FINAL,
    FLAG_HEDGE,
    FLAG_HEDGE_REFUSED,
    FLAG_REFUSED,
    FLAG_SPENT,
)
from tests.load.fakes import Bench, constant, segment

AFTER_20_MS = Hedge(delay_ns=20 * NS_PER_MS)
HEDGED = RetrySpec(hedge=AFTER_20_MS)
Answer = tuple[float, int | Outcome]


def answers(*told: Answer) -> Callable[[int, int], tuple[int, int | Outcome]]:
    """The n-th attempt at the target takes so many milliseconds and ends so; the rest: 1 ms, OK."""

    def service(number: int, _t_ns: int) -> tuple[int, int | Outcome]:
        ms, status = told[number] if number < len(told) else (1, 200)
        return round(ms * NS_PER_MS), status

    return service


def one(*told: Answer, retry: RetrySpec = HEDGED, **more: Any) -> Bench:
    """One invocation."""
    bench = Bench(answers(*told), retry=retry, **more).run(segment(1, 1))
    assert len(bench.rows) == bench.wire.number, "a row for each attempt at the target"
    return bench


def marked(bench: Bench, flag: int) -> list[int]:
    """Attempt numbers of the rows with this flag, in order of their ends."""
    rows = bench.rows
    numbers: list[int] = rows["attempt"][rows["flags"] & flag != 0].tolist()
    return numbers


def test_an_answer_in_time_is_not_hedged() -> None:
    bench = one((20 - 1e-6, 200))
    assert bench.wire.number == 1
    assert marked(bench, FLAG_HEDGE) == []


def test_a_hedge_that_answers_first_ends_the_invocation() -> None:
    bench = one((500, 200), (30, 200))
    assert bench.rows["sent_ns"].tolist() == [20 * NS_PER_MS, 0]
    assert bench.final["last_ns"].tolist() == [50 * NS_PER_MS]
    assert bench.final["intended_ns"].tolist() == [0]
    assert marked(bench, FLAG_HEDGE) == marked(bench, FLAG_FINAL) == [2]
    assert marked(bench, FLAG_SPENT) == [1]
    assert bench.rows["last_ns"].tolist() == [50 * NS_PER_MS, 500 * NS_PER_MS]


def test_a_first_attempt_that_answers_before_its_hedge_leaves_that_spent() -> None:
    bench = one((100, 200), (300, 200))
    assert bench.final["last_ns"].tolist() == [100 * NS_PER_MS]
    assert marked(bench, FLAG_FINAL) == [1]
    assert marked(bench, FLAG_HEDGE) == marked(bench, FLAG_SPENT) == [2]


def test_both_attempts_send_the_same_event() -> None:
    bench = one((500, 200), (30, 200))
    assert bench.wire.sent[0] == bench.wire.sent[1]
    assert bench.events.indexes == [0]


@pytest.mark.parametrize("status", [503, Outcome.PROTOCOL_ERROR, 429])
def test_a_failure_waits_for_the_other_attempt(status: int | Outcome) -> None:
    bench = one((40, status), (100, 200))
    assert marked(bench, FLAG_FINAL) == [2]
    assert bench.final["outcome"].tolist() == [Outcome.OK]
    assert bench.final["last_ns"].tolist() == [120 * NS_PER_MS]
    assert marked(bench, FLAG_SPENT) == []
    hedge_first = one((100, 200), (10, status))
    assert hedge_first.final["last_ns"].tolist() == [100 * NS_PER_MS]
    assert marked(hedge_first, FLAG_FINAL) == [1]


@pytest.mark.parametrize("first_ms", [40, 90])
def test_when_both_fail_the_policy_goes_on_from_the_later_one(first_ms: int) -> None:
    """A hedge is no try of the policy's: there are as many retries as without it."""
    retry = RetrySpec(
        RetryPolicyName.EXPONENTIAL, max_attempts=3, base_ns=10 * NS_PER_MS, hedge=AFTER_20_MS
    )
    bench = one((first_ms, 503), (40, 503), (1, 503), (1, 200), retry=retry)
    assert sorted(bench.rows["attempt"].tolist()) == [1, 2, 3, 4]
    both_ns = max(first_ms, 20 + 40) * NS_PER_MS
    third_ns = both_ns + 10 * NS_PER_MS
    assert bench.rows["sent_ns"].tolist()[2:] == [third_ns, third_ns + 21 * NS_PER_MS]
    assert bench.final["attempt"].tolist() == [4]


@settings(max_examples=60)
@given(
    first=st.integers(0, 9),
    hedge=st.integers(0, 9),
    more=st.lists(st.integers(0, 9), min_size=1, max_size=3),
    shipments=st.integers(1, 4),
)
def test_the_waits_of_hedged_calls_are_those_that_the_policy_said(
    first: int, hedge: int, more: list[int], shipments: int
) -> None:
    """All fail but the last; rows come in any number of shipments."""
    retry = RetrySpec(
        RetryPolicyName.EXPONENTIAL, max_attempts=9, base_ns=7 * NS_PER_MS, hedge=AFTER_20_MS
    )
    times = [10 * first + 1, 10 * hedge + 2, *(10 * ms + 3 for ms in more)]
    bench = one(*[(ms, 503) for ms in times], (1, 200), retry=retry)
    backoffs, waits = Backoffs(), []
    for part in np.array_split(bench.rows, shipments):
        waits += backoffs.of(part)[1].tolist()
    is_hedged = bool((bench.rows["flags"] & FLAG_HEDGE).any())
    tries = len(times) if is_hedged else len(times) + 1
    assert sorted(waits) == [7 * NS_PER_MS << n for n in range(tries - 1)]


def test_a_failure_before_the_hedge_is_due_is_retried_and_not_hedged() -> None:
    retry = RetrySpec(RetryPolicyName.FIXED, max_attempts=2, base_ns=NS_PER_MS, hedge=AFTER_20_MS)
    bench = one((10, 503), (400, 200), retry=retry)
    assert bench.rows["attempt"].tolist() == [1, 2]
    assert marked(bench, FLAG_HEDGE) == []


SLOW_ONE_IN = 17


def seldom_slow(number: int, _t_ns: int) -> tuple[int, int]:
    return (5 if number % SLOW_ONE_IN else 300) * NS_PER_MS, 200


def test_the_ledger_holds_at_every_instant_of_a_hedged_run() -> None:
    bench = Bench(seldom_slow, retry=HEDGED, load=LoadSpec(in_flight=8, seed=3))
    bench.start(segment(100, 3))

    def look() -> None:
        bench.take()
        bench.check_ledger()
        if not bench.ended:
            bench.clock.call_in(7 * NS_PER_MS, look)

    bench.clock.call_in(7 * NS_PER_MS, look)
    bench.finish()
    bench.check_ledger()
    assert bench.engine.in_flight == bench.engine.beside == 0
    hedges = (bench.rows["flags"] & FLAG_HEDGE != 0).sum()
    assert hedges > 10
    assert (bench.rows["flags"] & FLAG_SPENT != 0).sum() == hedges
    assert len(bench.rows) == bench.wire.number == len(bench.final) + hedges


def test_a_run_ends_with_the_last_attempt_and_not_with_the_last_answer() -> None:
    bench = one((5_000, 200), (30, 200))
    assert bench.clock.t_ns - 1_000 * NS_PER_S >= 5 * NS_PER_S
    assert len(bench.rows) == 2


def test_hedges_count_among_what_may_be_under_way() -> None:
    """A hedge is not sent without a place, and takes one from arrivals until its end."""
    most = 0
    bench = Bench(constant(300), retry=HEDGED, load=LoadSpec(arrivals=Arrivals.EVEN, in_flight=4))

    def look() -> None:
        nonlocal most
        most = max(most, len(bench.wire.under_way))
        if not bench.ended:
            bench.clock.call_in(NS_PER_MS, look)

    bench.clock.call_in(NS_PER_MS, look)
    bench.run(segment(20, 2))
    assert most == 4
    assert bench.counts["dropped"].sum() > 0
    assert marked(bench, FLAG_HEDGE)


@pytest.mark.parametrize("think_ms", [0, 3])
def test_a_caller_goes_on_as_soon_as_either_attempt_has_answered(think_ms: int) -> None:
    load = LoadSpec(think_ns=think_ms * NS_PER_MS)
    bench = Bench(seldom_slow, retry=HEDGED, load=load)
    bench.run(segment(duration_s=2, callers=3))
    final = np.sort(bench.final, order="intended_ns")
    assert (final["last_ns"] - final["intended_ns"]).max() <= 25 * NS_PER_MS
    hedges = (bench.rows["flags"] & FLAG_HEDGE != 0).sum()
    assert hedges == (bench.rows["flags"] & FLAG_SPENT != 0).sum() > 10
    # Of so many attempts one is slow and one its hedge.
    each_ms = (5 * (SLOW_ONE_IN - 2) + 25) / (SLOW_ONE_IN - 1) + think_ms
    assert len(final) == pytest.approx(3 * 2_000 / each_ms, rel=0.1)


def test_a_percentile_hedges_nothing_before_it_is_known_and_its_share_after() -> None:
    rng = np.random.default_rng(5)
    takes_ns = (rng.gamma(4, 5, 10_000) * NS_PER_MS).astype(int).tolist()
    bench = Bench(
        lambda number, _t_ns: (takes_ns[number], 200),
        retry=RetrySpec(hedge=Hedge(quantile=0.9)),
    ).run(segment(200, 20))
    hedges = bench.rows[bench.rows["flags"] & FLAG_HEDGE != 0]
    ends_ns = np.sort(bench.rows["last_ns"])
    assert hedges["sent_ns"].min() >= ends_ns[99], "ten values beyond the p90: a hundred"
    share = len(hedges) / (len(bench.final) - 100)
    assert share == pytest.approx(0.1, abs=0.02)


def test_each_variant_hedges_by_its_own_policy() -> None:
    retries = [RetrySpec(), HEDGED, RetrySpec(hedge=Hedge(delay_ns=40 * NS_PER_MS))]
    bench = Bench(constant(30), variants=3, retries=retries).run(segment(10, 1, variants=(0, 1, 2)))
    hedges = bench.rows["variant"][bench.rows["flags"] & FLAG_HEDGE != 0]
    assert np.bincount(hedges, minlength=3).tolist() == [0, 10, 0]
    for variant in range(3):
        offered = bench.counts["offered"][bench.counts["variant"] == variant].sum()
        assert offered == (bench.final["variant"] == variant).sum() == 10


def test_a_budget_refuses_hedges_and_the_first_attempts_say_so() -> None:
    retry = RetrySpec(hedge=AFTER_20_MS, budget=RetryBudget(0.1, 0.0))
    bench = Bench(constant(30), retry=retry).run(segment(100, 5))
    assert (bench.rows["flags"] & FLAG_HEDGE != 0).sum() == 50
    assert len(marked(bench, FLAG_HEDGE_REFUSED)) == 450
    assert marked(bench, FLAG_REFUSED) == []


def test_tokens_pay_for_a_hedge_what_a_retry_after_a_timeout_costs() -> None:
    """500 tokens and 10 for each: fifty, as long as none comes back."""
    retry = RetrySpec(RetryPolicyName.AWS_STANDARD, max_attempts=1, hedge=AFTER_20_MS)
    bench = Bench(constant(2_000), retry=retry).run(segment(100, 1))
    assert len(marked(bench, FLAG_HEDGE)) == 50
    assert len(marked(bench, FLAG_HEDGE_REFUSED)) == 50


def test_an_open_breaker_lets_no_hedge_through() -> None:
    def slow_then_ill(number: int, _t_ns: int) -> tuple[int, int]:
        return (100 * NS_PER_MS, 200) if number < 5 else (NS_PER_MS, 503)

    breaker = BreakerSpec(min_attempts=5, open_ns=60 * NS_PER_S)
    bench = Bench(slow_then_ill, retry=HEDGED, breaker=breaker).run(segment(1000, 0.05))
    assert marked(bench, FLAG_HEDGE) == []
    assert len(marked(bench, FLAG_HEDGE_REFUSED)) == 5


def test_precise_pacing_hedges_as_any_other() -> None:
    plain = one((500, 200), (30, 200))
    precise = one((500, 200), (30, 200), engine=PreciseEngine)
    assert precise.rows.tolist() == plain.rows.tolist()


def test_an_abort_leaves_a_pair_in_flight() -> None:
    bench = Bench(constant(500), retry=HEDGED)
    bench.start(segment(1, 1))
    bench.clock.call_in(50 * NS_PER_MS, bench.engine.abort)
    bench.finish()
    assert bench.wire.number == 2
    assert len(bench.rows) == 0
    assert bench.engine.in_flight == 1
    bench.check_ledger()


TENS = st.integers(0, 30).map(lambda n: n * 10)
ENDS = st.sampled_from([200, 200, 503, 429, Outcome.PROTOCOL_ERROR])


@settings(max_examples=100)
@given(first=TENS, hedge=TENS, after=TENS, until=TENS, ends=st.tuples(ENDS, ENDS))
def test_what_becomes_of_a_pair_is_what_arithmetic_says(
    first: int, hedge: int, after: int, until: int, ends: tuple[int | Outcome, int | Outcome]
) -> None:
    """No two instants of them are the same: they end in other digits."""
    first_ms, hedge_ms, after_ms, until_ms = first + 1, hedge + 2, after + 5, until + 9
    retry = RetrySpec(hedge=Hedge(delay_ns=after_ms * NS_PER_MS), deadline_ns=until_ms * NS_PER_MS)
    bench = one((first_ms, ends[0]), (hedge_ms, ends[1]), retry=retry)
    attempts = [(first_ms, ends[0])]
    if after_ms < min(first_ms, until_ms):
        attempts.append((after_ms + hedge_ms, ends[1]))
    cut = [(min(ms, until_ms), end if ms < until_ms else None) for ms, end in attempts]
    good_ms = [ms for ms, end in cut if end == 200]
    ended_ms = min(good_ms) if good_ms else max(ms for ms, _ in cut)
    assert bench.final["last_ns"].tolist() == [ended_ms * NS_PER_MS]
    assert (bench.final["outcome"][0] == Outcome.OK) == bool(good_ms)
    assert sorted(bench.rows["last_ns"].tolist()) == sorted(ms * NS_PER_MS for ms, _ in cut)
    assert len(bench.rows) == len(attempts)
    late = [ms for ms, _ in cut if good_ms and ms > ended_ms]
    assert len(marked(bench, FLAG_SPENT)) == len(late)


def test_what_envoys_budget_counts_is_nothing_at_the_end() -> None:
    """Of retries and hedges, won, spent, failed and refused."""

    def answer(number: int, _t_ns: int) -> tuple[int, int | Outcome]:
        return (30 if number % 3 else 1) * NS_PER_MS, 503 if number % 5 == 0 else 200

    budget = ConcurrencyBudget(share=0.3, least=1)
    retry = RetrySpec(RetryPolicyName.FIXED, 3, NS_PER_MS, hedge=AFTER_20_MS, budget=budget)
    bench = Bench(answer, retry=retry).run(segment(200, 3))
    flags = bench.rows["flags"]
    for flag in (FLAG_HEDGE, FLAG_SPENT, FLAG_REFUSED, FLAG_HEDGE_REFUSED):
        assert (flags & flag > 0).any(), flag
    counted = bench.engine.guards[0].budget
    assert isinstance(counted, ActiveBudget)
    assert (counted.active, counted.retries) == (0, 0)
