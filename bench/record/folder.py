"""The folder that a run leaves behind, written as it goes.

events.jsonl, intervals.csv, vitals.csv, attempts.csv and histograms.hlog grow in whole lines, each
given to the kernel at once, so that a coordinator that is killed leaves files whole up to the last
second.
At the end, what may have changed since it was written is replaced, each file in one step.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from shutil import rmtree
from typing import Any

from bench.errors import UsageError, cause_of
from bench.model.live import RunEvent, RunState
from bench.model.outcome import Reason, Verdict
from bench.model.part import Part
from bench.model.profile import Profile, Variant
from bench.model.result import Interval, Vitals, Window
from bench.record.attempts_csv import ATTEMPT_COLUMNS, Phases, attempts_text
from bench.record.csv_columns import (
    INTERVAL_COLUMNS,
    csv_text,
    header_text,
    interval_row,
)
from bench.record.csv_files import (
    blocks_text,
    phases_text,
    summary_text,
    totals_text,
)
from bench.record.hlog import TaggedHistogram, hlog_header, hlog_line
from bench.record.intervals_csv import FinalIntervals
from bench.record.line_log import LineLog
from bench.record.percentiles_csv import percentiles_text
from bench.record.recorded_run import (
    ATTEMPTS,
    BLOCKS,
    EVENTS,
    HISTOGRAMS,
    INTERVALS,
    MANIFEST,
    PERCENTILES,
    PHASES,
    PROFILE,
    REPORT,
    SUMMARY,
    TOTALS,
    VITALS,
    RecordedRun,
    event_line,
    utc_text,
)
from bench.record.second_figures import SecondFigures
from bench.record.summary_json import document_of
from bench.record.turn_seconds import Seconds
from bench.record.vitals_csv import VITALS_COLUMNS, vitals_text
from bench.stats.alike import Curves
from bench.stats.one_kind import ClassCurves
from bench.stats.thresholds import SloResult
from bench.whole_file import PRIVATE_MODE, PUBLIC_MODE, replace_file


class RunFolder:
    """One run's files. Raises OSError only while it is made: from then on `complaints` tells."""

    def __init__(self, path: Path, profile: Profile, manifest: Mapping[str, Any]) -> None:
        self.path = path
        self._profile = profile
        self._manifest = manifest
        self._events: list[RunEvent] = []
        self._failed: dict[str, str] = {}
        """By file: why it could not be written."""
        self._logs = {
            EVENTS: LineLog(path / EVENTS, "", PRIVATE_MODE),
            INTERVALS: LineLog(path / INTERVALS, header_text(INTERVAL_COLUMNS)),
            VITALS: LineLog(path / VITALS, header_text(VITALS_COLUMNS)),
            HISTOGRAMS: LineLog(
                path / HISTOGRAMS, hlog_header(manifest["started_epoch_s"], profile.name)
            ),
        }
        self._final = FinalIntervals(path)
        if profile.record_attempts:
            self._logs[ATTEMPTS] = LineLog(path / ATTEMPTS, header_text(ATTEMPT_COLUMNS))

    @classmethod
    def create(
        cls,
        root: Path,
        profile: Profile,
        resolved_toml: str,
        manifest: Mapping[str, Any],
        now: datetime | None = None,
    ) -> RunFolder:
        """A new folder under root, named after the UTC time and the profile.

        Raises UsageError where it cannot be made, and leaves nothing behind then. To the manifest
        are added what a list of runs shows, and started_utc and started_epoch_s.
        """
        started = now or datetime.now(UTC)
        try:
            path = _new_folder(root, f"{started:%Y%m%dT%H%M%SZ}-{_slug(profile.name)}")
        except OSError as error:
            raise _unwritable(root, error) from None
        whole = {
            "profile": profile.name,
            "title": profile.title,
            "target": profile.target.kind.value,
            "variants": [variant.name for variant in profile.variants],
            "started_utc": utc_text(started),
            "started_epoch_s": started.timestamp(),
            **manifest,
        }
        try:
            replace_file(path / PROFILE, [resolved_toml], mode=PRIVATE_MODE)
            replace_file(path / MANIFEST, [_manifest_text(whole)], mode=PRIVATE_MODE)
            return cls(path, profile, whole)
        except OSError as error:
            rmtree(path, ignore_errors=True)
            raise _unwritable(root, error) from None

    # -- as the run goes

    def event(self, event: RunEvent) -> None:
        """Note what the operator or the run did."""
        self._events.append(event)
        self._logs[EVENTS].add(event_line(event))

    def append_intervals(self, intervals: Iterable[Interval]) -> None:
        """Add seconds that have passed; `finish` replaces them by their final figures."""
        self._logs[INTERVALS].add(csv_text(INTERVAL_COLUMNS, map(interval_row, intervals)))

    def append_settled(self, intervals: Iterable[Interval]) -> None:
        """Add seconds in their final form, in the order of the file; followers don't see them."""
        self._final.add(intervals)

    def append_vitals(self, vitals: Iterable[Vitals]) -> None:
        """Add seconds of the run as a whole."""
        self._logs[VITALS].add(vitals_text(vitals))

    def append_histograms(self, histograms: Iterable[TaggedHistogram]) -> None:
        """Add settled histograms to the interval log."""
        self._logs[HISTOGRAMS].add("".join(map(hlog_line, histograms)))

    def append_attempts(self, payload: bytes, request_ids: Sequence[str], phases: Phases) -> None:
        """Add rows of attempts if the profile asks for them.

        request_ids: one per row, in order. phases: index of the phase by index of the segment.
        """
        if ATTEMPTS in self._logs:
            lines = attempts_text(payload, request_ids, phases, self._profile)
            self._logs[ATTEMPTS].add(lines)

    def amend_manifest(self, entries: Mapping[str, Any]) -> None:
        """Replace entries of the manifest by what is known only now."""
        self._manifest = {**self._manifest, **entries}
        self.write(MANIFEST, _manifest_text(self._manifest))

    # -- the end

    def finish(
        self,
        windows: Sequence[Window],
        intervals: Collection[Interval],
        reasons: Sequence[Reason],
        verdict: Verdict,
        slos: Sequence[SloResult] = (),
        *,
        curves: Curves,
        class_curves: ClassCurves | None = None,
        histograms: Iterable[TaggedHistogram] = (),
        state: RunState = RunState.FINISHED,
        unsettled: Iterable[Interval] | None = None,
        parts: Sequence[Part] = (),
        turn_seconds: Mapping[Variant, Seconds] | None = None,
    ) -> RecordedRun:
        """Write the results and close every file. histograms are those not yet appended.

        unsettled: the intervals that `append_settled` has not had; None if it had none, or if one
        that it had has changed since.
        """
        self.append_histograms(histograms)
        seconds = self._write_intervals(intervals, unsettled)
        self.close()
        run = RecordedRun(
            folder=self.path,
            profile=self._profile,
            manifest=self._manifest,
            windows=tuple(windows),
            intervals=intervals,
            events=tuple(self._events),
            reasons=tuple(reasons),
            verdict=verdict,
            slos=tuple(slos),
            state=state.value,
            curves=curves,
            class_curves=class_curves or {},
            seconds=seconds,
            parts=tuple(parts),
            turn_seconds=turn_seconds,
        )
        self.write(PERCENTILES, percentiles_text(run))
        self.write(TOTALS, totals_text(run, run.end_s))
        self.write(BLOCKS, blocks_text(run))
        self.write(PHASES, phases_text(run))
        self.write(SUMMARY, summary_text(run))
        run = self.with_complaints(run)
        self.write(REPORT, json.dumps(document_of(run), indent=2, ensure_ascii=False) + "\n")
        return self.with_complaints(run)

    def with_complaints(self, run: RecordedRun) -> RecordedRun:
        """The run, whose reasons name every file that is not as it should be."""
        texts = [f"{name} could not be written: {cause}" for name, cause in self._failed.items()]
        texts += [
            f"{name}: {log.complaint}"
            for name, log in self._logs.items()
            if log.complaint and name not in self._failed
        ]
        known = {reason.text for reason in run.reasons}
        fresh = tuple(Reason(Verdict.SUSPECT, text) for text in texts if text not in known)
        verdict = max((run.verdict, *(r.verdict for r in fresh)), key=lambda v: v.severity)
        return replace(run, reasons=(*run.reasons, *fresh), verdict=verdict)

    def _write_intervals(
        self, intervals: Iterable[Interval], unsettled: Iterable[Interval] | None
    ) -> SecondFigures:
        """Replace intervals.csv; each interval is made but once."""
        if unsettled is None:
            self._final.start_again()
        self._final.add(intervals if unsettled is None else unsettled)
        self._replace(INTERVALS, self._final.parts())
        return self._final.figures()

    def write(self, name: str, text: str) -> None:
        """Write or replace a file of the folder in one step; a refusal becomes a complaint."""
        self._replace(name, [text])

    def _replace(self, name: str, parts: Iterable[str]) -> None:
        try:
            is_figures = name.endswith((".csv", ".hlog"))  # others quote the profile or a target
            mode = PUBLIC_MODE if is_figures else PRIVATE_MODE
            replace_file(self.path / name, parts, mode=mode)
        except OSError as error:
            gone = not self.path.is_dir()
            self._failed[name] = "the folder is gone" if gone else cause_of(error).lower()
        else:
            self._failed.pop(name, None)

    def close(self) -> None:
        """Close every file; it is enough for a run that ends without results."""
        for log in self._logs.values():
            log.close()
        self._final.close()


def _manifest_text(manifest: Mapping[str, Any]) -> str:
    return json.dumps(manifest, indent=2, default=str) + "\n"


def _unwritable(root: Path, error: OSError) -> UsageError:
    cause = cause_of(error).lower()
    return UsageError(f"--out: nothing can be written in {root}: {cause}; name another")


def _slug(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-.") or "run"


def _new_folder(root: Path, name: str) -> Path:
    root.mkdir(parents=True, exist_ok=True)
    number = 1
    while True:
        path = root / (name if number == 1 else f"{name}-{number}")
        try:
            path.mkdir()
        except FileExistsError:
            number += 1
        else:
            return path
