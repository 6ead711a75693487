"""The seconds that a view has been given so far, by variant. It keeps figures, computes none.

The latest twenty minutes are kept by the second, what is older in groups of ten seconds, the
highest figure of each; of a very long run the groups double. So memory is bounded: for each variant
FINE_S rows and MOST_GROUPS more, of some 0.27 kB each, and for all of them vitals of 3 * FINE_S
seconds, 1 kB each. With twelve variants that is 7 MB after half an hour, and 12 MB at most.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from math import nan

import numpy as np
from numpy.typing import NDArray

from bench.model.result import Interval, Vitals
from bench.record.latency_bins import unpack_spread
from bench.tui.metrics import COLD_STARTS, LADDER, MEAN, METRICS, Metric
from bench.tui.series_store import PartFigure, SeriesFigures, SeriesStore, row_of
from bench.tui.turns import Turns

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

    def parts(self, number: int) -> Iterator[PartFigure]:
        """One metric of the seconds that are kept one by one, with their segments."""
        yield from self._fine.parts(number, range(len(self._fine)))

    def figures(self, number: int, since_s: int, until_s: int) -> SeriesFigures:
        """One metric of groups and whole seconds likewise."""
        stores = (self._groups, self._fine)
        old, new = (rows.figures(number, rows.cut(since_s, until_s)) for rows in stores)
        return SeriesFigures(
            np.concatenate((old.seconds, new.seconds)),
            np.concatenate((old.lengths, new.lengths)),
            np.concatenate((old.values, new.values)),
        )

    def spreads(self, since_s: int, until_s: int) -> Iterator[tuple[int, int, bytes]]:
        """(second, length, packed spread) likewise."""
        for rows in (self._groups, self._fine):
            yield from rows.spreads(rows.cut(since_s, until_s))

    def longest_s(self, since_s: int, until_s: int) -> int:
        """The length of the first, which none exceeds."""
        groups = self._groups.cut(since_s, until_s)
        return self._groups.length_s(groups[0]) if groups else 1

    def known(self, number: int) -> int:
        """In how many of the last two minutes or so one metric is known."""
        return self._fine.known(number, range(max(0, len(self._fine) - LATEST), len(self._fine)))


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
        figures = series.figures(_COLUMN[metric.name], since_s, until_s)
        return _gapped(_thinned(figures, every_s(since_s, until_s, most)))

    def turn_points(self, variant: str, metric: Metric, turns: Turns, most: int) -> SeriesPoints:
        """(second of the turn, the median of all turns so far) in time order, likewise."""
        series = self._series.get(variant)
        if series is None:
            return ()
        medians = turns.medians(series.parts(_COLUMN[metric.name]))
        figures = figures_of(medians)
        until_s = medians[-1][0] + 1 if medians else 1
        return _gapped(_thinned(figures, every_s(0, until_s, most)))

    def vital_points(
        self, read: Callable[[Vitals], float], since_s: int, until_s: int, most: int
    ) -> SeriesPoints:
        """Likewise of the run's vitals, which have no gaps."""
        shown = [(v.t_s, read(v)) for v in self.vitals if since_s <= v.t_s < until_s]
        thinned = _thinned(figures_of(shown), every_s(since_s, until_s, most))
        return _points(thinned.seconds, thinned.values)

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
        return sum(one.known(_COLUMN[metric.name]) for one in self._series.values())


def every_s(since_s: int, until_s: int, most: int) -> int:
    """How many seconds share a point, so that there are not more than `most` points."""
    return max(1, -(-(until_s - since_s) // most))


def figures_of(points: Sequence[tuple[int, float | None]]) -> SeriesFigures:
    """Of (second, value) in time order, a second each."""
    seconds = np.array([second for second, _ in points], dtype=np.int32)
    values = np.array([value for _, value in points], dtype=np.float64)
    return SeriesFigures(seconds, np.ones_like(seconds), values)


def _thinned(figures: SeriesFigures, every: int) -> SeriesFigures:
    """The highest of each group of `every` seconds; longer ones stay."""
    if every == 1 or not figures.seconds.size:
        return figures
    groups = figures.seconds // every
    firsts = np.flatnonzero(np.concatenate(([True], groups[1:] != groups[:-1])))
    return SeriesFigures(
        figures.seconds[firsts],
        np.maximum(figures.lengths[firsts], every),
        np.fmax.reduceat(figures.values, firsts),
    )


def _gapped(figures: SeriesFigures) -> SeriesPoints:
    """Points in time order, with one that is not known where a gap begins."""
    ends = figures.seconds + figures.lengths
    last = np.flatnonzero(figures.seconds[1:] > ends[:-1] + 1)
    return _points(
        np.insert(figures.seconds, last + 1, ends[last]), np.insert(figures.values, last + 1, nan)
    )


def _points(seconds: NDArray[np.int32], values: NDArray[np.float64]) -> SeriesPoints:
    known = (None if value != value else value for value in values.tolist())
    return tuple(zip(seconds.astype(np.float64).tolist(), known, strict=True))
