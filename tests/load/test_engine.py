"""The engine on a clock turned by hand and a wire with a scripted target."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from bench.model.budget import RetryBudget
from bench.model.outcome import Hint, Outcome, Report
from bench.model.profile import Arrivals, LoadSpec
from bench.model.retry import BreakerSpec, RetryPolicyName, RetrySpec
from bench.model.times import NS_PER_MS, NS_PER_S
from bench.payloads.base import ConstantEvents
from bench.record.row_layout import FLAG_CENSORED, FLAG_COLD, FLAG_FINAL, FLAG_REFUSED
from bench.wire.exchange import Exchange
from tests.load.fakes import Bench, CountingEvents, constant, segment

EVEN = Arrivals.EVEN


def test_open_loop_sends_every_arrival_at_its_intended_time() -> None:
    bench = Bench(constant(5)).run(segment(10, 1))
    assert bench.final["intended_ns"].tolist() == [i * NS_PER_S // 10 for i in range(10)]
    assert (bench.final["sent_ns"] == bench.final["intended_ns"]).all()
    assert (bench.final["last_ns"] - bench.final["intended_ns"] == 5 * NS_PER_MS).all()


@pytest.mark.parametrize("by_ns", [3 * NS_PER_MS, -3 * NS_PER_MS])
def test_moving_the_zero_of_the_run_moves_what_is_to_come_and_bends_no_time(by_ns: int) -> None:
    sent_ns: list[int] = []

    def serve(_number: int, t_ns: int) -> tuple[int, int]:
        sent_ns.append(t_ns - 1_000 * NS_PER_S)
        return 150 * NS_PER_MS, 200

    bench = Bench(serve)
    bench.clock.call_in(510 * NS_PER_MS, lambda: bench.engine.move_zero(by_ns))
    bench.run(segment(10, 1))
    intended_ns = [i * NS_PER_S // 10 for i in range(10)]
    assert bench.final["intended_ns"].tolist() == intended_ns
    assert sent_ns == [at_ns + by_ns * (at_ns > NS_PER_S // 2) for at_ns in intended_ns]
    assert (bench.final["sent_ns"] == bench.final["intended_ns"]).all()
    assert (bench.final["last_ns"] - bench.final["intended_ns"] == 150 * NS_PER_MS).all()


def test_an_hour_of_load_takes_no_time() -> None:
    bench = Bench(constant(5)).run(segment(10, 3600))
    assert len(bench.final) == 36_000


def test_response_time_counts_from_the_intended_arrival_when_the_send_is_late() -> None:
    bench = Bench(constant(5), lag_ns=7 * NS_PER_MS).run(segment(10, 1))
    assert (bench.final["last_ns"] - bench.final["intended_ns"] == 12 * NS_PER_MS).all()
    assert (bench.final["sent_ns"] - bench.final["intended_ns"] == 7 * NS_PER_MS).all()


def test_a_stall_of_the_target_is_seen_by_every_arrival_within_it() -> None:
    def stalls(_number: int, t_ns: int) -> tuple[int, int]:
        into_ns = t_ns - 1_000 * NS_PER_S
        stalled = NS_PER_S <= into_ns < 3 * NS_PER_S
        return (3 * NS_PER_S - into_ns if stalled else NS_PER_MS), 200

    bench = Bench(stalls).run(segment(100, 10))
    response_ns = np.sort(bench.final["last_ns"] - bench.final["intended_ns"])
    assert (response_ns > 10 * NS_PER_MS).sum() == 199
    assert response_ns[-1] == 2 * NS_PER_S
    assert response_ns[899] == pytest.approx(NS_PER_S, rel=0.02)  # p90: half of the stall


def test_an_arrival_without_a_free_slot_is_dropped_and_counted() -> None:
    bench = Bench(constant(1000), load=LoadSpec(arrivals=EVEN, in_flight=3)).run(segment(10, 1))
    assert bench.counts["dropped"].sum() == 7
    assert len(bench.final) == 3


def test_a_ramp_offers_its_area() -> None:
    bench = Bench(constant(1)).run(segment(0, 10, to_rps=20))
    assert len(bench.final) == 100
    assert (bench.final["intended_ns"] < 5 * NS_PER_S).sum() == 25


def test_workers_share_one_schedule_without_loss() -> None:
    whole = Bench(constant(1), load=LoadSpec(seed=7)).run(segment(50, 4))
    parts = [
        Bench(constant(1), load=LoadSpec(seed=7), worker=i, workers=3).run(segment(50, 4))
        for i in range(3)
    ]
    union = np.sort(np.concatenate([part.final["intended_ns"] for part in parts]))
    assert union.tolist() == np.sort(whole.final["intended_ns"]).tolist()
    indexes = sorted(i for part in parts for i in part.events.indexes)
    assert len(set(indexes)) == len(indexes)


def test_variants_side_by_side_have_the_same_rate() -> None:
    bench = Bench(constant(1), variants=3).run(segment(10, 2, variants=(0, 1, 2)))
    assert np.bincount(bench.final["variant"]).tolist() == [20, 20, 20]


def test_retries_keep_the_intended_time_and_each_attempt_its_own_clocks() -> None:
    def recovers(number: int, _t_ns: int) -> tuple[int, int]:
        return NS_PER_MS, 500 if number < 2 else 200

    retry = RetrySpec(RetryPolicyName.EXPONENTIAL, max_attempts=5, base_ns=10 * NS_PER_MS)
    bench = Bench(recovers, retry=retry).run(segment(1, 1))
    assert bench.rows["attempt"].tolist() == [1, 2, 3]
    assert bench.rows["outcome"].tolist() == [
        Outcome.SERVER_ERROR,
        Outcome.SERVER_ERROR,
        Outcome.OK,
    ]
    assert bench.rows["sent_ns"].tolist() == [0, 11 * NS_PER_MS, 32 * NS_PER_MS]
    assert bench.final["last_ns"].tolist() == [33 * NS_PER_MS]
    assert set(bench.rows["intended_ns"].tolist()) == {0}


def test_a_retry_after_of_the_server_raises_the_delay() -> None:
    def throttles_once(number: int, _t_ns: int) -> tuple[int, int]:
        return NS_PER_MS, 429 if number == 0 else 200

    retry = RetrySpec(RetryPolicyName.FIXED, max_attempts=2, base_ns=10 * NS_PER_MS)
    bench = Bench(throttles_once, retry=retry)
    bench.endpoint.hint = Hint(2 * NS_PER_S)
    bench.run(segment(1, 1))
    assert bench.rows["sent_ns"].tolist() == [0, 2 * NS_PER_S + NS_PER_MS]


def test_a_budget_refuses_retries_and_says_so() -> None:
    retry = RetrySpec(
        RetryPolicyName.FIXED, max_attempts=3, base_ns=NS_PER_MS, budget=RetryBudget(0.1, 0.0)
    )
    bench = Bench(constant(1, 503), retry=retry).run(segment(100, 5))
    assert len(bench.final) == 500
    assert len(bench.rows) == 500 + 50
    refused = bench.rows["flags"] & FLAG_REFUSED != 0
    assert (bench.rows["flags"][refused] & FLAG_FINAL != 0).all()
    assert refused.sum() >= 450


def test_the_engine_tells_how_many_tokens_are_left() -> None:
    retry = RetrySpec(RetryPolicyName.AWS_STANDARD, max_attempts=3)
    bench = Bench(constant(1, 503), retry=retry).run(segment(4, 1))
    assert bench.engine.tokens() == (500 - 4 * 2 * 5,)
    assert Bench(constant(1, 200)).run(segment(1, 1)).engine.tokens() == ()


def test_an_open_breaker_rejects_arrivals_until_its_probes_are_good() -> None:
    def ill_for_two_seconds(_number: int, t_ns: int) -> tuple[int, int]:
        return NS_PER_MS, 503 if t_ns < 1_002 * NS_PER_S else 200

    breaker = BreakerSpec(min_attempts=10, open_ns=NS_PER_S, probes=2)
    bench = Bench(ill_for_two_seconds, breaker=breaker).run(segment(100, 5))
    outcomes = np.bincount(bench.final["outcome"], minlength=len(Outcome))
    assert outcomes.sum() == 500
    assert outcomes[Outcome.SERVER_ERROR] == 10 + 1  # until it opens, and a probe
    rejected = bench.final[bench.final["outcome"] == Outcome.REJECTED]
    assert set(rejected["attempt"].tolist()) == {0}
    assert (rejected["sent_ns"] < 0).all()
    assert outcomes[Outcome.OK] > 250
    assert bench.engine.open_breakers() == ()


def ill_until(second: int) -> Callable[[int, int], tuple[int, int]]:
    return lambda _number, t_ns: (NS_PER_MS, 503 if t_ns < (1_000 + second) * NS_PER_S else 200)


def test_the_breaker_of_one_variant_is_nothing_to_another() -> None:
    breaker = BreakerSpec(min_attempts=10, open_ns=60 * NS_PER_S)
    ill, well = segment(100, 5, variants=(0,)), segment(100, 5, variants=(1,), start_s=5, index=1)
    bench = Bench(ill_until(5), variants=2, breaker=breaker).run(ill, well)
    outcomes = {
        variant: set(bench.final["outcome"][bench.final["variant"] == variant].tolist())
        for variant in (0, 1)
    }
    assert outcomes == {0: {Outcome.SERVER_ERROR, Outcome.REJECTED}, 1: {Outcome.OK}}
    assert bench.engine.open_breakers() == (0,)


def test_what_one_variant_retries_is_out_of_its_own_budget() -> None:
    retry = RetrySpec(RetryPolicyName.AWS_STANDARD, max_attempts=3)
    ill, well = segment(4, 1, variants=(0,)), segment(4, 1, variants=(1,), start_s=100, index=1)
    bench = Bench(ill_until(90), variants=2, retry=retry).run(ill, well)
    assert bench.engine.tokens() == (500 - 4 * 2 * 5, 500)


def test_an_open_breaker_refuses_the_retry_that_would_meet_it() -> None:
    retry = RetrySpec(RetryPolicyName.FIXED, max_attempts=9, base_ns=100 * NS_PER_MS)
    breaker = BreakerSpec(min_attempts=10, open_ns=60 * NS_PER_S)
    bench = Bench(constant(1, 503), retry=retry, breaker=breaker).run(segment(50, 1))
    assert bench.engine.open_breakers() == (0,)
    assert (bench.rows["flags"] & FLAG_REFUSED != 0).any()
    assert bench.final["attempt"].max() < 9


def test_callers_of_a_closed_loop_wait_before_an_open_breaker() -> None:
    breaker = BreakerSpec(min_attempts=10, open_ns=60 * NS_PER_S)
    bench = Bench(constant(1, 503), breaker=breaker).run(segment(duration_s=2, callers=2))
    rejected = bench.final["outcome"] == Outcome.REJECTED
    assert rejected.sum() == pytest.approx(2 * 20, abs=4)  # each knocks every 100 ms


def test_any_number_of_callers_can_wait_before_an_open_breaker() -> None:
    breaker = BreakerSpec(min_attempts=10, open_ns=60 * NS_PER_S)
    bench = Bench(constant(1, 503), breaker=breaker).run(segment(duration_s=1, callers=3000))
    assert (bench.final["outcome"] == Outcome.REJECTED).sum() > 3000


def test_no_retry_after_the_last_attempt() -> None:
    retry = RetrySpec(RetryPolicyName.FIXED, max_attempts=3, base_ns=0)
    bench = Bench(constant(1, 500), retry=retry).run(segment(10, 1))
    assert len(bench.rows) == 30
    assert len(bench.final) == 10
    assert (bench.final["attempt"] == 3).all()


def test_a_timeout_is_marked_as_censored() -> None:
    bench = Bench(constant(50, Outcome.TIMEOUT)).run(segment(10, 1))
    assert (bench.final["flags"] & FLAG_CENSORED != 0).all()


@pytest.mark.parametrize(
    ("init_ms", "restore_ms", "cold"),
    [(None, None, False), (120.5, None, True), (None, 80.0, True)],
)
def test_a_new_or_restored_environment_is_a_cold_start(
    init_ms: float | None, restore_ms: float | None, cold: bool
) -> None:
    bench = Bench(constant(1))
    bench.endpoint.report = Report("id", 2.0, 3, 128, init_ms=init_ms, restore_ms=restore_ms)
    only = bench.run(segment(1, 1)).rows[0]
    assert bool(only["flags"] & FLAG_COLD) is cold
    wanted = [-1 if ms is None else round(ms * NS_PER_MS) for ms in (init_ms, restore_ms)]
    assert [only["init_ns"], only["restore_ns"]] == wanted


def test_closed_loop_keeps_its_callers_busy() -> None:
    bench = Bench(constant(100)).run(segment(duration_s=2, callers=4))
    assert len(bench.final) == 4 * 20
    assert (bench.final["last_ns"] - bench.final["intended_ns"] == 100 * NS_PER_MS).all()


def test_think_time_spaces_the_calls_of_a_caller() -> None:
    load = LoadSpec(arrivals=EVEN, think_ns=400 * NS_PER_MS)
    bench = Bench(constant(100), load=load).run(segment(duration_s=2, callers=1))
    assert bench.final["intended_ns"].tolist() == [i * NS_PER_S // 2 for i in range(4)]


def test_callers_ramp_up_and_down() -> None:
    up = Bench(constant(10)).run(segment(duration_s=4, callers=1, to_callers=5))
    first, last = (up.final["intended_ns"] < NS_PER_S), (up.final["intended_ns"] >= 3 * NS_PER_S)
    assert (first.sum(), last.sum()) == (100, 400)
    down = Bench(constant(10)).run(segment(duration_s=4, callers=5, to_callers=1))
    assert (down.final["intended_ns"] >= 3 * NS_PER_S).sum() < 220


def test_callers_move_to_the_next_segment() -> None:
    bench = Bench(constant(30), variants=2).run(
        segment(duration_s=1, callers=2, variants=(0,)),
        segment(duration_s=1, start_s=1, index=1, callers=3, variants=(1,)),
    )
    late = bench.final[bench.final["intended_ns"] >= NS_PER_S]
    assert set(late["variant"].tolist()) == {1}
    assert len(late) == pytest.approx(100, abs=3)


def test_a_caller_whose_answer_a_new_segment_has_overtaken_goes_on() -> None:
    held: list[Exchange] = []
    bench = Bench(constant(1))
    bench.engine._submits[0] = held.append
    bench.start(segment(0, 1, callers=1), segment(0, 1, start_s=1, index=1, callers=1))
    (first,) = held
    answered_ns = bench.clock.t_ns + NS_PER_S - 1
    bench.clock.t_ns += NS_PER_S
    bench.engine.pump()  # the second segment begins before the loop comes to the answer
    first.status, first.last_ns = 200, answered_ns
    first.finished()
    assert bench.engine.in_flight == 1
    bench.take()
    assert bench.counts["segment"].tolist() == [0, 1]


def test_drain_stops_arrivals_and_waits_for_answers() -> None:
    bench = Bench(constant(300))
    bench.start(segment(10, 100))
    bench.clock.call_in(NS_PER_S, bench.engine.drain)
    bench.finish()
    bench.check_ledger()
    assert len(bench.final) == pytest.approx(10, abs=1)
    assert bench.engine.in_flight == 0


def test_abort_leaves_what_is_in_flight_counted() -> None:
    bench = Bench(constant(10_000))
    bench.start(segment(10, 100))
    bench.clock.call_in(NS_PER_S + 1, bench.engine.abort)
    bench.finish()
    bench.check_ledger()
    assert bench.engine.in_flight == 11


def test_a_replan_takes_over_at_its_instant() -> None:
    bench = Bench(constant(1))
    bench.start(segment(10, 4))
    faster = segment(100, 2, start_s=2, index=1)
    bench.clock.call_in(NS_PER_S, lambda: bench.engine.replan(2 * NS_PER_S, [faster], True))
    bench.finish()
    bench.check_ledger()
    assert np.bincount(bench.final["segment"]).tolist() == [20, 200]


def test_callers_go_on_until_the_instant_at_which_the_plan_ends() -> None:
    bench = Bench(constant(10))
    bench.start(segment(duration_s=9, callers=1))
    bench.clock.call_in(NS_PER_S, lambda: bench.engine.replan(2 * NS_PER_S, [], True))
    bench.finish()
    assert bench.final["intended_ns"].max() == pytest.approx(2 * NS_PER_S, abs=11 * NS_PER_MS)
    assert len(bench.final) == pytest.approx(200, abs=2)


def test_a_hold_waits_until_the_next_replan() -> None:
    bench = Bench(constant(1))
    bench.start(segment(10, 4))
    engine, clock = bench.engine, bench.clock
    clock.call_in(NS_PER_S, lambda: engine.replan(2 * NS_PER_S, [], False))
    later = segment(10, 2, start_s=60, index=1)
    clock.call_in(50 * NS_PER_S, lambda: engine.replan(60 * NS_PER_S, [later], True))
    bench.finish()
    intended = bench.final["intended_ns"]
    assert ((intended >= 2 * NS_PER_S) & (intended < 60 * NS_PER_S)).sum() == 0
    assert len(intended) == 40


def test_the_ledger_holds_at_every_shipment() -> None:
    bench = Bench(constant(700), load=LoadSpec(in_flight=20, seed=3))
    bench.start(segment(50, 5))

    def ship() -> None:
        bench.take()
        bench.check_ledger()
        if not bench.ended:
            bench.clock.call_in(NS_PER_S // 4, ship)

    bench.clock.call_in(NS_PER_S // 4, ship)
    bench.finish()
    bench.check_ledger()
    assert bench.counts["dropped"].sum() > 0


def test_each_variant_has_its_own_policy_and_guard() -> None:
    retries = [RetrySpec(), RetrySpec(RetryPolicyName.FIXED, max_attempts=3, base_ns=NS_PER_MS)]
    strict = BreakerSpec(min_attempts=10, open_ns=60 * NS_PER_S)
    bench = Bench(
        constant(1, 503),
        variants=3,
        retries=[*retries, RetrySpec()],
        breakers=[None, None, strict],
    ).run(segment(20, 2, variants=(0, 1, 2)))
    attempts = np.bincount(bench.rows["variant"][bench.rows["attempt"] > 0], minlength=3)
    assert attempts.tolist() == [40, 120, 10]
    for variant in range(3):
        offered = bench.counts["offered"][bench.counts["variant"] == variant].sum()
        ended = (bench.final["variant"] == variant).sum()
        assert offered == ended == 40


def test_one_policy_under_two_labels_makes_the_same_attempts_at_the_same_offsets() -> None:
    """With a target that is ill in the middle of each block."""

    def ill_in_the_middle(_number: int, t_ns: int) -> tuple[int, int]:
        into_ns = (t_ns - 1_000 * NS_PER_S) % (10 * NS_PER_S)
        return NS_PER_MS, 503 if 2 * NS_PER_S < into_ns < 3 * NS_PER_S else 200

    retry = RetrySpec(RetryPolicyName.FULL_JITTER, max_attempts=4, base_ns=100 * NS_PER_MS)
    load = LoadSpec(arrivals=Arrivals.POISSON)
    blocks = [
        replace(segment(50, 10, variants=(i,), index=i, start_s=10 * i), stream=7) for i in range(2)
    ]
    bench = Bench(ill_in_the_middle, variants=2, retry=retry, load=load).run(*blocks)
    one, other = (bench.rows[bench.rows["variant"] == i] for i in range(2))
    assert (one["attempt"] > 1).sum() > 20
    for field in ("intended_ns", "sent_ns", "last_ns"):
        assert (np.sort(other[field]) - np.sort(one[field]) == 10 * NS_PER_S).all(), field


def test_each_variant_sends_its_own_events() -> None:
    counting = CountingEvents()
    bench = Bench(constant(1), variants=2, events=[ConstantEvents(b"small"), counting])
    bench.run(segment(10, 1, variants=(0, 1)))
    assert len(counting.indexes) == (bench.final["variant"] == 1).sum() == 10
    assert bench.wire.sent.count(b"small") == 10
    assert len(set(bench.wire.sent)) == 11
