"""After how long an attempt is hedged: a percentile of those before, from a few buckets."""

from __future__ import annotations

from math import ceil
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.load.retry.hedge import HedgeDelay, RunningQuantile
from bench.model.retry import HEDGED_BEYOND, Hedge
from bench.model.times import NS_PER_MS


def two_kinds(random: Random) -> int:
    """Most within a few milliseconds, one in twenty a hundred times slower."""
    usual_ns = random.gammavariate(4, NS_PER_MS)
    return round(usual_ns * (100 if random.random() < 0.05 else 1))


@pytest.mark.parametrize("q", [0.5, 0.9, 0.95, 0.99])
def test_the_percentile_is_that_of_all_values_so_far(q: float) -> None:
    random = Random(7)
    values = [two_kinds(random) for _ in range(8_000)]
    found = RunningQuantile(q)
    for value in values:
        found.add(value)
    exact = sorted(values)[ceil(q * len(values)) - 1]
    assert found.value_ns is not None
    assert exact < found.value_ns <= exact * (1 + 1 / 32) + 1


@settings(max_examples=50)
@given(st.lists(st.integers(0, 1 << 60), min_size=HEDGED_BEYOND * 2, max_size=200))
def test_no_value_is_lost_however_large_or_small(values: list[int]) -> None:
    found = RunningQuantile(0.5)
    for value in values:
        found.add(value)
    seen = max(
        2 * HEDGED_BEYOND, len(values) // 16 * 16
    )  # looked at once it is known, then now and then
    exact = sorted(min(value, 1 << 50) for value in values[:seen])[ceil(seen / 2) - 1]
    assert found.value_ns is not None
    assert exact < found.value_ns <= exact * (1 + 1 / 32) + 1


@pytest.mark.parametrize(("q", "attempts"), [(0.5, 20), (0.95, 200), (0.99, 1000), (0.333, 15)])
def test_a_percentile_with_few_values_beyond_it_is_not_known(q: float, attempts: int) -> None:
    delay = HedgeDelay(Hedge(quantile=q))
    known_after = []
    for number in range(1, 1201):
        delay.took(NS_PER_MS)
        if delay.after_ns is not None:
            known_after.append(number)
    assert known_after == list(range(attempts, 1201))
    assert Hedge(quantile=q).known_after == attempts


def test_a_delay_is_what_it_is_whatever_attempts_take() -> None:
    delay = HedgeDelay(Hedge(delay_ns=50 * NS_PER_MS))
    delay.took(NS_PER_MS)
    assert delay.after_ns == 50 * NS_PER_MS
