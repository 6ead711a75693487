"""What the embedded Lambda itself saw, to check a load generator's figures against."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

from bench.local.model import FunctionConfig, InvokeResult
from bench.local.sandbox.cpu import Usage, unmended_ns
from bench.model.result import QUANTILES
from bench.model.times import NS_PER_MS

MAX_CAUSES = 8
SATURATED = 0.05
"""Share of their time that functions may wait for a core before the host counts as saturated."""
WAIT_FLOOR_NS = NS_PER_MS
"""Of an invocation: so long waits are an ordinary operating system's grain."""


class Durations:
    """Values kept to three significant digits: memory stays small however many there are."""

    def __init__(self) -> None:
        self.count = 0
        self.sum_ms = 0.0
        self.max_ms = 0.0
        self._counts: dict[float, int] = {}

    def add(self, value_ms: float) -> None:
        """Count one more value; its sum and maximum stay exact."""
        self.count += 1
        self.sum_ms += value_ms
        self.max_ms = max(self.max_ms, value_ms)
        rounded = float(f"{value_ms:.3g}")
        self._counts[rounded] = self._counts.get(rounded, 0) + 1

    def quantile(self, q: float) -> float:
        """The smallest value that at least a share q of all values does not exceed."""
        left = math.ceil(q * self.count)
        for value in sorted(self._counts):
            left -= self._counts[value]
            if left <= 0:
                return value
        return 0.0

    def summary(self) -> dict[str, float | int]:
        """Count, sum, maximum and quantiles, in milliseconds."""
        return {
            "count": self.count,
            "sum_ms": round(self.sum_ms, 3),
            "max_ms": round(self.max_ms, 3),
        } | {f"p{q * 100:g}_ms".replace(".", ""): self.quantile(q) for q in QUANTILES}


@dataclass(slots=True)
class Seen:
    """Of one function and qualifier. outcomes by `ok`, `throttled` or the error type."""

    invocations: int = 0
    running: int = 0
    outcomes: dict[str, int] = field(default_factory=dict)
    throttles: dict[str, int] = field(default_factory=dict)
    cold_starts: int = 0
    billed_ms: int = 0
    duration: Durations = field(default_factory=Durations)
    init: Durations = field(default_factory=Durations)
    succeeded_unheard: int = 0
    """Good answers whose caller had gone away before."""

    def figures(self) -> dict[str, Any]:
        """One entry of `GET /stats` on the control port."""
        return {
            "invocations": self.invocations,
            "running": self.running,
            "outcomes": dict(self.outcomes),
            "throttles": dict(self.throttles),
            "cold_starts": self.cold_starts,
            "billed_ms": self.billed_ms,
            "duration": self.duration.summary(),
            "init": self.init.summary(),
            "succeeded_unheard": self.succeeded_unheard,
        }


@dataclass(slots=True)
class Saturation:
    """How far the host could do what the memory sizes promise.

    unmended_ns is the waiting for a core that no shorter hold made good; ran_ns is how long the
    invocations took, waiting and all.
    """

    invocations: int = 0
    ran_ns: int = 0
    cpu_ns: int = 0
    wait_ns: int = 0
    unmended_ns: int = 0
    refused: int = 0
    """Invocations throttled because the host has no room for another sandbox."""

    def add(self, usage: Usage, duration_ns: int, memory_mb: int) -> None:
        """Count what one invocation took of the host."""
        self.invocations += 1
        self.ran_ns += duration_ns
        self.cpu_ns += usage.cpu_ns
        self.wait_ns += usage.wait_ns
        self.unmended_ns += unmended_ns(usage, memory_mb)

    @property
    def share(self) -> float:
        """Which part of their time the functions waited for a core in vain; 0 below the floor."""
        if self.unmended_ns <= WAIT_FLOOR_NS * self.invocations:
            return 0.0
        return self.unmended_ns / self.ran_ns if self.ran_ns else 1.0

    def figures(self) -> dict[str, Any]:
        """saturated: more than SATURATED of their time was waited for in vain."""
        return {
            "duration_ms": round(self.ran_ns / NS_PER_MS, 3),
            "waited_share": round(self.share, 4),
            "cpu_ms": round(self.cpu_ns / NS_PER_MS, 3),
            "run_queue_wait_ms": round(self.wait_ns / NS_PER_MS, 3),
            "uncorrected_wait_ms": round(self.unmended_ns / NS_PER_MS, 3),
            "saturated": self.share > SATURATED,
            "refused_for_room": self.refused,
        }


class Stats:
    """Counters by function and qualifier."""

    def __init__(self) -> None:
        self.seen: dict[tuple[str, str], Seen] = {}
        self.saturation = Saturation()
        self.by_size: dict[int, Saturation] = {}
        """The same for each memory size."""
        self.by_function: dict[str, Saturation] = {}
        self.cannot_start: dict[str, int] = {}
        """Sandboxes that the host could not start, by cause; at most MAX_CAUSES of them."""

    def of(self, name: str, qualifier: str) -> Seen:
        """The counters of one function and qualifier."""
        return self.seen.setdefault((name, qualifier), Seen())

    def began(self, name: str, qualifier: str) -> None:
        """An invocation was let in; `left` follows, however it ends."""
        self.of(name, qualifier).running += 1

    def left(self, name: str, qualifier: str) -> None:
        """An invocation that was let in is out again."""
        self.of(name, qualifier).running -= 1

    def ended(self, name: str, qualifier: str, result: InvokeResult) -> None:
        """What became of an invocation."""
        seen = self.of(name, qualifier)
        seen.invocations += 1
        if result.throttle_reason:
            _count(seen.outcomes, "throttled")
            _count(seen.throttles, result.throttle_reason)
            return
        _count(seen.outcomes, result.error_type or result.error or "ok")
        seen.billed_ms += result.billed_ms
        seen.duration.add(result.duration_ms)
        if result.init_ms is not None:
            seen.cold_starts += 1
            seen.init.add(result.init_ms)

    def unheard(self, name: str, qualifier: str, result: InvokeResult) -> None:
        """An invocation has ended after its caller had gone away."""
        if not result.error and not result.throttle_reason:
            self.of(name, qualifier).succeeded_unheard += 1

    def unavailable(self, cause: str) -> int:
        """The host could not start a sandbox: how often that was so for this cause."""
        if cause not in self.cannot_start and len(self.cannot_start) >= MAX_CAUSES:
            cause = "other causes"
        _count(self.cannot_start, cause)
        return self.cannot_start[cause]

    def used(self, config: FunctionConfig, usage: Usage, duration_ns: int) -> None:
        """What an invocation took of the host, and how long it took."""
        size = config.memory_mb
        self.saturation.add(usage, duration_ns, size)
        for part in (
            self.by_size.setdefault(size, Saturation()),
            self.by_function.setdefault(config.name, Saturation()),
        ):
            part.add(usage, duration_ns, size)

    def host(self) -> dict[str, Any]:
        """What `GET /stats` tells of the host: as a whole, by memory size and by function."""
        by_size = {str(size): self.by_size[size].figures() for size in sorted(self.by_size)}
        by_function = {name: seen.figures() for name, seen in self.by_function.items()}
        return self.saturation.figures() | {"by_memory_mb": by_size, "by_function": by_function}


def _count(counts: dict[str, int], key: str) -> None:
    counts[key] = counts.get(key, 0) + 1
