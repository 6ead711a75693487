"""The life of the load: what begins it, changes it and ends it, told to all workers at once.

The profile's plan, the operator's commands, stop rules and the search for capacity meet here; each
of them turns into segments for the aggregate and frames for the fleet.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from itertools import islice

from bench.load.capacity_run import CapacityRun
from bench.load.fleet import Fleet
from bench.load.frames import Frame, FrameKind, Replan, Start
from bench.load.iterations import CountedEnd
from bench.load.live_plan import LivePlan
from bench.load.replay import RecordedCommand, Recording
from bench.load.run_writer import Note
from bench.load.stop_rules import HalfWidth, StopRules
from bench.model.live import (
    ANSWER_EVENT,
    COMMAND_EVENT,
    FLEET_LOST_EVENT,
    NODE_LOST_EVENT,
    STEP_EVENT,
    RunState,
)
from bench.model.load import Command, CommandKind, Plan, Segment, Turn
from bench.model.profile import OnNodeLoss, Profile
from bench.model.result import CapacityAnswer, Window
from bench.model.times import NS_PER_MS, NS_PER_S
from bench.record.aggregate import Aggregate

CHANGE_MARGIN_NS = 120 * NS_PER_MS
"""From a command of the operator's to its effect, so that all workers change over together."""
SHORTEST_MARGIN_NS = 20 * NS_PER_MS
"""The same for a command that is given again and comes late: more than a frame takes to arrive."""
GRACE_NS = 10 * NS_PER_S
"""What an answer may take beyond its timeouts after the last arrival before the run aborts it."""
DRAIN_LIMIT_NS = 10 * NS_PER_S
"""How long answers are waited for at most once the operator has ended the load.

A plan's own end waits for as long as an answer may take. Whoever asks for the end does not: a
supervisor kills what has not ended 10 s (Docker) or 30 s (Kubernetes) after its SIGTERM, and files
have to be written and sandboxes ended in what is left.
"""
LOADED = (RunState.RUNNING, RunState.HOLDING)
"""States in which arrivals are still to come."""
DEAF = (RunState.PREPARING, RunState.FINISHED, RunState.INTERRUPTED, RunState.FAILED)
"""States in which a command has no effect."""


