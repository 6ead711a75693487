"""The answer in a few rows: one base for all, and what chance leaves open said with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.record.conclusions import advice_of
from bench.record.figure import Figure
from bench.record.recorded_run import RecordedRun
from bench.report.answer import RunAnswer, answer_of
from tests.record.build import DOOR, LARGE, SMALL
from tests.report.build import recorded


@pytest.fixture
def run(tmp_path: Path) -> RecordedRun:
    return recorded(tmp_path)


def answer(run: RecordedRun, base: str | None = None) -> RunAnswer:
    return answer_of(run.windows, run.curves, advice_of(run), base)


def test_choices_come_first_and_doors_behind(run: RecordedRun) -> None:
    labels = [line.label for line in answer(run).lines]
    assert labels == ["Best trade", "Fastest", "Cheapest", "Doors add"]


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
    found = answer_of([window], run.curves, advice_of(run))
    assert [line.label for line in found.lines] == ["Response", "Succeeded"]
    assert found.base is None
    assert "p50" in found.lines[0].subject


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
