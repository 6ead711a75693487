"""Seconds in their final form: given out while the run goes on, and what comes for them after."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from bench.model.outcome import Verdict
from bench.model.profile import Phase
from bench.model.result import Interval
from bench.model.times import NS_PER_MS, NS_PER_S
from bench.record.aggregate import WINDOW_MAX_S, Aggregate
from bench.record.folder import RunFolder
from bench.record.intervals_csv import RecordedIntervals, intervals_lines
from bench.record.recorded_run import INTERVALS, RecordedRun
from bench.record.second_figures import second_figures
from bench.shapes.ramp import constant_rate
from tests.record.build import PromptAggregate, Shipment, profile_of, random_load, row, together

LOADED_S = 20
LATE_S = LOADED_S + WINDOW_MAX_S + 10


class Run:
    """Twenty seconds of load, and a coordinator that goes on until they have settled."""

    def __init__(self, root: Path) -> None:
        self.profile = profile_of(
            phases=(
                Phase("warm-up", constant_rate(5.0, 3_500 * NS_PER_MS), measured=False),
                Phase("steady", constant_rate(10.0, (LOADED_S * 1000 - 3_500) * NS_PER_MS)),
            )
        )
        self.aggregate = PromptAggregate(self.profile, together(self.profile))
        self.folder = RunFolder.create(root, self.profile, "", {})
        self.given: list[Interval] = []

    def load(self) -> None:
        shipment = random_load(Random(6), together(self.profile))
        shipment.to(self.aggregate)

    def pass_time(self, until_s: int, from_s: int = 1) -> None:
        for second in range(from_s, until_s + 1):
            self.aggregate.advance(second * NS_PER_S)
            self.folder.append_intervals(self.aggregate.passed())
            self.folder.append_histograms(self.aggregate.closed_histograms())
            settled = list(self.aggregate.settled())
            self.given += settled
            self.folder.append_settled(settled)

    def end(self) -> RecordedRun:
        return self.folder.finish(
            self.aggregate.totals(),
            self.aggregate.intervals(),
            (),
            Verdict.VALID,
            curves=self.aggregate.curves(),
            unsettled=self.aggregate.unsettled(),
        )


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    made = Run(tmp_path)
    yield made
    made.folder.close()


def rest(aggregate: Aggregate) -> list[Interval]:
    unsettled = aggregate.unsettled()
    assert unsettled is not None
    return list(unsettled)


def test_no_second_is_settled_before_its_values_are_let_go(run: Run) -> None:
    run.load()
    run.pass_time(WINDOW_MAX_S - 1)
    assert run.given == []
    assert rest(run.aggregate) == list(run.aggregate.intervals())


@pytest.mark.parametrize("until_s", [WINDOW_MAX_S + 5, WINDOW_MAX_S + 12, LATE_S])
def test_each_second_is_given_once_and_in_the_order_of_the_file(run: Run, until_s: int) -> None:
    run.load()
    run.pass_time(until_s)
    assert run.given
    assert run.given + rest(run.aggregate) == list(run.aggregate.intervals())


def test_a_second_that_waits_for_an_answer_holds_back_those_behind_it(run: Run) -> None:
    shipment = Shipment()
    for second in range(LOADED_S):
        shipment.offer(second * NS_PER_S, segment=int(second > 3))
        if second != 7:
            shipment.rows.append(row(second * NS_PER_S, segment=int(second > 3)))
    shipment.to(run.aggregate)
    run.pass_time(LATE_S)
    assert {interval.t_s for interval in run.given} == set(range(7))
    run.aggregate.add_rows(0, row(7 * NS_PER_S, segment=1))
    run.pass_time(LATE_S + 2, LATE_S + 1)
    assert {interval.t_s for interval in run.given} == set(range(LOADED_S))


def test_the_end_of_a_run_writes_what_writing_all_of_it_anew_would(run: Run) -> None:
    run.load()
    run.pass_time(WINDOW_MAX_S + 9)
    ended = run.end()
    text = (ended.folder / INTERVALS).read_text(encoding="utf-8")
    assert text == "".join(intervals_lines(run.aggregate.intervals()))
    gathered, anew = ended.second_figures(), second_figures(ended.intervals)
    assert gathered.rows.tolist() == anew.rows.tolist()
    assert gathered.variants == anew.variants
    assert ended.end_s == LOADED_S


@pytest.mark.parametrize("segment", [0, 1])
def test_what_comes_for_a_settled_second_is_in_the_file_all_the_same(
    run: Run, segment: int
) -> None:
    """Also if nothing was known of it: its second 2 lies in segment 0."""
    run.load()
    run.pass_time(200)
    run.aggregate.add_rows(0, row(2 * NS_PER_S, segment=segment))
    assert run.aggregate.unsettled() is None
    ended = run.end()
    text = (ended.folder / INTERVALS).read_text(encoding="utf-8")
    assert text == "".join(intervals_lines(run.aggregate.intervals()))
    assert ended.second_figures().rows.size == len(run.aggregate.intervals())


def test_a_run_that_is_killed_leaves_nothing_beside_its_files(run: Run) -> None:
    run.load()
    run.pass_time(LATE_S)
    assert not [path for path in run.folder.path.iterdir() if path.name.startswith(".")]
    names = {path.name for path in run.folder.path.iterdir()}
    assert len(names) == 6


def test_recorded_intervals_are_read_anew_each_time_without_a_row_that_was_cut_off(
    run: Run,
) -> None:
    run.load()
    run.pass_time(30)
    path = run.end().folder / INTERVALS
    recorded = RecordedIntervals(path)
    assert len(recorded) == len(list(recorded)) == len(run.aggregate.intervals())
    assert next(iter(recorded)) in recorded
    path.write_bytes(path.read_bytes()[:-9])
    assert len(recorded) == len(run.aggregate.intervals()) - 1
    path.unlink()
    assert list(recorded) == []
