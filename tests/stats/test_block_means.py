from __future__ import annotations

import numpy as np
import pytest

from bench.stats.block_means import Series, block_mean, pooled_weights, without_common
from bench.stats.block_models import models
from bench.stats.blocks import Reals
from bench.stats.student import two_sided

REPLICATIONS = 300


def series(count: int, rows: int, seed: int, correlation: float = 0.0) -> Reals:
    """Of variance 1 and mean 0, each row by itself."""
    random = np.random.default_rng(seed)
    found = random.standard_normal((rows, count))
    for i in range(1, count):
        fresh = (1 - correlation**2) ** 0.5
        found[:, i] = correlation * found[:, i - 1] + fresh * found[:, i]
    return found


def chances(rows: Reals, mean: float = 0.0, pool: int = 1) -> Reals:
    """That the mean is 0, of rows whose mean is another; so many tell each other of themselves."""
    found = []
    for at in range(0, len(rows), pool):
        own = rows[at : at + pool]
        weights = pooled_weights(list(own)) if pool > 1 else None
        means = (block_mean(Series.of(row + mean), weights) for row in own)
        found += [1.0 if one is None else two_sided(one.deviate(0.0)) for one in means]
    return np.array(found)


@pytest.mark.parametrize("correlation", [-0.3, 0.0, 0.6])
@pytest.mark.parametrize("pool", [1, 6])
def test_a_mean_is_off_no_more_often_than_it_says(correlation: float, pool: int) -> None:
    found = chances(series(16, REPLICATIONS, 1, correlation), pool=pool)
    assert np.mean(found <= 0.05) <= 0.105, "7 %, and what chance makes of 300"
    assert np.mean(found <= 0.05 / 36) <= 0.015


def test_series_that_tell_together_how_they_hang_together_know_the_rare_case_better() -> None:
    rows = series(16, 60, 2)
    alone, together = (np.mean(chances(rows, 1.7, pool) <= 0.05 / 36) for pool in (1, 6))
    assert alone < 0.5 < 0.8 < together


def test_what_lasts_is_recognised_by_all_together() -> None:
    for correlation, seed in ((0.0, 3), (0.6, 4)):
        weights = pooled_weights(list(series(20, 12, seed, correlation)))
        assert weights is not None
        known = models(20)
        effect = float(weights @ known.inflation)
        assert effect == pytest.approx((1 + correlation) / (1 - correlation), rel=0.4)


def test_series_that_are_one_count_as_one() -> None:
    (row,) = series(16, 1, 5, 0.6)
    alone = pooled_weights([row])
    copies = pooled_weights([row, row + 1, 2 * row])
    assert alone is not None and copies is not None
    assert copies == pytest.approx(alone, abs=0.02)


def test_what_all_had_in_common_is_taken_out() -> None:
    rows = series(16, 5, 6)
    fate = 10 * series(16, 1, 7)[0]
    left = np.array(without_common(list(rows + fate)))
    assert np.abs(left.sum(axis=0)).max() < 1e-9
    assert np.abs(left).max() < 5, "outliers beside what is common were none"


def test_a_block_without_a_value_says_nothing() -> None:
    rows = series(16, 3, 8)
    rows[1, 4] = np.nan
    weights = pooled_weights(without_common(list(rows)))
    assert weights is not None
    assert weights.sum() == pytest.approx(1)


def test_one_block_that_began_cold_hides_nothing() -> None:
    (row,) = series(16, 1, 9)
    found = [
        block_mean(Series.of(own)) for own in (row + 2, np.where(np.arange(16) == 0, 40.0, row + 2))
    ]
    assert found[0] is not None and found[1] is not None
    assert found[1].deviate(0.0) > 0.6 * found[0].deviate(0.0)


def test_fewer_than_ten_blocks_or_two_halves_are_too_few_to_know() -> None:
    (row,) = series(16, 1, 10)
    assert block_mean(Series.of(row[:9])) is None
    assert pooled_weights([row[:9]]) is None
    assert block_mean(Series.of(np.repeat([1.0, 5.0], 8) + 0.01 * row)) is None


def test_equal_blocks_leave_no_doubt() -> None:
    found = block_mean(Series.of(np.full(12, 0.5)))
    assert found is not None
    assert (found.value, found.reach(1.96)) == (0.5, 0.0)
    assert found.deviate(0.0) == 6.0
    assert pooled_weights([np.full(12, 0.5)]) is None


def test_two_means_that_share_nothing_differ_by_as_much_and_are_less_well_known() -> None:
    one, other = (block_mean(Series.of(row + 3)) for row in series(20, 2, 11))
    assert one is not None and other is not None
    apart = one.less(other)
    assert apart.value == one.value - other.value
    assert apart.reach(2.0) == pytest.approx(np.hypot(one.reach(2.0), other.reach(2.0)))


def test_a_block_of_few_samples_counts_less() -> None:
    values = np.array([*[1.0, 1.1] * 6, 9.0])
    torn = block_mean(Series(values, np.array([*[1.0] * 12, 0.1])))
    whole = block_mean(Series.of(values))
    assert torn is not None and whole is not None
    assert 1.05 < torn.value < whole.value
    assert torn.reach(1.96) < whole.reach(1.96)
