from __future__ import annotations

import numpy as np

from bench.stats.basis import Basis, Rest, basis_of
from bench.stats.blocks import block_key, blocks_of, key_parts, paired
from bench.stats.dependence import Dependence


def test_blocks_are_in_the_order_of_rounds_whatever_the_order_of_samples() -> None:
    keys = block_key(np.array([1, 0, 1, 0]), np.array([0, 3, 0, 1]))
    blocks = blocks_of(keys, np.array([50, 20, 60, 10]), np.array([1, 2, 3, 4]))
    assert key_parts(blocks.keys)[0].tolist() == [0, 0, 1]
    assert key_parts(blocks.keys)[1].tolist() == [1, 3, 0]
    assert blocks.totals().tolist() == [4, 2, 4]
    assert blocks.below(50).tolist() == [4, 2, 1]
    assert blocks.sums_ns().tolist() == [40, 40, 230]


def test_pairs_are_by_place_with_nothing_where_one_has_no_sample() -> None:
    one, other = np.array([1, 2, 5]), np.array([2, 3])
    rows = paired((one, np.array([1.0, 2.0, 3.0])), (other, np.array([7.0, 8.0])))
    assert rows[0].tolist() == [1, 2, 0, 3]
    assert rows[1].tolist() == [0, 7, 8, 0]


def test_what_an_interval_rests_on_in_words() -> None:
    keys = block_key(np.arange(3), np.zeros(3, np.int64))
    seconds = blocks_of(keys, np.ones(3, np.int64), np.ones(3, np.int64), 2.0)
    rounds = blocks_of(keys, np.ones(3, np.int64), np.ones(3, np.int64), 8.0, 2)
    found = Dependence(3.14, 4, 24)
    assert basis_of(seconds, found).text == "blocks of 2 s, design effect 3.1"
    assert basis_of(rounds, found).text == "blocks of 2 rounds, design effect 3.1"
    assert basis_of(seconds, Dependence(1.0, None, 24)).text == "iid"
    assert basis_of(seconds, Dependence(1.0, None, 24), anytime=True).text == "anytime, iid"
    assert basis_of(seconds, None, anytime=True).text == "too few blocks to know"
    assert basis_of(None, found).text == "iid, not tested"
    assert basis_of(seconds, None) == Basis(Rest.TOO_FEW, blocks=3)
    assert Basis(Rest.PAIRED, blocks=16, anytime=True).text == "anytime, 16 pairs of blocks"
    assert Basis(Rest.OF_BOTH, blocks=16).text == "16 blocks of each run"
