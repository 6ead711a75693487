"""A run of hours keeps no more than one of minutes: what is per second goes to disk."""

from __future__ import annotations

import gc
import sys
from collections.abc import Collection, Iterator
from pathlib import Path

import pytest

from bench.model.live import WorkerHealth
from bench.model.outcome import Verdict
from bench.model.profile import Phase, Profile
from bench.model.result import Interval
from bench.model.times import NS_PER_MS, NS_PER_S
from bench.record.aggregate import Aggregate
from bench.record.folder import RunFolder
from bench.record.recorded_run import INTERVALS
from bench.record.vitals import VitalSigns
from bench.shapes.ramp import constant_rate
from tests.record.build import counts, profile_of, row, together

EARLY_S, LATE_S = 400, 900
"""By the first all that is bounded has reached its bound; from there on it must stay."""
STEADY = (Phase("steady", constant_rate(1.0, LATE_S * NS_PER_S)),)


class LongRun:
    """What a coordinator does all the time, second by second, with no view that looks at it."""

    def __init__(self, root: Path, profile: Profile) -> None:
        self.aggregate = Aggregate(profile, together(profile))
        self.folder = RunFolder.create(root, profile, "", {})
        self._vitals = VitalSigns(self.aggregate)

    def live(self, second: int) -> None:
        """One second, in which an invocation of each variant comes and goes."""
        at_ns = second * NS_PER_S
        aggregate = self.aggregate
        aggregate.add_counts(0, counts({(second, variant, 0): (1, 0) for variant in (0, 1)}))
        response_ns = (1 + second % 97) * NS_PER_MS
        rows = (row(at_ns, variant=variant, response_ns=response_ns) for variant in (0, 1))
        aggregate.add_rows(0, b"".join(rows))
        now_ns = at_ns + NS_PER_S
        aggregate.advance(now_ns)
        self.folder.append_intervals(aggregate.passed())
        self.folder.append_histograms(aggregate.closed_histograms())
        worker = WorkerHealth(0, True, 0.3, 54.0, 2, 2, 1)
        self.folder.append_vitals(self._vitals.tick(now_ns, [worker]))


@pytest.fixture
def long_run(tmp_path: Path) -> Iterator[LongRun]:
    made = LongRun(tmp_path, profile_of(phases=STEADY))
    yield made
    made.folder.close()


def objects() -> int:
    """Small blocks of memory in use: every object has one at least."""
    gc.collect()
    return sys.getallocatedblocks()


@pytest.mark.long
def test_nothing_is_kept_for_each_second_of_a_long_run(long_run: LongRun) -> None:
    for second in range(EARLY_S):
        long_run.live(second)
    early = objects()
    for second in range(EARLY_S, LATE_S):
        long_run.live(second)
    assert objects() - early < (LATE_S - EARLY_S) / 4
    assert sum(i.window.tally.ok for i in long_run.aggregate.intervals()) == 2 * LATE_S


class Counted(Collection[Interval]):
    """Intervals, and how many of them are there at the same time while they are gone through."""

    def __init__(self, intervals: Collection[Interval]) -> None:
        self._intervals = intervals
        self.most = 0

    def __len__(self) -> int:
        return len(self._intervals)

    def __contains__(self, interval: object) -> bool:
        return interval in self._intervals

    def __iter__(self) -> Iterator[Interval]:
        for number, interval in enumerate(self._intervals):
            yield interval
            if number % 50 == 49:
                alive = sum(type(thing) is Interval for thing in gc.get_objects())
                self.most = max(self.most, alive)


def test_the_seconds_of_a_run_are_never_in_memory_all_at_once(long_run: LongRun) -> None:
    for second in range(100):
        long_run.live(second)
    aggregate = long_run.aggregate
    seconds = Counted(aggregate.intervals())
    run = long_run.folder.finish(
        aggregate.totals(), seconds, (), Verdict.VALID, curves=aggregate.curves()
    )
    assert (run.folder / INTERVALS).read_text().count("\n") == 1 + 200
    assert seconds.most < 5
