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

NEAR_NS = 10_000
"""An alarm costs more than this: setting it, going to sleep, waking up."""
LEAD_STEP_NS = 200
AWAKE_IN_TIME = 3
"""For each wake-up that is later than the lead so many are in time."""
LONGEST_LEAD_NS = 100_000
"""A machine whose wake-ups take longer is busy: to wait actively there takes from others."""
ALL_AWAKE_IN_TIME = 199
LONGEST_AWAKE_NS = 300_000
"""The same for a clock that is to be awake at every instant. Who never slept would be stopped, in a
real-time class, by the kernel's own limit, for 50 ms of a second."""
AHEAD_NS = 100_000
"""Time to prepare what is due, and to read an answer that has come, between alarm and instant."""
MEANWHILE_NS = 40_000
"""What is done meanwhile may take so long: an answer read, or an invocation prepared."""


class Clock(Protocol):
    """Monotonic nanoseconds and one alarm at a time. The tests have one that they turn by hand."""

    callback: Callable[[], None]
    """What the alarm calls, at its instant or as much before as waking up has taken of late."""

    def now_ns(self) -> int:
        """Nanoseconds of CLOCK_MONOTONIC, which all processes of a machine share."""

    def wait_briefly(self, when_ns: int) -> bool:
        """True as soon as when_ns has come, if it is so near that an alarm would cost more."""

    def set_alarm(self, when_ns: int | None) -> None:
        """Call the callback for when_ns, replacing the alarm set before; None sets none.

        It may come a little before: `wait_briefly` waits for the rest.
        """

    def close(self) -> None:
        """Give the timer back; no alarm fires from then on."""


def open_clock(
    loop: asyncio.AbstractEventLoop,
    callback: Callable[[], None],
    meanwhile: Callable[[int], bool] | None = None,
) -> Clock:
    """The most precise clock of this system.

    meanwhile: what to do again and again while an instant is waited for, which is so many ns away,
    until it asks to wait no longer; with it, the clock wakes so early that nearly all alarms are in
    time.
    """
    if sys.platform != "linux":
        return LoopClock(loop, callback)
    if meanwhile is None:
        return TimerfdClock(loop, callback)
    return AwakeClock(loop, callback, meanwhile)


class TimerfdClock:
    """Precise to the kernel's high-resolution timers. Linux only."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        callback: Callable[[], None],
        lead: WakeLead | None = None,
    ) -> None:
        """lead: that of most wake-ups, unless another one is given."""
        self._loop = loop
        self.callback = callback
        self._fd = _libc().timerfd_create(_CLOCK_MONOTONIC, os.O_NONBLOCK | os.O_CLOEXEC)
        if self._fd < 0:
            raise OSError(ctypes.get_errno(), "timerfd_create failed")
        self._armed_ns = self._due_ns = 0
        self._lead = lead or WakeLead()
        self._ahead_ns = 0
        """How much earlier than its lead it wants to be awake."""
        self._sleeps = False
        """Whether the alarm was set for the future: of any other nothing is learnt."""
        self._spec = ctypes.create_string_buffer(_ITIMERSPEC.size)
        settime = _libc().timerfd_settime
        settime.argtypes = (ctypes.c_int, ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)
        self._settime = partial(settime, self._fd, _TFD_TIMER_ABSTIME, self._spec, None)
        loop.add_reader(self._fd, self._fire)

    def now_ns(self) -> int:
        """Nanoseconds of CLOCK_MONOTONIC, by which the timer goes too."""
        return monotonic_ns()

    def wait_briefly(self, when_ns: int) -> bool:
        """Wait for an instant at most NEAR_NS away, or for what the alarm has just rung."""
        near_ns = self._lead.ns + NEAR_NS if when_ns == self._due_ns else NEAR_NS
        while (away_ns := when_ns - monotonic_ns()) > 0:
            if away_ns > near_ns:
                return False
        return True

    def set_alarm(self, when_ns: int | None) -> None:
        """Call the callback at when_ns; an instant in the past fires at once, None disarms."""
        # A timerfd at 0 is disarmed: the past is at least nanosecond 1.
        instant_ns = 0 if when_ns is None else max(1, when_ns - self._lead.ns - self._ahead_ns)
        self._due_ns = when_ns or 0
        if instant_ns and instant_ns == self._armed_ns:
            return
        self._armed_ns = instant_ns
        self._sleeps = instant_ns > monotonic_ns()
        _ITIMERSPEC.pack_into(self._spec, 0, 0, 0, *divmod(instant_ns, NS_PER_S))
        self._settime()

    def close(self) -> None:
        """Close the descriptor of the timer, and forget the alarm."""
        self._loop.remove_reader(self._fd)
        os.close(self._fd)

    def _fire(self) -> None:
        # Setting a timerfd anew clears its readiness, which saves the read that would: disarmed
        # here, armed again by the callback.
        armed_ns, self._armed_ns = self._armed_ns, 0
        if self._sleeps:
            self._lead.learn(monotonic_ns() - armed_ns)
        self.callback()
        if not self._armed_ns:
            self.set_alarm(None)


class AwakeClock(TimerfdClock):
    """Awake at every instant, however long a wake-up takes: whatever is due leaves on time.

    It is the mixture that distorts gaps, of arrivals for which somebody was awake and others for
    which somebody had to be woken. So the lead covers nearly all wake-ups, and what falls due
    within it is waited for actively too.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        callback: Callable[[], None],
        meanwhile: Callable[[int], bool],
    ) -> None:
        super().__init__(loop, callback, WakeLead(ALL_AWAKE_IN_TIME, LONGEST_AWAKE_NS))
        self._ahead_ns = AHEAD_NS
        self._meanwhile = meanwhile

    def wait_briefly(self, when_ns: int) -> bool:
        """Wait for an instant that is so near that an alarm might come too late."""
        near_ns = self._lead.ns + AHEAD_NS + NEAR_NS
        while (away_ns := when_ns - monotonic_ns()) > 0:
            if away_ns > near_ns:
                return False
            if away_ns > MEANWHILE_NS and self._meanwhile(away_ns):
                return False
        return True


class WakeLead:
    """How long before an instant to wake for it: what a wake-up takes, as it has been of late.

    Whoever is woken at the instant itself is late by that, and gaps between arrivals are distorted
    where some have to be woken for and others not. The quantile is followed by steps up and down
    that balance there (Robbins and Monro 1951): most are awake in time, for a few microseconds.
    """

    __slots__ = ("_longest_ns", "_up_ns", "ns")

    def __init__(self, in_time: int = AWAKE_IN_TIME, longest_ns: int = LONGEST_LEAD_NS) -> None:
        """in_time: how many wake-ups are in time for each that is not."""
        self._up_ns = LEAD_STEP_NS * in_time
        self._longest_ns = longest_ns
        self.ns = 0

    def learn(self, late_ns: int) -> None:
        """An alarm has come so much later than it was set for."""
        if late_ns > self.ns:
            self.ns = min(self._longest_ns, self.ns + self._up_ns)
        else:
            self.ns = max(0, self.ns - LEAD_STEP_NS)


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


_CLOCK_MONOTONIC = 1
_TFD_TIMER_ABSTIME = 1

_ITIMERSPEC = Struct("4l")
"""struct itimerspec: an interval, which stays zero, and an instant; each in s and ns."""
