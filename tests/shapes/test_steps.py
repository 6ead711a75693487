"""A ramp in equal steps."""

from __future__ import annotations

from bench.model.times import NS_PER_S
from bench.shapes.callers import Callers
from bench.shapes.ramp import Ramp, constant_rate
from bench.shapes.steps import Steps

STAIRS = Steps(Ramp(9 * NS_PER_S, 10.0, 30.0), 3)


def test_each_step_is_held_the_first_at_the_start_and_the_last_at_the_end() -> None:
    assert STAIRS.pieces() == tuple(constant_rate(rps, 3 * NS_PER_S) for rps in (10.0, 20.0, 30.0))


def test_as_a_whole_it_does_what_its_steps_do() -> None:
    assert [STAIRS.rate_rps(at * NS_PER_S) for at in (0, 2.9, 3, 8, 9)] == [10, 10, 20, 30, 30]
    assert (STAIRS.expected, STAIRS.peak_rps) == (180.0, 30.0)
    assert STAIRS.planned(2 * NS_PER_S, 7 * NS_PER_S) == 10 + 60 + 30
    assert STAIRS.inverse_ns(60.0) == 4.5 * NS_PER_S
    assert STAIRS.most_within(4 * NS_PER_S) == 110.0


def test_a_part_keeps_the_edges_of_its_steps() -> None:
    part = STAIRS.part(NS_PER_S, 7 * NS_PER_S)
    assert part.pieces() == (
        constant_rate(10.0, 2 * NS_PER_S),
        constant_rate(20.0, 3 * NS_PER_S),
        constant_rate(30.0, NS_PER_S),
    )
    assert part.part(NS_PER_S, 3 * NS_PER_S).pieces() == (
        constant_rate(10.0, NS_PER_S),
        constant_rate(20.0, NS_PER_S),
    )


def test_steps_of_callers_change_where_the_steps_do() -> None:
    callers = Steps(Callers(9 * NS_PER_S, 1, 6), 3)
    assert [callers.callers_at(at * NS_PER_S) for at in (0, 3, 8)] == [1, 3, 6]
    assert callers.next_change_ns(0) == 3 * NS_PER_S
    assert callers.next_change_ns(3 * NS_PER_S) == 6 * NS_PER_S
    assert callers.next_change_ns(6 * NS_PER_S) is None
