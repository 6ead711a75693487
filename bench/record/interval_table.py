"""Every second of every variant and segment, as it fills, and as it rests once it is complete.

A second that can still change is an IntervalStats in memory. Once nothing more is expected of it,
or it is too old to be completed, it is packed into the IntervalStore, so that memory stays bounded
however long the run. Invocations that come later still are added to its figures there.

Seconds are settled up to the first that is not in the store: what comes before it is in its final
form, and can be written while the run goes on.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from heapq import merge
from typing import NamedTuple

from bench.model.times import NS_PER_S
from bench.record.batch import Tallies
from bench.record.cells import Known
from bench.record.figure_array import FigureArray
from bench.record.interval_key import IntervalKey
from bench.record.interval_stats import (
    IntervalStats,
    add_late,
    repacked,
    response_spread,
    unpacked,
)
from bench.record.interval_store import IntervalStore
from bench.record.latency_bins import Spread, added, unpack_spread

_SETTLE_GRACE_NS = 2 * NS_PER_S
"""From the end of a second to its lines in the interval log, if all that began in it has ended."""


class IntervalFigures(NamedTuple):
    """What is known of an interval."""

    counts: Tallies
    figures: FigureArray
    spread: Spread


class IntervalTable:
    """The intervals of a run by key. It keeps no time: `sweep` is told it."""

    def __init__(self, retain_ns: int, give_up_ns: int) -> None:
        """How long values are kept, and after which age a second is not waited for any more."""
        self._retain_ns = retain_ns
        self._give_up_ns = give_up_ns
        self._open: dict[IntervalKey, IntervalStats] = {}
        self._store = IntervalStore()
        self._changed: set[IntervalKey] = set()
        self._coming: set[IntervalKey] = set()
        self._unlogged: set[IntervalKey] = set()
        """Those with values that are in no line of the interval log yet."""
        self._settled_s = 0
        self.changed_settled = False
        """True once something has come for a second that `settled` had given out."""

    def __len__(self) -> int:
        return len(self._open) + len(self._store)

    def keys(self, from_s: int = 0) -> Iterator[IntervalKey]:
        """In the order of files, from a second on."""
        still_open = sorted(key for key in self._open if key.second >= from_s)
        return merge(self._store.keys(from_s), still_open)

    @property
    def open(self) -> Mapping[IntervalKey, IntervalStats]:
        """Those whose values are still there: of as long as values are kept, at least."""
        return self._open

    # -- what comes in

    def add(self, known: Known) -> None:
        """What has become known of an interval."""
        key, values = known.key, known.values
        self._changed.add(key)
        stats = self._begun(key)
        if stats is None:
            self._add_late(known)
            return
        stats.tally += known.counts
        if values is not None:
            stats.add(values)
            self._unlogged.add(key)

    def begin(self, key: IntervalKey) -> None:
        """Its time has come, or goes on: it is there, whether or not anything happens in it."""
        self._changed.add(key)
        self._begun(key)

    def _begun(self, key: IntervalKey) -> IntervalStats | None:
        """An interval that is open, a new one if need be; None once it is in the store."""
        stats = self._open.get(key)
        if stats is None and self._store.get(key) is None:
            stats = self._open[key] = IntervalStats()
            self._coming.add(key)
            self.changed_settled |= key.second < self._settled_s
        return stats

    def _add_late(self, known: Known) -> None:
        self.changed_settled |= known.key.second < self._settled_s
        packed = self._store.get(known.key)
        assert packed is not None
        counts, figures = unpacked(packed)
        counts += known.counts
        spread = unpack_spread(packed.spread)
        if known.values is not None:
            add_late(figures, known.values)
            spread = added(spread, response_spread(known.values))
        self._store.replace(known.key, repacked(counts, figures, spread))

    def forget(self, keys: Iterable[IntervalKey]) -> None:
        """These are open, but never came to pass: nothing has happened in them."""
        for key in keys:
            del self._open[key]
            self._changed.discard(key)
            self._coming.discard(key)

    # -- as time passes

    def sweep(self, now_ns: int) -> None:
        """Store what is old and complete, or too old to be completed, told of or not."""
        for key in [key for key in self._open if now_ns - key.end_ns >= self._retain_ns]:
            stats = self._open[key]
            is_told = key not in self._unlogged and key not in self._coming
            if is_told and (stats.unfinished <= 0 or now_ns - key.end_ns > self._give_up_ns):
                self._store.add(key, stats.pack())
                del self._open[key]
        oldest_s = (now_ns - max(self._give_up_ns, self._retain_ns)) // NS_PER_S
        self._changed = {key for key in self._changed if key.second >= oldest_s}

    # -- what goes out

    def drain_changed(self) -> list[IntervalKey]:
        """Those that have changed since the last call; seconds long past are forgotten."""
        keys, self._changed = self._changed, set()
        return sorted(keys)

    def drain_passed(self, until_ns: int) -> list[IntervalKey]:
        """Those whose second has ended by then, each once."""
        keys = [key for key in self._coming if key.end_ns <= until_ns]
        self._coming.difference_update(keys)
        return sorted(keys)

    def drain_settled(self) -> Sequence[IntervalKey]:
        """Those that have come into their final form since the last call, in the order of files."""
        from_s, latest_s = self._settled_s, self._store.latest_s
        if latest_s < from_s:
            return ()
        until_s = min((key.second for key in self._open), default=latest_s + 1)
        self._settled_s = max(from_s, until_s)
        return list(self._store.keys(from_s, until_s))

    def unsettled(self) -> Iterator[IntervalKey]:
        """Those that `drain_settled` has not given out."""
        return self.keys(self._settled_s)

    def drain_unlogged(self, now_ns: int, final: bool) -> list[tuple[IntervalKey, IntervalStats]]:
        """Those with values for the interval log, if all has ended in them; final: all of them."""

        def is_due(key: IntervalKey) -> bool:
            age_ns = now_ns - key.end_ns
            is_quiet = age_ns >= _SETTLE_GRACE_NS and self._open[key].unfinished <= 0
            return final or is_quiet or age_ns > self._give_up_ns

        keys = sorted(filter(is_due, self._unlogged))
        self._unlogged.difference_update(keys)
        return [(key, self._open[key]) for key in keys]

    def figures(self, key: IntervalKey) -> IntervalFigures:
        """What is known of an interval by now."""
        stats = self._open.get(key)
        if stats is not None:
            return IntervalFigures(stats.tally, stats.figures(), stats.spread())
        packed = self._store.get(key)
        assert packed is not None
        return IntervalFigures(*unpacked(packed), unpack_spread(packed.spread))
