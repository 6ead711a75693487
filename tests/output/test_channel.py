"""Bytes to readers that are slow, stopped or gone. Real pipes and terminals."""

from __future__ import annotations

import errno
import os
import pty
from collections.abc import Iterator
from contextlib import closing, contextmanager
from socket import socketpair
from threading import Event, Thread

import pytest

from bench.output.channel import Channel

MUCH = b"x" * (1 << 20)
"""More than a pipe, a socket or a terminal holds."""
PATIENCE_S = 10.0


@contextmanager
def pipe() -> Iterator[tuple[int, int]]:
    reading, writing = os.pipe()
    try:
        yield reading, writing
    finally:
        os.close(reading)
        os.close(writing)


def drained(reading: int, size: int) -> bytes:
    read = b""
    while len(read) < size:
        read += os.read(reading, 65536)
    return read


def test_what_is_put_in_comes_out_in_order() -> None:
    with pipe() as (reading, writing):
        channel = Channel(writing)
        for number in range(100):
            channel.put(b"%d " % number)
        assert channel.wait(PATIENCE_S)
        assert os.read(reading, 65536).split() == [b"%d" % number for number in range(100)]


def test_a_reader_that_takes_nothing_keeps_nobody_waiting() -> None:
    with pipe() as (reading, writing):
        channel = Channel(writing)
        channel.put(MUCH)
        assert not channel.wait(0.01)
        assert channel.backlog == len(MUCH)
        channel.put(b"end")
        assert drained(reading, len(MUCH) + 3).endswith(b"xend")
        assert channel.wait(PATIENCE_S)


def test_a_terminal_that_shows_nothing_keeps_nobody_waiting() -> None:
    leader, follower = pty.openpty()
    channel = Channel(follower)
    channel.put(MUCH)
    assert not channel.wait(0.01)
    os.close(leader)
    assert channel.wait(PATIENCE_S)
    assert channel.is_gone
    os.close(follower)


def test_patience_counts_from_the_latest_byte_that_was_read() -> None:
    with pipe() as (reading, writing):
        channel = Channel(writing)
        channel.put(MUCH)
        reader = Thread(target=drained, args=(reading, len(MUCH)))
        reader.start()
        assert channel.wait(1.0)
        reader.join()


def test_without_a_reader_the_rest_is_thrown_away() -> None:
    reading, writing = os.pipe()
    channel = Channel(writing)
    channel.put(MUCH)
    channel.put(b"more")
    os.close(reading)
    assert channel.wait(PATIENCE_S)
    assert channel.error is not None
    assert channel.error.errno == errno.EPIPE
    channel.put(b"again")
    assert channel.backlog == 0
    os.close(writing)


def test_a_full_disk_is_an_error_but_not_the_end() -> None:
    full = os.open("/dev/full", os.O_WRONLY)
    channel = Channel(full)
    channel.put(b"line\n")
    assert channel.wait(0.0)
    assert channel.error is not None
    assert (channel.error.errno, channel.is_gone) == (errno.ENOSPC, False)
    os.close(full)


def test_somebody_elses_non_blocking_descriptor_loses_nothing() -> None:
    ours, theirs = socketpair()
    with closing(ours), closing(theirs):
        ours.setblocking(False)
        channel = Channel(ours.fileno())
        channel.put(MUCH)
        assert drained(theirs.fileno(), len(MUCH)) == MUCH
        assert channel.wait(PATIENCE_S)


def test_it_tells_when_it_has_caught_up() -> None:
    with pipe() as (reading, writing):
        told = Event()
        channel = Channel(writing, told.set)
        channel.put(MUCH)
        assert not told.is_set()
        drained(reading, len(MUCH))
        assert told.wait(PATIENCE_S)


@pytest.mark.parametrize("fd", [-1, 1 << 20])
def test_a_descriptor_that_is_none_is_one_without_a_reader(fd: int) -> None:
    channel = Channel(fd)
    channel.put(b"line")
    assert channel.is_gone
    assert channel.wait(None)


def test_where_no_thread_can_be_started_it_is_written_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(_: Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(Thread, "start", refuse)
    with pipe() as (reading, writing):
        channel = Channel(writing)
        channel.put(b"one ")
        channel.put(b"two")
        assert channel.wait(None)
        assert os.read(reading, 100) == b"one two"
