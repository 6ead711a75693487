"""The seconds that a view has been given so far, by variant. It keeps figures, computes none.

Memory is bounded: the latest twenty minutes are kept by the second, what is older in groups of ten,
the highest figure of each; of a very long run the groups double. Metrics are kept as numbers, the
spread of times as a few bytes. Of a second in which the load changes each segment's part is kept,
as each may still be told anew; what is asked for is the whole second.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from math import isnan, nan
from typing import TypeAlias

from bench.model import Interval, Vitals
from bench.record.spread import added, pack_spread, unpack_spread
from bench.tui.metrics import LADDER, MEAN, METRICS, Metric, Reading, highest

FINE_S = 1200
"""Seconds per variant that are kept one by one."""
GROUP_S = 10
"""What is older is kept in groups of so many seconds, until there are MOST_GROUPS of them."""
MOST_GROUPS = 1200
_COLUMN = {metric.name: number for number, metric in enumerate(METRICS)}
Points = tuple[tuple[float, float | None], ...]
Figures: TypeAlias = "array[float]"
_NO_WEIGHTS: Figures = array("f")
"""Of what is no part of a second."""


class _Entry:
    """A segment's part of a second, a second, or a group of them.

    Where it begins, how long it is, figures, packed spread; of a part what each figure weighs.
    """

    __slots__ = ("figures", "phase", "seconds", "segment", "spread", "t_s", "weights")

    def __init__(
        self,
        t_s: int,
        phase: str,
        seconds: int,
        figures: Figures,
        spread: bytes,
        segment: int = -1,
        weights: Figures = _NO_WEIGHTS,
    ) -> None:
        self.t_s, self.phase, self.seconds = t_s, phase, seconds
        self.figures, self.spread = figures, spread
        self.segment, self.weights = segment, weights

    @property
    def key(self) -> tuple[int, int, str]:
        """Orders parts as they were planned."""
        return (self.t_s, self.segment, self.phase)

    @property
    def whole(self) -> tuple[int, str]:
        """The same for all parts of a second in one phase."""
        return (self.t_s, self.phase)


def _entry(interval: Interval) -> _Entry:
    return _Entry(
        interval.t_s,
        interval.phase,
        1,
        array("d", _read_all(interval, (metric.read for metric in METRICS))),
        pack_spread(interval.spread),
        -1 if interval.segment is None else interval.segment,
        array("f", _read_all(interval, (metric.weight for metric in METRICS))),
    )


def _read_all(interval: Interval, readings: Iterable[Reading]) -> Iterator[float]:
    values = (read(interval.window) for read in readings)
    return (nan if value is None else value for value in values)


def _joined(entries: Iterable[_Entry]) -> Iterator[_Entry]:
    """Entries with the parts of a second in one phase made one."""
    for (t_s, phase), group in groupby(entries, key=lambda entry: entry.whole):
        parts = list(group)
        if len(parts) == 1:
            yield parts[0]
            continue
        figures = zip(*(part.figures for part in parts), strict=True)
        weights = zip(*(part.weights for part in parts), strict=True)
        joined = (m.join(f, w) for m, f, w in zip(METRICS, figures, weights, strict=True))
        yield _Entry(t_s, phase, 1, array("d", joined), _spread_of(parts))


def _grouped(entries: Iterable[_Entry], seconds: int) -> Iterator[_Entry]:
    """Entries that begin within the same group of seconds as one: the highest of each figure."""
    for number, group in groupby(entries, key=lambda entry: entry.t_s // seconds):
        members = list(group)
        columns = zip(*(entry.figures for entry in members), strict=True)
        figures = array("d", map(highest, columns))
        yield _Entry(number * seconds, members[0].phase, seconds, figures, _spread_of(members))


def _spread_of(entries: list[_Entry]) -> bytes:
    spread = entries[0].spread
    for entry in entries[1:]:
        spread = pack_spread(added(unpack_spread(spread), unpack_spread(entry.spread)))
    return spread


class _Series:
    """One variant's past, ascending; a second that spans two segments has two entries."""

    def __init__(self) -> None:
        self._groups: list[_Entry] = []
        self._group_s = GROUP_S
        self._fine: list[_Entry] = []

    def put(self, interval: Interval) -> None:
        """Add or replace a part of a second; one that is grouped already stays as it is."""
        entry = _entry(interval)
        if self._groups and entry.t_s < self._groups[-1].t_s + self._group_s:
            return
        at = bisect_left(self._fine, entry.key, key=lambda e: e.key)
        if at < len(self._fine) and self._fine[at].key == entry.key:
            self._fine[at] = entry
        else:
            self._fine.insert(at, entry)
        if len(self._fine) > FINE_S + self._group_s:
            self._group()

    def _group(self) -> None:
        until_s = (self._fine[0].t_s // self._group_s + 1) * self._group_s
        at = bisect_left(self._fine, until_s, key=lambda entry: entry.t_s)
        self._groups += _grouped(_joined(self._fine[:at]), self._group_s)
        del self._fine[:at]
        if len(self._groups) > MOST_GROUPS:
            self._group_s *= 2
            self._groups = list(_grouped(self._groups, self._group_s))

    def between(self, since_s: int, until_s: int) -> list[_Entry]:
        """Groups and whole seconds that begin in these; one of two phases comes twice."""
        groups = _cut(self._groups, since_s, until_s)
        return [*groups, *_joined(_cut(self._fine, since_s, until_s))]

    @property
    def latest(self) -> list[_Entry]:
        """The last two minutes or so."""
        return self._fine[-120:]


def _cut(entries: list[_Entry], since_s: int, until_s: int) -> list[_Entry]:
    first = bisect_left(entries, since_s, key=lambda entry: entry.t_s)
    return entries[first : bisect_left(entries, until_s, key=lambda entry: entry.t_s)]


class History:
    """Intervals by variant and second, and the run's vitals."""

    def __init__(self) -> None:
        self._series: dict[str, _Series] = {}
        self._changes: list[tuple[int, str]] = []
        self.vitals: deque[Vitals] = deque(maxlen=3 * FINE_S)

    def take(self, intervals: Iterable[Interval], vitals: Iterable[Vitals] = ()) -> None:
        """Add or replace intervals; add vitals."""
        for interval in intervals:
            self._series.setdefault(interval.window.variant.name, _Series()).put(interval)
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
    ) -> Points:
        """(second, value) in time order; None where the variant was not on.

        With more than `most` seconds, several share a point: the highest of them.
        """
        series = self._series.get(variant)
        if series is None:
            return ()
        entries = series.between(since_s, until_s)
        every = max(1, -(-(until_s - since_s) // most))
        return tuple(_gapped(_thinned(entries, _COLUMN[metric.name], every)))

    def spreads(
        self, variant: str, since_s: int, until_s: int
    ) -> Iterator[tuple[float, int, Mapping[int, int]]]:
        """(second, how many seconds, count by bin) in time order."""
        series = self._series.get(variant)
        if series is not None:
            for entry in series.between(since_s, until_s):
                yield float(entry.t_s), entry.seconds, dict(unpack_spread(entry.spread))

    def longest_s(self, since_s: int, until_s: int) -> int:
        """The most seconds that share an entry; 1 while none does."""
        series = next(iter(self._series.values()), None)
        entries = [] if series is None else series.between(since_s, until_s)
        return entries[0].seconds if entries else 1

    def phase_changes(self, since_s: int, until_s: int) -> list[tuple[int, str]]:
        """(second, phase) where another phase begins."""
        return [change for change in self._changes if since_s <= change[0] < until_s]

    def telling_metric(self) -> Metric:
        """The highest quantile of response time that most seconds know; low rates have a mean."""
        figures = [entry.figures for series in self._series.values() for entry in series.latest]
        busy = [own for own in figures if not isnan(own[_COLUMN[MEAN.name]])]
        for metric in LADDER:
            known = sum(not isnan(own[_COLUMN[metric.name]]) for own in busy)
            if busy and known > len(busy) / 2:
                return metric
        return MEAN


def _thinned(
    entries: Iterable[_Entry], column: int, every: int
) -> Iterator[tuple[float, int, float | None]]:
    """(second, length, highest value) of each group of `every` seconds; longer ones stay."""
    for _, group in groupby(entries, key=lambda e: e.t_s // every if every > 1 else e.whole):
        members = list(group)
        value = highest([entry.figures[column] for entry in members])
        length = max(every, members[0].seconds)
        yield float(members[0].t_s), length, None if isnan(value) else value


def _gapped(
    points: Iterable[tuple[float, int, float | None]],
) -> Iterator[tuple[float, float | None]]:
    end: float | None = None
    for second, length, value in points:
        if end is not None and second > end + 1:
            yield end, None
        yield second, value
        end = second + length
