"""A closed loop."""

from __future__ import annotations

import pytest
from hypothesis import strategies as st

from bench.model.times import NS_PER_S
from bench.shapes.callers import Callers
from bench.shapes.steps import Steps
from tests.shapes.strategies import durations_ns

COUNTS = st.integers(0, 60)
LOOPS = st.builds(Callers, durations_ns, COUNTS, COUNTS).filter(lambda loop: loop.sends)
SHAPES = LOOPS | st.builds(
    Steps, LOOPS.filter(lambda loop: loop.start_callers != loop.end_callers), st.integers(2, 9)
)


@pytest.mark.parametrize(("at_s", "callers"), [(0, 1), (0.99, 1), (1, 2), (2.5, 3), (3.99, 4)])
def test_a_ramp_goes_in_equal_steps(at_s: float, callers: int) -> None:
    assert Callers(4 * NS_PER_S, 1, 5).callers_at(round(at_s * NS_PER_S)) == callers


def test_of_some_callers_at_least_one_stays() -> None:
    assert Callers(NS_PER_S, 3, 0).scaled(0.1) == Callers(NS_PER_S, 1, 0)
    assert Callers(NS_PER_S, 3, 10).scaled(1.5) == Callers(NS_PER_S, 4, 15)


def test_a_part_is_between_the_callers_at_its_ends() -> None:
    assert Callers(9 * NS_PER_S, 1, 10).part(3 * NS_PER_S, 9 * NS_PER_S) == Callers(
        6 * NS_PER_S, 4, 10
    )


def test_what_people_read() -> None:
    assert Callers(NS_PER_S, 10, 10).words("poisson") == "10 callers"
    assert Callers(NS_PER_S, 1, 50).words("poisson") == "1 to 50 callers"
