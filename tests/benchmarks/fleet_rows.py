"""What nodes of a fleet report, recorded: a second of 20,000 attempts of a dozen variants each.

Each node is asked once a second at an instant of its own, so that what it reports is of two seconds
of the run. Latencies are lognormal, some calls are retried, time out or meet a cold start.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from bench.model.endpoint import EndpointKind
from bench.model.load import Plan
from bench.model.outcome import Outcome
from bench.model.profile import LoadSpec, Order, Phase, Profile, Target, TargetKind, Variant
from bench.model.times import NEVER, NS_PER_MS, NS_PER_S
from bench.plan import make_plan
from bench.record.delta import Delta, KeyColumn, added
from bench.record.measures import ROW_TYPE
from bench.record.reduction import Reduction
from bench.record.row_layout import FLAG_CENSORED, FLAG_COLD, FLAG_FINAL, ArrivalCounts
from bench.record.timeline import Timeline
from bench.shapes.ramp import constant_rate

VARIANTS = 12
RATE = 20_000
"""Attempts of a node in a second, over all variants."""
SHIPMENTS_PER_S = 8
"""Of a node with two workers."""
_SMALLEST_MB = 128
_MEDIAN_MS = (3.0, 20.0, 120.0)
"""Of the variants, by turns."""
_WAITED_NS = 2 * NS_PER_S
_RARE = 500


def fleet_profile(seconds: int) -> Profile:
    """All variants side by side for so long."""
    kinds = (EndpointKind.INVOKE, EndpointKind.ALB)
    return Profile(
        name="fleet",
        title="What the nodes of a fleet cost their coordinator",
        question="",
        source="fleet.toml",
        target=Target(TargetKind.LOCAL, "primes"),
        variants=tuple(Variant(kinds[i % 2], _SMALLEST_MB + i // 2) for i in range(VARIANTS)),
        load=LoadSpec(order=Order.TOGETHER),
        phases=(Phase("steady", constant_rate(RATE / VARIANTS, seconds * NS_PER_S)),),
    )


class RecordedNode:
    """A node's reports, the same every second but for the second that they are of."""

    def __init__(self, number: int) -> None:
        profile = fleet_profile(10)
        self._plan: Plan = make_plan(profile)
        self._reduction = Reduction(profile, Timeline(profile, self._plan.segments))
        self._random = np.random.default_rng(number)

    def shipments(self) -> list[tuple[bytes, bytes]]:
        """Rows and counts of one second that begins somewhere within the second 1 of the run."""
        rows = _rows(self._random, NS_PER_S + int(self._random.integers(NS_PER_S)))
        found = []
        for part in np.array_split(rows, SHIPMENTS_PER_S):
            counts = ArrivalCounts()
            seconds = part["intended_ns"] // NS_PER_S
            for second, variant in zip(seconds.tolist(), part["variant"].tolist(), strict=True):
                counts.cell(second, variant, 0)[0] += 1
            found.append((part.tobytes(), counts.drain()))
        return found

    def report(self) -> Delta:
        """The same as one delta."""
        parts = []
        for rows, counts in self.shipments():
            parts += [self._reduction.rows(rows), self._reduction.counts(counts)]
        return added([part for part in parts if part is not None])


def later(delta: Delta, seconds: int) -> Delta:
    """The same so many seconds later, without first sends: those are told of but once."""
    keys = delta.keys.copy()
    keys[:, [KeyColumn.SECOND, KeyColumn.PLACE]] += seconds
    return replace(delta, keys=keys, sends=delta.sends[:0])


def _rows(random: np.random.Generator, begun_ns: int) -> np.ndarray[Any, Any]:
    rows = np.zeros(RATE, dtype=ROW_TYPE)
    rows["variant"] = random.integers(VARIANTS, size=RATE)
    rows["intended_ns"] = np.sort(begun_ns + random.integers(NS_PER_S, size=RATE))
    lag_ns = (random.lognormal(0, 0.6, RATE) * 60_000).astype(np.int64)
    rows["sent_ns"] = rows["intended_ns"] + lag_ns
    median_ms = np.array(_MEDIAN_MS)[rows["variant"] % len(_MEDIAN_MS)]
    ran_ns = (random.lognormal(0, 0.4, RATE) * median_ms * NS_PER_MS).astype(np.int64)
    way_ns = (random.lognormal(0, 0.3, RATE) * 700_000).astype(np.int64)
    rows["last_ns"] = rows["sent_ns"] + ran_ns + way_ns
    rows["first_ns"] = rows["last_ns"] - (random.lognormal(0, 0.5, RATE) * 20_000).astype(np.int64)
    for name in ("dns_ns", "connect_ns", "tls_ns", "init_ns", "restore_ns"):
        rows[name] = NEVER
    rows["read_lag_ns"] = (random.lognormal(0, 0.6, RATE) * 40_000).astype(np.int64)
    rows["duration_ns"] = ran_ns // 10_000 * 10_000
    rows["billed_ms"] = -(-ran_ns // NS_PER_MS)
    rows["max_memory_mb"] = random.integers(38, 44, size=RATE)
    rows["status"], rows["attempt"], rows["outcome"] = 200, 1, Outcome.OK
    rows["flags"] = FLAG_FINAL
    _make_rare(random, rows)
    return rows


def _make_rare(random: np.random.Generator, rows: np.ndarray[Any, Any]) -> None:
    """A few cold starts on new connections, retries and timeouts."""
    cold, retried, late = (random.choice(RATE, RATE // _RARE, replace=False) for _ in range(3))
    rows["flags"][cold] |= FLAG_COLD
    rows["init_ns"][cold] = random.integers(80, 300, cold.size) * NS_PER_MS
    rows["connect_ns"][cold] = random.integers(200, 900, cold.size) * 1_000
    rows["attempt"][retried] = 2
    rows["outcome"][late], rows["flags"][late] = Outcome.TIMEOUT, FLAG_FINAL | FLAG_CENSORED
    rows["last_ns"][late] = rows["sent_ns"][late] + _WAITED_NS
    for name in ("first_ns", "duration_ns", "billed_ms", "max_memory_mb", "read_lag_ns"):
        rows[name][late] = NEVER
