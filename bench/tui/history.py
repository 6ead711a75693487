"""The seconds that a view has been given so far, by variant. It keeps figures, computes none.

An hour of seconds per variant is kept: the metrics as numbers, the spread of times as a few bytes.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from math import isnan, nan

from bench.model import Interval, Vitals
from bench.record.spread import pack_spread, unpack_spread
from bench.tui.metrics import LADDER, MEAN, METRICS, Metric

KEPT_S = 3600
"""Seconds per variant that a chart can reach back."""
_COLUMN = {metric.name: number for number, metric in enumerate(METRICS)}
Points = tuple[tuple[float, float | None], ...]


class _Series:
    """One variant's seconds, ascending; one that spans two phases has two entries."""

    def __init__(self) -> None:
        self.keys: list[tuple[int, str]] = []
        self.figures: list[array[float]] = []
        self.spreads: list[bytes] = []

    def put(self, interval: Interval) -> None:
        key = (interval.t_s, interval.phase)
        read = (metric.read(interval.window) for metric in METRICS)
        figures = array("d", (nan if value is None else value for value in read))
        spread = pack_spread(interval.spread)
        at = bisect_left(self.keys, key)
        if at < len(self.keys) and self.keys[at] == key:
            self.figures[at], self.spreads[at] = figures, spread
            return
        self.keys.insert(at, key)
        self.figures.insert(at, figures)
        self.spreads.insert(at, spread)
        if len(self.keys) > KEPT_S:
            del self.keys[0], self.figures[0], self.spreads[0]

    def since(self, second: int) -> int:
        return bisect_left(self.keys, (second, ""))


class History:
    """Intervals by variant and second, and the run's vitals."""

    def __init__(self) -> None:
        self._series: dict[str, _Series] = {}
        self._phases: dict[int, str] = {}
        self.vitals: deque[Vitals] = deque(maxlen=KEPT_S)

    def take(self, intervals: Iterable[Interval], vitals: Iterable[Vitals] = ()) -> None:
        """Add or replace intervals; add vitals."""
        for interval in intervals:
            self._series.setdefault(interval.window.variant.name, _Series()).put(interval)
            self._phases.setdefault(interval.t_s, interval.phase)
        while len(self._phases) > KEPT_S:
            del self._phases[next(iter(self._phases))]
        self.vitals.extend(vitals)

    @property
    def variants(self) -> list[str]:
        """Names of the variants with any interval."""
        return list(self._series)

    def points(
        self, variant: str, metric: Metric, since_s: int, until_s: int, most: int = 4000
    ) -> Points:
        """(second, value) in time order; None where the variant was not on.

        With more than `most` seconds, several share a point: the highest of them.
        """
        series = self._series.get(variant)
        if series is None:
            return ()
        column = _COLUMN[metric.name]
        first, last = series.since(since_s), series.since(until_s)
        every = max(1, -(-(last - first) // most))
        return tuple(_gapped(_thinned(series, column, first, last, every), every))

    def spreads(
        self, variant: str, since_s: int, until_s: int
    ) -> Iterator[tuple[float, Mapping[int, int]]]:
        """(second, count by bin) in time order."""
        series = self._series.get(variant)
        if series is not None:
            for at in range(series.since(since_s), series.since(until_s)):
                yield float(series.keys[at][0]), dict(unpack_spread(series.spreads[at]))

    def phase_changes(self, since_s: int, until_s: int) -> list[tuple[int, str]]:
        """(second, phase) where another phase begins."""
        changes: list[tuple[int, str]] = []
        for second in sorted(s for s in self._phases if since_s <= s < until_s):
            phase = self._phases[second]
            if not changes or changes[-1][1] != phase:
                changes.append((second, phase))
        return changes

    def telling_metric(self) -> Metric:
        """The highest quantile of response time that most seconds know; low rates have a mean."""
        figures = [f for series in self._series.values() for f in series.figures[-120:]]
        busy = [f for f in figures if not isnan(f[_COLUMN[MEAN.name]])]
        for metric in LADDER:
            known = sum(not isnan(f[_COLUMN[metric.name]]) for f in busy)
            if busy and known > len(busy) / 2:
                return metric
        return MEAN


def _thinned(
    series: _Series, column: int, first: int, last: int, every: int
) -> Iterator[tuple[float, float | None]]:
    for start in range(first, last, every):
        group = series.figures[start : min(last, start + every)]
        values = [f[column] for f in group if not isnan(f[column])]
        yield float(series.keys[start][0]), max(values, default=None)


def _gapped(
    points: Iterable[tuple[float, float | None]], every: int
) -> Iterator[tuple[float, float | None]]:
    before: float | None = None
    for second, value in points:
        if before is not None and second - before > every + 1:
            yield before + every, None
        yield second, value
        before = second
