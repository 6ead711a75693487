"""From what is known of an interval to what views and files show of it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

from bench.model.profile import Variant
from bench.model.result import Interval
from bench.model.times import NS_PER_S
from bench.record.figure_array import distributions_of
from bench.record.hlog import TaggedHistogram
from bench.record.hlog_lines import lines_of
from bench.record.interval_key import IntervalKey
from bench.record.interval_stats import IntervalStats
from bench.record.interval_table import IntervalTable
from bench.record.timeline import Stretch, Timeline
from bench.record.window import counted_window


class Intervals(Collection[Interval]):
    """Every second of every variant and segment, in the order of the files.

    Each is made when its turn comes: all of a long run's at once would fill the memory.
    """

    def __init__(self, table: IntervalTable, made: Callable[[IntervalKey], Interval]) -> None:
        """made: the interval of a key."""
        self._table = table
        self._made = made

    def __len__(self) -> int:
        return len(self._table)

    def __iter__(self) -> Iterator[Interval]:
        return map(self._made, self._table.keys())

    def __contains__(self, interval: object) -> bool:
        return any(own == interval for own in self)


class IntervalViews:
    """Makes the intervals of a table. now_ns: what has not passed by then was not on yet."""

    def __init__(
        self,
        variants: Sequence[Variant],
        timeline: Timeline,
        table: IntervalTable,
        now_ns: Callable[[], int],
    ) -> None:
        self._variants = variants
        self._timeline = timeline
        self._table = table
        self._now_ns = now_ns

    def all(self) -> Collection[Interval]:
        """Every one that there is, whenever it is looked at."""
        return Intervals(self._table, self.interval)

    def of(self, keys: Iterable[IntervalKey]) -> tuple[Interval, ...]:
        """Those of some keys, in their order."""
        return tuple(map(self.interval, keys))

    def interval(self, key: IntervalKey) -> Interval:
        """One second of one variant as it stands now; later rows may change it."""
        phase = self._timeline.phase_in(key.segment)
        counts, figures, spread = self._table.figures(key)
        window = counted_window(
            self._variants[key.variant],
            counts.tolist(),
            self.stretch(key),
            distributions_of(figures),
        )
        return Interval(key.second, phase.name, phase.measured, window, spread, key.segment)

    def stretch(self, key: IntervalKey) -> Stretch:
        """For how long its variant has been on in it, and what was planned."""
        until_ns = min(key.end_ns, self._now_ns())
        return self._timeline.stretch(key.variant, key.segment, key.second * NS_PER_S, until_ns)

    def lines(self, key: IntervalKey, stats: IntervalStats) -> Iterator[TaggedHistogram]:
        """Its lines for the interval log."""
        measured = self._timeline.phase_in(key.segment).measured
        name = self._variants[key.variant].name
        return lines_of(stats, key.second, name, self.stretch(key), measured)
