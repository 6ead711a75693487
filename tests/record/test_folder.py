from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from shutil import rmtree

import pytest
from hdrh.histogram import HdrHistogram
from hdrh.log import HistogramLogReader

from bench.errors import UsageError
from bench.model.live import RunEvent
from bench.model.outcome import Outcome, Reason, Verdict
from bench.model.profile import Profile, Slo
from bench.model.result import Measure
from bench.model.times import NS_PER_MS, NS_PER_S
from bench.plan import make_plan
from bench.profile import load_profile, resolved_toml
from bench.record.aggregate import Aggregate
from bench.record.buckets import DIGITS, HIGHEST_NS, LOWEST_NS
from bench.record.folder import RunFolder
from bench.record.load_run import load_run
from bench.record.recorded_run import UNFINISHED, RecordedRun, latest_run, list_runs
from bench.record.row_layout import FLAG_HEDGE
from bench.stats.thresholds import SloResult, SloState
from tests.disk import disk_of, refuse_to_replace
from tests.record.build import counts, random_load, row

PROFILE = """
title = "A small trial"
[target]
kind = "local"
function = "primes"
[[variants]]
endpoint = "invoke"
memory_mb = [128, 1769]
[load]
order = "together"
[[phase]]
name = "warm-up"
rate = "5/s"
duration = "1s"
measured = false
[[phase]]
name = "steady"
rate = "10/s"
duration = "4s"
"""


@pytest.fixture
def profile(tmp_path: Path) -> Profile:
    path = tmp_path / "trial.toml"
    path.write_text(PROFILE)
    return load_profile(path)


class Run:
    """A run on the way: 200 answered calls and 50 timed out in second 2, some others elsewhere."""

    def __init__(self, root: Path, profile: Profile) -> None:
        self.profile = profile
        self.plan = make_plan(profile)
        self.aggregate = Aggregate(profile, self.plan)
        self.folder = RunFolder.create(root, profile, resolved_toml(profile), {"seed": 1})
        self.folder.event(RunEvent(0, "start", "a trial"))

    def go(self) -> None:
        random_load(Random(1), self.plan).to(self.aggregate)
        rows = [row(2 * NS_PER_S + i, segment=1, response_ns=i * NS_PER_MS) for i in range(1, 201)]
        rows += [
            row(2 * NS_PER_S, segment=1, outcome=Outcome.TIMEOUT, response_ns=5 * NS_PER_S)
            for _ in range(50)
        ]
        self.aggregate.add_rows(0, b"".join(rows))
        self.aggregate.add_counts(0, counts({(2, 0, 1): (250, 0)}))
        self.aggregate.advance(20 * NS_PER_S)
        self.folder.append_intervals(self.aggregate.passed())
        self.folder.append_histograms(self.aggregate.closed_histograms())

    def end(self) -> RecordedRun:
        return self.folder.finish(
            self.aggregate.totals(),
            self.aggregate.intervals(),
            [Reason(Verdict.SUSPECT, "too warm", "invoke-128MB")],
            Verdict.SUSPECT,
            [SloResult(Slo("quick", "p99 of all < 1s"), SloState.FAILED, "it is not")],
            curves=self.aggregate.curves(),
            histograms=self.aggregate.closed_histograms(final=True),
        )


@pytest.fixture
def run(tmp_path: Path, profile: Profile) -> Iterator[Run]:
    made = Run(tmp_path / "runs", profile)
    yield made
    made.folder.close()


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_a_run_leaves_every_file_behind(run: Run) -> None:
    run.go()
    folder = run.end().folder
    assert {path.name for path in folder.iterdir()} == {
        *(
            "profile.toml",
            "manifest.json",
            "summary.csv",
            "phases.csv",
            "intervals.csv",
            "percentiles.csv",
        ),
        *("histograms.hlog", "totals.hlog", "blocks.hlog", "vitals.csv", "events.jsonl"),
        "report.json",
    }


def test_folders_are_named_by_time_and_profile_and_never_shared(
    tmp_path: Path, profile: Profile
) -> None:
    now = datetime(2026, 11, 24, 9, 5, 7, tzinfo=UTC)
    paths = []
    for _ in range(3):
        folder = RunFolder.create(tmp_path, profile, PROFILE, {}, now)
        folder.close()
        paths.append(folder.path.name)
    assert paths == [
        "20261124T090507Z-trial",
        "20261124T090507Z-trial-2",
        "20261124T090507Z-trial-3",
    ]


def test_every_row_of_every_file_adds_up(run: Run) -> None:
    run.go()
    folder = run.end().folder
    outcomes = [outcome.name.lower() for outcome in Outcome]
    for name in ("summary.csv", "intervals.csv"):
        rows = rows_of(folder / name)
        assert rows
        for cells in rows:
            whole = sum(int(cells[key]) for key in (*outcomes, "in_flight", "dropped"))
            assert int(cells["offered"]) == whole


