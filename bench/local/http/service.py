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

from aiohttp import web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.http_parser import RawRequestMessage
from aiohttp.streams import StreamReader
from aiohttp.web_protocol import RequestHandler
from multidict import CIMultiDict

from bench.local.model import HttpRequest, HttpResponse

MAX_BODY_BYTES = 70_254_592
"""What AWS takes for CreateFunction; every other limit is the handler's affair."""
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

    def _transport(self) -> asyncio.Transport | None:
        return self._request.transport

    @property
    def response(self) -> web.StreamResponse | None:
        """What has been started, if anything."""
        return self._response


Handler = Callable[[HttpRequest, Reply], Awaitable[HttpResponse | None]]
"""Answers a request, whole or, with None, through the reply."""


class _Request(web.BaseRequest):
    """A request whose response does not tell which library sent it."""

    async def _prepare_hook(self, response: web.StreamResponse) -> None:
        if response.headers.get("Server", "").startswith("Python/"):
            del response.headers["Server"]


class Service:
    """HTTP/1.1 on ports of 127.0.0.1, each with a handler of its own."""

    def __init__(self) -> None:
        self._sites: list[tuple[asyncio.Server, web.Server]] = []

    async def listen(self, handler: Handler, port: int = 0) -> int:
        """Serve on a port of 127.0.0.1, 0 for one of the system's choice: the port.

        Raises OSError when the port is taken.
        """
        loop = asyncio.get_running_loop()
        site = _Site(handler)
        server = web.Server(
            site.handle,
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


def _make_request(
    message: RawRequestMessage,
    payload: StreamReader,
    protocol: RequestHandler,
    writer: AbstractStreamWriter,
    task: asyncio.Task[None],
) -> web.BaseRequest:
    loop = asyncio.get_running_loop()
    return _Request(message, payload, protocol, writer, task, loop, client_max_size=MAX_BODY_BYTES)


class _Site:
    """One port: what it refuses, and its handler for the rest."""

    def __init__(self, handler: Handler) -> None:
        self.port = 0
        self._handler = handler

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """A request, from aiohttp's form into ours and back."""
        refusal = self._refusal(request)
        if refusal is not None:
            return _response(refusal)
        reply = Reply(request)
        if request.headers.get("Expect", "").lower() == "100-continue":
            reply.go_on()
        try:
            body = await request.read()
        except web.HTTPRequestEntityTooLarge:
            return _response(_message(413, "Request Entity Too Large"))
        except (web.RequestPayloadError, ConnectionError):
            return _gone()
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
