"""Profiles, rows and whole runs for the tests of recording, statistics and reports."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from random import Random

from bench.model.endpoint import EndpointKind
from bench.model.load import Plan, Segment
from bench.model.outcome import Outcome
from bench.model.profile import Arrivals, LoadSpec, Phase, Profile, Slo, Target, TargetKind, Variant
from bench.model.times import NEVER, NS_PER_MS, NS_PER_S
from bench.record.aggregate import Aggregate
from bench.record.row_layout import (
    FLAG_CENSORED,
    FLAG_COLD,
    FLAG_FINAL,
    PAYLOAD_SHIFT,
    ArrivalCounts,
    pack_row,
)
from bench.shapes.ramp import constant_rate

SMALL = Variant(EndpointKind.INVOKE, 128)
LARGE = Variant(EndpointKind.INVOKE, 1769)
DOOR = Variant(EndpointKind.ALB, 1769)


def profile_of(
    variants: Iterable[Variant] = (SMALL, LARGE),
    phases: Iterable[Phase] = (Phase("steady", constant_rate(10.0, 10 * NS_PER_S)),),
    *,
    arrivals: Arrivals = Arrivals.POISSON,
    slos: Iterable[Slo] = (),
    record_attempts: bool = False,
    kind: TargetKind = TargetKind.LOCAL,
) -> Profile:
    return Profile(
        name="trial",
        title="A trial",
        question="Does it hold?",
        source="trial.toml",
        target=Target(kind, "primes"),
        variants=tuple(variants),
        load=LoadSpec(arrivals=arrivals),
        phases=tuple(phases),
        slos=tuple(slos),
        record_attempts=record_attempts,
    )


def together(profile: Profile) -> Plan:
    """Every phase once, all variants side by side."""
    segments = []
    start_ns = 0
    everyone = tuple(range(len(profile.variants)))
    for index, phase in enumerate(profile.phases):
        segments.append(Segment(index, 0, index, everyone, start_ns, phase.shape))
        start_ns += phase.duration_ns
    return Plan(tuple(segments))


def row(
    intended_ns: int,
    *,
    response_ns: int = 50 * NS_PER_MS,
    lag_ns: int = 100_000,
    outcome: Outcome = Outcome.OK,
    variant: int = 0,
    segment: int = 0,
    attempt: int = 1,
    final: bool = True,
    duration_ns: int = NEVER,
    init_ns: int = NEVER,
    billed_ms: int = NEVER,
    memory_mb: int = NEVER,
    connect_ns: int = NEVER,
    dns_ns: int = NEVER,
    tls_ns: int = NEVER,
    read_lag_ns: int = NEVER,
    sent: bool = True,
    answered: bool = True,
    payload: int = 0,
    marks: int = 0,
) -> bytes:
    """One packed row; response_ns counts from the intended arrival. marks: more flags."""
    flags = (
        (FLAG_FINAL if final else 0)
        | (FLAG_COLD if init_ns >= 0 else 0)
        | (FLAG_CENSORED if outcome is Outcome.TIMEOUT else 0)
        | payload << PAYLOAD_SHIFT
        | marks
    )
    last_ns = intended_ns + response_ns
    return pack_row(
        intended_ns,
        intended_ns + lag_ns if sent else NEVER,
        last_ns - 1000 if sent and answered else NEVER,
        last_ns,
        dns_ns,
        connect_ns,
        tls_ns,
        duration_ns,
        init_ns,
        NEVER,
        read_lag_ns,
        billed_ms,
        memory_mb,
        variant,
        segment,
        200 if answered else 0,
        attempt,
        outcome,
        flags,
    )


def counts(cells: dict[tuple[int, int, int], tuple[int, int]]) -> bytes:
    """(second, variant, segment) -> (offered, dropped), as a worker ships them."""
    buffer = ArrivalCounts()
    for (second, variant, segment), (offered, dropped) in cells.items():
        cell = buffer.cell(second, variant, segment)
        cell[0] += offered
        cell[1] += dropped
    return buffer.drain()


class PromptAggregate(Aggregate):
    """In which everything counts as it comes, as if the time had been told to it behind it."""

    def add_rows(self, worker: int, payload: bytes) -> None:
        super().add_rows(worker, payload)
        self.advance(0)

    def add_counts(self, worker: int, payload: bytes) -> None:
        super().add_counts(worker, payload)
        self.advance(0)


@dataclass
class Shipment:
    """What one worker has to ship."""

    rows: list[bytes] = field(default_factory=list)
    counts: dict[tuple[int, int, int], tuple[int, int]] = field(default_factory=dict)

    def offer(
        self, intended_ns: int, variant: int = 0, segment: int = 0, drop: bool = False
    ) -> None:
        key = (intended_ns // NS_PER_S, variant, segment)
        offered, dropped = self.counts.get(key, (0, 0))
        self.counts[key] = (offered + 1, dropped + drop)

    def to(self, aggregate: Aggregate, worker: int = 0) -> None:
        aggregate.add_rows(worker, b"".join(self.rows))
        aggregate.add_counts(worker, counts(self.counts))


def random_load(random: Random, plan: Plan) -> Shipment:
    """Arrivals of every kind: answered, retried, timed out, dropped, rejected, still in flight."""
    shipment = Shipment()
    for segment in plan.segments:
        for variant in segment.variants:
            for _ in range(random.randrange(40)):
                at_ns = segment.start_ns + random.randrange(segment.duration_ns)
                _one(random, shipment, at_ns, variant, segment.index)
    return shipment


def _one(random: Random, shipment: Shipment, at_ns: int, variant: int, segment: int) -> None:
    drop = random.random() < 0.1
    shipment.offer(at_ns, variant, segment, drop)
    if drop or random.random() < 0.1:
        return
    outcome = random.choice(list(Outcome))
    if outcome is Outcome.REJECTED:
        shipment.rows.append(
            row(at_ns, variant=variant, segment=segment, outcome=outcome, attempt=0, sent=False)
        )
        return
    attempts = random.choice((1, 1, 1, 2, 3))
    for attempt in range(1, attempts + 1):
        final = attempt == attempts
        shipment.rows.append(
            row(
                at_ns,
                variant=variant,
                segment=segment,
                attempt=attempt,
                final=final,
                outcome=outcome if final else Outcome.THROTTLED,
                response_ns=attempt * random.randrange(1, 2_000_000_000),
                sent=outcome is not Outcome.CONNECT_ERROR,
                init_ns=random.choice((NEVER, NEVER, 300 * NS_PER_MS)),
                billed_ms=random.choice((NEVER, 12, 90)),
            )
        )
