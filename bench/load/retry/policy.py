"""Whether and when to try again. Pure: nothing here waits.

Formulas: AWS Architecture Blog, "Exponential Backoff And Jitter" (2015), with
v = min(cap, base·2^(attempt-1)). Jitter is drawn below the cap and not cut off at it, so callers
stay spread even when every one of them has reached the cap. The AWS SDKs' modes: botocore's
retries.standard and handlers of its legacy mode.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from bench.model.outcome import Outcome
from bench.model.profile import RetryPolicyName, RetrySpec
from bench.model.times import NS_PER_MS, NS_PER_S

_AWS_POLICIES = frozenset(
    {
        RetryPolicyName.AWS_LEGACY,
        RetryPolicyName.AWS_STANDARD,
        RetryPolicyName.AWS_STANDARD_2026,
    }
)
_AWS_CAP_NS = 20 * NS_PER_S
_AWS_HINT_NS = 5 * NS_PER_S


@dataclass(frozen=True, slots=True)
class FailedAttempt:
    """What a delay depends on: attempt counts from 1, previous_ns is 0 before the first delay."""

    attempt: int
    outcome: Outcome
    previous_ns: int = 0
    hint_ns: int | None = None
    """The server's hint (Retry-After)."""


Backoff = Callable[[RetrySpec, FailedAttempt, Random], int]
"""(spec, what failed, random source) -> delay in ns."""


def _ceiling_ns(spec: RetrySpec, attempt: int) -> int:
    return min(spec.cap_ns, spec.base_ns << min(attempt - 1, 62))


def _fixed(spec: RetrySpec, failure: FailedAttempt, rng: Random) -> int:
    return spec.base_ns


def _exponential(spec: RetrySpec, failure: FailedAttempt, rng: Random) -> int:
    return _ceiling_ns(spec, failure.attempt)


def _full(spec: RetrySpec, failure: FailedAttempt, rng: Random) -> int:
    return round(rng.uniform(0, _ceiling_ns(spec, failure.attempt)))


def _equal(spec: RetrySpec, failure: FailedAttempt, rng: Random) -> int:
    half_ns = _ceiling_ns(spec, failure.attempt) / 2
    return round(half_ns + rng.uniform(0, half_ns))


def _decorrelated(spec: RetrySpec, failure: FailedAttempt, rng: Random) -> int:
    upper_ns = max(spec.base_ns, 3 * (failure.previous_ns or spec.base_ns))
    return min(spec.cap_ns, round(rng.uniform(spec.base_ns, upper_ns)))


def _aws_legacy(spec: RetrySpec, failure: FailedAttempt, rng: Random) -> int:
    return round(rng.random() * (NS_PER_S << min(failure.attempt - 1, 62)))


def _aws_standard(spec: RetrySpec, failure: FailedAttempt, rng: Random) -> int:
    return min(_aws_legacy(spec, failure, rng), _AWS_CAP_NS)


def _aws_standard_2026(spec: RetrySpec, failure: FailedAttempt, rng: Random) -> int:
    base_ns = NS_PER_S if failure.outcome is Outcome.THROTTLED else 50 * NS_PER_MS
    return round(rng.random() * min(base_ns << min(failure.attempt - 1, 62), _AWS_CAP_NS))


BACKOFFS: dict[RetryPolicyName, Backoff] = {
    RetryPolicyName.FIXED: _fixed,
    RetryPolicyName.EXPONENTIAL: _exponential,
    RetryPolicyName.FULL_JITTER: _full,
    RetryPolicyName.EQUAL_JITTER: _equal,
    RetryPolicyName.DECORRELATED: _decorrelated,
    RetryPolicyName.AWS_LEGACY: _aws_legacy,
    RetryPolicyName.AWS_STANDARD: _aws_standard,
    RetryPolicyName.AWS_STANDARD_2026: _aws_standard_2026,
}
"""To add a policy: a name in RetryPolicyName, a function here, a row in the README."""


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """A RetrySpec that decides."""

    spec: RetrySpec

    def next_delay_ns(self, failure: FailedAttempt, rng: Random) -> int | None:
        """Nanoseconds to wait before the next attempt, or None to give up."""
        spec = self.spec
        if failure.attempt >= spec.max_attempts or failure.outcome not in spec.on:
            return None
        backoff = BACKOFFS.get(spec.policy)
        if backoff is None:
            return None
        delay_ns = backoff(spec, failure, rng)
        if failure.hint_ns is None or not spec.honour_retry_after:
            return delay_ns
        return _hinted_ns(spec, delay_ns, failure.hint_ns)


def _hinted_ns(spec: RetrySpec, delay_ns: int, hint_ns: int) -> int:
    """A server's hint raises the delay, never lowers it; in an AWS SDK by 5 s at most."""
    if spec.policy in _AWS_POLICIES:
        hint_ns = min(hint_ns, delay_ns + _AWS_HINT_NS)
    return max(delay_ns, hint_ns)
