"""A fleet without processes, on a clock turned by hand: scripted, and it keeps what it was told.

For tests of what a fleet is given to, and for who writes another fleet: it keeps the contract of
bench.load.fleet, and what breaks that contract (a second start, a worker that nobody ordered) is an
AssertionError here. Its workers send no load. Each says DONE when its plan has ended, at once when
it is drained or aborted, and otherwise what `say`, `fail` and `die` have it say.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from heapq import heapify, heappop, heappush
from typing import Any

from bench.errors import LamloadError
from bench.load.fleet import LAST
from bench.load.frames import (
    VERSION,
    Frame,
    FrameKind,
    Ready,
    Replan,
    Start,
    WorkOrder,
    check_hello,
    hello,
)
from bench.load.host import Host, workers_by_host
from bench.model.load import Segment
from bench.model.profile import Scheduling
from bench.model.times import NS_PER_S

_TURNS = 20
"""Turns of the event loop that whatever was woken at an instant gets before the next instant. A
timer's way through a task and asyncio.wait into another task takes five."""


class FakeClock:
    """A CoordinatorClock whose time passes only in `advance` and `turn_to`."""

    def __init__(self, t_ns: int = 1_000 * NS_PER_S) -> None:
        self._t_ns = t_ns
        self._due: list[tuple[int, int, Callable[[], object]]] = []
        self._number = 0

    def now_ns(self) -> int:
        """As far as it has been turned."""
        return self._t_ns

    async def sleep_ns(self, wait_ns: int) -> None:
        """Until the clock has been turned as far."""
        woken = asyncio.Event()
        self.call_at(self._t_ns + wait_ns, woken.set)
        await woken.wait()

    def call_at(self, when_ns: int, what: Callable[[], object]) -> None:
        """Call it when the clock is turned past an instant; one in the past is called next."""
        self._number += 1
        heappush(self._due, (when_ns, self._number, what))

    def turn_to(self, t_ns: int) -> None:
        """Call what is due up to an instant, each at its own, without leaving this call."""
        while self._due and self._due[0][0] <= t_ns:
            when_ns, _, what = heappop(self._due)
            self._t_ns = max(self._t_ns, when_ns)
            what()
        self._t_ns = max(self._t_ns, t_ns)

    async def advance(self, by_ns: int) -> None:
        """Let time pass and tasks run: each that sleeps wakes at its own instant."""
        end_ns = self._t_ns + by_ns
        await _others_run()
        while self._due and self._due[0][0] <= end_ns:
            self.turn_to(max(self._t_ns, self._due[0][0]))
            await _others_run()
        self.turn_to(end_ns)


async def _others_run() -> None:
    for _ in range(_TURNS):
        await asyncio.sleep(0)


@dataclass(frozen=True, slots=True)
class Sent:
    """A command as its worker heard it, at t_ns of the coordinator's clock."""

    t_ns: int
    worker: int
    kind: FrameKind
    payload: Any


@dataclass(slots=True)
class _FakeWorker:
    """start_ns: zero of the run on the coordinator's clock. coming: (when, order, frame)."""

    host: Host
    start_ns: int = 0
    has_ended: bool = False
    coming: list[tuple[int, int, Frame]] = field(default_factory=list)


