"""Reading a run's folder back, also one whose coordinator did not live to finish it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from bench.errors import UsageError
from bench.model.live import RunEvent
from bench.model.outcome import Reason, Verdict
from bench.model.profile import Profile, Slo, Variant
from bench.model.result import Distribution, Interval, Measure, Tally, Window
from bench.model.times import NS_PER_S
from bench.profile import recorded_profile
from bench.record.block_store import COMPARED, Kind, RecordedBlocks, with_shared_blocks
from bench.record.border import decoded, reading
from bench.record.csv_columns import read_rows_in, window_of
from bench.record.histogram import Histogram
from bench.record.hlog import class_curves_of, curves_of, merged, read_hlog
from bench.record.hlog_index import EVER_S, HlogIndex
from bench.record.intervals_csv import RecordedIntervals
from bench.record.phases_csv import read_phases
from bench.record.recorded_run import (
    BLOCKS,
    EVENTS,
    HISTOGRAMS,
    INTERVALS,
    MANIFEST,
    PHASES,
    PROFILE,
    REPORT,
    SUMMARY,
    TOTALS,
    UNFINISHED,
    RecordedRun,
    event_of,
    read_json,
    text_of,
)
from bench.record.timeline import Stretch
from bench.record.window import NOTHING, Rates, make_window
from bench.stats.quantiles import Curve
from bench.stats.thresholds import SloResult, SloState

_Curves = Mapping[str, Mapping[Kind, Curve]]


def load_run(folder: Path | str) -> RecordedRun:
    """Read a run's folder. Raises UsageError if it is none, or damaged, with file and line.

    The intervals are read when they are asked for.
    """
    folder = Path(folder)
    if not (folder / MANIFEST).is_file():
        raise UsageError(f"{folder} is not a run's folder: it has no {MANIFEST}")
    with reading(folder):
        return _loaded(folder)


def _loaded(folder: Path) -> RecordedRun:
    profile = _profile(folder)
    report = read_json(folder / REPORT)
    intervals = RecordedIntervals(folder / INTERVALS)
    summary = folder / SUMMARY
    known = {variant: variant for variant in profile.variants}
    windows = tuple(
        _told(window, known)
        for window in decoded(summary, read_rows_in(summary), window_of, first_line=2)
    )
    histograms = _histograms(folder)
    with reading(folder / REPORT):
        reasons = tuple(_reason(raw) for raw in report.get("reasons", ()))
        verdict = Verdict(report.get("verdict", Verdict.SUSPECT))
        slos = tuple(_slo(raw) for raw in report.get("slos", ()))
    curves, classes = _with_blocks(folder, curves_of(histograms), class_curves_of(histograms))
    return RecordedRun(
        folder=folder,
        profile=profile,
        manifest=read_json(folder / MANIFEST),
        windows=windows or recovered(profile.variants, intervals, histograms),
        intervals=intervals,
        events=_events(folder),
        reasons=reasons,
        verdict=verdict,
        slos=slos,
        state=str(report.get("state", UNFINISHED)),
        curves=curves,
        class_curves=classes,
        parts=tuple(
            replace(part, window=_told(part.window, known)) for part in read_phases(folder / PHASES)
        ),
    )


def _told(window: Window, known: Mapping[Variant, Variant]) -> Window:
    """With the profile's variant, which knows in what it differs from the others."""
    return replace(window, variant=known.get(window.variant, window.variant))


@dataclass(slots=True)
class _Sum:
    """The seconds of a variant, added up."""

    tally: Tally = field(default_factory=Tally)
    stretch: Stretch = field(default_factory=Stretch)
    sent: float = 0.0

    def add(self, window: Window) -> None:
        duration_s = window.duration_s
        duration_ns = round(duration_s * NS_PER_S)
        self.tally += window.tally
        self.stretch += Stretch(duration_ns, window.planned_rps * duration_s)
        self.sent += window.achieved_rps * duration_s


def recovered(
    variants: Sequence[Variant], intervals: Iterable[Interval], histograms: Mapping[str, Histogram]
) -> tuple[Window, ...]:
    """Totals of a run that wrote none: counts from its seconds, times from its interval log."""
    sums = {variant: _Sum() for variant in variants}
    for interval in intervals:
        if interval.measured and interval.window.variant in sums:
            sums[interval.window.variant].add(interval.window)
    return tuple(_recovered(variant, sums[variant], histograms) for variant in variants)


def _recovered(variant: Variant, found: _Sum, histograms: Mapping[str, Histogram]) -> Window:
    def distribution(name: str) -> Distribution:
        histogram = histograms.get(f"{variant.name}/{name}")
        return NOTHING if histogram is None else histogram.distribution()

    return make_window(
        variant,
        found.tally,
        Rates.over(found.stretch, found.sent, found.tally.ok),
        distribution,
        verdict=Verdict.SUSPECT,
    )


def _profile(folder: Path) -> Profile:
    return recorded_profile(folder / PROFILE)


def _histograms(folder: Path) -> dict[str, Histogram]:
    totals = text_of(folder / TOTALS)
    with reading(folder / (TOTALS if totals else HISTOGRAMS)) as place:
        return merged(read_hlog(totals or text_of(folder / HISTOGRAMS), place))


def _with_blocks(
    folder: Path, curves: _Curves[Measure], classes: _Curves[str]
) -> tuple[_Curves[Measure], _Curves[str]]:
    """Whole distributions, by blocks of time where those were written or seconds still tell."""
    if (folder / BLOCKS).is_file():
        with reading(folder / BLOCKS) as place:
            lines = list(read_hlog(text_of(folder / BLOCKS), place))
            place.line = 0
            recorded = RecordedBlocks(lines)
        curves = recorded.on(curves)
        shared = {
            name: with_shared_blocks(own, curves.get(name, {}).get(Measure.RESPONSE))
            for name, own in classes.items()
        }
        return curves, recorded.on(shared)
    if (folder / TOTALS).is_file():
        return curves, classes
    index = _by_seconds(folder, curves)
    return index.in_blocks(curves, EVER_S), index.in_blocks(classes, EVER_S)


def _by_seconds(folder: Path, variants: Iterable[str]) -> HlogIndex:
    index = HlogIndex()
    tags = {f"{name}/{kind}" for name in variants for kind in COMPARED}
    with reading(folder / HISTOGRAMS):
        lines = read_hlog(text_of(folder / HISTOGRAMS))
        index.add(line for line in lines if line.tag in tags)
    return index


def _events(folder: Path) -> tuple[RunEvent, ...]:
    text = text_of(folder / EVENTS)
    lines = text[: text.rfind("\n") + 1].split("\n")[:-1]
    return tuple(decoded(folder / EVENTS, lines, event_of, first_line=1))


def _reason(raw: Mapping[str, Any]) -> Reason:
    return Reason(
        Verdict(raw["verdict"]), raw["text"], raw.get("variant"), bool(raw.get("generator"))
    )


def _slo(raw: Mapping[str, Any]) -> SloResult:
    return SloResult(Slo(raw["name"], raw["text"]), SloState(raw["state"]), raw["value"])
