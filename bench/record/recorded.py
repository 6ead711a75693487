"""A run as its folder tells it: what report, export, compare, watch and history read."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from bench.errors import UsageError
from bench.model import (
    NS_PER_S,
    Interval,
    Measure,
    Profile,
    Reason,
    RunEvent,
    Slo,
    Tally,
    Variant,
    Verdict,
    Window,
)
from bench.record.histogram import Histogram
from bench.record.hlog import curves_of, merged, read_hlog
from bench.record.tables import interval_of, read_rows, window_of
from bench.stats.quantiles import Curve
from bench.stats.slo import SloResult, SloState

PROFILE = "profile.toml"
MANIFEST = "manifest.json"
SUMMARY = "summary.csv"
INTERVALS = "intervals.csv"
PERCENTILES = "percentiles.csv"
ATTEMPTS = "attempts.csv"
HISTOGRAMS = "histograms.hlog"
TOTALS = "totals.hlog"
EVENTS = "events.jsonl"
REPORT = "report.json"

UNFINISHED = "unfinished"
"""State of a run whose coordinator did not live to write a report, or that still goes on."""


@dataclass(frozen=True, slots=True)
class RecordedRun:
    """Everything that a run left behind. A run that never finished has what was settled by then."""

    folder: Path
    profile: Profile
    manifest: Mapping[str, Any]
    windows: tuple[Window, ...]
    intervals: tuple[Interval, ...] = ()
    events: tuple[RunEvent, ...] = ()
    reasons: tuple[Reason, ...] = ()
    verdict: Verdict = Verdict.VALID
    slos: tuple[SloResult, ...] = ()
    state: str = UNFINISHED
    """A RunState's value, or UNFINISHED."""
    curves: Mapping[str, Mapping[Measure, Curve]] = field(default_factory=dict)
    """Whole distributions by the variant's name and measure; measured phases alone."""

    @property
    def name(self) -> str:
        """The folder's name: what identifies the run."""
        return self.folder.name

    @property
    def is_finished(self) -> bool:
        """False if the coordinator was killed, or the run still goes on."""
        return self.state != UNFINISHED

    @property
    def started_utc(self) -> str:
        """ISO 8601, in UTC."""
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


def load_run(folder: Path | str, *, with_curves: bool = True) -> RecordedRun:
    """Read a run's folder. Raises UsageError if it is none.

    with_curves False leaves out the whole distributions, which of an unfinished run take a while.
    """
    folder = Path(folder)
    if not (folder / MANIFEST).is_file():
        raise UsageError(f"{folder} is not a run's folder: it has no {MANIFEST}")
    profile = _profile(folder)
    report = _read_json(folder / REPORT)
    intervals = tuple(map(interval_of, read_rows(_text(folder / INTERVALS))))
    summary = read_rows(_text(folder / SUMMARY))
    histograms = _histograms(folder) if with_curves or not summary else {}
    windows = (
        tuple(map(window_of, summary))
        if summary
        else recovered(profile.variants, intervals, histograms)
    )
    return RecordedRun(
        folder=folder,
        profile=profile,
        manifest=_read_json(folder / MANIFEST),
        windows=windows,
        intervals=intervals,
        events=_events(folder),
        reasons=tuple(_reason(raw) for raw in report.get("reasons", ())),
        verdict=Verdict(report.get("verdict", Verdict.SUSPECT)),
        slos=tuple(_slo(raw) for raw in report.get("slos", ())),
        state=str(report.get("state", UNFINISHED)),
        curves=curves_of(histograms),
    )


def list_runs(root: Path | str) -> tuple[RunEntry, ...]:
    """The runs under a folder, newest first."""
    root = Path(root)
    folders = (path.parent for path in root.glob(f"*/{MANIFEST}")) if root.is_dir() else ()
    return tuple(
        sorted(map(_entry, folders), key=lambda e: (e.started_utc, e.folder), reverse=True)
    )


def latest_run(root: Path | str) -> Path:
    """The newest run's folder. Raises UsageError if there is none."""
    runs = list_runs(root)
    if not runs:
        raise UsageError(f"there is no run in {root}; start one with: lamload run quickstart")
    return runs[0].folder


