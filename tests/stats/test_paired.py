from __future__ import annotations

import numpy as np
import pytest

from bench.stats.paired import difference, told_apart
from bench.stats.quantiles import Curve
from tests.stats.curves import curve_of


def sample(median_ms: float, count: int, seed: int) -> Curve:
    random = np.random.default_rng(seed)
    return curve_of((random.lognormal(np.log(median_ms * 1e6), 0.2, count)).astype(np.int64))


def test_a_difference_comes_with_its_interval() -> None:
    found = difference(sample(100, 2000, 1), sample(80, 2000, 2), 0.5)
    assert found is not None
    assert found.low_ns is not None
    assert found.high_ns is not None
    assert found.low_ns < -20e6 < found.high_ns < 0
    assert found.is_distinguishable
    assert found.relative == pytest.approx(-0.2, abs=0.02)


def test_the_same_is_not_told_apart_more_often_than_promised() -> None:
    apart = 0
    for seed in range(100):
        found = difference(sample(100, 400, seed), sample(100, 400, 1000 + seed), 0.5)
        assert found is not None
        apart += found.is_distinguishable
    assert apart <= 12


def test_the_same_results_give_the_same_interval() -> None:
    one, other = sample(100, 300, 1), sample(90, 300, 2)
    assert difference(one, other, 0.9) == difference(one, other, 0.9)


def test_what_is_not_known_cannot_be_compared() -> None:
    assert difference(sample(100, 999, 1), sample(80, 2000, 2), 0.99) is None
    empty = curve_of(np.array([], dtype=np.int64))
    assert difference(empty, sample(80, 2000, 2), 0.5) is None


def test_timeouts_leave_the_interval_open_on_their_side() -> None:
    late = Curve(np.array([10_000_000, 900_000_000]), np.array([60, 60]), np.array([0, 60]))
    found = difference(sample(20, 500, 1), late, 0.75)
    assert found is not None
    assert found.high_ns is None
    assert found.low_ns is not None
    assert found.is_distinguishable, "at least 900 ms is more than 20"


def test_a_probability_goes_with_the_interval() -> None:
    for seed in range(30):
        found = difference(sample(100, 500, seed), sample(102, 500, 100 + seed), 0.5)
        assert found is not None
        assert found.p_value is not None
        assert found.low_ns is not None
        assert found.high_ns is not None
        assert (found.p_value < 0.05) is not (found.low_ns <= 0 <= found.high_ns)


def test_a_margin_asks_for_more_than_a_difference() -> None:
    base, other = sample(100, 2000, 1), sample(115, 2000, 2)
    chances = [difference(base, other, 0.5, margin=margin) for margin in (0.0, 0.1, 0.15)]
    p_values = [found.p_value for found in chances if found is not None]
    assert p_values[0] is not None
    assert p_values[1] is not None
    assert p_values[2] is not None
    assert p_values[0] < p_values[1] < 0.01 < p_values[2]


def test_many_comparisons_share_one_error_rate() -> None:
    near = difference(sample(100, 500, 1), sample(105, 500, 10), 0.5)
    far = difference(sample(100, 500, 1), sample(150, 500, 8), 0.5)
    assert near is not None
    assert near.p_value is not None
    assert 0.02 < near.p_value < 0.05
    assert near.is_distinguishable
    judged = told_apart([near, None, far, near, near])
    assert [found is not None and found.is_distinguishable for found in judged] == [
        False,
        False,
        True,
        False,
        False,
    ]


def test_watching_takes_more_to_tell_apart() -> None:
    base, other = sample(100, 500, 1), sample(103, 500, 7)
    once, watched = (difference(base, other, 0.5, anytime=anytime) for anytime in (False, True))
    assert once is not None
    assert watched is not None
    assert once.p_value is not None
    assert watched.p_value is not None
    assert once.p_value < watched.p_value
