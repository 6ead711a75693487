from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.stats.quantiles import (
    Curve,
    quantile_bounds,
    rank_bounds,
)
from bench.stats.ranks import BEYOND, rank_of, samples_needed
from tests.stats.curves import curve_of


@pytest.mark.parametrize(
    ("count", "ranks"),
    # Conover, Practical Nonparametric Statistics, table of binomial limits for the median
    [(10, (2, 9)), (20, (6, 15)), (100, (40, 61))],
)
def test_ranks_that_enclose_the_median(count: int, ranks: tuple[int, int]) -> None:
    assert rank_bounds(count, 0.5, 0.95) == ranks


@given(st.integers(1, 400), st.floats(0.01, 0.99))
def test_ranks_enclose_the_quantile_with_the_probability_promised(count: int, q: float) -> None:
    low, high = rank_bounds(count, q, 0.9)
    chances = binomial(count, q)
    assert chances[:low].sum() <= 0.05 + 1e-9
    assert chances[high:].sum() <= 0.05 + 1e-9
    assert 0 <= low <= rank_of(q, count) <= high <= count + 1


def binomial(count: int, q: float) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    chances = np.array([1.0])
    for _ in range(count):
        chances = np.append(chances * (1 - q), 0.0) + np.append(0.0, chances * q)
    return chances


def test_intervals_cover_the_truth_as_often_as_they_say() -> None:
    random = np.random.default_rng(5)
    covered = 0
    for _ in range(400):
        curve = curve_of((random.exponential(1e8, 1500)).astype(np.int64))
        bounds = quantile_bounds(curve, 0.9)
        assert bounds.low_ns is not None
        assert bounds.high_ns is not None
        covered += bounds.low_ns <= 1e8 * np.log(10) <= bounds.high_ns
    assert covered >= 0.93 * 400


def test_too_few_samples_leave_an_interval_open() -> None:
    curve = curve_of(np.arange(1, 21, dtype=np.int64))
    bounds = quantile_bounds(curve, 0.99)
    assert bounds.low_ns == 19
    assert bounds.high_ns is None
    assert quantile_bounds(curve_of(np.array([], dtype=np.int64)), 0.5).low_ns is None


def test_timeouts_leave_an_interval_open() -> None:
    counts = np.array([900, 100])
    curve = Curve(np.array([10, 99]), counts, np.array([0, 100]))
    assert quantile_bounds(curve, 0.5).high_ns == 10
    assert quantile_bounds(curve, 0.9).high_ns is None
    assert (curve.is_bound(0.5), curve.is_bound(0.95)) == (False, True)


@given(st.floats(0.001, 0.9999))
def test_needed_samples_are_the_fewest_with_ten_beyond(q: float) -> None:
    needed = samples_needed(q)
    assert needed - rank_of(q, needed) >= BEYOND
    assert needed - 1 - rank_of(q, needed - 1) < BEYOND


@given(st.lists(st.integers(0, 50), min_size=1, max_size=60), st.floats(0.0, 1.0))
def test_a_curve_has_the_quantiles_of_its_samples(values: list[int], q: float) -> None:
    curve = curve_of(np.array(values, dtype=np.int64))
    assert curve.quantile_ns(q) == sorted(values)[rank_of(q, len(values)) - 1]
