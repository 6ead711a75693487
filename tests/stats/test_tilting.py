from __future__ import annotations

import numpy as np
import pytest

from bench.stats.tilting import tilted_variance


@pytest.mark.parametrize("rare", [1, 2, 10])
def test_two_values_vary_as_their_mean_says_however_often_each_came(rare: int) -> None:
    values = np.repeat([0.1, -0.5], [20 - rare, rare])
    assert tilted_variance(values) == pytest.approx(0.1 * 0.5, rel=0.01)


def test_a_rare_value_varies_more_if_it_comes_as_often_as_the_mean_has_it() -> None:
    once = np.repeat([0.1, -0.5], [19, 1])
    tilted = tilted_variance(once)
    assert tilted is not None
    assert tilted > 2.5 * once.var()


@pytest.mark.parametrize("moved", [-0.3, 0.0, 0.3])
def test_symmetric_values_vary_as_they_do(moved: float) -> None:
    values = np.random.default_rng(1).standard_normal(400)
    values = (values - values.mean()) / values.std()
    assert tilted_variance(values + moved) == pytest.approx(1, abs=0.15)


def test_values_all_on_one_side_of_a_mean_cannot_have_it() -> None:
    assert tilted_variance(np.array([0.1, 0.2])) is None
    assert tilted_variance(np.array([-0.1, 0.0])) is None
    assert tilted_variance(np.zeros(3)) is None


def test_far_means_are_found_too() -> None:
    values = np.append(np.full(500, 1.0), -1e-3)
    assert tilted_variance(values) == pytest.approx(1e-3, rel=0.05)