def test_a_finished_run_reads_back_as_it_was(run: Run) -> None:
    run.go()
    written = run.end()
    read = load_run(written.folder)
    assert (read.verdict, read.reasons, read.slos) == (
        written.verdict,
        written.reasons,
        written.slos,
    )
    assert (read.state, read.events, read.profile.name) == ("finished", written.events, "trial")
    assert [w.tally for w in read.windows] == [w.tally for w in written.windows]
    assert len(read.intervals) == len(written.intervals)
    for name, curves in written.curves.items():
        for measure, curve in curves.items():
            back = read.curves[name][measure]
            assert (back.counts == curve.counts).all()
            assert (back.censored == curve.censored).all()


def test_a_killed_run_has_its_seconds_and_its_times(run: Run) -> None:
    run.go()
    read = load_run(run.folder.path)
    assert (read.state, read.verdict) == (UNFINISHED, Verdict.SUSPECT)
    truth = run.aggregate.totals()
    for window, true in zip(read.windows, truth, strict=True):
        assert window.tally.ok == true.tally.ok
        assert window.duration_s == pytest.approx(true.duration_s)
    response = read.windows[0].measure(Measure.RESPONSE)
    assert response.max_ns == truth[0].measure(Measure.RESPONSE).max_ns


def test_rows_are_whole_before_the_run_ends(run: Run) -> None:
    path = run.folder.path / "intervals.csv"
    assert path.read_text().count("\n") == 1, "the header stands first"
    run.aggregate.add_counts(0, counts({(0, 0, 0): (3, 0)}))
    run.aggregate.advance(3 * NS_PER_S)
    run.folder.append_intervals(run.aggregate.passed())
    assert path.read_text().endswith("\n")
    first = rows_of(path)[0]
    assert (first["t_s"], first["phase"], first["offered"], first["in_flight"]) == (
        *("0", "warm-up", "3", "3"),
    )


def test_the_end_replaces_rows_that_were_not_final(run: Run) -> None:
    run.aggregate.add_counts(0, counts({(2, 0, 1): (1, 0)}))
    run.aggregate.advance(4 * NS_PER_S)
    run.folder.append_intervals(run.aggregate.passed())
    run.aggregate.add_rows(0, row(2 * NS_PER_S, segment=1, response_ns=3 * NS_PER_S))
    run.aggregate.advance(20 * NS_PER_S)
    folder = run.end().folder
    late = next(
        c
        for c in rows_of(folder / "intervals.csv")
        if (c["t_s"], c["variant"]) == ("2", "invoke-128MB")
    )
    assert (late["in_flight"], late["ok"], late["response_max_ms"]) == ("0", "1", "3000.0")


def complaints(ended: RecordedRun) -> list[str]:
    return [reason.text for reason in ended.reasons if "could not" in reason.text]


