"""Exchanges that wait for a connection, and what becomes of them when one cannot be opened."""

from __future__ import annotations

import asyncio
import errno
import socket
from collections.abc import AsyncIterator

import pytest

from bench.model.outcome import Outcome
from bench.model.profile import Connections, Timeouts
from bench.model.times import NEVER, NS_PER_MS
from bench.wire.pool import ConnectionPool
from bench.wire.resolver import SocketAddress
from tests.wire.rawserver import answering, raw_server
from tests.wire.test_pool import OK, Probe, pool_to

PATIENT = Timeouts()
REFUSED = ConnectionRefusedError(errno.ECONNREFUSED, "refused")

LIMIT_S = 5
"""What has not come about by then never will: a test that waits for it fails."""


class Openings:
    """Every opening of a connection waits here until the test lets it go, or fail."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.begun: list[asyncio.Future[None]] = []
        connect = ConnectionPool._connect_socket

        async def gated(pool: ConnectionPool, address: SocketAddress) -> socket.socket:
            gate = asyncio.get_running_loop().create_future()
            self.begun.append(gate)
            await gate
            return await connect(pool, address)

        monkeypatch.setattr(ConnectionPool, "_connect_socket", gated)

    async def of(self, *probes: Probe, pool: ConnectionPool) -> list[asyncio.Future[None]]:
        """Submit these, and the openings that were begun for them, in their order."""
        before = len(self.begun)
        for probe in probes:
            pool.submit(probe)
        await self.reach(before + len(probes))
        return self.begun[before:]

    async def reach(self, count: int) -> None:
        """Turn the loop until so many openings have begun; TimeoutError if they never do."""
        async with asyncio.timeout(LIMIT_S):
            while len(self.begun) < count:  # noqa: ASYNC110 - turns, not a wait
                await asyncio.sleep(0)


@pytest.fixture
def openings(monkeypatch: pytest.MonkeyPatch) -> Openings:
    return Openings(monkeypatch)


@pytest.fixture
async def origin() -> AsyncIterator[str]:
    """Of a server that answers whatever comes."""
    async with raw_server(answering(OK)) as url:
        yield url


async def ended(*probes: Probe) -> None:
    await asyncio.wait_for(asyncio.gather(*(probe.done for probe in probes)), LIMIT_S)


async def test_an_opening_that_fails_ends_the_one_it_was_begun_for_and_nobody_else(
    origin: str, openings: Openings
) -> None:
    async with pool_to(origin, PATIENT) as pool:
        first, second, third = probes = [Probe() for _ in range(3)]
        gates = await openings.of(*probes, pool=pool)
        gates[2].set_exception(REFUSED)
        await ended(third)
        assert (third.failure, third.detail) == (Outcome.CONNECT_ERROR, "Connection refused")
        assert (third.sent_ns, first.done.done(), second.done.done()) == (NEVER, False, False)
        gates[1].set_result(None)
        await ended(first)
        gates[0].set_result(None)
        await ended(second)
        assert (first.failure, second.failure) == (None, None)
        assert [probe.times_finished for probe in probes] == [1, 1, 1]


async def test_an_opening_that_takes_too_long_does_not_end_one_that_came_later(
    origin: str, openings: Openings
) -> None:
    """It gave its own opening to who had waited longer: it gets another, and its whole time."""
    brief = Timeouts(connect_ns=60 * NS_PER_MS)
    async with pool_to(origin, brief, Connections(keep_alive=False)) as pool:
        early, late = Probe(), Probe()
        (early_gate,) = await openings.of(early, pool=pool)
        pool._timeouts = PATIENT
        (late_gate,) = await openings.of(late, pool=pool)
        late_gate.set_result(None)
        await ended(early)
        await openings.reach(3)  # once the early one's time is over
        assert (early_gate.cancelled(), late.done.done()) == (True, False)
        openings.begun[2].set_result(None)
        await ended(late)
        assert (early.failure, late.failure, pool.stats().opened) == (None, None, 2)


async def test_who_waited_for_what_did_not_come_about_waited_for_nobody(
    origin: str, openings: Openings
) -> None:
    async with pool_to(origin, PATIENT) as pool:
        failing, served = Probe(), Probe()
        gates = await openings.of(failing, served, pool=pool)
        assert pool.stats().waits == 2
        gates[0].set_exception(REFUSED)
        await ended(failing)
        assert (pool.stats().waits, pool.stats().opened) == (1, 0)
        gates[1].set_result(None)
        await ended(served)
        assert (pool.stats().waits, pool.stats().opened) == (1, 1)


async def test_a_connection_serves_those_who_wait_in_their_order(
    origin: str, openings: Openings
) -> None:
    async with pool_to(origin, PATIENT) as pool:
        probes = [Probe() for _ in range(4)]
        gates = await openings.of(*probes, pool=pool)
        gates[3].set_result(None)
        await ended(*probes)
        assert sorted(probes, key=lambda probe: probe.sent_ns) == probes
        assert pool.stats().opened == 1


async def test_an_opening_that_fails_when_nobody_waits_any_more_is_nobodys_failure(
    origin: str, openings: Openings
) -> None:
    async with pool_to(origin, PATIENT) as pool:
        first, second = Probe(), Probe()
        gates = await openings.of(first, second, pool=pool)
        gates[0].set_result(None)
        await ended(first, second)  # one connection, freed by the first, served both
        (opening,) = pool._tasks
        gates[1].set_exception(REFUSED)
        await asyncio.wait({opening}, timeout=LIMIT_S)
        assert opening.exception() is None
        assert (first.failure, second.failure) == (None, None)
        assert (pool.stats().waits, pool.stats().opened, pool.stats().idle) == (2, 1, 1)


async def test_the_next_exchange_tries_again_at_once_whatever_failed_before(
    origin: str, openings: Openings
) -> None:
    async with pool_to(origin, PATIENT) as pool:
        for _ in range(3):
            probe = Probe()
            (gate,) = await openings.of(probe, pool=pool)
            gate.set_exception(REFUSED)
            await ended(probe)
            assert probe.failure is Outcome.CONNECT_ERROR
        last = Probe()
        (gate,) = await openings.of(last, pool=pool)
        gate.set_result(None)
        await ended(last)
        assert (last.failure, len(openings.begun), pool.stats().waits) == (None, 4, 1)


async def test_each_of_many_that_are_refused_ends_once(origin: str, openings: Openings) -> None:
    async with pool_to(origin, PATIENT) as pool:
        probes = [Probe() for _ in range(20)]
        for gate in await openings.of(*probes, pool=pool):
            gate.set_exception(REFUSED)
        await ended(*probes)
        assert {probe.failure for probe in probes} == {Outcome.CONNECT_ERROR}
        assert [probe.times_finished for probe in probes] == [1] * 20
        assert pool.stats() == (0, 0, 0, 0)


async def test_a_failure_in_the_midst_of_a_submit_of_its_own_is_no_loop(
    origin: str, openings: Openings
) -> None:
    """Who fails may come back at once, as a retry without a delay does: it waits anew, behind."""

    class Again(Probe):
        def finished(self) -> None:
            super().finished()
            if self.times_finished == 1:
                self.reset(self.request)
                pool.submit(self)

    async with pool_to(origin, PATIENT) as pool:
        again, other = Again(), Probe()
        gates = await openings.of(again, other, pool=pool)
        gates[0].set_exception(REFUSED)
        await ended(again)
        assert (again.times_finished, len(pool._queue)) == (1, 2)
        gates[1].set_result(None)
        await ended(other)
        assert other.failure is None
        async with asyncio.timeout(LIMIT_S):
            while again.times_finished < 2:  # noqa: ASYNC110 - turns, not a wait
                await asyncio.sleep(0)
        assert again.failure is None


async def test_an_opening_that_takes_too_long_ends_one_and_leaves_the_others_waiting(
    origin: str, openings: Openings
) -> None:
    brief = Timeouts(connect_ns=60 * NS_PER_MS)
    async with pool_to(origin, brief) as pool:
        early = Probe()
        (first_gate,) = await openings.of(early, pool=pool)
        early_ns = asyncio.get_running_loop().time()
        await ended(early)
        assert (early.failure, early.detail) == (Outcome.TIMEOUT, "no connection within 60 ms")
        assert asyncio.get_running_loop().time() - early_ns >= 0.055
        assert first_gate.cancelled()
        late = Probe()
        (second_gate,) = await openings.of(late, pool=pool)
        second_gate.set_result(None)
        await ended(late)
        assert (late.failure, pool.stats().waits) == (None, 1)
