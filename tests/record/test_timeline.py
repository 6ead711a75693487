from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from struct import pack

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.load.live_plan import start_at
from bench.load.schedule import arrivals
from bench.model.load import Segment
from bench.model.profile import Arrivals, Phase
from bench.model.shape import Shape
from bench.model.times import NS_PER_S
from bench.record.planned_sums import MeasuredTime
from bench.record.timeline import Timeline, planned_arrivals
from bench.shapes.burst import Burst
from bench.shapes.callers import Callers
from bench.shapes.ramp import Ramp, constant_rate
from bench.shapes.recorded import Recorded
from tests.record.build import profile_of, together

STEADY = Segment(0, 0, 0, (0,), 2 * NS_PER_S, constant_rate(10.0, 4 * NS_PER_S))


def test_a_ramp_plans_the_area_under_it() -> None:
    ramp = replace(STEADY, shape=Ramp(4 * NS_PER_S, 0.0, 20.0))
    assert planned_arrivals(ramp, ramp.start_ns, ramp.end_ns) == pytest.approx(40.0)
    middle = ramp.start_ns + 2 * NS_PER_S
    assert planned_arrivals(ramp, ramp.start_ns, middle) == pytest.approx(10.0)


def test_bursts_are_counted_where_they_fall() -> None:
    burst = replace(STEADY, shape=Burst(4 * NS_PER_S, 7, NS_PER_S))
    at = burst.start_ns
    assert planned_arrivals(burst, at, burst.end_ns) == 28
    assert planned_arrivals(burst, at, at + 1) == 7
    assert planned_arrivals(burst, at + 1, at + NS_PER_S) == 0


def test_a_replay_plans_its_recorded_arrivals() -> None:
    offsets = [0, NS_PER_S // 2, NS_PER_S, 3 * NS_PER_S, 9 * NS_PER_S]
    replay = replace(STEADY, shape=Recorded(4 * NS_PER_S, pack("<5q", *offsets)))
    at = replay.start_ns
    assert planned_arrivals(replay, at, replay.end_ns) == 4
    assert planned_arrivals(replay, at + NS_PER_S, replay.end_ns) == 2
    rest = start_at(replay, at + NS_PER_S)
    assert planned_arrivals(rest, rest.start_ns, rest.end_ns) == 2


@given(
    st.builds(Ramp, st.integers(1, 5 * NS_PER_S), st.floats(0, 40), st.floats(0, 40))
    | st.builds(Burst, st.integers(1, 5 * NS_PER_S), st.integers(1, 9), st.just(400_000_000))
)
def test_what_is_planned_is_what_the_schedule_sends(shape: Shape) -> None:
    segment = replace(STEADY, shape=shape)
    sent = sum(1 for _ in arrivals(segment, Arrivals.EVEN, 1, 0, 1))
    assert abs(sent - planned_arrivals(segment, segment.start_ns, segment.end_ns)) < 1 + 1e-6


@given(st.lists(st.integers(0, 12 * NS_PER_S), min_size=1, max_size=6, unique=True))
def test_stretches_add_up_wherever_time_is_cut(cuts: list[int]) -> None:
    phases = (
        Phase("up", Ramp(3 * NS_PER_S, 0.0, 9.0)),
        Phase("down", Ramp(5 * NS_PER_S, 9.0, 2.0)),
    )
    profile = profile_of(phases=phases)
    timeline = Timeline(profile, together(profile).segments)
    edges = [0, *sorted(cuts), 13 * NS_PER_S]
    for phase, duration_s, planned in ((0, 3.0, 13.5), (1, 5.0, 27.5)):
        parts = [timeline.stretch(0, phase, start, end) for start, end in pairwise(edges)]
        assert sum(part.duration_s for part in parts) == pytest.approx(duration_s)
        assert sum(part.planned for part in parts) == pytest.approx(planned)


def test_a_segment_supersedes_all_that_was_planned_from_its_start_on() -> None:
    phases = (
        Phase("one", constant_rate(1.0, 4 * NS_PER_S)),
        Phase("two", constant_rate(2.0, 4 * NS_PER_S)),
    )
    profile = profile_of(phases=phases)
    timeline = Timeline(profile, together(profile).segments)
    timeline.add(Segment(5, 0, 1, (1,), 3 * NS_PER_S, constant_rate(8.0, 2 * NS_PER_S)))
    assert [(s.index, s.start_ns, s.end_ns) for s, _ in timeline.between(0, 99 * NS_PER_S)] == [
        (0, 0, 3 * NS_PER_S),
        (5, 3 * NS_PER_S, 5 * NS_PER_S),
    ]
    assert timeline.stretch(0, 0, 0, 99 * NS_PER_S).duration_s == 3
    assert timeline.stretch(1, 5, 0, 99 * NS_PER_S).duration_s == 2
    assert timeline.stretch(0, 5, 0, 99 * NS_PER_S).duration_s == 0, "it is not on in it"
    assert timeline.stretch(0, 1, 0, 99 * NS_PER_S).duration_s == 0, "it never began"
    assert timeline.phase_of[1] == 1, "late rows of a superseded segment still find their phase"


def test_a_closed_loop_plans_no_arrivals() -> None:
    phase = Phase("callers", Callers(4 * NS_PER_S, 5, 5))
    profile = profile_of(phases=(phase,))
    timeline = Timeline(profile, together(profile).segments)
    stretch = MeasuredTime(timeline, 2).until(4 * NS_PER_S)[1]
    assert (stretch.duration_s, stretch.planned_rps) == (4.0, 0.0)
