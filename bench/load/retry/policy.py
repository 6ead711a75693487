"""Whether and when to try again. Pure: nothing here waits.

Formulas: AWS Architecture Blog, "Exponential Backoff And Jitter" (2015), with
v = min(cap, base·2^(attempt-1)). Jitter is drawn below the cap and not cut off at it, so callers
stay spread even when every one of them has reached the cap. The AWS SDKs' modes: botocore's
retries.standard and handlers of its legacy mode. All other facts of a policy: bench.model.retry.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from bench.model.outcome import Hint, Outcome
from bench.model.retry import RetryPolicyName, RetrySpec, SdkDelays


@dataclass(frozen=True, slots=True)
class FailedAttempt:
    """What a delay depends on: attempt counts from 1, previous_ns is 0 before the first delay."""

    attempt: int
    outcome: Outcome
    previous_ns: int = 0
    hint: Hint | None = None
    status: int = 0
    """HTTP's, 0 without an answer or where nobody knows it."""


Backoff = Callable[[RetrySpec, FailedAttempt, Random], int]
"""(spec, what failed, random source) -> delay in ns."""


def _ceiling_ns(spec: RetrySpec, attempt: int) -> int:
    return min(spec.cap_ns, spec.base_ns << min(attempt - 1, 62))


def _fixed(spec: RetrySpec, _failure: FailedAttempt, _rng: Random) -> int:
    return spec.base_ns


def _exponential(spec: RetrySpec, failure: FailedAttempt, _rng: Random) -> int:
    return _ceiling_ns(spec, failure.attempt)


def _full(spec: RetrySpec, failure: FailedAttempt, rng: Random) -> int:
    return round(rng.uniform(0, _ceiling_ns(spec, failure.attempt)))


def _equal(spec: RetrySpec, failure: FailedAttempt, rng: Random) -> int:
    half_ns = _ceiling_ns(spec, failure.attempt) / 2
    return round(half_ns + rng.uniform(0, half_ns))


def _decorrelated(spec: RetrySpec, failure: FailedAttempt, rng: Random) -> int:
    upper_ns = max(spec.base_ns, 3 * (failure.previous_ns or spec.base_ns))
    return min(spec.cap_ns, round(rng.uniform(spec.base_ns, upper_ns)))


def _delays_of(spec: RetrySpec) -> SdkDelays:
    delays = spec.policy.facts.delays
    assert delays is not None, f"{spec.policy.value} fixes no delays of its own"
    return delays


def _jittered_then_capped(spec: RetrySpec, failure: FailedAttempt, rng: Random) -> int:
    """As older releases of botocore have it; 1.40 to 1.43 draw below the cap.

    The two differ from the sixth retry on, where 2^(attempt−1) s are more than the cap.
    """
    delays = _delays_of(spec)
    longest_ns = delays.doubled_ns(failure.attempt, failure.outcome)
    return delays.capped_ns(round(rng.random() * longest_ns))


def _capped_then_jittered(spec: RetrySpec, failure: FailedAttempt, rng: Random) -> int:
    delays = _delays_of(spec)
    longest_ns = delays.doubled_ns(failure.attempt, failure.outcome)
    return round(rng.random() * delays.capped_ns(longest_ns))


BACKOFFS: dict[RetryPolicyName, Backoff] = {
    RetryPolicyName.FIXED: _fixed,
    RetryPolicyName.EXPONENTIAL: _exponential,
    RetryPolicyName.FULL_JITTER: _full,
    RetryPolicyName.EQUAL_JITTER: _equal,
    RetryPolicyName.DECORRELATED: _decorrelated,
    RetryPolicyName.AWS_LEGACY: _jittered_then_capped,
    RetryPolicyName.AWS_STANDARD: _jittered_then_capped,
    RetryPolicyName.AWS_STANDARD_2026: _capped_then_jittered,
    RetryPolicyName.AWS_ADAPTIVE: _capped_then_jittered,
    RetryPolicyName.AWS_ENV: _capped_then_jittered,
}
"""To add a policy: a name and row in bench.model.retry, a formula here, a row in its help page."""


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """A RetrySpec that decides whether and when to try again."""

    spec: RetrySpec

    def next_delay_ns(self, failure: FailedAttempt, rng: Random) -> int | None:
        """Nanoseconds to wait before the next attempt, or None to give up."""
        spec = self.spec
        if failure.attempt >= spec.max_attempts or not _is_retryable(spec, failure):
            return None
        backoff = BACKOFFS.get(spec.policy)
        if backoff is None:
            return None
        delay_ns = backoff(spec, failure, rng)
        hint = failure.hint
        if hint is None or not spec.honour_retry_after:
            return delay_ns
        if spec.policy.facts.is_of_sdk and not hint.of_sdk:
            return delay_ns
        return _hinted_ns(spec, delay_ns, hint.delay_ns)


def _is_retryable(spec: RetrySpec, failure: FailedAttempt) -> bool:
    if failure.outcome not in spec.on:
        return False
    statuses = spec.policy.facts.statuses
    if statuses is None or failure.outcome is not Outcome.SERVER_ERROR or not failure.status:
        return True
    return failure.status in statuses


def _hinted_ns(spec: RetrySpec, delay_ns: int, hint_ns: int) -> int:
    """A server's hint raises the delay, never lowers it; as far as the policy lets it."""
    limit_ns = spec.policy.facts.hint_limit_ns
    if limit_ns is not None:
        hint_ns = min(hint_ns, delay_ns + limit_ns)
    return max(delay_ns, hint_ns)
