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
from functools import partial
from struct import Struct
from time import monotonic_ns
from typing import Protocol

from bench.model.times import NS_PER_S


class Clock(Protocol):
    """Monotonic nanoseconds and one alarm at a time. The tests have one that they turn by hand."""

    callback: Callable[[], None]
    """What the alarm calls."""

    def now_ns(self) -> int:
        """Nanoseconds of CLOCK_MONOTONIC, which all processes of a machine share."""

    def wait_briefly(self, when_ns: int) -> bool:
        """True as soon as when_ns has come, if it is so near that an alarm would cost more."""

    def set_alarm(self, when_ns: int | None) -> None:
        """Call the callback at when_ns, replacing the alarm set before; None sets none."""

    def close(self) -> None:
        """Give the timer back; no alarm fires from then on."""


def open_clock(loop: asyncio.AbstractEventLoop, callback: Callable[[], None]) -> Clock:
    """The most precise clock of this system."""
    if sys.platform == "linux":
        return TimerfdClock(loop, callback)
    return LoopClock(loop, callback)


class TimerfdClock:
    """Precise to the kernel's high-resolution timers. Linux only."""

    def __init__(self, loop: asyncio.AbstractEventLoop, callback: Callable[[], None]) -> None:
        self._loop = loop
        self.callback = callback
        self._fd = _libc().timerfd_create(_CLOCK_MONOTONIC, os.O_NONBLOCK | os.O_CLOEXEC)
        if self._fd < 0:
            raise OSError(ctypes.get_errno(), "timerfd_create failed")
        self._armed_ns = 0
        self._spec = ctypes.create_string_buffer(_ITIMERSPEC.size)
        settime = _libc().timerfd_settime
        settime.argtypes = (ctypes.c_int, ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)
        self._settime = partial(settime, self._fd, _TFD_TIMER_ABSTIME, self._spec, None)
        loop.add_reader(self._fd, self._fire)

    def now_ns(self) -> int:
        """Nanoseconds of CLOCK_MONOTONIC, by which the timer goes too."""
        return monotonic_ns()

    def wait_briefly(self, when_ns: int) -> bool:
        """Wait for an instant at most NEAR_NS away."""
        while (away_ns := when_ns - monotonic_ns()) > 0:
            if away_ns > NEAR_NS:
                return False
        return True

    def set_alarm(self, when_ns: int | None) -> None:
        """Call the callback at when_ns; an instant in the past fires at once, None disarms."""
        # A timerfd at 0 is disarmed: the past is at least nanosecond 1.
        instant_ns = 0 if when_ns is None else max(1, when_ns)
        if instant_ns and instant_ns == self._armed_ns:
            return
        self._armed_ns = instant_ns
        _ITIMERSPEC.pack_into(self._spec, 0, 0, 0, *divmod(instant_ns, NS_PER_S))
        self._settime()

    def close(self) -> None:
        """Close the descriptor of the timer, and forget the alarm."""
        self._loop.remove_reader(self._fd)
        os.close(self._fd)

    def _fire(self) -> None:
        # Setting a timerfd anew clears its readiness, which saves the read that would: disarmed
        # here, armed again by the callback.
        self._armed_ns = 0
        self.callback()
        if not self._armed_ns:
            self.set_alarm(None)


class LoopClock:
    """The event loop's own timer, where there is no timerfd: a resolution of about 1 ms."""

    def __init__(self, loop: asyncio.AbstractEventLoop, callback: Callable[[], None]) -> None:
        self._loop = loop
        self.callback = callback
        self._timer: asyncio.TimerHandle | None = None

    def now_ns(self) -> int:
        """Nanoseconds of the monotonic clock."""
        return monotonic_ns()

    def wait_briefly(self, when_ns: int) -> bool:
        """True if the instant has passed."""
        return when_ns <= monotonic_ns()

    def set_alarm(self, when_ns: int | None) -> None:
        """Call the callback at when_ns, as well as the loop can; None sets none."""
        self.close()
        if when_ns is not None:
            wait_s = max(0, when_ns - monotonic_ns()) / NS_PER_S
            self._timer = self._loop.call_later(wait_s, lambda: self.callback())

    def close(self) -> None:
        """Cancel the loop's timer, if one is set."""
        if self._timer is not None:
            self._timer.cancel()


def _libc() -> ctypes.PyDLL:
    """The C library, called without giving up the interpreter's lock: these calls never wait."""
    return ctypes.PyDLL(None, use_errno=True)


NEAR_NS = 10_000
"""An alarm costs more than this: setting it, going to sleep, waking up."""
_CLOCK_MONOTONIC = 1
_TFD_TIMER_ABSTIME = 1

_ITIMERSPEC = Struct("4l")
"""struct itimerspec: an interval, which stays zero, and an instant; each in s and ns."""
