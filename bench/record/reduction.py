"""What workers ship, reduced to what it adds to each cell of a delta. Pure.

What is per row ends here: a delta grows with variants and seconds, not with the rate.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from bench.model.profile import Profile
from bench.model.times import NS_PER_S
from bench.record.arrival_test import ArrivalGaps
from bench.record.backoff import Backoffs
from bench.record.batch import tallies
from bench.record.buckets import buckets_of
from bench.record.cells import HUGE, CellSums
from bench.record.counted import BUCKET_BITS, NO_COUNTS, counted, summed
from bench.record.delta import NO_EVENT, NO_SENDS, Delta, KeyColumn, grouped_keys
from bench.record.measures import ABSENT, ROW_TYPE, Series, bounds_of, values_of
from bench.record.payload_parts import tells_events
from bench.record.row_layout import COUNT_FIELDS, PAYLOAD_SHIFT
from bench.record.timeline import Timeline

_COUNT_TYPE = np.dtype(list(COUNT_FIELDS))
_MOST_BYTES = 8 << 20
"""Of rows that wait to be reduced together."""


class Reduction:
    """Rows and counts in, deltas out; it keeps the plan, and who waits for a next attempt."""

    def __init__(self, profile: Profile, timeline: Timeline) -> None:
        """timeline: its owner tells it of changes of the plan, before their first row."""
        self._timeline = timeline
        self._gaps = ArrivalGaps(profile, timeline)
        self._backoffs = Backoffs()
        self._tells_events = tells_events(profile)

    def rows(self, payload: bytes) -> Delta | None:
        """Rows of attempts, packed as bench.record.row_layout has them; None for no rows."""
        rows = np.frombuffer(payload, dtype=ROW_TYPE)
        if not rows.size:
            return None
        keys = self._keys(rows)
        waiting, waits_ns = self._backoffs.of(rows)
        order = np.lexsort(keys.T[::-1])
        rows, keys = rows[order], keys[order]
        is_first = np.ones(rows.size, dtype=np.bool_)
        np.any(keys[1:] != keys[:-1], axis=1, out=is_first[1:])
        starts = np.flatnonzero(is_first)
        sums = _sums(rows, starts)
        if waiting.size:
            places = np.argsort(order)[waiting]
            sums = _with_backoffs(sums, np.searchsorted(starts, places, side="right") - 1, waits_ns)
        return Delta(keys[starts], sums, self._gaps.sends(rows))

    def _keys(self, rows: NDArray[np.void]) -> NDArray[np.int64]:
        keys = np.empty((rows.size, len(KeyColumn)), dtype=np.int64)
        intended_ns = rows["intended_ns"]
        begun_ns = self._timeline.places[rows["segment"], 2]
        keys[:, KeyColumn.VARIANT] = rows["variant"]
        keys[:, KeyColumn.SEGMENT] = rows["segment"]
        keys[:, KeyColumn.SECOND] = intended_ns // NS_PER_S
        keys[:, KeyColumn.PLACE] = np.maximum(intended_ns - begun_ns, 0) // NS_PER_S
        keys[:, KeyColumn.EVENT] = NO_EVENT
        if self._tells_events:
            event = rows["flags"] >> PAYLOAD_SHIFT
            np.copyto(keys[:, KeyColumn.EVENT], event, where=rows["attempt"] > 0)
        return keys

    def counts(self, payload: bytes) -> Delta | None:
        """Arrivals offered and dropped, packed as bench.record.row_layout has them."""
        packed = np.frombuffer(payload, dtype=_COUNT_TYPE)
        if not packed.size:
            return None
        keys = np.zeros((packed.size, len(KeyColumn)), dtype=np.int64)
        keys[:, KeyColumn.EVENT] = NO_EVENT
        for column in (KeyColumn.VARIANT, KeyColumn.SEGMENT, KeyColumn.SECOND):
            keys[:, column] = packed[column.name.lower()]
        found, groups = grouped_keys(keys)
        offered, dropped = (packed[name].astype(np.int64) for name in ("offered", "dropped"))
        sums = CellSums.arrivals(offered, dropped).grouped(groups, len(found))
        return Delta(found, sums, NO_SENDS)


class Shipments:
    """What workers have shipped and nobody has reduced yet, in the order of its coming."""

    def __init__(self) -> None:
        self.rows: list[bytes] = []
        self.counts: list[bytes] = []

    @property
    def is_crowded(self) -> bool:
        """True once they should be drained, whoever waits."""
        return sum(map(len, self.rows)) > _MOST_BYTES

    def drain(self, reduction: Reduction) -> Iterator[Delta]:
        """All of it, in as few deltas as there are kinds."""
        rows, self.rows = self.rows, []
        counts, self.counts = self.counts, []
        for delta in (reduction.rows(b"".join(rows)), reduction.counts(b"".join(counts))):
            if delta is not None:
                yield delta


def _with_backoffs(
    sums: CellSums, cells: NDArray[np.int64], waits_ns: NDArray[np.int64]
) -> CellSums:
    """The same with waits, each in the cell with its index."""
    series, real = Series.BACKOFF, np.maximum(waits_ns, 0)
    low_ns, high_ns, sum_ns, negative = (
        column.copy() for column in (sums.low_ns, sums.high_ns, sums.sum_ns, sums.negative)
    )
    np.minimum.at(low_ns[:, series], cells, real)
    np.maximum.at(high_ns[:, series], cells, real)
    np.add.at(sum_ns[:, series], cells, real)
    np.add.at(negative[:, series], cells, waits_ns < 0)
    codes = (cells * len(Series) + series) << BUCKET_BITS | buckets_of(waits_ns)
    exact = summed([sums.exact, counted(codes)])
    return CellSums(sums.counts, low_ns, high_ns, sum_ns, negative, exact, sums.bounds)


def _sums(rows: NDArray[np.void], starts: NDArray[np.int64]) -> CellSums:
    """The sums of rows in the order of their cells, given where each cell starts."""
    values = values_of(rows)
    absent = values == ABSENT
    sizes = np.diff(starts, append=rows.size)
    cell = np.repeat(np.arange(starts.size), sizes)
    slots = (cell * len(Series))[None, :] + np.arange(len(Series))[:, None]
    codes = slots << BUCKET_BITS | buckets_of(values)
    late = bounds_of(rows)
    bounds = NO_COUNTS
    held = ~absent
    if late is not None:
        bounds = counted(codes[held & late])
        held &= ~late
    real = np.maximum(values, 0)
    below = (values < 0) & ~absent
    return CellSums(
        counts=tallies(rows, starts),
        low_ns=np.minimum.reduceat(np.where(absent, HUGE, real), starts, axis=1).T,
        high_ns=np.maximum.reduceat(real, starts, axis=1).T,
        sum_ns=np.add.reduceat(real, starts, axis=1).T,
        negative=np.add.reduceat(below, starts, axis=1, dtype=np.int64).T,
        exact=counted(codes[held]),
        bounds=bounds,
    )
