"""A name with several addresses: all are used in turn, and those that it gives up are left."""

from __future__ import annotations

import asyncio
import errno
import socket
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack

import pytest

from bench.model.outcome import Outcome
from bench.model.profile import Connections
from bench.model.times import NS_PER_MS, NS_PER_S
from bench.wire import pool as pool_module
from bench.wire import race
from bench.wire.connection import PooledAddress
from bench.wire.pool import ConnectionPool
from bench.wire.resolver import Resolver, SocketAddress
from tests.wire.rawserver import Script, answering, raw_server, read_request
from tests.wire.test_pool import QUICK, exchange, pool_to

ORIGIN = "http://balancer.example:1"


class Names:
    """What the name means now; answers each asking."""

    def __init__(self, addresses: Sequence[SocketAddress]) -> None:
        self.addresses = list(addresses)
        self.asked = 0
        self.fails = False

    async def ask(self) -> list[SocketAddress]:
        self.asked += 1
        if self.fails:
            raise OSError("no such name")
        return list(self.addresses)


@pytest.fixture
async def names(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Names]:
    """Three servers that answer with their letter."""
    async with AsyncExitStack() as stack:
        addresses: list[SocketAddress] = []
        for letter in b"abc":
            answer = b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n%c" % letter
            origin = await stack.enter_async_context(raw_server(answering(answer)))
            addresses.append((socket.AF_INET, "127.0.0.1", int(origin.rpartition(":")[2])))
        names = Names(addresses)
        monkeypatch.setattr(Resolver, "_query", lambda _: names.ask())
        yield names


async def met(pool: ConnectionPool, exchanges: int) -> Counter[bytes]:
    """Who answered, one exchange after the other."""
    return Counter([(await exchange(pool)).body for _ in range(exchanges)])


async def test_kept_connections_are_used_in_turn(names: Names) -> None:
    async with pool_to(ORIGIN) as pool:
        assert await met(pool, 30) == {b"a": 10, b"b": 10, b"c": 10}
        assert (pool.stats().opened, pool.stats().idle) == (3, 3)
        assert names.asked == 1


@pytest.mark.usefixtures("names")
async def test_without_keep_alive_every_connection_goes_to_the_next() -> None:
    async with pool_to(ORIGIN, QUICK, Connections(keep_alive=False)) as pool:
        assert await met(pool, 9) == {b"a": 3, b"b": 3, b"c": 3}


async def test_the_name_moves_while_connections_are_kept(
    names: Names, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool_module, "SHORTEST_LOOK_NS", 0)
    async with pool_to(ORIGIN, QUICK, Connections(resolve_every_ns=0)) as pool:
        await met(pool, 6)
        names.addresses = names.addresses[2:]
        await met(pool, 3)  # one of these asks, and the answer is settled before the last one ends
        assert set(await met(pool, 9)) == {b"c"}
        assert pool.stats().open == 1


async def test_names_are_not_asked_for_more_often_than_by_their_age(names: Names) -> None:
    async with pool_to(ORIGIN, QUICK, Connections(resolve_every_ns=3600 * NS_PER_S)) as pool:
        await met(pool, 50)
    assert names.asked == 1


async def test_what_was_known_stays_when_nobody_answers(
    names: Names, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool_module, "SHORTEST_LOOK_NS", 0)
    async with pool_to(ORIGIN, QUICK, Connections(resolve_every_ns=0)) as pool:
        await met(pool, 3)
        names.fails = True
        assert (await met(pool, 9)).total() == 9
    assert names.asked > 1


@pytest.mark.usefixtures("names")
async def test_only_who_asked_has_a_time_for_it() -> None:
    async with pool_to(ORIGIN) as pool:
        spent = [(await exchange(pool)).dns_ns for _ in range(3)]
    assert spent[0] > 0
    assert spent[1:] == [0, 0]


def nobody() -> SocketAddress:
    """An address at which nobody listens."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return (socket.AF_INET, "127.0.0.1", int(sock.getsockname()[1]))


async def test_an_address_that_refuses_is_passed_over(names: Names) -> None:
    names.addresses = [nobody(), names.addresses[0], nobody(), names.addresses[1]]
    async with pool_to(ORIGIN) as pool:
        assert await met(pool, 10) == {b"a": 5, b"b": 5}
        assert pool.stats().opened == 2


async def test_where_all_refuse_it_is_a_connect_error(names: Names) -> None:
    names.addresses = [nobody(), nobody()]
    async with pool_to(ORIGIN) as pool:
        for _ in range(3):
            assert (await exchange(pool)).failure is Outcome.CONNECT_ERROR


async def test_one_that_refused_is_tried_again_after_the_next_look(
    names: Names, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool_module, "SHORTEST_LOOK_NS", 0)
    good = names.addresses
    names.addresses = [nobody(), good[0]]
    async with pool_to(ORIGIN, QUICK, Connections(resolve_every_ns=0)) as pool:
        assert await met(pool, 4) == {b"a": 4}
        names.addresses = [good[1], good[0]]
        await met(pool, 2)
        assert set(await met(pool, 6)) == {b"a", b"b"}


class Silent:
    """Openings to some addresses get no answer, as where a firewall swallows them."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.addresses: set[SocketAddress] = set()
        self.asked: Counter[SocketAddress] = Counter()
        connect = ConnectionPool._connect_socket

        async def perhaps(pool: ConnectionPool, address: SocketAddress) -> socket.socket:
            self.asked[address] += 1
            if address in self.addresses:
                await asyncio.get_running_loop().create_future()
            return await connect(pool, address)

        monkeypatch.setattr(ConnectionPool, "_connect_socket", perhaps)
        monkeypatch.setattr(race, "ATTEMPT_DELAY_NS", 10 * NS_PER_MS)


