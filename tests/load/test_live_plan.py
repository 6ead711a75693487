"""Commands during a run, as changes of the plan."""

from __future__ import annotations

from dataclasses import replace
from struct import pack

from bench.load.live_plan import Change, LivePlan
from bench.load.schedule import arrivals
from bench.model.load import Command, CommandKind, Plan, Segment
from bench.model.profile import Arrivals
from bench.model.times import NS_PER_S
from bench.shapes.burst import Burst
from bench.shapes.callers import Callers
from bench.shapes.ramp import Ramp
from bench.shapes.recorded import Recorded
from tests.load.fakes import segment


def two_phases() -> LivePlan:
    return LivePlan(Plan((segment(10, 10), segment(0, 10, to_rps=100, start_s=10, index=1))))


def at(seconds: float) -> int:
    return round(seconds * NS_PER_S)


def change(steering: LivePlan, kind: CommandKind, t_s: float, value: float = 1.0) -> Change:
    made = steering.apply(Command(kind, value), at(t_s))
    assert made is not None
    return made


def instants(one: Segment) -> list[tuple[int, int]]:
    return list(arrivals(one, Arrivals.EVEN, 1, 0, 1))


def test_a_rate_factor_starts_a_new_segment_and_scales_all_that_follow() -> None:
    made = change(two_phases(), CommandKind.RATE_FACTOR, 4, 1.5)
    assert made.ended is not None
    assert (made.ended.index, made.ended.end_ns) == (0, at(4))
    assert [(s.index, s.start_ns, s.end_ns) for s in made.segments] == [
        (2, at(4), at(10)),
        (3, at(10), at(20)),
    ]
    assert [s.shape for s in made.segments] == [Ramp(at(6), 15, 15), Ramp(at(10), 0, 150)]


def test_factors_apply_to_the_profiles_rate_and_not_to_each_other() -> None:
    steering = two_phases()
    change(steering, CommandKind.RATE_FACTOR, 2, 2.0)
    made = change(steering, CommandKind.RATE_FACTOR, 4, 0.5)
    assert made.segments[0].shape == Ramp(at(6), 5, 5)


def test_a_ramp_goes_on_from_where_it_was() -> None:
    made = change(two_phases(), CommandKind.RATE_FACTOR, 15, 2.0)
    assert made.segments[0].shape == Ramp(at(5), 100, 200)
    assert made.ended is not None
    assert made.ended.shape == Ramp(at(5), 0, 50)


def test_bursts_and_recorded_arrivals_keep_their_instants_after_a_change() -> None:
    recorded = Recorded(at(10), pack("<3q", at(1), at(5), at(9)))
    for shape, rest in (
        (Burst(at(10), 4, at(3)), Burst(at(6), 8, at(3), first_ns=at(2))),
        (recorded, replace(recorded, duration_ns=at(6), from_ns=at(4))),
    ):
        steering = LivePlan(Plan((replace(segment(), shape=shape),)))
        made = change(steering, CommandKind.RATE_FACTOR, 4, 2.0)
        assert [s.shape for s in made.segments] == [rest]
        sent = [t for s in (made.ended, *made.segments) if s for t, _ in instants(s)]
        whole = [t for t, _ in instants(replace(segment(), shape=shape))]
        assert sorted(set(sent)) == sorted(set(whole))


def test_callers_go_on_from_where_they_were() -> None:
    steering = LivePlan(Plan((segment(duration_s=10, callers=1, to_callers=11),)))
    made = change(steering, CommandKind.RATE_FACTOR, 4, 2.0)
    assert made.ended is not None
    assert made.ended.shape == Callers(at(4), 1, 5)
    assert [s.shape for s in made.segments] == [Callers(at(6), 10, 22)]


def test_a_hold_moves_the_rest_to_the_moment_of_the_resume() -> None:
    steering = two_phases()
    held = change(steering, CommandKind.HOLD, 4)
    assert (held.segments, held.finish) == ((), False)
    assert steering.segment_at(at(5)) is None
    made = change(steering, CommandKind.RESUME, 60)
    assert [(s.start_ns, s.end_ns) for s in made.segments] == [
        (at(60), at(66)),
        (at(66), at(76)),
    ]
    assert steering.end_ns == at(76)


def test_nothing_of_the_old_plan_runs_while_the_load_is_held() -> None:
    steering = two_phases()
    change(steering, CommandKind.HOLD, 4)
    made = change(steering, CommandKind.RESUME, 12)  # the second phase would have run by then
    assert made.ended is None
    steering = two_phases()
    change(steering, CommandKind.HOLD, 4)
    steering.end(at(12))
    assert steering.end_ns == at(4)


def test_what_is_left_does_not_shrink_during_a_hold() -> None:
    steering = two_phases()
    assert steering.left_ns(at(3)) == at(17)
    change(steering, CommandKind.HOLD, 4)
    assert steering.left_ns(at(5)) == steering.left_ns(at(50)) == at(16)
    change(steering, CommandKind.RESUME, 60)
    assert steering.left_ns(at(61)) == at(15)
    assert steering.left_ns(at(99)) == 0


def test_skipping_a_phase_brings_the_next_one_forward() -> None:
    made = change(two_phases(), CommandKind.SKIP_PHASE, 4)
    assert [(s.start_ns, s.shape) for s in made.segments] == [(at(4), Ramp(at(10), 0, 100))]


def test_skipping_the_last_phase_ends_the_load() -> None:
    made = change(two_phases(), CommandKind.SKIP_PHASE, 12)
    assert (made.segments, made.finish) == ((), True)


def test_what_changes_nothing_is_no_change() -> None:
    steering = two_phases()
    for command in (
        Command(CommandKind.RATE_FACTOR, 1.0),
        Command(CommandKind.RESUME),
        Command(CommandKind.DRAIN),
    ):
        assert steering.apply(command, at(3)) is None
