"""When an answer came, however late it is read: the kernel's word on it, and what it is worth."""

from __future__ import annotations

import asyncio
import socket
import ssl
import struct
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Thread
from time import monotonic_ns
from typing import cast

import pytest

from bench.model.profile import Connections
from bench.model.times import NEVER, NS_PER_MS, NS_PER_S
from bench.wire import receipts
from bench.wire.connection import Connection, PooledAddress
from bench.wire.receipts import Control, ReceiptClock
from bench.wire.stream import Stream
from tests.wire.test_hostile_answers import Counted, FakeStream
from tests.wire.test_pool import OK, exchange, pool_to
from tests.wire.test_pool import Probe as PoolProbe
from tests.wire.test_tls_and_proxy import AUTHORITY, served_as

EPOCH_NS = 1_700_000_000 * NS_PER_S
HELD_NS = 20 * NS_PER_MS
"""How long answers lie unread here."""


def stamped(realtime_ns: int) -> Control:
    packed = struct.pack("qq", *divmod(realtime_ns, NS_PER_S))
    return [(socket.SOL_SOCKET, receipts.SO_TIMESTAMPNS, packed)]


class Clocks:
    """Two clocks turned by hand; each reading of the monotonic one takes a microsecond."""

    def __init__(self) -> None:
        self.t_ns, self.ahead_ns = 5 * NS_PER_S, EPOCH_NS

    def monotonic(self) -> int:
        self.t_ns += 1000
        return self.t_ns

    def realtime(self) -> int:
        return self.t_ns + self.ahead_ns

    def opened(self) -> ReceiptClock:
        return ReceiptClock(self.realtime, self.monotonic)


def test_a_stamp_is_turned_into_an_instant_of_the_monotonic_clock() -> None:
    clocks = Clocks()
    clock = clocks.opened()
    came_ns = 7 * NS_PER_S
    stamp = stamped(came_ns + EPOCH_NS)
    found_ns = clock.received_ns(stamp, read_ns=came_ns + HELD_NS)
    assert found_ns == pytest.approx(came_ns, abs=1000)


@pytest.mark.parametrize(
    ("came_ns", "known"),
    [(2000, True), (9000, True), (9001, True), (9000 + 60_000, False)],
)
def test_a_stamp_from_after_the_reading_is_none_of_its_bytes(came_ns: int, known: bool) -> None:
    clocks = Clocks()
    clock = clocks.opened()
    stamp = stamped(came_ns + clock.offset_ns)
    found_ns = clock.received_ns(stamp, read_ns=9000)
    assert found_ns == (min(came_ns, 9000) if known else NEVER)


def test_without_a_stamp_nothing_is_known() -> None:
    assert ReceiptClock().received_ns([], read_ns=9000) == NEVER


def test_a_clock_that_was_set_is_noticed_and_then_known_again() -> None:
    clocks = Clocks()
    clock = clocks.opened()
    clocks.t_ns += NS_PER_S
    assert clock.measure()
    clocks.ahead_ns += 50_000  # as NTP slews
    assert clock.measure()
    clocks.ahead_ns -= 3 * NS_PER_MS
    assert not clock.measure()
    assert clock.measure()
    assert clock.offset_ns == pytest.approx(clocks.ahead_ns, abs=1000)


def read_for_a_while(clock: ReceiptClock, clocks: Clocks, reads: int) -> int:
    """So many reads within a second; how many of them asked for a stamp."""
    asked = 0
    for _ in range(reads):
        if clock.unstamped_left > 0:
            clock.unstamped_left -= 1
        else:
            asked += 1
            clock.received_ns([], read_ns=clocks.t_ns)
    clocks.t_ns += NS_PER_S
    clock.measure()
    return asked


def test_few_reads_are_all_stamped_and_of_many_one_in_a_few() -> None:
    clocks = Clocks()
    clock = clocks.opened()
    few, many = round(receipts.ALL_BELOW_RPS) - 100, 17_000
    assert read_for_a_while(clock, clocks, few) == few
    assert read_for_a_while(clock, clocks, many) == many  # it is known of afterwards
    assert read_for_a_while(clock, clocks, many) == many  # and may have been a backlog
    assert read_for_a_while(clock, clocks, many) == pytest.approx(many / receipts.SAMPLED, abs=1)
    assert read_for_a_while(clock, clocks, few) == pytest.approx(few / receipts.SAMPLED, abs=1)
    assert read_for_a_while(clock, clocks, few) == few


