"""The wire against real sockets: what a server can do, and what becomes of the exchange."""

from __future__ import annotations

import asyncio
import socket
import struct
import tracemalloc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from time import monotonic_ns

import pytest

from bench.model.endpoint import ANY_SIZE
from bench.model.outcome import Outcome
from bench.model.profile import Connections, Timeouts
from bench.model.times import NEVER, NS_PER_MS
from bench.wire.connection import Connection, PooledAddress
from bench.wire.exchange import Exchange
from bench.wire.pool import ConnectionPool
from bench.wire.receipts import ReceiptClock
from tests.wire.rawserver import answering, raw_server, read_request, silent

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
QUICK = Timeouts(
    connect_ns=200 * NS_PER_MS, first_byte_ns=150 * NS_PER_MS, total_ns=300 * NS_PER_MS
)


class Probe(Exchange):
    __slots__ = ("done", "times_finished")

    def __init__(self, request: bytes = GET, body_limit: int = 1 << 20) -> None:
        super().__init__(request, body_limit)
        self.done = asyncio.get_running_loop().create_future()
        self.times_finished = 0

    def finished(self) -> None:
        self.times_finished += 1
        if not self.done.done():
            self.done.set_result(None)


@asynccontextmanager
async def pool_to(
    origin: str,
    timeouts: Timeouts = QUICK,
    options: Connections | None = None,
    receipts: ReceiptClock | None = None,
) -> AsyncIterator[ConnectionPool]:
    pool = ConnectionPool(origin, timeouts, options, receipts)
    try:
        yield pool
    finally:
        pool.close()


async def exchange(pool: ConnectionPool, request: bytes = GET, body_limit: int = 1 << 20) -> Probe:
    probe = Probe(request, body_limit)
    pool.submit(probe)
    assert not probe.done.done(), "finished must not be called from inside submit"
    await asyncio.wait_for(probe.done, 5)
    return probe


@pytest.mark.parametrize(
    ("answer", "status", "body"),
    [
        (OK, 200, b"ok"),
        (b"HTTP/1.1 204 No Content\r\n\r\n", 204, b""),
        (b"HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n", 304, b""),
        (b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n", 502, b""),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
            b"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n",
            200,
            b"abcde",
        ),
        (b"HTTP/1.1 100 Continue\r\n\r\n" + OK, 200, b"ok"),
        (b"HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n" + OK, 200, b"ok"),
    ],
)
async def test_a_complete_answer(answer: bytes, status: int, body: bytes) -> None:
    async with raw_server(answering(answer)) as origin, pool_to(origin) as pool:
        first, second = await exchange(pool), await exchange(pool)
        assert (first.failure, first.status, first.body) == (None, status, body)
        assert (second.status, second.body) == (status, body)
        assert (pool.stats().opened, pool.stats().idle) == (1, 1)


async def test_the_clocks_are_in_order_and_the_connection_is_charged_to_its_first_exchange() -> (
    None
):
    async with raw_server(answering(OK)) as origin, pool_to(origin) as pool:
        first, second = await exchange(pool), await exchange(pool)
        assert 0 < first.sent_ns <= first.first_ns <= first.last_ns < second.sent_ns
        assert first.connect_ns > 0
        assert (first.dns_ns, first.tls_ns) == (0, NEVER)
        assert (second.dns_ns, second.connect_ns) == (NEVER, NEVER)


async def test_a_body_without_length_ends_with_the_connection() -> None:
    script = answering(b"HTTP/1.1 200 OK\r\n\r\nall of it", then_close=True)
    async with raw_server(script) as origin, pool_to(origin) as pool:
        probe = await exchange(pool)
        assert (probe.failure, probe.body) == (None, b"all of it")
        assert pool.stats().open == 0


HEAD = b"HEAD / HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.mark.parametrize(
    ("answer", "opened"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", 1),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", 1),
        (b"HTTP/1.1 200 OK\r\n\r\n", 1),
        (b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", 1),
        (b"HTTP/1.1 204 No Content\r\n\r\n", 1),
        (b"HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", 1),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\nConnection: Close\r\n\r\n", 3),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 9\r\n\r\n", 3),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 9\r\nConnection: keep-alive\r\n\r\n", 1),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", 3),  # a body although there is none
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 3),
    ],
)
async def test_an_answer_to_head_has_no_body_and_leaves_the_connection_open(
    answer: bytes, opened: int
) -> None:
    async with raw_server(answering(answer)) as origin, pool_to(origin) as pool:
        for _ in range(3):
            probe = await exchange(pool, HEAD)
            assert (probe.failure, probe.body) == (None, b"")
            assert probe.status in (200, 204, 404)
        assert pool.stats().opened == opened


