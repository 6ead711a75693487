"""A deadline over all attempts of an invocation, on a clock turned by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from bench.load.engine import Engine
from bench.load.precise import PreciseEngine
from bench.model.outcome import Hint, Outcome
from bench.model.profile import LoadSpec
from bench.model.retry import Hedge, RetryPolicyName, RetrySpec
from bench.model.times import NS_PER_MS, NS_PER_S
from bench.record.row_layout import FLAG_CENSORED, FLAG_DEADLINE, FLAG_FINAL, FLAG_SPENT
from tests.load.fakes import Bench, constant, segment

MS = NS_PER_MS


def within(ms: float, **more: Any) -> RetrySpec:
    """Five attempts, 10, 20, 40 … ms apart, all before a deadline."""
    policy = RetryPolicyName.EXPONENTIAL
    retry = RetrySpec(policy, max_attempts=5, base_ns=10 * MS, deadline_ns=round(ms * MS))
    return replace(retry, **more)


@pytest.mark.parametrize("engine", [Engine, PreciseEngine])
def test_an_attempt_is_cut_at_the_deadline_and_says_so(engine: type[Engine]) -> None:
    bench = Bench(constant(500), retry=within(200), engine=engine).run(segment(1, 1))
    (row,) = bench.rows
    assert (row["outcome"], row["last_ns"]) == (Outcome.TIMEOUT, 200 * MS)
    assert row["flags"] == FLAG_FINAL | FLAG_CENSORED | FLAG_DEADLINE
    assert [sample.detail for sample in bench.samples] == ["not done before the deadline, 200ms"]


def test_a_retry_gets_what_is_left() -> None:
    def stalls_second(number: int, _t_ns: int) -> tuple[int, int]:
        return (50 * MS, 503) if number == 0 else (900 * MS, 200)

    bench = Bench(stalls_second, retry=within(200)).run(segment(1, 1))
    assert bench.rows["sent_ns"].tolist() == [0, 60 * MS]
    assert bench.rows["last_ns"].tolist() == [50 * MS, 200 * MS]
    assert bench.rows["outcome"].tolist() == [Outcome.SERVER_ERROR, Outcome.TIMEOUT]


@pytest.mark.parametrize(("deadline_ms", "attempts"), [(5, 1), (11, 1), (12, 2), (32, 2), (33, 3)])
def test_no_attempt_is_begun_at_the_deadline_or_after_it(deadline_ms: int, attempts: int) -> None:
    """Attempts of 1 ms would begin after 0, 11 and 32 ms."""
    bench = Bench(constant(1, 503), retry=within(deadline_ms)).run(segment(1, 1))
    assert len(bench.rows) == bench.wire.number == attempts
    assert bench.final["outcome"].tolist() == [Outcome.SERVER_ERROR]
    assert bench.final["flags"].tolist() == [FLAG_FINAL | FLAG_DEADLINE]
    said = f"no attempt after it: it would be after the deadline, {deadline_ms}ms"
    assert bench.samples[-1].detail == said


def test_a_server_that_asks_for_more_time_than_there_is_ends_the_invocation() -> None:
    bench = Bench(constant(1, 429), retry=within(1_000))
    bench.endpoint.hint = Hint(2 * NS_PER_S)
    bench.run(segment(1, 1))
    assert bench.final["last_ns"].tolist() == [1 * MS]
    assert bench.final["outcome"].tolist() == [Outcome.THROTTLED]
    assert bench.samples[0].detail.startswith("slow down; no attempt after it")


def test_attempts_that_are_used_up_before_it_do_not_blame_the_deadline() -> None:
    bench = Bench(constant(1, 503), retry=within(10_000)).run(segment(1, 1))
    assert len(bench.rows) == 5
    assert (bench.rows["flags"] & FLAG_DEADLINE == 0).all()


def test_the_deadline_counts_from_the_intended_arrival() -> None:
    """Answers that come 30 ms late, each of them, were sent 20 ms late."""
    on_time = Bench(constant(30), lag_ns=20 * MS, retry=within(51)).run(segment(10, 1))
    late = Bench(constant(30), lag_ns=20 * MS, retry=within(49)).run(segment(10, 1))
    assert set(on_time.final["outcome"].tolist()) == {Outcome.OK}
    assert set(late.final["outcome"].tolist()) == {Outcome.TIMEOUT}


def test_every_invocation_of_a_stalled_target_ends_at_its_own_deadline() -> None:
    bench = Bench(constant(10_000), retry=within(150)).run(segment(200, 2))
    assert len(bench.final) == 400
    assert (bench.final["last_ns"] - bench.final["intended_ns"] == 150 * MS).all()


def test_what_was_cut_no_longer_holds_the_run() -> None:
    bench = Bench(constant(60_000), retry=within(150)).run(segment(10, 1))
    assert bench.clock.t_ns < 1_002 * NS_PER_S


@pytest.mark.parametrize("think_ms", [0, 7])
def test_a_caller_goes_on_at_its_deadline(think_ms: int) -> None:
    bench = Bench(
        constant(10_000), retry=within(100, max_attempts=1), load=LoadSpec(think_ns=think_ms * MS)
    ).run(segment(duration_s=2, callers=4))
    each = -(-2_000 // (100 + think_ms))
    assert len(bench.final) == 4 * each
    assert (bench.final["last_ns"] - bench.final["intended_ns"] == 100 * MS).all()


def test_an_arrival_that_is_taken_up_after_its_deadline_is_not_sent() -> None:
    bench = Bench(constant(1), retry=within(100, max_attempts=1))
    bench.start(segment(100, 1))
    bench.clock.call_in(5 * MS, lambda: setattr(bench.clock, "t_ns", bench.clock.t_ns + 500 * MS))
    bench.finish()
    bench.check_ledger()
    unsent = bench.final[bench.final["sent_ns"] < 0]
    assert len(unsent) == 40  # those of 10 to 400 ms
    assert set(unsent["outcome"].tolist()) == {Outcome.TIMEOUT}
    assert bench.wire.number == len(bench.final) - len(unsent)


@pytest.mark.parametrize("engine", [Engine, PreciseEngine])
def test_a_pair_of_attempts_is_cut_together(engine: type[Engine]) -> None:
    retry = within(100, hedge=Hedge(delay_ns=20 * MS))
    bench = Bench(constant(500), retry=retry, engine=engine).run(segment(1, 1))
    assert sorted(bench.rows["attempt"].tolist()) == [1, 2]
    assert bench.rows["last_ns"].tolist() == [100 * MS] * 2
    assert (bench.rows["flags"] & FLAG_DEADLINE != 0).all()
    assert len(bench.final) == 1
    assert bench.engine.beside == 0


def test_what_runs_for_nothing_is_cut_at_the_deadline_too() -> None:
    def first_stalls(number: int, _t_ns: int) -> tuple[int, int]:
        return (900 if number == 0 else 10) * MS, 200

    retry = within(100, hedge=Hedge(delay_ns=20 * MS))
    bench = Bench(first_stalls, retry=retry).run(segment(1, 1))
    won, spent = bench.rows
    assert (won["attempt"], won["last_ns"], won["outcome"]) == (2, 30 * MS, Outcome.OK)
    assert (spent["attempt"], spent["last_ns"], spent["outcome"]) == (1, 100 * MS, Outcome.TIMEOUT)
    assert spent["flags"] & FLAG_SPENT


def test_a_variant_without_deadline_runs_on_beside_one_that_has_it() -> None:
    retries = [RetrySpec(), within(100, max_attempts=1)]
    bench = Bench(constant(300), variants=2, retries=retries).run(segment(10, 1, variants=(0, 1)))
    ends = bench.final["last_ns"] - bench.final["intended_ns"]
    by_variant = [np.unique(ends[bench.final["variant"] == i]).tolist() for i in range(2)]
    assert by_variant == [[300 * MS], [100 * MS]]


def test_what_its_client_holds_back_ends_at_the_deadline_too_and_is_not_hedged() -> None:
    """Throttled callers, held at a send every two seconds: the next call has all of its time."""
    retry = RetrySpec(
        RetryPolicyName.AWS_ADAPTIVE,
        max_attempts=1,
        deadline_ns=100 * MS,
        hedge=Hedge(delay_ns=20 * MS),
    )
    bench = Bench(constant(1, 429), retry=retry).run(segment(duration_s=3, callers=4))
    held = bench.final[bench.final["sent_ns"] < 0]
    assert len(held) > 50
    assert set(held["outcome"].tolist()) == {Outcome.TIMEOUT}
    assert (held["last_ns"] - held["intended_ns"] == 100 * MS).all()
    assert len(bench.rows) == len(bench.final) == len(held) + bench.wire.number
