"""A recorded run as it stood at any second, or one that another process still writes, followed.

Counts come from intervals.csv, times from histograms.hlog, so that a quantile of any stretch is
that of its samples and never an average. Everything belongs to the second of its intended arrival:
what is shown of a second includes the answers that came later. At the end of a finished run stand
the figures of summary.csv themselves.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.aws.prices import usd_per_million
from bench.errors import UsageError
from bench.model.live import COMMAND_EVENT, RunEvent
from bench.model.load import CommandKind
from bench.model.outcome import Outcome, Reason, Verdict
from bench.model.profile import Variant
from bench.model.result import Distribution, Interval, Measure, Tally, Vitals, Window
from bench.profile import load_profile
from bench.record.csv_columns import interval_of, read_rows
from bench.record.file_tail import FileTail
from bench.record.hlog import read_hlog
from bench.record.hlog_index import HlogIndex, distribution_of
from bench.record.load_run import load_run
from bench.record.measures import CLASSES
from bench.record.recorded_run import (
    EVENTS,
    HISTOGRAMS,
    INTERVALS,
    MANIFEST,
    PROFILE,
    REPORT,
    VITALS,
    RecordedRun,
    event_of,
    read_json,
)
from bench.record.vitals import vitals_from
from bench.stats.quantiles import Curve

LAG_WINDOW_S = 10
UNJUDGED = "not judged yet: the run has not written its end"
_UNMEASURED = "/unmeasured"
_OFFERED = 5
"""Columns of sums before those of the tally: duration, planned, sent, billed ms, billed."""
_WIDTH = _OFFERED + 3 + len(Outcome) + 3
Sums = NDArray[np.float64]


class RunPlayback:
    """Reads a run's folder; `refresh` takes in what has been added since.

    Raises UsageError if the folder is no run's.
    """

    def __init__(self, folder: Path) -> None:
        if not (folder / MANIFEST).is_file():
            raise UsageError(f"{folder} is not a run's folder: it has no {MANIFEST}")
        self._folder = folder
        self._begin(
            RecordedRun(
                folder=folder,
                profile=load_profile(folder / PROFILE),
                manifest=read_json(folder / MANIFEST),
                windows=(),
                verdict=Verdict.SUSPECT,
                reasons=(Reason(Verdict.SUSPECT, UNJUDGED),),
            )
        )
        self.refresh()

    def _begin(self, run: RecordedRun) -> None:
        self.run = run
        self._seconds: dict[int, list[Interval]] = {}
        self.end_s = 0
        """One more than the last second that is recorded."""
        self.vitals: list[Vitals] = []
        self.events: list[RunEvent] = []
        self._tails = {
            name: FileTail(self._folder / name, keeps_header=name.endswith(".csv"))
            for name in (INTERVALS, VITALS, EVENTS, HISTOGRAMS)
        }
        self._variants = run.profile.variants
        self._tracks = HlogIndex()
        self._sums = {
            (variant, measured): _Running()
            for variant in self._variants
            for measured in (True, False)
        }

    def refresh(self) -> bool:
        """Take in what was added since; False if the run has ended and nothing can be."""
        if self.run.is_finished:
            return False
        if (self._folder / REPORT).is_file():
            self._begin(load_run(self._folder))  # its files have been replaced by final ones
            self._add(self.run.intervals, self.run.vitals, self.run.events)
        else:
            self._add(
                map(interval_of, read_rows(self._tails[INTERVALS].read())),
                map(vitals_from, read_rows(self._tails[VITALS].read())),
                map(event_of, self._tails[EVENTS].read().splitlines()),
            )
        self._tracks.add(read_hlog(self._tails[HISTOGRAMS].read()))
        return True

    def _add(
        self, intervals: Iterable[Interval], vitals: Iterable[Vitals], events: Iterable[RunEvent]
    ) -> None:
        self._add_intervals(intervals)
        self.vitals += vitals
        self.events += events

    def _add_intervals(self, intervals: Iterable[Interval]) -> None:
        by_series: dict[tuple[Variant, bool], list[Interval]] = {}
        for interval in intervals:
            self._seconds.setdefault(interval.t_s, []).append(interval)
            self.end_s = max(self.end_s, interval.t_s + 1)
            by_series.setdefault((interval.window.variant, interval.measured), []).append(interval)
        for series, added in by_series.items():
            if series in self._sums:
                self._sums[series].add(added)

    def intervals(self, from_s: int, to_s: int) -> tuple[Interval, ...]:
        """What is recorded of the seconds from one up to, without, another."""
        found = (self._seconds.get(second, ()) for second in range(max(0, from_s), to_s))
        return tuple(interval for second in found for interval in second)

    def rate_factor(self, t_ns: int) -> float:
        """What the profile's rate was multiplied by at an instant: 1.0 before any command."""
        past = (e for e in reversed(self.events) if e.kind == COMMAND_EVENT and e.t_ns <= t_ns)
        factors = (e.fields["value"] for e in past if e.text == CommandKind.RATE_FACTOR.value)
        return next(map(float, factors), 1.0)

    def _is_whole(self, until_s: int) -> bool:
        """True if the figures of the whole run hold from this second on."""
        return self.run.is_finished and until_s >= self.end_s

    # -- results up to a second

    def totals(self, until_s: int) -> tuple[Window, ...]:
        """Measured phases before a second, a window per variant in the order of the profile."""
        if self._is_whole(until_s):
            return self.run.windows
        return self._windows(0, until_s, (True,), self._variants)

    def window(self, until_s: int, seconds: int) -> tuple[Window, ...]:
        """The last seconds before one, of every variant that was on in them."""
        from_s = until_s - seconds
        on = [v for v in self._variants if self._summed(v, from_s, until_s, (True, False))[0] > 0]
        return self._windows(from_s, until_s, (True, False), on)

    def curves(self, until_s: int) -> Mapping[str, Mapping[Measure, Curve]]:
        """Whole distributions of the measured phases before a second."""
        if self._is_whole(until_s):
            return self.run.curves
        return {
            variant.name: {
                measure: curve
                for measure in Measure
                if (curve := self._curve(variant, measure.value, 0, until_s, (True,))[0]).count
            }
            for variant in self._variants
        }

    def class_curves(self, until_s: int) -> Mapping[str, Mapping[str, Curve]]:
        """Response times of cold, warm, retried and failed invocations, likewise."""
        if self._is_whole(until_s):
            return self.run.class_curves
        return {
            variant.name: {
                name: curve
                for name in CLASSES
                if (curve := self._curve(variant, name, 0, until_s, (True,))[0]).count
            }
            for variant in self._variants
        }

    def send_lag(self, until_s: int) -> Distribution:
        """Over all variants, of the last ten seconds before one."""
        tags = [
            tag
            for variant in self._variants
            for tag in _tags(variant, Measure.SEND_LAG.value, (True, False))
        ]
        return distribution_of(*self._tracks.curve(tags, until_s - LAG_WINDOW_S, until_s))

    # -- merging

    def _curve(
        self, variant: Variant, name: str, from_s: int, to_s: int, measured: Sequence[bool]
    ) -> tuple[Curve, int]:
        return self._tracks.curve(_tags(variant, name, measured), from_s, to_s)

    def _summed(self, variant: Variant, from_s: int, to_s: int, measured: Sequence[bool]) -> Sums:
        parts = [self._sums[variant, one].between(from_s, to_s) for one in measured]
        total: Sums = np.sum(parts, axis=0)
        return total

    def _windows(
        self, from_s: int, to_s: int, measured: Sequence[bool], variants: Sequence[Variant]
    ) -> tuple[Window, ...]:
        return tuple(self._window(variant, from_s, to_s, measured) for variant in variants)

    def _window(self, variant: Variant, from_s: int, to_s: int, measured: Sequence[bool]) -> Window:
        sums = self._summed(variant, from_s, to_s, measured)

        def distribution(name: str) -> Distribution:
            return distribution_of(*self._curve(variant, name, from_s, to_s, measured))

        duration_s = float(sums[0])
        tally = _tally_of(sums)
        window = Window(
            variant=variant,
            duration_s=duration_s,
            tally=tally,
            planned_rps=_rate(sums[1], duration_s),
            achieved_rps=_rate(sums[2], duration_s),
            goodput_rps=_rate(tally.ok, duration_s),
            measures={measure: distribution(measure.value) for measure in Measure},
            billed_ms_mean=_mean_billed(sums),
            usd_per_million=self._price(variant, from_s, to_s, measured),
        )
        classes: dict[str, Any] = {name: distribution(name) for name in CLASSES}
        return replace(window, **classes)

    def _price(
        self, variant: Variant, from_s: int, to_s: int, measured: Sequence[bool]
    ) -> float | None:
        """By the variant's own billed duration, or that of the same size through other doors."""
        same = [v for v in self._variants if _size(v) == _size(variant)]
        own = self._summed(variant, from_s, to_s, measured)
        all_doors = np.sum([self._summed(v, from_s, to_s, measured) for v in same], axis=0)
        billed_ms = _mean_billed(own)
        if billed_ms is None:
            billed_ms = _mean_billed(all_doors)
        return usd_per_million(variant, billed_ms, self.run.profile.target.region)


