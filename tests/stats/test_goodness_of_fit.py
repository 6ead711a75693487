from __future__ import annotations

import numpy as np
import pytest

from bench.stats.goodness_of_fit import anderson_darling, exponential_p


@pytest.mark.parametrize(
    ("statistic", "p"),
    # Stephens, EDF Statistics for Goodness of Fit, JASA 69 (1974), table 1.1 for case 0
    [(1.933, 0.10), (2.492, 0.05), (3.070, 0.025), (3.857, 0.01)],
)
def test_the_distribution_is_that_of_the_tables(statistic: float, p: float) -> None:
    from bench.stats.goodness_of_fit import _below

    assert 1 - _below(statistic) == pytest.approx(p, rel=0.03)


def test_exponential_gaps_pass_as_often_as_they_should() -> None:
    random = np.random.default_rng(1)
    ps = np.array([exponential_p(random.exponential(size=150)) for _ in range(600)])
    assert 0.02 < (ps < 0.05).mean() < 0.09
    assert np.median(ps) == pytest.approx(0.5, abs=0.08)


@pytest.mark.parametrize(
    "gaps",
    [
        np.full(300, 1.0),
        np.tile([0.0, 0.0, 0.0, 4.0], 75),
        np.random.default_rng(1).exponential(1.3, 900),
    ],
    ids=["even", "bunched", "too slow"],
)
def test_other_gaps_fail(gaps: np.ndarray[tuple[int], np.dtype[np.float64]]) -> None:
    assert exponential_p(gaps) < 1e-4


def test_no_gaps_say_nothing() -> None:
    assert exponential_p(np.array([])) == 1.0


def test_a_perfect_fit_has_a_tiny_statistic() -> None:
    assert anderson_darling((np.arange(1000) + 0.5) / 1000) < 0.02
