from __future__ import annotations

import pytest

from bench.stats.student import deviate, t_at, two_sided, z_at


@pytest.mark.parametrize(
    ("df", "confidence", "t"),
    # Abramowitz and Stegun, table 26.10
    [
        (1, 0.95, 12.706),
        (2, 0.95, 4.303),
        (3, 0.95, 3.182),
        (4, 0.99, 4.604),
        (5, 0.999, 6.869),
        (12, 0.99, 3.055),
    ],
)
def test_t_is_that_of_the_tables(df: int, confidence: float, t: float) -> None:
    assert t_at(deviate(confidence), df) == pytest.approx(t, rel=5e-4)
    assert z_at(t, df) == pytest.approx(deviate(confidence), rel=5e-4)


def test_a_known_variance_needs_no_t() -> None:
    assert t_at(1.5, None) == z_at(1.5, None) == 1.5


@pytest.mark.parametrize("df", [1, 2, 7])
def test_t_goes_on_where_its_table_ends(df: int) -> None:
    assert 0 == t_at(0, df) < t_at(6, df) < t_at(8, df) < t_at(20, df)


def test_deviates_and_probabilities_are_inverse() -> None:
    assert two_sided(deviate(0.95)) == pytest.approx(0.05)
