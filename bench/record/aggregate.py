"""Turns what workers ship into results: per variant, second and segment, and in total.

Everything that becomes of an invocation belongs to the second of its intended arrival, so that
offered = outcomes + in flight + dropped holds in every second, while it lasts and at the end. A
second in which a segment ends and another begins is told in two parts: no row mixes what was
planned before a change with what was planned after it. Rows and counts may come in any order: an
invocation whose row is here before its arrival was counted is counted as offered.

Memory is bounded, however long the run: values of the last minute are kept as bucket numbers, older
seconds as figures on a shelf in a temporary file, totals as one histogram per variant and series.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from heapq import merge

import numpy as np
from numpy.typing import NDArray

from bench.model.load import Plan, Segment
from bench.model.profile import Phase, Profile
from bench.model.result import Distribution, Interval, Measure, Quantile, Tally, Window
from bench.model.times import NS_PER_S
from bench.record.arrival_test import ArrivalGaps, GapFit
from bench.record.batch import TALLY, Batch, Count, MeasureValues, Tallies, present
from bench.record.histogram import Indexes, encode_buckets
from bench.record.hlog import TaggedHistogram
from bench.record.interval_stats import (
    Figures,
    IntervalStats,
    add_late,
    distribution_of,
    merged_figures,
    merged_quantile,
    merged_series,
    repacked,
    response_spread,
    unpacked,
)
from bench.record.interval_store import IntervalKey, IntervalStore
from bench.record.latency_bins import added, unpack_spread
from bench.record.measures import MEASURES, TAGS, Series
from bench.record.row_layout import COUNT_FIELDS
from bench.record.timeline import Stretch, Timeline
from bench.record.totals import Totals
from bench.record.window import DistributionOf, sent, tally_of, window_of
from bench.stats.quantiles import Curve

WINDOW_MAX_S = 60
"""How far back `window` can look."""

SHIPPED_NS = NS_PER_S // 2
"""From the end of a second to the arrival of all that workers say of it."""
_ROW_GRACE_NS = NS_PER_S
"""From the end of a second to its row in intervals.csv: workers ship every quarter second."""
_SETTLE_GRACE_NS = 2 * NS_PER_S
_LATE_S = 60
"""Beyond the longest life of an invocation, before a second with missing ones is given up on."""

_COUNT_TYPE = np.dtype(list(COUNT_FIELDS))
_NOTHING = Distribution()


@dataclass(frozen=True, slots=True)
class Pulse:
    """The load at this moment, over all variants: a whole second, and what is under way."""

    planned_rps: float
    achieved_rps: float
    """Of the last second of which workers have told everything."""
    in_flight: int
    in_flight_by_variant: tuple[int, ...]
    send_lag: Distribution
    """Of the last ten seconds."""


class Intervals(Collection[Interval]):
    """Every second of every variant and segment, in the order of the files.

    Each is made when its turn comes: all of a long run's at once would fill the memory.
    """

    def __init__(self, aggregate: Aggregate) -> None:
        self._aggregate = aggregate

    def __len__(self) -> int:
        return len(self._aggregate._cells) + len(self._aggregate._shelf)

    def __iter__(self) -> Iterator[Interval]:
        aggregate = self._aggregate
        keys = merge(aggregate._shelf, sorted(aggregate._cells))
        return map(aggregate._interval, keys)

    def __contains__(self, interval: object) -> bool:
        return any(own == interval for own in self)


class Aggregate:
    """All results of a run. `advance` tells it the time; nothing else does."""

    def __init__(self, profile: Profile, plan: Plan) -> None:
        self._variants = profile.variants
        self._timeline = Timeline(profile, plan.segments)
        self._retain_s = WINDOW_MAX_S
        if profile.capacity is not None:
            search = profile.capacity
            longest_ns = max(search.step_ns, search.hold_ns) + search.limit_ns
            self._retain_s += longest_ns // NS_PER_S
        self._give_up_ns = profile.longest_invocation_ns + _LATE_S * NS_PER_S
        self._now_ns = 0
        self._swept_s = 0
        self._cells: dict[IntervalKey, IntervalStats] = {}
        self._shelf = IntervalStore()
        self._changed: set[IntervalKey] = set()
        self._coming: set[IntervalKey] = set()
        self._totals = Totals(profile.variants, profile.target.region)
        self._lost: set[int] = set()
        self._gaps = ArrivalGaps(profile, self._timeline)

    # -- what comes in

    def add_rows(self, worker: int, payload: bytes) -> None:
        """Rows of attempts, packed as bench.record.row_layout has them."""
        batch = Batch(payload)
        rows = batch.rows
        if not rows.size:
            return
        second = rows["intended_ns"] // NS_PER_S
        segment = rows["segment"].astype(np.int64)
        keys = batch.sort(rows["variant"].astype(np.int64) << 48 | segment << 32 | second)
        tallies = batch.tallies(keys)
        for (key, values), tally in zip(batch.groups(keys), tallies, strict=True):
            self._add(_key_of(key), values, tally)
        for key, values in batch.groups(keys >> 32):
            if self._timeline.phase_in(key & 0xFFFF).measured:
                self._totals.record(key >> 16, values)
        self._gaps.add(batch.rows)

    def add_counts(self, worker: int, payload: bytes) -> None:
        """Arrivals offered and dropped, packed as bench.record.row_layout has them."""
        for second, variant, segment, offered, dropped in np.frombuffer(
            payload, dtype=_COUNT_TYPE
        ).tolist():
            tally = np.zeros(TALLY, dtype=np.int64)
            tally[Count.OFFERED], tally[Count.DROPPED] = offered, dropped
            self._add(IntervalKey(second, variant, segment), None, tally)

    def _add(self, key: IntervalKey, values: MeasureValues | None, tally: Tallies) -> None:
        measured = self._timeline.phase_in(key.segment).measured
        self._totals.count(key.variant, tally, measured)
        self._changed.add(key)
        cell = self._cell(key)
        if cell is None:
            self._repack(key, values, tally)
            return
        cell.tally += tally
        if values is not None:
            cell.add(values)

    def _cell(self, key: IntervalKey) -> IntervalStats | None:
        """The cell of a second, a new one if need be; None once it is on the shelf."""
        cell = self._cells.get(key)
        if cell is None and self._shelf.get(key) is None:
            cell = self._cells[key] = IntervalStats()
            self._coming.add(key)
        return cell

    def _repack(self, key: IntervalKey, values: MeasureValues | None, tally: Tallies) -> None:
        packed = self._shelf.get(key)
        assert packed is not None
        known, figures = unpacked(packed)
        known += tally
        spread = unpack_spread(packed.spread)
        if values is not None:
            add_late(figures, values)
            spread = added(spread, response_spread(values))
        self._shelf.replace(key, repacked(known, figures, spread))

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
        self._timeline.cut(at_ns)
        for key in [key for key in self._cells if key.end_ns > at_ns]:
            if not self._cells[key].tally.any() and not self._stretch(key).duration_ns:
                del self._cells[key]
                self._changed.discard(key)
                self._coming.discard(key)

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
        for second in range(before_ns // NS_PER_S, self._now_ns // NS_PER_S + 1):
            start_ns = second * NS_PER_S
            for segment, _ in self._timeline.between(start_ns, self._clip(start_ns + NS_PER_S)):
                for variant in segment.variants:
                    key = IntervalKey(second, variant, segment.index)
                    self._changed.add(key)
                    self._cell(key)
        if self._now_ns // NS_PER_S > self._swept_s:
            self._swept_s = self._now_ns // NS_PER_S
            self._sweep()

    def _clip(self, instant_ns: int) -> int:
        return min(instant_ns, self._now_ns)

    def _sweep(self) -> None:
        """Shelve what is old and complete, or too old to be completed, told of or not."""
        for key in list(self._cells):
            age_ns = self._now_ns - key.end_ns
            if age_ns < self._retain_s * NS_PER_S:
                continue
            cell = self._cells[key]
            emitted = not cell.waiting and key not in self._coming
            if emitted and (cell.unfinished <= 0 or age_ns > self._give_up_ns):
                self._shelf.add(key, cell.pack())
                del self._cells[key]
        oldest_s = (self._now_ns - max(self._give_up_ns, self._retain_s * NS_PER_S)) // NS_PER_S
        self._changed = {key for key in self._changed if key.second >= oldest_s}

    # -- results

    def totals(self) -> tuple[Window, ...]:
        """Measured phases, a window per variant in the order of the profile."""
        return self._totals.windows(self._timeline.measured(len(self._variants), self._now_ns))

    def intervals(self) -> Collection[Interval]:
        """Every second of every variant and segment, in the order of the files."""
        return Intervals(self)

    def changed(self) -> tuple[Interval, ...]:
        """The intervals that changed since the last call; seconds long past are forgotten."""
        keys, self._changed = self._changed, set()
        return self._intervals(keys)

    def passed(self) -> tuple[Interval, ...]:
        """The intervals whose second has passed since the last call, each once.

        Invocations may still be in flight in them; `intervals` has their final figures.
        """
        keys = [key for key in self._coming if self._now_ns - key.end_ns >= _ROW_GRACE_NS]
        self._coming.difference_update(keys)
        return self._intervals(keys)

    def window(self, seconds: int) -> tuple[Window, ...]:
        """The last seconds, at most WINDOW_MAX_S, of every variant that was on in them."""
        first_s = self._now_ns // NS_PER_S - min(seconds, WINDOW_MAX_S)
        return self._merged(lambda key: key.second >= first_s)

    def segment_tally(self, segment: int) -> Tally:
        """Counts of one segment, over its variants; for as long as its values are kept."""
        tallies = [cell.tally for cell in self._cells_of(segment)]
        return tally_of(np.sum([np.zeros(TALLY, dtype=np.int64), *tallies], axis=0))

    def segment_quantile(self, segment: int, measure: Measure, q: float) -> Quantile | None:
        """Any quantile of one segment, 0 < q < 1, for as long as its values are kept.

        That is WINDOW_MAX_S, and for a step of a capacity search until its last answer can come.
        """
        return merged_quantile(self._cells_of(segment), MEASURES[measure], q)

    def _cells_of(self, segment: int) -> list[IntervalStats]:
        return [cell for key, cell in self._cells.items() if key.segment == segment]

    def _merged(self, wanted: Callable[[IntervalKey], bool]) -> tuple[Window, ...]:
        by_variant: dict[int, list[IntervalKey]] = {}
        for key in self._cells:
            if wanted(key):
                by_variant.setdefault(key.variant, []).append(key)
        return tuple(self._merge(variant, by_variant[variant]) for variant in sorted(by_variant))

    def _merge(self, variant: int, keys: list[IntervalKey]) -> Window:
        cells = [self._cells[key] for key in keys]
        tally = np.sum([cell.tally for cell in cells], axis=0)
        stretch = sum((self._stretch(key) for key in keys), Stretch())
        return window_of(
            self._variants[variant],
            tally,
            stretch,
            _from_figures(merged_figures(cells)),
            self._totals.price(variant, tally),
        )

    def pulse(self) -> Pulse:
        """For the head of a view."""
        second = (self._now_ns - SHIPPED_NS) // NS_PER_S - 1
        planned, achieved = self.rates(second)
        latest = [cell for key, cell in self._cells.items() if key.second > second - 10]
        lag = merged_series(latest, Series.SEND_LAG) if latest else _NOTHING
        under_way = self.in_flight_by_variant
        return Pulse(planned, achieved, sum(under_way), under_way, lag)

    @property
    def in_flight_by_variant(self) -> tuple[int, ...]:
        """Invocations under way now, over all phases."""
        return self._totals.in_flight

    def rates(self, second: int) -> tuple[float, float]:
        """Arrivals planned and invocations first sent in a second, over all variants."""
        keys = [key for key in self._cells if key.second == second]
        first_sends = sum(sent(self._cells[key].tally) for key in keys)
        whole = self._timeline.between(second * NS_PER_S, (second + 1) * NS_PER_S)
        planned = sum(stretch.planned * len(segment.variants) for segment, stretch in whole)
        return planned, float(first_sends)

    def closed_histograms(self, final: bool = False) -> Iterator[TaggedHistogram]:
        """Lines for histograms.hlog, each value in one of them: of seconds in which all has ended.

        final: of all others as well.
        """
        for key in sorted(self._cells):
            cell = self._cells[key]
            if not cell.waiting:
                continue
            quiet = self._now_ns - key.end_ns >= _SETTLE_GRACE_NS and cell.unfinished <= 0
            aged = self._now_ns - key.end_ns > self._give_up_ns
            if final or quiet or aged:
                yield from self._lines(key, cell)

    def _lines(self, key: IntervalKey, cell: IntervalStats) -> Iterator[TaggedHistogram]:
        exact, bounds = cell.fresh()
        suffix = "" if self._timeline.phase_in(key.segment).measured else "/unmeasured"
        for name, series in TAGS.items():
            tag = f"{self._variants[key.variant].name}/{name}{suffix}"
            late = present(bounds[series])
            held = np.concatenate((present(exact[series]), late))
            if held.size:
                yield self._line(tag, key, int(cell.high[series]), held)
            if late.size:
                yield self._line(f"{tag}/censored", key, int(cell.high[series]), late)

    def _line(self, tag: str, key: IntervalKey, max_ns: int, held: Indexes) -> TaggedHistogram:
        duration_ns = self._stretch(key).duration_ns or NS_PER_S
        start_ns = key.second * NS_PER_S
        return TaggedHistogram(tag, start_ns, duration_ns, max_ns, encode_buckets(held))

    def curves(self) -> dict[str, dict[Measure, Curve]]:
        """The whole distribution of every measure, by the variant's name; measured phases."""
        return self._totals.curves()

    def class_curves(self) -> dict[str, dict[str, Curve]]:
        """Response times of each class (cold, warm, retried, failed), by the variant's name."""
        return self._totals.class_curves()

    def curve(self, variant: str, measure: Measure) -> Curve | None:
        """One of them, for who asks often; None without samples."""
        return self._totals.curve(variant, measure)

    def gap_fits(self) -> dict[str, GapFit]:
        """By the variant's name: how well the gaps of first sends fit what was planned."""
        complete_ns = self._now_ns - _SETTLE_GRACE_NS
        fits = {}
        for index, variant in enumerate(self._variants):
            p = self._gaps.p_value(index, complete_ns)
            gap_ns = self._gaps.mean_gap_ns(index)
            if p is not None and gap_ns is not None:
                fits[variant.name] = GapFit(p, gap_ns)
        return fits

    def projected_usd(self) -> float | None:
        """What the run will have cost at its planned end, if things stay as they are.

        None where nobody can tell: a variant has not begun yet.
        """
        ahead = self._timeline.ahead(len(self._variants), self._now_ns)
        return self._totals.projected_usd(ahead)

    def spend_usd(self) -> float:
        """What the run has cost so far by list price, warm-up included, or would cost on AWS."""
        return self._totals.spend_usd()

    # -- from figures to what views see

    def _intervals(self, keys: Iterable[IntervalKey]) -> tuple[Interval, ...]:
        return tuple(self._interval(key) for key in sorted(keys))

    def _interval(self, key: IntervalKey) -> Interval:
        phase = self._timeline.phase_in(key.segment)
        cell = self._cells.get(key)
        if cell is not None:
            tally, figures, spread = cell.tally, cell.figures(), cell.spread()
        else:
            packed = self._shelf.get(key)
            assert packed is not None
            (tally, figures), spread = unpacked(packed), unpack_spread(packed.spread)
        variant = self._variants[key.variant]
        window = window_of(variant, tally, self._stretch(key), _from_figures(figures))
        return Interval(key.second, phase.name, phase.measured, window, spread, key.segment)

    def _stretch(self, key: IntervalKey) -> Stretch:
        start_ns = key.second * NS_PER_S
        return self._timeline.stretch(key.variant, key.segment, start_ns, self._clip(key.end_ns))


def _key_of(key: int) -> IntervalKey:
    return IntervalKey(key & 0xFFFFFFFF, key >> 48, key >> 32 & 0xFFFF)


def _from_figures(figures: Figures) -> DistributionOf:
    return lambda series: distribution_of(figures[series])
