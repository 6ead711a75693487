from __future__ import annotations

from math import lgamma, log, sqrt

import numpy as np
import pytest

from bench.stats.sequential import (
    PRIOR_SAMPLES,
    chance_at_any_time,
    deviate_at_any_time,
    shares_at_any_time,
)


@pytest.mark.parametrize("q", [0.5, 0.9, 0.99])
def test_a_share_watched_for_long_stays_within(q: float) -> None:
    random, missed = np.random.default_rng(21), 0
    looks = [30, 100, 300, 1000, 3000]
    bounds = {count: shares_at_any_time(q, count, 0.05) for count in looks}
    for _ in range(400):
        below = np.cumsum(random.random(looks[-1]) < q)
        missed += any(
            not low * count <= below[count - 1] <= high * count
            for count, (low, high) in bounds.items()
        )
    assert missed / 400 <= 0.05


def test_too_few_samples_bound_nothing() -> None:
    assert shares_at_any_time(0.99, 50, 0.05)[1] == 1.0
    assert shares_at_any_time(0.5, 2, 0.05) == (0.0, 1.0)


@pytest.mark.parametrize("samples", [200, 1000, 10_000])
def test_the_normal_mixture_is_that_of_the_shares_where_there_are_many(samples: int) -> None:
    low, high = shares_at_any_time(0.5, samples, 0.05)
    reach = deviate_at_any_time(samples, 0.05) * 0.5 / sqrt(samples)
    assert high - 0.5 == pytest.approx(reach, rel=0.02)
    assert 0.5 - low == pytest.approx(reach, rel=0.02)


def test_chance_and_deviate_are_inverse() -> None:
    assert chance_at_any_time(700, deviate_at_any_time(700, 0.01)) == pytest.approx(0.01)
    assert chance_at_any_time(700, 0.5) == 1.0


def test_it_is_dearer_than_a_single_look() -> None:
    assert deviate_at_any_time(1000, 0.05) > 1.96


@pytest.mark.parametrize("samples", [40.0, 999.5, 1e7])
@pytest.mark.parametrize("q", [0.01, 0.5, 0.99])
def test_each_end_is_where_the_mixture_is_twenty_times_as_likely(q: float, samples: float) -> None:
    a, b = q * PRIOR_SAMPLES, (1 - q) * PRIOR_SAMPLES
    for share in shares_at_any_time(q, samples, 0.05):
        if 0 < share < 1:
            below, above = share * samples, (1 - share) * samples
            mixed = lgamma(a + below) + lgamma(b + above) - lgamma(a + b + samples)
            mixed += lgamma(a + b) - lgamma(a) - lgamma(b)
            ratio = mixed - below * log(q) - above * log(1 - q)
            assert ratio == pytest.approx(log(20), abs=1e-4)