async def test_after_head_the_connection_carries_answers_with_a_body() -> None:
    answers = b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", OK
    async with raw_server(answering(*answers)) as origin, pool_to(origin) as pool:
        assert (await exchange(pool, HEAD)).body == b""
        assert [(await exchange(pool)).body for _ in range(2)] == [b"ok", b"ok"]
        assert pool.stats().opened == 1


@pytest.mark.parametrize("chunked", [False, True])
async def test_of_a_long_body_the_beginning_is_kept_and_all_is_read(chunked: bool) -> None:
    piece, pieces = b"x" * (1 << 20), 20

    async def sends(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            await read_request(reader)
            framing = b"Transfer-Encoding: chunked" if chunked else b"Content-Length: 20971520"
            writer.write(b"HTTP/1.1 200 OK\r\n%s\r\n\r\n" % framing)
            for _ in range(pieces):
                writer.write(b"100000\r\n%s\r\n" % piece if chunked else piece)
                await writer.drain()
            writer.write(b"0\r\n\r\n" if chunked else b"")

    async with raw_server(sends) as origin, pool_to(origin, Timeouts()) as pool:
        for _ in range(2):
            probe = Probe(body_limit=1000)
            probe.answer_limit = ANY_SIZE
            tracemalloc.start()
            pool.submit(probe)
            await asyncio.wait_for(probe.done, 10)
            peak = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
            assert (probe.failure, probe.status) == (None, 200)
            assert probe.body == b"x" * 1000
            assert peak < 4 * len(piece)  # the server's own pieces and buffers
        assert pool.stats().opened == 1


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (b"garbage\r\n\r\n", "malformed"),
        (b"HTTP/1.1 abc OK\r\n\r\n", "malformed"),
        (b"\x00\xff" * 50, "malformed"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", "malformed"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "malformed"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", "closed the connection within"),
        (b"HTTP/1.1 200 OK\r\nContent-Le", "closed the connection within"),
        (b"", "closed the connection before"),
        (
            b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n",
            "switched protocols",
        ),
        (b"HTTP/1.1 200 OK\r\n" + b"X-Long: y\r\n" * 30_000, "head exceeds"),
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\n" + b"x" * 2000,
            "body exceeds 1000 bytes, the limit (target.answer_limit)",
        ),
    ],
)
async def test_a_malformed_answer_is_a_protocol_error(answer: bytes, says: str) -> None:
    async with raw_server(answering(answer, then_close=True)) as origin, pool_to(origin) as pool:
        probe = await exchange(pool, body_limit=1000)
        assert probe.failure is Outcome.PROTOCOL_ERROR
        assert says in probe.detail
        assert probe.times_finished == 1
        assert pool.stats().open == 0


