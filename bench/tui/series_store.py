"""What a view keeps of one variant's seconds, in columns: some 0.2 kB a row instead of 0.6.

A row is a segment's part of a second, or a group of seconds. Of a second in which the load changes
each part is kept, as each may still be told anew; what is read is the whole second. Figures are
kept to seven digits, more than any chart shows.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from math import nan
from sys import intern
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from bench.model.result import Interval
from bench.record.latency_bins import added, pack_spread, unpack_spread
from bench.tui.metrics import METRICS, MetricReading, highest, mean

WIDTH = len(METRICS)
_WEIGHED = {
    number: at for at, number in enumerate(n for n, m in enumerate(METRICS) if m.join is mean)
}
"""Metrics that are means: number -> place of its weight. The others need none."""
_WEIGHTS = len(_WEIGHED)
Figures: TypeAlias = "array[float]"
PartKey = tuple[int, int, str]
_Whole = tuple[int, str]
PartFigure = tuple[int, int, str, float]
"""(second, segment, phase, figure of one metric); segment -1: none, or several."""


@dataclass(frozen=True, slots=True)
class SeriesFigures:
    """One metric in time order: seconds, how many each stands for, NaN where it is not known."""

    seconds: NDArray[np.int32]
    lengths: NDArray[np.int32]
    values: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class SeriesRow:
    """seconds: how long it is; spread: packed; segment -1: none, or several."""

    t_s: int
    phase: str
    seconds: int
    figures: Figures
    weights: Figures
    spread: bytes
    segment: int = -1

    @property
    def key(self) -> PartKey:
        """Orders parts as they were planned."""
        return (self.t_s, self.segment, self.phase)


def row_of(interval: Interval) -> SeriesRow:
    """A part of a second."""
    weights = (METRICS[number].weight for number in _WEIGHED)
    return SeriesRow(
        t_s=interval.t_s,
        phase=interval.phase,
        seconds=1,
        figures=_read_all(interval, (metric.read for metric in METRICS)),
        weights=_read_all(interval, weights),
        spread=pack_spread(interval.spread),
        segment=-1 if interval.segment is None else interval.segment,
    )


def _read_all(interval: Interval, readings: Iterable[MetricReading]) -> Figures:
    values = (read(interval.window) for read in readings)
    return array("f", [nan if value is None else value for value in values])


class SeriesStore:
    """Rows of one variant in ascending order of their seconds, each part of a second one."""

    def __init__(self) -> None:
        self._starts = array("i")
        self._segments = array("i")
        self._lengths = array("i")
        self._phases: list[str] = []
        self._figures = array("f")
        self._weights = array("f")
        self._spreads: list[bytes] = []

    def __len__(self) -> int:
        return len(self._starts)

    def put(self, row: SeriesRow) -> None:
        """Add a part, or replace what was told of it before."""
        at = bisect_left(range(len(self)), row.key, key=self._key)
        known = at < len(self) and self._key(at) == row.key
        until = at + known
        self._starts[at:until] = array("i", [row.t_s])
        self._segments[at:until] = array("i", [row.segment])
        self._lengths[at:until] = array("i", [row.seconds])
        self._phases[at:until] = [intern(row.phase)]
        self._figures[at * WIDTH : until * WIDTH] = row.figures
        self._weights[at * _WEIGHTS : until * _WEIGHTS] = row.weights
        self._spreads[at:until] = [row.spread]

    def drop(self, number: int) -> None:
        """Forget so many of the oldest."""
        for column in (self._starts, self._segments, self._lengths, self._phases, self._spreads):
            del column[:number]
        del self._figures[: number * WIDTH]
        del self._weights[: number * _WEIGHTS]

    def cut(self, since_s: int, until_s: int) -> range:
        """The rows that begin in these seconds."""
        return range(bisect_left(self._starts, since_s), bisect_left(self._starts, until_s))

    def start_s(self, at: int) -> int:
        """The second in which a row begins."""
        return self._starts[at]

    def length_s(self, at: int) -> int:
        """How many seconds a row stands for."""
        return self._lengths[at]

    def figures(self, number: int, rows: range) -> SeriesFigures:
        """One metric of whole seconds and of groups; of two phases in a second both."""
        seconds = np.array(self._starts[rows.start : rows.stop])
        lengths = np.array(self._lengths[rows.start : rows.stop])
        figures = np.array(self._column(number, rows), dtype=np.float64)
        first_of_several = [
            at
            for at in np.flatnonzero(seconds[1:] == seconds[:-1]).tolist()
            if self._phases[rows.start + at] == self._phases[rows.start + at + 1]
        ]
        if not first_of_several:
            return SeriesFigures(seconds, lengths, figures)
        kept = np.ones(seconds.size, dtype=bool)
        for _, whole in groupby(enumerate(first_of_several), key=lambda pair: pair[1] - pair[0]):
            places = [at for _, at in whole]
            first, last = places[0], places[-1] + 1
            parts = range(rows.start + first, rows.start + last + 1)
            figures[first] = self._joined(number, parts)
            kept[first + 1 : last + 1] = False
        return SeriesFigures(seconds[kept], lengths[kept], figures[kept])

    def known(self, number: int, rows: range) -> int:
        """In how many rows one metric is known."""
        return sum(figure == figure for figure in self._column(number, rows))

    def _column(self, number: int, rows: range) -> Figures:
        return self._figures[rows.start * WIDTH + number : rows.stop * WIDTH : WIDTH]

    def _figure(self, at: int, number: int) -> float:
        """One metric of a row; NaN is what is not known."""
        return self._figures[at * WIDTH + number]

    def column(self, number: int, rows: range) -> Iterator[tuple[int, int, str, float]]:
        """(second, length, phase, figure of one metric) of whole seconds and of groups."""
        for (t_s, phase), parts in self._wholes(rows):
            yield t_s, self._lengths[parts[0]], phase, self._joined(number, parts)

    def parts(self, number: int, rows: range) -> Iterator[PartFigure]:
        """Likewise with the segment, the first of a second that has several."""
        for (t_s, phase), parts in self._wholes(rows):
            yield t_s, self._segments[parts[0]], phase, self._joined(number, parts)

    def spreads(self, rows: range) -> Iterator[tuple[int, int, bytes]]:
        """(second, length, packed spread) likewise."""
        for (t_s, _), parts in self._wholes(rows):
            yield t_s, self._lengths[parts[0]], self._spread(parts)

    def grouped(self, rows: range, seconds: int) -> Iterator[SeriesRow]:
        """Those that begin within the same group of seconds as one: the highest of each figure."""
        for number, members in groupby(rows, key=lambda at: self._starts[at] // seconds):
            group = list(members)
            span = range(group[0], group[-1] + 1)
            columns = ([figure for *_, figure in self.column(n, span)] for n in range(WIDTH))
            yield SeriesRow(
                t_s=number * seconds,
                phase=self._phases[group[0]],
                seconds=seconds,
                figures=array("f", map(highest, columns)),
                weights=array("f", [nan]) * _WEIGHTS,
                spread=self._spread(group),
            )

    def _key(self, at: int) -> PartKey:
        return (self._starts[at], self._segments[at], self._phases[at])

    def _wholes(self, rows: range) -> Iterator[tuple[_Whole, list[int]]]:
        """The parts of each second in one phase."""
        starts, phases = self._starts, self._phases
        for whole, parts in groupby(rows, key=lambda at: (starts[at], phases[at])):
            yield whole, list(parts)

    def _joined(self, number: int, parts: Sequence[int]) -> float:
        if len(parts) == 1:
            return self._figure(parts[0], number)
        figures = [self._figure(at, number) for at in parts]
        place = _WEIGHED.get(number)
        weights = [] if place is None else [self._weights[at * _WEIGHTS + place] for at in parts]
        return METRICS[number].join(figures, weights)

    def _spread(self, parts: Sequence[int]) -> bytes:
        packed = self._spreads[parts[0]]
        for at in parts[1:]:
            packed = pack_spread(added(unpack_spread(packed), unpack_spread(self._spreads[at])))
        return packed
