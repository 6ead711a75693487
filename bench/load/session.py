"""A run from beginning to end: target, workers, results, files. The coordinator's heart.

It draws nothing: views poll `snapshot()` and send `command()`s; what they show and what the files
hold come from the same aggregate. It is one asyncio task that no view owns, so that a view's crash
does not end the load.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from time import monotonic_ns, time
from traceback import format_exception
from typing import Any

from bench.aws.credentials import Credentials, renewed
from bench.errors import ExitCode
from bench.load.control import Steering
from bench.load.explore import Explorer
from bench.load.fleet import LocalFleet
from bench.load.frames import Frame, FrameKind, Replan, Start, WorkOrder
from bench.load.manifest import manifest
from bench.load.preflight import check_limits, worker_count
from bench.load.stopping import Stopping
from bench.load.target import OpenTarget, open_target
from bench.model import (
    NS_PER_MS,
    NS_PER_S,
    Binding,
    Command,
    CommandKind,
    Measure,
    Outcome,
    Plan,
    Profile,
    Reason,
    RunEvent,
    RunState,
    Sample,
    Segment,
    Snapshot,
    Verdict,
    Vitals,
    Window,
    WorkerHealth,
)
from bench.plan import make_plan
from bench.profile import resolved_toml
from bench.record.aggregate import Aggregate
from bench.record.recorded import RecordedRun
from bench.record.runlog import RunFolder
from bench.record.validity import Evidence, HealthHistory, Judgement, judge
from bench.record.vitals import VitalSigns
from bench.stats.quantiles import Curve, precision
from bench.stats.slo import SloResult, SloState, evaluate

TICK_NS = 250 * NS_PER_MS
START_MARGIN_NS = 150 * NS_PER_MS
"""From the start command to the first arrival: every worker must have it by then."""
CHANGE_MARGIN_NS = 120 * NS_PER_MS
"""From a command of the operator's to its effect, so that all workers change over together."""
GRACE_NS = 10 * NS_PER_S
"""What an answer may take beyond its timeouts after the last arrival before the run aborts it."""
TARGET_STATISTICS = "target.json"
"""What the target itself counted, where it tells."""
KEPT_VITALS = 3600
"""Seconds of the whole run's vitals that wait for a view; the file has them all."""
LOADED = (RunState.RUNNING, RunState.HOLDING)
"""States in which arrivals are still to come."""
NOTED_SAMPLES = 3
"""Failed attempts of a kind (variant, outcome, status) that events.jsonl tells of."""
KEPT_SAMPLES = 500
"""Failed attempts that a live view can show; the files keep what they want."""


@dataclass(frozen=True, slots=True)
class RunResult:
    """How a run ended, and where its files lie."""

    recorded: RecordedRun
    exit_code: ExitCode
    answers: tuple[str, ...] = ()
    """What a capacity search found, a sentence per variant."""


