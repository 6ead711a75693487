"""The rate that recovers, by trials of which each says yes or no."""

from __future__ import annotations

import numpy as np
import pytest

from bench.stats.recoverable import RateInterval, RecoveryTrial, recoverable

WITHIN = (5.0, 150.0)


def searched(limit_rps: float, slope: float, seed: int) -> RateInterval:
    """Ten trials, each where the limit may lie above as well as below by those before it."""
    random, trials = np.random.default_rng(seed), [RecoveryTrial(100.0, False)]
    for _ in range(10):
        rps = recoverable(trials, WITHIN).middle_rps
        share = 1 / (1 + (rps / limit_rps) ** slope)
        trials.append(RecoveryTrial(rps, bool(random.random() < share)))
    return recoverable(trials, WITHIN)


def test_nothing_tried_is_nothing_known() -> None:
    nothing = recoverable((), WITHIN)
    assert nothing.low_rps < 6
    assert nothing.high_rps > 130


@pytest.mark.parametrize("slope", [10.0, 80.0], ids=["chance", "sharp"])
def test_the_limit_lies_within_as_often_as_is_said(slope: float) -> None:
    limits = np.random.default_rng(1).uniform(15, 90, 40)
    found = [searched(limit, slope, seed) for seed, limit in enumerate(limits)]
    hits = sum(f.low_rps <= limit <= f.high_rps for f, limit in zip(found, limits, strict=True))
    assert hits >= 35  # of 40 at 95 %: fewer come by chance once in 70 times
    assert np.median([f.half_width for f in found]) < 0.25


def test_one_trial_that_contradicts_all_others_does_not_decide() -> None:
    good = [RecoveryTrial(rps, True) for rps in (40.0, 42.0, 44.0, 46.0)]
    bad = [RecoveryTrial(rps, False) for rps in (50.0, 52.0, 54.0)]
    clear = recoverable([*good, *bad], WITHIN)
    odd = recoverable([*good, *bad, RecoveryTrial(20.0, False)], WITHIN)
    assert 40 < odd.middle_rps < 52
    assert odd.half_width > clear.half_width
