"""HTTP/2 by way of httpx (extra `http2`): a Wire that trades CPU for the other protocol.

httpx costs about a hundred times what this package's own connections do, so this is for measuring
a door's HTTP/2, not for high rates. Clocks come from httpcore's trace events; httpx's own retries
stay off.
"""

from __future__ import annotations

import asyncio
import ssl
from time import monotonic_ns
from typing import Any

import httpx

from bench.endpoints.base import head_of
from bench.errors import UsageError
from bench.model.outcome import Outcome
from bench.model.profile import Connections, Timeouts
from bench.model.times import NS_PER_MS, NS_PER_S
from bench.wire.exchange import Exchange, too_long
from bench.wire.pool import PoolStats, tls_context
from bench.wire.task_wire import TaskWire

_HOP_BY_HOP = frozenset({b"connection", b"content-length", b"keep-alive"})


class Http2Pool(TaskWire):
    """A Wire to one origin over HTTP/2, falling back to HTTP/1.1 where the server has no other."""

    def __init__(self, origin: str, timeouts: Timeouts, options: Connections | None = None) -> None:
        super().__init__()
        options = options or Connections()
        self._origin = origin
        name = options.server_name
        self._extensions: dict[str, Any] = {} if name is None else {"sni_hostname": name}
        self._timeouts = timeouts
        self._opened = 0
        try:
            self._transport = httpx.AsyncHTTPTransport(
                http2=True,
                verify=_context(options),
                proxy=options.proxy_to(origin),
                retries=0,
                limits=httpx.Limits(max_connections=None, max_keepalive_connections=None),
            )
        except ImportError:
            raise UsageError(
                "connections.http2 needs the package h2: pip install 'lamload[http2]'"
            ) from None

    def stats(self) -> PoolStats:
        """httpx does not tell how many connections are idle: open counts those ever opened."""
        return PoolStats(self._opened, 0, self._opened, 0)

    def unreachable(self) -> tuple[str, ...]:
        """No addresses are known here: httpx tries them and does not tell."""
        return ()

    async def _exchange(self, exchange: Exchange) -> None:
        try:
            async with asyncio.timeout(self._timeouts.total_ns / NS_PER_S):
                await self._send(exchange)
        except (TimeoutError, httpx.TimeoutException) as error:
            said = str(error) or f"not done within {self._timeouts.total_ns / NS_PER_MS:g} ms"
            exchange.failure, exchange.detail = Outcome.TIMEOUT, said
        except httpx.ConnectError as error:
            exchange.failure, exchange.detail = Outcome.CONNECT_ERROR, str(error)
        except (httpx.HTTPError, ValueError) as error:
            said = str(error) or "the server closed the connection"
            exchange.failure, exchange.detail = Outcome.PROTOCOL_ERROR, said

    async def _send(self, exchange: Exchange) -> None:
        request = self._decode(exchange.request)
        started: dict[str, int] = {}

        async def trace(name: str, _info: dict[str, Any]) -> None:
            self._note(exchange, started, name)

        request.extensions = self._extensions | {"trace": trace, "timeout": self._timeout()}
        response = await self._transport.handle_async_request(request)
        try:
            exchange.status = response.status_code
            exchange.head = head_of(response.headers.raw)
            body, received = bytearray(), 0
            async for chunk in response.aiter_raw():
                received += len(chunk)
                body += chunk[: exchange.body_limit - len(body)]
                if received > exchange.answer_limit:
                    raise ValueError(too_long(exchange.answer_limit))
            exchange.body = bytes(body)
        finally:
            await response.aclose()

    def _decode(self, encoded: bytes) -> httpx.Request:
        """An endpoint's HTTP/1.1 bytes as a request; what only concerns one hop is left out."""
        head, _, body = encoded.partition(b"\r\n\r\n")
        line, *fields = head.split(b"\r\n")
        method, target, _ = line.split(b" ", 2)
        pairs = [field.partition(b": ") for field in fields]
        kept = [(name, value) for name, _, value in pairs if name.lower() not in _HOP_BY_HOP]
        url = httpx.URL(self._origin).copy_with(raw_path=target)
        return httpx.Request(method.decode(), url, headers=kept, content=body)

    def _timeout(self) -> dict[str, float]:
        connect_s = self._timeouts.connect_ns / NS_PER_S
        first_byte_s = self._timeouts.first_byte_ns / NS_PER_S
        return {
            "connect": connect_s,
            "read": first_byte_s,
            "write": first_byte_s,
            "pool": connect_s,
        }

    def _note(self, exchange: Exchange, started: dict[str, int], name: str) -> None:
        """Take an instant from httpcore's trace.

        name: such as `connection.connect_tcp.started` or `http2.send_request_headers.complete`.
        """
        now_ns = monotonic_ns()
        event, _, stage = name.rpartition(".")
        if stage == "started":
            started[event] = now_ns
        if stage == "started" and event.endswith("send_request_headers"):
            exchange.sent_ns = now_ns
        elif stage == "complete" and event.endswith("receive_response_headers"):
            exchange.first_ns = now_ns
        elif stage == "complete" and event == "connection.connect_tcp":
            self._opened += 1
            exchange.connect_ns = now_ns - started[event]
        elif stage == "complete" and event == "connection.start_tls":
            exchange.tls_ns = now_ns - started[event]


def _context(options: Connections) -> ssl.SSLContext:
    context = tls_context(options)
    context.set_alpn_protocols(["h2", "http/1.1"])
    return context
