"""The scheduling class of a worker: real-time where the system grants it; and what it waits.

An ordinary process that sleeps a millisecond at a time wakes more than 0.4 ms late once in a few
hundred times even on an idle machine, and whatever it has to read or send waits as long. Under
SCHED_RR, at the lowest of the real-time priorities, it does not. The kernel's own limit on
real-time processes stays as it is: others get a share of every core whatever a worker does.
"""

from __future__ import annotations

import os
import resource
from contextlib import suppress
from pathlib import Path
from threading import Thread

from bench.errors import LamloadError
from bench.model.profile import Scheduling

PRIORITY = 1
"""The lowest: interrupts' threads, and whatever else is real-time on the machine, go before."""
_SCHEDSTAT = Path("/proc/self/schedstat")
_IN_CONTAINER = Path("/.dockerenv")


def take(wanted: Scheduling) -> Scheduling:
    """Give the calling thread what is wanted, and say what it is from now on: never AUTO.

    What it starts is ordinary again (SCHED_RESET_ON_FORK): handlers, commands, resolver threads.
    Raises LamloadError if real-time was asked for by name and is not granted.
    """
    if wanted is Scheduling.NORMAL:
        return Scheduling.NORMAL
    if _is_granted():
        return Scheduling.REALTIME
    if wanted is Scheduling.REALTIME:
        raise LamloadError(f"the system does not grant real-time scheduling: {remedy()}")
    return Scheduling.NORMAL


def may_be_realtime() -> bool:
    """Whether a worker of this user would get it: tried by a thread of its own, which ends."""
    granted: list[bool] = []
    trial = Thread(target=lambda: granted.append(_is_granted()))
    trial.start()
    trial.join()
    return granted == [True]


def _is_granted() -> bool:
    """Try it for the calling thread; capabilities, limits and control groups may all forbid it."""
    if not hasattr(os, "sched_setscheduler") or not hasattr(os, "SCHED_RESET_ON_FORK"):
        return False
    _raise_limit()
    try:
        kind = os.SCHED_RR | os.SCHED_RESET_ON_FORK
        os.sched_setscheduler(0, kind, os.sched_param(PRIORITY))
    except OSError:
        return False
    return True


def _raise_limit() -> None:
    """The soft limit up to the hard one, as anybody may."""
    limit = getattr(resource, "RLIMIT_RTPRIO", None)
    if limit is not None:
        with suppress(OSError, ValueError):
            soft, hard = resource.getrlimit(limit)
            if soft != hard and 0 <= soft < PRIORITY:
                resource.setrlimit(limit, (hard, hard))


def remedy() -> str:
    """The one line that grants it where this process runs."""
    if _IN_CONTAINER.exists():
        return "docker run --cap-add SYS_NICE …"
    if os.environ.get("INVOCATION_ID") and os.environ.get("JOURNAL_STREAM"):
        return "LimitRTPRIO=1 in the [Service] section of the unit"
    return "sudo prlimit --pid $$ --rtprio=1 (in this shell; `lamload help verdict` has others)"


def lacks(wanted: Scheduling, got: Scheduling) -> str:
    """The remedy for a worker that would have taken a real-time class and did not get it, or ''."""
    return remedy() if wanted is Scheduling.AUTO and got is Scheduling.NORMAL else ""


def core_wait_ns() -> int | None:
    """How long this process has waited for a core while it could have run; None: not told."""
    try:
        return int(_SCHEDSTAT.read_bytes().split()[1])
    except (OSError, ValueError, IndexError):
        return None
