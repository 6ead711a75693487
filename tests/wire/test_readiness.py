"""Sources that are ready together: all are read before any is handed on."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from time import monotonic_ns

import pytest

from bench.wire.readiness import EpollReadiness, LoopReadiness, Readiness
from bench.wire.receipts import ReceiptClock
from bench.wire.stream import Stream

KINDS = [EpollReadiness, LoopReadiness]
both = pytest.mark.parametrize("kind", KINDS, ids=["epoll", "loop"])


@dataclass
class Reader:
    """Notes what it gets and when it was read."""

    then: Callable[[], None] = lambda: None
    got: list[bytes] = field(default_factory=list)
    read_ns: list[int] = field(default_factory=list)
    ends: list[Exception | None] = field(default_factory=list)

    def received(self, data: bytes, read_ns: int, _receipt_ns: int) -> None:
        """Note it, and do what is to be done then."""
        self.got.append(data)
        self.read_ns.append(read_ns)
        self.then()

    def ended(self, error: Exception | None) -> None:
        """Note it, and do what is to be done then."""
        self.ends.append(error)
        self.then()


class Pair:
    """A stream that a reader reads, and its far end."""

    def __init__(self, readiness: Readiness, reader: Reader) -> None:
        near, self.far = socket.socketpair()
        near.setblocking(False)
        self.stream = Stream(near, readiness, ReceiptClock())
        self.stream.read_by(reader)


@pytest.fixture
def far_ends() -> Iterator[list[Pair]]:
    """Closed at the end of a test, streams and far ends."""
    pairs: list[Pair] = []
    yield pairs
    for pair in pairs:
        pair.stream.close()
        pair.far.close()


@both
@pytest.mark.parametrize("end", [b"late", b""], ids=["bytes", "an end"])
async def test_what_another_one_closed_is_told_nothing(
    kind: Callable[[asyncio.AbstractEventLoop], Readiness], end: bytes, far_ends: list[Pair]
) -> None:
    loop = asyncio.get_running_loop()
    readiness = kind(loop)
    seen = loop.create_future()
    readers = [Reader(), Reader()]
    far_ends += [Pair(readiness, reader) for reader in readers]

    def close_the_other(own: int) -> None:
        far_ends[1 - own].stream.close()
        if not seen.done():
            seen.set_result(own)

    for own, reader in enumerate(readers):
        reader.then = partial(close_the_other, own)
    for pair in far_ends:
        if end:
            pair.far.sendall(end)
        else:
            pair.far.shutdown(socket.SHUT_WR)
    first = await seen
    for _ in range(3):
        readiness.poll()
        await asyncio.sleep(0)
    told = [len(reader.got) + len(reader.ends) for reader in readers]
    assert told[first] == 1
    assert told[1 - first] == 0
    readiness.close()


async def test_all_that_are_ready_are_read_before_the_first_is_handed_on(
    far_ends: list[Pair],
) -> None:
    readiness = EpollReadiness(asyncio.get_running_loop())
    handed_on: list[int] = []
    readers = [Reader(then=lambda: handed_on.append(monotonic_ns())) for _ in range(5)]
    far_ends += [Pair(readiness, reader) for reader in readers]
    for pair in far_ends:
        pair.far.sendall(b"x")
    readiness.poll()
    assert [reader.got for reader in readers] == [[b"x"]] * 5
    assert max(ns for reader in readers for ns in reader.read_ns) <= min(handed_on)
    readiness.close()
