"""The capacity search against targets whose capacity is known."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from math import inf

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.load.capacity_search import CapacitySearch
from bench.load.capacity_step import CapacityStep, StepKind, StepResult
from bench.model.outcome import Outcome
from bench.model.profile import CapacitySpec
from bench.model.result import Quantile, Tally
from bench.model.times import NS_PER_MS, NS_PER_S
from tests.load.queues import QUEUES, searched

SEARCHES = 4
SPEC = CapacitySpec(start_rps=10, max_rps=10_000, limit_ns=300 * NS_PER_MS)


def result(
    p99_ms: float | None = 100, offered: int = 1000, *, bound: bool = False, **counts: int
) -> StepResult:
    """Of so many arrivals all are answered but those of counts."""
    dropped, in_flight = counts.pop("dropped", 0), counts.pop("in_flight", 0)
    outcomes = [0] * len(Outcome)
    for name, count in counts.items():
        outcomes[Outcome[name.upper()]] = count
    outcomes[Outcome.OK] = offered - dropped - in_flight - sum(outcomes)
    quantile = None if p99_ms is None else Quantile(0.99, round(p99_ms * NS_PER_MS), True, bound)
    return StepResult(Tally(offered, in_flight, dropped, tuple(outcomes)), quantile)


def search(
    bears: Callable[[CapacityStep], bool], spec: CapacitySpec = SPEC
) -> tuple[CapacitySearch, list[CapacityStep]]:
    finding = CapacitySearch(spec)
    steps: list[CapacityStep] = []
    step: CapacityStep | None = finding.first()
    while step is not None:
        steps.append(step)
        step = finding.next(result(100 if bears(step) else 900))
    return finding, steps


@settings(max_examples=12)
@given(capacity=st.floats(1, 9_000))
def test_a_sharp_capacity_lies_within_the_interval_and_a_hold_confirms_a_rate(
    capacity: float,
) -> None:
    finding, steps = search(lambda step: step.rps <= capacity)
    assert steps[-1].kind is StepKind.HOLD
    assert finding.interval is not None
    assert finding.interval.low_rps <= capacity <= finding.interval.high_rps
    assert finding.confirmed_rps is not None
    assert capacity / 1.16 <= finding.confirmed_rps <= capacity
    assert len(steps) < 40


def test_a_hold_that_fails_where_all_that_grew_held_leaves_a_range_to_look_in() -> None:
    """Up to capacity.max steps hold by luck, and the first that does not is no growing one."""
    finding, steps = search(
        lambda step: step.kind is StepKind.GROW or step.rps <= 55, replace(SPEC, max_rps=60)
    )
    assert [step.rps for step in steps[:4]] == [10, 20, 40, 60]
    found = finding.interval
    assert found is not None
    assert 0 < found.low_rps <= found.middle_rps <= found.high_rps < inf


@settings(max_examples=8)
@given(capacity=st.floats(5, 9_000))
def test_a_hard_limit_is_known_within_the_precision(capacity: float) -> None:
    finding = CapacitySearch(SPEC)
    step: CapacityStep | None = finding.first()
    while step is not None:
        throttled = 0 if step.rps <= capacity else 30
        step = finding.next(result(throttled=throttled))
    found = finding.interval
    assert found is not None
    assert found.low_rps <= capacity <= found.high_rps
    assert found.half_width < 1.5 * SPEC.precision
    assert finding.confirmed_rps is not None
    assert capacity / 1.16 <= finding.confirmed_rps <= capacity


def shown(
    answers: int, late: int, seconds: int = 5, *, throttled: int = 0, server_error: int = 0
) -> StepResult:
    """A step so far: so many answers in each second, and late ones in the first."""
    early = np.zeros(seconds)
    early[0] = late
    by_second = np.full(seconds, float(answers)), early
    bare = result(100, answers * seconds, throttled=throttled, server_error=server_error)
    return replace(bare, blocks=by_second)


def test_a_step_is_decided_once_it_fails_whatever_is_to_come() -> None:
    finding = CapacitySearch(replace(SPEC, start_rps=200))
    finding.first()  # a thousand arrivals are to come: ten of them may be late, and more by chance
    assert not finding.is_decided(shown(200, 17, 1))
    assert finding.is_decided(shown(200, 19, 1))
    assert finding.is_decided(shown(200, 0, 1, throttled=1))
    assert finding.is_decided(shown(200, 0, 1, server_error=12))
    assert not finding.is_decided(shown(200, 0, 1, server_error=10))


def test_one_slow_answer_of_few_ends_no_growth() -> None:
    finding = CapacitySearch(SPEC)
    finding.first()
    slow = replace(shown(10, 1), quantile=Quantile(0.99, 310 * NS_PER_MS, True))
    assert slow.fault(SPEC) == "p99 310.0 ms"
    assert finding.fault(slow) is None
    step = finding.next(slow)
    assert step is not None
    assert (step.kind, step.rps) == (StepKind.GROW, 20)
    assert finding.fault(replace(slow, blocks=shown(10, 4).blocks)) == "p99 310.0 ms"


def at_the_knee() -> CapacitySearch:
    """A step of thousand arrivals and more is on, of which ten may be late."""
    finding = CapacitySearch(replace(SPEC, start_rps=200))
    finding.first()
    finding.next(result(100))
    step = finding.next(result(900))
    assert step is not None
    assert step.kind is StepKind.NARROW
    return finding


def test_a_step_at_the_knee_is_not_ended_within_the_burst_that_decided_it() -> None:
    """What is late behind it would be missing, and the rate look better than it is."""
    finding = at_the_knee()
    on, over = np.zeros(5), np.zeros(5)
    on[3], over[0] = 150, 150
    answers = np.full(5, 200.0)
    assert not finding.is_decided(replace(result(900), blocks=(answers, on)))
    assert finding.is_decided(replace(result(900), blocks=(answers, over)))
    waiting = answers.copy()
    waiting[2:] = 0  # nobody knows yet how late those are
    assert not finding.is_decided(replace(result(900), blocks=(waiting, over)))


def test_a_step_at_the_knee_ends_where_nobody_asks_how_many_are_late_or_something_else_fails() -> (
    None
):
    finding = at_the_knee()
    assert finding.is_decided(replace(result(900), blocks=(np.full(5, 400.0), np.full(5, 390.0))))
    assert finding.is_decided(shown(200, 0, throttled=1))


def test_steps_at_the_knee_get_longer_until_the_time_for_them_is_spent() -> None:
    """No interval is as narrow as is asked for here."""
    spec = replace(SPEC, start_rps=100, precision=0.001, narrow_ns=120 * NS_PER_S)
    finding = CapacitySearch(spec)
    steps, step = [], finding.first()
    while step is not None and step.kind is not StepKind.HOLD:
        steps.append(step)
        seconds = step.measured_ns // NS_PER_S
        share = 0.5 if step.rps > 150 else 0.01
        by_second = np.full(seconds, step.rps), np.full(seconds, step.rps * share)
        shown_here = result(900 if step.rps > 150 else 100)
        following = finding.next(replace(shown_here, blocks=by_second))
        assert following is not None
        step = following
    narrowing = [one for one in steps if one.kind is StepKind.NARROW]
    lengths = [one.measured_ns for one in narrowing]
    assert lengths == sorted(lengths)
    assert lengths[-1] > 2 * lengths[0]
    spent = sum(one.settle_ns + one.measured_ns for one in narrowing)
    assert spent + NS_PER_S * len(narrowing) >= 120 * NS_PER_S
    assert spent - lengths[-1] - narrowing[-1].settle_ns < 120 * NS_PER_S


def test_a_knee_that_is_not_sharp_is_tried_above_and_below_in_turn() -> None:
    """A lower rate that does not hold than one that does: the limit is no sharp one."""
    spec = replace(SPEC, start_rps=100, precision=0.001, narrow_ns=200 * NS_PER_S)
    finding, sides, step = CapacitySearch(spec), [], CapacitySearch(spec).first()
    assert finding.first() == step
    following: CapacityStep | None = step
    while following is not None and following.kind is not StepKind.HOLD:
        found, is_knee = finding.interval, following.kind is StepKind.NARROW
        if found is not None and is_knee:
            sides.append(following.rps > found.middle_rps)
        answers = np.full(max(1, following.measured_ns // NS_PER_S), following.rps)
        late = answers * (0.5 if following.rps > 300 else 0.02 if is_knee and len(sides) < 2 else 0)
        holds = late.sum() <= 0.01 * answers.sum()
        following = finding.next(replace(result(100 if holds else 900), blocks=(answers, late)))
    assert len(sides) > 4
    assert True in sides[3:]
    assert False in sides[3:]


def test_an_answer_says_what_more_would_take() -> None:
    finding = CapacitySearch(SPEC)
    step: CapacityStep | None = finding.first()
    while step is not None and step.kind is not StepKind.HOLD:
        answers = np.full(max(1, step.measured_ns // NS_PER_S), step.rps)
        late = answers * min(1.0, 0.01 * (step.rps / 300) ** 8)
        shown_here = result(900 if step.rps > 300 else 100)
        step = finding.next(replace(shown_here, blocks=(answers, late)))
    found = finding.interval
    assert found is not None
    assert found.half_width > 1.2 * SPEC.precision
    told = re.search(r"; ±(\d+)%: ±5% takes about capacity.narrow = (\d+)m$", finding.answer)
    assert told is not None
    assert int(told[1]) == round(100 * found.half_width)
    assert int(told[2]) >= 1


def test_a_growing_step_is_decided_once_it_plainly_holds() -> None:
    finding = CapacitySearch(replace(SPEC, start_rps=200))
    finding.first()
    assert not finding.is_decided(shown(100, 0, 3))  # too few to say that p99 is far away
    assert not finding.is_decided(shown(400, 0, 1))  # a queue would not show by then
    assert not finding.is_decided(shown(200, 5, 3))
    assert finding.is_decided(shown(200, 0, 3))
    finding.next(result(100))
    finding.next(result(900))  # from here on steps are made at the knee, and tell the more
    assert not finding.is_decided(shown(200, 0, 3))


def test_a_rate_that_holds_only_for_a_short_step_is_not_the_answer() -> None:
    finding, steps = search(lambda step: step.rps <= (300 if step.kind is StepKind.HOLD else 400))
    assert [step.kind for step in steps].count(StepKind.HOLD) > 1
    assert steps[-1].kind is StepKind.HOLD
    assert finding.confirmed_rps is not None
    assert 260 < finding.confirmed_rps <= 300


def test_steps_at_the_knee_last_as_long_as_a_queue_needs_and_holds_as_the_quantile_does() -> None:
    spec = replace(SPEC, limit_ns=2000 * NS_PER_MS)
    _, steps = search(lambda step: step.rps <= 50, spec)
    for step in steps:
        assert step.settle_ns == (spec.settle_ns if step.kind is StepKind.GROW else 12 * NS_PER_S)
        if step.kind is StepKind.NARROW:
            assert step.measured_ns == 60 * NS_PER_S
    _, steps = search(lambda step: step.rps <= 9)
    assert steps[-1].measured_ns == pytest.approx(1000 / steps[-1].rps * NS_PER_S)


def test_a_target_without_a_limit_is_held_at_the_maximum() -> None:
    finding, steps = search(lambda _step: True)
    assert steps[-1].rps == 10_000
    assert finding.answer == "10000/s, the most that was to be tried, holds p99 < 300 ms"
    assert finding.confirmed_rps == 10_000
    assert finding.interval is None


def test_a_target_that_bears_nothing_ends_the_search_with_a_plain_answer() -> None:
    finding, steps = search(lambda _step: False)
    assert len(steps) < 10
    assert finding.confirmed_rps is None
    assert finding.answer.startswith("no rate was found that holds p99 < 300 ms; 0.")


def test_what_held_in_steps_but_in_no_hold_is_not_called_nothing() -> None:
    finding, steps = search(lambda step: step.kind is not StepKind.HOLD and step.rps <= 40)
    assert len(steps) < 30
    assert finding.confirmed_rps is None
    assert "held in a step, but no hold confirms a rate" in finding.answer
    assert "no rate was found" not in finding.answer


def test_an_answer_before_the_end_says_what_is_known_so_far() -> None:
    finding = CapacitySearch(SPEC)
    assert finding.answer == "no rate was found that holds p99 < 300 ms"
    finding.first()
    finding.next(result(100))
    words = "10/s held in a step, but no hold confirms a rate"
    assert finding.answer == f"p99 < 300 ms: {words}"
    finding.next(result(900))
    assert finding.answer.startswith("holds ")
    assert finding.answer.endswith(f" (95 %): p99 < 300 ms; {words}; 20/s did not (p99 900.0 ms)")


@pytest.mark.parametrize("name", QUEUES)
def test_intervals_contain_the_knee_and_no_rate_is_confirmed_far_beyond_it(name: str) -> None:
    """M/D/2 and M/M/4 by seeds; searches that took single steps at their word erred in 11 %."""
    queue, within, sent, widths = QUEUES[name], 0, [], []
    spec = CapacitySpec(start_rps=10, max_rps=400, limit_ns=queue.limit_ns)
    for seed in range(SEARCHES):
        finding, arrivals = searched(queue, spec, seed)
        found = finding.interval
        assert found is not None
        within += found.low_rps <= queue.knee_rps <= found.high_rps
        assert (finding.confirmed_rps or 0) < 1.08 * queue.knee_rps
        sent.append(arrivals)
        widths.append(found.half_width)
    assert within >= SEARCHES - 1
    assert np.mean(sent) < 9_500
    assert np.median(widths) < 0.2


@pytest.mark.parametrize(
    ("what", "fault"),
    [
        (result(), None),
        (result(299.9), None),
        (result(300), "p99 300.0 ms"),
        (result(299, bound=True), "p99 ≥ 299.0 ms"),  # it may be any more
        (result(server_error=10), None),
        (result(server_error=11), "1.1% errors"),
        (result(server_error=6, timeout=5), "1.1% errors"),
        (result(throttled=5), "0.5% throttled"),
        (result(dropped=1), "1 of 1000 arrivals found no free slot: load.in_flight is the limit"),
        (result(900, dropped=500), "p99 900.0 ms"),
        (result(in_flight=20), "2.0% errors"),
        (
            result(in_flight=10, dropped=5),
            "5 of 1000 arrivals found no free slot: load.in_flight is the limit",
        ),
        (result(None), "nothing was answered"),
        (result(offered=0), "nothing was offered"),
    ],
)
def test_what_makes_a_step_fail(what: StepResult, fault: str | None) -> None:
    assert what.fault(SPEC) == fault


def test_throttles_within_their_share_are_no_errors_either() -> None:
    spec = replace(SPEC, throttle_rate=0.02)
    assert result(throttled=20).fault(spec) is None
    assert result(throttled=21).fault(spec) == "2.1% throttled"
    assert result(throttled=20, server_error=11).fault(spec) == "1.1% errors"
