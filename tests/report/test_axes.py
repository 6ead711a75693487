"""Ticks at numbers that people count in, on pages and screens alike."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bench.report.axes import Axis, linear_axis, log_axis, nines, nines_axis

FLOATS = st.floats(min_value=1e-3, max_value=1e9)


def labels(axis: Axis) -> list[str]:
    return [label for _, label in axis.ticks]


@pytest.mark.parametrize(
    ("high", "ticks"),
    [
        (4.6, ["0", "1", "2", "3", "4", "5"]),
        (47.0, ["0", "10", "20", "30", "40", "50"]),
        (0.9, ["0", "0.2", "0.4", "0.6", "0.8", "1"]),
        (117.0, ["0", "25", "50", "75", "100", "125"]),
    ],
)
def test_linear_ticks_are_round(high: float, ticks: list[str]) -> None:
    assert labels(linear_axis(0.0, high, 6)) == ticks


def test_what_is_counted_has_no_ticks_between_two_counts() -> None:
    assert labels(linear_axis(0, 2, 7, whole=True)) == ["0", "1", "2"]


@given(FLOATS, FLOATS, st.integers(min_value=2, max_value=20))
def test_a_linear_axis_holds_its_values_between_round_ticks(
    one: float, other: float, most: int
) -> None:
    axis = linear_axis(0.0, max(one, other), most)
    assert axis.low == 0
    assert axis.high >= max(one, other) * (1 - 1e-6)
    assert 2 <= len(axis.ticks) <= most + 1
    assert 0 <= axis.at(one) <= 1


@example(1e6, 999_999.998, 6)
@given(FLOATS, FLOATS, st.integers(min_value=2, max_value=20))
def test_a_logarithmic_axis_holds_its_values_and_few_ticks(
    one: float, other: float, most: int
) -> None:
    axis = log_axis(min(one, other), max(one, other), most)
    assert axis.low <= min(one, other) * (1 + 1e-6)
    assert axis.high >= max(one, other) * (1 - 1e-6)
    assert 1 <= len(axis.ticks) <= most
    places = [axis.at(value) for value, _ in axis.ticks]
    assert places == sorted(places)


def test_decades_are_divided_where_there_is_room() -> None:
    assert labels(log_axis(8, 190, 6)) == ["5", "10", "20", "50", "100", "200"]
    assert labels(log_axis(0.1, 9e5, 8))[:3] == ["0.1", "1", "10"]


def test_a_short_logarithmic_axis_has_finer_ticks() -> None:
    assert labels(log_axis(101, 190, 6)) == ["100", "120", "150", "200"]
    assert labels(log_axis(11, 90, 8)) == ["10", "15", "20", "30", "50", "70", "100"]


def test_each_nine_is_as_wide_as_the_last() -> None:
    axis = nines_axis(3.0, 20)
    places = {label: axis.at(value) for value, label in axis.ticks}
    assert places["99.9 %"] - places["99 %"] == pytest.approx(places["99 %"] - places["90 %"])
    assert nines(0.999) == pytest.approx(3)


def test_a_short_axis_of_percentiles_has_nines_alone() -> None:
    assert labels(nines_axis(3.0, 6)) == ["0 %", "50 %", "90 %", "99 %", "99.9 %"]
    assert "75 %" in labels(nines_axis(3.0, 7))


def test_a_single_value_has_an_axis() -> None:
    assert linear_axis(0.0, 0.0, 5).high > 0
    assert log_axis(5.0, 5.0, 5).at(5.0) == 0
