from __future__ import annotations

import numpy as np
import pytest

from bench.stats.blocks import Reals
from bench.stats.dependence import LEAST_BLOCKS, Dependence, dependence


def residuals(count: int, seed: int, correlation: float = 0.0) -> Reals:
    """Of variance 1, adding up to 0."""
    random, found = np.random.default_rng(seed), np.empty(count)
    found[0] = random.standard_normal()
    for i in range(1, count):
        fresh = (1 - correlation**2) ** 0.5 * random.standard_normal()
        found[i] = correlation * found[i - 1] + fresh
    centred: Reals = found - found.mean()
    return centred


def judged(series: Reals, each: float = 1.0) -> Dependence:
    found = dependence(series, each * series.size)
    assert found is not None
    return found


def test_blocks_that_differ_as_chance_has_it_are_as_good_as_single_samples() -> None:
    plain = [judged(residuals(60, seed)).is_independent for seed in range(60)]
    assert np.mean(plain) > 0.4
    assert judged(residuals(60, 1)) == Dependence(1.0, None, 60)


def test_blocks_that_differ_more_have_that_design_effect() -> None:
    found = [judged(residuals(120, seed), 1 / 9) for seed in range(40)]
    assert all(one.df == 12 for one in found if one.blocks == 120)
    assert np.mean([one.design_effect for one in found]) == pytest.approx(9, rel=0.2)


def test_neighbours_that_are_alike_are_doubled_and_cost_more() -> None:
    asked = (dependence(residuals(120, seed, 0.6), 120) for seed in range(40))
    found = [one for one in asked if one is not None]
    assert len(found) > 35
    assert np.mean([one.doubled > 1 for one in found]) > 0.9
    # (1 + 0.6) / (1 - 0.6) is what a sum of such neighbours varies more
    assert np.mean([one.design_effect for one in found]) == pytest.approx(4, rel=0.35)


def test_what_evens_out_within_a_few_blocks_does_not_count() -> None:
    stalls = np.where(np.arange(60) % 5 == 0, 4.0, -1.0)
    assert judged(residuals(60, 3) + stalls).design_effect < 2.5


def test_a_drift_does_not_count() -> None:
    place = np.linspace(-1, 1, 60)
    assert judged(residuals(60, 4) + 5 * place + 3 * (place**2 - 1 / 3)).design_effect < 2.5


def test_too_few_blocks_say_nothing() -> None:
    assert dependence(residuals(LEAST_BLOCKS - 1, 5), 1.0) is None
    assert dependence(residuals(LEAST_BLOCKS, 5), 10.0) is not None


def test_blocks_that_are_alike_to_the_end_say_nothing() -> None:
    thirds = np.repeat([1.0, -2.0, 1.0], 20)
    assert dependence(thirds + 0.01 * residuals(60, 6), 60.0) is None


def test_equal_samples_have_no_variance_to_ask_for() -> None:
    assert judged(np.zeros(30)).is_independent
    assert dependence(residuals(30, 7), 0.0) == Dependence(1.0, None, 30)


def test_an_odd_block_out_is_not_lost() -> None:
    series = residuals(41, 0, 0.9)
    assert judged(series).blocks == 10
