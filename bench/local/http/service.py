"""The HTTP side: aiohttp's low-level server, and nobody else imports it.

One `Service` has many ports on 127.0.0.1, each with a handler of its own. A port answers only to
its own address as Host, and to no request that a web page can have sent (those have an Origin).
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import socket
import struct
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.http_parser import RawRequestMessage
from aiohttp.streams import StreamReader
from aiohttp.web_protocol import RequestHandler
from multidict import CIMultiDict

from bench.local.model import HttpRequest, HttpResponse

MAX_BODY_BYTES = 70_254_592
"""What AWS takes for CreateFunction; every other limit is the handler's affair."""
HEAD_LIMIT_S = 30.0
"""How long a connection's first request may take to have its head here."""
LINGER_S = 1.0
"""How long what is still sent to a request that has been answered is read and thrown away."""
MAX_LINE_BYTES = 65_536
MAX_FIELD_BYTES = 65_536
MAX_HEADERS = 500
_log = logging.getLogger(__name__)
_silent = logging.getLogger(f"{__name__}.aiohttp")
"""For what callers send that is no HTTP: it is answered, and no news."""
_silent.addHandler(logging.NullHandler())
_silent.propagate = False
NO_BODY = frozenset({204, 304})


class Reply:
    """The caller's end of a request, for answers that come in pieces."""

    def __init__(self, request: web.BaseRequest) -> None:
        self._request = request
        self._response: web.StreamResponse | None = None

    async def start(self, head: HttpResponse) -> None:
        """Send status and headers; the body follows in chunks."""
        self._response = response = web.StreamResponse(
            status=head.status, headers=CIMultiDict(head.headers)
        )
        with contextlib.suppress(ConnectionError):
            await response.prepare(self._request)

    async def write(self, piece: bytes) -> None:
        """Send a piece. A caller who has gone away is no error: the function goes on."""
        assert self._response is not None
        with contextlib.suppress(ConnectionError):
            await self._response.write(piece)

    def go_on(self) -> None:
        """Have the caller send the body that it holds back."""
        transport = self._transport()
        if transport is not None:
            transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def reset(self) -> None:
        """Drop the connection with a TCP reset."""
        transport = self._transport()
        if transport is not None:
            descriptor = transport.get_extra_info("socket").fileno()
            with socket.socket(fileno=os.dup(descriptor)) as same:  # without lingering: no FIN
                same.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            transport.abort()

    def send_raw(self, data: bytes) -> None:
        """Send bytes as they are, and close."""
        transport = self._transport()
        if transport is not None:
            transport.write(data)
            transport.close()

    @property
    def has_caller(self) -> bool:
        """False once the caller has closed the connection: nobody will read the answer."""
        transport = self._transport()
        return transport is not None and not transport.is_closing()

    def _transport(self) -> asyncio.Transport | None:
        return self._request.transport

    @property
    def response(self) -> web.StreamResponse | None:
        """What has been started, if anything."""
        return self._response


Handler = Callable[[HttpRequest, Reply], Awaitable[HttpResponse | None]]
"""Answers a request, whole or, with None, through the reply."""
Gate = Callable[[HttpRequest], "int | HttpResponse"]
"""Of a request without its body: how many bytes of it are taken, or the answer without any.

Of a longer body the handler gets one byte more than that, and the connection ends with the answer.
"""


class _Request(web.BaseRequest):
    """A request whose response does not tell which library sent it."""

    async def _prepare_hook(self, response: web.StreamResponse) -> None:
        if response.headers.get("Server", "").startswith("Python/"):
            del response.headers["Server"]


class Service:
    """HTTP/1.1 on ports of 127.0.0.1, each with a handler of its own."""

    def __init__(self, head_limit_s: float = HEAD_LIMIT_S) -> None:
        self._head_limit_s = head_limit_s
        self._sites: list[tuple[asyncio.Server, _Server]] = []

    async def listen(self, handler: Handler, port: int = 0, gate: Gate | None = None) -> int:
        """Serve on a port of 127.0.0.1, 0 for one of the system's choice: the port.

        Raises OSError when the port is taken.
        """
        loop = asyncio.get_running_loop()
        site = _Site(handler, gate)
        server = _Server(
            site.handle,
            head_limit_s=self._head_limit_s,
            lingering_time=LINGER_S,
            request_factory=_make_request,
            access_log=None,
            logger=_silent,
            max_line_size=MAX_LINE_BYTES,
            max_field_size=MAX_FIELD_BYTES,
            max_headers=MAX_HEADERS,
            auto_decompress=False,
        )
        listener = await loop.create_server(server, "127.0.0.1", port, backlog=1024)
        self._sites.append((listener, server))
        site.port = int(listener.sockets[0].getsockname()[1])
        return site.port

    async def close(self) -> None:
        """Stop listening and drop every connection."""
        for listener, _ in self._sites:
            listener.close()
        await asyncio.gather(*(server.shutdown(timeout=0.1) for _, server in self._sites))


