"""A run from beginning to end: target, workers, load, results. The coordinator's heart.

It draws nothing: views poll `snapshot()` and send `command()`s; what they show and what the files
hold come from the same aggregate. It is one asyncio task that no view owns, so that a view's crash
does not end the load.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from time import time
from traceback import format_exception
from typing import Any

from bench.aws.credentials import Credentials, load_credentials
from bench.errors import ExitCode, TargetError
from bench.load.collector import Collector
from bench.load.coordinator_clock import CoordinatorClock, SystemClock
from bench.load.disturbing import turn_before
from bench.load.fleet import Fleet
from bench.load.fleets.local import LocalFleet
from bench.load.frames import Frame, FrameKind, Ready
from bench.load.free_memory import give_back
from bench.load.lifecycle import Lifecycle
from bench.load.live_results import LiveResults
from bench.load.manifest import manifest
from bench.load.orders import work_orders
from bench.load.preflight import check_limits, crowded
from bench.load.renewal import Renewal
from bench.load.replay import Recording, manifest_entry
from bench.load.run_writer import RunWriter
from bench.load.targets.base import OpenTarget
from bench.load.targets.late_work import with_late_successes
from bench.load.targets.open import open_target
from bench.model.live import CREDENTIALS_EVENT, RunState, Snapshot
from bench.model.load import Binding, Command, Plan
from bench.model.outcome import Verdict
from bench.model.profile import Profile
from bench.model.result import Measure, Window
from bench.model.times import NS_PER_MS, NS_PER_S
from bench.plan import make_plan, turns
from bench.profile import resolved_toml
from bench.record.aggregate import Aggregate
from bench.record.folder import RunFolder
from bench.record.recorded_run import RecordedRun
from bench.record.recovery import with_recoveries
from bench.record.validity import Judgement
from bench.stats.quantiles import Curve
from bench.stats.thresholds import SloResult, SloState, evaluate
from bench.wire.environment import reached_by_environment

TICK_NS = 250 * NS_PER_MS
GIVE_BACK_NS = 30 * NS_PER_S
"""Between two times that free memory is given back."""
NOTHING_RECORDED = Recording()
START_MARGIN_NS = 150 * NS_PER_MS
"""From the start command to the first arrival: every worker must have it by then."""
QUICK_NS = 20 * NS_PER_MS
"""A target that knows so soon of its turns keeps nobody waiting."""
TELLINGS = 4
"""So often the start is put off for one that takes longer; a busy machine takes its time."""


@dataclass(frozen=True, slots=True)
class RunResult:
    """How a run ended, and where its files lie."""

    recorded: RecordedRun
    exit_code: ExitCode


class RunSession:
    """One run. Call `prepare`, `run` and `finish` in this order; `close` in any case."""

    def __init__(
        self,
        profile: Profile,
        runs_root: Path,
        arguments: Sequence[str] = (),
        recording: Recording = NOTHING_RECORDED,
        *,
        open_fleet: Callable[[], Fleet] = LocalFleet,
        clock: CoordinatorClock | None = None,
        tell: Callable[[str], None] = lambda _: None,
    ) -> None:
        """recording: commands to give again; one that finds no load to change is passed over.

        open_fleet: makes what the workers run on; nothing is started before `prepare`. clock: the
        system's, unless a test turns its own. tell: hears of what makes `prepare` wait, or
        may spoil the load.
        """
        self.profile = profile
        self.plan: Plan = make_plan(profile)
        self._recording = recording
        self.aggregate = Aggregate(profile, self.plan)
        self._connections = reached_by_environment(profile, os.environ)
        self._fleet = open_fleet()
        self.target: OpenTarget = open_target(
            profile, self._connections, tell, self._fleet.target_host
        )
        self._tell = tell
        self._clock = clock or SystemClock()
        self._files = RunWriter(profile, self.aggregate, self._now_ns)
        self._collector = Collector(profile, self.aggregate, self._files.note)
        self._lifecycle = Lifecycle(
            profile,
            self.plan,
            self._fleet,
            self.aggregate,
            now_ns=self._now_ns,
            note=self._files.note,
            half_width=self._collector.half_width,
            recording=recording,
        )
        self._runs_root = runs_root
        self._arguments = tuple(arguments)
        self._renewal: Renewal | None = None
        self._start_ns: int | None = None
        self._end_ns: int | None = None
        self._gave_back_ns = 0
        self._told_shifts = 1
        """Of the plan's shifts the target knows so many; the first is the run's beginning."""
        self._telling = asyncio.Lock()
        self._hurry: asyncio.Task[None] | None = None
        """What tells it at once of a command, which takes effect before the next tick."""
        self._target_statistics: dict[str, Any] = {}
        self._broke = ""
        self._judgement: Judgement | None = None
        """Once the run has ended: what views and files both say."""

    @property
    def state(self) -> RunState:
        """Where the run is, from its preparation to its end."""
        return self._lifecycle.state

    # -- life

    async def prepare(self) -> None:
        """Bring up target and workers; nothing is sent yet. Raises TargetError or LamloadError."""
        try:
            await self._prepare()
        except TargetError as error:
            raise TargetError(self.profile.secrets.mask_said(str(error))) from error

    async def _prepare(self) -> None:
        hosts = await self._fleet.hosts()
        check_limits(self.profile, hosts)
        for line in crowded(self.profile, hosts):
            self._tell(line)
        bindings = await self.target.bind(self.profile.variants)
        credentials = self.target.credentials
        orders = work_orders(
            self.profile, self.plan, hosts, bindings, credentials, self._connections
        )
        workers = await self._fleet.start(orders)
        if credentials is not None:
            self._renewal = self._renewal_of(credentials)
        self._collector.ready(workers)
        folder = RunFolder.create(
            self._runs_root,
            self.profile,
            resolved_toml(self.profile),
            self._manifest(bindings, workers),
        )
        self._files.open(folder)
        self.target.keep_in(folder.path)

    def _manifest(self, bindings: Sequence[Binding], workers: Sequence[Ready]) -> dict[str, Any]:
        said = [self.profile.secrets.mask_said(word) for word in self._arguments]
        whole = (
            manifest(self.profile, bindings, workers, said, self.target.label)
            | {"configuration": dict(self.target.configuration)}
            | manifest_entry(self._recording)
            | self._fleet.manifest()
        )
        found: dict[str, Any] = self.profile.secrets.masked(whole)
        return found

    async def run(self) -> None:
        """From the first arrival to the last answer, or until something of ours breaks.

        What broke is an event and makes the run FAILED and INVALID; what was measured stays.
        """
        self._start_ns = await self._told_start_ns()
        self._lifecycle.begin(self._start_ns)
        ticker = asyncio.ensure_future(self._tick())
        hearing = asyncio.ensure_future(self._follow_frames())
        try:
            done, _ = await asyncio.wait({ticker, hearing}, return_when=asyncio.FIRST_COMPLETED)
            for ended in done:
                ended.result()
            self._end_ns = self._now_ns()
            self._tick_once()
            self._lifecycle.end()
        except Exception as error:  # noqa: BLE001 - whatever it was, results are kept
            self._break(error)
        finally:
            ticker.cancel()
            hearing.cancel()
            if self._hurry is not None:
                self._hurry.cancel()
            self._end_ns = self._now_ns()

    def _break(self, error: Exception) -> None:
        self._broke = f"the load broke: {type(error).__name__}: {error}"
        self._lifecycle.fail()
        self._files.note("broke", self._broke, traceback="".join(format_exception(error)))

    async def finish(self) -> RunResult:
        """Judge what there is and write the files whole."""
        self._target_statistics = await self.target.statistics()
        self._files.amend_manifest(self.profile.secrets.masked(await self._fleet.conclude()))
        self.aggregate.advance(self._now_ns())
        self.aggregate.settle()
        judgement = self._judged(running=False)
        windows = with_recoveries(judgement.windows, self.results())
        windows = with_late_successes(windows, self._target_statistics)
        judgement = self._judgement = replace(judgement, windows=windows)
        curves = self.aggregate.curves()
        slos = [evaluate(slo, judgement.windows, curves) for slo in self.profile.slos]
        self._files.note("end", f"{judgement.verdict.value}: {self.state.value}")
        recorded = self._files.finish(judgement, slos, self.state, self._target_statistics)
        return RunResult(recorded, self._exit_code(judgement.verdict, slos))

    def _judged(self, *, running: bool) -> Judgement:
        return self._collector.judged(
            running=running,
            interrupted=self._lifecycle.interrupted,
            target=self._target_statistics,
            ended_by=[words for words in (self._broke, self._lifecycle.lost_target) if words],
        )

    def _exit_code(self, verdict: Verdict, slos: Sequence[SloResult]) -> ExitCode:
        if self._broke:
            return ExitCode.INTERNAL
        if self._lifecycle.interrupted:
            return ExitCode.INTERRUPTED
        if verdict is Verdict.INVALID:
            return ExitCode.INVALID
        if any(slo.state is SloState.FAILED for slo in slos):
            return ExitCode.THRESHOLD
        return ExitCode.OK

    def write(self, name: str, text: str, result: RunResult) -> RunResult:
        """Add a file to the run's folder, whole or not at all: then the result's reasons say so."""
        self._files.write(name, text)
        return replace(result, recorded=self._files.with_complaints(result.recorded))

    async def close(self) -> None:
        """Give back workers and target."""
        if self._renewal is not None:
            self._renewal.close()
        await self._fleet.close()
        await self.target.close()

    # -- as time passes

    async def _follow_frames(self) -> None:
        """Until every worker has ended."""
        async for worker, frame in self._fleet.frames():
            self._on_frame(worker, frame)

    def _on_frame(self, worker: int, frame: Frame) -> None:
        self._collector.on_frame(worker, frame)
        self._lifecycle.on_frame(worker, frame)
        self._files.on_frame(worker, frame)

    async def _tick(self) -> None:
        while True:
            due_ns = self._lifecycle.until_due_ns(self._now_ns())
            wait_ns = TICK_NS if due_ns is None else min(TICK_NS, due_ns)
            await self._clock.sleep_ns(wait_ns)
            self._tick_once()
            await self._tell_target()

    async def _told_start_ns(self) -> int:
        """When the load begins: early enough for nobody to wait, and the target knows of it."""
        needed_ns = 0
        for _ in range(TELLINGS):
            asked_ns = self._clock.now_ns()
            start_ns = asked_ns + needed_ns + START_MARGIN_NS + self._fleet.latency_ns
            await self._expect(start_ns)
            took_ns = self._clock.now_ns() - asked_ns
            if took_ns <= max(needed_ns, QUICK_NS):
                break
            needed_ns = 2 * took_ns
        return start_ns

    async def _expect(self, start_ns: int) -> None:
        """Tell the target when which variant has its turns, by the plan as commands have it."""
        shifts = self.aggregate.plan_time.shifts
        self._told_shifts = len(shifts)
        moved = [replace(s, at_ns=start_ns + s.at_ns, plan_ns=start_ns + s.plan_ns) for s in shifts]
        await self.target.expect(turns(self.plan, self.profile.variants, start_ns), moved)

    async def _tell_target(self) -> None:
        """Tell the target of disturbances that are to come, and of what puts off or skips them."""
        start_ns = self._start_ns
        if start_ns is None:
            return
        async with self._telling:
            strikes = self._lifecycle.take_strikes()
            if strikes:
                await self.target.expect([turn_before(strike, start_ns) for strike in strikes])
            if len(self.aggregate.plan_time.shifts) != self._told_shifts:
                await self._expect(start_ns)

    def _tick_once(self) -> None:
        now_ns = self._now_ns()
        self.aggregate.advance(now_ns)
        self._files.add_settled(self._collector.drain_vitals(now_ns))
        if self._renewal is not None:
            self._renewal.look()
        self._lifecycle.tick(now_ns, self.target.lost())
        if now_ns - self._gave_back_ns >= GIVE_BACK_NS:
            self._gave_back_ns = now_ns
            give_back()

    def _renewal_of(self, credentials: Credentials) -> Renewal:
        return Renewal(
            credentials,
            lambda: load_credentials(os.environ),
            now_s=time,
            renewed=lambda fresh: self._fleet.broadcast(FrameKind.CREDENTIALS, fresh),
            refused=lambda words: self._files.note(CREDENTIALS_EVENT, words),
        )

    def _now_ns(self) -> int:
        if self._end_ns is not None:
            return self._end_ns
        return 0 if self._start_ns is None else max(0, self._clock.now_ns() - self._start_ns)

    # -- what views see and say

    def command(self, command: Command) -> None:
        """Carry out a command; every one that has an effect is an event."""
        self._lifecycle.command(command)
        if len(self.aggregate.plan_time.shifts) != self._told_shifts:
            self._hurry = asyncio.ensure_future(self._tell_target())

    def window(self, seconds: int | None) -> tuple[Window, ...]:
        """Per variant, the last seconds, or the whole run's measured phases for None."""
        return self.aggregate.totals() if seconds is None else self.aggregate.window(seconds)

    def curves(self) -> dict[str, dict[Measure, Curve]]:
        """Whole distributions so far, by the variant's name; measured phases."""
        return self.aggregate.curves()

    def class_curves(self) -> dict[str, dict[str, Curve]]:
        """Response times of cold, warm, retried and failed invocations, likewise."""
        return self.aggregate.class_curves()

    def results(self) -> LiveResults:
        """What the run tells of its question, part by part."""
        return LiveResults(self.profile, self.aggregate)

    def snapshot(self) -> Snapshot:
        """The run at this moment; takes what changed since the last call."""
        now_ns = self._now_ns()
        self.aggregate.advance(now_ns)
        pulse = self.aggregate.pulse()
        segment, phase = self._lifecycle.current(now_ns)
        judgement = self._judgement or self._judged(running=True)
        return Snapshot(
            t_ns=now_ns,
            state=self.state,
            title=self.profile.title or self.profile.name,
            target=self.profile.secrets.mask(self.target.label),
            phase=phase,
            segment=segment,
            elapsed_ns=now_ns,
            remaining_ns=self._lifecycle.remaining_ns(now_ns, judgement.windows),
            planned_rps=pulse.planned_rps,
            achieved_rps=pulse.achieved_rps,
            in_flight=pulse.in_flight,
            send_lag=pulse.send_lag,
            windows=judgement.windows,
            intervals=self.aggregate.changed(),
            workers=self._collector.workers,
            nodes=self._collector.nodes,
            reasons=judgement.reasons,
            verdict=judgement.verdict,
            samples=self._collector.samples,
            events=tuple(self._files.events),
            spend_usd=self.aggregate.spend_usd(),
            run_folder=self._files.path,
            vitals=self._collector.fresh_vitals(),
            projected_usd=self.aggregate.projected_usd(),
            rate_factor=self._lifecycle.rate_factor,
        )
