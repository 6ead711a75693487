"""Where in its plan a run is, beside the live plan that the same commands change."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.load.live_plan import LivePlan
from bench.model.live import COMMAND_EVENT, RunEvent
from bench.model.load import Command, CommandKind, Plan, Segment
from bench.plan_time import PlanTime
from bench.shapes.ramp import constant_rate

S = 1_000_000_000
PLAN = Plan(tuple(Segment(i, i, 0, (0,), i * 4 * S, constant_rate(10, 4 * S)) for i in range(5)))
HOLD, RESUME, SKIP = CommandKind.HOLD, CommandKind.RESUME, CommandKind.SKIP_PHASE
KINDS = [HOLD, RESUME, SKIP, CommandKind.RATE_FACTOR]


def time_of(*commands: tuple[CommandKind, int]) -> PlanTime:
    found = PlanTime(PLAN)
    for kind, at_s in commands:
        found.apply(kind, at_s * S)
    return found


@pytest.mark.parametrize(
    ("commands", "at_s", "planned_s"),
    [
        ((), 7, 7),
        (((HOLD, 3),), 9, 3),
        (((HOLD, 3), (RESUME, 8)), 9, 4),
        (((HOLD, 3), (HOLD, 4), (RESUME, 8), (RESUME, 9)), 9, 4),
        (((SKIP, 1),), 2, 5),
        (((SKIP, 4),), 5, 9),
        (((HOLD, 1), (SKIP, 2), (RESUME, 3)), 4, 5),
        (((SKIP, 17), (SKIP, 18)), 19, 22),
        (((HOLD, 3), (RESUME, 8)), 2, 2),
    ],
)
def test_commands_move_the_plan(
    commands: tuple[tuple[CommandKind, int], ...], at_s: int, planned_s: int
) -> None:
    assert time_of(*commands).at(at_s * S) == planned_s * S


STEPS = st.lists(st.tuples(st.sampled_from(KINDS), st.integers(1, 3 * S)), max_size=8)


@given(STEPS)
def test_what_the_live_plan_sends_is_what_was_planned_for_that_instant(
    steps: list[tuple[CommandKind, int]],
) -> None:
    """A segment's round is its place in the plan here: the plan's instant tells it too."""
    live, time, at_ns = LivePlan(PLAN), PlanTime(PLAN), 0
    for kind, later_ns in steps:
        at_ns += later_ns
        if live.is_loaded(at_ns):
            live.apply(Command(kind, 2.0 if live.factor == 1.0 else 1.0), at_ns)
            time.apply(kind, at_ns)
        segment = live.segment_at(at_ns)
        if segment is not None:
            assert time.at(at_ns) // (4 * S) == segment.round
            assert segment.end_ns - at_ns == (segment.round + 1) * 4 * S - time.at(at_ns)


def test_a_recorded_run_tells_it_by_its_events() -> None:
    hold = RunEvent(3 * S, COMMAND_EVENT, "hold", {"at_ns": 4 * S, "value": 1.0})
    others = [RunEvent(5 * S, COMMAND_EVENT, "abort"), RunEvent(6 * S, "note", "skip-phase")]
    broken = replace(hold, text="resume", fields={"at_ns": "soon"})
    found = PlanTime.told_by(PLAN, [hold, *others, broken])
    assert found.at(9 * S) == 4 * S
    resume = replace(hold, t_ns=7 * S, text="resume", fields={})
    assert PlanTime.told_by(PLAN, [hold, *others, resume]).at(9 * S) == 6 * S