@pytest.fixture
def silent(monkeypatch: pytest.MonkeyPatch) -> Silent:
    return Silent(monkeypatch)


DEAD: SocketAddress = (socket.AF_INET, "192.0.2.1", 443)


async def settled(pool: ConnectionPool) -> None:
    """Until what was overtaken has come to its end."""
    while pool._tasks:
        await asyncio.wait(pool._tasks, timeout=5)


@pytest.mark.parametrize("keep_alive", [True, False])
async def test_an_address_that_says_nothing_fails_no_exchange_and_is_named(
    names: Names, silent: Silent, keep_alive: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    # It would have a turn again after the next look, which on a busy machine comes soon enough.
    monkeypatch.setattr(pool_module, "SHORTEST_LOOK_NS", 3600 * NS_PER_S)
    names.addresses = [DEAD, names.addresses[0]]
    silent.addresses = {DEAD}
    async with pool_to(ORIGIN, QUICK, Connections(keep_alive=keep_alive)) as pool:
        assert await met(pool, 1) == {b"a": 1}
        # Nor is it tried beside the other one where that takes more than 10 ms on a busy machine.
        monkeypatch.setattr(race, "ATTEMPT_DELAY_NS", 3600 * NS_PER_S)
        assert await met(pool, 19) == {b"a": 19}
        await settled(pool)
        assert pool.unreachable() == ("192.0.2.1:443: no answer within 200 ms",)
        assert await met(pool, 5) == {b"a": 5}
    assert silent.asked[DEAD] == 1  # whatever else was opened, it had no turn any more


async def test_one_that_was_only_slow_has_its_turn_again(names: Names, silent: Silent) -> None:
    slow = names.addresses[0]
    silent.addresses = {slow}
    async with pool_to(ORIGIN) as pool:
        first = asyncio.ensure_future(met(pool, 6))
        while silent.asked.total() < 2:  # noqa: ASYNC110 - until the next one is tried beside it
            await asyncio.sleep(0.001)
        silent.addresses = set()
        assert (await first).keys() == {b"b", b"c"}
        await settled(pool)
        assert pool.unreachable() == (f"127.0.0.1:{slow[2]}: no answer within 200 ms",)
        pool._set_addresses()  # as after each look
        await settled(pool)
        assert pool.unreachable() == ()
        assert (await met(pool, 9)).keys() == {b"a", b"b", b"c"}


async def test_where_all_say_nothing_it_is_a_timeout(names: Names, silent: Silent) -> None:
    names.addresses = [DEAD, (socket.AF_INET, "192.0.2.2", 443)]
    silent.addresses = set(names.addresses)
    async with pool_to(ORIGIN) as pool:
        probe = await exchange(pool)
        assert (probe.failure, probe.detail) == (Outcome.TIMEOUT, "no connection within 200 ms")
        assert pool.unreachable() == ()
        assert {silent.asked[address] for address in names.addresses} == {1}


async def test_one_that_refuses_is_named_unless_it_is_this_machine(names: Names) -> None:
    names.addresses = [nobody(), names.addresses[0]]
    async with pool_to(ORIGIN) as pool:
        assert await met(pool, 3) == {b"a": 3}
        assert pool.unreachable() == ()  # as localhost, of which one family is served
        pool._refused(PooledAddress(DEAD), OSError(errno.ECONNREFUSED, "refused"))
        pool._refused(PooledAddress(V6), OSError(errno.ENETUNREACH, "no route"))
        pool._refused(PooledAddress(V6), OSError(errno.EMFILE, "too many"))
        assert pool.unreachable() == ("192.0.2.1:443: Connection refused",)
        pool._refused(PooledAddress(V6), OSError(errno.EHOSTUNREACH, "gone"))
        assert pool.unreachable()[1] == "[2001:db8::1]:443: No route to host"


V6: SocketAddress = (socket.AF_INET6, "2001:db8::1", 443)


async def test_a_proxy_that_says_no_keeps_its_turn(names: Names) -> None:
    met_by: Counter[str] = Counter()

    def refusing(name: str) -> Script:
        async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await read_request(reader)
            met_by[name] += 1
            writer.write(b"HTTP/1.1 403 Forbidden\r\n\r\n")
            await writer.drain()

        return script

    async with raw_server(refusing("x")) as x, raw_server(refusing("y")) as y:
        names.addresses = [(socket.AF_INET, "127.0.0.1", int(o.rpartition(":")[2])) for o in (x, y)]
        options = Connections(proxy=ORIGIN)
        async with pool_to("http://127.0.0.1:9", QUICK, options) as pool:
            for _ in range(4):
                probe = await exchange(pool)
                assert probe.failure is Outcome.CONNECT_ERROR
                assert "refused CONNECT" in probe.detail
    assert met_by == {"x": 2, "y": 2}
