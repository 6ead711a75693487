"""So many at once, every so often."""

from __future__ import annotations

from hypothesis import strategies as st

from bench.model.times import NS_PER_S
from bench.shapes.burst import Burst
from tests.shapes.strategies import durations_ns

SHAPES = st.builds(
    Burst, durations_ns, st.integers(1, 9), st.integers(NS_PER_S // 10, 30 * NS_PER_S)
)
BURST = Burst(10 * NS_PER_S, 5, 4 * NS_PER_S)


def test_bursts_come_at_once_and_every_so_often() -> None:
    assert [t // NS_PER_S for t in BURST.offsets_ns(())] == [0] * 5 + [4] * 5 + [8] * 5
    assert (BURST.expected, BURST.rate_rps(0), BURST.peak_rps) == (15.0, 1.5, 1.5)


def test_the_bursts_that_are_to_come_keep_their_instants() -> None:
    rest = BURST.part(NS_PER_S, 10 * NS_PER_S)
    assert [t // NS_PER_S for t in rest.offsets_ns(())] == [3] * 5 + [7] * 5
    assert rest.part(3 * NS_PER_S, 4 * NS_PER_S).expected == 5.0


def test_the_most_within_a_time_begins_with_a_burst() -> None:
    assert BURST.most_within(1) == 5.0
    assert BURST.most_within(4 * NS_PER_S) == 5.0
    assert BURST.most_within(4 * NS_PER_S + 1) == 10.0
    assert BURST.most_within(60 * NS_PER_S) == 15.0


def test_of_some_arrivals_at_least_one_stays() -> None:
    assert BURST.scaled(0.01).size == 1
    assert BURST.scaled(1.5).size == 8


def test_what_people_read() -> None:
    assert BURST.words("even") == "5 at once every 4 s"
