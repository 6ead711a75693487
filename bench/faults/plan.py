"""Faults on a seeded schedule: what the embedded Lambda does wrong on purpose, and when.

A plan is pure. It is read from tables such as a profile or the control port gives; `decide` says
what happens to one request and the service carries it out. Every fault draws from a random source
of its own, once or twice per request in its scope and window, so the same requests in the same
order meet the same faults, whatever other faults there are.

    kind        keys of its own
    latency     ms, or min_ms and max_ms (uniform), or low_ms, high_ms and high_share (bimodal)
    stall       duration_s: whatever comes in between start_s and its end waits for the end
    throttle    reason, retry_after_s: the function is not run
    error       status (500, 502, 503 or 504): the function is not run
    reset       the connection is reset instead of an answer; the function is not run
    malformed   the function runs, its answer is sent as what is no HTTP
    truncated   keep_share: the function runs, only that share of its answer's body is sent
    cold-start  the request gets a new sandbox, however many warm ones there are

    every kind  door, function, qualifier (a name or a list; default all), probability (1),
                start_s (0), duration_s (for ever), every_s (the window comes again), seed
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

from bench.errors import Problem, ProfileError
from bench.faults.fault import NO_FAULT, Fault, FaultDecision, FaultKind
from bench.faults.read import TableReader


class FaultPlan:
    """All faults that are in force. Empty, it never does anything."""

    def __init__(self, faults: Sequence[Fault] = ()) -> None:
        self.faults = tuple(faults)
        self._sources = [Random(fault.seed) for fault in self.faults]

    @classmethod
    def parse(cls, tables: Sequence[Mapping[str, Any]], *, source: str = "faults") -> FaultPlan:
        """Read a plan; raises ProfileError with every mistake in it, `faults[1].status …`."""
        problems: list[Problem] = []
        faults = []
        for index, table in enumerate(tables):
            reader = TableReader(table, f"faults[{index}]", problems)
            fault = reader.fault(default_seed=index + 1)
            if fault is not None:
                faults.append(fault)
        if problems:
            raise ProfileError(source, problems)
        return cls(faults)

    def decide(self, now_ns: int, door: str, function: str, qualifier: str | None) -> FaultDecision:
        """What happens to a request; now_ns counts from when the plan came into force.

        Delays add up, of several actions the first in the plan's order counts.
        """
        if not self.faults:
            return NO_FAULT
        delay_ns, action, cold = 0, None, False
        for fault, rng in zip(self.faults, self._sources, strict=True):
            if not fault.scope.covers(door, function, qualifier or ""):
                continue
            remaining_ns = fault.window.remaining_ns(now_ns)
            if remaining_ns == 0 or rng.random() >= fault.probability:
                continue
            if fault.kind is FaultKind.LATENCY:
                delay_ns += fault.delay.draw_ns(rng)
            elif fault.kind is FaultKind.STALL:
                delay_ns += remaining_ns or 0
            elif fault.kind is FaultKind.COLD_START:
                cold = True
            else:
                action = action or fault.action
        return FaultDecision(delay_ns, action, cold)