class RunSession:
    """One run. Call `prepare`, `run` and `finish` in this order; `close` in any case."""

    def __init__(self, profile: Profile, runs_root: Path, arguments: Sequence[str] = ()) -> None:
        self.profile = profile
        self.plan: Plan = make_plan(profile)
        self.aggregate = Aggregate(profile, self.plan)
        self.target: OpenTarget = open_target(profile)
        self.state = RunState.PREPARING
        self._fleet = LocalFleet()
        self._folder: RunFolder | None = None
        self._runs_root = runs_root
        self._arguments = tuple(arguments)
        self._steering = Steering(self.plan)
        self._explorer = (
            Explorer(profile.capacity, len(profile.variants)) if profile.capacity else None
        )
        self._stopping = Stopping(profile.stop, profile.max_spend_usd, self._half_width)
        self._bindings: tuple[Binding, ...] = ()
        self._credentials: Credentials | None = None
        self._start_ns: int | None = None
        self._end_ns: int | None = None
        self._give_up_ns: int | None = None
        self._health: dict[int, WorkerHealth] = {}
        self._health_history = HealthHistory()
        self._samples: deque[Sample] = deque(maxlen=KEPT_SAMPLES)
        self._seen: Counter[tuple[str, Outcome, int]] = Counter()
        self._events: list[RunEvent] = []
        self._vital_signs = VitalSigns(self.aggregate)
        self._vitals: deque[Vitals] = deque(maxlen=KEPT_VITALS)
        self._request_ids: dict[int, list[str]] = {}
        self._target_statistics: dict[str, Any] = {}
        self._lost_target = ""
        self._broke = ""
        self._interrupted = False
        self._judgement: Judgement | None = None
        """Once the run has ended: what views and files both say."""

    # -- life

    async def prepare(self) -> None:
        """Bring up target and workers; nothing is sent yet. Raises TargetError or LamloadError."""
        check_limits(self.profile)
        self._bindings = await self.target.bind(self.profile.variants)
        self._credentials = self.target.credentials
        workers = worker_count(self.profile)
        await self._fleet.start([self._order(worker, workers) for worker in range(workers)])
        self._folder = RunFolder.create(
            self._runs_root,
            self.profile,
            resolved_toml(self.profile),
            manifest(self.profile, self._bindings, workers, self._arguments, self.target.label)
            | {"configuration": dict(self.target.configuration)},
        )
        self.target.keep_in(self._folder.path)

    async def run(self) -> None:
        """From the first arrival to the last answer, or until something of ours breaks.

        What broke is an event and makes the run FAILED and INVALID; what was measured stays.
        """
        self._start_ns = monotonic_ns() + START_MARGIN_NS
        self.state = RunState.RUNNING
        self._note("start", self.profile.title or self.profile.name)
        self._fleet.broadcast(FrameKind.START, self._start())
        ticker = asyncio.ensure_future(self._tick())
        hearing = asyncio.ensure_future(self._hear())
        try:
            done, _ = await asyncio.wait({ticker, hearing}, return_when=asyncio.FIRST_COMPLETED)
            for ended in done:
                ended.result()
            self._end_ns = self._now_ns()
            self._tick_once()
            self.state = RunState.INTERRUPTED if self._interrupted else RunState.FINISHED
        except Exception as error:  # noqa: BLE001 - whatever it was, results are kept
            self._break(error)
        finally:
            ticker.cancel()
            hearing.cancel()
            self._end_ns = self._now_ns()

    def _break(self, error: Exception) -> None:
        self._broke = f"the load broke: {type(error).__name__}: {error}"
        self.state = RunState.FAILED
        self.aggregate.cut(self._now_ns())
        self._note("broke", self._broke, traceback="".join(format_exception(error)))

    async def finish(self) -> RunResult:
        """Judge what there is and write the files whole."""
        assert self._folder is not None
        self._target_statistics = await self.target.statistics()
        self.aggregate.advance(self._now_ns())
        judgement = self._judgement = self._judged(running=False)
        verdict, windows = judgement.verdict, judgement.windows
        curves = self.aggregate.curves()
        slos = [evaluate(slo, windows, curves) for slo in self.profile.slos]
        self._note("end", f"{verdict.value}: {self.state.value}")
        if self._target_statistics:
            text = json.dumps(self._target_statistics, indent=2) + "\n"
            self._folder.write(TARGET_STATISTICS, text)
        recorded = self._folder.finish(
            windows,
            self.aggregate.intervals(),
            judgement.reasons,
            verdict,
            slos,
            curves=curves,
            class_curves=self.aggregate.class_curves(),
            histograms=self.aggregate.settled(final=True),
            state=self.state,
        )
        return RunResult(recorded, self._exit_code(verdict, slos), self._answers())

    def _exit_code(self, verdict: Verdict, slos: Sequence[SloResult]) -> ExitCode:
        if self._broke:
            return ExitCode.INTERNAL
        if self._interrupted:
            return ExitCode.INTERRUPTED
        if verdict is Verdict.INVALID:
            return ExitCode.INVALID
        if any(slo.state is SloState.FAILED for slo in slos):
            return ExitCode.THRESHOLD
        return ExitCode.OK

    def _answers(self) -> tuple[str, ...]:
        if self._explorer is None:
            return ()
        variants = self.profile.variants
        return tuple(f"{variants[i].name}: {text}" for i, text in self._explorer.answers)

    def write(self, name: str, text: str) -> None:
        """Add a file to the run's folder, whole or not at all."""
        assert self._folder is not None
        self._folder.write(name, text)

    async def close(self) -> None:
        """Give back workers and target."""
        await self._fleet.close()
        await self.target.close()

    def _order(self, worker: int, workers: int) -> WorkOrder:
        profile = self.profile
        return WorkOrder(
            worker=worker,
            workers=workers,
            target=profile.target,
            bindings=self._bindings,
            load=profile.load,
            timeouts=profile.timeouts,
            retry=profile.retry,
            connections=profile.connections,
            credentials=self._credentials,
            keep_request_ids=profile.record_attempts,
        )

    def _start(self) -> Start:
        assert self._start_ns is not None
        if self._explorer is None:
            return Start(self._start_ns, self.plan.segments)
        return Start(self._start_ns, self._next_step(self._explorer, 0), finish=False)

    # -- what workers say

    async def _hear(self) -> None:
        """Until every worker has ended."""
        async for worker, frame in self._fleet.frames():
            self._take(worker, frame)

    def _take(self, worker: int, frame: Frame) -> None:
        kind, payload = frame.kind, frame.payload
        if kind is FrameKind.COUNTS:
            self.aggregate.take_counts(worker, payload)
            if self._explorer is not None:
                self._explorer.take_counts(payload)
        elif kind is FrameKind.ROWS:
            self.aggregate.take_rows(worker, payload)
            if self._explorer is not None:
                self._explorer.take_rows(payload)
            if self._folder is not None and self.profile.record_attempts:
                ids = self._request_ids.pop(worker, [])
                self._folder.append_attempts(payload, ids, self.aggregate.phase_of.tolist())
        elif kind is FrameKind.REQUEST_IDS:
            self._request_ids[worker] = payload  # they come just before their rows
        elif kind is FrameKind.HEALTH:
            self._health[worker] = payload
            self._health_history.take(payload)
        elif kind is FrameKind.SAMPLES:
            for sample in payload:
                self._keep_sample(self._named(sample))
        elif kind is FrameKind.FAILED:
            self._lose(worker, str(payload))

    def _keep_sample(self, sample: Sample) -> None:
        """For the screens all of late, for the files the first of each kind."""
        self._samples.append(sample)
        kind = (sample.variant, sample.outcome, sample.status)
        self._seen[kind] += 1
        if self._seen[kind] <= NOTED_SAMPLES:
            self._note(
                "failure",
                f"{sample.variant}: {sample.outcome.name.lower().replace('_', ' ')}",
                status=sample.status,
                attempt=sample.attempt,
                request_id=sample.request_id,
                detail=sample.detail,
            )

    def _named(self, sample: Sample) -> Sample:
        return replace(sample, variant=self.profile.variants[int(sample.variant)].name)

    def _lose(self, worker: int, words: str) -> None:
        self.aggregate.worker_lost(worker)
        if worker in self._health:
            self._health[worker] = replace(self._health[worker], alive=False)
        self._note("worker-lost", words.splitlines()[-1] if words else "no word", worker=worker)

    # -- what the operator says

    def command(self, command: Command) -> None:
        """Carry out a command; every one that has an effect is an event."""
        if self.state in (RunState.PREPARING, RunState.FINISHED, RunState.FAILED):
            return
        if command.kind is CommandKind.ABORT:
            self._interrupt(command, RunState.INTERRUPTED, FrameKind.ABORT)
        elif command.kind is CommandKind.DRAIN:
            if self.state is not RunState.DRAINING or not self._interrupted:
                self._interrupt(command, RunState.DRAINING, FrameKind.DRAIN)
                self._give_up_ns = self._now_ns() + self._patience_ns()
        elif self.state in (RunState.RUNNING, RunState.HOLDING) and self._explorer is None:
            self._steer(command)

    def _interrupt(self, command: Command, state: RunState, frame: FrameKind) -> None:
        self._interrupted = True
        self.state = state
        self._note("command", command.kind.value)
        self._end_load(frame)

    def _end_load(self, frame: FrameKind) -> None:
        """No more arrivals from now on, in the workers and in the plan."""
        now_ns = self._now_ns()
        self.aggregate.cut(now_ns)
        self._steering.end(now_ns)
        self._fleet.broadcast(frame)

    def _steer(self, command: Command) -> None:
        at_ns = self._now_ns() + CHANGE_MARGIN_NS
        change = self._steering.apply(command, at_ns)
        self._note("command", command.kind.value, value=command.value, at_ns=at_ns)
        if change is None:
            return
        if change.ended is not None:
            self.aggregate.add_segment(change.ended)
        for segment in change.segments:
            self.aggregate.add_segment(segment)
        self.state = RunState.HOLDING if self._steering.held else RunState.RUNNING
        self._replan(change.at_ns, change.segments, change.finish)

    def _replan(self, at_ns: int, segments: tuple[Segment, ...], finish: bool) -> None:
        self._fleet.broadcast(FrameKind.REPLAN, Replan(at_ns, segments, finish))

    # -- the search for capacity

    def _explore(self, now_ns: int, explorer: Explorer) -> None:
        if self.state is not RunState.RUNNING or not explorer.is_over(now_ns):
            return
        words, more = explorer.conclude()
        self._note("step", words)
        at_ns = now_ns + CHANGE_MARGIN_NS
        if more:
            self._replan(at_ns, self._next_step(explorer, at_ns), finish=False)
        else:
            self._replan(at_ns, (), finish=True)
            self._give_up_ns = at_ns + self._patience_ns()
            self.state = RunState.DRAINING

    def _next_step(self, explorer: Explorer, at_ns: int) -> tuple[Segment, ...]:
        step = explorer.begin(at_ns)
        for segment, phase in step:
            self.aggregate.add_segment(segment, phase)
        return tuple(segment for segment, _ in step)

    # -- the clock

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(TICK_NS / NS_PER_S)
            self._tick_once()

    def _tick_once(self) -> None:
        now_ns = self._now_ns()
        self.aggregate.advance(now_ns)
        passed = self.aggregate.passed()
        if self._folder is not None:
            if passed:
                self._folder.append_intervals(passed)
            self._folder.append_histograms(self.aggregate.settled())
        self._take_vitals(now_ns)
        self._renew_credentials()
        self._check_target()
        self._check_stop(now_ns)
        if self._explorer is not None:
            self._explore(now_ns, self._explorer)
        self._expire(now_ns)

    def _take_vitals(self, now_ns: int) -> None:
        vitals = self._vital_signs.tick(now_ns, self._health.values())
        self._vitals.extend(vitals)
        if self._folder is not None and vitals:
            self._folder.append_vitals(vitals)

    def _check_target(self) -> None:
        """Without its target a run only counts refused connections: it ends there."""
        lost = self.target.lost()
        if lost is None or self._lost_target or self.state not in LOADED:
            return
        self._lost_target = lost
        self._note("target-lost", lost)
        self.state = RunState.DRAINING
        self._give_up_ns = self._now_ns() + GRACE_NS
        self._end_load(FrameKind.DRAIN)

    def _renew_credentials(self) -> None:
        held = self._credentials
        fresh = None if held is None else renewed(held, os.environ, int(time()))
        if fresh is not None:
            self._credentials = fresh
            self._fleet.broadcast(FrameKind.CREDENTIALS, fresh)

    def _check_stop(self, now_ns: int) -> None:
        if self.state not in LOADED:
            return
        reason = self._stopping.reason(now_ns, self.aggregate.totals, self.aggregate.spend_usd)
        if reason is not None:
            self.state = RunState.DRAINING
            self._give_up_ns = now_ns + self._patience_ns()
            self._note("stop", reason)
            self._end_load(FrameKind.DRAIN)

    def _expire(self, now_ns: int) -> None:
        """After the last arrival: drain by itself, and give up on what never answers."""
        ended = not self._steering.held and now_ns > self._steering.end_ns
        if self.state is RunState.RUNNING and self._explorer is None and ended:
            self.state = RunState.DRAINING
            self._give_up_ns = self._steering.end_ns + self._patience_ns()
        late = self._give_up_ns is not None and now_ns > self._give_up_ns
        if self.state is RunState.DRAINING and late:
            self.state = RunState.INTERRUPTED
            self._note("gave-up", "some invocations never ended")
            self._fleet.broadcast(FrameKind.ABORT)

    def _patience_ns(self) -> int:
        """The longest that an invocation can still take, retries included."""
        retry, timeouts = self.profile.retry, self.profile.timeouts
        attempt_ns = timeouts.connect_ns + timeouts.total_ns
        return retry.max_attempts * attempt_ns + (retry.max_attempts - 1) * retry.cap_ns + GRACE_NS

    def _now_ns(self) -> int:
        if self._end_ns is not None:
            return self._end_ns
        return 0 if self._start_ns is None else max(0, monotonic_ns() - self._start_ns)

    def _note(self, kind: str, text: str, **fields: Any) -> None:
        event = RunEvent(self._now_ns(), kind, text, fields)
        self._events.append(event)
        if self._folder is not None:
            self._folder.event(event)

    # -- what views see

    def window(self, seconds: int | None) -> tuple[Window, ...]:
        """Per variant, the last seconds, or the whole run's measured phases for None."""
        return self.aggregate.totals() if seconds is None else self.aggregate.window(seconds)

    def curves(self) -> dict[str, dict[Measure, Curve]]:
        """Whole distributions so far, by the variant's name; measured phases."""
        return self.aggregate.curves()

    def class_curves(self) -> dict[str, dict[str, Curve]]:
        """Response times of cold, warm, retried and failed invocations, likewise."""
        return self.aggregate.class_curves()

    def snapshot(self) -> Snapshot:
        """The run at this moment; takes what changed since the last call."""
        now_ns = self._now_ns()
        self.aggregate.advance(now_ns)
        pulse = self.aggregate.pulse()
        segment, phase = self._current(now_ns)
        judgement = self._judgement or self._judged(running=True)
        return Snapshot(
            t_ns=now_ns,
            state=self.state,
            title=self.profile.title or self.profile.name,
            target=self.target.label,
            phase=phase,
            segment=segment,
            elapsed_ns=now_ns,
            remaining_ns=self._remaining_ns(now_ns, judgement.windows),
            planned_rps=pulse.planned_rps,
            achieved_rps=pulse.achieved_rps,
            in_flight=pulse.in_flight,
            send_lag=pulse.send_lag,
            windows=judgement.windows,
            recent=self.aggregate.recent(),
            intervals=self.aggregate.changed(),
            workers=tuple(self._health.values()),
            reasons=judgement.reasons,
            verdict=judgement.verdict,
            samples=tuple(self._samples),
            events=tuple(self._events),
            spend_usd=self.aggregate.spend_usd(),
            run_folder=None if self._folder is None else str(self._folder.path),
            vitals=self._fresh_vitals(),
            projected_usd=self.aggregate.projected_usd(),
        )

    def _fresh_vitals(self) -> tuple[Vitals, ...]:
        vitals = tuple(self._vitals)
        self._vitals.clear()
        return vitals

    def _current(self, now_ns: int) -> tuple[Segment | None, str]:
        """The segment in force and the name of its phase."""
        if self._explorer is not None:
            return self._explorer.current(now_ns)
        segment = self._steering.segment_at(now_ns)
        return segment, "" if segment is None else self.profile.phases[segment.phase].name

    def _half_width(self, window: Window, q: float, confidence: float) -> float | None:
        curve = self.aggregate.curve(window.variant.name, Measure.RESPONSE)
        return None if curve is None else precision(curve, q, confidence)

    def _remaining_ns(self, now_ns: int, windows: tuple[Window, ...]) -> int:
        planned_ns = self._steering.left_ns(now_ns)
        by_precision_ns = self._stopping.remaining_ns(now_ns, windows)
        return planned_ns if by_precision_ns is None else min(planned_ns, by_precision_ns)

    def _judged(self, running: bool) -> Judgement:
        aggregate = self.aggregate
        evidence = Evidence(
            health=self._health_history,
            lost_workers=aggregate.lost_workers,
            gaps={} if running else aggregate.gap_fits(),
            target=self._target_statistics,
            interrupted=self._interrupted,
            running=running,
        )
        judgement = judge(self.profile, aggregate.totals(), evidence)
        ended_by = [words for words in (self._broke, self._lost_target) if words]
        if not ended_by:
            return judgement
        reasons = tuple(Reason(Verdict.INVALID, words) for words in ended_by)
        return Judgement(Verdict.INVALID, (*reasons, *judgement.reasons), judgement.windows)
