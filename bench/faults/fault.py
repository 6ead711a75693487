"""One fault of a plan, as data: what it does, to which requests, and when."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from random import Random

NS_PER_MS = 1_000_000
NS_PER_S = 1_000_000_000
STATUSES = (500, 502, 503, 504)
DEFAULT_REASON = "ConcurrentInvocationLimitExceeded"
REASONS = (
    DEFAULT_REASON,
    "FunctionInvocationRateLimitExceeded",
    "ReservedFunctionConcurrentInvocationLimitExceeded",
    "ReservedFunctionInvocationRateLimitExceeded",
    "CallerRateLimitExceeded",
)


class FaultKind(StrEnum):
    """What a fault does; the value is how it is written."""

    LATENCY = "latency"
    STALL = "stall"
    THROTTLE = "throttle"
    ERROR = "error"
    RESET = "reset"
    MALFORMED = "malformed"
    TRUNCATED = "truncated"
    COLD_START = "cold-start"


@dataclass(frozen=True, slots=True)
class FaultAction:
    """What happens in the place of a good answer. Only the fields of its kind mean something."""

    kind: FaultKind
    status: int = 500
    reason: str = DEFAULT_REASON
    retry_after_s: int | None = None
    keep_share: float = 0.5

    @property
    def runs_function(self) -> bool:
        """Whether the function is invoked all the same, and only its answer is spoilt."""
        return self.kind in (FaultKind.MALFORMED, FaultKind.TRUNCATED)


@dataclass(frozen=True, slots=True)
class FaultDecision:
    """For one request: wait delay_ns first, use a new sandbox if cold, then the action, if any."""

    delay_ns: int = 0
    action: FaultAction | None = None
    cold: bool = False


NO_FAULT = FaultDecision()


@dataclass(frozen=True, slots=True)
class Scope:
    """Which requests a fault is for; None means all."""

    doors: frozenset[str] | None = None
    functions: frozenset[str] | None = None
    qualifiers: frozenset[str] | None = None

    def covers(self, door: str, function: str, qualifier: str) -> bool:
        """Whether the request is one of them."""
        return (
            (self.doors is None or door in self.doors)
            and (self.functions is None or function in self.functions)
            and (self.qualifiers is None or qualifier in self.qualifiers)
        )


@dataclass(frozen=True, slots=True)
class FaultWindow:
    """When a fault is on, from the plan's start. duration_ns None: for ever; every_ns: repeats."""

    start_ns: int = 0
    duration_ns: int | None = None
    every_ns: int | None = None

    def remaining_ns(self, now_ns: int) -> int | None:
        """Time until the window closes, 0 outside of it, None when it never does."""
        since_ns = now_ns - self.start_ns
        if since_ns < 0:
            return 0
        if self.duration_ns is None:
            return None
        if self.every_ns is not None:
            since_ns %= self.every_ns
        return max(0, self.duration_ns - since_ns)


@dataclass(frozen=True, slots=True)
class Delay:
    """low_ns, or with high_share between 0 and 1 high_ns; uniform between them if it is None."""

    low_ns: int = 0
    high_ns: int = 0
    high_share: float | None = 0.0

    def draw_ns(self, rng: Random) -> int:
        """One delay; always one number is drawn."""
        at = rng.random()
        if self.high_share is None:
            return self.low_ns + round(at * (self.high_ns - self.low_ns))
        return self.high_ns if at < self.high_share else self.low_ns


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault of a plan."""

    kind: FaultKind
    scope: Scope
    window: FaultWindow
    probability: float
    seed: int
    delay: Delay = Delay()
    action: FaultAction | None = None
