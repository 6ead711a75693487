"""What this machine can bear: cores, sandboxes at once, and a word when it is too little."""

from __future__ import annotations

import os
import resource
import sys
from pathlib import Path

from bench.local.execution.stats import Saturation
from bench.local.sandbox.cpu import cores_of
from bench.model.times import NS_PER_S

LINUX = sys.platform == "linux"
SANDBOX_MB = 12
"""What a sandbox with a small Python handler takes beyond what all share."""
MEMORY_SHARE = 0.9
OWN_DESCRIPTORS = 256
DESCRIPTORS_PER_SANDBOX = 7
"""Log, Runtime API (listener, connection), two files of /proc, a caller, and one to spare."""
SATURATED_SHARE = 0.2
"""Waiting in vain, against the CPU used, above which it is worth a warning."""


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if LINUX else os.cpu_count() or 1


def raise_descriptor_limit() -> int:
    """As many file descriptors as may be had: how many that is."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = hard if hard != resource.RLIM_INFINITY else max(soft, 65_536)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    except (OSError, ValueError):
        return soft
    return wanted


def sandbox_limit(descriptors: int, available_mb: float | None) -> int:
    """How many sandboxes there can be at once, whatever the account's concurrency."""
    limit = max(1, (descriptors - OWN_DESCRIPTORS) // DESCRIPTORS_PER_SANDBOX)
    if available_mb is not None:
        limit = min(limit, max(4, int(available_mb * MEMORY_SHARE / SANDBOX_MB)))
    return limit


def available_mb() -> float | None:
    """Memory that can be had without swapping; None where that is unknown."""
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
    except OSError:
        return None
    for line in lines:
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) / 1024
    return None


def notes(memory_mb: int, sandboxes: int, concurrency: int, private_tmp: bool) -> list[str]:
    """What this host cannot do as AWS does, a sentence each."""
    found = []
    if (wanted := cores_of(memory_mb)) > cores():
        found.append(
            f"{memory_mb} MB buys {wanted:.1f} cores' worth of CPU and this host has {cores()}: "
            "parallel work will be slower than on AWS."
        )
    if sandboxes < concurrency:
        found.append(
            f"This host has room for {sandboxes} sandboxes at once; beyond that invocations are "
            "throttled, whatever the concurrency."
        )
    if not LINUX:
        found.append("This system does not tell what sandboxes use: durations ignore memory sizes.")
    if not private_tmp:
        found.append(
            "This host allows no mount namespaces: sandboxes have a TMPDIR each and share /tmp."
        )
    return found


class SaturationWatch:
    """Tells once in a while when invocations wait for cores that the host has not."""

    def __init__(self, seen: Saturation, quiet_periods: int = 10) -> None:
        self._seen = seen
        self._quiet_periods = quiet_periods
        self._left = 0
        self._before = (0, 0, 0)

    def check(self) -> str | None:
        """A warning about the time since the last look; None if all is well or was told lately."""
        cpu_ns, unmended_ns, ran_ns = self._before
        self._before = self._seen.cpu_ns, self._seen.unmended_ns, self._seen.ran_ns
        took_ns = self._seen.ran_ns - ran_ns
        used_ns, waited_ns = self._seen.cpu_ns - cpu_ns, self._seen.unmended_ns - unmended_ns
        self._left = max(0, self._left - 1)
        if self._left or waited_ns <= SATURATED_SHARE * took_ns or used_ns < 50_000_000:
            return None
        self._left = self._quiet_periods
        return (
            "the host is saturated: in the last second sandboxes used "
            f"{used_ns / NS_PER_S:.2f} s of CPU and waited {waited_ns / NS_PER_S:.2f} s for a core "
            "in vain; durations are too long"
        )
