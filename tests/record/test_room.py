"""How much memory a run takes by the minute, in fast motion and from a fixed seed."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator

import numpy as np
import pytest

from bench.model.result import Measure
from bench.model.times import NS_PER_MS
from bench.record.block_store import BlockStore
from bench.record.buckets import buckets_of
from bench.record.histogram import Histogram

EACH_S = 1000
AT_ONCE_S = 10
MOST_PER_MINUTE = 60_000
"""Bytes by which the blocks of one measure may grow; with a look at them it was 230,000."""


@pytest.fixture(autouse=True)
def traced() -> Iterator[None]:
    tracemalloc.start()
    yield
    tracemalloc.stop()


def test_blocks_grow_little_and_whoever_looks_at_them_takes_nothing() -> None:
    """Each gets more distinct values as it gets longer: most of what a coordinator grows by."""
    random, store, whole = np.random.default_rng(1), BlockStore(), Histogram()
    noughts = np.zeros(AT_ONCE_S * EACH_S, dtype=np.int64)
    kept: dict[int, int] = {}
    for second in range(0, 30 * 60, AT_ONCE_S):
        took_ns = (random.lognormal(0, 0.4, noughts.size) * 5 * NS_PER_MS).astype(np.int64)
        buckets = buckets_of(took_ns)
        least, most = int(took_ns.min()), int(took_ns.max())
        whole.record_buckets(buckets, min_ns=least, max_ns=most, sum_ns=float(took_ns.sum()))
        seconds = second + np.repeat(np.arange(AT_ONCE_S), EACH_S)
        store.add(noughts, noughts, seconds, {Measure.RESPONSE: buckets})
        minute, rest = divmod(second + AT_ONCE_S, 60)
        if minute in (3, 30) and not rest:
            looked = store.with_blocks(0, {Measure.RESPONSE: whole.points()})
            kept[minute] = tracemalloc.get_traced_memory()[0]
    assert (kept[30] - kept[3]) / 27 < MOST_PER_MINUTE
    again = [store.with_blocks(0, looked) for _ in range(10)]
    taken = tracemalloc.get_traced_memory()[0] - kept[30]
    assert taken / len(again) < MOST_PER_MINUTE / 2
