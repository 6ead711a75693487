"""The circuit breaker: closed, open, half-open."""

from __future__ import annotations

from dataclasses import replace

from bench.load.retry.breaker import Breaker
from bench.model.outcome import Outcome
from bench.model.retry import BreakerSpec
from bench.model.times import NS_PER_S

S = NS_PER_S
SPEC = BreakerSpec(error_rate=0.5, window_ns=10 * S, min_attempts=10, open_ns=5 * S, probes=2)


def after(failures: int, good: int, t_ns: int = S) -> Breaker:
    breaker = Breaker(SPEC)
    for _ in range(good):
        breaker.ended(Outcome.OK, t_ns, t_ns)
    for _ in range(failures):
        breaker.ended(Outcome.SERVER_ERROR, t_ns, t_ns)
    return breaker


def test_it_opens_at_the_share_of_failures_and_not_before_enough_attempts() -> None:
    assert after(failures=9, good=0).is_closed
    assert after(failures=4, good=6).is_closed
    assert not after(failures=5, good=5).is_closed


def test_what_does_not_count_as_a_failure_does_not_open_it() -> None:
    breaker = Breaker(SPEC)
    for _ in range(50):
        breaker.ended(Outcome.FUNCTION_ERROR, S, S)
    assert breaker.is_closed


def test_without_a_failure_it_stays_closed_whatever_the_share() -> None:
    breaker = Breaker(replace(SPEC, error_rate=0.0))
    for _ in range(50):
        breaker.ended(Outcome.OK, S, S)
    assert breaker.is_closed
    breaker.ended(Outcome.TIMEOUT, S, S)
    assert not breaker.is_closed


def test_failures_leave_the_window() -> None:
    breaker = after(failures=9, good=0)
    breaker.ended(Outcome.SERVER_ERROR, 12 * S, 12 * S)
    assert breaker.is_closed


def test_while_open_nothing_passes_and_then_only_probes() -> None:
    breaker = after(failures=10, good=0)
    assert not breaker.admits(2 * S)
    assert breaker.blocks(6 * S - 1)
    assert not breaker.blocks(6 * S)
    assert [breaker.admits(6 * S) for _ in range(4)] == [True, True, False, False]
    assert not breaker.is_closed


def test_good_probes_close_it() -> None:
    breaker = after(failures=10, good=0)
    assert breaker.admits(6 * S)
    breaker.ended(Outcome.OK, 6 * S, 6 * S + 1)
    assert not breaker.is_closed
    assert breaker.admits(7 * S)
    breaker.ended(Outcome.OK, 7 * S, 7 * S + 1)
    assert breaker.is_closed
    assert all(breaker.admits(8 * S) for _ in range(100))


def test_one_bad_probe_opens_it_anew() -> None:
    breaker = after(failures=10, good=0)
    assert breaker.admits(6 * S)
    breaker.ended(Outcome.TIMEOUT, 6 * S, 7 * S)
    assert not breaker.admits(11 * S)
    assert breaker.admits(12 * S)


def test_an_answer_from_before_the_change_tells_nothing() -> None:
    breaker = after(failures=10, good=0)
    assert breaker.admits(6 * S)
    breaker.ended(Outcome.TIMEOUT, S, 7 * S)  # sent while it was closed
    breaker.ended(Outcome.OK, 6 * S, 7 * S)
    assert breaker.admits(7 * S)
    breaker.ended(Outcome.OK, 7 * S, 7 * S)
    assert breaker.is_closed
