"""Faults on a seeded schedule: what the embedded Lambda does wrong on purpose, and when.

A plan is pure. It is read from tables such as a profile or the control port gives; `decide` says
what happens to one request and the service carries it out. Every fault draws from a random source
of its own, once or twice per request in its scope and window, so the same requests in the same
order meet the same faults, whatever other faults there are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

from bench.errors import ProfileError
from bench.faults.fault import Fault
from bench.faults.kinds import NO_FAULT, FaultDecision
from bench.faults.read import FAULTS, read_fault
from bench.schema.table import Reading


class FaultPlan:
    """All faults that are in force. Empty, it never does anything."""

    def __init__(self, faults: Sequence[Fault] = (), turn: int = 0) -> None:
        """turn: which time it is that they are played; each has draws of its own."""
        self.faults = tuple(faults)
        self._sources = [
            Random(fault.seed if turn == 0 else f"{fault.seed}/{turn}") for fault in self.faults
        ]

    @classmethod
    def parse(cls, tables: Sequence[Mapping[str, Any]], *, source: str = "faults") -> FaultPlan:
        """Read a plan; raises ProfileError with every mistake in it, `faults[1].status …`."""
        reading = Reading(FAULTS)
        listed = reading.root({"faults": list(tables)}).tables("faults")
        faults = [read_fault(table, number) for number, table in enumerate(listed, 1)]
        if reading.problems:
            raise ProfileError(source, reading.problems)
        return cls([fault for fault in faults if fault is not None])

    def decide(self, now_ns: int, door: str, function: str, qualifier: str | None) -> FaultDecision:
        """What happens to a request; now_ns counts from when the plan came into force.

        Delays add up, of several actions the first in the plan's order counts.
        """
        decision = NO_FAULT
        for fault, rng in zip(self.faults, self._sources, strict=True):
            if not fault.scope.covers(door, function, qualifier or ""):
                continue
            remaining_ns = fault.window.remaining_ns(now_ns)
            if remaining_ns == 0 or rng.random() >= fault.probability:
                continue
            decision = decision.and_then(fault.effect.strike(rng, remaining_ns))
        return decision