class Lifecycle:
    """Where the run is, and what is still to come."""

    def __init__(
        self,
        profile: Profile,
        plan: Plan,
        fleet: Fleet,
        aggregate: Aggregate,
        *,
        now_ns: Callable[[], int],
        note: Note,
        half_width: HalfWidth,
        recording: Recording,
    ) -> None:
        self.state = RunState.PREPARING
        self.interrupted = False
        """True once the operator has ended the load."""
        self.lost_target = ""
        """Why the target went away under load, or what a fleet stands on, if it did."""
        self._profile = profile
        self._plan = plan
        self._fleet = fleet
        self._aggregate = aggregate
        self._now_ns = now_ns
        self._note = note
        self._live_plan = LivePlan(plan)
        self._search = (
            CapacityRun(profile.capacity, profile.variants, aggregate) if profile.capacity else None
        )
        self._stop_rules = StopRules(profile.stop, profile.max_spend_usd, half_width)
        self._after_ns = self._stop_rules.after_ns
        """When the load is to end by itself; None without that, and once it is arranged."""
        self._give_up_ns: int | None = None
        self._strikes: list[Turn] = []
        self._recorded = deque(recording.commands)
        self._changed_ns = -1
        """When the latest command takes effect; each one does so after those before it."""
        self._counted = CountedEnd()
        self._drain_ns: int | None = None
        """When the workers have had their last arrival and are to be told to end."""

    # -- from the first arrival to the last

    def begin(self, start_ns: int) -> None:
        """Start the load. start_ns: of the monotonic clock, late enough for every worker."""
        self.state = RunState.RUNNING
        self._note("start", self._profile.title or self._profile.name)
        if self._search is None:
            start = Start(start_ns, self._plan.segments)
        else:
            start = Start(start_ns, self._next_step(self._search, 0), finish=False)
        self._fleet.broadcast(FrameKind.START, start)

    def tick(self, now_ns: int, lost_target: str | None) -> None:
        """Do what is due by now. lost_target: why the target is gone, if it is."""
        self._replay(now_ns)
        self._end_drained(now_ns)
        self._check_target(lost_target)
        self._check_time(now_ns)
        self._check_stop(now_ns)
        if self._search is not None:
            self._follow_search(now_ns, self._search)
        self._expire(now_ns)

    def end(self) -> None:
        """Settle what is left once every worker has ended."""
        while self._recorded:
            self._pass_over(self._recorded.popleft())
        if self._counted.by_answers:
            self._aggregate.cut(self._counted.end_ns)
        self._answer_early()
        self.state = RunState.INTERRUPTED if self.interrupted else RunState.FINISHED

    def fail(self) -> None:
        """Something of ours broke: nothing that was still to come counts as planned."""
        self.state = RunState.FAILED
        self._answer_early()
        self._aggregate.cut(self._now_ns())

    def current(self, now_ns: int) -> tuple[Segment | None, str]:
        """The segment in force and the name of its phase."""
        if self._search is not None:
            return self._search.current(now_ns)
        segment = self._live_plan.segment_at(now_ns)
        return segment, "" if segment is None else self._profile.phases[segment.phase].name

    @property
    def rate_factor(self) -> float:
        """What the profile's rate is multiplied by from the latest change on; 1.0 before any."""
        return self._live_plan.factor

    def remaining_ns(self, now_ns: int, windows: tuple[Window, ...]) -> int | None:
        """How much load is still to come, by the plan or by what ends it sooner.

        None while a search goes on: each step decides whether another one follows.
        """
        if self._search is not None:
            return None if self.state in (RunState.PREPARING, *LOADED) else 0
        left_ns = [self._live_plan.left_ns(now_ns)]
        by_results_ns = self._stop_rules.remaining_ns(now_ns, windows)
        if by_results_ns is not None:
            left_ns.append(by_results_ns)
        if self._after_ns is not None:
            left_ns.append(max(0, self._after_ns - now_ns))
        return min(left_ns)

    # -- what the operator says, or said in a recorded run

    def command(self, command: Command) -> None:
        """Carry out a command; every one that has an effect is an event."""
        self._obey(command, self._now_ns() + self._margin_ns())

    def until_due_ns(self, now_ns: int) -> int | None:
        """Nanoseconds until the next thing that `tick` has to do on time, None if there is none."""
        due_ns = [] if self._drain_ns is None else [self._drain_ns]
        due_ns += [recorded.due_ns for recorded in islice(self._recorded, 1)]
        if self._after_ns is not None and self.state in LOADED:
            due_ns.append(self._after_ns - self._margin_ns())
        return max(0, min(due_ns) - now_ns) if due_ns else None

    def _replay(self, now_ns: int) -> None:
        """Give the recorded commands that are due, as if their keys were pressed again."""
        while self._recorded and self._recorded[0].due_ns <= now_ns:
            recorded = self._recorded.popleft()
            at_ns = max(recorded.at_ns, now_ns + SHORTEST_MARGIN_NS + self._fleet.latency_ns)
            if not self._obey(recorded.command, at_ns, replayed=True):
                self._pass_over(recorded)

    def _pass_over(self, recorded: RecordedCommand) -> None:
        self._note("not-replayed", f"{recorded.words}: there was no load to change")

    def _obey(self, command: Command, at_ns: int, *, replayed: bool = False) -> bool:
        """False if the command has no effect any more.

        at_ns: when to change the load, if nothing that was asked for before comes later.
        """
        at_ns = max(at_ns, self._changed_ns + 1)
        if not self._accepts(command.kind, at_ns):
            return False
        marks = {"replayed": True} if replayed else {}
        if command.kind is CommandKind.ABORT:
            self._abort(marks)
        elif command.kind is CommandKind.DRAIN:
            self._drain(at_ns, marks)
        else:
            self._steer(command, at_ns, marks)
        return True

    def _accepts(self, kind: CommandKind, at_ns: int) -> bool:
        if kind is CommandKind.ABORT:
            return self.state not in DEAF
        if kind is CommandKind.DRAIN:
            return self.state not in DEAF and not self.interrupted
        return self.state in LOADED and self._live_plan.is_loaded(at_ns)  # never in a search

    def _abort(self, marks: Mapping[str, bool]) -> None:
        now_ns = self._now_ns()
        self.interrupted = True
        self.state = RunState.INTERRUPTED
        self._note(COMMAND_EVENT, CommandKind.ABORT.value, at_ns=now_ns, **marks)
        self._end_load(now_ns, FrameKind.ABORT)

    def _drain(self, at_ns: int, marks: Mapping[str, bool]) -> None:
        self.interrupted = True
        self._note(COMMAND_EVENT, CommandKind.DRAIN.value, at_ns=at_ns, **marks)
        self._end_at(at_ns)
        self._give_up_ns = at_ns + min(DRAIN_LIMIT_NS, self._patience_ns())

    def _end_at(self, at_ns: int) -> None:
        """Hold the load at at_ns, in all workers alike, and end it once that has passed."""
        self._changed_ns = at_ns
        self.state = RunState.DRAINING
        self._aggregate.cut(at_ns)
        self._live_plan.end(at_ns)
        self._replan(at_ns, (), finish=False)
        self._drain_ns = at_ns
        self._give_up_ns = at_ns + self._patience_ns()

    def _end_drained(self, now_ns: int) -> None:
        if self._drain_ns is not None and now_ns >= self._drain_ns:
            self._drain_ns = None
            self._fleet.broadcast(FrameKind.DRAIN)

    def _end_load(self, now_ns: int, frame: FrameKind) -> None:
        """No more arrivals from now on, in the workers and in the plan."""
        self._aggregate.cut(now_ns)
        self._live_plan.end(now_ns)
        self._fleet.broadcast(frame)

    def _steer(self, command: Command, at_ns: int, marks: Mapping[str, bool]) -> None:
        self._changed_ns = at_ns
        change = self._live_plan.apply(command, at_ns)
        self._aggregate.plan_time.apply(command.kind, at_ns)
        self._note(COMMAND_EVENT, command.kind.value, value=command.value, at_ns=at_ns, **marks)
        if change is None:
            return
        if change.ended is not None:
            self._aggregate.add_segment(change.ended)
        for segment in change.segments:
            self._aggregate.add_segment(segment)
        self.state = RunState.HOLDING if self._live_plan.held else RunState.RUNNING
        self._replan(change.at_ns, change.segments, change.finish)

    def _replan(self, at_ns: int, segments: tuple[Segment, ...], finish: bool) -> None:
        self._fleet.broadcast(FrameKind.REPLAN, Replan(at_ns, segments, finish))

    # -- what the workers say

    def on_frame(self, worker: int, frame: Frame) -> None:
        """Of a worker's frames, what ends the load."""
        if frame.kind is FrameKind.USED_UP:
            self._counted.told(worker, frame.payload)
            self._check_quotas()
        elif frame.kind is FrameKind.NOTE and self.state in LOADED:
            if frame.payload.kind == NODE_LOST_EVENT:
                self._on_node_loss(frame.payload.text)
            elif frame.payload.kind == FLEET_LOST_EVENT:  # answers come without it
                self._end_without(frame.payload.text)
        elif frame.kind is FrameKind.ATTEMPTS and self._give_up_ns is not None:
            # All has ended on one node, and what it recorded takes its time.
            self._give_up_ns = max(self._give_up_ns, self._now_ns() + self._patience_ns())

    def _on_node_loss(self, words: str) -> None:
        if self._profile.load.on_node_loss is OnNodeLoss.STOP:
            at_ns = max(self._now_ns() + self._margin_ns(), self._changed_ns + 1)
            if self._search is None and not self._live_plan.is_loaded(at_ns):
                return  # the plan ends before
            self._note("stop", f"load.on_node_loss is stop: {words}", at_ns=at_ns)
            self._end_at(at_ns)

    def _answer_early(self) -> None:
        """What a search knows that did not come to its end."""
        for answer in () if self._search is None else self._search.early_answers():
            self._note_answer(answer)

    def _note_answer(self, answer: CapacityAnswer) -> None:
        self._note(
            ANSWER_EVENT,
            answer.text,
            variant=answer.variant,
            rate_rps=answer.rate_rps,
            holds_rps=answer.holds_rps,
            fails_rps=answer.fails_rps,
            recovers_rps=answer.recovers_rps,
            relapses_rps=answer.relapses_rps,
        )

    def _follow_search(self, now_ns: int, search: CapacityRun) -> None:
        if self.state is not RunState.RUNNING:
            return
        at_ns = now_ns + self._margin_ns()
        cut = search.cut(now_ns, at_ns)
        if cut is not None:
            self._aggregate.add_segment(*cut)
            self._replan(at_ns, (), finish=False)
        if not search.is_over(now_ns):
            return
        words, fields, answer = search.conclude()
        self._note(STEP_EVENT, words, **fields)
        if answer is not None:
            self._note_answer(answer)
        if not search.has_ended:
            self._replan(at_ns, self._next_step(search, at_ns), finish=False)
        else:
            self._replan(at_ns, (), finish=True)
            self._give_up_ns = at_ns + self._patience_ns()
            self.state = RunState.DRAINING

    def _next_step(self, search: CapacityRun, at_ns: int) -> tuple[Segment, ...]:
        step = search.begin(at_ns)
        for segment, phase in step:
            self._aggregate.add_segment(segment, phase)
        if search.strikes is not None:
            self._strikes.append(search.strikes)
        return tuple(segment for segment, _ in step)

    def take_strikes(self) -> tuple[Turn, ...]:
        """Disturbances that were arranged since the last call: whom they strike, and when.

        Their instants count from the run's start.
        """
        taken, self._strikes = tuple(self._strikes), []
        return taken

    # -- what ends the load

    def _check_target(self, lost: str | None) -> None:
        """Without its target a run only counts refused connections: it ends there."""
        if lost is not None and not self.lost_target and self.state in (*LOADED, RunState.DRAINING):
            self._note("target-lost", lost)
            self._end_without(lost)

    def _end_without(self, words: str) -> None:
        """Something has gone that a load needs: end it. words: what, for the verdict."""
        if self.lost_target or self.state not in (*LOADED, RunState.DRAINING):
            return
        self.lost_target = words
        if self.state not in LOADED:
            return
        now_ns = self._now_ns()
        self.state = RunState.DRAINING
        self._give_up_ns = now_ns + GRACE_NS
        self._end_load(now_ns, FrameKind.DRAIN)

    def _check_time(self, now_ns: int) -> None:
        """Told in advance, all workers end at the very instant."""
        after_ns = self._after_ns
        if after_ns is None or self.state not in LOADED or now_ns < after_ns - self._margin_ns():
            return
        self._after_ns = None
        at_ns = max(after_ns, self._changed_ns + 1)
        if self._search is None and not self._live_plan.is_loaded(at_ns):
            return  # the plan ends before
        self._note("stop", self._stop_rules.passed_words(), at_ns=at_ns)
        self._end_at(at_ns)

    def _check_quotas(self) -> None:
        """The workers have ended the load by themselves, and with their last arrival the plan ends.

        A worker that died never tells: then the others end, and the verdict says why.
        """
        counted = self._counted
        if self.state not in LOADED or counted.workers < self._fleet.size:
            return
        counted.close(self._live_plan.segment_at(counted.last_ns))
        self.state = RunState.DRAINING
        self._give_up_ns = self._now_ns() + self._patience_ns()
        self._note("stop", self._stop_rules.begun_words(), at_ns=counted.end_ns)
        if not counted.by_answers:
            self._aggregate.cut(counted.end_ns)
        self._live_plan.end(counted.end_ns)

    def _check_stop(self, now_ns: int) -> None:
        if self.state not in LOADED:
            return
        aggregate = self._aggregate
        reason = self._stop_rules.reason(aggregate.totals, aggregate.spend_usd)
        if reason is not None:
            self.state = RunState.DRAINING
            self._give_up_ns = now_ns + self._patience_ns()
            self._note("stop", reason)
            self._end_load(now_ns, FrameKind.DRAIN)

    def _expire(self, now_ns: int) -> None:
        """After the last arrival: drain by itself, and give up on what never answers."""
        ended = now_ns > self._live_plan.end_ns
        if self.state is RunState.RUNNING and self._search is None and ended:
            self.state = RunState.DRAINING
            self._give_up_ns = self._live_plan.end_ns + self._patience_ns()
        late = self._give_up_ns is not None and now_ns > self._give_up_ns
        if self.state is RunState.DRAINING and late:
            self._give_up_ns = None  # once; the load came to its end all the same
            self._note("gave-up", "some invocations never ended")
            self._fleet.broadcast(FrameKind.ABORT)

    def _margin_ns(self) -> int:
        """From a change to its effect: every worker has to know of it by then."""
        return CHANGE_MARGIN_NS + self._fleet.latency_ns

    def _patience_ns(self) -> int:
        return self._profile.longest_invocation_ns + GRACE_NS
