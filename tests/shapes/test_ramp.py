"""A rate that changes evenly, or stays."""

from __future__ import annotations

from itertools import count, islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.model.times import NS_PER_S
from bench.shapes.ramp import Ramp, constant_rate
from bench.shapes.steps import Steps
from tests.shapes.strategies import durations_ns, rates

RAMPS = st.builds(Ramp, durations_ns, rates, rates)
SHAPES = RAMPS | st.builds(
    Steps, RAMPS.filter(lambda ramp: ramp.start_rps != ramp.end_rps), st.integers(2, 9)
)


def test_it_is_the_area_under_a_straight_line() -> None:
    ramp = Ramp(10 * NS_PER_S, 0.0, 20.0)
    assert (ramp.expected, ramp.peak_rps, ramp.rate_rps(5 * NS_PER_S)) == (100.0, 20.0, 10.0)
    assert ramp.planned(5 * NS_PER_S, 10 * NS_PER_S) == pytest.approx(75)
    assert ramp.inverse_ns(25.0) == 5 * NS_PER_S
    assert ramp.most_within(2 * NS_PER_S) == 36.0


@given(RAMPS, st.floats(0, 1, exclude_max=True))
def test_arrivals_are_where_the_inverse_says(ramp: Ramp, share: float) -> None:
    first = share * min(1.0, ramp.expected)
    units = list(islice(count(first), ramp.even_count(first)))
    exact = [ramp.inverse_ns(h) for h in units]
    assert list(ramp.offsets_ns(units)) == pytest.approx(exact, abs=1)


def test_a_part_is_a_ramp_between_the_rates_at_its_ends() -> None:
    assert Ramp(10 * NS_PER_S, 5, 25).part(2 * NS_PER_S, 7 * NS_PER_S) == Ramp(5 * NS_PER_S, 9, 19)


def test_what_people_read() -> None:
    assert constant_rate(10, NS_PER_S).words("even") == "10/s, even"
    assert Ramp(NS_PER_S, 5, 50).words("poisson") == "5 to 50/s, poisson"
    assert Steps(Ramp(NS_PER_S, 5, 50), 6).words("even") == "5 to 50/s, even in 6 steps"
