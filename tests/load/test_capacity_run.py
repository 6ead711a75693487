"""Steps of a search as segments, and what the aggregate has of them as their results."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from bench.load.capacity_run import BY_CHANCE, CapacityRun
from bench.load.recovery_search import ALWAYS
from bench.model.load import Plan, Segment, Turn
from bench.model.outcome import Outcome
from bench.model.profile import CapacitySpec, Phase
from bench.model.result import CapacityAnswer
from bench.model.search_disturbance import DisturbanceKind, SearchDisturbance
from bench.model.times import NS_PER_MS, NS_PER_S
from tests.record.build import LARGE, SMALL, PromptAggregate, Shipment, profile_of, row

SPEC = CapacitySpec(start_rps=1500, max_rps=2000, limit_ns=100 * NS_PER_MS, settle_ns=NS_PER_S)
STEP_END_NS = SPEC.settle_ns + SPEC.step_ns
A, B = SMALL.name, LARGE.name


class Search:
    """A search with the aggregate that its steps are measured by."""

    def __init__(self, spec: CapacitySpec = SPEC) -> None:
        self.aggregate = PromptAggregate(replace(profile_of(), phases=(), capacity=spec), Plan(()))
        self.run = CapacityRun(spec, [SMALL, LARGE], self.aggregate)

    def begin(self, at_ns: int = 0) -> list[tuple[Segment, Phase]]:
        made = self.run.begin(at_ns)
        for segment, phase in made:
            self.aggregate.add_segment(segment, phase)
        return made

    def measured(self, at_ns: int = 0) -> Segment:
        """The measured part of the next step."""
        return self.begin(at_ns)[-1][0]

    def offer(self, segment: Segment, *, answered_ms: Sequence[float] = (), **others: int) -> None:
        """Arrivals at a segment's start: some answered, some of another outcome, or of none."""
        shipment = Shipment()
        variant, at_ns = segment.variants[0], segment.start_ns
        kept, dropped = others.pop("in_flight", 0), others.pop("dropped", 0)
        ended = [(Outcome.OK, ms) for ms in answered_ms]
        for name, count in others.items():
            ended += [(Outcome[name.upper()], 50.0)] * count
        for i in range(len(ended) + kept + dropped):
            shipment.offer(at_ns, variant, segment.index, drop=i < dropped)
        for outcome, ms in ended:
            response_ns = round(ms * NS_PER_MS)
            shipment.rows.append(
                row(
                    at_ns,
                    variant=variant,
                    segment=segment.index,
                    outcome=outcome,
                    response_ns=response_ns,
                    answered=outcome is Outcome.OK,
                )
            )
        shipment.to(self.aggregate)

    def words(self, _spec: CapacitySpec | None = None) -> str:
        return self.run.conclude()[0].removesuffix(BY_CHANCE)


def verdict(spec: CapacitySpec = SPEC, answered_ms: Sequence[float] = (), **others: int) -> str:
    """What a step shows that met this."""
    search = Search(spec)
    search.offer(search.measured(), answered_ms=answered_ms, **others)
    return search.words()


