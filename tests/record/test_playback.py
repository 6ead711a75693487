"""A recorded run at any second, and a run followed while it is written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from bench.errors import UsageError
from bench.model.live import RunEvent
from bench.model.load import Plan
from bench.model.outcome import Outcome, Verdict
from bench.model.profile import Phase, Profile
from bench.model.result import Measure, Tally, Window
from bench.model.times import NS_PER_S
from bench.profile import resolved_toml
from bench.record.aggregate import Aggregate
from bench.record.file_tail import FileTail
from bench.record.folder import RunFolder
from bench.record.load_run import recovered
from bench.record.playback import RunPlayback
from bench.shapes.ramp import constant_rate
from tests.record.build import SMALL, Shipment, counts, profile_of, random_load, row, together

PHASES = (
    Phase("warm-up", constant_rate(5.0, 3 * NS_PER_S), measured=False),
    Phase("steady", constant_rate(30.0, 9 * NS_PER_S)),
)


class Recording:
    """A run of twelve seconds whose load is known: what ends by a second, and what goes on."""

    def __init__(self, root: Path) -> None:
        self.profile: Profile = profile_of(phases=PHASES)
        self.plan = together(self.profile)
        self.aggregate = Aggregate(self.profile, self.plan)
        self.folder = RunFolder.create(root, self.profile, resolved_toml(self.profile), {})
        self.folder.event(RunEvent(0, "start", "a trial"))
        self.load = random_load(Random(8), self.plan)
        for i in range(400):
            at_ns = 3 * NS_PER_S + i * 20_000_000
            self.load.offer(at_ns, segment=1)
            outcome = Outcome.TIMEOUT if i % 20 == 0 else Outcome.OK
            response_ns = (1 + i % 50) * 10_000_000
            self.load.rows.append(
                row(at_ns, segment=1, outcome=outcome, response_ns=response_ns, billed_ms=10)
            )

    def go(self, until_s: int) -> None:
        """All that was meant for the seconds before this one, told to aggregate and folder."""
        self.load.to(self.aggregate)
        self.load = Shipment()
        self.aggregate.advance((until_s + 1) * NS_PER_S)
        self.folder.append_intervals(self.aggregate.passed())
        self.folder.append_histograms(self.aggregate.closed_histograms())

    def end(self) -> tuple[Window, ...]:
        self.go(20)
        windows = self.aggregate.totals()
        self.folder.finish(
            windows,
            self.aggregate.intervals(),
            (),
            Verdict.VALID,
            curves=self.aggregate.curves(),
            class_curves=self.aggregate.class_curves(),
            histograms=self.aggregate.closed_histograms(final=True),
        )
        return windows


@pytest.fixture
def recording(tmp_path: Path) -> Iterator[Recording]:
    made = Recording(tmp_path)
    yield made
    made.folder.close()


def test_the_factor_of_the_rate_is_that_of_the_last_command_before(recording: Recording) -> None:
    for second, text, value in ((2, "rate-factor", 1.1), (4, "hold", 1.0), (6, "rate-factor", 0.5)):
        recording.folder.event(RunEvent(second * NS_PER_S, "command", text, {"value": value}))
    recording.end()
    playback = RunPlayback(recording.folder.path)
    told = [playback.rate_factor(second * NS_PER_S) for second in (0, 2, 5, 6, 99)]
    assert told == [1.0, 1.1, 1.1, 0.5, 0.5]


def test_at_its_end_stands_the_summary(recording: Recording) -> None:
    windows = recording.end()
    rewind = RunPlayback(recording.folder.path)
    assert [w.tally for w in rewind.totals(rewind.end_s)] == [w.tally for w in windows]
    assert rewind.run.is_finished


def test_the_whole_run_merged_from_its_seconds_is_the_summary(recording: Recording) -> None:
    windows = recording.end()
    rewind = RunPlayback(recording.folder.path)
    merged = rewind.window(rewind.end_s, rewind.end_s)
    for window, own in zip(windows, rewind.merged_totals(99), strict=True):
        assert own.tally == window.tally
        assert own.duration_s == pytest.approx(window.duration_s)
        assert own.planned_rps == pytest.approx(window.planned_rps)
        assert own.usd_per_million == pytest.approx(window.usd_per_million)
        for measure in Measure:
            assert own.measure(measure).count == window.measure(measure).count
            assert own.measure(measure).quantiles == window.measure(measure).quantiles
            assert own.measure(measure).max_ns == window.measure(measure).max_ns
        assert own.retried.quantiles == window.retried.quantiles
        assert own.measure(Measure.RESPONSE).censored == window.measure(Measure.RESPONSE).censored
    assert sum(w.tally.offered for w in merged) > sum(w.tally.offered for w in windows)


def test_a_run_whose_load_was_changed_merges_to_its_summary(recording: Recording) -> None:
    """At 5.4 s three times the rate; the load is held from 7.3 s to 8.9 s."""
    (_, steady) = recording.plan.segments
    slow = replace(steady, shape=constant_rate(30.0, 2_400_000_000))
    tripled = constant_rate(90.0, 1_900_000_000)
    fast = replace(steady, index=2, start_ns=slow.end_ns, shape=tripled)
    rest = constant_rate(90.0, 4_700_000_000)
    resumed = replace(steady, index=3, start_ns=8_900_000_000, shape=rest)
    recording.load = Shipment()
    recording.go(3)
    for segment in (slow, fast, resumed):
        recording.aggregate.add_segment(segment)
        recording.load = random_load(Random(3), Plan((segment,)))
        recording.go(segment.start_ns // NS_PER_S)
    windows = recording.end()
    rewind = RunPlayback(recording.folder.path)
    told = [(i.t_s, i.segment) for i in rewind.intervals(0, 99) if i.window.variant == SMALL]
    assert told[3:] == [
        *((3, 1), (4, 1), (5, 1), (5, 2), (6, 2), (7, 2), (8, 3)),
        *((9, 3), (10, 3), (11, 3), (12, 3), (13, 3)),
    ]
    for window, own in zip(windows, rewind.merged_totals(99), strict=True):
        assert own.tally == window.tally
        assert own.duration_s == pytest.approx(9.0)
        assert own.planned_rps == pytest.approx(window.planned_rps)
        assert own.achieved_rps == pytest.approx(window.achieved_rps)
        assert own.measure(Measure.RESPONSE).quantiles == window.measure(Measure.RESPONSE).quantiles
        assert own.measure(Measure.RESPONSE).max_ns == window.measure(Measure.RESPONSE).max_ns
    recovered_windows = recovered(recording.profile.variants, list(rewind.intervals(0, 99)), {})
    for own, window in zip(recovered_windows, windows, strict=True):
        assert own.tally == window.tally
        assert own.planned_rps == pytest.approx(window.planned_rps)


def test_a_second_within_has_what_was_intended_before_it(recording: Recording) -> None:
    recording.end()
    rewind = RunPlayback(recording.folder.path)
    for until_s in (0, 2, 5, 9):
        expected = [
            sum(
                interval.window.tally.offered
                for interval in recording.aggregate.intervals()
                if interval.t_s < until_s and interval.measured and interval.window.variant == v
            )
            for v in recording.profile.variants
        ]
        assert [w.tally.offered for w in rewind.totals(until_s)] == expected


def test_the_last_seconds_are_those_of_the_aggregate(recording: Recording) -> None:
    recording.end()
    rewind = RunPlayback(recording.folder.path)
    own = rewind.window(12, 5)
    theirs = {
        interval.window.variant: interval.window.tally
        for interval in recording.aggregate.intervals()
        if interval.t_s == 11
    }
    one = rewind.window(12, 1)
    assert {w.variant: w.tally for w in one} == theirs
    assert sum(w.tally.offered for w in own) > sum(w.tally.offered for w in one)


def test_curves_of_a_part_grow_into_those_of_the_whole(recording: Recording) -> None:
    recording.end()
    rewind = RunPlayback(recording.folder.path)
    name = recording.profile.variants[0].name
    part = rewind.curves(7)[name][Measure.RESPONSE]
    whole = rewind.curves(rewind.end_s)[name][Measure.RESPONSE]
    assert 0 < part.count < whole.count
    assert whole.count == recording.aggregate.curves()[name][Measure.RESPONSE].count
    classes = rewind.class_curves(7)[name]
    assert 0 < classes["failed"].count < rewind.class_curves(rewind.end_s)[name]["failed"].count


def test_a_run_that_is_still_written_is_followed_to_its_end(recording: Recording) -> None:
    follower = RunPlayback(recording.folder.path)
    assert (follower.end_s, follower.run.is_finished) == (0, False)
    recording.go(12)
    assert follower.refresh()
    offered = sum(w.tally.offered for w in follower.totals(follower.end_s))
    assert offered == sum(w.tally.offered for w in recording.aggregate.totals())
    assert [event.text for event in follower.events] == ["a trial"]
    assert follower.refresh()
    assert sum(w.tally.offered for w in follower.totals(follower.end_s)) == offered
    windows = recording.end()
    assert follower.refresh()
    assert follower.run.is_finished
    assert [w.tally for w in follower.totals(follower.end_s)] == [w.tally for w in windows]
    assert not follower.refresh()


def test_send_lag_covers_ten_seconds_of_all_variants(recording: Recording) -> None:
    recording.aggregate.add_rows(0, row(NS_PER_S, lag_ns=700_000_000))
    recording.aggregate.add_counts(0, counts({(1, 0, 0): (1, 0)}))
    recording.end()
    rewind = RunPlayback(recording.folder.path)
    assert rewind.send_lag(11).max_ns == 700_000_000
    assert rewind.send_lag(12).max_ns < 700_000_000


def test_a_folder_that_is_no_runs_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="not a run's folder"):
        RunPlayback(tmp_path)


def test_a_tail_gives_each_whole_line_once(tmp_path: Path) -> None:
    path = tmp_path / "log"
    tail = FileTail(path)
    assert tail.read() == ""
    path.write_bytes(b"one\ntw")
    assert tail.read() == "one\n"
    path.write_bytes(b"one\ntwo\n")
    assert tail.read() == "two\n"
    assert tail.read() == ""


def test_a_tail_of_a_table_repeats_its_header(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    tail = FileTail(path, keeps_header=True)
    path.write_bytes(b"a,b\n1,2\n")
    assert tail.read() == "a,b\n1,2\n"
    path.write_bytes(b"a,b\n1,2\n3,4\n")
    assert tail.read() == "a,b\n3,4\n"


def test_no_tally_loses_an_invocation(recording: Recording) -> None:
    recording.end()
    rewind = RunPlayback(recording.folder.path)
    for until_s in range(13):
        windows = rewind.totals(until_s)
        assert [window.variant for window in windows] == list(rewind.run.profile.variants)
        for window in windows:
            tally: Tally = window.tally
            assert tally.offered == tally.finished + tally.in_flight + tally.dropped
