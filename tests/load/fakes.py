"""A clock turned by hand, a wire with a scripted target, and an endpoint that reads its answers."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from heapq import heappop, heappush
from typing import Any

import numpy as np

from bench.endpoints.base import Head
from bench.load.engine import Engine
from bench.load.iterations import Iterations
from bench.model.load import Segment
from bench.model.outcome import Answer, Hint, Outcome, Report
from bench.model.profile import Arrivals, LoadSpec
from bench.model.result import Sample
from bench.model.retry import BreakerSpec, RetrySpec
from bench.model.shape import Shape
from bench.model.times import NS_PER_MS, NS_PER_S
from bench.payloads.base import EventSource
from bench.record.row_layout import COUNT_FIELDS, FLAG_FINAL, ROW_FIELDS
from bench.shapes.callers import Callers
from bench.shapes.ramp import Ramp
from bench.wire.exchange import Exchange


class FakeClock:
    """Time passes only in `run`, from one due thing to the next."""

    def __init__(self) -> None:
        self.t_ns = 1_000 * NS_PER_S
        self.callback: Callable[[], None] = lambda: None
        self._alarm_ns: int | None = None
        self._due: list[tuple[int, int, Callable[[], None]]] = []
        self._number = 0

    def now_ns(self) -> int:
        return self.t_ns

    def wait_briefly(self, when_ns: int) -> bool:
        return when_ns <= self.t_ns

    def set_alarm(self, when_ns: int | None) -> None:
        self._alarm_ns = when_ns

    def close(self) -> None:
        self._alarm_ns = None

    def call_in(self, wait_ns: int, what: Callable[[], None]) -> None:
        self._number += 1
        heappush(self._due, (self.t_ns + wait_ns, self._number, what))

    def run(self, until: Callable[[], bool]) -> None:
        while not until():
            if self._due and (self._alarm_ns is None or self._due[0][0] <= self._alarm_ns):
                self.t_ns, _, what = heappop(self._due)
                what()
            elif self._alarm_ns is not None:
                self.t_ns = max(self.t_ns, self._alarm_ns)
                self._alarm_ns = None
                self.callback()
            else:
                raise AssertionError("nothing is due and the engine has not ended")


class FakeWire:
    """Answers after service(number, t_ns) nanoseconds with the status that it returns."""

    def __init__(
        self,
        clock: FakeClock,
        service: Callable[[int, int], tuple[int, int | Outcome]],
        lag_ns: int = 0,
    ) -> None:
        self._clock = clock
        self._service = service
        self._lag_ns = lag_ns
        self.number = 0
        self.sent: list[bytes] = []
        self.under_way: set[Exchange] = set()

    def submit(self, exchange: Exchange) -> None:
        clock = self._clock
        wait_ns, status = self._service(self.number, clock.t_ns)
        self.number += 1
        self.sent.append(exchange.request)
        exchange.sent_ns = clock.t_ns + self._lag_ns
        self.under_way.add(exchange)
        request, sent_ns = exchange.request, exchange.sent_ns

        def answer() -> None:
            is_same = exchange.request is request and exchange.sent_ns == sent_ns
            if exchange not in self.under_way or not is_same:
                return  # cancelled, and perhaps out again
            self.under_way.remove(exchange)
            exchange.first_ns = exchange.last_ns = clock.t_ns
            if isinstance(status, Outcome):
                exchange.failure = status
            else:
                exchange.status = status
            exchange.finished()

        clock.call_in(wait_ns + self._lag_ns, answer)

    def cancel(self, exchanges: Collection[Exchange], detail: str) -> None:
        for exchange in self.under_way.intersection(exchanges):
            self.under_way.remove(exchange)
            exchange.last_ns = self._clock.t_ns
            exchange.failure, exchange.detail = Outcome.TIMEOUT, detail
            exchange.finished()

    def close(self) -> None:
        return


class FakeEndpoint:
    origin = "http://127.0.0.1:1"
    body_limit = answer_limit = 1000
    hint: Hint | None = None
    report: Report | None = None

    def request(self, event: bytes, _epoch_s: int) -> bytes:
        return event

    def classify(self, status: int, _head: Head, _body: bytes) -> Answer:
        if status == 200:
            return Answer(Outcome.OK, self.report)
        if status == 429:
            return Answer(Outcome.THROTTLED, hint=self.hint, detail="slow down")
        return Answer(Outcome.SERVER_ERROR)

    def request_id(self, _head: Head) -> str:
        return ""


class CountingEvents:
    constant = False

    def __init__(self) -> None:
        self.indexes: list[int] = []

    def next(self, index: int) -> bytes:
        self.indexes.append(index)
        return b"%d" % index


class Bench:
    """An engine on fakes; `run` plays the segments to their end."""

    def __init__(
        self,
        service: Callable[[int, int], tuple[int, int | Outcome]],
        *,
        variants: int = 1,
        load: LoadSpec | None = None,
        retry: RetrySpec | None = None,
        breaker: BreakerSpec | None = None,
        retries: Sequence[RetrySpec] = (),
        breakers: Sequence[BreakerSpec | None] = (),
        events: Sequence[EventSource] = (),
        lag_ns: int = 0,
        worker: int = 0,
        workers: int = 1,
        quota: Iterations | None = None,
        engine: type[Engine] = Engine,
        clock: FakeClock | None = None,
    ) -> None:
        self.clock = clock or FakeClock()
        self.wire = FakeWire(self.clock, service, lag_ns)
        self.endpoint = FakeEndpoint()
        self.events = CountingEvents()
        self.ended = False
        self.engine = engine(
            clock=self.clock,
            endpoints=[self.endpoint] * variants,
            wires=[self.wire] * variants,
            events=events or [self.events] * variants,
            load=load or LoadSpec(arrivals=Arrivals.EVEN),
            retries=retries or [retry or RetrySpec()] * variants,
            breakers=breakers or [breaker] * variants,
            done=self._end,
            worker=worker,
            workers=workers,
            wall_s=lambda: 0.0,
            quota=quota,
        )
        self.clock.callback = self.engine.pump
        self.samples: list[Sample] = []
        self._rows: list[bytes] = []
        self._counts: list[bytes] = []

    def _end(self) -> None:
        self.ended = True

    def start(self, *segments: Segment) -> None:
        self.engine.start(segments, self.clock.t_ns)

    def finish(self) -> None:
        self.clock.run(lambda: self.ended)
        self.take()

    def run(self, *segments: Segment) -> Bench:
        self.start(*segments)
        self.finish()
        self.check_ledger()
        return self

    def take(self) -> None:
        rows, counts, samples, _ = self.engine.collect()
        self.samples += samples
        self._rows.append(rows)
        self._counts.append(counts)

    @property
    def rows(self) -> Any:
        return np.frombuffer(b"".join(self._rows), dtype=list(ROW_FIELDS))

    @property
    def counts(self) -> Any:
        return np.frombuffer(b"".join(self._counts), dtype=list(COUNT_FIELDS))

    @property
    def final(self) -> Any:
        rows = self.rows
        return rows[rows["flags"] & FLAG_FINAL != 0]

    def check_ledger(self) -> None:
        """offered == outcomes + in flight + dropped."""
        counts = self.counts
        offered, dropped = int(counts["offered"].sum()), int(counts["dropped"].sum())
        assert offered == len(self.final) + self.engine.in_flight + dropped


def segment(
    rps: float = 0.0,
    duration_s: float = 1.0,
    *,
    to_rps: float | None = None,
    start_s: float = 0.0,
    index: int = 0,
    variants: tuple[int, ...] = (0,),
    callers: int | None = None,
    to_callers: int | None = None,
    phase: int = 0,
) -> Segment:
    duration_ns = round(duration_s * NS_PER_S)
    shape: Shape = Ramp(duration_ns, rps, rps if to_rps is None else to_rps)
    if callers is not None:
        shape = Callers(duration_ns, callers, callers if to_callers is None else to_callers)
    return Segment(
        index=index,
        round=0,
        phase=phase,
        variants=variants,
        start_ns=round(start_s * NS_PER_S),
        shape=shape,
    )


def constant(
    ms: float, status: int | Outcome = 200
) -> Callable[[int, int], tuple[int, int | Outcome]]:
    return lambda _number, _t_ns: (round(ms * NS_PER_MS), status)
