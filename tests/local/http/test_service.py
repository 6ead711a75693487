"""The HTTP side, as well-meaning and other clients meet it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

import httpx
import pytest

from bench.local.http.service import MAX_BODY_BYTES, Reply, Service
from bench.local.model import HttpRequest, HttpResponse
from tests.local.serving import PATIENCE_S


class Site:
    """A service with one port, which notes what comes in."""

    def __init__(self, port: int, http: httpx.AsyncClient) -> None:
        self.port = port
        self.http = http
        self.requests: list[HttpRequest] = []
        self.answer = HttpResponse(200, (("Content-Type", "text/plain"),), b"hello")

    async def raw(self, data: bytes) -> bytes:
        """Send bytes, read to the end."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(data)
        with suppress(ConnectionResetError):
            return await reader.read()
        return b""


def gate(request: HttpRequest) -> int | HttpResponse:
    """Unsigned requests are refused as they are, others may have four bytes below /small."""
    if request.raw_path == "/unsigned":
        return HttpResponse(403, (), b"sign it")
    return 4 if request.raw_path == "/small" else MAX_BODY_BYTES


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    service = Service(head_limit_s=0.3)

    async def handle(request: HttpRequest, _: Reply) -> HttpResponse:
        found.requests.append(request)
        return found.answer

    port = await service.listen(handle, gate=gate)
    async with httpx.AsyncClient(
        trust_env=False, base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE_S
    ) as http:
        found = Site(port, http)
        yield found
    await service.close()


async def test_a_request_arrives_as_it_was_sent(site: Site) -> None:
    data = (
        f"POST /a%2Fb/%24x?q=%20&q=2 HTTP/1.1\r\nHost: 127.0.0.1:{site.port}\r\n"
        "X-Two: 1\r\nx-two: 2\r\nConnection: close\r\nContent-Length: 3\r\n\r\nabc"
    )
    answer = await site.raw(data.encode())
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    (request,) = site.requests
    assert (request.method, request.raw_path, request.raw_query) == (
        "POST",
        "/a%2Fb/%24x",
        "q=%20&q=2",
    )
    assert [pair for pair in request.headers if pair[0].lower() == "x-two"] == [
        ("X-Two", "1"),
        ("x-two", "2"),
    ]
    assert request.body == b"abc"
    assert request.client_ip == "127.0.0.1"
    assert request.client_port > 0