class FakeFleet:
    """A Fleet of workers that obey and measure nothing."""

    def __init__(
        self,
        clock: FakeClock,
        hosts: Sequence[Host] = (Host("this system", cores=2),),
        *,
        stuck: Collection[int] = (),
        broken: Mapping[int, str] | None = None,
        version: int = VERSION,
    ) -> None:
        """stuck: workers with an invocation that never ends: only ABORT ends those.

        broken: workers that fail to start, with their words. version: of the workers' frames.
        """
        self._clock = clock
        self._hosts = tuple(hosts)
        self._stuck = stuck
        self._broken = broken or {}
        self._version = version
        self._workers: list[_FakeWorker] = []
        self._number = 0
        self._news = asyncio.Event()
        self.orders: tuple[WorkOrder, ...] = ()
        """What `start` was given."""
        self.sent: list[Sent] = []
        """Every command after that, also those that found a worker ended."""
        self.is_closed = False

    # -- the contract

    @property
    def size(self) -> int:
        """How many workers were started, those that died included."""
        return len(self._workers)

    @property
    def target_host(self) -> None:
        """One machine has one target."""

    @property
    def latency_ns(self) -> int:
        """None beyond what commands take on one machine."""
        return 0

    async def hosts(self) -> tuple[Host, ...]:
        """Those it was made with."""
        return self._hosts

    async def start(self, orders: Sequence[WorkOrder]) -> tuple[Ready, ...]:
        """Ready at once. Raises LamloadError for a broken worker, and for another version."""
        assert not self._workers, "a fleet is started once"
        numbers = [order.worker for order in orders]  # on a node those of the whole fleet
        assert numbers == sorted(set(numbers))
        self.orders = tuple(orders)
        dealt = workers_by_host(self._hosts, len(orders))
        host_of = {worker: i for i, own in enumerate(dealt) for worker in own}
        self._workers = [_FakeWorker(self._hosts[host_of[i]]) for i in range(len(orders))]
        for worker in range(len(orders)):
            check_hello(worker, Frame(FrameKind.HELLO, hello(self._version)))
            if worker in self._broken:
                raise LamloadError(f"engine worker {worker} did not start:\n{self._broken[worker]}")
        return tuple(
            Ready(Scheduling.REALTIME)
            if worker.host.realtime
            else Ready(Scheduling.NORMAL, f"whoever is root on {worker.host.name}")
            for worker in self._workers
        )

    def send(self, worker: int, kind: FrameKind, payload: Any = None) -> None:
        """Keep it as the worker hears it, and have the worker obey."""
        told, now_ns = self._workers[worker], self._clock.now_ns()
        if isinstance(payload, Start):
            told.start_ns = payload.start_ns
            payload = replace(payload, start_ns=told.host.instant_ns(payload.start_ns))
        self.sent.append(Sent(now_ns, worker, kind, payload))
        if told.has_ended:
            return
        if isinstance(payload, Start):
            self._follow(worker, payload.segments, payload.finish)
        elif isinstance(payload, Replan):
            self._follow(worker, payload.segments, payload.finish, payload.at_ns)
        elif kind is FrameKind.ABORT or (kind is FrameKind.DRAIN and worker not in self._stuck):
            self._finish_at(worker, now_ns)

    def broadcast(self, kind: FrameKind, payload: Any = None) -> None:
        """`send` the same to every worker there is."""
        for worker in range(len(self._workers)):
            self.send(worker, kind, payload)

    async def frames(self) -> AsyncIterator[tuple[int, Frame]]:
        """What is due, whenever the clock is turned past it."""
        while not self.has_ended:
            for worker, frame in self.due():
                yield worker, frame
            if not self.has_ended:
                self._news.clear()
                await self._news.wait()

    def manifest(self) -> dict[str, Any]:
        """Nothing: all of it is this machine's."""
        return {}

    async def conclude(self) -> dict[str, Any]:
        """Nothing after the load either."""
        return {}

    async def close(self) -> None:
        """Note that it was closed; nothing was ever started."""
        self.is_closed = True

    # -- the script

    def send_later(self, worker: int, kind: FrameKind, payload: Any = None, in_ns: int = 0) -> None:
        """Have a worker say something so many nanoseconds from now."""
        self._say_at(worker, self._clock.now_ns() + in_ns, Frame(kind, payload))

    def die(self, worker: int, words: str = "signal 9", in_ns: int = 0) -> None:
        """Have a worker end without a word of its own."""
        self.send_later(worker, FrameKind.FAILED, f"engine worker {worker} died ({words})", in_ns)

    # -- what a test asks

    @property
    def has_ended(self) -> bool:
        """True once every worker has said its last."""
        return all(worker.has_ended for worker in self._workers)

    def due(self) -> list[tuple[int, Frame]]:
        """What the workers have said by now and nobody has heard yet, in order of time."""
        said = []
        for number, worker in enumerate(self._workers):
            while worker.coming and worker.coming[0][0] <= self._clock.now_ns():
                when_ns, order, frame = heappop(worker.coming)
                if not worker.has_ended:
                    said.append((when_ns, order, number, frame))
                worker.has_ended |= frame.kind in LAST
        return [(number, frame) for _, _, number, frame in sorted(said, key=lambda one: one[:2])]

    def kinds(self, worker: int = 0) -> list[FrameKind]:
        """The kinds of what a worker was told, in order."""
        return [sent.kind for sent in self.sent if sent.worker == worker]

    # -- as workers do

    def _follow(
        self, worker: int, segments: Sequence[Segment], finish: bool, at_ns: int = 0
    ) -> None:
        self._go_on(worker)
        if finish and worker not in self._stuck:
            end_ns = max((segment.end_ns for segment in segments), default=at_ns)
            self._finish_at(worker, self._workers[worker].start_ns + end_ns)

    def _finish_at(self, worker: int, when_ns: int) -> None:
        self._go_on(worker)
        self._say_at(worker, when_ns, Frame(FrameKind.DONE, None))

    def _go_on(self, worker: int) -> None:
        """The end that was in sight is none any more."""
        coming = self._workers[worker].coming
        coming[:] = [one for one in coming if one[2].kind is not FrameKind.DONE]
        heapify(coming)

    def _say_at(self, worker: int, when_ns: int, frame: Frame) -> None:
        self._number += 1
        heappush(self._workers[worker].coming, (when_ns, self._number, frame))
        self._clock.call_at(when_ns, self._news.set)
