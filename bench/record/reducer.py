"""What workers ship, reduced to what it adds to each second of each variant. Pure.

A delta grows with variants and seconds, not with the rate: what is per row ends here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bench.model.times import NS_PER_S
from bench.record.batch import MISSING, TALLY, Batch, Count, MeasureValues, Tallies
from bench.record.block_store import KEPT, NOT_WARM
from bench.record.buckets import Indexes
from bench.record.interval_store import IntervalKey
from bench.record.measures import MEASURES, Series
from bench.record.row_layout import COUNT_FIELDS

_COUNT_TYPE = np.dtype(list(COUNT_FIELDS))


@dataclass(frozen=True, slots=True)
class Delta:
    """What becomes known of an interval. values None: counts alone."""

    key: IntervalKey
    counts: Tallies
    values: MeasureValues | None = None


@dataclass(frozen=True, slots=True)
class SegmentValues:
    """The values of a variant in one segment, over all seconds of a shipment."""

    variant: int
    segment: int
    values: MeasureValues


@dataclass(frozen=True, slots=True)
class Reduced:
    """A shipment of rows: deltas by variant, segment and second, and the rows in that order.

    compared: each row's bucket, or MISSING, of everything that is kept by blocks of time.
    """

    deltas: tuple[Delta, ...]
    segments: tuple[SegmentValues, ...]
    rows: NDArray[np.void]
    compared: Mapping[str, Indexes]


def reduce_rows(payload: bytes) -> Reduced | None:
    """Rows of attempts, packed as bench.record.row_layout has them; None for no rows."""
    batch = Batch(payload)
    rows = batch.rows
    if not rows.size:
        return None
    second = rows["intended_ns"] // NS_PER_S
    segment = rows["segment"].astype(np.int64)
    keys = batch.sort(rows["variant"].astype(np.int64) << 48 | segment << 32 | second)
    return Reduced(
        tuple(
            Delta(_key_of(key), counts, values)
            for (key, values), counts in zip(batch.groups(keys), batch.tallies(keys), strict=True)
        ),
        tuple(
            SegmentValues(key >> 16, key & 0xFFFF, values)
            for key, values in batch.groups(keys >> 32)
        ),
        batch.rows,
        _compared(batch),
    )


def _compared(batch: Batch) -> dict[str, Indexes]:
    found: dict[str, Indexes] = {measure: batch.every(MEASURES[measure]) for measure in KEPT}
    is_warm = batch.every(Series.WARM) != MISSING
    found[NOT_WARM] = np.where(is_warm, MISSING, batch.every(Series.RESPONSE))
    return found


def reduce_counts(payload: bytes) -> Iterator[Delta]:
    """Arrivals offered and dropped, packed as bench.record.row_layout has them."""
    for second, variant, segment, offered, dropped in np.frombuffer(
        payload, dtype=_COUNT_TYPE
    ).tolist():
        counts = np.zeros(TALLY, dtype=np.int64)
        counts[Count.OFFERED], counts[Count.DROPPED] = offered, dropped
        yield Delta(IntervalKey(second, variant, segment), counts)


def _key_of(key: int) -> IntervalKey:
    return IntervalKey(key & 0xFFFFFFFF, key >> 48, key >> 32 & 0xFFFF)
