"""Backoff formulas and when to give up."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from random import Random

import pytest

from bench.load.retry.policy import FailedAttempt, RetryPolicy
from bench.model.outcome import Hint, Outcome
from bench.model.retry import RetryPolicyName, RetrySpec
from bench.model.times import NS_PER_MS, NS_PER_S

BASE, CAP = 100 * NS_PER_MS, NS_PER_S


def delays(name: RetryPolicyName, attempt: int, previous_ns: int = 0) -> list[int]:
    policy = RetryPolicy(RetrySpec(name, max_attempts=99, base_ns=BASE, cap_ns=CAP))
    rng = Random(1)
    drawn = [
        policy.next_delay_ns(FailedAttempt(attempt, Outcome.THROTTLED, previous_ns), rng)
        for _ in range(2000)
    ]
    assert None not in drawn
    return [delay for delay in drawn if delay is not None]


def hinted(hint_ms: int) -> FailedAttempt:
    return FailedAttempt(1, Outcome.THROTTLED, hint=Hint(hint_ms * NS_PER_MS))


@pytest.mark.parametrize(
    ("name", "attempt", "low_ms", "high_ms"),
    [
        (RetryPolicyName.FIXED, 1, 100, 100),
        (RetryPolicyName.FIXED, 7, 100, 100),
        (RetryPolicyName.EXPONENTIAL, 1, 100, 100),
        (RetryPolicyName.EXPONENTIAL, 3, 400, 400),
        (RetryPolicyName.EXPONENTIAL, 40, 1000, 1000),
        (RetryPolicyName.FULL_JITTER, 1, 0, 100),
        (RetryPolicyName.FULL_JITTER, 3, 0, 400),
        (RetryPolicyName.FULL_JITTER, 40, 0, 1000),
        (RetryPolicyName.EQUAL_JITTER, 3, 200, 400),
        (RetryPolicyName.DECORRELATED, 1, 100, 300),
    ],
)
def test_delays_fill_their_range(
    name: RetryPolicyName, attempt: int, low_ms: int, high_ms: int
) -> None:
    drawn = delays(name, attempt)
    low, high = low_ms * NS_PER_MS, high_ms * NS_PER_MS
    assert min(drawn) >= low
    assert max(drawn) <= high
    assert max(drawn) - min(drawn) >= 0.98 * (high - low)


Range = tuple[float, float, float]
"""(low, high, cap) in seconds: the delay is uniform over low to high, and what lies above the cap
is the cap."""
NO_CAP = math.inf


def v_s(attempt: int) -> float:
    return min(1.0, 0.1 * 2.0 ** (attempt - 1))


FORMULAS: dict[RetryPolicyName, Callable[[int, float, Outcome], Range]] = {
    RetryPolicyName.FIXED: lambda _attempt, _before_s, _outcome: (0.1, 0.1, NO_CAP),
    RetryPolicyName.EXPONENTIAL: lambda attempt, _before_s, _outcome: (
        v_s(attempt), v_s(attempt), NO_CAP
    ),
    RetryPolicyName.FULL_JITTER: lambda attempt, _before_s, _outcome: (0.0, v_s(attempt), NO_CAP),
    RetryPolicyName.EQUAL_JITTER: lambda attempt, _before_s, _outcome: (
        v_s(attempt) / 2, v_s(attempt), NO_CAP
    ),
    RetryPolicyName.DECORRELATED: lambda _attempt, before_s, _outcome: (
        0.1, 3 * (before_s or 0.1), 1.0
    ),
    RetryPolicyName.AWS_LEGACY: lambda attempt, _before_s, _outcome: (
        0.0, 2.0 ** (attempt - 1), NO_CAP
    ),
    RetryPolicyName.AWS_STANDARD: lambda attempt, _before_s, _outcome: (
        0.0, 2.0 ** (attempt - 1), 20.0
    ),
    **dict.fromkeys(
        (RetryPolicyName.AWS_STANDARD_2026, RetryPolicyName.AWS_ADAPTIVE, RetryPolicyName.AWS_ENV),
        lambda attempt, _before_s, outcome: (
            0.0,
            min(20.0, (1.0 if outcome is Outcome.THROTTLED else 0.05) * 2 ** (attempt - 1)),
            NO_CAP,
        ),
    ),
}  # fmt: skip
"""As the sources have them, with base 0.1 s and cap 1 s where the profile chooses."""


def distance(drawn_s: list[float], wanted: Range) -> float:
    """Kolmogorov and Smirnov's: the greatest difference between the two distributions."""
    low, high, cap = wanted

    def below(x: float) -> float:
        return min(1.0, max(0.0, (x - low) / (high - low))) if high > low else float(x > low)

    worst, count = 0.0, len(drawn_s)
    seen = Counter(drawn_s)
    so_far = 0
    for x in sorted(seen):
        until = 1.0 if x >= cap or high == low == x else below(x)
        worst = max(worst, abs(so_far / count - below(x)))
        so_far += seen[x]
        worst = max(worst, abs(so_far / count - until))
    return worst


