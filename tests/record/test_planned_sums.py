"""Sums over a plan are those that adding every segment anew gives, and cost no more with time."""

from __future__ import annotations

from dataclasses import dataclass, replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.model.load import Segment
from bench.model.profile import Phase
from bench.model.times import NS_PER_S
from bench.record.planned_sums import ArrivalsAhead, MeasuredTime
from bench.record.timeline import Stretch, Timeline, planned_arrivals
from bench.shapes.ramp import Ramp, constant_rate
from tests.record.build import profile_of

PHASES = (
    Phase("warm-up", constant_rate(3.0, NS_PER_S), measured=False),
    Phase("up", Ramp(2 * NS_PER_S, 1.0, 9.0)),
)
VARIANTS = 3


def timeline_of(random: Random, blocks: int) -> Timeline:
    """Blocks of one or several variants, with gaps between some of them."""
    segments = []
    at_ns = 0
    for index in range(blocks):
        variants = random.choice([(0,), (1,), (0, 1, 2)])
        phase = random.randrange(2)
        segments.append(Segment(index, 0, phase, variants, at_ns, PHASES[phase].shape))
        at_ns = segments[-1].end_ns + random.choice((0, 0, NS_PER_S // 2))
    return Timeline(profile_of(phases=PHASES), segments)


def measured_anew(timeline: Timeline, now_ns: int) -> list[Stretch]:
    totals = [Stretch()] * VARIANTS
    for segment, stretch in timeline.between(0, now_ns):
        if segment.phase == 1:
            for variant in segment.variants:
                totals[variant] += stretch
    return totals


def ahead_anew(timeline: Timeline, now_ns: int) -> list[float]:
    planned = [0.0] * VARIANTS
    for segment in timeline.segments:
        start_ns = max(now_ns, segment.start_ns)
        if start_ns < segment.end_ns:
            for variant in segment.variants:
                planned[variant] += planned_arrivals(segment, start_ns, segment.end_ns)
    return planned


@given(st.integers(0, 2**32))
def test_they_are_those_that_adding_every_segment_anew_gives(seed: int) -> None:
    random = Random(seed)
    timeline = timeline_of(random, 12)
    measured, ahead = MeasuredTime(timeline, VARIANTS), ArrivalsAhead(timeline, VARIANTS)
    now_ns = 0
    for _ in range(30):
        now_ns += random.randrange(NS_PER_S)
        if random.random() < 0.1:
            timeline.cut(now_ns + random.randrange(NS_PER_S))
        assert measured.until(now_ns) == measured_anew(timeline, now_ns), "to the last bit"
        assert ahead.after(now_ns) == pytest.approx(ahead_anew(timeline, now_ns))


def test_time_that_goes_back_is_added_anew() -> None:
    timeline = timeline_of(Random(1), 12)
    measured = MeasuredTime(timeline, VARIANTS)
    measured.until(15 * NS_PER_S)
    assert measured.until(4 * NS_PER_S) == measured_anew(timeline, 4 * NS_PER_S)


asked: list[float] = []


@dataclass(frozen=True)
class Counted(Ramp):
    """A rate that tells when it is integrated."""

    def planned(self, from_ns: float, to_ns: float) -> float:
        asked.append(from_ns)
        return super().planned(from_ns, to_ns)


def test_a_look_costs_the_same_at_the_end_of_a_long_plan() -> None:
    shape = Counted(NS_PER_S, 1.0, 1.0)
    segments = [Segment(i, 0, 1, (0, 1, 2), i * NS_PER_S, shape) for i in range(500)]
    timeline = Timeline(profile_of(phases=PHASES), [replace(s) for s in segments])
    measured, ahead = MeasuredTime(timeline, VARIANTS), ArrivalsAhead(timeline, VARIANTS)
    costs = []
    for second in range(500):
        asked.clear()
        measured.until(second * NS_PER_S + NS_PER_S // 2)
        ahead.after(second * NS_PER_S + NS_PER_S // 2)
        costs.append(len(asked))
    assert max(costs[1:]) <= 3
