"""Backoff formulas and when to give up."""

from __future__ import annotations

from random import Random

import pytest

from bench.load.retry import RetryPolicy
from bench.model import NS_PER_MS, NS_PER_S, Outcome, RetryPolicyName, RetrySpec

BASE, CAP = 100 * NS_PER_MS, NS_PER_S


def delays(name: RetryPolicyName, attempt: int, previous_ns: int = 0) -> list[int]:
    policy = RetryPolicy(RetrySpec(name, max_attempts=99, base_ns=BASE, cap_ns=CAP))
    rng = Random(1)
    drawn = [
        policy.next_delay_ns(attempt, Outcome.THROTTLED, None, previous_ns, rng)
        for _ in range(2000)
    ]
    assert None not in drawn
    return [delay for delay in drawn if delay is not None]


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
    assert (policy.next_delay_ns(attempt, outcome, None, 0, Random(1)) is not None) == tries


def test_the_policy_none_never_retries() -> None:
    policy = RetryPolicy(RetrySpec(RetryPolicyName.NONE, max_attempts=3))
    assert policy.next_delay_ns(1, Outcome.THROTTLED, None, 0, Random(1)) is None


@pytest.mark.parametrize(("hint_ms", "delay_ms"), [(50, 100), (700, 700), (5000, 5000)])
def test_a_hint_raises_the_delay_and_never_lowers_it(hint_ms: int, delay_ms: int) -> None:
    policy = RetryPolicy(RetrySpec(RetryPolicyName.FIXED, max_attempts=3, base_ns=BASE))
    delay = policy.next_delay_ns(1, Outcome.THROTTLED, hint_ms * NS_PER_MS, 0, Random(1))
    assert delay == delay_ms * NS_PER_MS


def test_a_hint_is_ignored_when_the_profile_says_so() -> None:
    spec = RetrySpec(RetryPolicyName.FIXED, max_attempts=3, base_ns=BASE, honour_retry_after=False)
    delay = RetryPolicy(spec).next_delay_ns(1, Outcome.THROTTLED, NS_PER_S, 0, Random(1))
    assert delay == BASE
