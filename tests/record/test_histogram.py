from __future__ import annotations

import numpy as np
import pytest
from hdrh.histogram import HdrHistogram
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from bench.model.result import QUANTILES
from bench.model.times import NS_PER_MS, NS_PER_S
from bench.record.buckets import (
    BUCKETS,
    DIGITS,
    HIGHEST_NS,
    LOWER_NS,
    LOWEST_NS,
    OVER,
    UPPER_NS,
    bucket_of,
    buckets_of,
)
from bench.record.counted import counted
from bench.record.hdr_encoding import decode_buckets, encode_counts
from bench.record.histogram import Histogram
from bench.stats.ranks import rank_of

TIMES = st.lists(st.integers(0, HIGHEST_NS) | st.integers(0, 5_000_000), min_size=1, max_size=200)


def record_many(
    histogram: Histogram, values_ns: NDArray[np.int64], censored: NDArray[np.bool_] | None = None
) -> None:
    real, codes = np.maximum(values_ns, 0), buckets_of(values_ns).astype(np.int64)
    late = np.zeros(codes.size, dtype=np.bool_) if censored is None else censored
    histogram.add(
        counted(codes[~late]),
        counted(codes[late]),
        min_ns=int(real.min()),
        max_ns=int(real.max()),
        sum_ns=float(real.sum()),
        negative=int((values_ns < 0).sum()),
    )


def histogram_of(values: list[int]) -> Histogram:
    histogram = Histogram()
    record_many(histogram, np.array(values, dtype=np.int64))
    return histogram


def peer_of(values: list[int]) -> HdrHistogram:
    peer = HdrHistogram(LOWEST_NS, HIGHEST_NS, DIGITS)
    for value in values:
        assert peer.record_value(value)
    return peer


@given(TIMES)
def test_every_value_lands_where_the_library_itself_puts_it(values: list[int]) -> None:
    peer = peer_of(values)
    indexes = buckets_of(np.array(values, dtype=np.int64))
    assert indexes.tolist() == [peer.get_counts_array_index(value) for value in values]
    assert indexes.tolist() == [bucket_of(value) for value in values]


def test_bucket_bounds_are_the_librarys() -> None:
    peer = HdrHistogram(LOWEST_NS, HIGHEST_NS, DIGITS)
    assert peer.counts_len == BUCKETS
    for index in [*range(4200), *range(4200, BUCKETS, 97)]:
        lower = peer.get_value_from_index(index)
        assert LOWER_NS[index] == lower
        assert UPPER_NS[index] == peer.get_highest_equivalent_value(lower)


@given(TIMES)
def test_quantiles_are_the_exact_ones_to_three_digits(values: list[int]) -> None:
    quantiles = histogram_of(values).quantiles(QUANTILES)
    assert [quantile.q for quantile in quantiles] == list(QUANTILES)
    for quantile in quantiles:
        exact = sorted(values)[rank_of(quantile.q, len(values)) - 1]
        assert exact <= quantile.value_ns <= max(exact * 1.001, exact + 512)


@given(TIMES)
def test_extremes_and_mean_are_exact(values: list[int]) -> None:
    distribution = histogram_of(values).distribution()
    assert distribution.count == len(values)
    assert (distribution.min_ns, distribution.max_ns) == (min(values), max(values))
    assert distribution.mean_ns == pytest.approx(sum(values) / len(values))


def decoded(text: str, max_ns: int | None = None) -> Histogram:
    histogram = Histogram()
    histogram.add_encoded(text, max_ns)
    return histogram


@given(TIMES, TIMES)
def test_merging_what_was_encoded_is_recording_together(one: list[int], other: list[int]) -> None:
    merged = histogram_of(one)
    merged.add_encoded(histogram_of(other).encode(), max(other))
    whole = histogram_of(one + other)
    assert merged.points().counts.tolist() == whole.points().counts.tolist()
    assert merged.quantiles() == whole.quantiles()


def test_merging_an_empty_one_leaves_the_minimum_alone() -> None:
    histogram = histogram_of([5 * NS_PER_MS])
    histogram.add_encoded(Histogram().encode())
    assert histogram.distribution().min_ns == 5 * NS_PER_MS


@given(TIMES)
def test_the_library_reads_what_is_encoded(values: list[int]) -> None:
    theirs = HdrHistogram.decode(histogram_of(values).encode())
    assert theirs.get_total_count() == len(values)
    for q in (50, 90, 100):
        ours = histogram_of(values).quantiles((q / 100,))[0].value_ns
        rank = rank_of(q / 100, len(values))
        if theirs.get_target_count_at_percentile(q) == rank:
            assert ours <= theirs.get_value_at_percentile(q) <= ours * 1.001 + 512


@given(TIMES)
def test_decoding_gives_back_every_count(values: list[int]) -> None:
    histogram = histogram_of(values)
    back = decoded(histogram.encode(), max(values))
    assert (back.points().counts == histogram.points().counts).all()
    assert back.distribution().max_ns == max(values)


