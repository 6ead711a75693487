"""The coarse histogram behind heat maps, live and in intervals.csv."""

from __future__ import annotations

import numpy as np

from bench.model.result import Measure
from bench.model.times import NS_PER_MS, NS_PER_S
from bench.record.buckets import buckets_of
from bench.record.csv_columns import interval_of, interval_row
from bench.record.latency_bins import (
    BINS,
    added,
    bin_edges_ns,
    pack_spread,
    spread_from,
    spread_of,
    spread_text,
    unpack_spread,
)
from tests.tui.fakes import FakeRun


def test_a_value_lies_between_the_edges_of_its_bin() -> None:
    edges = bin_edges_ns()
    for ms in (0.2, 1.7, 42.0, 999.0, 31_000.0):
        value_ns = round(ms * NS_PER_MS)
        [(number, count)] = spread_of(buckets_of(np.array([value_ns])))
        assert count == 1
        assert edges[number] * 0.998 <= value_ns <= edges[number + 1] * 1.001


def test_what_lies_beyond_is_in_the_first_or_last_bin() -> None:
    values = np.array([1_000, 899 * NS_PER_S])
    (first, _), (last, _) = spread_of(buckets_of(values))
    assert first == 0
    assert last == BINS - 1 or bin_edges_ns()[last] <= 900 * NS_PER_S


def test_every_response_of_a_second_is_in_its_spread_and_reads_back() -> None:
    intervals = list(FakeRun(5).aggregate.intervals())
    assert any(interval.spread for interval in intervals)
    for interval in intervals:
        count = sum(count for _, count in interval.spread)
        assert count == interval.window.measure(Measure.RESPONSE).count
        row = {
            key: str(value) for key, value in interval_row(interval).items() if value is not None
        }
        assert interval_of(row).spread == interval.spread


def test_spreads_add_up() -> None:
    assert added(((3, 1), (4, 2)), ((4, 1), (9, 5))) == ((3, 1), (4, 3), (9, 5))


def test_the_text_form_reads_back() -> None:
    spread = ((3, 1), (31, 400))
    assert spread_text(spread) == "3:1 31:400"
    assert spread_from("3:1 31:400") == spread
    assert spread_from("") == ()


def test_the_packed_form_reads_back() -> None:
    spread = ((3, 1), (69, 4_000_000))
    assert len(pack_spread(spread)) == 10
    assert unpack_spread(pack_spread(spread)) == spread
    assert unpack_spread(b"") == ()
