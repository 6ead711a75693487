"""An answer whose head is known is what the parser would have made of it: compared side by side."""

from __future__ import annotations

from random import Random
from typing import cast

import pytest

from bench.model.times import NEVER
from bench.wire import connection as connection_module
from bench.wire.connection import Connection, PooledAddress
from bench.wire.exchange import Exchange
from bench.wire.known_head import LOOK_EVERY, REST, KnownHead
from bench.wire.stream import Stream
from tests.wire.test_hostile_answers import FakeStream, generated

HEAD = b"HTTP/1.1 200 OK\r\nServer: s\r\nContent-Length: 5\r\n\r\n"
OTHERS = (
    b"HTTP/1.1 200 OK\r\nServer: t\r\nContent-Length: 5\r\n\r\nhello",
    b"HTTP/1.1 404 No\r\nServer: s\r\nContent-Length: 5\r\n\r\nhello",
    b"HTTP/1.1 200 OK\r\nServer: s\r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.1 204 No Content\r\nServer: s\r\n\r\n",
    b"HTTP/1.1 103 Early\r\n\r\n" + HEAD + b"hello",
    HEAD,
    HEAD + b"hel",
    HEAD + b"hello, and more",
    HEAD.replace(b"Server: s", b"Connection: close") + b"hello",
    HEAD.replace(b"Server: s", b"Transfer-Encoding: chunked") + b"5\r\nhello\r\n0\r\n\r\n",
    HEAD.replace(b"Server: s", b"Content-Length: 5") + b"hello",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    b"HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello",
    b"HTTP/1.1 200 OK\nContent-Length: 5\n\nhello",
    b"HTTP/1.1 200 OK\nContent-Length: 9\n\nab\r\n\r\ncde",
    b"\r\n" + HEAD + b"hello",
)
REQUESTS = (b"GET / HTTP/1.1\r\n\r\n",) * 8 + (b"HEAD / HTTP/1.1\r\n\r\n",)
"""Pools are shared by variants that are called by different methods."""


class Probe(Exchange):
    __slots__ = ("ends",)

    def __init__(self, request: bytes, limit: int) -> None:
        super().__init__(request, limit)
        self.ends = 0

    def finished(self) -> None:
        self.ends += 1


class Never(KnownHead):
    """Learns nothing: every answer is parsed."""

    def look_at(self, *_answer: object) -> None:
        return


class Side:
    """A connection that is opened anew when it is gone, as a pool does."""

    def __init__(self, known: KnownHead) -> None:
        self.known = known
        self.connection = self.opened()

    def opened(self) -> Connection:
        stream = cast(Stream, FakeStream())
        return Connection(PooledAddress(None), lambda *_: None, lambda *_: None, stream, self.known)

    def play(self, request: bytes, limit: int, parts: list[bytes], stamp_ns: int) -> list[object]:
        """What an exchange came to, answered in parts."""
        if not self.connection.usable:
            self.connection = self.opened()
        connection = self.connection
        connection.idle_since_ns = 1 << 62
        probe = Probe(request, limit)
        assert connection.start(probe)
        probe.sent_ns = 1000
        for at, part in enumerate(parts):
            if connection.usable:
                connection.received(part, 9000 + at, stamp_ns)
        given_up = not probe.ends
        if given_up:
            connection.ended(None)
        if given_up or probe.failure is not None:
            probe.last_ns = 0  # the clock of this process
        return [
            *(probe.ends, probe.status, probe.headers, probe.body, probe.failure, probe.detail),
            *(probe.first_ns, probe.last_ns, probe.read_lag_ns),
            *(connection.usable, connection.exchange is None),
        ]


def answer(rng: Random) -> bytes:
    kind = rng.randrange(10)
    if kind < 7:
        return HEAD + rng.choice((b"hello", b"world", b"\r\n\r\nx"))
    return rng.choice(OTHERS) if kind < 9 else generated(rng)


def parts_of(rng: Random, data: bytes) -> list[bytes]:
    cut = rng.randrange(1, len(data) + 1) if data and not rng.randrange(8) else len(data)
    return [part for part in (data[:cut], data[cut:]) if part]


@pytest.mark.parametrize("seed", range(4))
def test_a_known_head_changes_nothing_of_what_an_answer_comes_to(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection_module, "LOOK_EVERY", 1)
    monkeypatch.setattr("bench.wire.known_head.REST", 1)
    parsed = {"known": 0, "never": 0}
    parse = Connection._parse

    def counted(self: Connection, *args: object) -> None:
        parsed["never" if isinstance(self._known_head, Never) else "known"] += 1
        parse(self, *args)  # type: ignore[arg-type]

    monkeypatch.setattr(Connection, "_parse", counted)
    rng, known, never = Random(seed), Side(KnownHead()), Side(Never())
    for _ in range(5000):
        request, limit = rng.choice(REQUESTS), rng.choice((1000, 1000, 1000, 3))
        parts = parts_of(rng, answer(rng))
        stamp_ns = rng.choice((NEVER, 500, 7000))
        expected = never.play(request, limit, parts, stamp_ns)
        assert known.play(request, limit, parts, stamp_ns) == expected, (request, limit, parts)
    assert parsed["known"] < 0.8 * parsed["never"]


def learnt(data: bytes, body_bytes: int) -> KnownHead:
    known = KnownHead()
    known.look_at(data, 200, body_bytes)
    return known


def test_a_plain_head_is_learnt_with_the_length_of_its_answers() -> None:
    known = learnt(HEAD + b"hello", 5)
    assert (known.head, known.head_bytes) == (HEAD, len(HEAD))
    assert (known.answer_bytes, known.status) == (len(HEAD) + 5, 200)


@pytest.mark.parametrize(
    ("data", "body_bytes"),
    [
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", 5),
        (b"HTTP/1.1 103 Early\r\n\r\n" + HEAD + b"hello", 5),
        (b"HTTP/1.1 204 No Content\r\n\r\n", 0),
        (b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", 0),
        (b"HTTP/1.1 200 OK\nContent-Length: 9\n\nab\r\n\r\ncde", 9),
        (b"HTTP/1.1 200 OK\r\nX: %s\r\nContent-Length: 0\r\n\r\n" % (b"x" * 9000), 0),
    ],
)
def test_no_other_head_is_learnt(data: bytes, body_bytes: int) -> None:
    assert learnt(data, body_bytes).answer_bytes < 0


def test_a_head_that_comes_no_second_time_is_neither_compared_nor_learnt_for_a_while() -> None:
    known = learnt(HEAD + b"hello", 5)
    known.look_at(HEAD + b"hello", 200, 5)
    for _ in range(REST):
        assert known.answer_bytes < 0
        known.look_at(HEAD + b"hello", 200, 5)
    known.look_at(HEAD + b"hello", 200, 5)
    assert known.answer_bytes == len(HEAD) + 5


def test_the_head_of_a_server_that_repeats_itself_is_known_after_a_few_answers() -> None:
    side = Side(KnownHead())
    for _ in range(LOOK_EVERY + 1):
        side.play(REQUESTS[0], 1000, [HEAD + b"hello"], NEVER)
    assert side.known.has_come_again
