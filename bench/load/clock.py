"""Time for the engine: one clock and one alarm.

The alarm is a timerfd registered with the event loop, since the timers of uvloop (libuv) count
whole milliseconds and would make every arrival up to one too late.
"""

from __future__ import annotations

import asyncio
import ctypes
import os
import sys
from collections.abc import Callable
from time import monotonic_ns
from typing import Protocol

from bench.model import NS_PER_S


class Clock(Protocol):
    """Monotonic nanoseconds and one alarm at a time. The tests have one that they turn by hand."""

    def now_ns(self) -> int:
        """Nanoseconds of CLOCK_MONOTONIC."""

    def set_alarm(self, when_ns: int | None) -> None:
        """Call the callback at when_ns, replacing the alarm set before; None sets none."""

    def close(self) -> None:
        """Give the timer back."""


def open_clock(loop: asyncio.AbstractEventLoop, callback: Callable[[], None]) -> Clock:
    """The most precise clock of this system."""
    if sys.platform == "linux":
        return TimerfdClock(loop, callback)
    return LoopClock(loop, callback)


class TimerfdClock:
    """Precise to the kernel's high-resolution timers. Linux only."""

    def __init__(self, loop: asyncio.AbstractEventLoop, callback: Callable[[], None]) -> None:
        self._loop = loop
        self._callback = callback
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._fd = self._libc.timerfd_create(_CLOCK_MONOTONIC, os.O_NONBLOCK | os.O_CLOEXEC)
        if self._fd < 0:
            raise OSError(ctypes.get_errno(), "timerfd_create failed")
        self._armed_ns = 0
        self._spec = _Itimerspec()
        self._reference = ctypes.byref(self._spec)
        loop.add_reader(self._fd, self._fire)

    def now_ns(self) -> int:
        """Nanoseconds of CLOCK_MONOTONIC."""
        return monotonic_ns()

    def set_alarm(self, when_ns: int | None) -> None:
        """Call the callback at when_ns; an instant in the past fires at once, None disarms."""
        # A timerfd at 0 is disarmed: the past is at least nanosecond 1.
        instant_ns = 0 if when_ns is None else max(1, when_ns)
        if instant_ns and instant_ns == self._armed_ns:
            return
        self._armed_ns = instant_ns
        self._spec.seconds, self._spec.nanoseconds = divmod(instant_ns, NS_PER_S)
        self._libc.timerfd_settime(self._fd, _TFD_TIMER_ABSTIME, self._reference, None)

    def close(self) -> None:
        """Close the descriptor."""
        self._loop.remove_reader(self._fd)
        os.close(self._fd)

    def _fire(self) -> None:
        # Setting a timerfd anew clears its readiness, which saves the read that would: disarmed
        # here, armed again by the callback.
        self._armed_ns = 0
        self._callback()
        if not self._armed_ns:
            self.set_alarm(None)


class LoopClock:
    """The event loop's own timer, where there is no timerfd: a resolution of about 1 ms."""

    def __init__(self, loop: asyncio.AbstractEventLoop, callback: Callable[[], None]) -> None:
        self._loop = loop
        self._callback = callback
        self._timer: asyncio.TimerHandle | None = None

    def now_ns(self) -> int:
        """Nanoseconds of the monotonic clock."""
        return monotonic_ns()

    def set_alarm(self, when_ns: int | None) -> None:
        """Call the callback at when_ns, as well as the loop can; None sets none."""
        self.close()
        if when_ns is not None:
            wait_s = max(0, when_ns - monotonic_ns()) / NS_PER_S
            self._timer = self._loop.call_later(wait_s, self._callback)

    def close(self) -> None:
        """Cancel the timer."""
        if self._timer is not None:
            self._timer.cancel()


_CLOCK_MONOTONIC = 1
_TFD_TIMER_ABSTIME = 1


class _Itimerspec(ctypes.Structure):
    """struct itimerspec: an interval, which stays zero, and the value (time_t and long)."""

    _fields_ = (
        ("interval_seconds", ctypes.c_long),
        ("interval_nanoseconds", ctypes.c_long),
        ("seconds", ctypes.c_long),
        ("nanoseconds", ctypes.c_long),
    )
