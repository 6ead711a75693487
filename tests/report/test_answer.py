"""The answer in a few rows: one base for all, and what chance leaves open said with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from bench.format import size_name
from bench.model.outcome import Verdict
from bench.model.result import Tally, Window
from bench.record.conclusions import advice_of, compared
from bench.record.figure import Figure
from bench.record.recorded_run import RecordedRun
from bench.report.answer import RunAnswer, answer_of
from bench.stats.one_kind import of_one_kind
from bench.stats.recommend import Choice, advise
from tests.record.build import DOOR, LARGE, SMALL
from tests.report.build import recorded


@pytest.fixture
def run(tmp_path: Path) -> RecordedRun:
    return recorded(tmp_path)


def answer(run: RecordedRun, base: str | None = None) -> RunAnswer:
    return answer_of(compared(run), advice_of(run), base)


def test_choices_come_first_and_doors_behind(run: RecordedRun) -> None:
    labels = [line.label for line in answer(run).lines]
    assert labels == ["Best trade", "Fastest", "Cheapest", "Left out", "Doors add"]


def test_the_cheapest_is_the_base_until_one_is_chosen(run: RecordedRun) -> None:
    cheapest = next(line for line in answer(run).lines if line.label == "Cheapest")
    assert answer(run).base == cheapest.names[0]
    assert cheapest.change_text == "the base"
    chosen = answer(run, LARGE.name)
    assert chosen.base == LARGE.name
    assert not any(line.change for line in chosen.lines if line.names[:1] == (LARGE.name,))
    assert set(chosen.differences) == {w.variant.name for w in run.windows} - {LARGE.name}


def test_every_change_on_a_screen_is_against_the_one_base(run: RecordedRun) -> None:
    found = answer(run, SMALL.name)
    fastest = next(line for line in found.lines if line.label == "Fastest")
    difference = found.differences[fastest.names[0]]
    assert difference is not None
    assert difference.relative is not None
    assert difference.relative < -0.5
    assert fastest.change[0].value.lstrip("~?").startswith("−")


def test_a_time_says_where_the_true_one_lies(run: RecordedRun) -> None:
    best = answer(run).lines[0]
    assert best.time is not None
    low, _, rest = best.interval.partition(" … ")
    high, unit = rest.split()
    assert unit == best.time.unit
    assert float(low) <= float(best.time.value) <= float(high)


def test_a_door_says_what_it_adds(run: RecordedRun) -> None:
    doors = answer(run).lines[-1]
    assert DOOR.endpoint.value in doors.subject
    assert " ms" in doors.subject
    assert "Invoke's median" in doors.note


def test_with_one_variant_there_is_nothing_to_choose(run: RecordedRun) -> None:
    (window,) = (window for window in run.windows if window.variant == LARGE)
    found = answer_of(of_one_kind([window], run.curves), advice_of(run))
    assert [line.label for line in found.lines] == ["Response", "Succeeded"]
    assert found.base is None
    assert "p50" in found.lines[0].subject


def test_what_a_choice_costs_more_is_marked_where_it_may_be_as_cheap_as_the_cheapest(
    run: RecordedRun,
) -> None:
    advice, windows = advice_of(run), [*judged(run, {})]
    assert advice.best is not None
    base = replace(windows[0], usd_per_million=0.1)
    others = [replace(window, usd_per_million=0.2) for window in windows[1:]]
    for alike, unknown, mark in (((LARGE,), (), "~"), ((), (LARGE,), "?"), ((), (), "")):
        cheapest = Choice(base.variant, "$0.10", alike, unknown)
        told = replace(advice, cheapest=cheapest, best=replace(advice.best, variant=LARGE))
        line = answer_of(of_one_kind([base, *others], run.curves), told).lines[0]
        cost = next(figure for figure in line.change if figure.caption == "cost")
        assert (cost.value, cost.is_sure) == (f"{mark}+100", not mark)


def test_what_is_best_in_two_ways_alike_is_told_once(run: RecordedRun) -> None:
    advice = advice_of(run)
    assert advice.best is not None and advice.fastest is not None and advice.cheapest is not None
    alike = replace(advice, fastest=replace(advice.best, text="p90 45 ms"))
    labels = [line.label for line in answer_of(compared(run), alike).lines]
    assert labels[:2] == ["Best trade, fastest", "Cheapest"]
    every = replace(alike, cheapest=advice.best)
    line = answer_of(compared(run), every).lines[0]
    assert (line.label, line.change_text) == ("Best trade, fastest, cheapest", "the base")
    other = replace(advice, fastest=replace(advice.best, alike=(SMALL,)))
    labels = [line.label for line in answer_of(compared(run), other).lines]
    assert labels[:2] == ["Best trade", "Fastest"], "one of them may be another"


def judged(run: RecordedRun, verdicts: dict[str, Verdict]) -> list[Window]:
    """The windows, with these verdicts."""
    return [
        replace(window, verdict=verdicts.get(window.variant.name, Verdict.VALID))
        for window in run.windows
    ]


def told(run: RecordedRun, windows: Sequence[Window]) -> dict[str, str]:
    advice = advise(windows, run.curves, classes=run.class_curves)
    found = answer_of(of_one_kind(windows, run.curves), advice)
    return {line.label: line.subject for line in found.lines}


def test_nobody_is_told_that_the_only_size_with_valid_results_is_the_best(run: RecordedRun) -> None:
    found = told(run, judged(run, {SMALL.name: Verdict.INVALID}))
    assert found["No choice"] == f"only {size_name(LARGE)} has valid results with few failures"
    assert not {"Best trade", "Fastest", "Cheapest"} & set(found)
    every = told(run, judged(run, dict.fromkeys(run.curves, Verdict.INVALID)))
    assert every["No choice"] == "no variant has valid results with few failures"


def test_a_size_that_is_left_out_is_named_with_the_reason(run: RecordedRun) -> None:
    found = told(run, judged(run, {}))
    assert found["Left out"] == f"{size_name(SMALL)}: too many calls failed"
    assert found["Fastest"] == size_name(LARGE)
    third = replace(run.windows[0], variant=replace(SMALL, memory_mb=256), verdict=Verdict.INVALID)
    found = told(run, [*judged(run, {}), third])
    assert found["Left out"] == "128, 256 MB: INVALID or too many calls failed"


def test_before_all_have_had_their_turn_nothing_is_left_out(run: RecordedRun) -> None:
    windows = judged(run, {SMALL.name: Verdict.INVALID})
    waiting = replace(windows[0], variant=replace(SMALL, memory_mb=256), tally=Tally())
    assert not {"Left out", "No choice"} & set(told(run, [*windows, waiting]))


@pytest.mark.parametrize(
    ("figure", "text"),
    [
        (Figure("p99", "12.4", "ms"), "p99 12.4 ms"),
        (Figure("", "$0.45", "/M"), "$0.45/M"),
        (Figure("cost", "+4.2", "%"), "cost +4.2 %"),
    ],
)
def test_a_figure_reads_as_one_phrase(figure: Figure, text: str) -> None:
    assert figure.text == text
