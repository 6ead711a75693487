"""One fault of a plan: to which requests it is done, when, and how often.

What it does is its effect; the kinds of them stand in `bench.faults.kinds`.
"""

from __future__ import annotations

from dataclasses import dataclass

from bench.faults.kinds import Effect


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
class Fault:
    """One fault of a plan. probability (0..1) is that of each request in its scope and window."""

    effect: Effect
    scope: Scope
    window: FaultWindow
    probability: float
    seed: int
