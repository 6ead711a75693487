"""One HTTP/1.1 connection: bytes in, bytes out, one exchange at a time, no pipelining.

Rules of this file:
- A clock is read where the thing happens: right before the write, and where bytes come from the
  kernel by the kernel, whenever they are read. Without its word it is right after the read: parsing
  is none of the server's time. Nothing is scheduled between.
- The request is written with os.write and through nothing that queues: the send time would be a
  lie by that much. What has to be encrypted is so before the clock is read.
- Whatever a server does ends as data on the exchange. Nothing here raises into the loop.
"""

from __future__ import annotations

import select
from collections.abc import Callable
from os import write
from time import monotonic_ns
from typing import TYPE_CHECKING

import httptools

from bench.endpoints.base import headers_of
from bench.model.outcome import Outcome
from bench.model.times import NEVER, NS_PER_S
from bench.wire.exchange import too_long
from bench.wire.known_head import LOOK_EVERY, KnownHead

if TYPE_CHECKING:
    from bench.wire.exchange import Exchange
    from bench.wire.resolver import SocketAddress
    from bench.wire.stream import Stream

HEADER_LIMIT = 256 * 1024
"""Bytes of response head; more is a PROTOCOL_ERROR. AWS's own limits are at or below 128 KiB."""
_HEAD, _BODY, _DONE, _BARE = range(4)
"""Where an answer is; bare: done, but its headers may tell of a body, as HEAD's do."""
_HEAD_BEGINS = ord("H")
"""As no other method does."""
PEEK_AFTER_IDLE_NS = NS_PER_S
"""A connection that idled longer is asked whether the server has closed it meanwhile."""


class PooledAddress:
    """One address, None while nobody knows any. idle: free connections, last used last."""

    __slots__ = ("address", "gone", "idle")

    def __init__(self, address: SocketAddress | None) -> None:
        self.address = address
        self.idle: list[Connection] = []
        self.gone = False
        """The name has given this address up, or it refuses: no connection to it is kept."""

    def retire(self) -> None:
        """Send nothing more there: close what is free; what is in use ends with its exchange."""
        self.gone = True
        while self.idle:
            self.idle.pop().close()