class _Server(web.Server):
    """Its connections have a time limit for the head of their first request."""

    def __init__(self, *arguments: Any, head_limit_s: float, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._head_limit_s = head_limit_s

    def __call__(self) -> RequestHandler:
        loop = asyncio.get_running_loop()
        return _Connection(self, loop=loop, head_limit_s=self._head_limit_s, **self._kwargs)


class _Connection(RequestHandler):
    __slots__ = ("_head_limit_s", "_head_timer")

    def __init__(self, *arguments: Any, head_limit_s: float, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._head_limit_s = head_limit_s
        self._head_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        loop = asyncio.get_running_loop()
        self._head_timer = loop.call_later(self._head_limit_s, self.force_close)

    def connection_lost(self, exc: BaseException | None) -> None:
        self.head_complete()
        super().connection_lost(exc)

    def head_complete(self) -> None:
        """The head of a request is here; later ones have the time that aiohttp keeps alive."""
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None


def _make_request(
    message: RawRequestMessage,
    payload: StreamReader,
    protocol: RequestHandler,
    writer: AbstractStreamWriter,
    task: asyncio.Task[None],
) -> web.BaseRequest:
    if isinstance(protocol, _Connection):
        protocol.head_complete()
    loop = asyncio.get_running_loop()
    return _Request(message, payload, protocol, writer, task, loop)


class _Site:
    """One port: what it refuses, and its handler for the rest."""

    def __init__(self, handler: Handler, gate: Gate | None) -> None:
        self.port = 0
        self._handler = handler
        self._gate = gate

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """A request, from aiohttp's form into ours and back."""
        refusal = self._refusal(request)
        limit = MAX_BODY_BYTES
        if refusal is None and self._gate is not None:
            allowed = self._gate(_translate(request, b""))
            if isinstance(allowed, HttpResponse):
                refusal = allowed
            else:
                limit = allowed
        if refusal is not None:
            return _last(request, _response(refusal))
        reply = Reply(request)
        if request.headers.get("Expect", "").lower() == "100-continue":
            reply.go_on()
        try:
            body = await _body(request, limit)
        except (web.RequestPayloadError, ConnectionError):
            return _gone()
        if len(body) > MAX_BODY_BYTES:
            return _last(request, _response(_message(413, "Request Entity Too Large")))
        return _last(request, await self._answered(request, body, reply))

    async def _answered(
        self, request: web.BaseRequest, body: bytes, reply: Reply
    ) -> web.StreamResponse:
        try:
            answer = await self._handler(_translate(request, body), reply)
        except Exception:  # noqa: BLE001 - a mistake of ours: told, and the server goes on
            _log.exception("%s %s", request.method, request.raw_path)
            return _response(_message(500, "Internal server error"))
        if answer is None:
            return reply.response or _gone()
        response = _response(answer)
        if request.keep_alive:
            response.headers.setdefault("Connection", "keep-alive")
        return response

    def _refusal(self, request: web.BaseRequest) -> HttpResponse | None:
        """Why a request may not come in: DNS rebinding, or a page in a browser."""
        if "Origin" in request.headers:
            return _message(403, "Requests with an Origin header are refused")
        if request.headers.get("Sec-Fetch-Site", "none") not in ("none", "same-origin"):
            return _message(403, "Requests from a page of another site are refused")
        host, _, port = request.headers.get("Host", "").partition(":")
        if host.lower() not in ("127.0.0.1", "localhost") or port not in ("", str(self.port)):
            return _message(403, f"The Host header must be 127.0.0.1:{self.port}")
        return None


async def _body(request: web.BaseRequest, limit: int) -> bytes:
    """All of it, or one byte more than the limit."""
    if not request.body_exists:
        return b""
    pieces, size = [], 0
    async for piece in request.content.iter_any():
        pieces.append(piece)
        size += len(piece)
        if size > limit:
            break
    return b"".join(pieces)[: limit + 1]


def _last(request: web.BaseRequest, response: web.StreamResponse) -> web.StreamResponse:
    """The connection ends with an answer before which the body has not been read to its end."""
    if not request.content.is_eof() and not response.prepared:
        response.force_close()
        response.headers.pop("Connection", None)
    return response


def _message(status: int, text: str) -> HttpResponse:
    body = json.dumps({"message": text}).encode()
    return HttpResponse(status, (("Content-Type", "application/json"),), body)


def _translate(request: web.BaseRequest, body: bytes) -> HttpRequest:
    target = request._message.path
    if not target.startswith("/"):  # absolute form: what proxies send
        target = str(request.rel_url)
    path, _, query = target.partition("#")[0].partition("?")
    peer = request.transport.get_extra_info("peername") if request.transport else None
    return HttpRequest(
        method=request.method,
        raw_path=path,
        raw_query=query,
        headers=tuple((_text(name), _text(value)) for name, value in request.raw_headers),
        body=body,
        client_ip=peer[0] if peer else "127.0.0.1",
        client_port=peer[1] if peer else 0,
    )


def _text(raw: bytes) -> str:
    """Headers have no encoding: UTF-8 if it can be, else Latin-1."""
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def _response(response: HttpResponse) -> web.Response:
    """Headers that no HTTP message can carry make a 502: a handler of the user's wrote them."""
    headers = CIMultiDict(response.headers)
    if any(_unfit(name) or _unfit(value) for name, value in response.headers):
        return _response(_message(502, "Bad Gateway"))
    return web.Response(
        status=response.status,
        reason=response.reason,
        headers=headers,
        body=None if response.status in NO_BODY else response.body,
    )


def _unfit(text: str) -> bool:
    return "\r" in text or "\n" in text or "\0" in text


def _gone() -> web.Response:
    """The connection has been dropped, by the caller or on purpose; nobody will read this."""
    return web.Response(status=500)
