"""A run's events: all on disk, the latest of them for the views."""

from __future__ import annotations

from pathlib import Path

from bench.load.run_writer import SEEN_EVENTS, RunWriter
from bench.record.aggregate import Aggregate
from bench.record.folder import RunFolder
from tests.record.build import profile_of, together


def test_a_run_of_many_events_writes_all_and_keeps_the_latest(tmp_path: Path) -> None:
    profile = profile_of()
    files = RunWriter(profile, Aggregate(profile, together(profile)), now_ns=lambda: 0)
    folder = RunFolder.create(tmp_path, profile, "", {})
    files.open(folder)
    for number in range(SEEN_EVENTS + 50):
        files.note("breaker-open", str(number))
    folder.close()
    assert len(files.events) == SEEN_EVENTS
    assert files.events[-1].text == str(SEEN_EVENTS + 49)
    assert len((folder.path / "events.jsonl").read_text().splitlines()) == SEEN_EVENTS + 50
