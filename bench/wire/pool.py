"""Warm connections to one origin: its addresses in turn, of each the most recently used one first.

Every exchange that finds no free connection at the address whose turn it is starts the opening of
one and queues; whichever connection is ready first, new or freed, takes the head of the queue. An
opening that fails ends the exchange that it was begun for, if that one still waits, and nobody
else; one that has become superfluous only leaves a warm connection behind. The engine bounds how
much is under way.
"""

from __future__ import annotations

import asyncio
import errno
import socket
import ssl
from collections import OrderedDict
from collections.abc import Awaitable, Collection, Coroutine
from ipaddress import ip_address
from pathlib import Path
from time import monotonic_ns
from typing import NamedTuple

import httpx

from bench.model.outcome import Outcome
from bench.model.profile import Connections, Timeouts
from bench.model.times import NEVER, NS_PER_MS, NS_PER_S
from bench.wire.addresses import AddressRotation
from bench.wire.connection import Connection, PooledAddress
from bench.wire.deadlines import Deadlines
from bench.wire.exchange import Exchange
from bench.wire.http_connect import open_tunnel
from bench.wire.known_head import KnownHead
from bench.wire.race import connect_first
from bench.wire.readiness import open_readiness
from bench.wire.receipts import ReceiptClock
from bench.wire.refused import reason
from bench.wire.resolver import Resolver, SocketAddress
from bench.wire.stream import Stream, TlsSession, TlsStream

SHORTEST_LOOK_NS = NS_PER_S
"""Between two look-ups of a name that are not for a new connection."""
_NEVER_NS = 1 << 62
_SHORT_OF = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})
"""What this machine has no more of: no address is to blame."""
_NO_ROUTE = frozenset({errno.ENETUNREACH, errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT})
"""Of IPv6 on a machine that has none."""


class PoolStats(NamedTuple):
    """Connections now and over the pool's life; waits counts exchanges that found none free."""

    open: int
    idle: int
    opened: int
    waits: int


