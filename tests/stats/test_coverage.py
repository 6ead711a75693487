"""What intervals and comparisons promise, held against processes whose truth is known.

Seeds are fixed. Limits leave room for what chance does to so few replications; the larger study is
`python -m tests.benchmarks --only coverage`.
"""

from __future__ import annotations

from dataclasses import replace
from math import sqrt

import numpy as np
import pytest

from bench.stats import woodruff
from bench.stats.basis import Rest
from bench.stats.paired import difference
from bench.stats.woodruff import interval
from tests.stats.processes import (
    HARD,
    NAMED,
    Shape,
    curve_in_blocks,
    latencies,
    true_quantile_ns,
)
from tests.stats.study import (
    Coverage,
    coverage,
    covers,
    curves_of,
    most_found,
    tables_with_a_difference,
    told_apart_share,
)

REPLICATIONS = 40
RUNS = ((20, 20, 15), (2, 24, 50), (5, 40, 75), (8, 40, 250))
"""(rounds, blocks, samples of each): 300 to 10,000 invocations over 2 to 20 rounds."""


def error(share: float, count: int) -> float:
    """What chance does to a share, at two and a half standard deviations."""
    return 2.5 * sqrt(share * (1 - share) / count)


@pytest.mark.parametrize("name", NAMED)
def test_intervals_cover_the_truth_as_often_as_they_say(name: str) -> None:
    process, found = NAMED[name], Coverage(0, 0, 0)
    for seed, (rounds, blocks, samples) in enumerate(RUNS):
        shape = Shape(REPLICATIONS, blocks, samples)
        curves = curves_of(process, shape, rounds, 40 + seed)
        for q in (0.5, 0.9):
            found += coverage(process, curves, q)
    assert found.known >= 0.95 * found.tried
    count = found.known / 2  # the two quantiles of a run hang together
    assert 0.93 - error(0.93, round(count)) <= found.share <= 0.98 + error(0.98, round(count))


def test_samples_that_hang_together_were_misjudged_as_independent_ones() -> None:
    """The simulation has teeth: order statistics alone do not pass it."""
    process = NAMED["AR(1) 0.9"]
    curves = curves_of(process, Shape(REPLICATIONS, 20, 100), 2, 3)
    truth_ns = true_quantile_ns(process, 0.5)
    alone = [interval(replace(curve, blocks=None), 0.5) for curve in curves]
    assert np.mean([covers(bounds, truth_ns) for bounds in alone]) < 0.6
    assert all(bounds.basis.text == "iid, not tested" for bounds in alone)


@pytest.mark.parametrize("blocks", [2, 5, 9])
def test_with_fewer_than_ten_blocks_nobody_knows(blocks: int) -> None:
    (curve,) = curves_of(NAMED["iid"], Shape(1, blocks, 200), 1, 1)
    bounds = interval(curve, 0.5)
    assert (bounds.low_ns, bounds.high_ns) == (None, None)
    assert bounds.basis.text == "too few blocks to know"
    found = difference(curve, curve, 0.5)
    assert found is not None
    assert (found.p_value, found.is_distinguishable) == (None, False)
    assert found.basis.rest is Rest.TOO_FEW


@pytest.mark.parametrize(("blocks", "changed"), [(80, 0.3), (40, 0.5), (20, 0.5)])
def test_a_run_that_changed_once_is_too_few_blocks_to_know(blocks: int, changed: float) -> None:
    values = latencies(NAMED["iid"], np.random.default_rng(2), Shape(20, blocks, 50))
    values[:, round(changed * blocks) :] *= 3
    known = [interval(curve_in_blocks(each), 0.5).basis.is_known for each in values]
    assert np.mean(known) <= 0.15


@pytest.mark.parametrize("name", NAMED)
def test_equal_variants_are_told_apart_no_more_often_than_promised(name: str) -> None:
    shape = Shape(REPLICATIONS, 20, 40)
    base, other = (curves_of(NAMED[name], shape, 4, seed) for seed in (7, 8))
    limit = 0.05 + error(0.05, REPLICATIONS)
    assert told_apart_share(base, other, 0.5) <= limit
    assert told_apart_share(base, other, 0.9, share_blocks=False) <= limit


@pytest.mark.parametrize("name", ["iid", "AR(1) 0.9", "fate of blocks"])
def test_a_table_of_nine_equal_variants_rarely_shows_a_difference(name: str) -> None:
    tables = 30
    curves = curves_of(NAMED[name], Shape(9 * tables, 20, 15), 20, 9)
    assert tables_with_a_difference(curves, 9, 0.5) <= 0.05 + error(0.05, tables)


@pytest.mark.parametrize(("name", "share"), [("iid", 0.9), ("AR(1) 0.5", 0.8)])
def test_a_tenth_is_found_in_twenty_blocks_of_a_hundred(name: str, share: float) -> None:
    shape = Shape(REPLICATIONS, 20, 100)
    values = [latencies(NAMED[name], np.random.default_rng(seed), shape) for seed in (11, 12)]
    base = [curve_in_blocks(each) for each in values[0]]
    other = [curve_in_blocks((each * 1.1).astype(np.int64)) for each in values[1]]
    assert told_apart_share(base, other, 0.5) >= share


