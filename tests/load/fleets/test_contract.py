"""What every fleet promises, of each that there is; who writes another adds it to `opened`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from time import monotonic_ns

import pytest

from bench.errors import LamloadError
from bench.load.fleet import OF_NODES, Fleet
from bench.load.fleets.fake import FakeClock, FakeFleet
from bench.load.fleets.local import LocalFleet
from bench.load.fleets.nodes import NodeFleet
from bench.load.frames import FrameKind, Replan, Start
from bench.model.times import NS_PER_MS, NS_PER_S
from tests.load.fakes import segment
from tests.load.fleets.orders import order
from tests.load.nodes import InProcess, InProcessNodes

NOWHERE = "http://127.0.0.1:1/"


class Trial:
    """A fleet, and how its time passes."""

    def __init__(self, fleet: Fleet, clock: FakeClock | None = None) -> None:
        self.fleet = fleet
        self._clock = clock

    @property
    def now_ns(self) -> int:
        return monotonic_ns() if self._clock is None else self._clock.now_ns()

    async def said(self) -> list[tuple[int, FrameKind]]:
        """All that the workers say, to the end."""
        heard = asyncio.ensure_future(self._hear())
        if self._clock is not None:
            await self._clock.advance(5 * NS_PER_S)
        return await asyncio.wait_for(heard, 10)

    async def _hear(self) -> list[tuple[int, FrameKind]]:
        return [(worker, frame.kind) async for worker, frame in self.fleet.frames()]


def local(broken: bool = False) -> Trial:
    del broken  # a worker process finds that out by itself
    return Trial(LocalFleet())


def fake(broken: bool = False) -> Trial:
    clock = FakeClock()
    return Trial(FakeFleet(clock, broken={1: "must start with http"} if broken else {}), clock)


def nodes(broken: bool = False) -> Trial:
    clock = FakeClock()
    link = InProcess("node", clock, broken={1: "must start with http"} if broken else {})
    return Trial(NodeFleet(InProcessNodes([link]), clock=clock), clock)


Open = Callable[..., Trial]
"""broken: worker 1 will not start, as its order names no target that there is."""


@asynccontextmanager
async def started(opened: Open, workers: int = 2) -> AsyncIterator[Trial]:
    trial = opened()
    try:
        await trial.fleet.hosts()
        await trial.fleet.start([order(NOWHERE, i, workers) for i in range(workers)])
        yield trial
    finally:
        await trial.fleet.close()


def last(said: list[tuple[int, FrameKind]]) -> dict[int, FrameKind]:
    """By worker, what it said last itself."""
    return {worker: kind for worker, kind in said if kind not in OF_NODES}


@pytest.fixture(params=[local, fake, nodes])
def opened(request: pytest.FixtureRequest) -> Open:
    found: Open = request.param
    return found


async def test_a_fleet_has_a_host_before_it_has_workers(opened: Open) -> None:
    trial = opened()
    try:
        hosts = await trial.fleet.hosts()
        assert [host.cores >= 1 for host in hosts] == [True]
        assert trial.fleet.size == 0
    finally:
        await trial.fleet.close()


async def test_a_plan_that_ends_ends_every_worker(opened: Open) -> None:
    async with started(opened) as trial:
        assert trial.fleet.size == 2
        trial.fleet.broadcast(FrameKind.START, Start(trial.now_ns, (segment(0, 0.1),)))
        said = await trial.said()
        assert last(said) == {0: FrameKind.DONE, 1: FrameKind.DONE}
        assert [kind for _, kind in said].count(FrameKind.DONE) == 2


async def test_a_held_plan_goes_on_with_the_next_one(opened: Open) -> None:
    async with started(opened) as trial:
        first = Start(trial.now_ns, (segment(0, 0.05),), finish=False)
        trial.fleet.broadcast(FrameKind.START, first)
        more = segment(0, 0.1, start_s=0.2, index=1)
        trial.fleet.broadcast(FrameKind.REPLAN, Replan(200 * NS_PER_MS, (more,), finish=True))
        assert set(last(await trial.said()).values()) == {FrameKind.DONE}


@pytest.mark.parametrize("kind", [FrameKind.DRAIN, FrameKind.ABORT])
async def test_a_worker_is_ended_by_a_command_and_the_others_are_not(
    opened: Open, kind: FrameKind
) -> None:
    async with started(opened) as trial:
        trial.fleet.send(0, FrameKind.START, Start(trial.now_ns, (segment(0, 600),)))
        trial.fleet.send(1, FrameKind.START, Start(trial.now_ns, (segment(0, 1.0),)))
        trial.fleet.send(0, kind)
        said = [one for one in await trial.said() if one[1] is FrameKind.DONE]
        assert said == [(0, FrameKind.DONE), (1, FrameKind.DONE)]


async def test_one_that_has_ended_hears_nothing(opened: Open) -> None:
    async with started(opened, 1) as trial:
        trial.fleet.send(0, FrameKind.START, Start(trial.now_ns, ()))
        assert last(await trial.said()) == {0: FrameKind.DONE}
        trial.fleet.broadcast(FrameKind.ABORT)
        trial.fleet.send(0, FrameKind.DRAIN)


async def test_a_worker_that_cannot_start_says_why_and_the_rest_is_closed(opened: Open) -> None:
    trial = opened(broken=True)
    orders = [order(url, i, 2) for i, url in enumerate((NOWHERE, "ftp://nowhere/"))]
    with pytest.raises(LamloadError, match=r"engine worker 1 did not start:[\s\S]*with http"):
        await trial.fleet.start(orders)
    await trial.fleet.close()
    await trial.fleet.close()
