"""The loop that turns a plan into exchanges. A state machine of callbacks.

What becomes of an invocation stands in call.py, of the callers of a closed loop in callers.py, and
what is kept of an attempt in attempt_log.py: all of them are on every invocation's way.

Rules of these files:
- No task and no future per invocation: one Call goes out and comes back.
- Response time counts from the intended arrival, whenever this code woke up.
- Every arrival is offered exactly once and ends exactly once: as a final row, as dropped, or as
  still in flight. offered == final rows + dropped + in flight, at any moment.
- Time and wires come in from outside, so that a test can turn an hour in no time.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from heapq import heappop, heappush
from random import Random
from time import time
from typing import TYPE_CHECKING

from bench.load.attempt_log import AttemptLog
from bench.load.call import Call
from bench.load.callers import CallerPool
from bench.load.clock import Clock
from bench.load.iterations import Iterations
from bench.load.pacer import NEVER_DUE, START, Pacer
from bench.load.retry.guard import guards
from bench.load.retry.policy import FailedAttempt, RetryPolicy
from bench.load.schedule import share
from bench.model.load import Segment
from bench.model.outcome import Answer, Outcome
from bench.model.profile import LoadSpec
from bench.model.result import Sample
from bench.model.retry import BreakerSpec, RetrySpec
from bench.model.times import NS_PER_S
from bench.record.row_layout import ArrivalCounts
from bench.wire.exchange import Exchange, Wire

if TYPE_CHECKING:
    from bench.endpoints.base import Endpoint
    from bench.endpoints.contract import ResponseCheck
    from bench.payloads.source import EventSource

_REJECTED = Answer(Outcome.REJECTED)
_LOOKS = 8
"""Times that arrivals are looked for in a row before the answers get their turn."""


class Engine:
    """Runs one worker's share of a plan.

    endpoints, wires, events, retries, breakers and checks (of responses that are OK) are indexed by
    variant. Instants are absolute (the clock's) inside and relative to start_ns in rows. done() is
    called once, when everything has ended or was aborted.
    """

    __slots__ = (
        "_cells",
        "_choose",
        "_counts",
        "_done",
        "_due",
        "_epoch_s",
        "_event",
        "_events",
        "_full_number",
        "_limit",
        "_log",
        "_number",
        "_policies",
        "_quota",
        "_quota_left",
        "_randoms",
        "_second",
        "_sequence",
        "_submits",
        "_wall_s",
        "_workers",
        "callers",
        "checks",
        "clock",
        "endpoints",
        "guards",
        "has_ended",
        "in_flight",
        "pacer",
        "record",
        "segment",
        "start_ns",
        "think_ns",
        "used_up_ns",
    )

    def __init__(
        self,
        *,
        clock: Clock,
        endpoints: Sequence[Endpoint],
        wires: Sequence[Wire],
        events: Sequence[EventSource],
        load: LoadSpec,
        retries: Sequence[RetrySpec],
        breakers: Sequence[BreakerSpec | None],
        done: Callable[[], None],
        worker: int = 0,
        workers: int = 1,
        wall_s: Callable[[], float] = time,
        keep_request_ids: bool = False,
        checks: Sequence[ResponseCheck | None] = (),
        quota: Iterations | None = None,
        choose: Callable[[int], int] | None = None,
    ) -> None:
        """choose: which event of a mix an invocation's number has; None where that is not kept."""
        self.clock = clock
        self.endpoints = endpoints
        self._submits: list[Callable[[Exchange], None]] = [wire.submit for wire in wires]
        self._events = events
        self._event = [source.next(0) if source.constant else b"" for source in events]
        self._choose = choose
        self.checks = checks if any(checks) else ()
        self.think_ns = load.think_ns
        self._policies = [RetryPolicy(retry) for retry in retries]
        self._randoms = [Random(f"retry/{load.seed}/{worker}") for _ in retries]
        """Each variant draws from its own, and all of them the same numbers."""
        self.guards = guards(retries, breakers, workers)
        self._done = done
        self._workers = workers
        self._wall_s = wall_s
        self._limit = max(1, share(load.in_flight, worker, workers))
        self.start_ns = 0
        self.pacer = Pacer(load, worker, workers)
        self.segment: Segment | None = None
        self.callers = CallerPool(self, len(endpoints), load.think_ns, worker, workers)
        self._due: list[tuple[int, int, Call | None]] = []
        self._sequence = 0
        self.has_ended = False
        self._number = worker
        self._quota = quota
        self._quota_left = 0 if quota is None else quota.invocations
        self._full_number = NEVER_DUE
        """The number of the first invocation beyond the quota, while a phase counts against it."""
        self.used_up_ns: int | None = None
        """The arrival (of the run) with which the quota was used up."""
        self.in_flight = 0
        self._log = AttemptLog(endpoints, keep_request_ids)
        self.record = self._log.record
        self._counts = ArrivalCounts()
        self._second = -1
        self._epoch_s = int(wall_s())
        """Looked at once a second of arrivals, and before a retry."""
        self._cells: dict[int, list[int]] = {}

    # -- control

    def start(self, segments: Sequence[Segment], start_ns: int, finish: bool = True) -> None:
        """Begin; start_ns is the instant at which the run's clock shows zero.

        Without finish the engine waits for a replan after the last segment.
        """
        self.start_ns = self._log.start_ns = start_ns
        self.pacer.begin(segments, finish)
        self.pump()

    def replan(self, at_ns: int, segments: Sequence[Segment], finish: bool) -> None:
        """From at_ns (of the run) on, follow segments instead; without finish, wait after them."""
        if self.used_up_ns is not None:
            return
        self.pacer.replan(at_ns, segments, finish)
        self.callers.until_ns = min(self.callers.until_ns, self.pacer.cut_ns)
        self.pump()

    def drain(self) -> None:
        """No new arrivals; what is in flight goes on to its end, retries included."""
        self._end_arrivals()
        self.pump()

    def abort(self) -> None:
        """End at once; what is in flight stays counted as in flight."""
        self._due.clear()
        self._finish()

    def collect(self) -> tuple[bytes, bytes, list[Sample], list[str]]:
        """Rows, counts, failure samples and request ids since the last call."""
        self._second = -1
        rows, samples, request_ids = self._log.drain()
        return rows, self._counts.drain(), samples, request_ids

    def quiet_for_ns(self) -> int:
        """Nanoseconds until the next thing that is already known to fall due."""
        now_ns = self.clock.now_ns() - self.start_ns
        return min(self.pacer.next[0], self._due[0][0] if self._due else NEVER_DUE) - now_ns

    def open_breakers(self) -> tuple[int, ...]:
        """Variants whose circuit breaker is not closed."""
        return tuple(i for i, guard in enumerate(self.guards) if not guard.is_closed)

    # -- the loop

    def pump(self) -> None:
        """Do all that is due and set the alarm for the next thing. The clock's callback."""
        if self.has_ended:
            return
        clock, start_ns, due, pacer = self.clock, self.start_ns, self._due, self.pacer
        for _ in range(_LOOKS):
            now_ns = clock.now_ns() - start_ns
            while True:
                next_ns = pacer.next[0]
                if due and due[0][0] <= now_ns and due[0][0] <= next_ns:
                    self._resume()
                elif next_ns <= now_ns:
                    self._step()
                else:
                    break
            wake_ns = min(next_ns, due[0][0]) if due else next_ns
            if pacer.over and not self.in_flight:
                self._finish()
                return
            if not clock.wait_briefly(wake_ns + start_ns):
                break
        clock.set_alarm(None if wake_ns == NEVER_DUE else wake_ns + start_ns)

    def _step(self) -> None:
        intended_ns, variant, segment = self.pacer.next
        if variant >= 0 and segment is not None:
            self._offer(intended_ns, variant, segment.index)
        elif variant == START:
            self.segment = segment
            if self._quota is not None:
                self._count_against(self._quota, intended_ns)
            self.callers.set_to(intended_ns)
        else:
            self._end_arrivals()
            return
        self.pacer.advance()

    def _end_arrivals(self) -> None:
        self.pacer.end()
        self.segment = None
        self.callers.until_ns = 0

    def _resume(self) -> None:
        when_ns, _, waiting = heappop(self._due)
        if waiting is None:
            self.callers.set_to(when_ns)
        elif waiting.attempt:
            self._epoch_s = int(self._wall_s())
            self._send(waiting)
        else:
            self.callers.go_on(waiting, when_ns)

    def later(self, when_ns: int, waiting: Call | None) -> None:
        """Come back for a retry (a call with attempts), a caller (one without), or all callers."""
        self._sequence += 1
        heappush(self._due, (when_ns, self._sequence, waiting))

    # -- invocations

    def _offer(self, intended_ns: int, variant: int, segment: int) -> None:
        cell = self.cell(intended_ns, variant, segment)
        cell[0] += 1
        if self.in_flight >= self._limit:
            cell[1] += 1
            return
        if self.guards and not self.guards[variant].admits(self.clock.now_ns()):
            self.reject(Call(self, variant, caller=False), intended_ns, segment)
            return
        self.begin(Call(self, variant, caller=False), intended_ns, segment)

    def reject(self, call: Call, intended_ns: int, segment: int) -> None:
        """The breaker is open: the arrival ends here, without an attempt."""
        call.intended_ns, call.segment = intended_ns, segment
        call.refused = False
        call.reset(b"")
        call.last_ns = self.clock.now_ns()
        self.record(call, _REJECTED, final=True)
        if self._full_number != NEVER_DUE:  # it has ended without a number of its own
            self._full_number -= self._workers
            if self._number >= self._full_number:
                self._use_up(intended_ns)

    def cell(self, intended_ns: int, variant: int, segment: int) -> list[int]:
        """Counts of a second, a variant and a segment, to be added to: offered, dropped."""
        second = intended_ns // NS_PER_S
        if second != self._second:
            self._second = second
            self._epoch_s = int(self._wall_s())
            self._cells.clear()
        key = segment << 16 | variant
        cell = self._cells.get(key)
        if cell is None:
            cell = self._cells[key] = self._counts.cell(second, variant, segment)
        return cell

    def begin(self, call: Call, intended_ns: int, segment: int) -> None:
        """Send a call's first attempt: the arrival has been counted, and there is a slot for it."""
        call.intended_ns, call.segment = intended_ns, segment
        call.waited_ns = call.paid = 0
        call.refused = False
        self.in_flight += 1
        call.number = number = self._number
        variant = call.variant
        call.event = self._event[variant] or self._events[variant].next(number)
        if self._choose is not None:
            call.payload = self._choose(number)
        self._number = number = number + self._workers
        if number >= self._full_number:
            self._use_up(intended_ns)
        # What _send does for the attempts after the first one, without its call.
        call.attempt = 1
        request = self.endpoints[variant].request
        call.reset(request(call.event, self._epoch_s))
        self._submits[variant](call)

    def _send(self, call: Call) -> None:
        variant = call.variant
        call.attempt += 1
        request = self.endpoints[variant].request
        call.reset(request(call.event, self._epoch_s))
        self._submits[variant](call)

    def checked(self, call: Call, answer: Answer) -> Answer:
        """A response that breaks the contract of its event's service is the function's error."""
        check = self.checks[call.variant]
        problem = check(call.number, call.event, call.body) if check is not None else None
        if problem is None:
            return answer
        return replace(answer, outcome=Outcome.FUNCTION_ERROR, detail=problem)

    def failed(self, call: Call, answer: Answer) -> int | None:
        """Keep the failure for the eye; how long to wait before the next attempt, None for none."""
        self._log.sample(call, answer)
        failure = FailedAttempt(call.attempt, answer.outcome, call.waited_ns, answer.retry_after_ns)
        variant = call.variant
        delay_ns = self._policies[variant].next_delay_ns(failure, self._randoms[variant])
        if delay_ns is None or not self.guards:
            return delay_ns
        guard = self.guards[variant]
        paid = guard.retry(answer.outcome, call.last_ns, call.last_ns + delay_ns)
        call.paid, call.refused = paid or 0, paid is None
        return None if paid is None else delay_ns

    def retry(self, call: Call) -> None:
        """Send the next attempt once the call has waited."""
        self.later(call.last_ns - self.start_ns + call.waited_ns, call)
        self.pump()

    # -- the quota

    def _count_against(self, quota: Iterations, t_ns: int) -> None:
        """A segment begins: from here on invocations use the quota up, or do not."""
        workers = self._workers
        if self._full_number != NEVER_DUE:
            self._quota_left = (self._full_number - self._number) // workers
        self._full_number = NEVER_DUE
        segment = self.segment
        if segment is None or segment.phase in quota.unmeasured:
            return
        if self._quota_left:
            self._full_number = self._number + self._quota_left * workers
        else:
            self._use_up(t_ns)

    def _use_up(self, t_ns: int) -> None:
        """No arrivals after this one, whatever the plan says."""
        self.used_up_ns = t_ns
        self._end_arrivals()

    def _finish(self) -> None:
        if not self.has_ended:
            self.has_ended = True
            self.clock.set_alarm(None)
            self._done()
