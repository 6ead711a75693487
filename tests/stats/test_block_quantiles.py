from __future__ import annotations

import numpy as np
import pytest

from bench.stats.block_quantiles import Pool, block_logs, log_ratios, usual_size
from bench.stats.blocks import block_key, blocks_of
from bench.stats.quantiles import Curve
from tests.stats.processes import NAMED, Shape, curve_in_blocks, latencies


def curve(rows: list[list[int]], rounds: list[int] | None = None) -> Curve:
    """Blocks of times in µs, by round."""
    numbers = rounds or list(range(len(rows)))
    keys = np.repeat(block_key(np.array(numbers), np.zeros(len(rows), np.int64)), [*map(len, rows)])
    values = np.concatenate([np.array(row, dtype=np.int64) for row in rows]) * 1000
    one = np.ones(values.size, dtype=np.int64)
    found, counts = np.unique(values, return_counts=True)
    return Curve(found, counts, np.zeros_like(counts), blocks_of(keys, values, one))


def quantiles_us(of: Curve, q: float, size: float) -> list[float]:
    assert of.blocks is not None
    logs = block_logs(of.blocks, q, size).values
    return [round(float(value) / 1000, 3) for value in np.exp(logs)]


def test_a_block_tells_its_quantile_by_rank() -> None:
    found = curve([[30, 10, 20], [40, 20, 80, 60, 100], [7, 7, 7, 7]])
    assert quantiles_us(found, 0.5, 3) == [20, 60, 7]
    assert found.blocks is not None
    assert usual_size(found.blocks) == 4


def test_between_two_samples_it_lies_between_their_logs() -> None:
    assert quantiles_us(curve([[10, 40]]), 0.5, 2) == [20]


def test_no_block_tells_more_than_its_largest_sample() -> None:
    assert quantiles_us(curve([[10, 20, 30]] * 2), 0.99, 1000) == [30, 30]


def test_who_had_more_samples_is_asked_for_the_same_quantile() -> None:
    base = curve([[*range(10, 18)]] * 12)
    other = curve([[*range(10, 18)] * 8] * 12)
    assert np.exp(log_ratios(base, other, 0.99).values) == pytest.approx(np.ones(12), abs=0.02)


def test_blocks_of_one_place_are_compared_and_a_torn_end_of_a_turn_counts_less() -> None:
    base = curve([[10] * 8, [10] * 8, [10]], [0, 1, 2])
    other = curve([[20] * 8, [40] * 8], [1, 2])
    found = log_ratios(base, other, 0.5)
    assert np.exp(found.values) == pytest.approx([2, 4])
    assert found.counts.tolist() == [1, 1 / 8]


def test_times_that_a_clock_cannot_tell_apart_are_equal() -> None:
    found = log_ratios(curve([[0] * 4] * 3), curve([[1] * 4] * 3), 0.5)
    assert found.values.tolist() == [0, 0, 0]


def test_a_pool_of_nobody_says_nothing() -> None:
    assert Pool.of([None]).weights(0.5) is None
    bare = latencies(NAMED["iid"], np.random.default_rng(1), Shape(1, 5, 20))[0]
    assert Pool.of([curve_in_blocks(bare)]).weights(0.5) is None
