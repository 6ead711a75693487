"""What Lambda lets in: concurrency of the account and of functions, request rate, scaling rate.

Reasons are those of the 429's body. Source: the Lambda developer guide, "Understanding Lambda
function scaling".
"""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic_ns

from bench.lambda_facts import REQUESTS_PER_CONCURRENCY_PER_S, SCALING_BURST, SCALING_WINDOW_S
from bench.local.account.concurrency import unreserved
from bench.local.account.store import Store

NS_PER_S = 1_000_000_000


class TokenBucket:
    """Up to `burst` at once, `rate` per second in the long run."""

    __slots__ = ("_at_ns", "_burst", "_rate", "_tokens")

    def __init__(self, rate: float, burst: float, now_ns: int) -> None:
        self._rate = rate
        self._burst = burst
        self._tokens = burst
        self._at_ns = now_ns

    def try_acquire(self, now_ns: int) -> bool:
        """One token, if there is one."""
        grown = self._tokens + (now_ns - self._at_ns) / NS_PER_S * self._rate
        self._tokens = min(self._burst, grown)
        self._at_ns = now_ns
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True

    def resized(self, rate: float, burst: float) -> bool:
        """Whether these are other figures than its own."""
        return (rate, burst) != (self._rate, self._burst)


class Admission:
    """Who is in, by function. Limits are read from the store each time: they can change."""

    def __init__(self, store: Store, clock_ns: Callable[[], int] = monotonic_ns) -> None:
        self._store = store
        self._clock_ns = clock_ns
        self._running: dict[str, int] = {}
        self._rates: dict[str, TokenBucket] = {}
        self._scaling: dict[str, TokenBucket] = {}

    def running(self, name: str) -> int:
        """Invocations of a function under way."""
        return self._running.get(name, 0)

    def enter(self, name: str) -> str:
        """Let an invocation in: '', or the throttle's reason. What is let in ends in `leave`."""
        reserved = self._store.functions[name].reserved
        limit = unreserved(self._store) if reserved is None else reserved
        prefix = "" if reserved is None else "ReservedFunction"
        if self._taken(name, reserved) >= limit:
            return f"{prefix}ConcurrentInvocationLimitExceeded"
        if not self._within_rate("" if reserved is None else name, limit):
            return f"{prefix or 'Function'}InvocationRateLimitExceeded"
        self._running[name] = self.running(name) + 1
        return ""

    def leave(self, name: str) -> None:
        """Free the place of one invocation of that function.

        Raises KeyError if none of it was under way.
        """
        left = self._running[name] - 1
        if left:
            self._running[name] = left
        else:
            del self._running[name]

    def may_grow(self, name: str) -> bool:
        """Take one new environment out of the function's scaling rate."""
        bucket = self._scaling.get(name)
        if bucket is None:
            rate = SCALING_BURST / SCALING_WINDOW_S
            bucket = self._scaling[name] = TokenBucket(rate, SCALING_BURST, self._clock_ns())
        return bucket.try_acquire(self._clock_ns())

    def _taken(self, name: str, reserved: int | None) -> int:
        """Of the limit: the function's own, or that of all functions without a reservation."""
        if reserved is not None:
            return self.running(name)
        functions = self._store.functions
        return sum(
            count
            for other, count in self._running.items()
            if other not in functions or functions[other].reserved is None
        )

    def _within_rate(self, key: str, limit: int) -> bool:
        rate = float(limit * REQUESTS_PER_CONCURRENCY_PER_S)
        bucket = self._rates.get(key)
        if bucket is None or bucket.resized(rate, rate):
            bucket = self._rates[key] = TokenBucket(rate, rate, self._clock_ns())
        return bucket.try_acquire(self._clock_ns())
