"""The loop that turns a plan into exchanges and exchanges into rows. A state machine of callbacks.

Rules of this file:
- No task and no future per invocation: one `_Call` object goes out and comes back.
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

from bench.load.clock import Clock
from bench.load.iterations import Iterations
from bench.load.pacer import NEVER_DUE, START, Pacer
from bench.load.retry.guard import guards
from bench.load.retry.policy import FailedAttempt, RetryPolicy
from bench.load.schedule import callers_at, next_caller_change_ns, share
from bench.model.load import Segment
from bench.model.outcome import Answer, Outcome
from bench.model.profile import LoadSpec
from bench.model.result import Sample
from bench.model.retry import BreakerSpec, RetrySpec
from bench.model.times import NEVER, NS_PER_MS, NS_PER_S
from bench.record.row_layout import (
    FLAG_CENSORED,
    FLAG_COLD,
    FLAG_FINAL,
    FLAG_REFUSED,
    Counts,
    RowBuffer,
    pack_row,
)
from bench.wire.exchange import Exchange, Wire

if TYPE_CHECKING:
    from bench.endpoints.base import Endpoint
    from bench.endpoints.contract import ResponseCheck
    from bench.payloads.source import EventSource

_OK, _TIMEOUT = Outcome.OK, Outcome.TIMEOUT
"""Members of an Enum are found slowly."""
_REJECTED = Answer(Outcome.REJECTED)
REJECTED_PAUSE_NS = 100 * NS_PER_MS
"""What a caller of a closed loop waits at least before it knocks at an open breaker again."""
_LOOKS = 8
"""Times that arrivals are looked for in a row before the answers get their turn."""
SAMPLES_PER_KIND = 5
"""Failed attempts kept for the eye, per variant, outcome and shipment."""


class _Call(Exchange):
    """One invocation, through all of its attempts."""

    __slots__ = (
        "attempt",
        "caller",
        "engine",
        "event",
        "intended_ns",
        "number",
        "paid",
        "refused",
        "segment",
        "variant",
        "waited_ns",
    )

    intended_ns: int
    segment: int
    number: int
    event: bytes
    waited_ns: int
    paid: int
    refused: bool

    def __init__(self, engine: Engine, variant: int, caller: bool) -> None:
        self.engine = engine
        self.variant = variant
        self.caller = caller
        self.body_limit = engine._endpoints[variant].body_limit
        self.attempt = 0

    def finished(self) -> None:
        """An attempt has ended: keep its row, then try again, go on as a caller, or be done."""
        engine = self.engine
        if engine._ended:
            return
        if self.failure is None:
            answer = engine._endpoints[self.variant].classify(self.status, self.head, self.body)
            if engine._checks and answer.outcome is _OK:
                answer = engine._checked(self, answer)
        else:
            answer = Answer(self.failure, detail=self.detail)
        if engine._guards:
            engine._guards[self.variant].ended(self, answer.outcome)
        delay_ns = None if answer.outcome is _OK else engine._failed(self, answer)
        engine._record(self, answer, delay_ns is None)
        if delay_ns is not None:
            self.waited_ns = delay_ns
            engine._retry(self)
            return
        engine.in_flight -= 1
        if self.caller:
            self.attempt = 0
            if engine._think_ns:
                engine._let_think(self)
            else:
                engine._continue_caller(self, self.last_ns - engine._start_ns)
                if engine._guards:
                    engine.pump()  # it may have been told to come back later
        if engine._agenda.over and not engine.in_flight:
            engine.pump()


class Engine:
    """Runs one worker's share of a plan.

    endpoints, wires and checks (of responses that are OK) are indexed by variant. Instants are
    absolute (the clock's) inside and relative to start_ns in rows. done() is called once, when
    everything has ended or was aborted.
    """

    __slots__ = (
        "_add_row",
        "_agenda",
        "_callers",
        "_cells",
        "_checks",
        "_clock",
        "_done",
        "_due",
        "_ended",
        "_endpoints",
        "_epoch_s",
        "_event",
        "_events",
        "_full_number",
        "_guards",
        "_limit",
        "_number",
        "_policy",
        "_quota",
        "_quota_left",
        "_random",
        "_sample_counts",
        "_second",
        "_segment",
        "_sequence",
        "_start_ns",
        "_submits",
        "_think_ns",
        "_wall_s",
        "_wanted",
        "_wanted_until_ns",
        "_worker",
        "_workers",
        "counts",
        "in_flight",
        "request_ids",
        "rows",
        "samples",
        "used_up_ns",
    )

    def __init__(
        self,
        *,
        clock: Clock,
        endpoints: Sequence[Endpoint],
        wires: Sequence[Wire],
        events: EventSource,
        load: LoadSpec,
        retry: RetrySpec,
        done: Callable[[], None],
        breaker: BreakerSpec | None = None,
        worker: int = 0,
        workers: int = 1,
        wall_s: Callable[[], float] = time,
        keep_request_ids: bool = False,
        checks: Sequence[ResponseCheck | None] = (),
        quota: Iterations | None = None,
    ) -> None:
        self._clock = clock
        self._endpoints = endpoints
        self._submits: list[Callable[[Exchange], None]] = [wire.submit for wire in wires]
        self._events = events
        self._event = events.next(0) if events.constant else b""
        self._checks = checks if any(checks) else ()
        self._think_ns = load.think_ns
        self._policy = RetryPolicy(retry)
        self._guards = guards(retry, breaker, len(endpoints), workers)
        self._random = Random(f"retry/{load.seed}/{worker}")
        self._done = done
        self._worker, self._workers = worker, workers
        self._wall_s = wall_s
        self._limit = max(1, share(load.in_flight, worker, workers))
        self._start_ns = 0
        self._agenda = Pacer(load, worker, workers)
        self._segment: Segment | None = None
        self._callers = [0] * len(endpoints)
        self._wanted = [0] * len(endpoints)
        self._wanted_until_ns = 0
        self._due: list[tuple[int, int, _Call | None]] = []
        self._sequence = 0
        self._ended = False
        self._number = worker
        self._quota = quota
        self._quota_left = 0 if quota is None else quota.invocations
        self._full_number = NEVER_DUE
        """The number of the first invocation beyond the quota, while a phase counts against it."""
        self.used_up_ns: int | None = None
        """The arrival (of the run) with which the quota was used up."""
        self.in_flight = 0
        self.rows = RowBuffer()
        self._add_row = self.rows.add
        self.counts = Counts()
        self.samples: list[Sample] = []
        self.request_ids: list[str] | None = [] if keep_request_ids else None
        self._sample_counts: dict[tuple[int, int], int] = {}
        self._second = -1
        self._epoch_s = int(wall_s())
        """Looked at once a second of arrivals, and before a retry."""
        self._cells: dict[int, list[int]] = {}

    # -- control

    def start(self, segments: Sequence[Segment], start_ns: int, finish: bool = True) -> None:
        """Begin; start_ns is the instant at which the run's clock shows zero.

        Without finish the engine waits for a replan after the last segment.
        """
        self._start_ns = start_ns
        self._agenda.begin(segments, finish)
        self.pump()

    def replan(self, at_ns: int, segments: Sequence[Segment], finish: bool) -> None:
        """From at_ns (of the run) on, follow segments instead; without finish, wait after them."""
        if self.used_up_ns is not None:
            return
        self._agenda.replan(at_ns, segments, finish)
        self._wanted_until_ns = min(self._wanted_until_ns, self._agenda.cut_ns)
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
        self._sample_counts.clear()
        samples, self.samples = self.samples, []
        ids: list[str] = []
        if self.request_ids is not None:
            ids, self.request_ids = self.request_ids, []
        return self.rows.drain(), self.counts.drain(), samples, ids

    def quiet_for_ns(self) -> int:
        """Nanoseconds until the next thing that is already known to fall due."""
        now_ns = self._clock.now_ns() - self._start_ns
        return min(self._agenda.next[0], self._due[0][0] if self._due else NEVER_DUE) - now_ns

    def open_breakers(self) -> tuple[int, ...]:
        """Variants whose circuit breaker is not closed."""
        return tuple(i for i, guard in enumerate(self._guards) if not guard.is_closed)

    # -- the loop

    def pump(self) -> None:
        """Do all that is due and set the alarm for the next thing. The clock's callback."""
        if self._ended:
            return
        clock, start_ns, due, agenda = self._clock, self._start_ns, self._due, self._agenda
        for _ in range(_LOOKS):
            now_ns = clock.now_ns() - start_ns
            while True:
                next_ns = agenda.next[0]
                if due and due[0][0] <= now_ns and due[0][0] <= next_ns:
                    self._resume()
                elif next_ns <= now_ns:
                    self._step()
                else:
                    break
            wake_ns = min(next_ns, due[0][0]) if due else next_ns
            if agenda.over and not self.in_flight:
                self._finish()
                return
            if not clock.wait_briefly(wake_ns + start_ns):
                break
        clock.set_alarm(None if wake_ns == NEVER_DUE else wake_ns + start_ns)

    def _step(self) -> None:
        intended_ns, variant, segment = self._agenda.next
        if variant >= 0 and segment is not None:
            self._offer(intended_ns, variant, segment.index)
        elif variant == START:
            self._segment = segment
            if self._quota is not None:
                self._count_against(self._quota, intended_ns)
            self._set_callers(intended_ns)
        else:
            self._end_arrivals()
            return
        self._agenda.advance()

    def _end_arrivals(self) -> None:
        self._agenda.end()
        self._segment = None
        self._wanted_until_ns = 0

    def _resume(self) -> None:
        when_ns, _, waiting = heappop(self._due)
        if waiting is None:
            self._set_callers(when_ns)
        elif waiting.attempt:
            self._epoch_s = int(self._wall_s())
            self._send(waiting)
        else:
            self._continue_caller(waiting, when_ns)

    def _later(self, when_ns: int, waiting: _Call | None) -> None:
        """Come back for a retry (a call with attempts), a caller (one without), or all callers."""
        self._sequence += 1
        heappush(self._due, (when_ns, self._sequence, waiting))

    # -- invocations

    def _offer(self, intended_ns: int, variant: int, segment: int) -> None:
        cell = self._cell(intended_ns, variant, segment)
        cell[0] += 1
        if self.in_flight >= self._limit:
            cell[1] += 1
            return
        if self._guards and not self._guards[variant].admits(self._clock.now_ns()):
            self._reject(_Call(self, variant, caller=False), intended_ns, segment)
            return
        self._begin(_Call(self, variant, caller=False), intended_ns, segment)

    def _reject(self, call: _Call, intended_ns: int, segment: int) -> None:
        """The breaker is open: the arrival ends here, without an attempt."""
        call.intended_ns, call.segment = intended_ns, segment
        call.refused = False
        call.reset(b"")
        call.last_ns = self._clock.now_ns()
        self._record(call, _REJECTED, final=True)
        if self._full_number != NEVER_DUE:  # it has ended without a number of its own
            self._full_number -= self._workers
            if self._number >= self._full_number:
                self._use_up(intended_ns)

    def _cell(self, intended_ns: int, variant: int, segment: int) -> list[int]:
        second = intended_ns // NS_PER_S
        if second != self._second:
            self._second = second
            self._epoch_s = int(self._wall_s())
            self._cells.clear()
        key = segment << 16 | variant
        cell = self._cells.get(key)
        if cell is None:
            cell = self._cells[key] = self.counts.cell(second, variant, segment)
        return cell

    def _begin(self, call: _Call, intended_ns: int, segment: int) -> None:
        call.intended_ns, call.segment = intended_ns, segment
        call.waited_ns = call.paid = 0
        call.refused = False
        self.in_flight += 1
        call.number = number = self._number
        call.event = self._event or self._events.next(number)
        self._number = number = number + self._workers
        if number >= self._full_number:
            self._use_up(intended_ns)
        # What _send does for the attempts after the first one, without its call.
        variant = call.variant
        call.attempt = 1
        request = self._endpoints[variant].request
        call.reset(request(call.event, self._epoch_s))
        self._submits[variant](call)

    def _send(self, call: _Call) -> None:
        variant = call.variant
        call.attempt += 1
        request = self._endpoints[variant].request
        call.reset(request(call.event, self._epoch_s))
        self._submits[variant](call)

    def _checked(self, call: _Call, answer: Answer) -> Answer:
        """A response that breaks the contract of its event's service is the function's error."""
        check = self._checks[call.variant]
        problem = check(call.number, call.event, call.body) if check is not None else None
        if problem is None:
            return answer
        return replace(answer, outcome=Outcome.FUNCTION_ERROR, detail=problem)

    def _failed(self, call: _Call, answer: Answer) -> int | None:
        """Keep the failure for the eye; how long to wait before the next attempt, None for none."""
        self._sample(call, answer.outcome, self._request_id(call, answer), answer.detail)
        failure = FailedAttempt(call.attempt, answer.outcome, call.waited_ns, answer.retry_after_ns)
        delay_ns = self._policy.next_delay_ns(failure, self._random)
        if delay_ns is None or not self._guards:
            return delay_ns
        guard = self._guards[call.variant]
        paid = guard.retry(answer.outcome, call.last_ns, call.last_ns + delay_ns)
        call.paid, call.refused = paid or 0, paid is None
        return None if paid is None else delay_ns

    def _retry(self, call: _Call) -> None:
        self._later(call.last_ns - self._start_ns + call.waited_ns, call)
        self.pump()

    def _record(self, call: _Call, answer: Answer, final: bool) -> None:
        outcome, report = answer.outcome, answer.report
        start_ns = self._start_ns
        sent_ns, first_ns, attempt = call.sent_ns, call.first_ns, call.attempt
        flags = FLAG_FINAL if final else 0
        if call.refused:
            flags |= FLAG_REFUSED
        if outcome is _TIMEOUT:
            flags |= FLAG_CENSORED
        duration_ns = init_ns = restore_ns = billed_ms = memory_mb = NEVER
        if report is not None:
            duration_ns, billed_ms = round(report.duration_ms * NS_PER_MS), report.billed_ms
            memory_mb = NEVER if report.max_memory_mb is None else report.max_memory_mb
            if report.is_cold:
                init_ns, restore_ns = _span_ns(report.init_ms), _span_ns(report.restore_ms)
                flags |= FLAG_COLD
        add = self._add_row
        add(
            pack_row(
                call.intended_ns,
                sent_ns - start_ns if sent_ns >= 0 else NEVER,
                first_ns - start_ns if first_ns >= 0 else NEVER,
                call.last_ns - start_ns,
                call.dns_ns,
                call.connect_ns,
                call.tls_ns,
                duration_ns,
                init_ns,
                restore_ns,
                billed_ms,
                memory_mb,
                call.variant,
                call.segment,
                call.status,
                attempt if attempt < 255 else 255,
                outcome,
                flags,
            )
        )
        if self.request_ids is not None:
            self.request_ids.append(self._request_id(call, answer))

    def _request_id(self, call: _Call, answer: Answer) -> str:
        return answer.request_id or self._endpoints[call.variant].request_id(call.head)

    def _sample(self, call: _Call, outcome: Outcome, request_id: str, detail: str) -> None:
        key = (call.variant, outcome)
        seen = self._sample_counts[key] = self._sample_counts.get(key, 0) + 1
        if seen <= SAMPLES_PER_KIND:
            t_ns = call.last_ns - self._start_ns
            variant = str(call.variant)
            self.samples.append(
                Sample(t_ns, variant, outcome, call.status, call.attempt, request_id, detail)
            )

    # -- the quota

    def _count_against(self, quota: Iterations, t_ns: int) -> None:
        """A segment begins: from here on invocations use the quota up, or do not."""
        workers = self._workers
        if self._full_number != NEVER_DUE:
            self._quota_left = (self._full_number - self._number) // workers
        self._full_number = NEVER_DUE
        segment = self._segment
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

    # -- closed loop

    def _set_callers(self, t_ns: int) -> None:
        """Start the callers that the segment wants beyond those that run; ramps come back here."""
        segment = self._segment
        self._wanted_until_ns = 0
        if segment is None or not segment.shape.is_closed:
            return
        change_ns = next_caller_change_ns(segment, t_ns)
        for variant in range(len(self._callers)):
            self._wanted[variant] = wanted = self._wanted_at(variant, t_ns)
            while self._callers[variant] < wanted:
                self._callers[variant] += 1
                self._later(t_ns, _Call(self, variant, caller=True))
        self._wanted_until_ns = min(change_ns or segment.end_ns, self._agenda.cut_ns)
        if change_ns is not None:
            self._later(change_ns, None)

    def _let_think(self, call: _Call) -> None:
        self._later(call.last_ns - self._start_ns + self._think_ns, call)
        self.pump()

    def _continue_caller(self, call: _Call, ready_ns: int) -> None:
        """The same call goes out again as the caller's next invocation, if that is wanted still."""
        segment, variant = self._segment, call.variant
        if ready_ns >= self._wanted_until_ns:
            wanted = self._wanted_at(variant, ready_ns)
        else:
            wanted = self._wanted[variant]
        if segment is None or self._callers[variant] > wanted:
            self._callers[variant] -= 1
            return
        if ready_ns < segment.start_ns:  # an answer that a new segment has overtaken
            ready_ns = segment.start_ns
        self._cell(ready_ns, variant, segment.index)[0] += 1
        if self._guards and not self._guards[variant].admits(self._clock.now_ns()):
            self._reject(call, ready_ns, segment.index)
            self._later(ready_ns + max(self._think_ns, REJECTED_PAUSE_NS), call)
            return
        self._begin(call, ready_ns, segment.index)

    def _wanted_at(self, variant: int, t_ns: int) -> int:
        segment = self._segment
        if segment is None or variant not in segment.variants:
            return 0
        return share(callers_at(segment, t_ns), self._worker, self._workers)

    def _finish(self) -> None:
        if not self._ended:
            self._ended = True
            self._clock.set_alarm(None)
            self._done()


def _span_ns(span_ms: float | None) -> int:
    return NEVER if span_ms is None else round(span_ms * NS_PER_MS)
