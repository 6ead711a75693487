"""A lifecycle on a clock turned by hand and a fleet that is scripted, ticked as a session does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from bench.load.fleets.fake import FakeClock, FakeFleet
from bench.load.frames import FrameKind
from bench.load.lifecycle import Lifecycle
from bench.load.replay import RecordedCommand, Recording
from bench.load.session import TICK_NS
from bench.model.live import RunEvent
from bench.model.load import Command, CommandKind, Plan, Segment
from bench.model.outcome import Outcome
from bench.model.profile import Phase, Profile, Timeouts
from bench.model.retry import RetrySpec
from bench.model.times import NS_PER_S
from bench.record.aggregate import Aggregate
from bench.shapes.ramp import constant_rate
from tests.load.fleets.orders import order
from tests.record.build import SMALL, Shipment, profile_of, row, together

ATTEMPT_NS = 3 * NS_PER_S
"""The longest that an invocation of these runs can take: one attempt, which connects for 1 s."""


def ns(seconds: float) -> int:
    return round(seconds * NS_PER_S)


def phase(name: str, seconds: float, rps: float, *, measured: bool = True) -> Phase:
    return Phase(name, constant_rate(rps, ns(seconds)), measured)


TWO_PHASES = (phase("first", 10, 10), phase("second", 10, 20))


def steps(segments: Sequence[Segment]) -> list[tuple[float, float, float]]:
    """(start, end, rate) of each, in s and per s."""
    return [(s.start_ns / NS_PER_S, s.end_ns / NS_PER_S, s.shape.rate_rps(0)) for s in segments]


class Course:
    """A run of two phases of ten seconds, unless the profile is changed."""

    def __init__(
        self,
        *,
        workers: int = 2,
        stuck: Sequence[int] = (),
        recorded: Sequence[tuple[CommandKind, float]] = (),
        **profile: Any,
    ) -> None:
        """recorded: commands to be given again, with the seconds at which they took effect."""
        short: dict[str, Any] = {
            "retry": RetrySpec(max_attempts=1),
            "timeouts": Timeouts(connect_ns=NS_PER_S, total_ns=ATTEMPT_NS - NS_PER_S),
        }
        self.profile: Profile = replace(profile_of((SMALL,), TWO_PHASES), **(short | profile))
        plan = Plan(()) if self.profile.capacity else together(self.profile)
        self.aggregate = Aggregate(self.profile, plan)
        self.clock = FakeClock()
        self.fleet = FakeFleet(self.clock, stuck=stuck)
        self.workers = workers
        self.start_ns = self.clock.now_ns()
        self.events: list[RunEvent] = []
        self.width: float | None = None
        """Half of the confidence interval that the results have."""
        self.lost: str | None = None
        """Why the target has gone."""
        self.ticks = 0
        commands = tuple(RecordedCommand(Command(kind), ns(at_s)) for kind, at_s in recorded)
        self.life = Lifecycle(
            self.profile,
            plan,
            self.fleet,
            self.aggregate,
            now_ns=self.now_ns,
            note=self.note,
            half_width=lambda *_: self.width,
            recording=Recording("first", commands),
        )

    def now_ns(self) -> int:
        return self.clock.now_ns() - self.start_ns

    def note(self, kind: str, text: str, **fields: Any) -> None:
        self.events.append(RunEvent(self.now_ns(), kind, text, fields))

    async def begun(self) -> Course:
        await self.fleet.start(
            [order("http://127.0.0.1:1/", i, self.workers) for i in range(self.workers)]
        )
        self.life.begin(self.start_ns)
        return self

    def until(self, t_s: float, *, and_ns: int = 0) -> None:
        """Let time pass and do what is due, at most a tick apart."""
        end_ns = ns(t_s) + and_ns
        while self.now_ns() < end_ns:
            due_ns = self.life.until_due_ns(self.now_ns())
            wait_ns = TICK_NS if due_ns is None else min(TICK_NS, due_ns)
            self.clock.turn_to(min(self.clock.now_ns() + wait_ns, self.start_ns + end_ns))
            self.tick()

    def tick(self) -> None:
        self.ticks += 1
        assert self.ticks < 100_000, "the lifecycle is always due and never done"
        for worker, frame in self.fleet.due():
            self.life.on_frame(worker, frame)
        self.aggregate.advance(self.now_ns())
        self.life.tick(self.now_ns(), self.lost)

    def press(self, kind: CommandKind, value: float = 1.0) -> None:
        self.life.command(Command(kind, value))

    def finish(self, count: int, outcome: Outcome = Outcome.OK, segment: int = 0) -> None:
        """So many invocations of a segment have ended."""
        shipment = Shipment()
        for _ in range(count):
            shipment.offer(0, segment=segment)
            shipment.rows.append(row(0, segment=segment, outcome=outcome))
        shipment.to(self.aggregate)

    # -- what was said and done

    @property
    def state(self) -> str:
        """As the screen says it."""
        return self.life.state.value

    def told(self, kind: FrameKind) -> list[Any]:
        """Payloads of this kind, each of which went to every worker at the same time."""
        by_worker = [
            [(one.t_ns, one.payload) for one in self.fleet.sent if (one.worker, one.kind) == key]
            for key in ((worker, kind) for worker in range(self.workers))
        ]
        assert all(sent == by_worker[0] for sent in by_worker)
        return [payload for _, payload in by_worker[0]]

    def told_at(self, kind: FrameKind) -> list[int]:
        """When, in ns of the run."""
        return [
            one.t_ns - self.start_ns
            for one in self.fleet.sent
            if (one.worker, one.kind) == (0, kind)
        ]

    def texts(self, kind: str) -> list[str]:
        return [event.text for event in self.events if event.kind == kind]

    def planned_end_s(self) -> float:
        """The end of the load as the results have it."""
        return max(s.end_ns for s in self.aggregate._timeline.measured_segments()) / NS_PER_S