async def test_no_header_tells_which_library_answers(site: Site) -> None:
    answer = await site.http.get("/")
    assert "Server" not in answer.headers
    assert "Date" in answer.headers
    assert answer.headers["Connection"] == "keep-alive"
    site.answer = HttpResponse(200, (("Server", "awselb/2.0"), ("A", "1"), ("A", "2")))
    answer = await site.http.get("/")
    assert answer.headers["Server"] == "awselb/2.0"
    assert answer.headers.get_list("A") == ["1", "2"]


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1:1", "localhost.evil.example", ""])
async def test_another_host_is_refused(site: Site, host: str) -> None:
    answer = await site.raw(f"GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
    assert answer.startswith((b"HTTP/1.1 403", b"HTTP/1.0 403"))
    assert site.requests == []


async def test_localhost_is_a_name_for_it(site: Site) -> None:
    answer = await site.http.get("/", headers={"Host": f"LocalHost:{site.port}"})
    assert answer.status_code == 200


@pytest.mark.parametrize("origin", ["http://evil.example", "null", ""])
async def test_a_web_page_is_refused(site: Site, origin: str) -> None:
    assert (await site.http.get("/", headers={"Origin": origin})).status_code == 403
    assert (await site.http.options("/", headers={"Origin": origin})).status_code == 403
    assert site.requests == []


@pytest.mark.parametrize(("site_of_page", "refused"), [("cross-site", True), ("none", False)])
async def test_a_picture_on_another_sites_page_cannot_invoke(
    site: Site, site_of_page: str, refused: bool
) -> None:
    answer = await site.http.get("/", headers={"Sec-Fetch-Site": site_of_page})
    assert (answer.status_code == 403) == refused
    assert len(site.requests) == (not refused)


@pytest.mark.parametrize(
    "data",
    [
        b"\x00\x01\x02\x03\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost 127.0.0.1\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 5\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: " + b"a" * 100_000 + b"\r\n\r\n",
    ],
)
async def test_bad_requests_do_no_harm(site: Site, data: bytes) -> None:
    answer = await site.raw(data)
    assert answer == b"" or answer.startswith((b"HTTP/1.1 4", b"HTTP/1.0 4"))
    assert site.requests == []
    assert (await site.http.get("/")).status_code == 200


async def test_a_body_beyond_every_limit_is_a_413(site: Site) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(MAX_BODY_BYTES // (1 << 20) + 1):
            yield bytes(1 << 20)

    with suppress(httpx.WriteError, httpx.ReadError):
        assert (await site.http.post("/", content=endless())).status_code == 413
    assert site.requests == []


async def test_a_body_is_asked_for_where_the_client_waits_to_be(site: Site) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", site.port)
    head = (
        f"POST / HTTP/1.1\r\nHost: 127.0.0.1:{site.port}\r\nContent-Length: 2\r\n"
        "Expect: 100-continue\r\n\r\n"
    )
    writer.write(head.encode())
    assert await reader.readline() == b"HTTP/1.1 100 Continue\r\n"
    await reader.readline()
    writer.write(b"{}")
    assert await reader.readline() == b"HTTP/1.1 200 OK\r\n"
    writer.close()


async def test_a_compressed_body_stays_compressed(site: Site) -> None:
    await site.http.post("/", content=b"\x1f\x8bnot really", headers={"Content-Encoding": "gzip"})
    assert site.requests[0].body == b"\x1f\x8bnot really"


async def test_headers_that_would_split_a_response_become_a_502(site: Site) -> None:
    site.answer = HttpResponse(200, (("X", "1\r\nSet-Cookie: a=b"),), b"")
    answer = await site.http.get("/")
    assert answer.status_code == 502
    assert "Set-Cookie" not in answer.headers


async def test_it_listens_on_loopback_alone(site: Site) -> None:
    import socket

    found = socket.getaddrinfo(socket.gethostname(), site.port, socket.AF_INET, socket.SOCK_STREAM)
    for *_, address in found:
        if not str(address[0]).startswith("127."):
            with pytest.raises(OSError, match="refused"):
                await asyncio.open_connection(str(address[0]), site.port)


async def test_a_mistake_of_ours_is_a_500_and_told(
    site: Site, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(site, "answer", None)
    monkeypatch.setattr(site, "requests", None)
    answer = await site.http.get("/some/path")
    assert answer.status_code == 500
    assert "GET /some/path" in caplog.text


async def test_a_caller_who_hangs_up_in_the_middle_is_no_news(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    _, writer = await asyncio.open_connection("127.0.0.1", site.port)
    head = f"POST / HTTP/1.1\r\nHost: 127.0.0.1:{site.port}\r\nContent-Length: 10\r\n\r\nhalf"
    writer.write(head.encode())
    await writer.drain()
    writer.close()
    await writer.wait_closed()
    assert (await site.http.get("/")).status_code == 200
    assert len(site.requests) == 1
    assert caplog.text == ""


async def test_a_body_is_not_read_before_what_its_head_is_refused_for(site: Site) -> None:
    head = (
        f"POST /unsigned HTTP/1.1\r\nHost: 127.0.0.1:{site.port}\r\n"
        "Content-Length: 1000000000\r\n\r\nabc"
    )
    answer = await site.raw(head.encode())
    assert answer.startswith(b"HTTP/1.1 403")
    assert answer.endswith(b"sign it")
    assert b"connection: close" in answer.lower()
    assert site.requests == []


async def test_of_a_body_that_is_too_large_one_byte_more_is_read(site: Site) -> None:
    fits = await site.http.post("/small", content=b"1234")
    more = await site.http.post("/small", content=b"123456789")
    head = (
        f"POST /small HTTP/1.1\r\nHost: 127.0.0.1:{site.port}\r\n"
        "Content-Length: 1000000000\r\n\r\n123456789"
    )
    most = await site.raw(head.encode())
    assert (fits.status_code, more.status_code) == (200, 200)
    assert [request.body for request in site.requests] == [b"1234", b"12345", b"12345"]
    assert b"connection: close" in most.lower()


async def test_a_connection_without_a_whole_head_is_closed_after_a_while(site: Site) -> None:
    assert await site.raw(b"") == b""
    assert await site.raw(b"GET / HTTP/1.1\r\nHost: ") == b""


async def test_what_has_sent_its_head_may_take_its_time(site: Site) -> None:
    head = (
        f"POST / HTTP/1.1\r\nHost: 127.0.0.1:{site.port}\r\nConnection: close\r\n"
        "Content-Length: 3\r\n\r\n"
    )
    reader, writer = await asyncio.open_connection("127.0.0.1", site.port)
    writer.write(head.encode())
    await asyncio.sleep(0.5)  # longer than a head may take
    writer.write(b"abc")
    assert (await reader.read()).endswith(b"hello")
    writer.close()