async def test_a_reset_is_a_protocol_error() -> None:
    async def resets(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        raw = writer.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()

    async with raw_server(resets) as origin, pool_to(origin) as pool:
        probe = await exchange(pool)
        assert (probe.failure, probe.times_finished) == (Outcome.PROTOCOL_ERROR, 1)
        assert "connection lost before an answer" in probe.detail


async def test_no_first_byte_in_time_is_a_timeout() -> None:
    async with raw_server(silent) as origin, pool_to(origin) as pool:
        probe = await exchange(pool)
        assert probe.failure is Outcome.TIMEOUT
        assert probe.detail == "no byte within 150 ms"
        assert 150 * NS_PER_MS <= probe.last_ns - probe.sent_ns < 250 * NS_PER_MS
        assert pool.stats().open == 0


async def test_an_endless_answer_ends_at_the_total_timeout() -> None:
    async def drips(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            writer.write(b"1\r\nx\r\n")
            await writer.drain()
            await asyncio.sleep(0.01)

    async with raw_server(drips) as origin, pool_to(origin) as pool:
        probe = await exchange(pool)
        assert (probe.failure, probe.detail) == (Outcome.TIMEOUT, "not done within 300 ms")


async def test_a_connection_that_does_not_come_about_is_a_timeout() -> None:
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        fillers = [socket.socket() for _ in range(4)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(full.getsockname())
        async with pool_to(f"http://127.0.0.1:{full.getsockname()[1]}") as pool:
            probe = await exchange(pool)
            assert (probe.failure, probe.sent_ns) == (Outcome.TIMEOUT, NEVER)
            assert "no connection within 200 ms" in probe.detail
        for filler in fillers:
            filler.close()


async def test_nobody_listening_is_a_connect_error() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        async with pool_to(f"http://127.0.0.1:{unused.getsockname()[1]}") as pool:
            probe = await exchange(pool)
            assert probe.failure is Outcome.CONNECT_ERROR
            assert "refused" in probe.detail


async def test_a_name_that_does_not_resolve_is_a_connect_error() -> None:
    async with pool_to("http://does-not-exist.invalid:80") as pool:
        assert (await exchange(pool)).failure is Outcome.CONNECT_ERROR


async def test_a_name_that_can_be_none_is_a_connect_error() -> None:
    async with pool_to(f"http://{'a' * 64}.example:80") as pool:
        assert (await exchange(pool)).failure is Outcome.CONNECT_ERROR


async def test_a_connection_that_is_closed_before_it_was_used(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def slam(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        return

    speak, on_lost = ConnectionPool._speak, ConnectionPool._on_lost
    closed = asyncio.Event()

    def note(self: ConnectionPool, connection: Connection, exchange: Exchange | None) -> None:
        on_lost(self, connection, exchange)
        closed.set()

    async def late(self: ConnectionPool, sock: socket.socket, node: PooledAddress) -> Connection:
        connection = await speak(self, sock, node)
        await closed.wait()
        closed.clear()
        return connection

    monkeypatch.setattr(ConnectionPool, "_on_lost", note)
    monkeypatch.setattr(ConnectionPool, "_speak", late)
    async with raw_server(slam) as origin, pool_to(origin) as pool:
        for _ in range(3):
            assert (await exchange(pool)).failure is Outcome.CONNECT_ERROR
        assert pool.stats().open == 0


async def test_nothing_is_sent_on_a_connection_that_has_just_been_given_up() -> None:
    async with raw_server(answering(OK)) as origin, pool_to(origin) as pool:
        await exchange(pool)
        (connection,) = pool._open
        connection.received(b"nobody asked for this", monotonic_ns(), NEVER)
        probe = Probe()
        pool.submit(probe)  # before the loop has told of the close
        await asyncio.wait_for(probe.done, 5)
        assert (probe.failure, probe.body) == (None, b"ok")
        assert pool.stats().opened == 2


async def test_parallel_exchanges_have_a_connection_each_and_keep_them() -> None:
    async with raw_server(answering(OK)) as origin, pool_to(origin) as pool:
        for _ in range(3):
            await asyncio.gather(*(exchange(pool) for _ in range(20)))
        assert pool.stats().opened == 20
        assert pool.stats().idle == 20


async def test_connection_close_is_obeyed() -> None:
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    async with raw_server(answering(answer)) as origin, pool_to(origin) as pool:
        for _ in range(3):
            assert (await exchange(pool)).failure is None
        assert pool.stats().opened == 3


@pytest.mark.parametrize(
    ("options", "opened"),
    [(Connections(keep_alive=False), 4), (Connections(max_uses=2), 2), (Connections(), 1)],
)
async def test_how_long_a_connection_is_kept(options: Connections, opened: int) -> None:
    async with raw_server(answering(OK)) as origin, pool_to(origin, QUICK, options) as pool:
        for _ in range(4):
            assert (await exchange(pool)).failure is None
        assert pool.stats().opened == opened


async def test_what_follows_an_answer_unasked_costs_the_connection_and_nothing_else() -> None:
    script = answering(OK + b"HTTP/1.1 200 OK\r\nX: y\r\n\r\n")
    async with raw_server(script) as origin, pool_to(origin) as pool:
        for _ in range(3):
            probe = await exchange(pool)
            assert (probe.failure, probe.body) == (None, b"ok")
        assert pool.stats().opened == 3


async def test_a_large_request_is_sent_whole() -> None:
    body = bytes(range(256)) * 24_000  # 6 MB: more than any socket buffer

    async def echoes_length(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = await read_request(reader)
        assert request.endswith(body)
        writer.write(OK)
        await writer.drain()

    head = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(body)
    async with raw_server(echoes_length) as origin, pool_to(origin, Timeouts()) as pool:
        assert (await exchange(pool, head + body)).body == b"ok"


async def test_closing_ends_what_is_under_way() -> None:
    async with raw_server(silent) as origin:
        pool = ConnectionPool(origin, Timeouts())
        probes = [Probe() for _ in range(3)]
        for probe in probes:
            pool.submit(probe)
        while pool.stats().open < 3:  # noqa: ASYNC110 - a turn of the loop, not a wait
            await asyncio.sleep(0)
        pool.close()
        assert [probe.failure for probe in probes] == [Outcome.PROTOCOL_ERROR] * 3
        assert [probe.times_finished for probe in probes] == [1, 1, 1]
