"""How much memory a run takes by the minute, in fast motion and from a fixed seed."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from bench.model.result import Measure
from bench.model.times import NS_PER_MS
from bench.record.block_store import BlockStore
from bench.record.buckets import BUCKETS, UPPER_NS, buckets_of
from bench.record.counted import NO_COUNTS, Counted, counted
from bench.record.delta import KeyColumn
from bench.record.measures import Series
from bench.stats.quantiles import Curve

EACH_S = 1000
AT_ONCE_S = 10
MOST_PER_MINUTE = 60_000
"""Bytes by which the blocks of one measure may grow; with a look at them it was 230,000."""


class Told:
    """What a delta has of warm answers alone, as they came in some seconds: a cell for each."""

    def __init__(self, first_s: int, buckets: NDArray[np.uint16]) -> None:
        self._first_s = first_s
        cells = np.repeat(np.arange(AT_ONCE_S), buckets.size // AT_ONCE_S)
        self._counted = counted(cells << 16 | buckets)

    @property
    def sums(self) -> Told:
        return self

    def column(self, column: KeyColumn) -> NDArray[np.int64]:
        seconds = np.arange(self._first_s, self._first_s + AT_ONCE_S)
        return seconds if column is KeyColumn.PLACE else np.zeros_like(seconds)

    def of_series(self, series: Series) -> Counted:
        return self._counted if series in (Series.RESPONSE, Series.WARM) else NO_COUNTS


def curve_of(counts: NDArray[np.int64]) -> Curve:
    held = np.flatnonzero(counts)
    return Curve(UPPER_NS[held], counts[held], np.zeros_like(held))


@pytest.fixture(autouse=True)
def traced() -> Iterator[None]:
    tracemalloc.start()
    yield
    tracemalloc.stop()


def test_blocks_grow_little_and_whoever_looks_at_them_takes_nothing() -> None:
    """Each gets more distinct values as it gets longer: most of what a coordinator grows by."""
    random, store = np.random.default_rng(1), BlockStore()
    whole = np.zeros(BUCKETS, dtype=np.int64)
    measured, rounds = np.ones(AT_ONCE_S, dtype=np.bool_), np.zeros(AT_ONCE_S, dtype=np.int64)
    kept: dict[int, int] = {}
    for second in range(0, 30 * 60, AT_ONCE_S):
        took_ns = random.lognormal(0, 0.4, AT_ONCE_S * EACH_S) * 5 * NS_PER_MS
        buckets = buckets_of(took_ns.astype(np.int64))
        told: Any = Told(second, buckets)
        store.add(told, measured, rounds)
        whole += np.bincount(buckets, minlength=BUCKETS)
        minute, rest = divmod(second + AT_ONCE_S, 60)
        if minute in (3, 30) and not rest:
            looked = store.with_blocks(0, {Measure.RESPONSE: curve_of(whole)})
            kept[minute] = tracemalloc.get_traced_memory()[0]
    assert (kept[30] - kept[3]) / 27 < MOST_PER_MINUTE
    again = [store.with_blocks(0, looked) for _ in range(10)]
    taken = tracemalloc.get_traced_memory()[0] - kept[30]
    assert taken / len(again) < MOST_PER_MINUTE / 2
