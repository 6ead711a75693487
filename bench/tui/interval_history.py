"""The seconds that a view has been given so far, by variant. It keeps figures, computes none.

The latest twenty minutes are kept by the second, what is older in groups of ten seconds, the
highest figure of each; of a very long run the groups double. So memory is bounded: for each variant
FINE_S rows and MOST_GROUPS more, of some 0.27 kB each, and for all of them vitals of 3 * FINE_S
seconds, 1 kB each. With twelve variants that is 7 MB after half an hour, and 12 MB at most.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import groupby
from math import isnan

from bench.model.result import Interval, Vitals
from bench.record.latency_bins import unpack_spread
from bench.tui.metrics import COLD_STARTS, LADDER, MEAN, METRICS, Metric, highest
from bench.tui.series_store import SeriesStore, row_of

FINE_S = 1200
"""Seconds per variant that are kept one by one."""
GROUP_S = 10
"""What is older is kept in groups of so many seconds, until there are MOST_GROUPS of them."""
MOST_GROUPS = 1200
MOST_CHANGES = 1000
"""Phases that begin; where they alternate for hours, charts flag none of them."""
LATEST = 120
"""The latest rows, by which the metric is chosen that charts begin with."""
_COLUMN = {metric.name: number for number, metric in enumerate(METRICS)}
SeriesPoints = tuple[tuple[float, float | None], ...]


class _VariantHistory:
    """One variant's past, ascending; a second that spans two segments has two rows."""

    def __init__(self) -> None:
        self._groups = SeriesStore()
        self._group_s = GROUP_S
        self._fine = SeriesStore()

    def put(self, interval: Interval) -> None:
        """Add or replace a part of a second; one that is grouped already stays as it is."""
        groups = self._groups
        if groups and interval.t_s < groups.start_s(len(groups) - 1) + self._group_s:
            return
        self._fine.put(row_of(interval))
        if len(self._fine) > FINE_S + self._group_s:
            self._group()

    def _group(self) -> None:
        first_s = self._fine.start_s(0)
        old = self._fine.cut(first_s, (first_s // self._group_s + 1) * self._group_s)
        for row in self._fine.grouped(old, self._group_s):
            self._groups.put(row)
        self._fine.drop(len(old))
        if len(self._groups) > MOST_GROUPS:
            self._group_s *= 2
            finer, self._groups = self._groups, SeriesStore()
            for row in finer.grouped(range(len(finer)), self._group_s):
                self._groups.put(row)

    def column(
        self, number: int, since_s: int, until_s: int
    ) -> Iterator[tuple[int, int, str, float]]:
        """(second, length, phase, figure) of groups and whole seconds; of two phases both."""
        for rows in (self._groups, self._fine):
            yield from rows.column(number, rows.cut(since_s, until_s))

    def spreads(self, since_s: int, until_s: int) -> Iterator[tuple[int, int, bytes]]:
        """(second, length, packed spread) likewise."""
        for rows in (self._groups, self._fine):
            yield from rows.spreads(rows.cut(since_s, until_s))

    def longest_s(self, since_s: int, until_s: int) -> int:
        """The length of the first, which none exceeds."""
        groups = self._groups.cut(since_s, until_s)
        return self._groups.length_s(groups[0]) if groups else 1

    def latest(self, number: int) -> Iterator[float]:
        """One metric in the last two minutes or so."""
        for at in range(max(0, len(self._fine) - LATEST), len(self._fine)):
            yield self._fine.figure(at, number)


class IntervalHistory:
    """Intervals by variant and second, and the run's vitals."""

    def __init__(self) -> None:
        self._series: dict[str, _VariantHistory] = {}
        self._changes: deque[tuple[int, str]] = deque(maxlen=MOST_CHANGES)
        self.vitals: deque[Vitals] = deque(maxlen=3 * FINE_S)

    def extend(self, intervals: Iterable[Interval], vitals: Iterable[Vitals] = ()) -> None:
        """Add or replace intervals; add vitals."""
        for interval in intervals:
            name = interval.window.variant.name
            if name not in self._series:
                self._series[name] = _VariantHistory()
            self._series[name].put(interval)
            last_s, last = self._changes[-1] if self._changes else (-1, "")
            if interval.t_s > last_s and interval.phase != last:
                self._changes.append((interval.t_s, interval.phase))
        self.vitals.extend(vitals)

    @property
    def variants(self) -> list[str]:
        """Names of the variants with any interval."""
        return list(self._series)

    def points(
        self, variant: str, metric: Metric, since_s: int, until_s: int, most: int = 4000
    ) -> SeriesPoints:
        """(second, value) in time order; None where the variant was not on.

        With more than `most` seconds, several share a point: the highest of them.
        """
        series = self._series.get(variant)
        if series is None:
            return ()
        every = every_s(since_s, until_s, most)
        seconds = series.column(_COLUMN[metric.name], since_s, until_s)
        return tuple(_gapped(_thinned(seconds, every)))

    def vital_points(
        self, read: Callable[[Vitals], float], since_s: int, until_s: int, most: int
    ) -> SeriesPoints:
        """Likewise of the run's vitals, which have no gaps."""
        seconds = ((v.t_s, 1, "", read(v)) for v in self.vitals if since_s <= v.t_s < until_s)
        thinned = _thinned(seconds, every_s(since_s, until_s, most))
        return tuple((t_s, value) for t_s, _, value in thinned)

    def spreads(
        self, variant: str, since_s: int, until_s: int
    ) -> Iterator[tuple[float, int, Mapping[int, int]]]:
        """(second, how many seconds, count by bin) in time order."""
        series = self._series.get(variant)
        if series is not None:
            for t_s, length, spread in series.spreads(since_s, until_s):
                yield float(t_s), length, dict(unpack_spread(spread))

    def cold_seconds(
        self, variant: str, since_s: int, until_s: int
    ) -> Iterator[tuple[float, str, float]]:
        """(second, its phase, cold starts in it) in time order."""
        series = self._series.get(variant)
        if series is not None:
            number = _COLUMN[COLD_STARTS.name]
            for t_s, _, phase, cold in series.column(number, since_s, until_s):
                yield float(t_s), phase, cold

    def longest_s(self, since_s: int, until_s: int) -> int:
        """The most seconds that share a figure; 1 while none does."""
        series = next(iter(self._series.values()), None)
        return 1 if series is None else series.longest_s(since_s, until_s)

    def phase_changes(self, since_s: int, until_s: int) -> list[tuple[int, str]]:
        """(second, phase) where another phase begins."""
        return [change for change in self._changes if since_s <= change[0] < until_s]

    def default_metric(self) -> Metric:
        """The highest quantile of response time that most seconds know; low rates have a mean."""
        busy = self._known(MEAN)
        known = (metric for metric in LADDER if busy and self._known(metric) > busy / 2)
        return next(known, MEAN)

    def _known(self, metric: Metric) -> int:
        """In how many of the latest seconds of all variants a metric is known."""
        number = _COLUMN[metric.name]
        return sum(not isnan(v) for one in self._series.values() for v in one.latest(number))


def every_s(since_s: int, until_s: int, most: int) -> int:
    """How many seconds share a point, so that there are not more than `most` points."""
    return max(1, -(-(until_s - since_s) // most))


def _thinned(
    seconds: Iterable[tuple[int, int, str, float]], every: int
) -> Iterator[tuple[float, int, float | None]]:
    """(second, length, highest value) of each group of `every` seconds; longer ones stay."""
    for _, group in groupby(seconds, key=lambda s: s[0] // every if every > 1 else (s[0], s[2])):
        members = list(group)
        value = highest([figure for *_, figure in members])
        t_s, length, *_ = members[0]
        yield float(t_s), max(every, length), None if isnan(value) else value


def _gapped(
    points: Iterable[tuple[float, int, float | None]],
) -> Iterator[tuple[float, float | None]]:
    end: float | None = None
    for second, length, value in points:
        if end is not None and second > end + 1:
            yield end, None
        yield second, value
        end = second + length
