"""What Lambda lets in: concurrency of the account and of functions, request rate, scaling rate.

Reasons are those of the 429's body. Source: the Lambda developer guide, "Understanding Lambda
function scaling".
"""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic_ns

from bench.lambda_facts import REQUESTS_PER_CONCURRENCY_PER_S, SCALING_BURST, SCALING_WINDOW_S
from bench.local.account.concurrency import total_provisioned, unreserved
from bench.local.account.records import Function
from bench.local.account.store import Store
from bench.model.times import NS_PER_S


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
        self._spilled: dict[tuple[str, str], int] = {}
        """By function and qualifier: what runs beyond the environments that are kept for it."""
        self._kept: dict[tuple[str, str], int] = {}
        """By function and qualifier: what runs in environments that are kept for it."""
        self._rates: dict[str, TokenBucket] = {}
        self._scaling: dict[str, TokenBucket] = {}

    def running(self, name: str) -> int:
        """Invocations of a function under way."""
        return self._running.get(name, 0)

    def enter(self, name: str, provisioned_key: str | None = None) -> str:
        """Let an invocation in: '', or the throttle's reason. What is let in ends in `leave`.

        provisioned_key: the qualifier whose provisioned concurrency serves it. That is kept for
        those alone, and taken out of the reservation or, without one, of the account.
        """
        function = self._store.functions[name]
        reserved = function.reserved
        if not self._keep(function, provisioned_key):
            prefix = "" if reserved is None else "ReservedFunction"
            if self._taken(name, reserved) >= self._limit(function):
                return f"{prefix}ConcurrentInvocationLimitExceeded"
            rate_of = unreserved(self._store) if reserved is None else reserved
            if not self._within_rate("" if reserved is None else name, rate_of):
                return f"{prefix or 'Function'}InvocationRateLimitExceeded"
            if provisioned_key is not None:
                key = name, provisioned_key
                self._spilled[key] = self._spilled.get(key, 0) + 1
        self._running[name] = self.running(name) + 1
        return ""

    def leave(self, name: str, provisioned_key: str | None = None) -> None:
        """Free the place of one invocation of that function, with the key that it came in with.

        Raises KeyError if none of it was under way.
        """
        left = self._running[name] - 1
        if left:
            self._running[name] = left
        else:
            del self._running[name]
        if provisioned_key is not None:
            self._free((name, provisioned_key))

    def _free(self, key: tuple[str, str]) -> None:
        """What has spilled over ends first: environments of a version are all alike."""
        if self._spilled.get(key, 0):
            self._spilled[key] -= 1
        elif self._kept.get(key, 0):
            self._kept[key] -= 1

    def _keep(self, function: Function, key: str | None) -> bool:
        """Take one of the environments that are kept for the key, if one is free."""
        held = function.provisioned.get(key or "")
        used = self._kept.get((function.name, key or ""), 0)
        if held is None or used >= held.requested:
            return False
        self._kept[function.name, key or ""] = used + 1
        return True

    def _limit(self, function: Function) -> int:
        """How many may run at once of what has no environment kept for it."""
        if function.reserved is not None:
            return function.reserved - total_provisioned(function)
        others = self._store.functions.values()
        kept = sum(total_provisioned(each) for each in others if each.reserved is None)
        return unreserved(self._store) - kept

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
            return self._beyond_kept(name)
        functions = self._store.functions
        return sum(
            self._beyond_kept(other)
            for other in self._running
            if other not in functions or functions[other].reserved is None
        )

    def _beyond_kept(self, name: str) -> int:
        """What runs of a function in environments that nobody keeps."""
        kept = sum(count for (function, _), count in self._kept.items() if function == name)
        return self.running(name) - kept

    def _within_rate(self, key: str, limit: int) -> bool:
        rate = float(limit * REQUESTS_PER_CONCURRENCY_PER_S)
        bucket = self._rates.get(key)
        if bucket is None or bucket.resized(rate, rate):
            bucket = self._rates[key] = TokenBucket(rate, rate, self._clock_ns())
        return bucket.try_acquire(self._clock_ns())
