"""One shipment of rows, grouped and reduced with numpy: what is per row stays out of Python."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from bench.model.outcome import Outcome
from bench.record.buckets import Indexes, buckets_of
from bench.record.measures import ABSENT, ROW_TYPE, Series, bounds_of, values_of
from bench.record.row_layout import FLAG_COLD, FLAG_FINAL, FLAG_HEDGE, FLAG_REFUSED, FLAG_SPENT

MISSING = np.uint16(np.iinfo(np.uint16).max)
"""In a matrix of buckets: no value. It sorts behind every bucket."""


class Count(IntEnum):
    """Columns of a tally, behind one for each Outcome."""

    ATTEMPTS = len(Outcome)
    COLD = len(Outcome) + 1
    SENT_FIRST = len(Outcome) + 2
    """First attempts of which a byte was sent."""
    STARTED = len(Outcome) + 3
    """First attempts, sent or not."""
    ENDED = len(Outcome) + 4
    """Invocations that ended after at least one attempt."""
    BILLED_MS = len(Outcome) + 5
    BILLED = len(Outcome) + 6
    """Attempts of which the billed duration is known."""
    OFFERED = len(Outcome) + 7
    DROPPED = len(Outcome) + 8
    REFUSED = len(Outcome) + 9
    """Retries that were due and refused."""
    HEDGES = len(Outcome) + 10
    """Attempts begun while the invocation's first one was under way."""
    HEDGES_WON = len(Outcome) + 11
    """Those whose good answer came first."""
    SPENT = len(Outcome) + 12
    """Attempts that ran for nothing, as the other's answer had come before."""


def present(buckets: Indexes) -> Indexes:
    """The buckets of a series without the places of absent values."""
    held: Indexes = buckets[buckets != MISSING]
    return held


TALLY = len(Outcome) + len(Count)
_RAN = np.isin(list(Outcome), (Outcome.OK, Outcome.FUNCTION_ERROR))
"""By outcome: whether the function ran to its end."""
Tallies = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class MeasureValues:
    """Values of every series (rows of each array) with their exact extremes and sums.

    buckets: exact values, MISSING where there is none. bounds: lower bounds, likewise.
    """

    buckets: Indexes
    bounds: Indexes | None
    min_ns: NDArray[np.int64]
    max_ns: NDArray[np.int64]
    sum_ns: NDArray[np.int64]
    negative: NDArray[np.int64]


class Batch:
    """The rows of one shipment, sorted by a key of the caller's (one integer per row)."""

    def __init__(self, payload: bytes) -> None:
        self.rows = np.frombuffer(payload, dtype=ROW_TYPE)

    def sort(self, keys: NDArray[np.int64]) -> NDArray[np.int64]:
        """Order the rows by key, compute their values, and return the sorted keys."""
        order = np.argsort(keys, kind="stable")
        self.rows = rows = self.rows[order]
        values = values_of(rows)
        absent = values == ABSENT
        buckets = buckets_of(values)
        buckets[absent] = MISSING
        late = bounds_of(rows)
        self._bounds: Indexes | None = None
        if late is not None:
            self._bounds = np.where(late, buckets, MISSING)
            buckets[late] = MISSING
        self._buckets = buckets
        self._negative = (values < 0) & ~absent
        self._real = np.maximum(values, 0)
        self._low = np.where(absent, np.iinfo(np.int64).max, self._real)
        return keys[order]

    def every(self, series: Series) -> Indexes:
        """The bucket of each row's value, exact or a lower bound, in the order of `sort`."""
        buckets: Indexes = self._buckets[series]
        if self._bounds is None:
            return buckets
        both: Indexes = np.minimum(buckets, self._bounds[series])  # one of them is MISSING
        return both

    def groups(self, keys: NDArray[np.int64]) -> Iterator[tuple[int, MeasureValues]]:
        """Each run of equal keys (one per row, sorted) with its values."""
        starts = np.flatnonzero(np.diff(keys, prepend=keys[0] - 1))
        ends = [*starts[1:].tolist(), keys.size]
        lows = np.minimum.reduceat(self._low, starts, axis=1)
        highs = np.maximum.reduceat(self._real, starts, axis=1)
        sums = np.add.reduceat(self._real, starts, axis=1)
        negatives = np.add.reduceat(self._negative, starts, axis=1, dtype=np.int64)
        for i, (start, end) in enumerate(zip(starts.tolist(), ends, strict=True)):
            bounds = None if self._bounds is None else self._bounds[:, start:end]
            yield (
                int(keys[start]),
                MeasureValues(
                    self._buckets[:, start:end],
                    bounds if bounds is not None and (bounds != MISSING).any() else None,
                    lows[:, i],
                    highs[:, i],
                    sums[:, i],
                    negatives[:, i],
                ),
            )

    def tallies(self, keys: NDArray[np.int64]) -> Tallies:
        """A tally for each run of equal keys, in their order."""
        rows = self.rows
        flags, attempt, billed = rows["flags"], rows["attempt"], rows["billed_ms"]
        final = flags & FLAG_FINAL > 0
        first = attempt == 1
        columns = np.zeros((rows.size, TALLY), dtype=np.int64)
        columns[np.arange(rows.size), rows["outcome"]] = final
        columns[:, Count.ATTEMPTS] = attempt > 0
        columns[:, Count.COLD] = flags & FLAG_COLD > 0
        columns[:, Count.SENT_FIRST] = first & (rows["sent_ns"] >= 0)
        columns[:, Count.STARTED] = first
        columns[:, Count.ENDED] = final & (attempt > 0)
        columns[:, Count.BILLED_MS] = np.maximum(billed, 0)
        columns[:, Count.BILLED] = billed >= 0
        columns[:, Count.REFUSED] = flags & FLAG_REFUSED > 0
        hedge = flags & FLAG_HEDGE > 0
        columns[:, Count.HEDGES] = hedge
        columns[:, Count.HEDGES_WON] = hedge & final & (rows["outcome"] == Outcome.OK)
        columns[:, Count.SPENT] = (flags & FLAG_SPENT > 0) & _RAN[rows["outcome"]]
        starts = np.flatnonzero(np.diff(keys, prepend=keys[0] - 1))
        tallies: Tallies = np.add.reduceat(columns, starts, axis=0)
        return tallies
