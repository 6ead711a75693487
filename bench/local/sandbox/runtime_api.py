"""The Runtime API 2018-06-01 that a sandbox's process talks to: one port per sandbox.

Parsed by httptools rather than served by the HTTP library of the front: a runtime sends headers of
up to a mebibyte (`lambda-runtime-function-xray-error-cause`), and two of these exchanges are in
every invocation's way. The paths carry no sandbox, hence the port of its own.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import json
from typing import Protocol, cast

import httptools

from bench.lambda_facts import RESPONSE_LIMIT_BYTES, STREAM_LIMIT_BYTES
from bench.local.model import Invocation
from bench.local.sandbox.trace import handler_trace

PREFIX = "/2018-06-01/runtime/"
_WANTED = frozenset(
    {
        b"content-type",
        b"expect",
        b"host",
        b"origin",
        b"lambda-runtime-function-error-type",
        b"lambda-runtime-function-error-body",
        b"lambda-runtime-function-response-mode",
    }
)
_REASONS = {202: "Accepted", 400: "Bad Request", 403: "Forbidden", 404: "Not Found"}


class RuntimeListener(Protocol):
    """What a sandbox hears from its process. Called before the process gets its answer."""

    def polled(self) -> None:
        """The process asks for work: init is over, or the last invocation is."""

    def hung_up(self) -> None:
        """The process has given up its poll."""

    def responded(self, body: bytes, content_type: str) -> None:
        """The handler's answer, whole; after chunks, b''."""

    def failed(self, body: bytes, error_type: str) -> None:
        """The handler raised, or broke off its stream; body is the error as JSON."""

    def init_failed(self, body: bytes, error_type: str) -> None:
        """Loading the handler failed; body is the error as JSON."""

    def too_large(self) -> None:
        """The answer exceeds what Lambda passes on."""

    def chunk(self, body: bytes, content_type: str) -> None:
        """A piece of a streamed answer."""


