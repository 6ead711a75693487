"""Control plane and invocations are reached alike: certificates, proxies, passwords."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from bench.aws.api import LambdaApi
from bench.aws.credentials import Credentials
from bench.aws.places import Place
from bench.errors import TargetError, UsageError
from bench.model.profile import Connections
from bench.wire.environment import with_environment
from bench.wire.httpx_transport import WireTransport
from tests.wire.rawserver import answering, raw_server, read_request
from tests.wire.test_pool import OK, exchange, pool_to
from tests.wire.test_tls_and_proxy import AUTHORITY, relay, served_as

FOUND = b'HTTP/1.1 200 OK\r\nContent-Length: 19\r\n\r\n{"MemorySize": 128}'
NOTHING: dict[str, str] = {"AWS_CONFIG_FILE": "/nowhere/config"}


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    path = tmp_path / "ca.pem"
    AUTHORITY.cert_pem.write_to_path(str(path))
    return path


async def configuration(origin: str, options: Connections) -> int:
    async def at_once(_seconds: float) -> None:
        return

    place = Place("us-east-1", origin)
    api = LambdaApi(
        Credentials("a", "b"), place, transport=WireTransport(None, options), sleep=at_once
    )
    async with api:
        return int((await api.configuration("f"))["MemorySize"])


async def test_one_authority_is_trusted_by_both_however_it_is_named(bundle: Path) -> None:
    config = bundle.with_name("config")
    config.write_text(f"[default]\nca_bundle = {bundle}\n")
    plain = Connections()
    for options in (
        Connections(ca_bundle=str(bundle)),
        Connections(verify_tls=False),
        with_environment(plain, NOTHING | {"AWS_CA_BUNDLE": str(bundle)}),
        with_environment(plain, NOTHING | {"REQUESTS_CA_BUNDLE": str(bundle)}),
        with_environment(plain, {"AWS_CONFIG_FILE": str(config)}),
    ):
        async with raw_server(answering(FOUND), served_as("127.0.0.1")) as origin:
            assert await configuration(origin, options) == 128
        async with (
            raw_server(answering(OK), served_as("127.0.0.1")) as origin,
            pool_to(origin, options=options) as pool,
        ):
            assert (await exchange(pool)).failure is None
    async with raw_server(answering(FOUND), served_as("127.0.0.1")) as origin:
        with pytest.raises(TargetError, match=r"set connections\.ca_bundle or AWS_CA_BUNDLE"):
            await configuration(origin, plain)


async def test_the_profiles_own_authority_wins(bundle: Path) -> None:
    options = Connections(ca_bundle="mine.pem")
    found = with_environment(options, NOTHING | {"AWS_CA_BUNDLE": str(bundle)})
    assert found.ca_bundle == "mine.pem"


@pytest.mark.parametrize("name", ["AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE"])
def test_a_bundle_that_is_none_is_refused_in_one_line(tmp_path: Path, name: str) -> None:
    (tmp_path / "empty.pem").write_text("nothing")
    for file, words in (("empty.pem", "holds no certificates"), ("gone.pem", "does not exist")):
        with pytest.raises(UsageError, match=rf"^{name} must be .*{words}\)$"):
            with_environment(Connections(), NOTHING | {name: str(tmp_path / file)})


async def test_a_proxys_password_is_decoded_and_sent_to_it_alone() -> None:
    heads: list[bytes] = []

    async def wanting(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await read_request(reader)
        heads.append(head)
        pushed = asyncio.StreamReader()
        pushed.feed_data(head)
        await relay_after(pushed, reader, writer)

    async def relay_after(
        head: asyncio.StreamReader, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        line = (await read_request(head)).split(b" ")[1].decode()
        host, _, port = line.partition(":")
        far_reader, far_writer = await asyncio.open_connection(host, int(port))
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        request = await read_request(reader)
        heads.append(request)
        far_writer.write(request)
        writer.write(await far_reader.readuntil(b"ok"))
        far_writer.close()

    async with raw_server(answering(OK)) as origin, raw_server(wanting) as proxy:
        options = Connections(proxy=proxy.replace("://", "://user:p%40ss@"))
        async with pool_to(origin, options=options) as pool:
            assert (await exchange(pool)).body == b"ok"
    connect, request = heads
    assert b"\r\nProxy-Authorization: Basic dXNlcjpwQHNz\r\n" in connect
    assert b"roxy" not in request


async def test_the_control_plane_goes_through_the_same_proxy() -> None:
    async with raw_server(answering(FOUND)) as origin, raw_server(relay) as proxy:
        assert await configuration(origin, Connections(proxy=proxy)) == 128
    refusal = b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n"
    async with raw_server(answering(refusal)) as proxy:
        options = with_environment(Connections(), NOTHING | {"HTTPS_PROXY": proxy})
        with pytest.raises(TargetError, match=r"proxy refused CONNECT lambda\.us-.*:443: .* 407"):
            await configuration("https://lambda.us-east-1.amazonaws.com", options)
