"""Intended times against their formula."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from statistics import mean
from struct import pack

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.load.live_plan import start_at
from bench.load.schedule import arrivals, callers_at, next_caller_change_ns, share
from bench.model.profile import Arrivals
from bench.model.times import NS_PER_S
from bench.shapes.burst import Burst
from bench.shapes.recorded import Recorded
from tests.load.fakes import segment

RATES = st.floats(0, 500, allow_nan=False)


@given(a=RATES, b=RATES, workers=st.integers(1, 4), seed=st.integers(0, 9))
def test_the_workers_together_have_the_whole_schedule(
    a: float, b: float, workers: int, seed: int
) -> None:
    one = segment(a, 2, to_rps=b)
    for kind in Arrivals:
        whole = list(arrivals(one, kind, seed, 0, 1))
        parts = [t for i in range(workers) for t in arrivals(one, kind, seed, i, workers)]
        assert sorted(parts) == whole
        assert all(one.start_ns <= t < one.end_ns for t, _ in whole)
        assert whole == sorted(whole)


@given(a=RATES, b=RATES)
def test_even_arrivals_number_the_area_under_the_rate(a: float, b: float) -> None:
    count = len(list(arrivals(segment(a, 2, to_rps=b), Arrivals.EVEN, 1, 0, 1)))
    assert abs(count - (a + b)) <= 1


def test_poisson_gaps_have_the_mean_and_the_spread_of_an_exponential() -> None:
    times = [t for t, _ in arrivals(segment(1000, 60), Arrivals.POISSON, 5, 0, 1)]
    gaps = [b - a for a, b in pairwise(times)]
    average = mean(gaps)
    assert average == pytest.approx(NS_PER_S / 1000, rel=0.02)
    spread = mean((gap - average) ** 2 for gap in gaps) ** 0.5
    assert spread == pytest.approx(average, rel=0.03)


def test_the_same_seed_gives_the_same_times_and_another_one_others() -> None:
    def times(seed: int) -> list[tuple[int, int]]:
        return list(arrivals(segment(100, 1), Arrivals.POISSON, seed, 0, 1))

    assert times(1) == times(1)
    assert times(1) != times(2)


def test_variants_side_by_side_meet_equal_arrivals_at_instants_of_their_own() -> None:
    three = replace(segment(100, 60), variants=(0, 1, 2))
    for kind in Arrivals:
        times: list[list[int]] = [[], [], []]
        for t, variant in arrivals(three, kind, 1, 0, 1):
            times[variant].append(t)
        assert max(map(len, times)) - min(map(len, times)) <= 6
        assert len({t for own in times for t in own}) == sum(map(len, times))
        first, *others = [{round((b - a) / 10) for a, b in pairwise(own)} for own in times]
        assert all(len(first & gaps) >= 0.9 * len(first) for gaps in others)


def test_many_short_stretches_side_by_side_are_not_short_of_arrivals() -> None:
    counts = [0, 0, 0]
    for index in range(1000):
        for _, variant in arrivals(
            replace(segment(3, 1), index=index, variants=(0, 1, 2)), Arrivals.POISSON, 1, 0, 1
        ):
            counts[variant] += 1
    assert counts == [pytest.approx(3000, abs=4 * 3000**0.5)] * 3


def test_bursts_come_at_once_and_every_so_often() -> None:
    bursts = replace(segment(), shape=Burst(5 * NS_PER_S, 3, 2 * NS_PER_S))
    assert [t for t, _ in arrivals(bursts, Arrivals.POISSON, 1, 0, 1)] == [
        at * NS_PER_S for at in (0, 0, 0, 2, 2, 2, 4, 4, 4)
    ]


def test_a_replay_sends_at_its_recorded_times_and_goes_on_after_a_cut() -> None:
    offsets = [0, 5, 5, 700, 999, 2000]
    whole = replace(segment(start_s=1), shape=Recorded(1000, pack("<6q", *offsets)))
    assert [t - NS_PER_S for t, _ in arrivals(whole, Arrivals.EVEN, 1, 0, 1)] == offsets[:5]
    rest = start_at(whole, NS_PER_S + 100)
    assert [t - NS_PER_S for t, _ in arrivals(rest, Arrivals.EVEN, 1, 0, 1)] == [700, 999]


def test_a_ramp_from_zero_starts_slowly() -> None:
    times = [t / NS_PER_S for t, _ in arrivals(segment(0, 10, to_rps=2), Arrivals.EVEN, 1, 0, 1)]
    assert times == pytest.approx([(10 * h) ** 0.5 for h in range(10)])


@pytest.mark.parametrize(
    ("at_s", "callers"), [(0, 1), (0.99, 1), (1, 2), (2.5, 3), (3.99, 4), (4, 0)]
)
def test_callers_ramp_in_equal_steps(at_s: float, callers: int) -> None:
    ramp = segment(duration_s=4, callers=1, to_callers=5)
    assert callers_at(ramp, round(at_s * NS_PER_S)) == callers


@given(start=st.integers(0, 50), end=st.integers(0, 50), duration_s=st.integers(1, 9))
def test_the_next_change_is_where_the_callers_change(start: int, end: int, duration_s: int) -> None:
    ramp = segment(duration_s=duration_s, callers=start, to_callers=end)
    t_ns, seen = 0, callers_at(ramp, 0)
    while (change_ns := next_caller_change_ns(ramp, t_ns)) is not None:
        assert callers_at(ramp, change_ns - 2) == seen
        assert callers_at(ramp, change_ns) != seen
        t_ns, seen = change_ns, callers_at(ramp, change_ns)


@given(total=st.integers(0, 1000), workers=st.integers(1, 16))
def test_shares_add_up(total: int, workers: int) -> None:
    shares = [share(total, i, workers) for i in range(workers)]
    assert sum(shares) == total
    assert max(shares) - min(shares) <= 1