def test_a_backlog_that_is_read_at_once_has_all_of_its_stamps() -> None:
    clocks = Clocks()
    clock = clocks.opened()
    for _ in range(5):
        assert read_for_a_while(clock, clocks, 17_000) == 17_000
        assert read_for_a_while(clock, clocks, 0) == 0


@dataclass
class Served:
    """A server in a thread of its own, which says when it answered."""

    origin: str = ""
    answers: int = 0
    answered: Event = field(default_factory=Event)
    before_ns: int = 0
    after_ns: int = 0

    def serve(self, listener: socket.socket, tls: ssl.SSLContext | None) -> None:
        connection, _ = listener.accept()
        if tls is not None:
            connection = tls.wrap_socket(connection, server_side=True)
        with connection:
            while connection.recv(65536):
                self.before_ns = monotonic_ns()
                connection.sendall(OK)
                self.after_ns = monotonic_ns()
                self.answered.set()


@contextmanager
def server(tls: ssl.SSLContext | None) -> Iterator[Served]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        served = Served(f"http{'s' if tls else ''}://127.0.0.1:{listener.getsockname()[1]}")
        thread = Thread(target=served.serve, args=(listener, tls))
        thread.start()
        yield served
    thread.join(5)


async def answered_while_nobody_reads(served: Served, options: Connections) -> PoolProbe:
    """The second exchange of a connection, whose answer lies unread for HELD_NS."""
    async with pool_to(served.origin, options=options) as pool:
        await exchange(pool)
        served.answered.clear()
        probe = PoolProbe()
        pool.submit(probe)
        assert served.answered.wait(5)
        while monotonic_ns() < served.after_ns + HELD_NS:
            pass  # the loop does not get its turn
        await asyncio.wait_for(probe.done, 5)
        return probe


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel stamps nothing here")
@pytest.mark.parametrize("encrypted", [False, True])
async def test_an_answer_ends_when_it_came_and_not_when_it_was_read(
    tmp_path: Path, encrypted: bool
) -> None:
    bundle = tmp_path / "ca.pem"
    AUTHORITY.cert_pem.write_to_path(str(bundle))
    options = Connections(ca_bundle=str(bundle)) if encrypted else Connections()
    with server(served_as("127.0.0.1") if encrypted else None) as served:
        probe = await answered_while_nobody_reads(served, options)
    assert probe.failure is None
    assert served.before_ns - NS_PER_MS < probe.last_ns < served.after_ns + NS_PER_MS
    assert probe.first_ns == probe.last_ns
    assert probe.read_lag_ns > HELD_NS - NS_PER_MS


async def test_an_answer_whose_turn_it_is_not_ends_when_it_is_read() -> None:
    clock = ReceiptClock()
    with server(None) as served:
        async with pool_to(served.origin, receipts=clock) as pool:
            await exchange(pool)
            clock.unstamped_left = 1
            assert (await exchange(pool)).read_lag_ns == NEVER
            assert (await exchange(pool)).read_lag_ns >= 0


def answered(*parts: tuple[bytes, int, int]) -> Counted:
    """An exchange sent at 1000, answered by parts: bytes, and when they were read and came."""
    stream = cast(Stream, FakeStream())
    connection = Connection(PooledAddress(None), lambda *_: None, lambda *_: None, stream)
    connection.idle_since_ns = monotonic_ns()
    found = Counted()
    assert connection.start(found)
    found.sent_ns = 1000
    for data, read_ns, receipt_ns in parts:
        connection.received(data, read_ns, receipt_ns)
    assert found.ends == 1
    return found


@pytest.mark.parametrize(
    ("receipt_ns", "last_ns", "lag_ns"), [(999, 9000, NEVER), (1000, 1000, 8000)]
)
def test_a_stamp_from_before_the_request_is_of_something_else(
    receipt_ns: int, last_ns: int, lag_ns: int
) -> None:
    found = answered((OK, 9000, receipt_ns))
    assert (found.last_ns, found.read_lag_ns) == (last_ns, lag_ns)


def test_a_first_byte_that_was_read_late_came_no_later_than_the_last_one() -> None:
    head, body = OK[:20], OK[20:]
    found = answered((head, 8000, NEVER), (body, 9000, 7000))
    assert (found.first_ns, found.last_ns, found.read_lag_ns) == (7000, 7000, 2000)


async def test_without_the_kernels_word_an_answer_ends_when_it_is_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("bench.wire.stream.ask_for_stamps", lambda _: False)
    with server(None) as served:
        probe = await answered_while_nobody_reads(served, Connections())
    assert probe.last_ns >= served.after_ns + HELD_NS
    assert probe.read_lag_ns == NEVER
