"""Callbacks at an instant, more precise than the event loop's whole milliseconds.

A hold of 2 ms that ends up to 1 ms early or late would be most of the error of the CPU model.
"""

from __future__ import annotations

import asyncio
import ctypes
import os
import sys
from collections.abc import Callable
from heapq import heappop, heappush
from itertools import count
from time import monotonic_ns

from bench.model.times import NS_PER_S

CLOCK_MONOTONIC = 1
TFD_TIMER_ABSTIME = 1


class Timer:
    """One pending alarm, with asyncio's fallback where there is no timerfd."""

    def __init__(self, loop: asyncio.AbstractEventLoop, callback: Callable[[], None]) -> None:
        self._loop = loop
        self._callback = callback
        self._handle: asyncio.TimerHandle | None = None

    def set(self, when_ns: int) -> None:
        """Call back at when_ns of the monotonic clock, instead of at what was set before."""
        if self._handle is not None:
            self._handle.cancel()
        delay_s = max(0, when_ns - monotonic_ns()) / NS_PER_S
        self._handle = self._loop.call_later(delay_s, self._callback)

    def close(self) -> None:
        """Cancel the pending alarm, if there is one."""
        if self._handle is not None:
            self._handle.cancel()


class _Itimerspec(ctypes.Structure):
    _fields_ = (
        ("interval_s", ctypes.c_long),
        ("interval_ns", ctypes.c_long),
        ("value_s", ctypes.c_long),
        ("value_ns", ctypes.c_long),
    )


class TimerFd:
    """The same on Linux's timerfd, some tens of microseconds late at most."""

    def __init__(self, loop: asyncio.AbstractEventLoop, callback: Callable[[], None]) -> None:
        self._loop = loop
        self._callback = callback
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._fd = self._libc.timerfd_create(CLOCK_MONOTONIC, os.O_NONBLOCK | os.O_CLOEXEC)
        if self._fd < 0:
            error = ctypes.get_errno()
            raise OSError(error, f"timerfd_create: {os.strerror(error)}")
        self._spec = _Itimerspec()
        loop.add_reader(self._fd, self._fired)

    def set(self, when_ns: int) -> None:
        """Call back at when_ns of the monotonic clock, instead of at what was set before."""
        when_ns = max(1, when_ns)
        self._spec.value_s, self._spec.value_ns = divmod(when_ns, NS_PER_S)
        self._libc.timerfd_settime(self._fd, TFD_TIMER_ABSTIME, ctypes.byref(self._spec), None)

    def _fired(self) -> None:
        try:
            os.read(self._fd, 8)
        except BlockingIOError:
            return
        self._callback()

    def close(self) -> None:
        """Close the descriptor; the timer is of no use any more."""
        self._loop.remove_reader(self._fd)
        os.close(self._fd)


class TimerQueue:
    """Any number of callbacks, each at its own instant of the monotonic clock."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        kind = TimerFd if sys.platform == "linux" else Timer
        self._timer: Timer | TimerFd = kind(loop, self._due)
        self._heap: list[tuple[int, int, Callable[[], None]]] = []
        self._order = count()

    def at(self, when_ns: int, callback: Callable[[], None]) -> None:
        """Call back at when_ns; those of one instant in the order of asking."""
        heappush(self._heap, (when_ns, next(self._order), callback))
        if self._heap[0][0] == when_ns:
            self._timer.set(when_ns)

    def close(self) -> None:
        """Forget all callbacks and close the timer."""
        self._heap.clear()
        self._timer.close()

    def _due(self) -> None:
        while self._heap and self._heap[0][0] <= monotonic_ns():
            heappop(self._heap)[2]()
        if self._heap:
            self._timer.set(self._heap[0][0])
