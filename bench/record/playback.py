"""A recorded run as it stood at any second, or one that another process still writes, followed.

Counts come from intervals.csv, times from histograms.hlog, so that a quantile of any stretch is
that of its samples and never an average. Everything belongs to the second of its intended arrival:
what is shown of a second includes the answers that came later. At the end of a finished run stand
the figures of summary.csv themselves.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench.aws.prices import usd_per_million
from bench.errors import UsageError
from bench.model.live import COMMAND_EVENT, RunEvent
from bench.model.load import CommandKind
from bench.model.outcome import Reason, Verdict
from bench.model.profile import Variant
from bench.model.result import Distribution, Interval, Measure, Vitals, Window
from bench.profile import recorded_profile
from bench.record.border import decoded, reading
from bench.record.csv_columns import interval_of, read_rows
from bench.record.disturbance import is_disturbed
from bench.record.file_tail import FileTail
from bench.record.hlog import UNMEASURED, read_hlog
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
from bench.record.recorded_seconds import recorded_seconds
from bench.record.running_sums import (
    NO_SUMS,
    RunningSums,
    Sums,
    mean_billed_ms,
    sent_in,
    stretch_in,
    tally_in,
)
from bench.record.turn_seconds import Seconds
from bench.record.uncollected import uncollected
from bench.record.vitals_csv import read_vitals, vitals_from
from bench.record.window import Rates, make_window
from bench.stats.quantiles import Curve

LAG_WINDOW_S = 10
UNJUDGED = "not judged yet: the run has not written its end"
MEASURED, MEASURED_OR_NOT = (True,), (True, False)


@dataclass(frozen=True, slots=True)
class _Span:
    """The seconds from one up to, without, another, and which phases in them are meant."""

    from_s: int
    to_s: int
    measured: tuple[bool, ...]


@dataclass(frozen=True, slots=True)
class _Summed:
    """The sums of a span, by variant, and of all that have a size."""

    by_variant: dict[Variant, Sums] = field(default_factory=dict)
    by_size: dict[Variant, Sums] = field(default_factory=dict)


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
                profile=recorded_profile(folder / PROFILE),
                manifest=read_json(folder / MANIFEST),
                windows=(),
                verdict=Verdict.SUSPECT,
                reasons=(Reason(Verdict.SUSPECT, UNJUDGED),),
            )
        )
        with uncollected():  # at a fifth less CPU
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
        self._is_disturbed = is_disturbed(run.profile)
        self._tracks = HlogIndex()
        self._sums = {
            (variant, measured): RunningSums()
            for variant in self._variants
            for measured in (True, False)
        }

    def refresh(self) -> bool:
        """Take in what was added since; False if the run has ended and nothing can be."""
        if self.run.is_finished:
            return False
        if (self._folder / REPORT).is_file():
            self._begin(load_run(self._folder))  # its files have been replaced by final ones
            self._add(self.run.intervals, read_vitals(self._folder / VITALS), self.run.events)
        else:
            self._add(
                decoded(self._folder / INTERVALS, read_rows(self._tail(INTERVALS)), interval_of),
                decoded(self._folder / VITALS, read_rows(self._tail(VITALS)), vitals_from),
                decoded(self._folder / EVENTS, self._tail(EVENTS).split("\n")[:-1], event_of),
            )
        added = self._tail(HISTOGRAMS)
        with reading(self._folder / HISTOGRAMS):
            self._tracks.add(read_hlog(added))
        return True

    def _tail(self, name: str) -> str:
        with reading(self._folder / name):
            return self._tails[name].read()

    def _add(
        self, intervals: Iterable[Interval], vitals: Iterable[Vitals], events: Iterable[RunEvent]
    ) -> None:
        for interval in intervals:
            self._seconds.setdefault(interval.t_s, []).append(interval)
            self.end_s = max(self.end_s, interval.t_s + 1)
            series = (interval.window.variant, interval.measured)
            if series in self._sums:
                self._sums[series].add(interval.t_s, interval.window)
        self.vitals += vitals
        self.events += events

    def intervals(self, from_s: int, to_s: int) -> tuple[Interval, ...]:
        """What is recorded of the seconds from one up to, without, another."""
        found = (self._seconds.get(second, ()) for second in range(max(0, from_s), to_s))
        return tuple(interval for second in found for interval in second)

    def vitals_between(self, from_s: int, to_s: int) -> tuple[Vitals, ...]:
        """Those of the seconds from one up to, without, another."""
        return tuple(self.vitals[self._vitals_by(from_s) : self._vitals_by(to_s)])

    def vitals_before(self, second: int) -> Vitals | None:
        """The last ones before a second; None if there are none."""
        at = self._vitals_by(second)
        return self.vitals[at - 1] if at else None

    def _vitals_by(self, second: int) -> int:
        return bisect_left(self.vitals, second, key=lambda vitals: vitals.t_s)

    def events_until(self, t_ns: int) -> tuple[RunEvent, ...]:
        """Those up to an instant, and at it."""
        return tuple(self.events[: bisect_right(self.events, t_ns, key=lambda e: e.t_ns)])

    def rate_factor(self, t_ns: int) -> float:
        """What the profile's rate was multiplied by at an instant: 1.0 before any command."""
        past = (e for e in reversed(self.events_until(t_ns)) if e.kind == COMMAND_EVENT)
        factors = (e.fields["value"] for e in past if e.text == CommandKind.RATE_FACTOR.value)
        return next(map(float, factors), 1.0)

    def _is_whole(self, until_s: int) -> bool:
        """True if the figures of the whole run hold from this second on."""
        return self.run.is_finished and until_s >= self.end_s

    # -- results up to a second

    def totals(self, until_s: int) -> tuple[Window, ...]:
        """Measured phases before a second, a window per variant in the order of the profile."""
        return self.run.windows if self._is_whole(until_s) else self.merged_totals(until_s)

    def merged_totals(self, until_s: int) -> tuple[Window, ...]:
        """Likewise, merged from the seconds also where the summary says it."""
        span = _Span(0, until_s, MEASURED)
        summed = self._summed(span)
        return tuple(self._window(variant, span, summed) for variant in self._variants)

    def window(self, until_s: int, seconds: int) -> tuple[Window, ...]:
        """The last seconds before one, of every variant that was on in them."""
        span = _Span(until_s - seconds, until_s, MEASURED_OR_NOT)
        summed = self._summed(span)
        on = [variant for variant, own in summed.by_variant.items() if stretch_in(own).duration_ns]
        return tuple(self._window(variant, span, summed) for variant in on)

    def curves(self, until_s: int) -> Mapping[str, Mapping[Measure, Curve]]:
        """Whole distributions of the measured phases before a second."""
        if self._is_whole(until_s):
            return self.run.curves
        span = _Span(0, until_s, MEASURED)
        curves = {
            variant.name: {
                measure: curve
                for measure in Measure
                if (curve := self._curve(variant, measure, span)[0]).count
            }
            for variant in self._variants
        }
        return self._tracks.in_blocks(curves, until_s)

    def class_curves(self, until_s: int) -> Mapping[str, Mapping[str, Curve]]:
        """Response times of cold, warm, retried and failed invocations, likewise."""
        if self._is_whole(until_s):
            return self.run.class_curves
        span = _Span(0, until_s, MEASURED)
        classes = {
            variant.name: {
                name: curve
                for name in CLASSES
                if (curve := self._curve(variant, name, span)[0]).count
            }
            for variant in self._variants
        }
        return self._tracks.in_blocks(classes, until_s)

    def response_seconds(self, until_s: int) -> Mapping[Variant, Seconds]:
        """The measured seconds of each variant's turns before a second."""
        if not self._is_disturbed:
            return {}
        run = self.run
        return recorded_seconds(
            run.profile, self.intervals(0, until_s), self._tracks, run.plan_time
        )

    def send_lag(self, until_s: int) -> Distribution:
        """Over all variants, of the last ten seconds before one."""
        tags = [
            tag
            for variant in self._variants
            for tag in _tags(variant, Measure.SEND_LAG, MEASURED_OR_NOT)
        ]
        return distribution_of(*self._tracks.curve(tags, until_s - LAG_WINDOW_S, until_s))

    # -- merging

    def _curve(self, variant: Variant, name: str, span: _Span) -> tuple[Curve, int]:
        return self._tracks.curve(_tags(variant, name, span.measured), span.from_s, span.to_s)

    def _summed(self, span: _Span) -> _Summed:
        summed = _Summed()
        for variant in self._variants:
            parts = (
                self._sums[variant, one].between(span.from_s, span.to_s) for one in span.measured
            )
            own = summed.by_variant[variant] = sum(parts, start=NO_SUMS)
            size = variant.at_function
            summed.by_size[size] = summed.by_size.get(size, NO_SUMS) + own
        return summed

    def _window(self, variant: Variant, span: _Span, summed: _Summed) -> Window:
        own = summed.by_variant[variant]
        tally, billed_ms = tally_in(own), mean_billed_ms(own)
        # Where the door shows no log, the price is by the same size through other doors.
        priced_ms = (
            mean_billed_ms(summed.by_size[variant.at_function]) if billed_ms is None else billed_ms
        )
        return make_window(
            variant,
            tally,
            Rates.over(stretch_in(own), sent_in(own), tally.ok),
            lambda name: distribution_of(*self._curve(variant, name, span)),
            billed_ms_mean=billed_ms,
            usd_per_million=usd_per_million(variant, priced_ms, self.run.profile.target.region),
        )


def _tags(variant: Variant, name: str, measured: Sequence[bool]) -> list[str]:
    tag = f"{variant.name}/{name}"
    return [tag if one else tag + UNMEASURED for one in measured]