class RuntimeApi:
    """One sandbox's end of the Runtime API: hands out one invocation at a time."""

    def __init__(self, listener: RuntimeListener) -> None:
        self.listener = listener
        self.current: str | None = None
        """Request id that has been handed out and not been answered."""
        self.address = ""
        self.host = b""
        """The address, as the Host header must have it."""
        self._server: asyncio.Server | None = None
        self._poller: _ProcessConnection | None = None
        self._taker: _ProcessConnection | None = None
        """The connection that got the running invocation, while it is open."""
        self._handed: tuple[Invocation, int] | None = None
        self._connections: set[_ProcessConnection] = set()

    async def start(self) -> None:
        """Listen on a port of the system's choice; `address` is then host:port."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _ProcessConnection(self), "127.0.0.1", 0)
        self.address = f"127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        self.host = self.address.encode()

    @property
    def waits(self) -> bool:
        """Whether the process has asked for work and has none."""
        return self._poller is not None

    def close(self) -> None:
        """Stop listening and drop all connections."""
        if self._server is not None:
            self._server.close()
        for connection in list(self._connections):
            connection.drop()

    def deliver(self, invocation: Invocation, deadline_ms: int) -> None:
        """Hand an invocation to the process, which must have polled. deadline_ms is Unix time."""
        assert self._poller is not None, "the sandbox is not waiting for work"
        self._taker, self._poller = self._poller, None
        self.current = invocation.request_id
        self._handed = invocation, deadline_ms
        self._taker.send_invocation(invocation, deadline_ms)

    def abandon(self) -> None:
        """The process is gone: forget its poll and its invocation."""
        self._poller = None
        self.current = None

    # ------------------------------------------------------------------ from the connections

    def opened(self, connection: _ProcessConnection) -> None:
        """A connection has come in."""
        self._connections.add(connection)

    def closed(self, connection: _ProcessConnection) -> None:
        """Forget a connection; if the runtime was polling on it, it has hung up."""
        self._connections.discard(connection)
        if self._poller is connection:
            self._poller = None
            self.listener.hung_up()
        if self._taker is connection:
            self._taker = None

    def poll(self, connection: _ProcessConnection) -> tuple[int, str]:
        """`invocation/next`: (0, '') keeps the answer for later."""
        if self.current is not None:
            if self._taker is not None or self._handed is None:
                return _refusal(403, "InvalidStateTransition", "Transition from Running to Ready")
            self._taker = connection  # the poll that it was handed to had been given up
            connection.send_invocation(*self._handed)
            return 0, ""
        self._poller = connection
        self.listener.polled()
        return 0, ""

    def check(self, request_id: str) -> tuple[int, str]:
        """Whether an answer to request_id may come now: 202 or a refusal."""
        if self.current is None:
            return _refusal(403, "InvalidStateTransition", "No invocation is running")
        if self.current != request_id:
            return _refusal(400, "InvalidRequestID", f"Invalid request ID {request_id[:64]}")
        return 202, _OK

    def finish(self, request_id: str, kind: str, answer: _RuntimeAnswer) -> tuple[int, str]:
        """`invocation/{id}/response` or `error`, wholly received."""
        status, body = self.check(request_id)
        if status != 202:
            return status, body
        self.current = None
        if kind == "error":
            self.listener.failed(answer.body(), answer.error_type)
        elif answer.too_large:
            self.listener.too_large()
            return _refusal(413, "RequestEntityTooLarge", _too_large_text(answer))
        elif answer.streaming and answer.error_type:
            self.listener.failed(answer.error_body, answer.error_type)
        else:
            self.listener.responded(answer.body(), answer.content_type)
        return status, body

    def init_error(self, answer: _RuntimeAnswer) -> tuple[int, str]:
        """Take what the runtime says at `init/error`; 202 in any case."""
        self.listener.init_failed(answer.body(), answer.error_type or "Runtime.Unknown")
        return 202, _OK


_OK = '{"status":"OK"}\n'


def _refusal(status: int, error_type: str, message: str) -> tuple[int, str]:
    return status, json.dumps({"errorType": error_type, "errorMessage": message}) + "\n"


def _too_large_text(answer: _RuntimeAnswer) -> str:
    limit = STREAM_LIMIT_BYTES if answer.streaming else RESPONSE_LIMIT_BYTES
    return f"Exceeded maximum allowed payload size ({limit} bytes)."


class _RuntimeAnswer:
    """What a process posts, as it comes in."""

    __slots__ = ("_pieces", "headers", "size", "streaming")

    def __init__(self, headers: dict[bytes, bytes], may_stream: bool) -> None:
        self.headers = headers
        self.size = 0
        mode = headers.get(b"lambda-runtime-function-response-mode", b"")
        self.streaming = may_stream and mode.lower() == b"streaming"
        self._pieces: list[bytes] = []

    def add(self, piece: bytes) -> None:
        """Take a piece of the body; beyond the limit only its size counts."""
        self.size += len(piece)
        if not self.too_large and not self.streaming:
            self._pieces.append(piece)

    @property
    def too_large(self) -> bool:
        """More than Lambda passes on."""
        return self.size > (STREAM_LIMIT_BYTES if self.streaming else RESPONSE_LIMIT_BYTES)

    def body(self) -> bytes:
        """All of it, empty for a stream."""
        return self._pieces[0] if len(self._pieces) == 1 else b"".join(self._pieces)

    @property
    def content_type(self) -> str:
        """As the runtime declared it."""
        return self._text(b"content-type") or "application/octet-stream"

    @property
    def error_type(self) -> str:
        """From the header, or from the trailer of a broken stream; '' without error."""
        return self._text(b"lambda-runtime-function-error-type")

    @property
    def error_body(self) -> bytes:
        """The trailer that tells why a stream broke off, decoded."""
        try:
            return base64.b64decode(self.headers.get(b"lambda-runtime-function-error-body", b""))
        except binascii.Error:
            return b""

    def _text(self, name: bytes) -> str:
        return self.headers.get(name, b"").decode("latin-1")


class _ProcessConnection(asyncio.Protocol):
    """One connection of a runtime: requests one after another."""

    def __init__(self, api: RuntimeApi) -> None:
        self._api = api
        self._parser = httptools.HttpRequestParser(self)
        self._transport: asyncio.Transport | None = None
        self._url = b""
        self._path = ""
        self._headers: dict[bytes, bytes] = {}
        self._answer: _RuntimeAnswer | None = None
        self._request_id = ""
        self._kind = ""

    # ------------------------------------------------------------------ asyncio's callbacks

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._api.opened(self)

    def connection_lost(self, _exc: Exception | None) -> None:
        self._transport = None
        self._api.closed(self)

    def data_received(self, data: bytes) -> None:
        """Bytes of requests; whatever is not HTTP ends the connection."""
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self.drop()

    def drop(self) -> None:
        """Close it without sending what is still in the buffer."""
        if self._transport is not None:
            self._transport.abort()

    # ------------------------------------------------------------------ httptools' callbacks

    def on_message_begin(self) -> None:
        self._url = b""
        self._headers = {}
        self._answer = None

    def on_url(self, url: bytes) -> None:
        """A piece of the request target."""
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header, or a trailer."""
        lowered = name.lower()
        if lowered in _WANTED:
            self._headers[lowered] = value

    def on_headers_complete(self) -> None:
        self._path = self._url.decode("latin-1").partition("?")[0]
        self._request_id, self._kind = _invocation_path(self._path)
        self._answer = _RuntimeAnswer(self._headers, may_stream=self._kind == "response")
        if self._headers.get(b"expect", b"").lower() == b"100-continue":
            self._write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def on_body(self, body: bytes) -> None:
        """A piece of the body; of a stream it goes on at once."""
        answer = self._answer
        assert answer is not None
        answer.add(body)
        if answer.streaming and not answer.too_large and self._api.current == self._request_id:
            self._api.listener.chunk(body, answer.content_type)

    def on_message_complete(self) -> None:
        status, body = self._answered()
        if status:
            self._send(status, body)

    # ------------------------------------------------------------------ answers

    def _answered(self) -> tuple[int, str]:
        """Carry the request out: (status, body), or (0, '') for a poll that waits."""
        answer = self._answer
        assert answer is not None
        foreign = b"origin" in self._headers
        if foreign or self._headers.get(b"host") != self._api.host:
            return _refusal(403, "Forbidden", "The Runtime API is for the sandbox's own process")
        if self._parser.get_method() == b"GET":
            if self._path == PREFIX + "invocation/next":
                return self._api.poll(self)
        elif self._kind in ("response", "error"):
            return self._api.finish(self._request_id, self._kind, answer)
        elif self._path == PREFIX + "init/error":
            return self._api.init_error(answer)
        return _refusal(404, "NotFound", "No such path in the Runtime API")

    def _send(self, status: int, body: str) -> None:
        keep = self._parser.should_keep_alive()
        connection = "keep-alive" if keep else "close"
        self._write(
            f"HTTP/1.1 {status} {_REASONS.get(status, 'Refused')}\r\n"
            "Content-Type: application/json\r\n"
            f"Content-Length: {len(body.encode())}\r\n"
            f"Connection: {connection}\r\n\r\n{body}".encode()
        )
        if not keep and self._transport is not None:
            self._transport.close()

    def send_invocation(self, invocation: Invocation, deadline_ms: int) -> None:
        """Answer the poll that waits; deadline_ms counts from 1970."""
        context = invocation.client_context
        extra = f"Lambda-Runtime-Client-Context: {context}\r\n" if context else ""
        trace = handler_trace(invocation.trace_id, invocation.request_id)
        self._write(
            "HTTP/1.1 200 OK\r\n"
            "Content-Type: application/json\r\n"
            f"Lambda-Runtime-Aws-Request-Id: {invocation.request_id}\r\n"
            f"Lambda-Runtime-Deadline-Ms: {deadline_ms}\r\n"
            f"Lambda-Runtime-Invoked-Function-Arn: {invocation.arn}\r\n"
            f"Lambda-Runtime-Trace-Id: {trace}\r\n"
            f"{extra}Content-Length: {len(invocation.payload)}\r\n\r\n".encode()
            + invocation.payload
        )

    def _write(self, data: bytes) -> None:
        if self._transport is not None:
            self._transport.write(data)


def _invocation_path(path: str) -> tuple[str, str]:
    """('<request id>', 'response' or 'error') of a path below invocation/, else ('', '')."""
    parts = path.removeprefix(PREFIX).split("/")
    if path.startswith(PREFIX) and len(parts) == 3 and parts[0] == "invocation":
        return parts[1], parts[2]
    return "", ""
