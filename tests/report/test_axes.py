from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bench.report.axes import linear_axis, log_axis


@pytest.mark.parametrize(
    ("high", "ticks"),
    [
        (4.6, [0, 1, 2, 3, 4, 5]),
        (47.0, [0, 10, 20, 30, 40, 50]),
        (0.9, [0, 0.2, 0.4, 0.6, 0.8, 1]),
    ],
)
def test_linear_ticks_are_round(high: float, ticks: list[float]) -> None:
    assert [value for value, _ in linear_axis(0.0, high).ticks] == pytest.approx(ticks)


def test_decades_are_divided_where_there_is_room() -> None:
    assert [value for value, _ in log_axis(12.0, 480.0).ticks] == pytest.approx(
        [10, 20, 50, 100, 200, 500, 1000]
    )
    assert [value for value, _ in log_axis(0.1, 9e5).ticks] == pytest.approx(
        [0.1, 1, 10, 100, 1e3, 1e4, 1e5, 1e6]
    )


@example(1e6, 999_999.998)
@given(st.floats(1e-3, 1e6), st.floats(1e-3, 1e6))
def test_every_value_lies_on_its_axis(one: float, other: float) -> None:
    low, high = sorted((one, other))
    for axis in (linear_axis(0.0, high), log_axis(low, high)):
        assert axis.low <= low * (1 + 1e-6) or not axis.is_log
        assert axis.high >= high * (1 - 1e-6)
        assert 0 <= axis.at(low) <= axis.at(high) <= 1
        places = [axis.at(value) for value, _ in axis.ticks]
        assert places == sorted(places)


def test_a_single_value_has_an_axis() -> None:
    assert linear_axis(0.0, 0.0).high > 0
    assert log_axis(5.0, 5.0).at(5.0) == pytest.approx(0.699, abs=0.001)
