"""The wire under a plain httpx.AsyncClient."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator

import httpx
import pytest

from bench.model.profile import Timeouts
from bench.model.times import NS_PER_MS
from bench.wire.httpx_transport import WireTransport
from tests.wire.rawserver import answering, raw_server, read_request, silent


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while True:
        request = await read_request(reader)
        body = b"%d " % len(request) + request
        writer.write(
            b"HTTP/1.1 200 OK\r\nX-A: 1\r\nX-A: 2\r\nContent-Length: %d\r\n\r\n" % len(body)
        )
        writer.write(body)


async def test_requests_of_every_kind_arrive_as_httpx_means_them() -> None:
    async def chunks() -> AsyncIterator[bytes]:
        yield b"a" * 10
        yield b"b" * 10

    async with raw_server(echo) as url, httpx.AsyncClient(transport=WireTransport()) as client:
        got = await client.get(f"{url}/p%20q", params={"x": "ä"})
        posted = await client.post(url, json={"n": 1})
        streamed = await client.post(url, content=chunks())
    assert "GET /p%20q?x=%C3%A4 HTTP/1.1" in got.text
    assert got.headers.get_list("x-a") == ["1", "2"]
    assert posted.text.endswith('\r\n\r\n{"n":1}')
    assert streamed.text.endswith("\r\n\r\n" + "a" * 10 + "b" * 10)
    assert "transfer-encoding" not in streamed.text.lower()


async def test_failures_come_as_httpx_errors() -> None:
    quick = Timeouts(first_byte_ns=50 * NS_PER_MS, total_ns=50 * NS_PER_MS)
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        dead = f"http://127.0.0.1:{unused.getsockname()[1]}/"
        async with httpx.AsyncClient(transport=WireTransport(quick)) as client:
            with pytest.raises(httpx.ConnectError, match="refused"):
                await client.get(dead)
            async with raw_server(silent) as url:
                with pytest.raises(httpx.ReadTimeout):
                    await client.get(url)
            async with raw_server(answering(b"nonsense\r\n\r\n")) as url:
                with pytest.raises(httpx.RemoteProtocolError, match="malformed"):
                    await client.get(url)


async def test_redirects_cookies_and_parallel_requests_work_on_top() -> None:
    async def redirects(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            request = await read_request(reader)
            if b"GET /old" in request:
                writer.write(
                    b"HTTP/1.1 302 Found\r\nLocation: /new\r\nSet-Cookie: c=1\r\n"
                    b"Content-Length: 0\r\n\r\n"
                )
            else:
                said = b"yes" if b"Cookie: c=1" in request or b"cookie: c=1" in request else b"no!"
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n" + said)

    async with (
        raw_server(redirects) as url,
        httpx.AsyncClient(transport=WireTransport(), follow_redirects=True) as client,
    ):
        answers = await asyncio.gather(*(client.get(f"{url}/old") for _ in range(20)))
    assert [answer.text for answer in answers] == ["yes"] * 20
