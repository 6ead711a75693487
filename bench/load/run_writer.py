"""What a run writes as it goes: its events, seconds and attempts, and at the end its results."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from bench.load.frames import Frame, FrameKind
from bench.model.live import RunEvent, RunState
from bench.model.profile import Profile
from bench.model.result import Vitals
from bench.record.aggregate import Aggregate
from bench.record.folder import RunFolder
from bench.record.recorded_run import RecordedRun
from bench.record.validity import Judgement
from bench.stats.thresholds import SloResult

SEEN_EVENTS = 1000
"""Each snapshot carries so many at most, however often a breaker opens in a run of hours."""
TARGET_STATISTICS = "target.json"
"""What the target itself counted, where it tells."""


class Note(Protocol):
    """Tells of something that the operator or the run did, now."""

    def __call__(self, kind: str, text: str, **fields: Any) -> None:
        """fields: figures that belong to it."""


class RunWriter:
    """The run's folder, which is there once the target is; views see the latest events."""

    def __init__(self, profile: Profile, aggregate: Aggregate, now_ns: Callable[[], int]) -> None:
        self.events: deque[RunEvent] = deque(maxlen=SEEN_EVENTS)
        """The latest ones; all are in events.jsonl."""
        self._profile = profile
        self._aggregate = aggregate
        self._now_ns = now_ns
        self._folder: RunFolder | None = None
        self._request_ids: dict[int, list[str]] = {}

    def open(self, folder: RunFolder) -> None:
        """Write there from now on."""
        self._folder = folder

    @property
    def path(self) -> str | None:
        """Where the files lie, None before there are any."""
        return None if self._folder is None else str(self._folder.path)

    def note(self, kind: str, text: str, **fields: Any) -> None:
        """Add an event that happens now, and a line to events.jsonl; no secret is in either."""
        secrets = self._profile.secrets
        event = RunEvent(self._now_ns(), kind, secrets.mask(text), secrets.masked(fields))
        self.events.append(event)
        if self._folder is not None:
            self._folder.event(event)

    def on_frame(self, worker: int, frame: Frame) -> None:
        """Of a worker's frames, the rows of attempts and their request ids."""
        if self._folder is None or not self._profile.record_attempts:
            return
        if frame.kind is FrameKind.REQUEST_IDS:
            self._request_ids[worker] = frame.payload  # they come just before their rows
        elif frame.kind is FrameKind.ATTEMPTS:
            rows, ids = frame.payload.rows, frame.payload.request_ids
            self._folder.append_attempts(rows, ids, self._aggregate.phase_of)
        elif frame.kind is FrameKind.ROWS:
            ids = self._request_ids.pop(worker, [])
            self._folder.append_attempts(frame.payload, ids, self._aggregate.phase_of)

    def add_settled(self, vitals: Sequence[Vitals]) -> None:
        """Add the seconds that have passed since the last time, and these vitals of theirs."""
        passed = self._aggregate.passed()
        if self._folder is None:
            return
        if passed:
            self._folder.append_intervals(passed)
        self._folder.append_settled(self._aggregate.settled())
        self._folder.append_histograms(self._aggregate.closed_histograms())
        if vitals:
            self._folder.append_vitals(vitals)

    def write(self, name: str, text: str) -> None:
        """Add a file, whole or not at all; `with_complaints` tells of one that could not be."""
        assert self._folder is not None
        self._folder.write(name, text)

    def with_complaints(self, run: RecordedRun) -> RecordedRun:
        """The run, whose reasons name every file that could not be written."""
        assert self._folder is not None
        return self._folder.with_complaints(run)

    def amend_manifest(self, entries: Mapping[str, Any]) -> None:
        """Replace entries of the manifest by what is known now."""
        if entries and self._folder is not None:
            self._folder.amend_manifest(entries)

    def finish(
        self,
        judgement: Judgement,
        slos: Sequence[SloResult],
        state: RunState,
        target_statistics: Mapping[str, Any],
    ) -> RecordedRun:
        """Write the results and close every file."""
        assert self._folder is not None
        if target_statistics:
            self.write(TARGET_STATISTICS, json.dumps(target_statistics, indent=2) + "\n")
        return self._folder.finish(
            judgement.windows,
            self._aggregate.intervals(),
            judgement.reasons,
            judgement.verdict,
            slos,
            curves=self._aggregate.curves(),
            class_curves=self._aggregate.class_curves(),
            histograms=self._aggregate.closed_histograms(final=True),
            state=state,
            unsettled=self._aggregate.unsettled(),
            parts=self._aggregate.parts(),
            turn_seconds=self._aggregate.response_seconds(),
        )