def test_a_disk_that_is_full_at_the_end_leaves_what_was_written_on_the_way(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    run.go()
    before = (run.folder.path / "intervals.csv").read_text()
    run.aggregate.add_rows(0, row(2 * NS_PER_S + 7, segment=1))  # its second is written already
    refuse_to_replace(monkeypatch)
    ended = run.end()
    assert (run.folder.path / "intervals.csv").read_text() == before
    assert not (run.folder.path / "summary.csv").exists()
    assert "summary.csv could not be written: no space left on device" in complaints(ended)
    assert ended.verdict is Verdict.SUSPECT
    assert ended.windows[0].tally.finished > 0
    assert not list(run.folder.path.glob(".*"))


def test_a_folder_that_was_deleted_on_the_way_takes_no_result_with_it(run: Run) -> None:
    run.go()
    rmtree(run.folder.path)
    run.folder.event(RunEvent(7, "command", "drain"))
    ended = run.end()
    assert "report.json could not be written: the folder is gone" in complaints(ended)
    assert ended.windows[0].tally.finished > 0
    assert not run.folder.path.exists()


def test_what_is_too_large_for_the_disk_is_named_and_the_rest_is_there(run: Run) -> None:
    run.go()
    with disk_of(6_000):
        ended = run.end()
    assert "report.json could not be written: file too large" in complaints(ended)
    assert (run.folder.path / "summary.csv").read_text().endswith("\n")
    assert not list(run.folder.path.glob(".*"))


def test_where_no_folder_can_be_filled_none_is_left(tmp_path: Path, profile: Profile) -> None:
    with disk_of(100), pytest.raises(UsageError, match=r"--out: nothing can be written in .*large"):
        Run(tmp_path / "runs", profile)
    assert list((tmp_path / "runs").iterdir()) == []


def test_the_library_reads_the_interval_log(run: Run) -> None:
    run.go()
    written = run.end()
    reader = HistogramLogReader(
        str(written.folder / "histograms.hlog"), HdrHistogram(LOWEST_NS, HIGHEST_NS, DIGITS)
    )
    totals: dict[str, HdrHistogram] = {}
    while (interval := reader.get_next_interval_histogram()) is not None:
        total = totals.setdefault(interval.get_tag(), HdrHistogram(LOWEST_NS, HIGHEST_NS, DIGITS))
        total.add(interval)
    reader.close()
    for window in written.windows:
        for measure in Measure:
            distribution = window.measure(measure)
            tag = f"{window.variant.name}/{measure.value}"
            if distribution.count:
                assert totals[tag].get_total_count() == distribution.count
                half = distribution.at(0.5)
                assert half is not None
                theirs = totals[tag].get_value_at_percentile(50)
                assert half.value_ns <= theirs <= half.value_ns * 1.001 + 512
    assert any(tag.endswith("/unmeasured") for tag in totals)
    assert reader.get_start_time_sec() == pytest.approx(
        written.manifest["started_epoch_s"], abs=0.001
    )


def test_percentiles_go_as_far_as_they_are_known_and_end_with_the_maximum(run: Run) -> None:
    run.go()
    folder = run.end().folder
    curve = [
        cells
        for cells in rows_of(folder / "percentiles.csv")
        if (cells["variant"], cells["measure"]) == ("invoke-128MB", "response")
    ]
    values = [float(cells["value_ms"]) for cells in curve]
    assert values == sorted(values)
    assert [cells["percentile"] for cells in curve[:2]] == ["0.0", "5.0"]
    assert curve[-1]["percentile"] == "100.0"
    count = int(curve[-1]["samples"])
    for cells in curve[:-1]:
        assert count * (1 - float(cells["percentile"]) / 100) >= 10 - 1e-6
        assert int(cells["samples"]) >= count * float(cells["percentile"]) / 100 - 1e-6
    assert curve[0]["at_least"] == "no"
    assert curve[-2]["at_least"] == "yes", "the highest known one falls among timeouts"


def test_attempts_are_written_when_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "trial.toml"
    path.write_text(PROFILE + "[record]\nattempts = true\n")
    profile = load_profile(path)
    run = Run(tmp_path, profile)
    payload = row(2 * NS_PER_S, segment=1, final=False, outcome=Outcome.THROTTLED) + row(
        2 * NS_PER_S, segment=1, attempt=2, lag_ns=7, connect_ns=5, marks=FLAG_HEDGE
    )
    run.folder.append_attempts(payload, ["id-1", "id-2"], run.aggregate.phase_of)
    first, second = rows_of(run.folder.path / "attempts.csv")
    run.folder.close()
    assert (first["outcome"], first["attempt"], first["request_id"], first["final"]) == (
        *("throttled", "1", "id-1", "no"),
    )
    assert (second["phase"], second["sent_ns"], second["connect_ns"], second["dns_ns"]) == (
        *("steady", str(2 * NS_PER_S + 7), "5", ""),
    )
    assert first["segment"] == "1"
    behind = ["segment", "read_lag_ns", "hedge", "spent", "hedge_refused", "deadline", "held"]
    assert list(first)[-7:] == behind
    assert [second[name] for name in behind[2:]] == ["yes", "no", "no", "no", "no"]


def test_events_are_lines_of_json(run: Run) -> None:
    run.folder.event(RunEvent(1_500_000_000, "command", "hold", {"at_ns": 7}))
    lines = (run.folder.path / "events.jsonl").read_text().splitlines()
    assert json.loads(lines[1]) == {
        "t_s": 1.5,
        "t_ns": 1_500_000_000,
        "kind": "command",
        "text": "hold",
        "fields": {"at_ns": 7},
    }


def test_runs_are_listed_newest_first(tmp_path: Path, profile: Profile) -> None:
    for day in (3, 5, 4):
        now = datetime(2026, 1, day, tzinfo=UTC)
        RunFolder.create(tmp_path, profile, PROFILE, {}, now).close()
    (tmp_path / "not-a-run").mkdir()
    entries = list_runs(tmp_path)
    assert [entry.started_utc[:10] for entry in entries] == [
        "2026-01-05",
        "2026-01-04",
        "2026-01-03",
    ]
    assert entries[0].title == "A small trial"
    assert latest_run(tmp_path) == entries[0].folder


def test_no_run_and_no_runs_folder_say_so(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no run in"):
        latest_run(tmp_path / "nowhere")
    with pytest.raises(UsageError, match="is not a run's folder"):
        load_run(tmp_path)


def test_the_resolved_profile_is_left_behind(run: Run) -> None:
    text = (run.folder.path / "profile.toml").read_text()
    assert load_profile(run.folder.path / "profile.toml").variants == run.profile.variants
    assert "A small trial" in text