@pytest.mark.parametrize("outcome", [Outcome.THROTTLED, Outcome.SERVER_ERROR])
@pytest.mark.parametrize(
    ("attempt", "before_ms"), [(1, 0), (2, 100), (3, 250), (4, 600), (6, 1000), (9, 1000)]
)
@pytest.mark.parametrize("policy", [p for p in RetryPolicyName if p is not RetryPolicyName.NONE])
def test_delays_are_spread_as_the_formula_says(
    policy: RetryPolicyName, attempt: int, before_ms: int, outcome: Outcome
) -> None:
    """2,000 draws keep within 0.05 of the right distribution but once in ten thousand seeds."""
    decide = RetryPolicy(RetrySpec(policy, max_attempts=99, base_ns=BASE, cap_ns=CAP))
    failure = FailedAttempt(attempt, outcome, before_ms * NS_PER_MS)
    rng = Random(7)
    drawn_s = [(decide.next_delay_ns(failure, rng) or 0) / NS_PER_S for _ in range(2000)]
    assert distance(drawn_s, FORMULAS[policy](attempt, before_ms / 1000, outcome)) < 0.05


def test_the_distance_knows_jitter_of_another_shape() -> None:
    rng = Random(1)
    right = [rng.random() for _ in range(2000)]
    assert distance(right, (0.0, 1.0, NO_CAP)) < 0.05
    assert distance([0.5 + x / 2 for x in right], (0.0, 1.0, NO_CAP)) > 0.4
    assert distance([x * x for x in right], (0.0, 1.0, NO_CAP)) > 0.2
    assert distance([min(x, 0.9) for x in right], (0.0, 1.0, NO_CAP)) > 0.09


def test_decorrelated_jitter_grows_from_the_previous_delay_up_to_the_cap() -> None:
    drawn = delays(RetryPolicyName.DECORRELATED, 4, previous_ns=600 * NS_PER_MS)
    assert min(drawn) >= BASE
    assert max(drawn) == CAP


@pytest.mark.parametrize(
    ("attempt", "outcome", "tries"),
    [
        (1, Outcome.THROTTLED, True),
        (2, Outcome.SERVER_ERROR, True),
        (3, Outcome.SERVER_ERROR, False),
        (1, Outcome.FUNCTION_ERROR, False),
        (1, Outcome.CLIENT_ERROR, False),
    ],
)
def test_what_is_tried_again(attempt: int, outcome: Outcome, tries: bool) -> None:
    policy = RetryPolicy(RetrySpec(RetryPolicyName.FIXED, max_attempts=3))
    assert (policy.next_delay_ns(FailedAttempt(attempt, outcome), Random(1)) is not None) == tries


def test_the_policy_none_never_retries() -> None:
    policy = RetryPolicy(RetrySpec(RetryPolicyName.NONE, max_attempts=3))
    assert policy.next_delay_ns(FailedAttempt(1, Outcome.THROTTLED), Random(1)) is None


@pytest.mark.parametrize(("hint_ms", "delay_ms"), [(50, 100), (700, 700), (5000, 5000)])
def test_a_hint_raises_the_delay_and_never_lowers_it(hint_ms: int, delay_ms: int) -> None:
    policy = RetryPolicy(RetrySpec(RetryPolicyName.FIXED, max_attempts=3, base_ns=BASE))
    delay = policy.next_delay_ns(hinted(hint_ms), Random(1))
    assert delay == delay_ms * NS_PER_MS


def test_a_hint_is_ignored_when_the_profile_says_so() -> None:
    spec = RetrySpec(RetryPolicyName.FIXED, max_attempts=3, base_ns=BASE, honour_retry_after=False)
    delay = RetryPolicy(spec).next_delay_ns(hinted(1000), Random(1))
    assert delay == BASE


