"""What this machine must have before a run starts: descriptors and ephemeral ports."""

from __future__ import annotations

import os
import resource
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from bench.errors import UsageError
from bench.model.profile import Order, Phase, Profile, TargetKind
from bench.model.times import NS_PER_S

SPARE_DESCRIPTORS = 64
"""What a worker needs beside its connections: pipes, event loop, libraries."""
HELD_S = 60.0
"""How long Linux keeps the port of a connection that this side closed (TCP_TIMEWAIT_LEN)."""
REUSED_S = 1.0
"""The same where net.ipv4.tcp_tw_reuse lets a new connection to the same address take it over."""
_TW_REUSE = Path("/proc/sys/net/ipv4/tcp_tw_reuse")
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
    closing = closed_at_once(profile)
    if ports is not None and closing > ports:
        raise UsageError(
            f"{profile.source}: connections that are not kept alive will need {closing} ephemeral "
            f"ports to one address, since the system keeps each for a while after its end, and "
            f"this system has {ports}; lower the rate, keep connections alive or widen "
            f"net.ipv4.ip_local_port_range"
        )
    if ports is not None and connections > ports:
        raise UsageError(
            f"{profile.source}: {what} can need {connections} connections to one address "
            f"and this system has {ports} ephemeral ports; {mend} or widen "
            f"net.ipv4.ip_local_port_range"
        )


def closed_at_once(profile: Profile) -> int:
    """Ports of connections that have ended and are not free again yet, at the highest rate.

    Only where keep-alive is off, the rate is planned and there is one address for certain.
    """
    proxy = profile.connections.proxy
    urls = (proxy,) if proxy else tuple(profile.target.urls.values())
    hosts = [urlsplit(url).hostname or "" for url in urls] or ["127.0.0.1"]
    is_one = len(set(hosts)) == 1 and _is_address(hosts[0])
    if profile.connections.keep_alive or profile.target.kind is TargetKind.AWS or not is_one:
        return 0
    held_s = HELD_S if _is_held_long(hosts[0]) else REUSED_S
    together = len(profile.variants) if profile.load.order is Order.TOGETHER else 1
    return together * max((round(_most(phase, held_s)) for phase in profile.phases), default=0)


def _most(phase: Phase, window_s: float) -> float:
    """The most arrivals of a phase with a rate in a window of time."""
    low, high = sorted((phase.start_rps, phase.end_rps))
    duration_s = phase.duration_ns / NS_PER_S
    if window_s >= duration_s:
        return (low + high) / 2 * duration_s
    return (high - (high - low) * window_s / duration_s / 2) * window_s


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _is_held_long(host: str) -> bool:
    """Whether a port waits the whole time: net.ipv4.tcp_tw_reuse is 2 for loopback alone."""
    try:
        reuse = _TW_REUSE.read_text("ascii").strip()
    except OSError:
        return False
    return reuse == "0" or (reuse == "2" and not ip_address(host).is_loopback)


def ephemeral_ports() -> int | None:
    """How many ephemeral ports there are, or None where the system does not say."""
    try:
        low, high = map(int, _PORT_RANGE.read_text("ascii").split())
    except (OSError, ValueError):
        return None
    return high - low + 1