class ConnectionPool:
    """A Wire to one origin (`scheme://host:port`)."""

    def __init__(
        self,
        origin: str,
        timeouts: Timeouts,
        options: Connections | None = None,
        receipts: ReceiptClock | None = None,
    ) -> None:
        """receipts: measured anew by whoever gave it, once a second or more often."""
        url = httpx.URL(origin)
        self._options = options = options or Connections()
        self._keeps = options.keep_alive
        self._wears_out = bool(options.max_age_ns or options.max_uses)
        self._timeouts = timeouts
        self._host = url.host
        self._port = url.port or (443 if url.scheme == "https" else 80)
        self._tls = tls_context(options) if url.scheme == "https" else None
        proxy = options.proxy_to(origin)
        self._proxy = httpx.URL(proxy) if proxy else None
        hop = self._proxy or url
        self._resolver = Resolver(
            hop.host, hop.port or _default_port(hop), options.resolve_every_ns
        )
        self._loop = asyncio.get_running_loop()
        self._readiness = open_readiness(self._loop)
        self._receipts = receipts or ReceiptClock()
        self._known_head = KnownHead()
        self._nodes = AddressRotation(self._resolver.addresses)
        self._look_ns = _NEVER_NS if self._resolver.is_fixed else 0
        """When the name has to be looked up anew."""
        self._queue: OrderedDict[Exchange, float] = OrderedDict()
        """Those that wait, the longest first, and until when (by the loop's clock)."""
        self._openings = 0
        """Connections being opened: there is always at least one for each that waits."""
        self._unreachable: dict[SocketAddress, str] = {}
        self._open: set[Connection] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._opened = self._waits = 0
        self._deadlines = Deadlines(self._loop, timeouts, self._open)

    def submit(self, exchange: Exchange) -> None:
        """Send on a free connection, or as soon as there is one."""
        node = self._nodes.next()
        idle = node.idle
        while idle:
            connection = idle.pop()
            worn = self._wears_out and self._is_worn(connection, monotonic_ns())
            if not worn and connection.start(exchange):
                return
            connection.close()
        self._waits += 1
        by_s = self._loop.time() + self._timeouts.connect_ns / NS_PER_S
        self._queue[exchange] = by_s
        self._open_for(exchange, node, by_s)

    def cancel(self, exchanges: Collection[Exchange], detail: str) -> None:
        """End as TIMEOUT those of them that are under way or wait; the others' go on."""
        connections = [one for one in self._open if one.exchange in exchanges]
        waiting = [one for one in self._queue if one in exchanges]
        for connection in connections:
            connection.abort(Outcome.TIMEOUT, detail)
        for exchange in waiting:
            self._fail(exchange, Outcome.TIMEOUT, detail)

    def stats(self) -> PoolStats:
        """Open and free connections now; openings and waits since the start."""
        return PoolStats(len(self._open), self._nodes.idle(), self._opened, self._waits)

    def unreachable(self) -> tuple[str, ...]:
        """Addresses that take no connections now while others do, with the reason of each."""
        return tuple(
            f"{_written(address)}: {reason}" for address, reason in self._unreachable.items()
        )

    def close(self) -> None:
        """Abort what is under way (it ends as PROTOCOL_ERROR) and drop every connection."""
        for task in list(self._tasks):
            task.cancel()
        self._deadlines.close()
        for connection in list(self._open):
            connection.abort(Outcome.PROTOCOL_ERROR, "aborted by this side")
        while self._queue:
            self._fail(next(iter(self._queue)), Outcome.PROTOCOL_ERROR, "aborted by this side")
        self._readiness.close()

    def read_ready(self) -> None:
        """Read now what has come, for who cannot give the event loop its turn."""
        self._readiness.poll()

    # -- connections

    def _is_worn(self, connection: Connection, now_ns: int) -> bool:
        options = self._options
        too_old = options.max_age_ns and now_ns - connection.open_ns >= options.max_age_ns
        return bool(too_old or (options.max_uses and connection.uses >= options.max_uses))

    def _on_free(self, connection: Connection, exchange: Exchange) -> None:
        node = connection.node
        if self._look_ns < exchange.last_ns:
            self._resolve_again(exchange.last_ns)
        if (
            not self._keeps
            or node.gone
            or (self._wears_out and self._is_worn(connection, connection.idle_since_ns))
        ):
            connection.close()
        elif self._queue:
            # Not at once: the exchange that has just ended must get its `finished` first.
            self._loop.call_soon(self._serve, connection)
        else:
            node.idle.append(connection)

    def _serve(self, connection: Connection) -> None:
        if not connection.usable:
            return
        if self._queue:
            exchange, _ = self._queue.popitem(last=False)
            if not connection.start(exchange):
                connection.close()
                self.submit(exchange)
        elif connection.node.gone:
            connection.close()
        else:
            connection.idle_since_ns = monotonic_ns()
            connection.node.idle.append(connection)

    def _on_lost(self, connection: Connection, _exchange: Exchange | None) -> None:
        self._open.discard(connection)
        if connection in connection.node.idle:
            connection.node.idle.remove(connection)

    # -- opening

    def _begin(self, what: Coroutine[None, None, None]) -> None:
        task = self._loop.create_task(what)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _resolve_again(self, now_ns: int) -> None:
        """Connections are kept for long, addresses are not: ask while the load goes on."""
        self._look_ns = now_ns + max(self._options.resolve_every_ns, SHORTEST_LOOK_NS)
        self._begin(self._resolve())

    async def _resolve(self) -> None:
        try:
            await self._resolver.refresh()
        except OSError:
            return  # what was known stays; who opens a connection hears of it
        self._set_addresses()

    def _set_addresses(self) -> None:
        addresses = self._resolver.addresses
        self._nodes.replace(addresses)
        self._unreachable = {a: why for a, why in self._unreachable.items() if a in addresses}
        by_s = self._loop.time() + self._timeouts.connect_ns / NS_PER_S
        for node in self._nodes.doubted:
            self._begin(self._settle(self._connect_node(node), node, by_s))

    async def _node_for(self, node: PooledAddress) -> tuple[PooledAddress, int]:
        """Where to connect, and the nanoseconds spent asking for it.

        Raises OSError when the name does not resolve and nothing is known from before.
        """
        dns_ns, started_ns = 0, monotonic_ns()
        if self._resolver.is_old(started_ns):
            await self._resolver.refresh()
            self._set_addresses()
            ended_ns = monotonic_ns()
            dns_ns = ended_ns - started_ns
            self._look_ns = ended_ns + max(self._options.resolve_every_ns, SHORTEST_LOOK_NS)
        if node.address is None or node.gone:
            node = self._nodes.next()
        return node, dns_ns

    def _open_for(self, exchange: Exchange, node: PooledAddress, by_s: float) -> None:
        self._openings += 1
        self._begin(self._open_connection(exchange, node, by_s))

    async def _open_connection(self, exchange: Exchange, node: PooledAddress, by_s: float) -> None:
        outcome = Outcome.CONNECT_ERROR
        try:
            async with asyncio.timeout_at(by_s):
                connection = await self._connect(node, by_s)
        except TimeoutError:
            wait_ms = self._timeouts.connect_ns / NS_PER_MS
            outcome, detail = Outcome.TIMEOUT, f"no connection within {wait_ms:g} ms"
        except (OSError, ssl.SSLError) as error:
            detail = reason(error)
        else:
            self._opened += 1
            if connection.usable:
                self._open.add(connection)
                self._serve(connection)
                return
            detail = "the server closed the new connection"  # before anything could be sent
        finally:
            self._openings -= 1
        self._fail(exchange, outcome, detail)

    async def _connect(self, node: PooledAddress, by_s: float) -> Connection:
        node, dns_ns = await self._node_for(node)
        started_ns = monotonic_ns()
        sock, node = await self._connect_somewhere(node, by_s)
        try:
            if self._proxy is not None:
                await open_tunnel(self._loop, sock, self._host, self._port, self._proxy.userinfo)
            connected_ns = monotonic_ns()
            connection = await self._speak(sock, node)
        except BaseException:
            sock.close()
            raise
        connection.open_ns = connection.idle_since_ns = monotonic_ns()
        connection.dns_ns, connection.tcp_ns = dns_ns, connected_ns - started_ns
        connection.tls_ns = NEVER if self._tls is None else connection.open_ns - connected_ns
        return connection

    async def _connect_somewhere(
        self, node: PooledAddress, by_s: float
    ) -> tuple[socket.socket, PooledAddress]:
        """To the node, or to another one if it refuses or that one is sooner."""
        others = self._nodes.others(node)
        if not others:
            return await self._connect_node(node), node
        sock, node, overtaken = await connect_first(
            (node, *others), self._connect_node, self._refused
        )
        self._took(node)
        for attempt, other in overtaken.items():
            self._nodes.doubt(other)
            self._begin(self._settle(attempt, other, by_s))
        return sock, node

    async def _settle(
        self, attempt: Awaitable[socket.socket], node: PooledAddress, by_s: float
    ) -> None:
        """See whether an address that was overtaken is dead or only slow."""
        try:
            async with asyncio.timeout_at(by_s):
                sock = await attempt
        except TimeoutError:
            if node.address is not None:
                wait_ms = self._timeouts.connect_ns / NS_PER_MS
                self._unreachable[node.address] = f"no answer within {wait_ms:g} ms"
        except OSError as error:
            self._refused(node, error)
        else:
            sock.close()
            self._took(node)

    def _took(self, node: PooledAddress) -> None:
        """A connection to it has come about."""
        self._nodes.trust(node)
        if self._unreachable and node.address is not None:
            self._unreachable.pop(node.address, None)

    def _refused(self, node: PooledAddress, error: OSError) -> None:
        """Leave an address that says no, and name it, unless the fault lies with this machine."""
        address = node.address
        if address is None or _is_ours(error, address):
            return
        self._nodes.avoid(node)
        if error.errno not in _NO_ROUTE and not ip_address(address[1]).is_loopback:
            self._unreachable[address] = reason(error)

    async def _connect_node(self, node: PooledAddress) -> socket.socket:
        assert node.address is not None  # only a name that has not been asked for has none
        return await self._connect_socket(node.address)

    async def _connect_socket(self, address: SocketAddress) -> socket.socket:
        family, ip, port = address
        sock = socket.socket(family, socket.SOCK_STREAM)
        try:
            sock.setblocking(False)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            await self._loop.sock_connect(sock, (ip, port))
        except BaseException:
            sock.close()
            raise
        return sock

    async def _speak(self, sock: socket.socket, node: PooledAddress) -> Connection:
        if self._tls is None:
            stream = Stream(sock, self._readiness, self._receipts)
        else:
            session = TlsSession(self._tls, self._options.server_name or self._host)
            await session.shake_hands(self._loop, sock)
            stream = TlsStream(sock, self._readiness, self._receipts, session)
        return Connection(node, self._on_free, self._on_lost, stream, self._known_head)

    # -- failures

    def _fail(self, exchange: Exchange, outcome: Outcome, detail: str) -> None:
        """What was opened for an exchange did not come about: end it, if it still waits."""
        if self._queue.pop(exchange, None) is not None:
            self._waits -= 1  # it waited for nobody: what it waited for did not come about
            exchange.last_ns = monotonic_ns()
            exchange.failure, exchange.detail = outcome, detail
            exchange.finished()
        if len(self._queue) > self._openings:
            # What was opened for one of those that wait went to one that had waited longer.
            waiting, by_s = next(iter(self._queue.items()))
            self._open_for(waiting, self._nodes.next(), by_s)


def tls_context(options: Connections) -> ssl.SSLContext:
    """Verification on by default; HTTP/1.1 by ALPN. Raises OSError for an unreadable CA bundle."""
    bundle = options.ca_bundle
    is_folder = bundle is not None and Path(bundle).is_dir()
    context = ssl.create_default_context(
        cafile=None if is_folder else bundle, capath=bundle if is_folder else None
    )
    if not options.verify_tls:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    context.set_alpn_protocols(["http/1.1"])
    return context


def _is_ours(error: OSError, address: SocketAddress) -> bool:
    """Whether this machine is short of something: descriptors, memory, ports."""
    out_of_ports = error.errno == errno.EADDRNOTAVAIL and address[0] == socket.AF_INET
    return out_of_ports or error.errno in _SHORT_OF


def _written(address: SocketAddress) -> str:
    _, ip, port = address
    return f"[{ip}]:{port}" if ":" in ip else f"{ip}:{port}"


def _default_port(url: httpx.URL) -> int:
    return 443 if url.scheme == "https" else 80