def recovered(
    variants: Sequence[Variant], intervals: Sequence[Interval], histograms: Mapping[str, Histogram]
) -> tuple[Window, ...]:
    """Totals of a run that wrote none: counts from its seconds, times from its interval log."""
    return tuple(
        _recovered(
            variant,
            [i.window for i in intervals if i.measured and i.window.variant == variant],
            histograms,
        )
        for variant in variants
    )


def _recovered(
    variant: Variant, windows: Sequence[Window], histograms: Mapping[str, Histogram]
) -> Window:
    duration_s = sum(window.duration_s for window in windows)
    tally = _sum_of([window.tally for window in windows])

    def rate(total: float) -> float:
        return total / duration_s if duration_s else 0.0

    found = {measure: histograms.get(f"{variant.name}/{measure.value}") for measure in Measure}
    return Window(
        variant=variant,
        duration_s=duration_s,
        tally=tally,
        planned_rps=rate(sum(window.planned_rps * window.duration_s for window in windows)),
        achieved_rps=rate(sum(window.achieved_rps * window.duration_s for window in windows)),
        goodput_rps=rate(tally.ok),
        measures={measure: h.distribution() for measure, h in found.items() if h is not None},
        verdict=Verdict.SUSPECT,
    )


def _sum_of(tallies: Sequence[Tally]) -> Tally:
    return Tally(
        offered=sum(tally.offered for tally in tallies),
        in_flight=sum(tally.in_flight for tally in tallies),
        dropped=sum(tally.dropped for tally in tallies),
        outcomes=tuple(map(sum, zip(*(tally.outcomes for tally in tallies), strict=True)))
        or Tally().outcomes,
        attempts=sum(tally.attempts for tally in tallies),
        cold_starts=sum(tally.cold_starts for tally in tallies),
    )


def _profile(folder: Path) -> Profile:
    from bench.profile import load_profile

    return load_profile(folder / PROFILE)


def _histograms(folder: Path) -> dict[str, Histogram]:
    totals = _text(folder / TOTALS)
    return merged(read_hlog(totals or _text(folder / HISTOGRAMS)))


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.is_file() else ""


def _read_json(path: Path) -> dict[str, Any]:
    text = _text(path)
    try:
        document = json.loads(text) if text else {}
    except ValueError as error:
        raise UsageError(f"{path} is not JSON: {error}") from error
    return document if isinstance(document, dict) else {}


def _events(folder: Path) -> tuple[RunEvent, ...]:
    text = _text(folder / EVENTS)
    return tuple(event_of(line) for line in text[: text.rfind("\n") + 1].splitlines())


def event_line(event: RunEvent) -> str:
    """A line of events.jsonl."""
    document = {
        "t_s": round(event.t_ns / NS_PER_S, 3),
        "t_ns": event.t_ns,
        "kind": event.kind,
        "text": event.text,
        **({"fields": event.fields} if event.fields else {}),
    }
    return json.dumps(document, ensure_ascii=False, default=str) + "\n"


def event_of(line: str) -> RunEvent:
    """The inverse of `event_line`."""
    raw = json.loads(line)
    return RunEvent(raw["t_ns"], raw["kind"], raw["text"], raw.get("fields", {}))


def _reason(raw: Mapping[str, Any]) -> Reason:
    return Reason(Verdict(raw["verdict"]), raw["text"], raw.get("variant"))


def _slo(raw: Mapping[str, Any]) -> SloResult:
    return SloResult(Slo(raw["name"], raw["text"]), SloState(raw["state"]), raw["value"])


def _entry(folder: Path) -> RunEntry:
    manifest, report = _read_json(folder / MANIFEST), _read_json(folder / REPORT)
    verdict = report.get("verdict")
    return RunEntry(
        folder=folder,
        title=str(manifest.get("title") or manifest.get("profile") or folder.name),
        started_utc=str(manifest.get("started_utc", "")),
        state=str(report.get("state", UNFINISHED)),
        verdict=Verdict(verdict) if verdict else None,
        target=str(manifest.get("target", "")),
        variants=len(manifest.get("variants", ())),
    )


def utc_text(moment: datetime) -> str:
    """ISO 8601 with milliseconds, as it stands in manifest.json."""
    return moment.isoformat(timespec="milliseconds")
