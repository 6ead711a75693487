"""What begins the load, changes it and ends it, on a clock turned by hand and a scripted fleet."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bench.load.frames import Frame, FrameKind
from bench.load.lifecycle import CHANGE_MARGIN_NS, DRAIN_LIMIT_NS, GRACE_NS, SHORTEST_MARGIN_NS
from bench.model.load import CommandKind
from bench.model.outcome import Outcome
from bench.model.profile import CapacitySpec, Phase, StopSpec, Timeouts
from bench.model.search_disturbance import DisturbanceKind, SearchDisturbance
from bench.model.times import NS_PER_MS, NS_PER_S
from bench.shapes.callers import Callers
from tests.load.lifecycles import ATTEMPT_NS, Course, ns, phase, steps

PATIENCE_NS = ATTEMPT_NS + GRACE_NS
"""What is waited for after the last arrival."""
MARGIN_S = CHANGE_MARGIN_NS / NS_PER_S
GAVE_UP = ["some invocations never ended"]


# -- the beginning and the end


async def test_all_workers_begin_the_whole_plan_at_one_instant() -> None:
    course = await Course().begun()
    (start,) = course.told(FrameKind.START)
    assert (start.start_ns, start.finish) == (course.start_ns, True)
    assert steps(start.segments) == [(0, 10, 10), (10, 20, 20)]
    assert (course.state, course.texts("start")) == ("running", ["A trial"])


async def test_a_plan_that_has_ended_waits_for_its_last_answers() -> None:
    course = await Course(stuck=[0]).begun()
    course.until(20)
    assert course.state == "running"
    course.until(20, and_ns=1)
    assert course.state == "draining"
    assert course.fleet.kinds() == [FrameKind.START]  # each worker ends by itself


async def test_what_never_answers_is_given_up_on_after_its_timeouts_and_a_grace() -> None:
    course = await Course(stuck=[1]).begun()
    course.until(20, and_ns=PATIENCE_NS)
    assert (course.state, course.texts("gave-up")) == ("draining", [])
    assert FrameKind.ABORT not in course.fleet.kinds()
    course.until(20, and_ns=PATIENCE_NS + 1)
    assert course.texts("gave-up") == GAVE_UP
    assert course.told_at(FrameKind.ABORT) == [ns(20) + PATIENCE_NS + 1]
    course.until(100)
    assert course.fleet.has_ended
    assert (len(course.told(FrameKind.ABORT)), course.texts("gave-up")) == (1, GAVE_UP)


async def test_a_run_that_gave_up_has_one_ending_and_the_operators_is_another() -> None:
    given_up = await Course(stuck=[1]).begun()
    given_up.until(20, and_ns=PATIENCE_NS + 1)
    assert (given_up.state, given_up.texts("gave-up")) == ("draining", GAVE_UP)
    given_up.until(100)
    given_up.life.end()
    assert (given_up.state, given_up.life.interrupted) == ("finished", False)
    aborted = await Course(stuck=[1]).begun()
    aborted.until(20, and_ns=PATIENCE_NS + 1)
    aborted.press(CommandKind.ABORT)
    assert (aborted.state, aborted.life.interrupted) == ("interrupted", True)
    aborted.life.end()
    assert aborted.state == "interrupted"


async def test_a_run_whose_workers_have_ended_has_finished() -> None:
    course = await Course().begun()
    course.until(21)
    assert course.fleet.has_ended
    course.life.end()
    assert course.state == "finished"


async def test_a_failure_of_ours_ends_what_was_planned() -> None:
    course = await Course().begun()
    course.until(3)
    course.life.fail()
    assert (course.state, course.planned_end_s()) == ("failed", 3)


async def test_views_hear_which_phase_is_on_and_how_much_is_to_come() -> None:
    course = await Course(stop=StopSpec(after_ns=ns(15))).begun()
    assert course.life.current(ns(10) - 1)[1] == "first"
    assert course.life.current(ns(10))[1] == "second"
    assert course.life.current(ns(20)) == (None, "")
    assert course.life.remaining_ns(ns(4), ()) == ns(11)
    assert course.life.remaining_ns(ns(18), ()) == 0
    unlimited = await Course().begun()
    assert unlimited.life.remaining_ns(ns(4), ()) == ns(16)


# -- what the operator says


async def test_a_rate_factor_reaches_all_workers_and_the_results_for_one_instant() -> None:
    course = await Course().begun()
    course.until(4)
    course.press(CommandKind.RATE_FACTOR, 1.5)
    (replan,) = course.told(FrameKind.REPLAN)
    at_s = 4 + MARGIN_S
    assert (replan.at_ns, replan.finish) == (ns(at_s), True)
    assert steps(replan.segments) == [(at_s, 10, 15), (10, 20, 30)]
    assert (course.state, course.texts("command")) == ("running", ["rate-factor"])
    assert course.events[-1].fields == {"value": 1.5, "at_ns": replan.at_ns}
    course.until(21)
    (window,) = course.aggregate.totals()
    assert window.planned_rps * 20 == pytest.approx(at_s * 10 + (10 - at_s) * 15 + 10 * 30)


async def test_a_command_that_changes_nothing_is_noted_and_sent_to_nobody() -> None:
    course = await Course().begun()
    course.press(CommandKind.RATE_FACTOR, 1.0)
    assert course.texts("command") == ["rate-factor"]
    assert course.told(FrameKind.REPLAN) == []


async def test_each_command_takes_effect_after_the_one_before() -> None:
    course = await Course().begun()
    course.press(CommandKind.RATE_FACTOR, 2.0)
    course.press(CommandKind.RATE_FACTOR, 3.0)
    instants = [replan.at_ns for replan in course.told(FrameKind.REPLAN)]
    assert instants == [CHANGE_MARGIN_NS, CHANGE_MARGIN_NS + 1]


async def test_a_held_load_waits_for_as_long_as_it_is_held() -> None:
    course = await Course().begun()
    course.until(4)
    course.press(CommandKind.HOLD)
    (held,) = course.told(FrameKind.REPLAN)
    assert (held.segments, held.finish) == ((), False)
    course.until(3600)
    assert course.state == "holding"
    assert course.told(FrameKind.DRAIN) == course.told(FrameKind.ABORT) == []
    assert course.planned_end_s() == 4 + MARGIN_S
    course.press(CommandKind.RESUME)
    resumed = course.told(FrameKind.REPLAN)[-1]
    at_s = 3600 + MARGIN_S
    assert (resumed.finish, course.state) == (True, "running")
    left_s = 10 - 4 - MARGIN_S
    assert steps(resumed.segments) == [
        pytest.approx((at_s, at_s + left_s, 10)),
        pytest.approx((at_s + left_s, at_s + left_s + 10, 20)),
    ]
    course.until(3620)
    assert course.state == "draining"


async def test_a_skipped_phase_ends_there_and_the_last_one_ends_the_load() -> None:
    course = await Course().begun()
    course.press(CommandKind.SKIP_PHASE)
    assert steps(course.told(FrameKind.REPLAN)[-1].segments) == [(MARGIN_S, 10 + MARGIN_S, 20)]
    course.press(CommandKind.SKIP_PHASE)
    last = course.told(FrameKind.REPLAN)[-1]
    assert (last.segments, last.finish) == ((), True)
    course.until(1)
    assert course.state == "draining"


async def test_a_command_after_the_last_arrival_has_no_effect() -> None:
    course = await Course(stuck=[0]).begun()
    course.until(20 - MARGIN_S)
    for kind in (CommandKind.RATE_FACTOR, CommandKind.HOLD, CommandKind.SKIP_PHASE):
        course.press(kind, 2.0)
    course.until(22)
    course.press(CommandKind.RATE_FACTOR, 2.0)
    assert course.texts("command") == []
    assert course.told(FrameKind.REPLAN) == []


async def test_a_command_just_before_the_last_arrival_has_one() -> None:
    course = await Course().begun()
    course.until(20 - MARGIN_S, and_ns=-1)
    course.press(CommandKind.RATE_FACTOR, 2.0)
    assert course.texts("command") == ["rate-factor"]


@pytest.mark.parametrize("kind", list(CommandKind))
async def test_nothing_is_obeyed_before_the_beginning_or_after_the_end(kind: CommandKind) -> None:
    course = Course()
    course.press(kind, 2.0)
    assert course.state == "preparing"
    await course.begun()
    course.until(21)
    course.life.end()
    course.press(kind, 2.0)
    assert (course.state, course.texts("command")) == ("finished", [])


# -- drain and abort


async def test_a_drain_holds_all_workers_at_one_instant_and_ends_them_after_it() -> None:
    course = await Course().begun()
    course.until(4)
    course.press(CommandKind.DRAIN)
    (replan,) = course.told(FrameKind.REPLAN)
    at_ns = ns(4) + CHANGE_MARGIN_NS
    assert (replan.at_ns, replan.segments, replan.finish) == (at_ns, (), False)
    assert (course.state, course.life.interrupted) == ("draining", True)
    assert course.told(FrameKind.DRAIN) == []
    assert course.life.until_due_ns(course.now_ns()) == CHANGE_MARGIN_NS
    course.until(10)
    assert course.told_at(FrameKind.DRAIN) == [at_ns]
    assert course.planned_end_s() == 4 + MARGIN_S
    assert course.life.remaining_ns(ns(5), ()) == 0
    course.life.end()
    assert course.state == "interrupted"


async def test_a_drain_that_never_ends_is_given_up_on() -> None:
    course = await Course(stuck=[0]).begun()
    course.press(CommandKind.DRAIN)
    course.until(0, and_ns=CHANGE_MARGIN_NS + PATIENCE_NS)
    assert course.state == "draining"
    course.until(0, and_ns=CHANGE_MARGIN_NS + PATIENCE_NS + 1)
    assert (course.state, course.texts("gave-up")) == ("draining", GAVE_UP)


async def test_a_drain_of_the_operators_does_not_wait_as_long_as_an_answer_may_take() -> None:
    course = await Course(stuck=[0], timeouts=Timeouts(total_ns=ns(60))).begun()
    course.press(CommandKind.DRAIN)
    course.until(0, and_ns=CHANGE_MARGIN_NS + DRAIN_LIMIT_NS)
    assert course.texts("gave-up") == []
    course.until(0, and_ns=CHANGE_MARGIN_NS + DRAIN_LIMIT_NS + 1)
    assert course.texts("gave-up") == GAVE_UP
    assert len(course.told(FrameKind.ABORT)) == 1


async def test_nobody_is_given_up_on_while_recorded_attempts_come() -> None:
    course = await Course(stuck=[0]).begun()
    course.press(CommandKind.DRAIN)
    for _ in range(4):
        course.until(0, and_ns=course.now_ns() + ns(8))
        course.life.on_frame(1, Frame(FrameKind.ATTEMPTS, None))
    assert course.texts("gave-up") == []
    course.until(0, and_ns=course.now_ns() + PATIENCE_NS + NS_PER_S)
    assert course.texts("gave-up") == GAVE_UP


async def test_a_second_drain_is_none_and_an_abort_ends_the_first() -> None:
    course = await Course(stuck=[0, 1]).begun()
    course.press(CommandKind.DRAIN)
    course.press(CommandKind.DRAIN)
    course.press(CommandKind.HOLD)
    assert course.texts("command") == ["drain"]
    course.until(2)
    course.press(CommandKind.ABORT)
    assert course.state == "interrupted"
    assert course.told_at(FrameKind.ABORT) == [ns(2)]
    course.until(3)
    assert course.fleet.has_ended


async def test_an_abort_takes_effect_at_once_and_only_once() -> None:
    course = await Course(stuck=[0]).begun()
    course.until(4)
    course.press(CommandKind.ABORT)
    course.press(CommandKind.ABORT)
    assert course.told_at(FrameKind.ABORT) == [ns(4)]
    assert (course.state, course.planned_end_s()) == ("interrupted", 4)
    assert [event.fields["at_ns"] for event in course.events if event.kind == "command"] == [ns(4)]
    assert course.life.remaining_ns(ns(4), ()) == 0
    course.until(100)
    assert course.texts("gave-up") == []
    course.life.end()
    assert course.state == "interrupted"


# -- what ends a run by itself


async def test_a_time_to_end_at_is_told_in_advance_and_kept_to_the_instant() -> None:
    course = await Course(stop=StopSpec(after_ns=ns(7.001))).begun()
    course.until(21)
    (replan,) = course.told(FrameKind.REPLAN)
    assert (replan.at_ns, replan.segments, replan.finish) == (ns(7.001), (), False)
    assert course.told_at(FrameKind.REPLAN) == [ns(7.001) - CHANGE_MARGIN_NS]
    assert course.told_at(FrameKind.DRAIN) == [ns(7.001)]
    assert course.texts("stop") == ["7.001 s have passed"]
    assert course.planned_end_s() == 7.001
    assert not course.life.interrupted


async def test_a_time_to_end_at_comes_after_the_command_before_it() -> None:
    course = await Course(stop=StopSpec(after_ns=CHANGE_MARGIN_NS)).begun()
    course.press(CommandKind.RATE_FACTOR, 2.0)
    course.until(1)
    instants = [replan.at_ns for replan in course.told(FrameKind.REPLAN)]
    assert instants == [CHANGE_MARGIN_NS, CHANGE_MARGIN_NS + 1]


async def test_a_drain_at_the_instant_of_a_time_to_end_at_comes_after_it() -> None:
    course = await Course(stop=StopSpec(after_ns=ns(7))).begun()
    course.until(7 - MARGIN_S)
    course.press(CommandKind.DRAIN)
    course.until(8)
    assert [replan.at_ns for replan in course.told(FrameKind.REPLAN)] == [ns(7), ns(7) + 1]
    assert course.told_at(FrameKind.DRAIN) == [ns(7) + 1]
    assert course.planned_end_s() == 7


async def test_a_plan_that_ends_before_its_time_says_nothing_of_it() -> None:
    course = await Course(stop=StopSpec(after_ns=ns(20))).begun()
    course.until(22)
    assert (course.texts("stop"), course.told(FrameKind.REPLAN)) == ([], [])


async def test_a_held_load_ends_at_its_time_as_well() -> None:
    course = await Course(stop=StopSpec(after_ns=ns(30))).begun()
    course.press(CommandKind.HOLD)
    course.until(31)
    assert course.texts("stop") == ["30 s have passed"]
    assert course.told_at(FrameKind.DRAIN) == [ns(30)]
    assert course.fleet.has_ended


@pytest.mark.parametrize(
    ("rules", "says"),
    [
        ({"stop": StopSpec(error_rate=0.5)}, "100.0% of invocations failed, more than 50.0%"),
        ({"stop": StopSpec(precision=0.1, precision_q=0.5)}, "p50 of every variant is known to"),
        ({"max_spend_usd": 1e-9}, "are spent, of $0 allowed"),
    ],
)
async def test_results_end_a_run_at_once(rules: dict[str, Any], says: str) -> None:
    course = await Course(stuck=[0], **rules).begun()
    course.until(4)
    assert course.texts("stop") == []
    course.finish(100, Outcome.FUNCTION_ERROR)
    course.width = 0.1
    course.tick()
    (reason,) = course.texts("stop")
    assert says in reason
    assert course.told_at(FrameKind.DRAIN) == [ns(4)]
    assert (course.state, course.planned_end_s()) == ("draining", 4)
    course.until(4, and_ns=PATIENCE_NS)
    assert (course.state, len(course.texts("stop"))) == ("draining", 1)
    course.until(4, and_ns=PATIENCE_NS + 1)
    assert course.texts("gave-up") == GAVE_UP


async def test_a_target_that_is_gone_ends_the_load_once() -> None:
    course = await Course(stuck=[0]).begun()
    course.until(4)
    course.lost = "the embedded Lambda has ended (signal 9)"
    course.tick()
    assert (course.texts("target-lost"), course.life.lost_target) == ([course.lost], course.lost)
    assert (course.state, course.told_at(FrameKind.DRAIN)) == ("draining", [ns(4)])
    course.until(4, and_ns=GRACE_NS)  # nothing answers any more: its timeouts are not waited for
    assert (course.state, len(course.texts("target-lost"))) == ("draining", 1)
    course.until(4, and_ns=GRACE_NS + 1)
    assert course.texts("gave-up") == GAVE_UP


async def test_a_target_that_goes_while_answers_are_awaited_is_told_of() -> None:
    course = await Course(stuck=[0]).begun()
    course.until(21)
    course.lost = "gone"
    course.tick()
    assert (course.texts("target-lost"), course.life.lost_target) == (["gone"], "gone")
    assert course.told(FrameKind.DRAIN) == []


async def test_a_target_that_goes_after_the_last_answer_is_none_of_its_business() -> None:
    course = await Course().begun()
    course.until(21)
    course.life.end()
    course.lost = "gone"
    course.tick()
    assert (course.texts("target-lost"), course.life.lost_target) == ([], "")


# -- quotas, and workers that are no more


async def test_the_last_worker_to_use_its_quota_up_ends_the_plan() -> None:
    course = await Course(stuck=[0, 1], stop=StopSpec(invocations=100)).begun()
    course.until(4)
    course.fleet.send_later(0, FrameKind.USED_UP, ns(3.9))
    course.until(5)
    assert (course.state, course.texts("stop")) == ("running", [])
    course.fleet.send_later(1, FrameKind.USED_UP, ns(3.8))
    course.tick()
    assert (course.state, course.texts("stop")) == (
        "draining",
        ["100 invocations have begun"],
    )
    assert course.planned_end_s() == pytest.approx(4.0)  # at 10/s the next would come then
    assert course.fleet.kinds() == [FrameKind.START]  # they have ended the load by themselves
    course.until(5, and_ns=PATIENCE_NS)
    assert course.state == "draining"
    course.until(5, and_ns=PATIENCE_NS + 1)
    assert course.texts("gave-up") == GAVE_UP


async def test_callers_that_used_their_quota_up_were_busy_until_their_last_answer() -> None:
    callers = (Phase("callers", Callers(600 * NS_PER_S, 50, 50)),)
    course = await Course(stop=StopSpec(invocations=20), phases=callers).begun()
    for worker in range(2):
        course.fleet.send_later(worker, FrameKind.USED_UP, 0)
    course.until(0.5)
    assert (course.state, course.texts("stop")) == ("draining", ["20 invocations have begun"])
    course.fleet.send_later(0, FrameKind.USED_UP, ns(0.4))
    course.fleet.send_later(1, FrameKind.USED_UP, ns(0.25))
    course.tick()
    course.life.end()
    assert course.planned_end_s() == pytest.approx(0.4)


@pytest.mark.parametrize("words", ["signal 9", "Traceback: it failed"])
async def test_a_worker_that_dies_or_fails_neither_ends_the_load_nor_uses_its_quota_up(
    words: str,
) -> None:
    course = await Course(stop=StopSpec(invocations=100)).begun()
    course.fleet.die(0, words, in_ns=ns(2))
    course.fleet.send_later(1, FrameKind.USED_UP, ns(3.9), in_ns=ns(4))
    course.until(19)
    assert (course.state, course.texts("stop")) == ("running", [])
    assert not course.fleet.has_ended
    course.until(21)
    assert course.fleet.has_ended


# -- commands of a recorded run


async def test_recorded_commands_are_given_early_for_their_own_instants() -> None:
    recorded = [(CommandKind.HOLD, 3.0), (CommandKind.RESUME, 5.0), (CommandKind.DRAIN, 9.0)]
    course = await Course(recorded=recorded).begun()
    assert course.life.until_due_ns(0) == ns(2.75)
    course.until(12)
    assert [replan.at_ns for replan in course.told(FrameKind.REPLAN)] == [ns(3), ns(5), ns(9)]
    assert course.told_at(FrameKind.REPLAN) == [ns(2.75), ns(4.75), ns(8.75)]
    assert course.told_at(FrameKind.DRAIN) == [ns(9)]
    given = [event.fields for event in course.events if event.kind == "command"]
    assert all(fields["replayed"] for fields in given)


async def test_a_recorded_command_that_comes_late_still_reaches_all_workers_first() -> None:
    course = await Course(recorded=[(CommandKind.HOLD, 0.1)]).begun()
    course.clock.turn_to(course.start_ns + ns(0.5))
    course.tick()
    (replan,) = course.told(FrameKind.REPLAN)
    assert replan.at_ns == ns(0.5) + SHORTEST_MARGIN_NS


async def test_recorded_commands_that_find_no_load_are_passed_over_in_words() -> None:
    recorded = [(CommandKind.HOLD, 25.0), (CommandKind.DRAIN, 90.0)]
    course = await Course(recorded=recorded, stuck=[0]).begun()
    course.until(26)
    passed = ["hold at 25 s: there was no load to change"]
    assert course.texts("not-replayed") == passed
    course.life.end()
    assert course.texts("not-replayed") == [
        *passed,
        "drain at 90 s: there was no load to change",
    ]


# -- a search for capacity

SEARCH = CapacitySpec(
    start_rps=10,
    max_rps=20,
    limit_ns=100 * NS_PER_MS,
    q=0.5,
    settle_ns=NS_PER_S,
    step_ns=4 * NS_PER_S,
    hold_ns=5 * NS_PER_S,
)


async def searching() -> Course:
    return await Course(capacity=SEARCH, phases=(), stuck=[0]).begun()


async def test_a_search_begins_with_its_first_step_and_leaves_the_end_open() -> None:
    course = await searching()
    (start,) = course.told(FrameKind.START)
    assert not start.finish
    assert steps(start.segments) == [(0, 1, 10), (1, 5, 10)]
    assert course.life.current(ns(2))[1] == "step 1: grow 10/s"
    assert course.life.remaining_ns(ns(2), ()) is None


async def test_a_step_follows_the_other_and_the_last_answer_ends_the_load() -> None:
    course = await searching()
    course.finish(10, segment=1)
    course.until(5.5)
    course.finish(10, segment=3)
    at_s = 5.5 + MARGIN_S
    replan = course.told(FrameKind.REPLAN)[-1]
    assert (replan.at_ns, replan.finish) == (ns(at_s), False)
    assert steps(replan.segments) == [
        pytest.approx((at_s, at_s + 1, 20)),
        pytest.approx((at_s + 1, at_s + 5, 20)),
    ]
    course.until(11.5)
    course.finish(10, segment=5)
    course.until(20)
    assert course.texts("step") == ["10/s holds", "20/s holds", "20/s holds"]
    assert course.texts("answer") == [
        "20/s, the most that was to be tried, holds p50 < 100 ms",
    ]
    last = course.told(FrameKind.REPLAN)[-1]
    assert (last.segments, last.finish) == ((), True)
    assert (course.state, course.life.remaining_ns(ns(20), ())) == ("draining", 0)
    course.until(20, and_ns=2 * PATIENCE_NS)
    assert course.texts("gave-up") == GAVE_UP


async def test_the_target_hears_of_each_disturbance_before_it_strikes() -> None:
    stall = SearchDisturbance(DisturbanceKind.STALL, 2 * NS_PER_S)
    search = replace(SEARCH, start_rps=20, recovers_from=stall)
    course = await Course(capacity=search, phases=(), stuck=[0]).begun()
    course.finish(10, segment=1)
    course.until(5.5)
    course.finish(10, segment=3)
    assert course.life.take_strikes() == ()
    course.until(13)
    (strike,) = course.life.take_strikes()
    segments = course.told(FrameKind.REPLAN)[-1].segments
    assert [segment.duration_ns / NS_PER_S for segment in segments] == [1, 2, 10, 4]
    assert (strike.variant, strike.start_ns) == (course.profile.variants[0], segments[1].start_ns)
    assert strike.start_ns > course.now_ns()
    assert course.life.take_strikes() == ()


async def test_a_step_that_is_decided_ends_at_once() -> None:
    course = await searching()
    course.finish(20, Outcome.THROTTLED, segment=1)
    course.until(3)
    told = course.told(FrameKind.REPLAN)
    assert told
    assert (told[0].segments, told[0].finish) == ((), False)
    assert told[0].at_ns < ns(3)
    course.until(5)
    assert course.texts("step")[0].startswith("10/s does not hold: 100.0% throttled")


async def test_a_search_takes_a_drain_but_no_rate_of_the_operators() -> None:
    course = await searching()
    course.until(2)
    for kind in (CommandKind.RATE_FACTOR, CommandKind.HOLD, CommandKind.SKIP_PHASE):
        course.press(kind, 2.0)
    assert course.texts("command") == []
    course.press(CommandKind.DRAIN)
    assert course.state == "draining"
    course.until(10)
    assert course.texts("step") == []  # nothing is concluded from a step that was cut short
    course.life.end()
    assert course.texts("answer") == [
        "the search was ended early: no rate was found that holds p50 < 100 ms"
    ]


async def test_a_search_that_breaks_says_what_it_knows() -> None:
    course = await searching()
    course.until(2)
    course.life.fail()
    assert len(course.texts("answer")) == 1


async def test_a_search_ends_at_its_time_though_no_plan_has_an_end() -> None:
    course = await Course(
        capacity=SEARCH, phases=(phase("none", 1, 1),), stop=StopSpec(after_ns=ns(3))
    ).begun()
    course.until(4)
    assert course.texts("stop") == ["3 s have passed"]
