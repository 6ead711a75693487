"""One policy under several labels is told apart in at most one run of twenty; another always is.

Simulated calls of one function behind each policy go through the real aggregate, and what a view
would say of them is looked at.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from random import Random
from types import SimpleNamespace
from typing import cast

import pytest

from bench.load.live_results import LiveResults
from bench.model.profile import Levels, Profile
from bench.model.recovery import Recovery, RecoveryState
from bench.model.retry import RetrySpec
from bench.model.times import NS_PER_S
from bench.model.variant import with_differences
from bench.plan import make_plan
from bench.record.aggregate import Aggregate
from bench.record.conclusions import price_in
from bench.record.finding import Results
from bench.record.findings import findings
from bench.record.findings_of_policies import OPEN, policies
from bench.record.policy_chance import Chances, attempts_a_call, successes
from bench.record.recovery import recoveries
from bench.stats.recommend import Advice, advise
from tests.record.build import SMALL, Shipment
from tests.record.retry_simulation import JITTER, NONE, STUBBORN, Function, Policy, ship
from tests.record.test_recovery_simulated import profile_for

FUNCTION = Function(rate_rps=24.0, run_s=24.0, from_s=8.0, until_s=10.0)
CALM = replace(FUNCTION, rate_rps=20.0, until_s=8.2)
"""So that few calls fail, and what is fastest can be asked."""
SEEDS = range(20)


def profile_of(function: Function, names: Sequence[str], factor: str, rounds: int) -> Profile:
    variants = [SMALL.with_levels({factor: name}) for name in names]
    levels = Levels(retries=dict.fromkeys(names, RetrySpec()))
    profile = profile_for(function, rounds)
    return replace(profile, variants=with_differences(variants), levels=levels)


def measured(
    policies: Sequence[Policy],
    seed: str,
    factor: str = "retry",
    *,
    rounds: int = 2,
    function: Function = FUNCTION,
) -> LiveResults:
    """A run of the policies, called a, b, c …, each with chances of its own."""
    profile = profile_of(function, "abcdef"[: len(policies)], factor, rounds)
    plan = make_plan(profile)
    aggregate, shipment = Aggregate(profile, plan), Shipment()
    for segment in plan.segments:
        (variant,) = segment.variants
        random = Random(f"{seed}/{variant}/{segment.round}")
        for call in function.run(policies[variant], random):
            ship(shipment, call, segment.start_ns, variant, segment.index)
    shipment.to(aggregate)
    aggregate.advance(plan.duration_ns + 60 * NS_PER_S)
    return LiveResults(profile, aggregate)


def advised(results: LiveResults) -> Advice:
    return advise(results.windows, results.curves, price_in(results.profile))


def equals(seed: int) -> LiveResults:
    return measured([JITTER] * 3, f"alike/{seed}")


def told_apart(results: LiveResults) -> bool:
    base, *others = results.windows
    chances = Chances(results)
    return any(
        not is_open and part(other.tally) != part(base.tally)
        for part in (attempts_a_call, successes)
        for other, is_open in zip(others, chances.leaves_open(others, base, part), strict=True)
    )


def test_equals_are_told_apart_in_one_run_of_twenty_at_most() -> None:
    """By attempts, by successes, and by what is advised: each has its own table of equals."""
    by_shares = sum(told_apart(equals(seed)) for seed in SEEDS)
    assert by_shares <= 2 * 0.05 * len(SEEDS) + 2


def test_none_of_equals_is_advised_as_fastest_alone() -> None:
    alone = 0
    for seed in SEEDS:
        advice = advised(measured([JITTER] * 3, f"fast/{seed}", function=CALM))
        assert advice.fastest is not None
        alone += len(advice.fastest.variants) + len(advice.fastest.unknown) < 3
    assert alone <= 0.05 * len(SEEDS) + 2


@pytest.mark.parametrize("factor", ["retry", "label"])
def test_what_is_said_of_equals_names_them_all(factor: str) -> None:
    results = measured([JITTER] * 3, "sentences", factor)
    said = findings(results)
    told = [text for text in said if " against " in text or "fewest" in text]
    assert all(OPEN in text for text in told)
    assert bool(told) is (factor == "retry")
    advice = advised(measured([JITTER] * 3, "sentences", factor, function=CALM))
    assert advice.fastest is not None
    assert len(advice.fastest.variants) + len(advice.fastest.unknown) == 3


STALL, NEVER = RecoveryState.RECOVERED, RecoveryState.NOT_WITHIN


@pytest.mark.parametrize(
    ("one", "other", "is_open"),
    [
        (Recovery("stall", STALL, 3.0, 2.0, 4.0), Recovery("stall", STALL, 5.0, 3.5, 6.0), True),
        (Recovery("stall", STALL, 3.0, 2.0, 4.0), Recovery("stall", STALL, 6.0, 5.0, 7.0), False),
        (Recovery("stall", STALL, 3.0, 2.0, None), Recovery("stall", STALL, 6.0, 5.0, 7.0), True),
        (Recovery("stall", STALL, 3.0, 2.0, 4.0), Recovery("stall", NEVER, low_s=9.0), False),
        (Recovery("stall", STALL, 8.0, 2.0, 12.0), Recovery("stall", NEVER, low_s=9.0), True),
    ],
)
def test_who_came_back_sooner_is_open_where_intervals_meet(
    one: Recovery, other: Recovery, is_open: bool
) -> None:
    windows = [
        replace(window, recovery=found)
        for window, found in zip(equals(0).windows, (one, other, other), strict=True)
    ]
    results = cast(Results, SimpleNamespace(windows=windows, intervals=()))
    came_back = {w.variant: () if w.recovery is None else (w.recovery,) for w in windows}
    first, *_ = policies(results, came_back)
    assert first.text.startswith("soonest well again: a, after")
    assert (OPEN in first.text) is is_open


def test_policies_that_differ_are_told_apart() -> None:
    results = measured([NONE, STUBBORN], "differ", rounds=3)
    (said,) = [text for text in findings(results) if text.startswith("b against a: ")]
    attempts, *_, failed = said.split(", ")
    assert OPEN not in attempts + failed
    assert attempts.startswith("b against a: amplification") and "failed" in failed
    assert told_apart(results)
    assert set(recoveries(results)) == set(results.profile.variants)