class Connection:
    """Carries exchanges; tells its owner when it is free again and when it is gone.

    on_free(connection, exchange) after an exchange that leaves the connection usable;
    on_lost(connection, exchange or None) once when it is not usable any more. Both are called
    before the exchange's `finished`.
    """

    __slots__ = (
        "_body_bytes",
        "_chunks",
        "_direct_fd",
        "_head",
        "_known_head",
        "_on_free",
        "_on_lost",
        "_parser",
        "_reusable",
        "_seals",
        "_stage",
        "_stream",
        "dns_ns",
        "exchange",
        "idle_since_ns",
        "node",
        "open_ns",
        "tcp_ns",
        "tls_ns",
        "usable",
        "uses",
    )

    def __init__(
        self,
        node: PooledAddress,
        on_free: Callable[[Connection, Exchange], None],
        on_lost: Callable[[Connection, Exchange | None], None],
        stream: Stream,
        known_head: KnownHead | None = None,
    ) -> None:
        """known_head: what it shares with the other connections to its origin."""
        stream.read_by(self)
        self._stream = stream
        self._seals = stream.seals
        self.node = node
        """Its address."""
        self._on_free = on_free
        self._on_lost = on_lost
        self.exchange: Exchange | None = None
        """The one under way."""
        self._parser = httptools.HttpResponseParser(self)
        self._direct_fd = stream.fd
        self._stage = _HEAD
        self._reusable = False
        self._head = b""
        self._known_head = known_head or KnownHead()
        self._chunks: list[bytes] = []
        self._body_bytes = 0
        self.dns_ns = self.tcp_ns = self.tls_ns = NEVER
        self.open_ns = self.idle_since_ns = 0
        self.uses = 0
        self.usable = True

    # -- what the pool calls

    def start(self, exchange: Exchange) -> bool:
        """Send the exchange's request now. Only on a free connection.

        False, and nothing is sent, if the server has closed this idle connection, even if the
        loop has not seen it.
        """
        request = exchange.request
        if self._seals:
            request = self._stream.seal(request)
        exchange.sent_ns = now_ns = monotonic_ns()
        if now_ns - self.idle_since_ns > PEEK_AFTER_IDLE_NS and self._is_stale():
            exchange.sent_ns = NEVER
            return False
        self.exchange = exchange
        if not self.uses:
            exchange.dns_ns, exchange.connect_ns = self.dns_ns, self.tcp_ns
            exchange.tls_ns = self.tls_ns
        self.uses += 1
        try:
            written = write(self._direct_fd, request)
        except OSError:
            # A full buffer, or an error that reading meets too and reports from the loop, where
            # it belongs.
            written = 0
        if written < len(request):
            self._stream.send(memoryview(request)[written:])
        return True

    def _is_stale(self) -> bool:
        if not self.usable:
            return True
        poll = select.poll()
        poll.register(self._direct_fd, select.POLLIN)
        return bool(poll.poll(0))  # end of file, or bytes that nobody asked for

    def abort(self, outcome: Outcome, detail: str) -> None:
        """End the exchange under way as a failure and drop the connection."""
        self._fail(outcome, detail)

    def close(self) -> None:
        """Close the connection at once; to be called only while no exchange is on it."""
        self._drop(None)

    def _retire(self) -> None:
        """Nothing more is sent here: the descriptor is another's from now on.

        To look idle since ever is what makes `start` ask.
        """
        self.usable = False
        self._direct_fd = -1
        self.idle_since_ns = 0

    # -- what the stream calls

    def received(self, data: bytes, read_ns: int, receipt_ns: int) -> None:
        """Bytes of the answer, which the kernel may have had before."""
        exchange = self.exchange
        if exchange is None:
            self.close()  # an answer that nobody asked for
            return
        # From before the request was sent: a stamp of something else.
        is_stamped = receipt_ns >= exchange.sent_ns
        now_ns = receipt_ns if is_stamped else read_ns
        if exchange.first_ns < 0:
            exchange.first_ns = now_ns
            # Nothing of it has come before: the parser stands at a beginning.
            known = self._known_head
            if (
                len(data) == known.answer_bytes
                and data.startswith(known.head)
                and len(data) - known.head_bytes <= exchange.body_limit <= exchange.answer_limit
                and exchange.request[0] != _HEAD_BEGINS
            ):
                exchange.status, exchange.body = known.status, data[known.head_bytes :]
                exchange.last_ns = now_ns
                if is_stamped:
                    exchange.read_lag_ns = read_ns - receipt_ns
                self._head, self._reusable = known.head, True
                known.has_come_again = True
                self._complete(exchange)
                return
        self._parse(exchange, data, read_ns, receipt_ns if is_stamped else NEVER)

    def _parse(self, exchange: Exchange, data: bytes, read_ns: int, receipt_ns: int) -> None:
        if self._stage == _HEAD:
            self._head = data if not self._head else self._head + data
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            self._reusable = False
            if self._stage < _DONE:
                self._fail(Outcome.PROTOCOL_ERROR, _malformed(error))
                return
        if self._body_bytes > exchange.answer_limit:
            self._fail(Outcome.PROTOCOL_ERROR, too_long(exchange.answer_limit))
        elif self._stage >= _DONE:
            exchange.last_ns = read_ns
            if receipt_ns >= 0:
                exchange.last_ns = receipt_ns
                exchange.read_lag_ns = read_ns - receipt_ns
                if exchange.first_ns > receipt_ns:  # read late, and without its stamp
                    exchange.first_ns = receipt_ns
            if self._stage == _BARE:
                self._end_without_body()
            elif not self.uses % LOOK_EVERY and self._reusable and data is self._head:
                self._known_head.look_at(data, exchange.status, self._body_bytes)
            self._complete(exchange)
        elif self._stage == _HEAD and len(self._head) > HEADER_LIMIT:
            self._fail(Outcome.PROTOCOL_ERROR, f"the head exceeds {HEADER_LIMIT} bytes")

    def ended(self, error: Exception | None) -> None:
        """The server has closed the connection, or it broke."""
        exchange = self.exchange
        if exchange is None:
            self._drop(None)
        elif self._stage == _BODY and error is None and _ends_at_eof(self._head):
            exchange.last_ns, self._reusable = monotonic_ns(), False
            self._complete(exchange)
        else:
            self._fail(Outcome.PROTOCOL_ERROR, _lost_detail(exchange, error))

    # -- httptools callbacks: they only note; `received` decides after the parser has returned

    # There is no on_header: five or more calls an answer, for headers that are seldom looked at.

    def on_message_begin(self) -> None:
        if self._stage >= _DONE:
            self._reusable = False  # an answer too many

    def on_headers_complete(self) -> None:
        exchange = self.exchange
        if self._stage == _HEAD and exchange is not None:
            exchange.status = status = self._parser.get_status_code()
            self._stage = _BODY
            if exchange.request[0] == _HEAD_BEGINS and status >= 200:
                self._stage, self._reusable = _BARE, True

    def on_body(self, chunk: bytes) -> None:
        exchange = self.exchange
        if self._stage != _BODY or exchange is None:
            return
        if not self._body_bytes:
            exchange.body = chunk
        elif self._body_bytes < exchange.body_limit:
            self._chunks.append(chunk)
        self._body_bytes += len(chunk)

    def on_message_complete(self) -> None:
        exchange = self.exchange
        if self._stage != _BODY or exchange is None:
            return
        if exchange.status < 200:  # 1xx: the final response is still to come
            self._head = _after_head(self._head)
            self._stage = _HEAD
        else:
            self._stage = _DONE
            self._reusable = self._parser.should_keep_alive()

    def _end_without_body(self) -> None:
        """After the answer to a HEAD: the parser waits for the body that its headers tell of."""
        is_last = not _persists(self._head, self._parser.get_http_version())
        if is_last or _after_head(self._head):
            self._reusable = False
        self._parser = httptools.HttpResponseParser(self)

    # -- endings

    def _complete(self, exchange: Exchange) -> None:
        self.exchange = None
        exchange.head = self._head
        if self._chunks or self._body_bytes > exchange.body_limit:
            self._keep_body(exchange)
        self._head = b""
        self._stage = _HEAD
        self._body_bytes = 0
        if self._reusable and self.usable and not self._stream.unsent:
            self.idle_since_ns = exchange.last_ns
            on_free = self._on_free
            on_free(self, exchange)
        else:
            self._drop(exchange)
        exchange.finished()

    def _fail(self, outcome: Outcome, detail: str) -> None:
        exchange = self.exchange
        self.exchange = None
        self._head = b""
        self._drop(exchange)
        if exchange is not None:
            self._keep_body(exchange)
            exchange.last_ns = monotonic_ns()
            exchange.failure, exchange.detail = outcome, detail
            exchange.finished()

    def _keep_body(self, exchange: Exchange) -> None:
        exchange.body = b"".join((exchange.body, *self._chunks))[: exchange.body_limit]
        self._chunks = []

    def _drop(self, exchange: Exchange | None) -> None:
        if not self.usable:
            return
        self._stream.close()
        self._retire()
        del self._parser  # it holds this object: a cycle that nothing else breaks
        self._on_lost(self, exchange)


