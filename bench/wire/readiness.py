"""Which sockets have something to read, asked of the kernel directly.

All sockets of a pool are watched by one epoll instance, and the event loop watches that one. The
loop's own watching of descriptors (uv_poll) gives up on a socket at its first error, and with it on
the bytes that came before the error; besides, who waits for an instant can read meanwhile: `poll`.
"""

from __future__ import annotations

import asyncio
import select
from typing import Protocol

AT_ONCE = 32
"""Sockets that are read before anything is made of what they gave."""

Taken = tuple[bytes, int, int]
"""What a read gave, nothing at an end; when it was read; when the kernel had the last of it."""


class Source(Protocol):
    """A descriptor that is read in steps, so that those of several can be taken together.

    Each step of all comes before the next step of any: processor caches hold one step's code, not
    that of all. With TLS that saves a third of an invocation's CPU.
    """

    seals: bool
    """Whether what is taken has to be opened."""

    def take(self) -> Taken | None:
        """Read what there is; None if there is nothing after all."""

    def opened(self, data: bytes) -> bytes | None:
        """What those bytes say; None if nothing yet."""

    def give(self, data: bytes, read_ns: int, receipt_ns: int) -> None:
        """Hand it on, or the end; nothing, if what another one gave has closed this one."""


class Readiness(Protocol):
    """Takes from a source whenever there is something, and opens and gives what it got."""

    def watch(self, fd: int, source: Source) -> None:
        """Take from it whenever there is something to read, an end or an error included."""

    def want_room(self, fd: int, wanted: bool) -> None:
        """Take from it also whenever it can be written; or, from now on, not."""

    def forget(self, fd: int) -> None:
        """Take nothing from it any more; before the descriptor is closed."""

    def poll(self) -> None:
        """Take now what is ready now."""

    def close(self) -> None:
        """Forget every descriptor, and give back what this needed."""


def open_readiness(loop: asyncio.AbstractEventLoop) -> Readiness:
    """The best of this system."""
    return EpollReadiness(loop) if hasattr(select, "epoll") else LoopReadiness(loop)


class EpollReadiness:
    """By an epoll instance of its own. Linux only."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._epoll = select.epoll()
        self._sources: dict[int, Source] = {}
        loop.add_reader(self._epoll.fileno(), self.poll)

    def watch(self, fd: int, source: Source) -> None:
        """Level-triggered: as long as anything is left to be read."""
        self._sources[fd] = source
        self._epoll.register(fd, select.EPOLLIN)

    def want_room(self, fd: int, wanted: bool) -> None:
        """Besides what can be read, what can be written."""
        self._epoll.modify(fd, select.EPOLLIN | select.EPOLLOUT if wanted else select.EPOLLIN)

    def forget(self, fd: int) -> None:
        """Drop the source; it may be the one that gives now."""
        if self._sources.pop(fd, None) is not None:
            self._epoll.unregister(fd)

    def poll(self) -> None:
        """One look; the loop comes again if more than AT_ONCE are ready."""
        sources = self._sources
        taken = []
        for fd, _ in self._epoll.poll(0, AT_ONCE):
            source = sources[fd]
            got = source.take()
            if got is not None:
                taken.append((source, got))
        if taken and taken[0][0].seals:  # of one pool all do, or none
            taken = _opened(taken)
        for source, (data, read_ns, receipt_ns) in taken:
            source.give(data, read_ns, receipt_ns)

    def close(self) -> None:
        """Give the epoll instance back."""
        if not self._epoll.closed:
            self._loop.remove_reader(self._epoll.fileno())
            self._epoll.close()
        self._sources.clear()


class LoopReadiness:
    """By the event loop itself, one source at a time."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._sources: dict[int, Source] = {}

    def watch(self, fd: int, source: Source) -> None:
        """As long as the loop's own selector says so."""
        self._sources[fd] = source
        self._loop.add_reader(fd, _take_from, source)

    def want_room(self, fd: int, wanted: bool) -> None:
        """By a writer with the same source, for as long as wanted."""
        if wanted:
            self._loop.add_writer(fd, _take_from, self._sources[fd])
        else:
            self._loop.remove_writer(fd)

    def forget(self, fd: int) -> None:
        """Drop its reader, and its writer if there is one."""
        if self._sources.pop(fd, None) is not None:
            self._loop.remove_reader(fd)
            self._loop.remove_writer(fd)

    def poll(self) -> None:
        """Nothing: only the loop knows."""

    def close(self) -> None:
        """Forget every descriptor that is still watched."""
        for fd in list(self._sources):
            self.forget(fd)


def _take_from(source: Source) -> None:
    got = source.take()
    if got is None:
        return
    for _, (data, read_ns, receipt_ns) in _opened([(source, got)]):
        source.give(data, read_ns, receipt_ns)


def _opened(taken: list[tuple[Source, Taken]]) -> list[tuple[Source, Taken]]:
    """Of each what its bytes say, as far as they say anything yet."""
    opened = []
    for source, (data, read_ns, receipt_ns) in taken:
        said = source.opened(data)
        if said is not None:
            opened.append((source, (said, read_ns, receipt_ns)))
    return opened
