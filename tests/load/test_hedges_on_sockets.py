"""Hedges and deadlines over real connections: what the target saw against what the rows say."""

from __future__ import annotations

import asyncio
from typing import Any

import numpy as np

from bench.load.clock import open_clock
from bench.load.engine import Engine
from bench.model.outcome import Outcome
from bench.model.profile import Arrivals, LoadSpec, Timeouts
from bench.model.retry import Hedge, RetrySpec
from bench.model.times import NS_PER_MS
from bench.payloads.base import ConstantEvents
from bench.record.row_layout import FLAG_FINAL, FLAG_HEDGE, FLAG_SPENT, ROW_FIELDS
from bench.wire.pool import ConnectionPool
from tests.load.fakes import FakeEndpoint, segment
from tests.wire.rawserver import Script, raw_server, read_request
from tests.wire.test_pool import GET, OK


class Posting(FakeEndpoint):
    def request(self, _event: bytes, _epoch_s: int) -> bytes:
        return GET


class Target:
    """Answers every odd request at once, and then the even one before it, which it had kept."""

    def __init__(self) -> None:
        self.requests = self.connections = 0
        self._odd = asyncio.Event()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        while True:
            await read_request(reader)
            number, self.requests = self.requests, self.requests + 1
            if number % 2:
                self._odd.set()
            else:
                self._odd.clear()
                await self._odd.wait()
                await asyncio.sleep(0.005)
            writer.write(OK)


async def never(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    while await reader.read(1000):
        pass


async def played(script: Script, retry: RetrySpec, rps: float) -> tuple[Any, int]:
    """Rows of half a second of load, and how many connections were open at the end."""
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    clock = open_clock(loop, lambda: None)
    async with raw_server(script) as origin:
        pool = ConnectionPool(origin, Timeouts())
        engine = Engine(
            clock=clock,
            endpoints=[Posting()],
            wires=[pool],
            events=[ConstantEvents(b"{}")],
            load=LoadSpec(arrivals=Arrivals.EVEN),
            retries=[retry],
            breakers=[None],
            done=ended.set,
        )
        clock.callback = engine.pump
        engine.start([segment(rps, 0.5)], clock.now_ns())
        await asyncio.wait_for(ended.wait(), 20)
        stats = pool.stats()
        pool.close()
        clock.close()
    assert engine.in_flight == engine.beside == 0
    return np.frombuffer(engine.collect()[0], dtype=list(ROW_FIELDS)), stats.opened


async def test_a_row_for_each_request_and_two_connections_for_all_of_them() -> None:
    target = Target()
    retry = RetrySpec(hedge=Hedge(delay_ns=10 * NS_PER_MS), deadline_ns=15_000 * NS_PER_MS)
    rows, opened = await played(target.serve, retry, 10)
    flags = rows["flags"]
    assert target.requests == len(rows) == 10
    assert opened == target.connections == 2, "the one that was not heard was read to its end"
    assert (rows["outcome"] == Outcome.OK).all()
    won = flags & FLAG_HEDGE != 0
    assert (flags[won] & FLAG_FINAL != 0).all()
    assert (flags[~won] & FLAG_SPENT != 0).all()
    assert won.sum() == 5


async def test_a_target_that_never_answers_is_left_at_the_deadline() -> None:
    rows, opened = await played(never, RetrySpec(deadline_ns=50 * NS_PER_MS), 20)
    took_ns = rows["last_ns"] - rows["intended_ns"]
    assert opened == len(rows) == 10
    assert (rows["outcome"] == Outcome.TIMEOUT).all()
    assert took_ns.min() >= 50 * NS_PER_MS