def test_where_theory_leaves_little_to_find_over_half_of_that_is_found() -> None:
    """Answers of AR(1) 0.9 are nearly like the one before: two thousand count as a hundred."""
    shape = Shape(100, 20, 100)
    values = [
        latencies(NAMED["AR(1) 0.9"], np.random.default_rng(seed), shape) for seed in (11, 12)
    ]
    base = [curve_in_blocks(each) for each in values[0]]
    other = [curve_in_blocks((each * 1.1).astype(np.int64)) for each in values[1]]
    most = most_found(base, other, 0.5)
    assert most == pytest.approx(0.6, abs=0.1)
    assert 0.55 * most <= told_apart_share(base, other, 0.5) <= most


def test_what_both_variants_went_through_together_is_no_difference() -> None:
    """Paired blocks find a tenth that unpaired ones lose in a common fate."""
    random, shape = np.random.default_rng(13), Shape(30, 20, 50)
    fate = np.exp(0.4 * random.standard_normal((30, 20, 1)))
    base, other = (
        latencies(NAMED["iid"], np.random.default_rng(seed), shape) * fate for seed in (14, 15)
    )
    one, two = (
        [curve_in_blocks(values.astype(np.int64)) for values in each]
        for each in (base, other * 1.1)
    )
    assert told_apart_share(one, two, 0.5) > 0.6
    assert told_apart_share(one, two, 0.5, share_blocks=False) < 0.2


@pytest.mark.parametrize("name", ["iid", "AR(1) 0.9"])
def test_looking_often_does_not_inflate_the_error(name: str) -> None:
    process, shape = NAMED[name], Shape(40, 40, 40)
    truth_ns = true_quantile_ns(process, 0.5)
    missed = {True: 0, False: 0}
    for values in latencies(process, np.random.default_rng(16), shape):
        looks = [curve_in_blocks(values[:blocks]) for blocks in range(10, 41, 3)]
        for anytime in missed:
            found = (interval(curve, 0.5, anytime=anytime) for curve in looks)
            missed[anytime] += not all(covers(bounds, truth_ns) for bounds in found)
    assert missed[True] / 40 <= 0.05 + error(0.05, 40)
    assert missed[False] > missed[True], "which is why there are intervals for any time"


@pytest.mark.parametrize(("name", "runs"), [
    ("regimes", ((20, 20, 15), (5, 40, 75))),
    ("regimes of 1 block", ((5, 40, 75), (10, 100, 100))),
    ("regimes of 2 blocks", ((8, 40, 250), (10, 100, 100))),
    ("states of 6 and 4 blocks", ((4, 60, 50), (10, 100, 40))),
    ("three states of 4 blocks", ((4, 60, 50), (10, 100, 40))),
    ("a rare state", ((4, 60, 50), (10, 100, 40))),
])  # fmt: skip
def test_regimes_are_covered_where_a_run_has_changed_ten_times(
    name: str, runs: tuple[tuple[int, int, int], ...]
) -> None:
    process, found = {**NAMED, **HARD}[name], Coverage(0, 0, 0)
    for seed, (rounds, blocks, samples) in enumerate(runs):
        curves = curves_of(process, Shape(REPLICATIONS, blocks, samples), rounds, 60 + seed)
        for q in (0.5, 0.9):
            found += coverage(process, curves, q)
    assert found.share >= 0.93 - error(0.93, found.known // 2)


def test_a_limit_reaches_further_where_blocks_vary_more_at_it_than_at_the_quantile(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    process = HARD["regimes of 1 block"]
    curves = curves_of(process, Shape(40, 24, 25), 2, 61)
    moved = [interval(curve, 0.5) for curve in curves]
    monkeypatch.setattr(woodruff, "_MOVES", 0)
    plain = [interval(curve, 0.5) for curve in curves]
    truth_ns = true_quantile_ns(process, 0.5)
    pairs = list(zip(plain, moved, strict=True))
    assert all(covers(wide, truth_ns) for narrow, wide in pairs if covers(narrow, truth_ns))
    assert 4 <= sum(narrow != wide for narrow, wide in pairs) < len(pairs)


@pytest.mark.parametrize(("blocks", "more"), [(24, 3), (60, 8)])
def test_a_state_seen_once_or_twice_may_come_more_often_than_a_run_has_met_it(
    blocks: int, more: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    process = HARD["a rare state"]
    curves = curves_of(process, Shape(80, blocks, 50), 2, 62)
    truth_ns = true_quantile_ns(process, 0.5)
    moved = [covers(interval(curve, 0.5), truth_ns) for curve in curves]
    monkeypatch.setattr(woodruff, "tilted_variance", lambda _: None)
    plain = [covers(interval(curve, 0.5), truth_ns) for curve in curves]
    assert sum(moved) >= sum(plain) + more
    assert not any(was and not is_now for was, is_now in zip(plain, moved, strict=True))


def test_hard_processes_are_wider_or_unknown_and_never_as_wrong_as_before() -> None:
    process = HARD["AR(1) of blocks 0.6"]
    curves = curves_of(process, Shape(REPLICATIONS, 40, 50), 4, 17)
    assert coverage(process, curves, 0.5).share >= 0.8
