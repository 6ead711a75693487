"""CPU follows memory: how long to hold an answer so that time is proportional to 1769 / memory.

A sandbox runs unthrottled; what it used is read from its own CPU clock, and the answer waits for
what Lambda's quota would have made of it. On a host with others on it, the time that the sandbox
spent waiting for a core is taken off, as far as the hold goes.

Init is not held: AWS gives it a boost, and how much is undocumented.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
from dataclasses import dataclass

from bench.lambda_facts import FULL_CORE_MB
from bench.local.sandbox.process_tree import ProcessTree, open_proc

LINUX = sys.platform == "linux"
RESTING_SHARE = 0.3
"""Of the time that has passed: what uses and wants less of a core waits for something else."""


@dataclass(frozen=True, slots=True)
class Usage:
    """What a sandbox took for one invocation, over all its threads and processes.

    wait_ns: time in which it could have run and had no core. peak_mb: highest resident memory of
    its whole life.
    """

    cpu_ns: int = 0
    wait_ns: int = 0
    peak_mb: int = 0


def cores_of(memory_mb: int) -> float:
    """Cores' worth of CPU that a memory size buys."""
    return memory_mb / FULL_CORE_MB


def hold_ns(usage: Usage, wall_ns: int, memory_mb: int) -> int:
    """How much longer than wall_ns the invocation has to take, 0 or more.

    busy is the part of wall_ns in which it ran; with one thread that is cpu_ns, with more at most
    the time that has passed. The quota wants cpu_ns / cores for it; what was spent waiting for a
    core counts as time under the quota already.
    """
    busy_ns = min(usage.cpu_ns, wall_ns - usage.wait_ns)
    return max(0, int(usage.cpu_ns / cores_of(memory_mb)) - busy_ns - usage.wait_ns)


def unmended_ns(usage: Usage, memory_mb: int) -> int:
    """Waiting for a core that no shorter hold makes good: the host is too small for this load."""
    slack_ns = max(0, int(usage.cpu_ns / cores_of(memory_mb)) - usage.cpu_ns)
    return max(0, usage.wait_ns - slack_ns)


class Meter:
    """Reads one sandbox. On systems without /proc nothing is known, and nothing is held."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._family = ProcessTree(pid)
        self._clock = (~pid << 3) | 2  # CPUCLOCK_SCHED of a whole process: kernel, posix-timers.h
        self._schedstat = open_proc(pid, "schedstat")
        self._status = open_proc(pid, "status")
        self._start = (0, 0)
        self._start_waits_ns: dict[str, int] = {}
        self._begin_ns = 0
        self._rest = (0, 0)
        self._peak_kb = 0
        self._threads = 0
        """At the last look; 0 before the first one."""

    def close(self) -> None:
        """Close the descriptors in /proc; memory and waits read as 0 from then on."""
        for descriptor in (self._schedstat, self._status):
            if descriptor is not None:
                os.close(descriptor)
        self._schedstat = self._status = None
        self._family.close()

    def send_signal(self, number: signal.Signals) -> None:
        """Signal the process's group, and what it has started outside of it."""
        with contextlib.suppress(OSError):  # gone in this moment
            os.killpg(self._pid, number)
        for pid in self._family.pids():
            with contextlib.suppress(OSError):
                os.kill(pid, number)

    def rests(self) -> bool:
        """Whether it has mostly done without a core, and without waiting for one, since last asked.

        False at first.
        """
        now = time.monotonic_ns(), self._cpu_ns() + self._main_wait_ns()
        before, self._rest = self._rest, now
        return before[0] > 0 and now[1] - before[1] < RESTING_SHARE * (now[0] - before[0])

    def start(self) -> None:
        """Mark where an invocation begins: what is used from here on is its own."""
        self._family.scan()
        # One thread is the usual case, and a look at each costs as much as all the rest.
        self._start_waits_ns = {} if self._threads == 1 else self._waits_ns()
        self._start = (self._cpu_ns(), self._main_wait_ns())
        self._begin_ns = time.monotonic_ns()

    def tick(self) -> int:
        """Look while it runs, for processes that come and go; resident memory now, in MB."""
        self._family.scan()
        return self._resident_mb()

    def used(self) -> Usage:
        """What the invocation has used since `start`, however often it is asked."""
        cpu_ns, wait_ns = self._start
        self._family.scan()
        used_ns = max(0, self._cpu_ns() - cpu_ns)
        waited_ns = max(0, self._main_wait_ns() - wait_ns)
        self._resident_mb()
        if self._threads > 1:
            waited_ns = max(waited_ns, self._longest_thread_wait_ns())
        # What threads waited for after the answer before is not this one's.
        waited_ns = min(waited_ns, time.monotonic_ns() - self._begin_ns)
        return Usage(used_ns, waited_ns, self.peak_mb)

    @property
    def peak_mb(self) -> int:
        """Highest resident memory so far, rounded up."""
        return -(-self._peak_kb // 1024)

    def _cpu_ns(self) -> int:
        own = 0
        if LINUX:
            with contextlib.suppress(OSError):
                own = time.clock_gettime_ns(self._clock)
        return own + self._family.cpu_ns()

    def _main_wait_ns(self) -> int:
        return _wait_ns(self._schedstat)

    def _longest_thread_wait_ns(self) -> int:
        """Of all threads, since `start`; one that began later has waited since then at most."""
        before = self._start_waits_ns
        return max(
            (waited - before.get(thread, 0) for thread, waited in self._waits_ns().items()),
            default=0,
        )

    def _waits_ns(self) -> dict[str, int]:
        """By thread, over its whole life."""
        try:
            with os.scandir(f"/proc/{self._pid}/task") as entries:
                threads = [entry.name for entry in entries]
        except OSError:
            return {}
        waits_ns = {}
        for thread in threads:
            descriptor = open_proc(self._pid, f"task/{thread}/schedstat")
            waits_ns[thread] = _wait_ns(descriptor)
            if descriptor is not None:
                os.close(descriptor)
        return waits_ns

    def _resident_mb(self) -> int:
        """Now; the highest so far is kept."""
        status = _read(self._status)
        others_kb = self._family.resident_kb()
        self._threads = _field(status, b"\nThreads:")
        now_kb = _field(status, b"\nVmRSS:") + others_kb
        self._peak_kb = max(self._peak_kb, now_kb, _field(status, b"\nVmHWM:"))
        return -(-now_kb // 1024)


def _read(descriptor: int | None) -> bytes:
    """A file of /proc anew; b'' once the process is gone."""
    if descriptor is None:
        return b""
    try:
        return os.pread(descriptor, 8192, 0)
    except OSError:
        return b""


def _wait_ns(schedstat: int | None) -> int:
    """The second field: nanoseconds on the run queue."""
    fields = _read(schedstat).split()
    return int(fields[1]) if len(fields) > 1 else 0


def _field(status: bytes, name: bytes) -> int:
    """The number behind a name: kB for memory."""
    at = status.find(name) + len(name)
    return int(status[at : at + 24].split(None, 1)[0]) if at >= len(name) else 0
