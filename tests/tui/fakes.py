"""A run that plays deterministic intervals through the real aggregate."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from bench.load.live_results import LiveResults
from bench.model.endpoint import EndpointKind
from bench.model.live import RunEvent, RunState, Snapshot, WorkerHealth
from bench.model.load import Command, CommandKind, Plan, Segment
from bench.model.outcome import Outcome, Reason, Verdict
from bench.model.profile import (
    EventSpec,
    LoadSpec,
    Order,
    Phase,
    Profile,
    Target,
    TargetKind,
    Variant,
)
from bench.model.result import Sample, Vitals, Window
from bench.model.retry import RetryPolicyName, RetrySpec
from bench.model.times import NS_PER_MS, NS_PER_S
from bench.record.aggregate import Aggregate
from bench.record.finding import Results
from bench.record.row_layout import (
    FLAG_CENSORED,
    FLAG_COLD,
    FLAG_FINAL,
    ArrivalCounts,
    RowBuffer,
    pack_row,
)
from bench.shapes.ramp import constant_rate
from bench.stats.alike import Curves
from bench.stats.one_kind import ClassCurves

VARIANTS = (
    *(Variant(EndpointKind.INVOKE, memory) for memory in (128, 256, 512, 1024, 1769)),
    *(Variant(EndpointKind.ALB, memory) for memory in (512, 1769)),
    *(Variant(EndpointKind.REST, memory) for memory in (512, 1769)),
)
SECONDS = 40
WARM_UP_S = 3
RPS = 60


def profile() -> Profile:
    return Profile(
        name="fake",
        title="Which memory size is worth its money?",
        question="Which memory size is worth its money?",
        source="fake.toml",
        target=Target(TargetKind.LOCAL, function="primes", events=(EventSpec(),)),
        variants=VARIANTS,
        load=LoadSpec(order=Order.TOGETHER),
        phases=(
            Phase("warm-up", constant_rate(RPS, WARM_UP_S * NS_PER_S), measured=False),
            Phase("steady", constant_rate(RPS, (SECONDS - WARM_UP_S) * NS_PER_S)),
        ),
        retry=RetrySpec(RetryPolicyName.FULL_JITTER, max_attempts=3),
        max_spend_usd=1.0,
    )


def plan() -> Plan:
    everyone = tuple(range(len(VARIANTS)))
    rest_s = SECONDS - WARM_UP_S
    return Plan(
        (
            Segment(0, 0, 0, everyone, 0, constant_rate(RPS, WARM_UP_S * NS_PER_S)),
            Segment(1, 0, 1, everyone, WARM_UP_S * NS_PER_S, constant_rate(RPS, rest_s * NS_PER_S)),
        )
    )


@dataclass(frozen=True, slots=True)
class Second:
    """What a worker ships of one second, and the failures that it tells of."""

    counts: bytes
    rows: bytes
    samples: tuple[Sample, ...]


class Recording:
    """Makes the seconds of the fake run, each once: they are the same for whoever plays them."""

    def __init__(self) -> None:
        self._seconds: list[Second] = []
        self._random = [Random(number) for number in range(len(VARIANTS))]
        self._samples: list[Sample] = []

    def between(self, from_s: int, until_s: int) -> list[Second]:
        while len(self._seconds) < until_s:
            self._seconds.append(self._next(len(self._seconds)))
        return self._seconds[from_s:until_s]

    def _next(self, second: int) -> Second:
        rows, counts = RowBuffer(), ArrivalCounts()
        for number, variant in enumerate(VARIANTS):
            for arrival in range(RPS):
                self._arrive(rows, counts, number, variant, second * RPS + arrival)
        samples, self._samples = self._samples, []
        return Second(counts.drain(), rows.drain(), tuple(samples))

    def _arrive(
        self, rows: RowBuffer, counts: ArrivalCounts, number: int, variant: Variant, arrival: int
    ) -> None:
        random = self._random[number]
        work_ms = 8 * 1769 / (variant.memory_mb or 1769)
        door_ms = {EndpointKind.INVOKE: 1.0, EndpointKind.ALB: 1.6}.get(variant.endpoint, 2.5)
        intended_ns = arrival * NS_PER_S // RPS
        segment = 0 if intended_ns < WARM_UP_S * NS_PER_S else 1
        counts.cell(intended_ns // NS_PER_S, number, segment)[0] += 1
        spread = random.lognormvariate(0, 0.15)
        sent_ns = intended_ns + random.randrange(20_000, 200_000)
        took_ns = round((work_ms * spread + door_ms) * NS_PER_MS)
        cold = arrival < 3 or arrival % 600 == 599
        init_ns = 90 * NS_PER_MS if cold else -1
        attempt, outcome = 1, Outcome.OK
        if number == 0 and arrival % 97 == 96:
            self._attempt(rows, number, segment, intended_ns, sent_ns, 2_000_000, 1,
                          Outcome.THROTTLED, final=False)  # fmt: skip
            self._sample(intended_ns, variant, Outcome.THROTTLED, 429, "Rate Exceeded.")
            sent_ns += 60 * NS_PER_MS
            attempt = 2
        elif number == 7 and arrival % 410 == 409:
            took_ns, outcome = 400 * NS_PER_MS, Outcome.TIMEOUT
            self._sample(intended_ns, variant, outcome, 0, "no answer within 400 ms")
        self._attempt(rows, number, segment, intended_ns, sent_ns,
                      took_ns + max(0, init_ns), attempt, outcome, init_ns=init_ns,
                      duration_ns=round(work_ms * spread * NS_PER_MS))  # fmt: skip

    def _attempt(
        self,
        rows: RowBuffer,
        number: int,
        segment: int,
        intended_ns: int,
        sent_ns: int,
        took_ns: int,
        attempt: int,
        outcome: Outcome,
        *,
        final: bool = True,
        init_ns: int = -1,
        duration_ns: int = -1,
    ) -> None:
        ok = outcome is Outcome.OK
        flags = (
            (FLAG_FINAL if final else 0)
            | (FLAG_COLD if init_ns >= 0 and ok else 0)
            | (FLAG_CENSORED if outcome is Outcome.TIMEOUT else 0)
        )
        billed_ms = (duration_ns + max(0, init_ns)) // NS_PER_MS + 1 if ok else -1
        rows.add(
            pack_row(
                intended_ns, sent_ns, sent_ns + took_ns, sent_ns + took_ns, -1, -1, -1,
                duration_ns if ok else -1, init_ns if ok else -1, -1,
                30_000 + intended_ns // NS_PER_S % 5 * 10_000 + number * 1000,
                billed_ms, 40 if ok else -1,
                number, segment, 200 if ok else 429, attempt, outcome, flags,
            )
        )  # fmt: skip

    def _sample(
        self, t_ns: int, variant: Variant, outcome: Outcome, status: int, detail: str
    ) -> None:
        request = f"5f1c{t_ns:012d}"
        self._samples.append(Sample(t_ns, variant.name, outcome, status, 1, request, detail))


RECORDING = Recording()


class FakeRun:
    """A RunSource that stands at a given second; `commands` is what was asked of it.

    The same second always has the same numbers: a few throttles that a second try mends at
    128 MB, a few timeouts behind the REST door, cold starts at the beginning of each variant.
    """

    def __init__(self, second: int = 30, state: RunState = RunState.RUNNING) -> None:
        self.second = 0
        self.state = state
        self.target = "LOCAL"
        self.reasons: tuple[Reason, ...] = ()
        self.verdict = Verdict.VALID
        self.commands: list[Command] = []
        self.rate_factor = 1.0
        self.samples: list[Sample] = []
        self.run_folder: str | None = None
        self.aggregate = Aggregate(profile(), plan())
        self._told_s = 0
        self._events = [RunEvent(0, "start", "a fake run")]
        self.play(second)

    def play(self, until_s: int) -> None:
        """Go on to a second."""
        seconds = RECORDING.between(self.second, until_s)
        self.second = until_s
        self.samples += [sample for second in seconds for sample in second.samples]
        self.aggregate.add_counts(0, b"".join(second.counts for second in seconds))
        self.aggregate.add_rows(0, b"".join(second.rows for second in seconds))
        self.aggregate.advance(until_s * NS_PER_S)
        self.aggregate.passed()

    # -- the seam

    @property
    def remaining_ns(self) -> int | None:
        return (SECONDS - self.second) * NS_PER_S

    @property
    def phase(self) -> str:
        return profile().phases[0 if self.second < WARM_UP_S else 1].name

    @property
    def profile(self) -> Profile:
        return profile()

    def snapshot(self) -> Snapshot:
        pulse = self.aggregate.pulse()
        now_ns = self.second * NS_PER_S
        segment = plan().segments[0 if self.second < WARM_UP_S else 1]
        return Snapshot(
            t_ns=now_ns,
            state=self.state,
            title=profile().title,
            target=self.target,
            phase=self.phase,
            segment=segment,
            elapsed_ns=now_ns,
            remaining_ns=self.remaining_ns,
            planned_rps=pulse.planned_rps,
            achieved_rps=pulse.achieved_rps,
            in_flight=pulse.in_flight,
            send_lag=pulse.send_lag,
            windows=self.aggregate.totals(),
            intervals=self.aggregate.changed(),
            workers=(WorkerHealth(0, True, 0.31, 54.0, 12, 14, pulse.in_flight, core_wait=0.02),),
            reasons=self.reasons,
            verdict=self.verdict,
            samples=tuple(self.samples),
            events=tuple(self._events),
            spend_usd=self.aggregate.spend_usd(),
            run_folder=self.run_folder,
            vitals=self._fresh_vitals(),
            projected_usd=self.aggregate.projected_usd(),
            rate_factor=self.rate_factor,
        )

    def _fresh_vitals(self) -> tuple[Vitals, ...]:
        vitals = tuple(vitals_at(second) for second in range(self._told_s, self.second))
        self._told_s = self.second
        return vitals

    def command(self, command: Command) -> None:
        self.commands.append(command)
        self._events.append(RunEvent(self.second * NS_PER_S, "command", command.kind.value))
        states = {
            CommandKind.HOLD: RunState.HOLDING,
            CommandKind.RESUME: RunState.RUNNING,
            CommandKind.DRAIN: RunState.DRAINING,
        }
        self.state = states.get(command.kind, self.state)
        if command.kind is CommandKind.RATE_FACTOR:
            self.rate_factor = command.value

    def window(self, seconds: int | None) -> tuple[Window, ...]:
        return self.aggregate.totals() if seconds is None else self.aggregate.window(seconds)

    def curves(self) -> Curves:
        return self.aggregate.curves()

    def class_curves(self) -> ClassCurves:
        return self.aggregate.class_curves()

    def results(self) -> Results:
        return LiveResults(profile(), self.aggregate)


def vitals_at(second: int) -> Vitals:
    """Made up, and the same every time."""
    per_variant = tuple(
        round(RPS * 8 * 1769 / (variant.memory_mb or 1769) / 1000 * (1 + second % 4 / 10))
        for variant in VARIANTS
    )
    return Vitals(
        t_s=second,
        planned_rps=float(RPS * len(VARIANTS)),
        achieved_rps=float(RPS * len(VARIANTS) - second % 3),
        in_flight=sum(per_variant),
        in_flight_by_variant=per_variant,
        connections=20 + second % 4,
        connections_opened=20 + second // 2,
        connection_waits=second // 5,
        workers=1,
        cpu=0.3,
        rss_mb=54.0,
        spend_usd=second / 1000,
    )
