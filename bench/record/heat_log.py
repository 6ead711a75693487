"""How many answers took how long over the time of a run: what a heat map of the report shows.

Gathered as intervals pass by. A run's seconds share MOST_COLUMNS columns at most: when more would
be needed two of them become one, so that what is kept of a long run does not grow.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from bench.model.profile import Variant
from bench.model.result import Interval

MOST_COLUMNS = 128


@dataclass(slots=True)
class HeatCounts:
    """A column of one variant: answers by bin of `bench.record.latency_bins`, and how long it was.

    measured: False for a warm-up. cold: cold starts in it.
    """

    t_s: int
    measured: bool
    seconds: float = 0.0
    cold: int = 0
    counts: dict[int, int] = field(default_factory=dict)

    def add(self, other: HeatCounts) -> None:
        """Take in what another one has counted."""
        self.seconds += other.seconds
        self.cold += other.cold
        for number, count in other.counts.items():
            self.counts[number] = self.counts.get(number, 0) + count


HeatMaps = Mapping[Variant, tuple[HeatCounts, ...]]
"""The columns of each variant in which it was on, in time order; a warm-up before what follows."""
_Key = tuple[int, bool]


class HeatLog:
    """All of them, column by column."""

    def __init__(self) -> None:
        self._width_s = 1
        self._columns: dict[Variant, dict[_Key, HeatCounts]] = {}

    def add(self, interval: Interval) -> None:
        """Count the answers of one more interval."""
        window = interval.window
        while interval.t_s >= self._width_s * MOST_COLUMNS:
            self._halve()
        own = HeatCounts(
            interval.t_s,
            interval.measured,
            window.duration_s,
            window.tally.cold_starts,
            dict(interval.spread),
        )
        self._put(self._columns.setdefault(window.variant, {}), own)

    def _put(self, columns: dict[_Key, HeatCounts], own: HeatCounts) -> None:
        key = own.t_s // self._width_s, own.measured
        if key in columns:
            columns[key].add(own)
        else:
            columns[key] = own

    def _halve(self) -> None:
        self._width_s *= 2
        for variant, columns in self._columns.items():
            self._columns[variant] = {}
            for own in columns.values():
                self._put(self._columns[variant], own)

    def maps(self) -> HeatMaps:
        """Those of all variants so far."""
        return {
            variant: tuple(columns[key] for key in sorted(columns, key=lambda k: (k[0], k[1])))
            for variant, columns in self._columns.items()
        }