@pytest.mark.parametrize(
    ("name", "outcome", "attempt", "high_ms"),
    [
        (RetryPolicyName.AWS_LEGACY, Outcome.SERVER_ERROR, 1, 1_000),
        (RetryPolicyName.AWS_LEGACY, Outcome.THROTTLED, 7, 64_000),
        (RetryPolicyName.AWS_STANDARD, Outcome.THROTTLED, 2, 2_000),
        (RetryPolicyName.AWS_STANDARD_2026, Outcome.THROTTLED, 1, 1_000),
        (RetryPolicyName.AWS_STANDARD_2026, Outcome.SERVER_ERROR, 1, 50),
        (RetryPolicyName.AWS_STANDARD_2026, Outcome.CONNECT_ERROR, 3, 200),
        (RetryPolicyName.AWS_STANDARD_2026, Outcome.THROTTLED, 9, 20_000),
    ],
)
def test_the_delays_of_the_aws_sdks(
    name: RetryPolicyName, outcome: Outcome, attempt: int, high_ms: int
) -> None:
    policy = RetryPolicy(RetrySpec(name, max_attempts=99))
    rng = Random(2)
    drawn = [policy.next_delay_ns(FailedAttempt(attempt, outcome), rng) or 0 for _ in range(4000)]
    assert 0 <= min(drawn) < 0.01 * high_ms * NS_PER_MS
    assert 0.99 * high_ms * NS_PER_MS < max(drawn) <= high_ms * NS_PER_MS


def test_the_standard_mode_of_before_2026_caps_after_the_jitter() -> None:
    policy = RetryPolicy(RetrySpec(RetryPolicyName.AWS_STANDARD, max_attempts=99))
    rng = Random(2)
    late = [policy.next_delay_ns(FailedAttempt(10, Outcome.THROTTLED), rng) for _ in range(1000)]
    assert max(delay or 0 for delay in late) == 20 * NS_PER_S
    assert late.count(20 * NS_PER_S) > 900  # of U(0, 512 s)


def test_a_hint_moves_the_delay_of_an_aws_sdk_by_five_seconds_at_most() -> None:
    spec = RetrySpec(RetryPolicyName.AWS_STANDARD_2026, max_attempts=3)
    failure = replace(hinted(0), hint=Hint(60 * NS_PER_S, of_sdk=True))
    delay = RetryPolicy(spec).next_delay_ns(failure, Random(1))
    assert delay is not None
    assert 5 * NS_PER_S <= delay <= 6 * NS_PER_S


@pytest.mark.parametrize("name", [p for p in RetryPolicyName if p.facts.is_of_sdk])
def test_an_aws_sdk_heeds_no_hint_but_its_own(name: RetryPolicyName) -> None:
    policy = RetryPolicy(RetrySpec(name, max_attempts=3))
    drawn = [policy.next_delay_ns(hinted(60_000), Random(seed)) or 0 for seed in range(50)]
    assert max(drawn) <= NS_PER_S
    own = replace(hinted(0), hint=Hint(3 * NS_PER_S, of_sdk=True))
    assert policy.next_delay_ns(own, Random(1)) == 3 * NS_PER_S


@pytest.mark.parametrize(
    ("name", "status", "tries"),
    [
        (RetryPolicyName.AWS_STANDARD_2026, 503, True),
        (RetryPolicyName.AWS_STANDARD_2026, 501, False),
        (RetryPolicyName.AWS_STANDARD_2026, 509, False),
        (RetryPolicyName.AWS_LEGACY, 509, True),
        (RetryPolicyName.FULL_JITTER, 501, True),
        (RetryPolicyName.AWS_STANDARD_2026, 0, True),  # nobody knows it
    ],
)
def test_an_aws_sdk_tries_a_few_statuses_again(
    name: RetryPolicyName, status: int, tries: bool
) -> None:
    failure = FailedAttempt(1, Outcome.SERVER_ERROR, status=status)
    delay_ns = RetryPolicy(RetrySpec(name, max_attempts=3)).next_delay_ns(failure, Random(1))
    assert (delay_ns is not None) == tries


@pytest.mark.parametrize("policy", [p for p in RetryPolicyName if p is not RetryPolicyName.NONE])
def test_no_delays_are_longer_than_the_longest_wait(policy: RetryPolicyName) -> None:
    spec = RetrySpec(policy, max_attempts=7, base_ns=BASE, cap_ns=CAP)
    rng, waits = Random(3), []
    for _ in range(500):
        total_ns = previous_ns = 0
        for attempt in range(1, 7):
            failure = FailedAttempt(attempt, Outcome.THROTTLED, previous_ns)
            previous_ns = RetryPolicy(spec).next_delay_ns(failure, rng) or 0
            total_ns += previous_ns
        waits.append(total_ns)
    assert max(waits) <= spec.longest_wait_ns
