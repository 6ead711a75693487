"""A run as its folder tells it: what report, export, compare, watch and history read."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from bench.errors import UsageError
from bench.model.live import RunEvent
from bench.model.outcome import Reason, Verdict
from bench.model.part import Part
from bench.model.profile import Profile, Variant
from bench.model.result import CapacityAnswer, Interval, Measure, Window
from bench.model.times import NS_PER_S
from bench.plan import make_plan
from bench.plan_time import PlanTime
from bench.record.border import reading
from bench.record.capacity_answers import capacity_answers
from bench.record.evidence import classes_text
from bench.record.failures import FailureKind, failures
from bench.record.recorded_seconds import recorded_seconds, response_log
from bench.record.second_figures import SecondFigures, second_figures
from bench.record.turn_seconds import Seconds
from bench.stats.quantiles import Curve
from bench.stats.thresholds import SloResult

PROFILE = "profile.toml"
MANIFEST = "manifest.json"
SUMMARY = "summary.csv"
PHASES = "phases.csv"
INTERVALS = "intervals.csv"
PERCENTILES = "percentiles.csv"
ATTEMPTS = "attempts.csv"
HISTOGRAMS = "histograms.hlog"
TOTALS = "totals.hlog"
BLOCKS = "blocks.hlog"
EVENTS = "events.jsonl"
VITALS = "vitals.csv"
REPORT = "report.json"

T = TypeVar("T")

UNFINISHED = "unfinished"
"""State of a run whose coordinator did not live to write a report, or that still goes on."""


@dataclass(frozen=True, slots=True)
class RecordedRun:
    """Everything that a run left behind. A run that never finished has what was settled by then."""

    folder: Path
    profile: Profile
    manifest: Mapping[str, Any]
    windows: tuple[Window, ...]
    intervals: Collection[Interval] = ()
    """In the order of the files."""
    events: tuple[RunEvent, ...] = ()
    reasons: tuple[Reason, ...] = ()
    verdict: Verdict = Verdict.VALID
    slos: tuple[SloResult, ...] = ()
    state: str = UNFINISHED
    """A RunState's value, or UNFINISHED."""
    curves: Mapping[str, Mapping[Measure, Curve]] = field(default_factory=dict)
    """Whole distributions by the variant's name and measure; measured phases alone."""
    class_curves: Mapping[str, Mapping[str, Curve]] = field(default_factory=dict)
    """Response times of cold, warm, retried and failed invocations, likewise."""
    parts: tuple[Part, ...] = ()
    """Results by phase and step, part by part; none where the load has but one."""
    seconds: SecondFigures | None = None
    """What charts draw, if it was gathered as the run went."""
    turn_seconds: Mapping[Variant, Seconds] | None = None
    """The measured seconds of each variant's turns, likewise."""
    _found: dict[str, Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    def once(self, name: str, find: Callable[[], T]) -> T:
        """What was found of it under that name; looks for it the first time that it is wanted."""
        if name not in self._found:
            self._found[name] = find()
        found: T = self._found[name]
        return found

    @property
    def name(self) -> str:
        """The folder's name: what identifies the run."""
        return self.folder.name

    @property
    def answers(self) -> tuple[CapacityAnswer, ...]:
        """What a search for capacity found, in the order of the variants."""
        return capacity_answers(self.events)

    @property
    def failures(self) -> tuple[FailureKind, ...]:
        """Why calls failed, by variant and kind."""
        return failures(self.windows, self.events)

    @property
    def is_finished(self) -> bool:
        """False if the coordinator was killed, or the run still goes on."""
        return self.state != UNFINISHED

    @property
    def end_s(self) -> int:
        """Where the last recorded second ends; looks at all of them unless `seconds` are there."""
        if self.seconds is not None:
            return int(self.seconds.rows["t_s"].max(initial=-1)) + 1
        return max((interval.t_s + 1 for interval in self.intervals), default=0)

    def second_figures(self) -> SecondFigures:
        """What charts draw, in one pass over the intervals if it was not gathered before."""
        return self.seconds if self.seconds is not None else second_figures(self.intervals)

    @property
    def response_seconds(self) -> Mapping[Variant, Seconds]:
        """The measured seconds of each variant's turns; reads intervals and interval log for it."""
        if self.turn_seconds is not None:
            return self.turn_seconds
        log = response_log(self.folder / HISTOGRAMS, self.profile.variants)
        return recorded_seconds(self.profile, self.intervals, log, self.plan_time)

    @property
    def plan_time(self) -> PlanTime:
        """Which instant of its plan an instant of the run was, by the operator's commands."""
        return PlanTime.told_by(make_plan(self.profile), self.events)

    @property
    def profile_text(self) -> str:
        """The profile as resolved, '' if the file is gone."""
        return text_of(self.folder / PROFILE)

    @property
    def workers_text(self) -> str:
        """`2 workers, real-time`: what they ran on; '' if the manifest does not say."""
        return classes_text((self.manifest.get("scheduling") or {}).get("workers") or ())

    @property
    def started_utc(self) -> str:
        """When it began, as ISO 8601 in UTC; '' if the manifest does not say."""
        return str(self.manifest.get("started_utc", ""))


@dataclass(frozen=True, slots=True)
class RunEntry:
    """A run in a list, read without its results."""

    folder: Path
    title: str
    started_utc: str
    state: str
    verdict: Verdict | None
    target: str
    variants: int


def _unheard(_fault: str) -> None:
    return


def list_runs(
    root: Path | str, passed_over: Callable[[str], None] = _unheard
) -> tuple[RunEntry, ...]:
    """The runs under a folder, newest first.

    passed_over hears of each entry that cannot be read: cut, garbled, or no run's at all.
    """
    root = Path(root)
    entries = []
    for path in sorted(root.glob(f"*/{MANIFEST}")) if root.is_dir() else ():
        try:
            entries.append(_entry(path.parent))
        except UsageError as error:
            passed_over(str(error))
    return tuple(sorted(entries, key=lambda e: (e.started_utc, e.folder), reverse=True))


def latest_run(root: Path | str, passed_over: Callable[[str], None] = _unheard) -> Path:
    """The newest run's folder. Raises UsageError if there is none."""
    runs = list_runs(root, passed_over)
    if not runs:
        raise UsageError(f"there is no run in {root}; start one: `lamload quickstart`")
    return runs[0].folder


def text_of(path: Path) -> str:
    """A file's text, empty if there is no such file. Raises UsageError for no UTF-8."""
    with reading(path):
        return path.read_text(encoding="utf-8") if path.is_file() else ""


def read_json(path: Path) -> dict[str, Any]:
    """A JSON object from a file, empty if there is none. Raises UsageError for anything else."""
    text = text_of(path)
    try:
        document = json.loads(text) if text else {}
    except (ValueError, RecursionError) as error:
        line = f" line {error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
        raise UsageError(f"{path}{line} is not JSON: {error}") from error
    if not isinstance(document, dict):
        raise UsageError(f"{path} is damaged: it must be a JSON object")
    return document


def event_line(event: RunEvent) -> str:
    """An event as a line of events.jsonl, with its newline."""
    document = {
        "t_s": round(event.t_ns / NS_PER_S, 3),
        "t_ns": event.t_ns,
        "kind": event.kind,
        "text": event.text,
        **({"fields": event.fields} if event.fields else {}),
    }
    return json.dumps(document, ensure_ascii=False, default=str) + "\n"


def event_of(line: str) -> RunEvent:
    """An event from its line: the inverse of `event_line`. Raises ValueError or KeyError."""
    raw = json.loads(line)
    fields = raw.get("fields", {})
    t_ns, kind, text = raw["t_ns"], raw["kind"], raw["text"]
    is_event = type(t_ns) is int and abs(t_ns) < 1 << 62 and isinstance(fields, dict)
    if not is_event or not isinstance(kind, str) or not isinstance(text, str):
        raise ValueError("it is no event: t_ns, kind, text and fields of their own kinds are")
    return RunEvent(t_ns, kind, text, fields)


def _entry(folder: Path) -> RunEntry:
    manifest, report = read_json(folder / MANIFEST), read_json(folder / REPORT)
    if not manifest:
        raise UsageError(f"{folder / MANIFEST} is damaged: it is empty")
    verdict = report.get("verdict")
    with reading(folder / REPORT):
        judged = Verdict(verdict) if verdict else None
    with reading(folder / MANIFEST):
        variants = len(manifest.get("variants", ()))
    return RunEntry(
        folder=folder,
        title=str(manifest.get("title") or manifest.get("profile") or folder.name),
        started_utc=str(manifest.get("started_utc", "")),
        state=str(report.get("state", UNFINISHED)),
        verdict=judged,
        target=_target_kind(manifest.get("target", "")),
        variants=variants,
    )


def _target_kind(target: Any) -> str:
    """The manifest's target is a kind, or a table with a kind and where it was found."""
    return str(target.get("kind", "") if isinstance(target, dict) else target)


def utc_text(moment: datetime) -> str:
    """ISO 8601 with milliseconds, as it stands in manifest.json."""
    return moment.isoformat(timespec="milliseconds")
