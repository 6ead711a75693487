"""Which sockets have something to read, asked of the kernel directly.

All sockets of a pool are watched by one epoll instance, and the event loop watches that one. The
loop's own watching of descriptors (uv_poll) gives up on a socket at its first error, and with it on
the bytes that came before the error; besides, who waits for an instant can read meanwhile: `poll`.
"""

from __future__ import annotations

import asyncio
import select
from collections.abc import Callable
from typing import Protocol

AT_ONCE = 64
"""Sockets that are read before the loop gets its turn."""


class Readiness(Protocol):
    """Calls back whenever a descriptor can be read, and while asked for, written."""

    def watch(self, fd: int, ready: Callable[[], None]) -> None:
        """Call ready() whenever there is something to read, an end or an error included."""

    def want_room(self, fd: int, wanted: bool) -> None:
        """Call its ready() also whenever it can be written; or, from now on, not."""

    def forget(self, fd: int) -> None:
        """Call nothing for it any more; before the descriptor is closed."""

    def poll(self) -> None:
        """Call back now for what is ready now."""

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
        self._ready: dict[int, Callable[[], None]] = {}
        loop.add_reader(self._epoll.fileno(), self.poll)

    def watch(self, fd: int, ready: Callable[[], None]) -> None:
        """Level-triggered: as long as anything is left to be read."""
        self._ready[fd] = ready
        self._epoll.register(fd, select.EPOLLIN)

    def want_room(self, fd: int, wanted: bool) -> None:
        """Besides what can be read, what can be written."""
        self._epoll.modify(fd, select.EPOLLIN | select.EPOLLOUT if wanted else select.EPOLLIN)

    def forget(self, fd: int) -> None:
        """Drop the callback; it may be the one that runs now."""
        if self._ready.pop(fd, None) is not None:
            self._epoll.unregister(fd)

    def poll(self) -> None:
        """One look; the loop comes again if more than AT_ONCE are ready."""
        for fd, _ in self._epoll.poll(0, AT_ONCE):
            ready = self._ready.get(fd)
            if ready is not None:  # what was called before may have closed it
                ready()

    def close(self) -> None:
        """Give the epoll instance back."""
        if not self._epoll.closed:
            self._loop.remove_reader(self._epoll.fileno())
            self._epoll.close()
        self._ready.clear()


class LoopReadiness:
    """By the event loop itself."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._ready: dict[int, Callable[[], None]] = {}

    def watch(self, fd: int, ready: Callable[[], None]) -> None:
        """As long as the loop's own selector says so."""
        self._ready[fd] = ready
        self._loop.add_reader(fd, ready)

    def want_room(self, fd: int, wanted: bool) -> None:
        """By a writer with the same callback, for as long as wanted."""
        if wanted:
            self._loop.add_writer(fd, self._ready[fd])
        else:
            self._loop.remove_writer(fd)

    def forget(self, fd: int) -> None:
        """Drop its reader, and its writer if there is one."""
        if self._ready.pop(fd, None) is not None:
            self._loop.remove_reader(fd)
            self._loop.remove_writer(fd)

    def poll(self) -> None:
        """Nothing: only the loop knows."""

    def close(self) -> None:
        """Forget every descriptor that is still watched."""
        for fd in list(self._ready):
            self.forget(fd)
