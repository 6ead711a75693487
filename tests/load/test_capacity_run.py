"""Steps of a search as segments, and rows and counts as their results."""

from __future__ import annotations

import numpy as np

from bench.load.capacity_run import CapacityRun
from bench.model.outcome import Outcome
from bench.model.profile import CapacitySpec
from bench.model.result import CapacityAnswer
from bench.model.times import NS_PER_MS, NS_PER_S
from bench.record.row_layout import COUNT_FIELDS, FLAG_FINAL, ROW_FIELDS

SPEC = CapacitySpec(start_rps=1500, max_rps=2000, limit_ns=100 * NS_PER_MS, settle_ns=NS_PER_S)
STEP_END_NS = SPEC.settle_ns + SPEC.step_ns


def rows(segment: int, count: int, response_ms: int = 50) -> bytes:
    made = np.zeros(count, dtype=list(ROW_FIELDS))
    made["segment"], made["flags"], made["outcome"] = segment, FLAG_FINAL, Outcome.OK
    made["last_ns"] = response_ms * NS_PER_MS
    return made.tobytes()


def counts(segment: int, offered: int, dropped: int = 0) -> bytes:
    made = np.zeros(1, dtype=list(COUNT_FIELDS))
    made["segment"], made["offered"], made["dropped"] = segment, offered, dropped
    return made.tobytes()


def test_a_step_settles_first_and_is_judged_by_its_own_measured_rows() -> None:
    explorer = CapacityRun(SPEC, ["a"])
    (settle, settling), (own, measured) = explorer.begin(0)
    assert (settling.measured, measured.measured) == (False, True)
    assert (settle.end_ns, measured.name) == (own.start_ns, "step 1: grow 1500/s")
    explorer.add_counts(counts(settle.index, 10))
    explorer.add_rows(rows(settle.index, 10, response_ms=900))
    explorer.add_counts(counts(own.index, 10))
    explorer.add_rows(rows(own.index, 10))
    assert explorer.is_over(STEP_END_NS + NS_PER_S)
    assert explorer.conclude() == ("1500/s holds", None)
    assert explorer.begin(STEP_END_NS)[0][1].name == "step 2: settle 2000/s"


def test_the_next_step_waits_until_the_queue_of_the_last_one_is_gone() -> None:
    explorer = CapacityRun(SPEC, ["a"])
    own = explorer.begin(0)[1][0]
    explorer.add_counts(counts(own.index, 10))
    explorer.add_rows(rows(own.index, 6))
    assert not explorer.is_over(STEP_END_NS + 10 * NS_PER_S)
    explorer.add_rows(rows(own.index, 4, response_ms=9_000))
    assert explorer.is_over(STEP_END_NS + 10 * NS_PER_S)


def test_answers_that_never_come_are_waited_for_only_so_long() -> None:
    explorer = CapacityRun(SPEC, ["a"])
    own = explorer.begin(0)[1][0]
    explorer.add_counts(counts(own.index, 10))
    assert explorer.is_over(STEP_END_NS + 60 * NS_PER_S)
    assert explorer.conclude()[0] == "1500/s does not hold: 100.0% errors"


def test_a_search_that_is_cut_short_says_how_far_it_came() -> None:
    explorer = CapacityRun(SPEC, ["a", "b"])
    own = explorer.begin(0)[1][0]
    explorer.add_counts(counts(own.index, 10))
    explorer.add_rows(rows(own.index, 10))
    explorer.conclude()
    early = "the search was ended early: "
    assert explorer.early_answers() == [
        CapacityAnswer(
            "a", None, f"{early}1500/s held p99 < 100 ms in a step, but no hold confirms it"
        ),
        CapacityAnswer("b", None, f"{early}no rate was tried"),
    ]


def test_each_variant_has_an_answer_of_its_own() -> None:
    explorer = CapacityRun(SPEC, ["a", "b"])
    answers = []
    at_ns = 0
    while not explorer.has_ended:
        own = explorer.begin(at_ns)[-1][0]
        at_ns = own.end_ns
        explorer.add_counts(counts(own.index, 10))
        explorer.add_rows(rows(own.index, 10))
        answers.append(explorer.conclude()[1])
    held = "2000/s, the most that was to be tried, holds p99 < 100 ms"
    found = [answer for answer in answers if answer is not None]
    assert found == [CapacityAnswer("a", 2000, held), CapacityAnswer("b", 2000, held)]
    assert explorer.early_answers() == []
