"""What this machine must have before a run starts: descriptors and ephemeral ports."""

from __future__ import annotations

import os
import resource
from pathlib import Path

from bench.errors import UsageError
from bench.model import Profile

SPARE_DESCRIPTORS = 64
"""What a worker needs beside its connections: pipes, event loop, libraries."""
_PORT_RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")


def worker_count(profile: Profile) -> int:
    """Engine processes of a run: as asked for, else the number of cores less one, at least one."""
    if profile.load.workers is not None:
        return profile.load.workers
    return max(1, len(os.sched_getaffinity(0)) - 1) if hasattr(os, "sched_getaffinity") else 1


def connections_needed(profile: Profile) -> int:
    """The most connections that the profile can have open at once, over all workers."""
    return _callers(profile) * len(profile.variants) or profile.load.in_flight


def _callers(profile: Profile) -> int:
    """The most callers of a variant, 0 in an open loop."""
    return max(
        (max(phase.start_callers or 0, phase.end_callers or 0) for phase in profile.phases),
        default=0,
    )


def check_limits(profile: Profile) -> None:
    """Raise the soft limit of descriptors as far as needed. Raises UsageError where that fails."""
    connections = connections_needed(profile)
    callers = _callers(profile)
    what = f"a closed loop of {callers} callers" if callers else "load.in_flight"
    mend = "lower callers" if callers else "lower load.in_flight"
    per_worker = -(-connections // worker_count(profile)) + SPARE_DESCRIPTORS
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and per_worker > hard:
        raise UsageError(
            f"{profile.source}: {what} can need {per_worker} file descriptors in a worker and "
            f"this system allows {hard}; {mend} or raise the limit (ulimit -Hn)"
        )
    if soft != resource.RLIM_INFINITY and per_worker > soft:
        resource.setrlimit(resource.RLIMIT_NOFILE, (per_worker, hard))
    ports = ephemeral_ports()
    if ports is not None and connections > ports:
        raise UsageError(
            f"{profile.source}: {what} can need {connections} connections to one address "
            f"and this system has {ports} ephemeral ports; {mend} or widen "
            f"net.ipv4.ip_local_port_range"
        )


def ephemeral_ports() -> int | None:
    """How many ephemeral ports there are, or None where the system does not say."""
    try:
        low, high = map(int, _PORT_RANGE.read_text("ascii").split())
    except (OSError, ValueError):
        return None
    return high - low + 1
