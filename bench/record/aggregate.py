"""Turns what workers ship into results: per variant, second and segment, and in total.

Everything that becomes of an invocation belongs to the second of its intended arrival, so that
offered = outcomes + in flight + dropped holds in every second, while it lasts and at the end. A
second in which a segment ends and another begins is told in two parts: no row mixes what was
planned before a change with what was planned after it. Rows and counts may come in any order: an
invocation whose row is here before its arrival was counted is counted as offered.

Shipments are reduced to deltas (bench.record.reduction), here or on the machines of a fleet; what
is here merges deltas: into intervals (bench.record.interval_table) and into totals
(bench.record.totals).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from bench.model.load import Plan, Segment
from bench.model.part import Part
from bench.model.profile import Phase, Profile, Variant
from bench.model.result import Distribution, Interval, Measure, Quantile, Tally, Window
from bench.model.times import NS_PER_MS, NS_PER_S
from bench.plan_time import PlanTime
from bench.record.arrival_test import ArrivalGaps, GapFit
from bench.record.block_store import BlockStore, with_shared_blocks
from bench.record.delta import NO_EVENT, Delta, Gathering, KeyColumn
from bench.record.disturbance import is_disturbed
from bench.record.hlog import TaggedHistogram
from bench.record.interval_key import IntervalKey
from bench.record.interval_table import IntervalTable
from bench.record.interval_views import IntervalViews
from bench.record.parts import LoadParts
from bench.record.payload_parts import PayloadParts
from bench.record.planned_sums import ArrivalsAhead, MeasuredTime
from bench.record.recent import Pulse, RecentValues
from bench.record.reduction import Reduction, Shipments
from bench.record.second_rows import ResponseSeconds, TurnPlaces
from bench.record.timeline import Timeline
from bench.record.totals import Totals
from bench.record.turn_seconds import Seconds
from bench.stats.blocks import Reals
from bench.stats.quantiles import Curve

WINDOW_MAX_S = 60
"""How far back `window` can look."""

SHIPPED_NS = NS_PER_S // 2
"""From the end of a second to the arrival of all that workers say of it."""
REPORTED_NS = 900 * NS_PER_MS
"""Likewise where many nodes report, each in its turn: all is merged then, in time for the row."""
_ROW_GRACE_NS = NS_PER_S
"""From the end of a second to its row in intervals.csv: workers ship every quarter second."""
_COMPLETE_NS = 2 * NS_PER_S
"""From a first send to its row, if it was answered: gaps are tested up to there."""
_LATE_S = 60
"""Beyond the longest life of an invocation, before a second with missing ones is given up on."""


class Aggregate:
    """All results of a run. `advance` tells it the time; nothing else does."""

    def __init__(self, profile: Profile, plan: Plan) -> None:
        self._variants = profile.variants
        self._timeline = Timeline(profile, plan.segments)
        self._table = IntervalTable(
            retain_ns=_retained_s(profile) * NS_PER_S,
            give_up_ns=profile.longest_invocation_ns + _LATE_S * NS_PER_S,
        )
        self._now_ns = 0
        self._swept_s = 0
        self._has_reports = False
        """Whether many nodes report, so that what comes waits."""
        self.told_s = 0
        """Of all seconds before this one everything counts that has come in time."""
        self._totals = Totals(profile.variants, profile.target.region)
        self._measured = MeasuredTime(self._timeline, len(profile.variants))
        self._ahead = ArrivalsAhead(self._timeline, len(profile.variants))
        self._views = IntervalViews(
            self._variants, self._timeline, self._table, lambda: self._now_ns
        )
        self._recent = RecentValues(
            self._variants, self._table, self._views.stretch, self._totals.price
        )
        self._lag: tuple[int, Distribution] | None = None
        self._lost: set[int] = set()
        self._gaps = ArrivalGaps(profile, self._timeline)
        self._blocks = BlockStore()
        self._parts = LoadParts(profile, plan.segments, self._timeline)
        self._payloads = PayloadParts(profile)
        self.plan_time = PlanTime(plan)
        """Which instant of the plan an instant of the run is; commands are told to it."""
        places = TurnPlaces(profile, self.plan_time)
        self._seconds = ResponseSeconds(profile, places) if is_disturbed(profile) else None
        self._reduction = Reduction(profile, self._timeline)
        self._coming = Gathering()
        self._shipped = Shipments()

    # -- what comes in

    def add_rows(self, _worker: int, payload: bytes) -> None:
        """Rows of attempts, packed as row_layout has them; they count from the next `advance`."""
        self._shipped.rows.append(payload)
        if self._shipped.is_crowded:
            self.settle()

    def add_counts(self, _worker: int, payload: bytes) -> None:
        """Arrivals offered and dropped, packed likewise; they count from the next `advance` on."""
        self._shipped.counts.append(payload)

    def merge(self, delta: Delta) -> None:
        """What was reduced elsewhere; not twice the same.

        It counts from the next `advance` on if it is little, and otherwise once a second, with all
        that came before: taking it on costs by variants and not by nodes.
        """
        self._coming.add(delta)

    def settle(self) -> None:
        """All that has come counts from now on; together it takes a part of the time of each."""
        for delta in self._shipped.drain(self._reduction):
            self._coming.add(delta)
        whole = self._coming.drain()
        if whole is not None:
            self._merge(whole)

    def _merge(self, delta: Delta) -> None:
        places = self._timeline.places[delta.column(KeyColumn.SEGMENT)]
        measured = places[:, 0] > 0
        for known in delta.by_interval():
            is_measured = self._timeline.phase_in(known.key.segment).measured
            self._totals.count(known.key.variant, known.counts, is_measured)
            self._parts.add(known)
            self._table.add(known)
            if self._seconds is not None and is_measured:
                self._seconds.add(known)
        for variant, values in delta.by_variant(measured):
            self._totals.record(variant, values)
        self._payloads.add(delta, measured)
        self._gaps.add(delta.sends)
        self._blocks.add(delta, measured, places[:, 1])

    def admits(self, delta: Delta) -> bool:
        """Whether it can be of this run: of its variants, its segments and its time."""
        most = np.zeros(len(KeyColumn), dtype=np.int64)
        last_ns = max(self._now_ns, self._timeline.end_ns)
        most[[KeyColumn.SECOND, KeyColumn.PLACE]] = last_ns // NS_PER_S + _LATE_S
        most[KeyColumn.VARIANT] = len(self._variants) - 1
        most[KeyColumn.SEGMENT] = self.phase_of.size - 1
        most[KeyColumn.EVENT] = NO_EVENT
        told = all(int(sample.variant) < len(self._variants) for sample in delta.samples)
        return told and bool((delta.keys <= most).all())

    def add_segment(self, segment: Segment, phase: Phase | None = None) -> None:
        """A change of the plan: from its start on, this segment supersedes what was planned.

        Add them in time order, one that was cut short with its new length first. phase describes
        segment.phase where the profile does not.
        """
        self._timeline.add(segment, phase)

    def cut(self, at_ns: int) -> None:
        """No more arrivals from this instant on: the run is drained or aborted there.

        It may lie a little back: seconds after it that have begun since are forgotten.
        """
        self.settle()
        self._timeline.cut(at_ns)
        later = [(key, stats) for key, stats in self._table.open.items() if key.end_ns > at_ns]
        never = [
            key
            for key, stats in later
            if not stats.tally.any() and not self._views.stretch(key).duration_ns
        ]
        self._table.forget(never)
        if self._seconds is not None:
            for key in never:
                self._seconds.forget(key)

    def worker_lost(self, worker: int) -> None:
        """A worker died: what it had under way stays in flight for good."""
        self._lost.add(worker)

    @property
    def lost_workers(self) -> frozenset[int]:
        """Workers that died before the run ended."""
        return frozenset(self._lost)

    @property
    def phase_of(self) -> NDArray[np.int64]:
        """Index of the phase by index of the segment, as things stand."""
        return self._timeline.phase_of

    # -- time

    def advance(self, now_ns: int) -> None:
        """It is now_ns since the run's start: durations and planned rates count up to here."""
        before_ns, self._now_ns = self._now_ns, max(now_ns, self._now_ns)
        self._has_reports |= not self._coming.is_little
        told_ns = REPORTED_NS if self._has_reports else SHIPPED_NS
        told_s = (self._now_ns - told_ns) // NS_PER_S
        if self._coming.is_little or told_s > self.told_s:
            self.settle()
        self.told_s = max(self.told_s, told_s)
        for second in range(before_ns // NS_PER_S, self._now_ns // NS_PER_S + 1):
            start_ns = second * NS_PER_S
            for segment, _ in self._timeline.between(start_ns, self._clip(start_ns + NS_PER_S)):
                for variant in segment.variants:
                    self._begin(IntervalKey(second, variant, segment.index))
        if self._now_ns // NS_PER_S > self._swept_s:
            self._swept_s = self._now_ns // NS_PER_S
            self._table.sweep(self._now_ns)

    def _begin(self, key: IntervalKey) -> None:
        self._table.begin(key)
        if self._seconds is not None and self._timeline.phase_in(key.segment).measured:
            self._seconds.begin(key)

    def _clip(self, instant_ns: int) -> int:
        return min(instant_ns, self._now_ns)

    # -- second by second

    def intervals(self) -> Collection[Interval]:
        """Every second of every variant and segment, in the order of the files."""
        return self._views.all()

    def changed(self) -> tuple[Interval, ...]:
        """The intervals that changed since the last call; seconds long past are forgotten."""
        return self._views.of(self._table.drain_changed())

    def passed(self) -> tuple[Interval, ...]:
        """The intervals whose second has passed since the last call, each once.

        Invocations may still be in flight in them; `intervals` has their final figures.
        """
        return self._views.of(self._table.drain_passed(self._now_ns - _ROW_GRACE_NS))

    def settled(self) -> Iterator[Interval]:
        """The intervals that have come into their final form since the last call.

        In the order of the files: one that is not final yet holds back all that follow it.
        """
        return map(self._views.interval, self._table.drain_settled())

    def unsettled(self) -> Iterator[Interval] | None:
        """The intervals that `settled` has not given; None if one that it has given is not final.

        That is the case if invocations of more than a minute ago have come since.
        """
        if self._table.changed_settled:
            return None
        return map(self._views.interval, self._table.unsettled())

    def closed_histograms(self, final: bool = False) -> Iterator[TaggedHistogram]:
        """Lines for histograms.hlog, each value in one of them: of seconds in which all has ended.

        final: of all others as well.
        """
        for key, stats in self._table.drain_unlogged(self._now_ns, final):
            yield from self._views.lines(key, stats)

    # -- over several seconds

    def totals(self) -> tuple[Window, ...]:
        """Measured phases, a window per variant in the order of the profile."""
        return self._totals.windows(self._measured.until(self._now_ns))

    def window(self, seconds: int) -> tuple[Window, ...]:
        """The last seconds, at most WINDOW_MAX_S, of every variant that was on in them."""
        return self._recent.windows(self._now_ns // NS_PER_S - min(seconds, WINDOW_MAX_S))

    def segment_tally(self, segment: int) -> Tally:
        """Counts of one segment, over its variants; for as long as its values are kept."""
        return self._recent.segment_tally(segment)

    def segment_quantile(self, segment: int, measure: Measure, q: float) -> Quantile | None:
        """Any quantile of one segment, 0 < q < 1, for as long as its values are kept.

        That is WINDOW_MAX_S, and for a step of a capacity search until its last answer can come.
        """
        return self._recent.segment_quantile(segment, measure, q)

    def segment_blocks(self, segment: int, measure: Measure, limit_ns: int) -> tuple[Reals, Reals]:
        """By second of one segment: values and those that reach a limit, for as long."""
        return self._recent.segment_blocks(segment, measure, limit_ns)

    def pulse(self) -> Pulse:
        """For the head of a view."""
        second = self.told_s - 1
        planned, achieved = self.rates(second)
        under_way = self.in_flight_by_variant
        return Pulse(planned, achieved, sum(under_way), under_way, self._recent_lag(second))

    def _recent_lag(self, second: int) -> Distribution:
        """Merged anew with each second and not with each look."""
        if self._lag is None or self._lag[0] != second:
            self._lag = second, self._recent.send_lag(second - 9)
        return self._lag[1]

    @property
    def in_flight_by_variant(self) -> tuple[int, ...]:
        """Invocations under way now, over all phases."""
        return self._totals.in_flight

    def rates(self, second: int) -> tuple[float, float]:
        """Arrivals planned and invocations first sent in a second, over all variants."""
        whole = self._timeline.between(second * NS_PER_S, (second + 1) * NS_PER_S)
        planned = sum(stretch.planned * len(segment.variants) for segment, stretch in whole)
        return planned, float(self._recent.sent(second))

    def response_seconds(self) -> Mapping[Variant, Seconds]:
        """The measured seconds of each variant's turns; of a profile without a disturbance none."""
        return {} if self._seconds is None else self._seconds.by_variant()

    def parts(self) -> tuple[Part, ...]:
        """Results by phase and by step, and by event of a mix, where there is more than one."""
        by_event = self._payloads.results(self._measured.until(self._now_ns))
        return (*self._parts.results(self._now_ns), *by_event)

    # -- whole distributions, and money

    def curves(self) -> dict[str, dict[Measure, Curve]]:
        """The whole distribution of every measure, by the variant's name; measured phases.

        Those that are compared, or priced, are by blocks of time as well.
        """
        curves = self._totals.curves()
        return {
            variant.name: self._blocks.with_blocks(index, curves[variant.name])
            for index, variant in enumerate(self._variants)
        }

    def class_curves(self) -> dict[str, dict[str, Curve]]:
        """Response times of each class (cold, warm, retried, failed), by the variant's name.

        What advice compares is by blocks of time as well: warm successes, or a class of all.
        """
        found = self._totals.class_curves()
        for index, variant in enumerate(self._variants):
            own = with_shared_blocks(
                found[variant.name], self.curve(variant.name, Measure.RESPONSE)
            )
            found[variant.name] = self._blocks.with_warm_blocks(index, own)
        return found

    def curve(self, variant: str, measure: Measure) -> Curve | None:
        """One of them, for who asks often; None without samples."""
        curve = self._totals.curve(variant, measure)
        if curve is None:
            return None
        index = self._totals.index_of(variant)
        return self._blocks.with_blocks(index, {measure: curve})[measure]

    def gap_fits(self) -> dict[str, GapFit]:
        """By the variant's name: how well the gaps of first sends fit what was planned."""
        fits = self._gaps.fits(self._now_ns - _COMPLETE_NS)
        return {self._variants[index].name: fit for index, fit in sorted(fits.items())}

    def projected_usd(self) -> float | None:
        """What the run will have cost at its planned end, if things stay as they are.

        None where nobody can tell: a variant has not begun yet.
        """
        return self._totals.projected_usd(self._ahead.after(self._now_ns))

    def spend_usd(self) -> float:
        """What the run has cost so far by list price, warm-up included, or would cost on AWS."""
        return self._totals.spend_usd()


def _retained_s(profile: Profile) -> int:
    """How long values are kept: for windows, and for a step of a search for capacity."""
    if profile.capacity is None:
        return WINDOW_MAX_S
    search = profile.capacity
    longest_ns = search.longest_hold_ns + search.limit_ns
    return WINDOW_MAX_S + longest_ns // NS_PER_S
