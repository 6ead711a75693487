"""Who descends from whom, whose sandbox a process is of, and how one is killed and reaped.

Standard library only: fork servers run it.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Container, Iterator
from pathlib import Path

LINUX = sys.platform == "linux"
MARK = "AWS_LAMBDA_RUNTIME_API"
"""Its value is a sandbox's own, and descendants inherit it."""


def processes() -> Iterator[tuple[int, int]]:
    """(pid, parent's pid) of everything in /proc; nothing where there is none."""
    if not LINUX:
        return
    try:
        with os.scandir("/proc") as entries:
            pids = [entry.name for entry in entries if entry.name.isdigit()]
    except OSError:  # no descriptor is left: process groups are killed all the same
        return
    for pid in pids:
        with contextlib.suppress(OSError):
            stat = Path("/proc", pid, "stat").read_bytes()
            yield int(pid), int(stat[stat.rindex(b")") + 2 :].split()[1])


def mark_of(pid: int) -> str:
    """The sandbox that a process belongs to; '' for none, and for a zombie."""
    try:
        environment = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:
        return ""
    prefix = f"{MARK}=".encode()
    found = next((entry for entry in environment if entry.startswith(prefix)), prefix)
    return found.removeprefix(prefix).decode(errors="replace")


def descendants(roots: set[int]) -> set[int]:
    """Every process below roots, without them."""
    parents = dict(processes())
    found: set[int] = set()
    fresh = roots
    while fresh:
        fresh = {pid for pid, parent in parents.items() if parent in fresh} - found
        found |= fresh
    return found


def kill(pid: int) -> None:
    """SIGKILL; a process that is gone is no error, nor one that is not ours any more."""
    with contextlib.suppress(OSError):
        os.kill(pid, signal.SIGKILL)


def kill_group(pid: int) -> None:
    """SIGKILL to a sandbox's whole process group."""
    with contextlib.suppress(OSError):
        os.killpg(pid, signal.SIGKILL)


def reap_one(leaders: Container[int]) -> tuple[int, int] | None:
    """(pid, wait status) of a child that has ended, or None.

    A leader's process group is killed before its pid is given back and can be another's; macOS
    before Python 3.13 has no waitid, so there it is killed after.
    """
    try:
        if not hasattr(os, "waitid"):
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid in leaders:
                kill_group(pid)
            return (pid, status) if pid else None
        ended = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        if ended is None:
            return None
        if ended.si_pid in leaders:
            kill_group(ended.si_pid)
        return os.waitpid(ended.si_pid, 0)
    except ChildProcessError:
        return None
