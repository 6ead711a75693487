"""TLS with and without trust, and a CONNECT proxy."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path

import pytest
import trustme

from bench.model.outcome import Outcome
from bench.model.profile import Connections
from tests.wire.rawserver import answering, raw_server, read_request
from tests.wire.test_pool import OK, exchange, pool_to

AUTHORITY = trustme.CA()


def served_as(*names: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    AUTHORITY.issue_cert(*names).configure_cert(context)
    return context


@pytest.fixture
def bundle(tmp_path: Path) -> str:
    path = tmp_path / "ca.pem"
    AUTHORITY.cert_pem.write_to_path(str(path))
    return str(path)


async def test_a_trusted_server_is_spoken_to_and_the_handshake_is_timed(bundle: str) -> None:
    options = Connections(ca_bundle=bundle)
    async with (
        raw_server(answering(OK), served_as("127.0.0.1")) as origin,
        pool_to(origin, options=options) as pool,
    ):
        first, second = await exchange(pool), await exchange(pool)
        assert (first.failure, first.body) == (None, b"ok")
        assert first.tls_ns > 0
        assert second.failure is None
        assert pool.stats().opened == 1


@pytest.mark.parametrize(
    ("options", "names", "outcome"),
    [
        (Connections(), ("127.0.0.1",), Outcome.CONNECT_ERROR),
        (Connections(verify_tls=False), ("127.0.0.1",), None),
        (Connections(verify_tls=False), ("elsewhere.example",), None),
    ],
)
async def test_verification_is_on_unless_the_profile_says_otherwise(
    options: Connections, names: tuple[str, ...], outcome: Outcome | None
) -> None:
    async with (
        raw_server(answering(OK), served_as(*names)) as origin,
        pool_to(origin, options=options) as pool,
    ):
        probe = await exchange(pool)
        assert probe.failure is outcome
        assert ("verify failed" in probe.detail) == (outcome is not None)
        assert ("connections.ca_bundle names" in probe.detail) == (outcome is not None)
        assert "_ssl.c" not in probe.detail


async def test_tls_to_where_none_is_spoken_says_so() -> None:
    async def plain(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()

    async with raw_server(plain) as origin, pool_to(origin.replace("http:", "https:")) as pool:
        probe = await exchange(pool)
    assert probe.failure is Outcome.CONNECT_ERROR
    assert "no TLS is spoken there" in probe.detail


@pytest.mark.parametrize(
    ("asked", "outcome"), [("app.example", None), (None, Outcome.CONNECT_ERROR)]
)
async def test_the_server_name_can_be_overridden(
    bundle: str, asked: str | None, outcome: Outcome | None
) -> None:
    options = Connections(ca_bundle=bundle, server_name=asked)
    async with (
        raw_server(answering(OK), served_as("app.example")) as origin,
        pool_to(origin, options=options) as pool,
    ):
        assert (await exchange(pool)).failure is outcome


async def test_a_plain_server_behind_https_is_a_connect_error() -> None:
    async with (
        raw_server(answering(OK)) as origin,
        pool_to(origin.replace("http", "https")) as pool,
    ):
        assert (await exchange(pool)).failure in (Outcome.CONNECT_ERROR, Outcome.TIMEOUT)


async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A proxy that grants every CONNECT."""
    head = await read_request(reader)
    host, _, port = head.split(b" ")[1].decode().partition(":")
    far_reader, far_writer = await asyncio.open_connection(host, int(port))
    writer.write(b"HTTP/1.1 201 Connection established\r\n\r\n")  # any 2xx grants it

    async def copy(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        while chunk := await source.read(65536):
            sink.write(chunk)
            await sink.drain()
        sink.close()

    await asyncio.gather(copy(reader, far_writer), copy(far_reader, writer))


@pytest.mark.parametrize("tls", [False, True])
async def test_a_proxy_carries_plain_and_encrypted_connections(tls: bool, bundle: str) -> None:
    context = served_as("127.0.0.1") if tls else None
    async with raw_server(answering(OK), context) as origin, raw_server(relay) as proxy:
        options = Connections(ca_bundle=bundle, proxy=proxy)
        async with pool_to(origin, options=options) as pool:
            probe = await exchange(pool)
            assert (probe.failure, probe.body) == (None, b"ok")


async def test_a_proxy_that_refuses_is_a_connect_error() -> None:
    refusal = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"
    async with (
        raw_server(answering(OK)) as origin,
        raw_server(answering(refusal)) as proxy,
        pool_to(origin, options=Connections(proxy=proxy)) as pool,
    ):
        probe = await exchange(pool)
        assert probe.failure is Outcome.CONNECT_ERROR
        assert "403 Forbidden" in probe.detail
