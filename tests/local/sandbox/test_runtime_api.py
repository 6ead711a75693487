"""The Runtime API, spoken to as a runtime does: over a socket, byte for byte where it matters."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import suppress

import httpx
import pytest

from bench.local.model import Invocation
from bench.local.sandbox.runtime_api import RuntimeApi
from bench.local.sandbox.trace import handler_trace
from tests.local.serving import PATIENCE_S

BASE = "/2018-06-01/runtime"


class Heard:
    """A listener that notes what it hears."""

    def __init__(self) -> None:
        self.said: list[tuple[object, ...]] = []
        self.waiting = asyncio.Event()
        self.streaming = asyncio.Event()

    def polled(self) -> None:
        self.waiting.set()

    def hung_up(self) -> None:
        self.said.append(("hung_up",))

    def responded(self, body: bytes, content_type: str) -> None:
        self.said.append(("responded", body, content_type))

    def failed(self, body: bytes, error_type: str) -> None:
        self.said.append(("failed", body, error_type))

    def init_failed(self, body: bytes, error_type: str) -> None:
        self.said.append(("init_failed", body, error_type))

    def too_large(self) -> None:
        self.said.append(("too_large",))

    def chunk(self, body: bytes, content_type: str) -> None:
        self.said.append(("chunk", body, content_type))
        self.streaming.set()


class Runtime:
    """A runtime's side of it."""

    def __init__(self, api: RuntimeApi, heard: Heard, http: httpx.AsyncClient) -> None:
        self.api = api
        self.heard = heard
        self.http = http

    async def take(self, **invocation: str) -> httpx.Response:
        """Poll, and be handed an invocation with the id `i-1`."""
        self.heard.waiting.clear()
        polling = asyncio.ensure_future(self.http.get(f"{BASE}/invocation/next", timeout=5))
        await self.heard.waiting.wait()
        self.api.deliver(
            Invocation("i-1", b'{"n":1}', "arn:f", "root=1-2", **invocation), 1_700_000_000_000
        )
        return await polling

    async def post(self, path: str, body: bytes = b"{}", **headers: str) -> httpx.Response:
        """POST below the Runtime API."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.http.post(f"{BASE}/{path}", content=body, headers=named)


@pytest.fixture
async def runtime() -> AsyncIterator[Runtime]:
    heard = Heard()
    api = RuntimeApi(heard)
    await api.start()
    async with httpx.AsyncClient(
        trust_env=False, base_url=f"http://{api.address}", timeout=PATIENCE_S
    ) as http:
        yield Runtime(api, heard, http)
    api.close()


async def test_next_waits_and_then_carries_the_invocation(runtime: Runtime) -> None:
    answer = await runtime.take(client_context='{"a": 1}')
    assert answer.status_code == 200
    assert answer.content == b'{"n":1}'
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Lambda-Runtime-Aws-Request-Id"] == "i-1"
    assert answer.headers["Lambda-Runtime-Deadline-Ms"] == "1700000000000"
    assert answer.headers["Lambda-Runtime-Invoked-Function-Arn"] == "arn:f"
    trace = answer.headers["Lambda-Runtime-Trace-Id"]
    assert re.fullmatch(r"Root=1-2;Parent=[0-9a-f]{16};Sampled=0", trace)
    assert answer.headers["Lambda-Runtime-Client-Context"] == '{"a": 1}'


async def test_a_response_is_accepted_once(runtime: Runtime) -> None:
    await runtime.take()
    first = await runtime.post("invocation/i-1/response", b'"x"', Content_Type="application/json")
    again = await runtime.post("invocation/i-1/response", b'"x"')
    assert (first.status_code, first.json()) == (202, {"status": "OK"})
    assert (again.status_code, again.json()["errorType"]) == (403, "InvalidStateTransition")
    assert runtime.heard.said == [("responded", b'"x"', "application/json")]


async def test_another_request_id_is_refused_and_the_right_one_still_counts(
    runtime: Runtime,
) -> None:
    await runtime.take()
    wrong = await runtime.post("invocation/i-2/response")
    assert (wrong.status_code, wrong.json()["errorType"]) == (400, "InvalidRequestID")
    assert (await runtime.post("invocation/i-1/response")).status_code == 202


async def test_next_is_refused_while_an_invocation_runs(runtime: Runtime) -> None:
    await runtime.take()
    assert (await runtime.http.get(f"{BASE}/invocation/next")).status_code == 403


async def test_work_that_went_to_a_poll_given_up_is_handed_out_again(runtime: Runtime) -> None:
    host, _, port = runtime.api.address.partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(
        f"GET {BASE}/invocation/next HTTP/1.1\r\nHost: {runtime.api.address}\r\n\r\n".encode()
    )
    await runtime.heard.waiting.wait()
    runtime.api.deliver(Invocation("i-1", b'{"n":1}', "arn:f"), 0)
    await reader.readline()
    writer.close()
    await writer.wait_closed()
    again = await runtime.http.get(f"{BASE}/invocation/next")
    assert again.content == b'{"n":1}'
    assert (await runtime.post("invocation/i-1/response")).status_code == 202


async def test_an_error_may_carry_a_header_of_almost_a_mebibyte(runtime: Runtime) -> None:
    await runtime.take()
    answer = await runtime.post(
        "invocation/i-1/error",
        b'{"errorType":"E"}',
        Lambda_Runtime_Function_Error_Type="E",
        Lambda_Runtime_Function_XRay_Error_Cause="x" * (1024 * 1024 - 1),
    )
    assert answer.status_code == 202
    assert runtime.heard.said == [("failed", b'{"errorType":"E"}', "E")]


async def test_an_init_error_needs_no_invocation(runtime: Runtime) -> None:
    answer = await runtime.post(
        "init/error", b"{}", Lambda_Runtime_Function_Error_Type="Runtime.ImportModuleError"
    )
    assert answer.status_code == 202
    assert runtime.heard.said == [("init_failed", b"{}", "Runtime.ImportModuleError")]


async def test_too_large_an_answer_is_a_413(runtime: Runtime) -> None:
    await runtime.take()
    answer = await runtime.post("invocation/i-1/response", b"x" * 6_291_557)
    assert (answer.status_code, answer.json()["errorType"]) == (413, "RequestEntityTooLarge")
    assert runtime.heard.said == [("too_large",)]


async def test_a_streamed_answer_comes_piece_by_piece(runtime: Runtime) -> None:
    await runtime.take()
    sent = asyncio.Event()

    async def pieces() -> AsyncIterator[bytes]:
        yield b"one"
        await sent.wait()
        yield b"two"

    posting = asyncio.ensure_future(
        runtime.http.post(
            f"{BASE}/invocation/i-1/response",
            content=pieces(),
            headers={
                "Content-Type": "text/plain",
                "Lambda-Runtime-Function-Response-Mode": "streaming",
            },
        )
    )
    await runtime.heard.streaming.wait()
    assert runtime.heard.said == [("chunk", b"one", "text/plain")]
    sent.set()
    assert (await posting).status_code == 202
    assert runtime.heard.said[1:] == [
        ("chunk", b"two", "text/plain"),
        ("responded", b"", "text/plain"),
    ]


async def test_a_stream_that_breaks_off_says_why_in_its_trailers(runtime: Runtime) -> None:
    await runtime.take()
    host, _, port = runtime.api.address.partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(
        f"POST {BASE}/invocation/i-1/response HTTP/1.1\r\nHost: {runtime.api.address}\r\n"
        "Lambda-Runtime-Function-Response-Mode: streaming\r\nTransfer-Encoding: chunked\r\n"
        "Trailer: Lambda-Runtime-Function-Error-Type, Lambda-Runtime-Function-Error-Body\r\n\r\n"
        "3\r\none\r\n0\r\nLambda-Runtime-Function-Error-Type: Broken\r\n"
        "Lambda-Runtime-Function-Error-Body: eyJhIjoxfQ==\r\n\r\n".encode()
    )
    assert (await reader.readline()).startswith(b"HTTP/1.1 202")
    writer.close()
    assert runtime.heard.said[-1] == ("failed", b'{"a":1}', "Broken")


async def test_a_body_that_waits_for_100_continue_is_asked_for(runtime: Runtime) -> None:
    await runtime.take()
    host, _, port = runtime.api.address.partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(
        f"POST {BASE}/invocation/i-1/response HTTP/1.1\r\nHost: {runtime.api.address}\r\n"
        "Content-Length: 2\r\nExpect: 100-continue\r\n\r\n".encode()
    )
    assert await reader.readline() == b"HTTP/1.1 100 Continue\r\n"
    await reader.readline()
    writer.write(b"{}")
    assert (await reader.readline()).startswith(b"HTTP/1.1 202")
    writer.close()


@pytest.mark.parametrize("headers", [{"Host": "evil.example"}, {"Origin": "http://evil.example"}])
async def test_it_is_for_the_sandboxs_own_process_alone(
    runtime: Runtime, headers: dict[str, str]
) -> None:
    answer = await runtime.http.get(f"{BASE}/invocation/next", headers=headers)
    assert answer.status_code == 403


async def test_anything_else_is_not_there(runtime: Runtime) -> None:
    assert (await runtime.http.get("/")).status_code == 404
    assert (await runtime.post("invocation/next")).status_code == 404
    assert (await runtime.post("restore/next")).status_code == 404


async def test_what_is_no_http_ends_the_connection(runtime: Runtime) -> None:
    host, _, port = runtime.api.address.partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(b"\x00\x01\x02 nonsense\r\n\r\n")
    with suppress(ConnectionResetError):
        assert await reader.read() == b""
    writer.close()


@pytest.mark.parametrize(
    ("given", "seen"),
    [
        ("", ""),
        (
            "Root=1-2;Parent=53995c3f42cd8ad8;Sampled=1",
            "Root=1-2;Parent=53995c3f42cd8ad8;Sampled=1",
        ),
        ("Sampled=?;Root=1-2;Lineage=a:0;Parent=1", "Root=1-2;Parent=1;Sampled=?;Lineage=a:0"),
    ],
)
def test_the_trace_has_a_parent_and_a_decision(given: str, seen: str) -> None:
    assert handler_trace(given, "id") == seen