def test_a_step_settles_first_and_is_judged_by_its_own_measured_rows() -> None:
    search = Search()
    (settle, settling), (own, measured) = search.begin()
    assert (settling.measured, measured.measured) == (False, True)
    assert (settle.end_ns, measured.name) == (own.start_ns, "step 1: grow 1500/s")
    search.offer(settle, answered_ms=[900] * 10)
    search.offer(own, answered_ms=[50] * 10)
    assert not search.run.is_over(STEP_END_NS + NS_PER_S // 2 - 1)
    assert search.run.is_over(STEP_END_NS + NS_PER_S // 2)
    words, fields, answer = search.run.conclude()
    assert (words, answer) == ("1500/s holds", None)
    told = {"variant": A, "step": 1, "tried": "grow", "rate_rps": 1500, "fault": ""}
    assert fields == told
    assert search.begin(STEP_END_NS)[0][1].name == "step 2: settle 2000/s"


def test_a_step_that_fails_whatever_is_to_come_is_cut_there() -> None:
    search = Search()
    own = search.measured()
    at_ns = own.start_ns + 2 * NS_PER_S
    search.offer(own, answered_ms=[50] * 900 + [150] * 50)
    assert search.run.cut(at_ns - NS_PER_S, at_ns) is None
    search.offer(own, answered_ms=[150] * 60)
    assert search.run.cut(at_ns - NS_PER_S, at_ns) is None  # it was asked a moment ago
    cut = search.run.cut(at_ns - NS_PER_S // 2, at_ns)
    assert cut is not None
    segment, phase = cut
    assert (segment.index, segment.end_ns, phase.name) == (own.index, at_ns, "step 1: grow 1500/s")
    assert search.run.current(at_ns) == (None, "step 1: waiting for answers")
    assert search.run.is_over(at_ns + NS_PER_S // 2)
    assert search.words() == "1500/s does not hold: p99 150.0 ms"


def test_the_next_step_waits_until_the_queue_of_the_last_one_is_gone() -> None:
    search = Search()
    own = search.measured()
    search.offer(own, answered_ms=[50] * 6, in_flight=4)
    assert not search.run.is_over(STEP_END_NS + 10 * NS_PER_S)
    late = row(own.start_ns, segment=own.index, response_ns=9 * NS_PER_S)
    search.aggregate.add_rows(0, late * 4)
    assert search.run.is_over(STEP_END_NS + 10 * NS_PER_S)


def test_answers_that_never_come_are_waited_for_only_so_long() -> None:
    search = Search()
    search.offer(search.measured(), in_flight=10)
    waited_ns = STEP_END_NS + SPEC.limit_ns + 30 * NS_PER_S
    assert not search.run.is_over(waited_ns)
    assert search.run.is_over(waited_ns + 1)
    assert search.words() == "1500/s does not hold: 100.0% errors"


@pytest.mark.parametrize(
    ("q", "count", "decides"),
    [(0.99, 100, 99), (0.99, 101, 100), (0.5, 10, 5), (0.9, 20, 18), (0.07, 100, 7), (0.999, 9, 9)],
)
def test_the_order_statistic_that_decides_is_the_nearest_rank(
    q: float, count: int, decides: int
) -> None:
    """Response times of 1, 2, 3 … ms: where the limit lies between two, one more or less shows."""
    times = [float(ms) for ms in range(1, count + 1)]
    spec = replace(SPEC, q=q)
    holds = replace(spec, limit_ns=round((decides + 0.5) * NS_PER_MS))
    fails = replace(spec, limit_ns=round((decides - 0.5) * NS_PER_MS))
    assert verdict(holds, times) == "1500/s holds"
    assert verdict(fails, times).startswith(f"1500/s does not hold: p{q * 100:g} {decides}.0")


def test_a_time_out_counts_as_at_least_what_it_took() -> None:
    """One in fifty timed out after 50 ms: nobody knows that the other limit was kept."""
    spec = replace(SPEC, error_rate=0.1)
    assert verdict(spec, [10.0] * 98, timeout=2) == "1500/s does not hold: p99 ≥ 50.0 ms"
    assert verdict(spec, [10.0] * 99, timeout=1) == "1500/s holds"


def test_what_was_never_answered_makes_no_quantile_better() -> None:
    """A refused connection ends at once; without it the answered ones are too slow."""
    spec = replace(SPEC, q=0.5, error_rate=0.9)
    words = "1500/s does not hold: p50 150.0 ms"
    assert verdict(spec, [150.0] * 4, connect_error=6) == words
    assert verdict(spec, [150.0] * 4, in_flight=6) == words
    assert verdict(spec, [150.0] * 4, dropped=6) == words


def test_shares_are_of_all_that_was_offered() -> None:
    assert verdict(SPEC, [50.0] * 99, in_flight=1) == "1500/s holds"
    assert verdict(SPEC, [50.0] * 98, in_flight=1, server_error=1).endswith("2.0% errors")
    assert verdict(SPEC, [50.0] * 99, throttled=1).endswith("1.0% throttled")
    assert "1 of 100 arrivals found no free slot" in verdict(SPEC, [50.0] * 99, dropped=1)


def test_one_slow_answer_of_few_is_told_as_what_it_is() -> None:
    search = Search()
    search.offer(search.measured(), answered_ms=[50] * 9 + [150])
    words = search.run.conclude()[0]
    assert words == "1500/s does not hold: p99 150.0 ms, by too few answers to tell"
    assert search.begin(STEP_END_NS)[0][1].name == "step 2: settle 2000/s"


def test_a_search_that_is_cut_short_says_how_far_it_came() -> None:
    search = Search()
    search.offer(search.measured(), answered_ms=[50] * 10)
    search.run.conclude()
    early = "the search was ended early: "
    assert search.run.early_answers() == [
        CapacityAnswer(
            A, None, f"{early}p99 < 100 ms: 1500/s held in a step, but no hold confirms a rate"
        ),
        CapacityAnswer(B, None, f"{early}no rate was tried"),
    ]


def test_each_variant_has_an_answer_of_its_own() -> None:
    search = Search()
    answers = []
    at_ns = 0
    while not search.run.has_ended:
        own = search.measured(at_ns)
        at_ns = own.end_ns
        search.offer(own, answered_ms=[50] * 10)
        answers.append(search.run.conclude()[2])
    held = "2000/s, the most that was to be tried, holds p99 < 100 ms"
    found = [answer for answer in answers if answer is not None]
    assert found == [CapacityAnswer(A, 2000, held), CapacityAnswer(B, 2000, held)]
    assert search.run.early_answers() == []


def test_between_a_steps_end_and_its_last_answer_there_is_no_segment() -> None:
    search = Search()
    own = search.measured()
    assert search.run.current(own.end_ns - 1) == (own, "step 1: grow 1500/s")
    assert search.run.current(own.end_ns) == (None, "step 1: waiting for answers")


# -- which rate recovers

STALL = SearchDisturbance(DisturbanceKind.STALL, 2 * NS_PER_S)
RECOVERING = replace(SPEC, start_rps=2000, recovers_from=STALL, within_ns=3 * NS_PER_S)


def recovering(spec: CapacitySpec = RECOVERING) -> Search:
    """A search that has confirmed the highest rate, and now looks for what recovers."""
    search = Search(spec)
    for _ in range(2):
        search.offer(search.measured(), answered_ms=[50] * 10)
        assert search.run.strikes is None
        assert search.run.conclude()[2] is None
    return search


def test_a_trial_settles_is_disturbed_and_is_measured_once_it_has_had_time_to_recover() -> None:
    search = recovering()
    made = search.begin(100 * NS_PER_S)
    assert [(s.start_ns // NS_PER_S, s.end_ns // NS_PER_S, p.measured) for s, p in made] == [
        (100, 101, False),
        (101, 103, False),
        (103, 106, False),
        (106, 111, True),
    ]
    names = [phase.name for _, phase in made]
    assert names == [f"step 3: {kind} 2000/s" for kind in ("settle", "stall", "settle", "recover")]
    assert search.run.strikes == Turn(SMALL, 101 * NS_PER_S)


def test_every_step_begins_with_callers_made_anew_and_goes_on_with_them() -> None:
    assert [segment.renews for segment, _ in Search().begin()] == [True, False]
    assert [segment.renews for segment, _ in recovering().begin()] == [True, False, False, False]
    unsettled = Search(replace(SPEC, settle_ns=0))
    assert [segment.renews for segment, _ in unsettled.begin()] == [True]


def test_an_overload_is_a_rate_of_its_own() -> None:
    overload = SearchDisturbance(DisturbanceKind.OVERLOAD, 2 * NS_PER_S, 1.5)
    search = recovering(replace(RECOVERING, recovers_from=overload))
    rates = [segment.shape.rate_rps(0) for segment, _ in search.begin()]
    assert rates == [2000, 3000, 2000, 2000]
    assert search.run.strikes is None


def test_the_next_trial_waits_for_what_the_disturbance_has_left_under_way() -> None:
    search = recovering()
    made = search.begin()
    search.offer(made[1][0], in_flight=1)
    search.offer(made[-1][0], answered_ms=[50] * 10)
    assert not search.run.is_over(made[-1][0].end_ns + NS_PER_S)


def test_an_answer_has_both_rates() -> None:
    search = recovering()
    for _ in range(ALWAYS):
        search.offer(search.measured(), answered_ms=[50] * 10)
        words, _, answer = search.run.conclude()
    assert words == "2000/s recovers"
    assert answer is not None
    assert "; after a stall of 2 s 2000/s recovers too (95 %: " in answer.text
    assert (answer.rate_rps, answer.relapses_rps) == (2000, 2000)
    assert search.measured().variants == (1,)


def test_a_trial_that_does_not_recover_says_why() -> None:
    search = recovering()
    search.offer(search.measured(), answered_ms=[50] * 10, throttled=5)
    assert search.run.conclude()[0] == "2000/s does not recover: 33.3% throttled"
    assert search.begin()[-1][0].shape.rate_rps(0) < 2000
