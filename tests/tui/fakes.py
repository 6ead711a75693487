"""A run that plays deterministic intervals through the real aggregate."""

from __future__ import annotations

from random import Random

from bench.model import (
    NS_PER_MS,
    NS_PER_S,
    Command,
    EndpointKind,
    EventSpec,
    LoadSpec,
    Outcome,
    Phase,
    Plan,
    Profile,
    RunEvent,
    RunState,
    Sample,
    Segment,
    Snapshot,
    Target,
    TargetKind,
    Variant,
    Verdict,
    Vitals,
    Window,
    WorkerHealth,
)
from bench.record.aggregate import Aggregate
from bench.record.columns import FLAG_COLD, FLAG_FINAL, Counts, Rows, pack_row
from bench.tui.source import ClassCurves, Curves

VARIANTS = (
    *(Variant(EndpointKind.INVOKE, memory) for memory in (128, 256, 512, 1024, 1769)),
    *(Variant(EndpointKind.ALB, memory) for memory in (512, 1769)),
    *(Variant(EndpointKind.REST, memory) for memory in (512, 1769)),
)
SECONDS = 40
RPS = 60


def profile() -> Profile:
    return Profile(
        name="fake",
        title="Which memory size is worth its money?",
        question="Which memory size is worth its money?",
        source="fake.toml",
        target=Target(TargetKind.LOCAL, function="primes", events=(EventSpec(),)),
        variants=VARIANTS,
        load=LoadSpec(),
        phases=(Phase("steady", SECONDS * NS_PER_S, RPS, RPS),),
    )


def plan() -> Plan:
    everyone = tuple(range(len(VARIANTS)))
    return Plan((Segment(0, 0, 0, everyone, 0, SECONDS * NS_PER_S, RPS, RPS),))


def vitals_at(second: int) -> Vitals:
    """Made up, and the same every time."""
    per_variant = tuple((second * (number + 3)) % 7 for number in range(len(VARIANTS)))
    return Vitals(
        t_s=second,
        planned_rps=float(RPS * len(VARIANTS)),
        achieved_rps=float(RPS * len(VARIANTS) - second % 3),
        in_flight=sum(per_variant),
        in_flight_by_variant=per_variant,
        connections=20 + second % 4,
        connections_opened=20 + second,
        connection_waits=second // 5,
        workers=1,
        cpu=0.3,
        rss_mb=54.0,
        spend_usd=second / 1000,
    )


class FakeRun:
    """A RunSource that stands at a given second; `commands` is what was asked of it."""

    def __init__(self, second: int = 30, state: RunState = RunState.RUNNING) -> None:
        self.second = second
        self.state = state
        self._told_s = 0
        self.commands: list[Command] = []
        self.aggregate = Aggregate(profile(), plan())
        self._events = [RunEvent(0, "start", "a fake run")]
        rows, counts = Rows(), Counts()
        for variant, described in enumerate(VARIANTS):
            self._play(rows, counts, variant, described)
        self.aggregate.take_counts(0, counts.take())
        self.aggregate.take_rows(0, rows.take())
        self.aggregate.advance(second * NS_PER_S)
        self.aggregate.passed()

    def _play(self, rows: Rows, counts: Counts, variant: int, described: Variant) -> None:
        rng = Random(variant)
        work_ms = 8 * 1769 / (described.memory_mb or 1769)
        door_ms = {EndpointKind.INVOKE: 1.0, EndpointKind.ALB: 1.6}.get(described.endpoint, 2.5)
        for number in range(self.second * RPS):
            intended_ns = number * NS_PER_S // RPS
            counts.cell(intended_ns // NS_PER_S, variant, 0)[0] += 1
            if number % RPS == 0 and intended_ns >= (self.second - 1) * NS_PER_S:
                continue  # still under way
            spread = rng.lognormvariate(0, 0.15)
            took_ns = round((work_ms * spread + door_ms) * NS_PER_MS)
            sent_ns = intended_ns + rng.randrange(20_000, 200_000)
            cold = number < 3
            outcome = Outcome.THROTTLED if variant == 0 and number % 97 == 96 else Outcome.OK
            rows.add(
                pack_row(
                    intended_ns, sent_ns, sent_ns + took_ns, sent_ns + took_ns,
                    -1, -1, -1,
                    round(work_ms * spread * NS_PER_MS), 30 * NS_PER_MS if cold else -1, -1,
                    round(work_ms * spread) + 1, 40,
                    variant, 0, 429 if outcome else 200, 1, outcome,
                    FLAG_FINAL | (FLAG_COLD if cold else 0),
                )
            )  # fmt: skip

    def snapshot(self) -> Snapshot:
        pulse = self.aggregate.pulse()
        now_ns = self.second * NS_PER_S
        return Snapshot(
            t_ns=now_ns,
            state=self.state,
            title=profile().title,
            target="LOCAL",
            phase="steady",
            segment=plan().segments[0],
            elapsed_ns=now_ns,
            remaining_ns=(SECONDS - self.second) * NS_PER_S,
            planned_rps=pulse.planned_rps,
            achieved_rps=pulse.achieved_rps,
            in_flight=pulse.in_flight,
            send_lag=pulse.send_lag,
            windows=self.aggregate.totals(),
            recent=self.aggregate.recent(),
            intervals=self.aggregate.changed(),
            workers=(WorkerHealth(0, True, 0.31, 54.0, 12, 14, pulse.in_flight),),
            reasons=(),
            verdict=Verdict.VALID,
            samples=(
                Sample(
                    NS_PER_S, "invoke-128MB", Outcome.THROTTLED, 429, 1, "a-1", "Rate Exceeded."
                ),
            ),
            events=tuple(self._events),
            spend_usd=self.aggregate.spend_usd(),
            vitals=self._fresh_vitals(),
            projected_usd=self.aggregate.projected_usd(),
        )

    def _fresh_vitals(self) -> tuple[Vitals, ...]:
        vitals = tuple(vitals_at(second) for second in range(self._told_s, self.second))
        self._told_s = self.second
        return vitals

    @property
    def profile(self) -> Profile:
        return profile()

    def curves(self) -> Curves:
        return self.aggregate.curves()

    def class_curves(self) -> ClassCurves:
        return self.aggregate.class_curves()

    def command(self, command: Command) -> None:
        self.commands.append(command)
        self._events.append(RunEvent(self.second * NS_PER_S, "command", command.kind.value))

    def window(self, seconds: int | None) -> tuple[Window, ...]:
        return self.aggregate.totals() if seconds is None else self.aggregate.window(seconds)