def _malformed(error: Exception) -> str:
    if isinstance(error, httptools.HttpParserUpgrade):
        return "the server switched protocols"
    return f"malformed response: {error}"


def _after_head(raw: bytes) -> bytes:
    """What follows an interim response, which has no body."""
    _, found, rest = raw.partition(b"\r\n\r\n")
    return rest if found else raw.partition(b"\n\n")[2]


def _persists(head: bytes, version: str) -> bool:
    """Whether the connection stays open after this answer, by its head alone (RFC 9112, 9.3)."""
    options = b",".join(value for name, value in headers_of(head) if name.lower() == b"connection")
    said = {option.strip() for option in options.lower().split(b",")}
    return b"close" not in said and (version == "1.1" or b"keep-alive" in said)


def _ends_at_eof(head: bytes) -> bool:
    """A body without a length ends with the connection (RFC 9112, 6.3); any other is cut short."""
    names = {name.lower() for name, _ in headers_of(head)}
    return b"content-length" not in names and b"transfer-encoding" not in names


def _lost_detail(exchange: Exchange, exc: Exception | None) -> str:
    where = "before an answer" if exchange.first_ns < 0 else "within the answer"
    if exc is None:
        return f"the server closed the connection {where}"
    return f"connection lost {where}: {exc}"
