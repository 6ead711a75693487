"""Thousands of generated answers through the connection: each ends once, none leaks."""

from __future__ import annotations

import gc
import os
import resource
from pathlib import Path
from random import Random
from time import monotonic_ns
from typing import Any, cast

import pytest

from bench.model.outcome import Outcome
from bench.model.times import NEVER
from bench.wire.connection import Connection, PooledAddress
from bench.wire.exchange import Exchange
from bench.wire.stream import Stream

ANSWERS = (10_000, pytest.param(100_000, marks=pytest.mark.long))
SEEDS = (
    b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-Amz-Function-Error: Unhandled\r\n\r\nhello",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    b"HTTP/1.1 502 Bad Gateway\r\nConnection: close\r\n\r\nuntil the end",
    b"HTTP/1.1 204 No Content\r\n\r\n",
    b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
    b"HTTP/1.0 429 Too Many\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n",
)
PIECES = (
    *(b"\r\n", b"\n", b":", b" ", b"\x00", b"\xff", b"-1", b"0" * 50),
    b"Content-Length: 99999999999999999999",
    b"Transfer-Encoding: gzip, chunked",
    b"HTTP/1.1 101 Up\r\n\r\n",
)


class FakeStream:
    """Takes what is written and forgets it."""

    seals = False
    unsent = b""
    fd = os.open(os.devnull, os.O_WRONLY)

    def read_by(self, _receiver: object) -> None:
        return

    def close(self) -> None:
        return


class Counted(Exchange):
    __slots__ = ("ends",)

    def __init__(self) -> None:
        super().__init__(b"GET / HTTP/1.1\r\n\r\n", 1000)
        self.ends = 0

    def finished(self) -> None:
        self.ends += 1


def generated(rng: Random) -> bytes:
    answer = bytearray(rng.choice(SEEDS))
    for _ in range(rng.randrange(4)):
        at = rng.randrange(len(answer) + 1)
        kind = rng.randrange(4)
        if kind == 0:
            answer[at:at] = rng.choice(PIECES)
        elif kind == 1:
            del answer[at : at + rng.randrange(1, 20)]
        elif kind == 2:
            answer[at:at] = rng.randbytes(rng.randrange(1, 8))
        else:
            answer *= 1 + rng.randrange(2)
    return bytes(answer)


def play(rng: Random) -> Counted:
    stream = cast(Stream, FakeStream())
    connection = Connection(PooledAddress(None), lambda *_: None, lambda *_: None, stream)
    connection.idle_since_ns = monotonic_ns()
    exchange = Counted()
    assert connection.start(exchange)
    answer = generated(rng)
    cut = rng.randrange(len(answer) + 1)
    for part in (answer[:cut], answer[cut:]):
        if part:
            connection.received(part, monotonic_ns(), NEVER)
    connection.ended(rng.choice((None, ConnectionResetError("reset"))))
    return exchange


def resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1e6


@pytest.mark.parametrize("answers", ANSWERS)
def test_every_generated_answer_ends_once_as_data_and_memory_stays_flat(answers: int) -> None:
    rng = Random(1)
    ends: dict[Any, int] = {}
    for _ in range(answers // 10):
        play(rng)
    gc.collect()
    before_mb = resident_mb()
    for _ in range(answers):
        exchange = play(rng)
        assert exchange.ends == 1
        assert exchange.last_ns > 0
        assert exchange.failure is None or exchange.detail
        ends[exchange.failure] = ends.get(exchange.failure, 0) + 1
    gc.collect()
    assert resident_mb() - before_mb < 10
    assert set(ends) == {None, Outcome.PROTOCOL_ERROR}
    assert min(ends.values()) > answers // 20