class _Running:
    """Running sums over the seconds of one variant."""

    def __init__(self) -> None:
        self._seconds = np.empty(0, dtype=np.int64)
        self._rows = np.empty((0, _WIDTH))
        self._running = np.zeros((1, _WIDTH))

    def add(self, intervals: Sequence[Interval]) -> None:
        seconds = np.array([interval.t_s for interval in intervals], dtype=np.int64)
        rows = np.array([_row(interval.window) for interval in intervals])
        self._seconds = np.concatenate((self._seconds, seconds))
        self._rows = np.concatenate((self._rows, rows))
        order = np.argsort(self._seconds, kind="stable")
        self._seconds, self._rows = self._seconds[order], self._rows[order]
        self._running = np.vstack((np.zeros(_WIDTH), np.cumsum(self._rows, axis=0)))

    def between(self, from_s: int, to_s: int) -> Sums:
        start, end = np.searchsorted(self._seconds, [from_s, to_s])
        found: Sums = self._running[end] - self._running[start]
        return found


def _row(window: Window) -> list[float]:
    tally, duration_s = window.tally, window.duration_s
    billed = window.measure(Measure.BILLED).count
    return [
        *(duration_s, window.planned_rps * duration_s, window.achieved_rps * duration_s),
        *((window.billed_ms_mean or 0.0) * billed, billed),
        *(tally.offered, tally.in_flight, tally.dropped, *tally.outcomes),
        *(tally.attempts, tally.cold_starts, tally.retries_refused),
    ]


def _tally_of(sums: Sums) -> Tally:
    offered, in_flight, dropped, *rest = (round(value) for value in sums[_OFFERED:].tolist())
    *outcomes, attempts, cold, refused = rest
    return Tally(offered, in_flight, dropped, tuple(outcomes), attempts, cold, refused)


def _mean_billed(sums: Sums) -> float | None:
    return float(sums[3] / sums[4]) if sums[4] else None


def _rate(total: float, duration_s: float) -> float:
    return float(total) / duration_s if duration_s else 0.0


def _size(variant: Variant) -> tuple[int | None, str]:
    return variant.memory_mb, variant.architecture.value


def _tags(variant: Variant, name: str, measured: Sequence[bool]) -> list[str]:
    tag = f"{variant.name}/{name}"
    return [tag if one else tag + _UNMEASURED for one in measured]
