"""What is concluded from many variants in short turns, whose truth is known.

Nine variants of sixteen turns of a few answers each, as in the quick start. Seeds are fixed; the
larger study is `python -m tests.benchmarks --only coverage`.
"""

from __future__ import annotations

import numpy as np
import pytest

from bench.stats.blocks import Reals
from tests.stats.processes import HARD, NAMED, Process, Shape, latencies
from tests.stats.study import (
    Flags,
    Latencies,
    curves_of,
    told_apart_share,
    told_between_runs,
    told_from_the_fastest,
)

TRUTHS = np.array([1, 1, 1, 1.1, 1.5, 2, 2, 4, 4])
"""By how much each is slower than the fastest."""
TABLES = 25


def tables(process: Process, samples: int, seed: int) -> Latencies:
    """(tables × variants × turns × samples), the first calls of each variant ten times as slow."""
    shape = Shape(9 * TABLES, 16, samples)
    values = latencies(process, np.random.default_rng(seed), shape)
    values[:, 0, :2] *= 10
    return values.reshape(TABLES, 9, 16, samples)


def told(values: Latencies, q: float) -> Reals:
    """By variant, in what share of tables it is told apart from the one that looks fastest."""
    slower = (values * TRUTHS[:, None, None]).astype(np.int64)
    found: Reals = np.mean([told_from_the_fastest(table, q) for table in slower], axis=0)
    return found


@pytest.mark.parametrize(("name", "samples", "q"), [
    ("iid", 8, 0.9), ("AR(1) 0.5", 8, 0.9), ("fate of blocks", 5, 0.5), ("AR(1) 0.9", 25, 0.9),
])  # fmt: skip
def test_a_factor_of_two_is_told_apart_in_turns_of_a_quarter_second(
    name: str, samples: int, q: float
) -> None:
    found = told(tables(NAMED[name], samples, 51), q)
    assert found[5:].min() >= 0.9, "factors of 2 and 4"
    assert found[:3].max() <= 0.12, "equals of the fastest, of which one is it"


@pytest.mark.parametrize(("name", "samples"), [
    ("iid", 8), ("AR(1) 0.5", 15), ("AR(1) 0.9", 5), ("AR(1) 0.9", 15), ("regimes of 1 block", 8),
])  # fmt: skip
def test_a_table_of_nine_equals_rarely_shows_a_difference(name: str, samples: int) -> None:
    process = {**NAMED, **HARD}[name]
    values = tables(process, samples, 52)
    apart = [told_from_the_fastest(table, 0.5).any() for table in values]
    assert np.mean(apart) <= 0.16, "5 % and what chance makes of 25 tables"


def test_two_runs_of_short_turns_are_told_apart_likewise() -> None:
    base, other = (tables(NAMED["AR(1) 0.5"], 8, seed) for seed in (54, 55))
    found = {factor: told_of_two_runs(base, other, factor, 0.9) for factor in (1.0, 2.0)}
    assert found[1.0].any(axis=1).mean() <= 0.16
    assert found[2.0].mean() >= 0.95


def told_of_two_runs(base: Latencies, other: Latencies, factor: float, q: float) -> Flags:
    """(tables × variants), which are told apart if all are slower by a factor in the other run."""
    slower = (other * factor).astype(np.int64)
    return np.array([told_between_runs(*pair, q) for pair in zip(base, slower, strict=True)])


def test_of_turns_that_hardly_differ_from_their_neighbours_less_is_said() -> None:
    short, long = (told(tables(NAMED["AR(1) 0.9"], n, 53), 0.5)[5:7].mean() for n in (5, 25))
    assert short < 0.5 < 0.9 < long


@pytest.mark.parametrize("name", ["regimes", "regimes of 1 block"])
def test_two_equal_runs_of_a_system_with_two_states_rarely_differ(name: str) -> None:
    """Which of both states a run was in more often is chance, and no accident of its blocks."""
    process = {**NAMED, **HARD}[name]
    base, other = (curves_of(process, Shape(120, 60, 50), 4, seed) for seed in (77, 78))
    assert told_apart_share(base, other, 0.5, share_blocks=False) <= 0.11
