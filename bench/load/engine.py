"""The loop that turns a plan into exchanges. A state machine of callbacks.

What becomes of an invocation stands in call.py, of the callers of a closed loop in callers.py, and
what is kept of an attempt in attempt_log.py: all of them are on every invocation's way. Hedges and
deadlines stand in watch.py and watched_call.py, and are on no other's way.

Rules of these files:
- No task and no future per invocation: one Call goes out and comes back.
- Response time counts from the intended arrival, whenever this code woke up.
- Every arrival is offered exactly once and ends exactly once: as a final row, as dropped, or as
  still in flight. offered == final rows + dropped + in flight, at any moment.
- Time and wires come in from outside, so that a test can turn an hour in no time.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from heapq import heappop, heappush
from time import time
from typing import TYPE_CHECKING, Any

from bench.load.attempt_log import AttemptLog
from bench.load.call import Call, Waiting
from bench.load.callers import CallerPool
from bench.load.clock import Clock
from bench.load.iterations import Iterations
from bench.load.pacer import NEVER_DUE, START, Pacer
from bench.load.retry.decision import RetryDecisions
from bench.load.retry.gate import gates
from bench.load.retry.guard import guards, renew
from bench.load.schedule import share
from bench.load.watch import watches
from bench.load.watched_call import WatchedCall
from bench.model.load import Segment
from bench.model.outcome import Answer, Outcome
from bench.model.profile import LoadSpec
from bench.model.result import Sample
from bench.model.retry import BreakerSpec, RetrySpec
from bench.model.times import NS_PER_S
from bench.record.row_layout import ArrivalCounts
from bench.wire.exchange import Wire

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
        "_quota",
        "_quota_left",
        "_second_end_ns",
        "_second_ns",
        "_sequence",
        "_submits",
        "_wall_s",
        "_workers",
        "beside",
        "call_types",
        "callers",
        "checks",
        "clock",
        "ended_ns",
        "endpoints",
        "failed",
        "guards",
        "in_flight",
        "pacer",
        "record",
        "sample",
        "segment",
        "start_ns",
        "think_ns",
        "used_up_ns",
        "watches",
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
        self._events = events
        self._event = [source.next(0) if source.constant else b"" for source in events]
        self._choose = choose
        self.checks = checks if any(checks) else ()
        self.think_ns = load.think_ns
        limited = gates(self, wires, retries)
        wires = [limited.get(variant, wire) for variant, wire in enumerate(wires)]
        self.guards = guards(retries, breakers, workers, limited)
        self.watches = watches(self, wires, retries)
        self._submits: list[Callable[[Any], None]] = [
            (self.watches.get(variant) or wire).submit for variant, wire in enumerate(wires)
        ]
        self.call_types = [
            WatchedCall if variant in self.watches else Call for variant in range(len(wires))
        ]
        self._log = AttemptLog(endpoints, keep_request_ids)
        self.record, self.sample = self._log.record, self._log.sample
        decisions = RetryDecisions(retries, self.guards, self._log, f"retry/{load.seed}/{worker}")
        self.failed = decisions.failed
        self._done = done
        self._workers = workers
        self._wall_s = wall_s
        self._limit = max(1, share(load.in_flight, worker, workers))
        self.start_ns = 0
        self.pacer = Pacer(load, worker, workers)
        self.segment: Segment | None = None
        self.callers = CallerPool(self, len(endpoints), load.think_ns, worker, workers)
        self._due: list[tuple[int, int, Waiting]] = []
        self._sequence = 0
        self._number = worker
        self._quota = quota
        self._quota_left = 0 if quota is None else quota.invocations
        self._full_number = NEVER_DUE
        """The number of the first invocation beyond the quota, while a phase counts against it."""
        self.used_up_ns: int | None = None
        """The arrival (of the run) with which the quota was used up."""
        self.ended_ns: int | None = None
        """When (of the run) the last answer was there or given up; None while it goes on."""
        self.in_flight = 0
        self.beside = 0
        """Attempts under way beside another of their invocation, or after its end: hedges."""
        self._counts = ArrivalCounts()
        self._second_ns = self._second_end_ns = 0
        """The second of which cells are kept: nothing lies within it while there is none."""
        self._epoch_s = int(wall_s())
        """Looked at once a second of arrivals, and before a retry."""
        self._cells: dict[int, list[int]] = {}

    # -- control

    def start(self, segments: Sequence[Segment], start_ns: int, finish: bool = True) -> None:
        """Begin; start_ns is the instant at which the run's clock shows zero.

        Without finish the engine waits for a replan after the last segment.
        """
        self.start_ns = start_ns
        self.pacer.begin(segments, finish)
        self.pump()

    def replan(self, at_ns: int, segments: Sequence[Segment], finish: bool) -> None:
        """From at_ns (of the run) on, follow segments instead; without finish, wait after them."""
        if self.used_up_ns is not None:
            return
        self.pacer.replan(at_ns, segments, finish)
        self.callers.until_ns = min(self.callers.until_ns, self.pacer.cut_ns)
        self.pump()

    def move_zero(self, by_ns: int) -> None:
        """Let the run's clock show so much less; what is under way keeps the zero it began with."""
        self.start_ns += by_ns
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
        self._second_end_ns = 0
        rows, samples, request_ids = self._log.drain()
        return rows, self._counts.drain(), samples, request_ids

    def quiet_for_ns(self) -> int:
        """Nanoseconds until the next thing that is already known to fall due."""
        now_ns = self.clock.now_ns() - self.start_ns
        return min(self.pacer.next[0], self._due[0][0] if self._due else NEVER_DUE) - now_ns

    def tokens(self) -> tuple[float | None, ...]:
        """By variant, what its retry budget has left; none where no variant has one."""
        return tuple(guard.tokens for guard in self.guards)

    def open_breakers(self) -> tuple[int, ...]:
        """Variants whose circuit breaker is not closed."""
        return tuple(i for i, guard in enumerate(self.guards) if not guard.is_closed)

    # -- the loop

    def pump(self) -> None:
        """Do all that is due and set the alarm for the next thing. The clock's callback."""
        if self.ended_ns is not None:
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
            if pacer.over and not self.in_flight and not self.beside:
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
            if segment is not None and segment.renews:
                renew(self.guards, segment.variants, self.clock.now_ns())
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
        waiting.resume(when_ns)

    def later(self, when_ns: int, waiting: Waiting) -> None:
        """Come back for this at an instant of the run."""
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
            self.reject(self.call_types[variant](self, variant, False), intended_ns, segment)
            return
        self.begin(self.call_types[variant](self, variant, False), intended_ns, segment)

    def reject(self, call: Call, intended_ns: int, segment: int) -> None:
        """The breaker is open: the arrival ends here, without an attempt."""
        call.intended_ns, call.segment, call.start_ns = intended_ns, segment, self.start_ns
        call.marks = 0
        call.reset(b"")
        call.last_ns = self.clock.now_ns()
        self.record(call, _REJECTED, final=True)
        if self._full_number != NEVER_DUE:  # it has ended without a number of its own
            self._full_number -= self._workers
            if self._number >= self._full_number:
                self._use_up(intended_ns)

    def cell(self, intended_ns: int, variant: int, segment: int) -> list[int]:
        """Counts of a second, a variant and a segment, to be added to: offered, dropped."""
        if not self._second_ns <= intended_ns < self._second_end_ns:
            self._second_ns = intended_ns // NS_PER_S * NS_PER_S
            self._second_end_ns = self._second_ns + NS_PER_S
            self._epoch_s = int(self._wall_s())
            self._cells.clear()
        key = segment << 16 | variant
        cell = self._cells.get(key)
        if cell is None:
            second = self._second_ns // NS_PER_S
            cell = self._cells[key] = self._counts.cell(second, variant, segment)
        return cell

    def begin(self, call: Call, intended_ns: int, segment: int) -> None:
        """Send a call's first attempt: the arrival has been counted, and there is a slot for it."""
        call.intended_ns, call.segment, call.start_ns = intended_ns, segment, self.start_ns
        call.waited_ns = call.paid = call.marks = 0
        self.in_flight += 1
        call.number = number = self._number
        variant = call.variant
        call.event = self._event[variant] or self._events[variant].next(number)
        if self._choose is not None:
            call.payload = self._choose(number)
        self._number = number = number + self._workers
        if number >= self._full_number:
            self._use_up(intended_ns)
        # What send_again does for the attempts after the first one, without its call.
        call.attempt = 1
        call.reset(self.endpoints[variant].request(call.event, self._epoch_s))
        self._submits[variant](call)

    def send_again(self, call: Call) -> None:
        """The call has waited long enough: send its next attempt."""
        call.attempt, call.marks = call.attempt + 1, 0
        self._send(call)

    def _send(self, call: Call) -> None:
        self.renew(call)
        if self.guards:
            self.guards[call.variant].resent()
        self._submits[call.variant](call)

    def renew(self, call: Call) -> None:
        """Its request anew: a signature holds for minutes."""
        self._epoch_s = int(self._wall_s())
        request = self.endpoints[call.variant].request
        call.reset(request(call.event, self._epoch_s))

    def retry(self, call: Call) -> None:
        """Send the next attempt once the call has waited."""
        self.later(call.last_ns - self.start_ns + call.waited_ns, call)
        self.pump()

    # -- hedges

    @property
    def has_room(self) -> bool:
        """Whether something more may be under way."""
        return self.in_flight < self._limit

    def send_beside(self, call: Call) -> None:
        """Send an attempt beside another one: until its end it takes a place of its own."""
        self.beside += 1
        self._limit -= 1
        self._send(call)

    def ended_beside(self) -> None:
        """One of two attempts has ended, or the one that was left of them."""
        self.beside -= 1
        self._limit += 1
        if self.pacer.over and not self.in_flight:
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
        if self.ended_ns is None:
            self.ended_ns = self.clock.now_ns() - self.start_ns
            self.clock.set_alarm(None)
            self._done()
