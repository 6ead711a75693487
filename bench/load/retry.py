"""Whether and when to try again. Pure: nothing here waits.

Formulas: AWS Architecture Blog, "Exponential Backoff And Jitter" (2015), with
v = min(cap, base·2^(attempt-1)). Jitter is drawn below the cap and not cut off at it, so callers
stay spread even when every one of them has reached the cap.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from bench.model import Outcome, RetryPolicyName, RetrySpec

Backoff = Callable[[RetrySpec, int, int, Random], int]
"""(spec, attempt from 1, previous delay in ns, random source) -> delay in ns."""


def _ceiling_ns(spec: RetrySpec, attempt: int) -> int:
    return min(spec.cap_ns, spec.base_ns << min(attempt - 1, 62))


def _fixed(spec: RetrySpec, attempt: int, previous_ns: int, rng: Random) -> int:
    return spec.base_ns


def _exponential(spec: RetrySpec, attempt: int, previous_ns: int, rng: Random) -> int:
    return _ceiling_ns(spec, attempt)


def _full(spec: RetrySpec, attempt: int, previous_ns: int, rng: Random) -> int:
    return round(rng.uniform(0, _ceiling_ns(spec, attempt)))


def _equal(spec: RetrySpec, attempt: int, previous_ns: int, rng: Random) -> int:
    half_ns = _ceiling_ns(spec, attempt) / 2
    return round(half_ns + rng.uniform(0, half_ns))


def _decorrelated(spec: RetrySpec, attempt: int, previous_ns: int, rng: Random) -> int:
    upper_ns = max(spec.base_ns, 3 * (previous_ns or spec.base_ns))
    return min(spec.cap_ns, round(rng.uniform(spec.base_ns, upper_ns)))


BACKOFFS: dict[RetryPolicyName, Backoff] = {
    RetryPolicyName.FIXED: _fixed,
    RetryPolicyName.EXPONENTIAL: _exponential,
    RetryPolicyName.FULL_JITTER: _full,
    RetryPolicyName.EQUAL_JITTER: _equal,
    RetryPolicyName.DECORRELATED: _decorrelated,
}
"""To add a policy: a name in RetryPolicyName, a function here, a row in the README."""


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """A RetrySpec that decides."""

    spec: RetrySpec

    def next_delay_ns(
        self, attempt: int, outcome: Outcome, hint_ns: int | None, previous_ns: int, rng: Random
    ) -> int | None:
        """Nanoseconds to wait before the next attempt, or None to give up.

        attempt counts from 1; previous_ns is the delay before this attempt, 0 before the first.
        A server's hint (Retry-After) raises the delay, never lowers it.
        """
        spec = self.spec
        if attempt >= spec.max_attempts or outcome not in spec.on:
            return None
        backoff = BACKOFFS.get(spec.policy)
        if backoff is None:
            return None
        delay_ns = backoff(spec, attempt, previous_ns, rng)
        if hint_ns is not None and spec.honour_retry_after:
            delay_ns = max(delay_ns, hint_ns)
        return delay_ns
