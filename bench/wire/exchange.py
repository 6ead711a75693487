"""One request and its response on the wire, with the clocks taken in the protocol's own callbacks.

Sans-IO state: a `Wire` fills an Exchange in and calls `finished()` exactly once. The engine and
the httpx transport subclass it; so does the fake wire of the tests.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Collection
from typing import Protocol

from bench.endpoints.base import headers_of
from bench.model.outcome import Outcome
from bench.model.times import NEVER

BODY_LIMIT = 16 * 1024 * 1024
"""Bytes of body taken by default. Above every Lambda limit but response streaming's 200 MB."""


class Exchange:
    """What goes out and what comes back.

    Instants are nanoseconds of the wire's clock, NEVER until they happen. failure is None when a
    complete response was read, else TIMEOUT, CONNECT_ERROR or PROTOCOL_ERROR, with `detail`
    saying what happened in words. body is the response's, as far as it was read, cut at body_limit
    bytes: what comes behind is read and thrown away. More than answer_limit is a PROTOCOL_ERROR.
    read_lag_ns: how long the last byte, which came at last_ns, lay unread; NEVER where nobody
    knows, and last_ns is the reading then.
    """

    __slots__ = (
        "answer_limit",
        "body",
        "body_limit",
        "connect_ns",
        "detail",
        "dns_ns",
        "failure",
        "first_ns",
        "head",
        "last_ns",
        "read_lag_ns",
        "request",
        "sent_ns",
        "status",
        "tls_ns",
    )

    def __init__(self, request: bytes, body_limit: int = BODY_LIMIT) -> None:
        self.body_limit = self.answer_limit = body_limit
        self.reset(request)

    def reset(self, request: bytes) -> None:
        """Make ready for an attempt."""
        self.request = request
        self.sent_ns = self.first_ns = self.last_ns = NEVER
        self.dns_ns = self.connect_ns = self.tls_ns = self.read_lag_ns = NEVER
        self.status = 0
        self.head = b""
        self.body = b""
        self.failure: Outcome | None = None
        self.detail = ""

    @property
    def headers(self) -> list[tuple[bytes, bytes]]:
        """The response's headers in order of arrival."""
        return headers_of(self.head)

    @abstractmethod
    def finished(self) -> None:
        """Called once by the wire when the exchange has ended, whichever way."""


def too_long(limit_bytes: int) -> str:
    """What to say of a body beyond its answer_limit, with the key that moves it."""
    return f"the body exceeds {limit_bytes} bytes, the limit (target.answer_limit)"


class Wire(Protocol):
    """What carries exchanges to one origin."""

    def submit(self, exchange: Exchange) -> None:
        """Send; `exchange.finished()` is called when it has ended, never from inside submit."""

    def cancel(self, exchanges: Collection[Exchange], detail: str) -> None:
        """End as TIMEOUT those of them that are under way; each gets its `finished` meanwhile."""

    def close(self) -> None:
        """Abort what is under way and drop every connection."""
