"""Reading a run's folder back, also one whose coordinator did not live to finish it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.errors import UsageError
from bench.model.live import RunEvent
from bench.model.outcome import Reason, Verdict
from bench.model.profile import Profile, Slo, Variant
from bench.model.result import Interval, Measure, Tally, Window
from bench.profile import load_profile
from bench.record.csv_columns import interval_of, read_rows, window_of
from bench.record.histogram import Histogram
from bench.record.hlog import class_curves_of, curves_of, merged, read_hlog
from bench.record.recorded_run import (
    EVENTS,
    HISTOGRAMS,
    INTERVALS,
    MANIFEST,
    PROFILE,
    REPORT,
    SUMMARY,
    TOTALS,
    UNFINISHED,
    VITALS,
    RecordedRun,
    event_of,
    read_json,
    text_of,
)
from bench.record.vitals import read_vitals
from bench.stats.thresholds import SloResult, SloState


def load_run(folder: Path | str, *, with_curves: bool = True) -> RecordedRun:
    """Read a run's folder. Raises UsageError if it is none.

    with_curves False leaves out the whole distributions, which of an unfinished run take a while.
    """
    folder = Path(folder)
    if not (folder / MANIFEST).is_file():
        raise UsageError(f"{folder} is not a run's folder: it has no {MANIFEST}")
    profile = _profile(folder)
    report = read_json(folder / REPORT)
    intervals = tuple(map(interval_of, read_rows(text_of(folder / INTERVALS))))
    summary = list(read_rows(text_of(folder / SUMMARY)))
    histograms = _histograms(folder) if with_curves or not summary else {}
    windows = (
        tuple(map(window_of, summary))
        if summary
        else recovered(profile.variants, intervals, histograms)
    )
    return RecordedRun(
        folder=folder,
        profile=profile,
        manifest=read_json(folder / MANIFEST),
        windows=windows,
        intervals=intervals,
        events=_events(folder),
        reasons=tuple(_reason(raw) for raw in report.get("reasons", ())),
        verdict=Verdict(report.get("verdict", Verdict.SUSPECT)),
        slos=tuple(_slo(raw) for raw in report.get("slos", ())),
        state=str(report.get("state", UNFINISHED)),
        curves=curves_of(histograms),
        vitals=read_vitals(folder / VITALS),
        class_curves=class_curves_of(histograms),
    )


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
        retries_refused=sum(tally.retries_refused for tally in tallies),
    )


def _profile(folder: Path) -> Profile:
    return load_profile(folder / PROFILE)


def _histograms(folder: Path) -> dict[str, Histogram]:
    totals = text_of(folder / TOTALS)
    return merged(read_hlog(totals or text_of(folder / HISTOGRAMS)))


def _events(folder: Path) -> tuple[RunEvent, ...]:
    text = text_of(folder / EVENTS)
    return tuple(event_of(line) for line in text[: text.rfind("\n") + 1].splitlines())


def _reason(raw: Mapping[str, Any]) -> Reason:
    return Reason(
        Verdict(raw["verdict"]), raw["text"], raw.get("variant"), bool(raw.get("generator"))
    )


def _slo(raw: Mapping[str, Any]) -> SloResult:
    return SloResult(Slo(raw["name"], raw["text"]), SloState(raw["state"]), raw["value"])
