from __future__ import annotations

import numpy as np
import pytest

from bench.stats.blocks import Reals
from bench.stats.dependence import LEAST_BLOCKS, Dependence, dependence
from bench.stats.student import t_at


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
    found = [judged(residuals(60, seed)) for seed in range(60)]
    assert np.mean([one.is_independent for one in found]) > 0.15
    assert np.mean([one.design_effect for one in found]) == pytest.approx(1, abs=0.2)
    assert Dependence(1.0, None, 60) in found


def test_blocks_that_differ_more_have_that_design_effect() -> None:
    found = [judged(residuals(120, seed), 1 / 9) for seed in range(40)]
    assert all(one.df is not None and one.df > 10 for one in found)
    assert np.mean([one.design_effect for one in found]) == pytest.approx(9, rel=0.2)


def test_neighbours_that_are_alike_cost_more() -> None:
    found = [judged(residuals(120, seed, 0.6)) for seed in range(40)]
    # (1 + 0.6) / (1 - 0.6) is what a sum of such neighbours varies more
    assert np.mean([one.design_effect for one in found]) == pytest.approx(4, rel=0.35)


def test_fewer_blocks_know_less_of_how_they_hang_together() -> None:
    reach = []
    for count in (10, 30, 90):
        found = [judged(residuals(count, seed), 1 / 4) for seed in range(30)]
        reach.append(np.mean([t_at(1.96, one.df) * one.design_effect**0.5 for one in found]))
    assert reach == sorted(reach, reverse=True)
    assert reach[0] > 2.3 * 2
    assert reach[2] == pytest.approx(1.96 * 2, rel=0.15)


def test_what_evens_out_within_a_few_blocks_does_not_count() -> None:
    stalls = np.where(np.arange(60) % 3 == 0, 4.0, -2.0)
    with_stalls = [judged(residuals(60, seed) + stalls).design_effect for seed in range(20)]
    assert np.mean(with_stalls) < 2, "as blocks they vary nine times as much as without"


@pytest.mark.parametrize("bend", [0, 3])
def test_a_drift_does_not_count(bend: float) -> None:
    place = np.linspace(-1, 1, 60)
    drift = 5 * place + bend * (place**2 - 1 / 3)
    effects = [judged(residuals(60, seed) + drift).design_effect for seed in range(20)]
    assert np.median(effects) < 2


def test_too_few_blocks_say_nothing() -> None:
    assert dependence(residuals(LEAST_BLOCKS - 1, 5), 1.0) is None
    assert dependence(residuals(LEAST_BLOCKS, 5), 10.0) is not None


def test_blocks_that_are_alike_to_the_end_say_nothing() -> None:
    halves = np.repeat([1.0, -1.0], 20)
    assert dependence(halves + 0.01 * residuals(40, 6), 40.0) is None


def test_equal_samples_have_no_variance_to_ask_for() -> None:
    assert judged(np.zeros(30)).is_independent
    assert dependence(residuals(30, 7), 0.0) == Dependence(1.0, None, 30)
