"""The wire as a transport for httpx: `httpx.AsyncClient(transport=WireTransport())`.

The body of the response is read whole before the response is returned: what is measured is a whole
answer. Works on asyncio's own loop and on uvloop.
"""

from __future__ import annotations

import asyncio
from types import TracebackType

import httpx

from bench.model.outcome import Outcome
from bench.model.profile import Connections, Timeouts
from bench.wire.exchange import Exchange
from bench.wire.pool import ConnectionPool

_ERRORS: dict[Outcome, type[httpx.TransportError]] = {
    Outcome.CONNECT_ERROR: httpx.ConnectError,
    Outcome.PROTOCOL_ERROR: httpx.RemoteProtocolError,
    Outcome.TIMEOUT: httpx.ReadTimeout,
}


class WireTransport(httpx.AsyncBaseTransport):
    """One Pool per origin. The wire's own timeouts hold; those of the httpx client are ignored."""

    def __init__(
        self, timeouts: Timeouts | None = None, connections: Connections | None = None
    ) -> None:
        self._timeouts = timeouts or Timeouts()
        self._connections = connections
        self._pools: dict[str, ConnectionPool] = {}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send and read whole. Raises httpx's TransportErrors, never retries."""
        exchange = _AwaitedExchange(encode_request(request, await request.aread()))
        self._pool(request.url).submit(exchange)
        await exchange.done
        if exchange.failure is not None:
            raise _ERRORS[exchange.failure](exchange.detail, request=request)
        return httpx.Response(
            exchange.status,
            headers=exchange.headers,
            content=exchange.body,
            request=request,
            extensions={"http_version": b"HTTP/1.1"},
        )

    async def __aenter__(self) -> WireTransport:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close every connection; what is under way fails."""
        for pool in self._pools.values():
            pool.close()
        self._pools.clear()

    def _pool(self, url: httpx.URL) -> ConnectionPool:
        origin = str(url.copy_with(raw_path=b"/", username="", password="")).rstrip("/")
        if origin not in self._pools:
            self._pools[origin] = ConnectionPool(origin, self._timeouts, self._connections)
        return self._pools[origin]


class _AwaitedExchange(Exchange):
    __slots__ = ("done",)

    def __init__(self, request: bytes) -> None:
        super().__init__(request)
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def finished(self) -> None:
        if not self.done.done():
            self.done.set_result(None)


def encode_request(request: httpx.Request, body: bytes) -> bytes:
    """An httpx request as HTTP/1.1 bytes. httpx has validated and encoded the parts already."""
    head = [b"%s %s HTTP/1.1" % (request.method.encode("ascii"), request.url.raw_path)]
    chunked = False
    for name, value in request.headers.raw:
        if name.lower() == b"transfer-encoding":
            chunked = True  # the body is at hand: its length is known
            continue
        head.append(b"%s: %s" % (name, value))
    if chunked:
        head.append(b"Content-Length: %d" % len(body))
    return b"\r\n".join(head) + b"\r\n\r\n" + body