@given(TIMES)
def test_a_few_values_encode_as_a_histogram_of_them_does(values: list[int]) -> None:
    indexes = buckets_of(np.array(values, dtype=np.int64))
    held = counted(indexes.astype(np.int64))
    text = encode_counts(held.buckets, held.counts)
    assert text == encode_counts(held.buckets, held.counts), "the scratch histogram is clean again"
    back = decoded(text)
    assert (back.points().counts == histogram_of(values).points().counts).all()


def test_decoding_something_else_says_so() -> None:
    with pytest.raises(ValueError, match="not an HdrHistogram"):
        Histogram().add_encoded("bm90IGEgaGlzdG9ncmFt")


def test_decoding_another_range_says_so() -> None:
    other = HdrHistogram(1, 3_600_000_000, 2)
    other.record_value(17)
    with pytest.raises(ValueError, match="another range"):
        Histogram().add_encoded(other.encode().decode())


def test_less_than_a_microsecond_counts_as_in_range() -> None:
    distribution = histogram_of([0, 1, 999]).distribution()
    assert (distribution.count, distribution.out_of_range) == (3, 0)


def test_what_lies_beyond_fifteen_minutes_is_counted_and_bounds_the_quantile() -> None:
    histogram = histogram_of([NS_PER_S] * 10 + [1000 * NS_PER_S] * 20)
    distribution = histogram.distribution()
    assert (distribution.count, distribution.out_of_range) == (30, 20)
    assert distribution.max_ns == 1000 * NS_PER_S
    half = distribution.at(0.5)
    assert half is not None
    assert (half.value_ns, half.censored) == (HIGHEST_NS, True)
    assert buckets_of(np.array([HIGHEST_NS, HIGHEST_NS + 1]))[1] == OVER


def test_a_negative_value_is_counted_as_a_mistake() -> None:
    distribution = histogram_of([-5, 10]).distribution()
    assert (distribution.count, distribution.out_of_range, distribution.min_ns) == (2, 1, 0)


@pytest.mark.parametrize(
    ("count", "q", "known"),
    [(19, 0.5, False), (20, 0.5, True), (999, 0.99, False), (1000, 0.99, True)],
)
def test_a_quantile_is_known_with_ten_samples_beyond_it(count: int, q: float, known: bool) -> None:
    assert histogram_of([NS_PER_MS] * count).quantiles((q,))[0].known is known


def with_timeouts(fast: int, late: int) -> Histogram:
    histogram = Histogram()
    values = np.array([NS_PER_MS] * fast + [NS_PER_S] * late, dtype=np.int64)
    record_many(histogram, values, np.array([False] * fast + [True] * late))
    return histogram


def test_a_quantile_among_timeouts_is_a_lower_bound_and_one_below_them_is_not() -> None:
    half, ninety, *_ = with_timeouts(80, 20).quantiles()
    assert not half.censored
    assert ninety.censored
    assert with_timeouts(80, 20).distribution().censored == 20


def test_an_early_timeout_bounds_only_quantiles_that_it_could_move() -> None:
    histogram = Histogram()
    values = np.array([NS_PER_MS] + [i * NS_PER_S for i in range(1, 41)], dtype=np.int64)
    record_many(histogram, values, np.array([True] + [False] * 40))
    assert histogram.quantiles((0.5,))[0].censored, "it may be any later value"
    same = Histogram()
    record_many(same, np.array([NS_PER_MS] * 40), np.array([True] + [False] * 39))
    assert not same.quantiles((0.5,))[0].censored, "wherever it goes, the median stays"


@settings(max_examples=30)
@given(TIMES, TIMES)
def test_bounded_quantiles_never_exceed_the_truth(exact: list[int], late: list[int]) -> None:
    """Move every timed-out value anywhere above its bound: an unmarked quantile stays."""
    histogram = Histogram()
    values = np.array(exact + late, dtype=np.int64)
    record_many(histogram, values, np.array([False] * len(exact) + [True] * len(late)))
    infinite = sorted(exact) + [HIGHEST_NS] * len(late)
    quantiles = histogram.quantiles()
    assert quantiles
    for quantile in quantiles:
        truth = infinite[rank_of(quantile.q, len(infinite)) - 1]
        assert quantile.value_ns <= max(truth * 1.001, truth + 512)
        if not quantile.censored:
            assert truth <= quantile.value_ns


def test_points_give_back_the_histogram() -> None:
    histogram = with_timeouts(30, 20)
    assert Histogram.of(histogram.points()).quantiles() == histogram.quantiles()


def test_occupied_buckets_decode_as_the_library_decodes_them() -> None:
    random = np.random.default_rng(5)
    for size in (1, 2, 40, 3000):
        values = (10 ** random.uniform(2, 12, size)).astype(np.int64)
        histogram = Histogram()
        record_many(histogram, np.append(values, np.full(70_000, values[0])))
        indexes, counts = decode_buckets(histogram.encode())
        theirs = np.frombuffer(HdrHistogram.decode(histogram.encode()).counts, dtype=np.int64)
        assert indexes.tolist() == np.flatnonzero(theirs).tolist()
        assert counts.tolist() == theirs[theirs > 0].tolist()
    assert decode_buckets(Histogram().encode())[0].size == 0


def test_what_is_no_histogram_is_refused_by_buckets_too() -> None:
    with pytest.raises(ValueError, match="not an HdrHistogram"):
        decode_buckets("AAAA")
