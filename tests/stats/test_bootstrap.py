from __future__ import annotations

import numpy as np
import pytest

from bench.stats.bootstrap import difference
from bench.stats.quantiles import Curve, curve_of


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
