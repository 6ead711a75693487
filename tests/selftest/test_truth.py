"""What the log of a scripted target says of durations."""

from __future__ import annotations

import pytest

from bench.selftest.truth import Exchange, attempt_times, response_times


def test_an_attempt_lasts_from_the_request_to_the_last_of_its_answer() -> None:
    log = [Exchange(0, 100, 150, 152), Exchange(1, 200, 220, 225), Exchange(2, 300, 400, 401)]
    times = attempt_times(log)
    assert times.at(0.01) == (20, 25)
    assert times.at(0.5) == (50, 52)
    assert times.at(1.0) == (100, 101)
    assert attempt_times([]).at(0.5) is None


def test_a_response_lasts_from_when_it_was_due_to_the_last_of_the_last_answer() -> None:
    """The second leaves 30 late, the third is throttled first; the first was on time."""
    log = [
        Exchange(0, 1000, 1010, 1010),
        Exchange(1, 1130, 1140, 1140),
        Exchange(2, 1200, 1205, 1205),
        Exchange(2, 1300, 1310, 1310),
    ]
    times = response_times(log, [0, 100, 200])
    assert times.lows_ns.tolist() == [10, 40, 110]


def test_a_schedule_begins_so_that_no_request_comes_before_it_is_due() -> None:
    log = [Exchange(0, 1030, 1040, 1040), Exchange(1, 1100, 1110, 1110)]
    assert response_times(log, [0, 100]).highs_ns.tolist() == [10, 40]


def test_what_the_client_may_have_ended_lasted_nobody_knows_how_long() -> None:
    low, high = attempt_times([Exchange(0, 100, 150)]).at(0.5) or (0, 0)
    assert (low, high) == (50, float("inf"))
    assert attempt_times([Exchange(0, 100)]).at(0.5) == (0, float("inf"))


def test_quantiles_have_the_nearest_rank() -> None:
    times = attempt_times([Exchange(i, 0, i + 1, i + 1) for i in range(100)])
    assert [times.at(q) for q in (0.07, 0.9, 0.999)] == [(7, 7), (90, 90), (100, 100)]
    assert times.at(0.071) == pytest.approx((8, 8))
