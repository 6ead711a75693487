"""The processes that a sandbox has started: their CPU and memory count as the sandbox's own.

Finding them must cost nothing for the many handlers that start none: /proc/loadavg ends with the
last pid that was given away, so as long as that stands still there is nobody new.
"""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Iterable
from pathlib import Path

from bench.model.times import NS_PER_S

LINUX = sys.platform == "linux"
PAGE_KB = os.sysconf("SC_PAGE_SIZE") // 1024
NS_PER_TICK = NS_PER_S // os.sysconf("SC_CLK_TCK")
FEW = 256
"""Up to so many new pids are looked at one by one; beyond, /proc is listed."""


def open_proc(pid: int, name: str) -> int | None:
    """A descriptor of /proc/PID/name to read again and again; None where there is none."""
    if LINUX:
        with contextlib.suppress(OSError):
            return os.open(f"/proc/{pid}/{name}", os.O_RDONLY | os.O_CLOEXEC)
    return None


def _read_proc(pid: int, name: str) -> bytes:
    """The whole file, or b''."""
    try:
        return Path(f"/proc/{pid}/{name}").read_bytes()
    except OSError:
        return b""


class ProcessTree:
    """CPU and memory of all descendants of one process, as far as looks catch them."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._last_pid = pid
        self._cpu_ns: dict[int, int] = {}
        """CPU of each live descendant, as last read."""
        self._born_at: dict[int, int] = {}
        """When each has started, in ticks since the system has."""
        self._gone_ns = 0
        """What vanished descendants had used when last seen."""
        self._reaped_ns = 0
        """What the kernel says of children waited for, in whole ticks."""

    def close(self) -> None:
        """Forget the live ones; what the gone ones used stays counted."""
        self._cpu_ns.clear()
        self._born_at.clear()

    def scan(self) -> None:
        """Find new descendants, if there can be any, and read the clocks of all."""
        last_pid = _last_pid()
        if last_pid == self._last_pid and not self._cpu_ns:
            return
        if last_pid != self._last_pid:
            for pid in self._candidates(last_pid):
                self._adopt(pid)
            self._last_pid = last_pid
        for pid in list(self._cpu_ns):
            self._clock(pid)
        self._reaped_ns = _reaped_ns(self._pid)

    def pids(self) -> list[int]:
        """The live ones: a pid that has been given away again since the last look is not."""
        return [pid for pid in self._cpu_ns if _born(_read_proc(pid, "stat")) == self._born_at[pid]]

    def cpu_ns(self) -> int:
        """CPU time of all descendants, live and gone, at the last look.

        What died between two looks is known to the tick only, and only if it was waited for.
        """
        return sum(self._cpu_ns.values()) + max(self._gone_ns, self._reaped_ns)

    def resident_kb(self) -> int:
        """Resident memory of the live ones."""
        total = 0
        for pid in self._cpu_ns:
            fields = _read_proc(pid, "statm").split()
            total += int(fields[1]) * PAGE_KB if len(fields) > 1 else 0
        return total

    def _candidates(self, last_pid: int) -> Iterable[int]:
        if self._last_pid < last_pid <= self._last_pid + FEW:
            return range(self._last_pid + 1, last_pid + 1)
        with os.scandir("/proc") as entries:
            return sorted(int(entry.name) for entry in entries if entry.name.isdigit())

    def _adopt(self, pid: int) -> None:
        stat = _read_proc(pid, "stat")
        if stat and pid not in self._cpu_ns:
            parent = int(stat[stat.rindex(b")") + 2 :].split()[1])
            if parent == self._pid or parent in self._cpu_ns:
                self._cpu_ns[pid] = 0
                self._born_at[pid] = _born(stat)

    def _clock(self, pid: int) -> None:
        """Read a descendant's CPU clock. It fails for one that is gone, and for mere threads."""
        try:
            self._cpu_ns[pid] = time.clock_gettime_ns((~pid << 3) | 2)
        except OSError:
            self._gone_ns += self._cpu_ns.pop(pid)
            del self._born_at[pid]


def _last_pid() -> int:
    """The pid given away last, in this pid namespace; 0 where that is unknown."""
    if not LINUX:
        return 0
    return int(os.pread(_LOADAVG, 128, 0).split()[4])


def _born(stat: bytes) -> int:
    """The start time in a /proc/PID/stat; -1 where there is none."""
    fields = stat[stat.rindex(b")") + 2 :].split() if stat else []
    return int(fields[19]) if len(fields) > 19 else -1


def _reaped_ns(pid: int) -> int:
    """User and system time of a process's children that it has waited for."""
    stat = _read_proc(pid, "stat")
    fields = stat[stat.rindex(b")") + 2 :].split() if stat else []
    return (int(fields[13]) + int(fields[14])) * NS_PER_TICK if len(fields) > 14 else 0


_LOADAVG = os.open("/proc/loadavg", os.O_RDONLY | os.O_CLOEXEC) if LINUX else -1
