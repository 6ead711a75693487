"""HTTP/2 by way of httpx against a small server on h2."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path

import h2.config
import h2.connection
import h2.events

from bench.model.outcome import Outcome
from bench.model.profile import Connections, Timeouts
from bench.model.times import NS_PER_MS
from bench.wire.http2 import Http2Pool
from tests.wire.rawserver import raw_server
from tests.wire.test_pool import Probe
from tests.wire.test_tls_and_proxy import AUTHORITY, served_as

POST = (
    b"POST /path?q=1 HTTP/1.1\r\nHost: app.example\r\nX-Mine: yes\r\nConnection: keep-alive\r\n"
    b"Content-Length: 2\r\n\r\n{}"
)


async def serve_h2(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answers each stream with its headers in one line; `/silent` never."""
    connection = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
    connection.initiate_connection()
    writer.write(connection.data_to_send())
    asked: dict[int, str] = {}
    while data := await reader.read(65536):
        for event in connection.receive_data(data):
            if isinstance(event, h2.events.RequestReceived):
                pairs = [(name.decode(), value.decode()) for name, value in event.headers]
                asked[event.stream_id] = " ".join(f"{name}={value}" for name, value in pairs)
            elif isinstance(event, h2.events.StreamEnded):
                said = asked[event.stream_id]
                if "/silent" not in said:
                    connection.send_headers(event.stream_id, [(":status", "200"), ("x-a", "1")])
                    connection.send_data(event.stream_id, said.encode(), end_stream=True)
        writer.write(connection.data_to_send())


def speaks_h2() -> ssl.SSLContext:
    context = served_as("127.0.0.1")
    context.set_alpn_protocols(["h2"])
    return context


async def test_exchanges_share_one_connection_and_have_clocks(tmp_path: Path) -> None:
    bundle = tmp_path / "ca.pem"
    AUTHORITY.cert_pem.write_to_path(str(bundle))
    options = Connections(ca_bundle=str(bundle), http2=True)
    async with raw_server(serve_h2, speaks_h2()) as origin:
        pool = Http2Pool(origin, Timeouts(), options)
        first = Probe(POST)
        pool.submit(first)
        await asyncio.wait_for(first.done, 5)
        others = [Probe(POST) for _ in range(5)]
        for probe in others:
            pool.submit(probe)
        await asyncio.wait_for(asyncio.gather(*(probe.done for probe in others)), 5)
        assert (first.failure, first.status) == (None, 200)
        said = first.body.decode()
        for part in (":method=POST", ":path=/path?q=1", ":authority=app.example", "x-mine=yes"):
            assert part in said
        assert "connection=" not in said
        assert 0 < first.sent_ns <= first.first_ns <= first.last_ns
        assert first.tls_ns > 0
        assert [probe.status for probe in others] == [200] * 5
        assert pool.stats().opened == 1
        pool.close()


async def test_the_name_to_ask_for_goes_for_http2_too(tmp_path: Path) -> None:
    bundle = tmp_path / "ca.pem"
    AUTHORITY.cert_pem.write_to_path(str(bundle))
    context = served_as("app.example")
    context.set_alpn_protocols(["h2"])
    options = Connections(ca_bundle=str(bundle), http2=True, server_name="app.example")
    async with raw_server(serve_h2, context) as origin:
        pool = Http2Pool(origin, Timeouts(), options)
        probe = Probe(POST)
        pool.submit(probe)
        await asyncio.wait_for(probe.done, 5)
        assert (probe.failure, probe.status) == (None, 200)
        pool.close()


async def test_no_answer_in_time_is_a_timeout_and_no_server_a_connect_error() -> None:
    quick = Timeouts(first_byte_ns=100 * NS_PER_MS, total_ns=200 * NS_PER_MS)
    options = Connections(verify_tls=False, http2=True)
    async with raw_server(serve_h2, speaks_h2()) as origin:
        pool = Http2Pool(origin, quick, options)
        probe = Probe(POST.replace(b"/path", b"/silent"))
        pool.submit(probe)
        await asyncio.wait_for(probe.done, 5)
        assert probe.failure is Outcome.TIMEOUT
    gone = Http2Pool(origin, quick, options)
    probe = Probe(POST)
    gone.submit(probe)
    await asyncio.wait_for(probe.done, 5)
    assert probe.failure is Outcome.CONNECT_ERROR


async def test_a_connection_that_closes_instead_of_an_answer_says_so() -> None:
    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.close()

    async with raw_server(hang_up, speaks_h2()) as origin:
        pool = Http2Pool(origin, Timeouts(), Connections(verify_tls=False, http2=True))
        probe = Probe(POST)
        pool.submit(probe)
        await asyncio.wait_for(probe.done, 5)
        assert probe.failure is Outcome.PROTOCOL_ERROR
        assert probe.detail
        pool.close()
