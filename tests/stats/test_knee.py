from __future__ import annotations

import numpy as np
import pytest

from bench.stats.knee import Knee, Trial, knee

WITHIN = (10.0, 400.0)
SLOPE = 15.0


def trial(rps: float, knee_rps: float, seconds: int, seed: int) -> Trial:
    """Independent answers whose log odds of being late rise straight through those of 1 %."""
    random = np.random.default_rng(seed)
    odds = 0.01 / 0.99 * (rps / knee_rps) ** SLOPE
    answers = random.poisson(rps, seconds)
    late = random.binomial(answers, odds / (1 + odds))
    return Trial(rps, answers.astype(np.float64), late.astype(np.float64))


def found(*trials: Trial, limit_s: float = 0.01) -> Knee:
    return knee(trials, 0.01, limit_s, WITHIN)


def test_nothing_tried_is_nothing_known() -> None:
    nothing = found()
    assert nothing.low_rps < 12
    assert nothing.high_rps > 350


@pytest.mark.parametrize("seed", range(10))
def test_the_knee_lies_within_and_more_trials_narrow_it(seed: int) -> None:
    trials = [trial(rps, 100, 20, 10 * seed + i) for i, rps in enumerate((80, 95, 105, 120))]
    few, many = found(*trials), found(*trials, *(trial(100, 100, 60, seed) for _ in range(4)))
    assert few.low_rps < 100 < few.high_rps
    assert many.half_width < few.half_width
    assert many.half_width < 0.12


def test_answers_that_are_late_together_say_less() -> None:
    trials = [trial(rps, 100, 20, i) for i, rps in enumerate((80, 95, 105, 120))]
    assert found(*trials, limit_s=0.5).half_width > 1.5 * found(*trials).half_width


def test_bursts_of_late_answers_are_found_in_the_blocks() -> None:
    even = [Trial(rps, np.full(40, 100.0), np.full(40, 1.0)) for rps in (95, 105)]
    bursts = np.where(np.isin(np.arange(40), (7, 8, 29)), 13.0, 0.0)
    burst = [Trial(rps, np.full(40, 100.0), bursts) for rps in (95, 105)]
    assert found(*burst).design_effect > found(*even).design_effect
    assert found(*burst).half_width > found(*even).half_width


def test_a_failure_of_another_kind_bounds_it_from_above() -> None:
    nothing = np.zeros(0)
    good = [Trial(rps, np.full(20, rps), np.zeros(20)) for rps in (50.0, 70.0, 80.0)]
    bad = [Trial(rps, nothing, nothing, failed=True) for rps in (90.0, 85.0)]
    cliff = found(*good, *bad)
    assert cliff.high_rps < 95
    assert 70 < cliff.middle_rps < 90


def test_no_trial_alone_rules_out_all_others() -> None:
    steady = [trial(rps, 100, 60, i) for i, rps in enumerate((90, 95, 100, 105, 110))]
    moment = Trial(60.0, np.full(5, 60.0), np.full(5, 60.0))
    assert found(*steady, moment).high_rps > 80
