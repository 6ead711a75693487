"""A machine that workers run on: what it can bear, and how its clock stands to the coordinator's.

What a machine can bear is asked of the machine itself: `this_host` reads the one it runs on.
"""

from __future__ import annotations

import os
import resource
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.load.scheduling import may_be_realtime

_TW_REUSE = Path("/proc/sys/net/ipv4/tcp_tw_reuse")
_BOOT_ID, _NETWORK = Path("/proc/sys/kernel/random/boot_id"), Path("/proc/self/ns/net")
_PORT_RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")


@dataclass(frozen=True, slots=True)
class Host:
    """One machine of a fleet. None: without limit, or the system does not say."""

    name: str
    """As messages call it."""
    cores: int
    """Cores that a worker may run on, at least 1."""
    descriptors: int | None = None
    """File descriptors that a process can have at most (RLIMIT_NOFILE, hard); None: no limit."""
    ports: int | None = None
    """Ephemeral ports, and so connections to one address; None: unknown."""
    tw_reuse: int | None = None
    """net.ipv4.tcp_tw_reuse: 0 keeps the port of an ended connection its whole time, 1 reuses it
    early, 2 does so for loopback alone; None: unknown."""
    realtime: bool = False
    """Whether a worker gets a real-time scheduling class here."""
    clock_offset_ns: int = 0
    """Its CLOCK_MONOTONIC less the coordinator's. Two machines' clocks start at their boots."""
    clock_uncertainty_ns: int = 0
    """How far the offset may be off, either way; 0 on the coordinator's own machine."""

    def instant_ns(self, coordinator_ns: int) -> int:
        """An instant of the coordinator's clock, as this machine's clock shows it."""
        return coordinator_ns + self.clock_offset_ns


def this_host(name: str = "this system") -> Host:
    """The machine that this process runs on, measured against its own clock."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    return Host(
        name=name,
        cores=_cores(),
        descriptors=None if hard == resource.RLIM_INFINITY else hard,
        ports=_ephemeral_ports(),
        tw_reuse=_tw_reuse(),
        realtime=may_be_realtime(),
    )


def default_workers(host: Host) -> int:
    """Workers that a machine carries unless a profile says otherwise: a core is left to others.

    On the coordinator's machine that is the coordinator, and a local target's share of it.
    """
    return max(1, host.cores - 1)


def workers_by_host(hosts: Sequence[Host], workers: int) -> list[list[int]]:
    """For each host, the numbers of the workers that run on it; every fleet deals them so.

    The next one goes where there are the fewest for what the machine carries by default, to the
    first of those that are alike.
    """
    dealt: list[list[int]] = [[] for _ in hosts]
    for worker in range(workers):
        burden = [
            (len(own) + 1) / default_workers(host) for own, host in zip(dealt, hosts, strict=True)
        ]
        dealt[burden.index(min(burden))].append(worker)
    return dealt


def machine_identity() -> str:
    """What processes have in common that reach each other's 127.0.0.1; '' where none can tell."""
    try:
        return f"{_BOOT_ID.read_text('ascii').strip()} {_NETWORK.readlink()}"
    except OSError:
        return ""


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _ephemeral_ports() -> int | None:
    try:
        low, high = map(int, _PORT_RANGE.read_text("ascii").split())
    except (OSError, ValueError):
        return None
    return high - low + 1


def _tw_reuse() -> int | None:
    try:
        return int(_TW_REUSE.read_text("ascii"))
    except (OSError, ValueError):
        return None
