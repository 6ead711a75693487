"""What other programs leave of the machine while something is measured."""

from __future__ import annotations

import os
import resource
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

_STAT = Path("/proc/stat")
_IDLE = slice(3, 5)
"""Columns idle and iowait of the first line of /proc/stat; the eight from user to steal are all."""
_WHOLE = slice(0, 8)
LEAST_FREE = 1.0
"""Cores that others must leave, or half of the only one: a worker, and a target that answers."""


@dataclass(frozen=True, slots=True)
class CoreTimes:
    """Seconds of core time up to an instant: of all processes, and of this one with its children.

    all_s is None where the system does not say. Of children only those count that have ended.
    """

    at_s: float
    all_s: float | None
    own_s: float

    def others(self, before: CoreTimes) -> float | None:
        """Cores that others had since then, on the average; None for not known."""
        passed_s = self.at_s - before.at_s
        if self.all_s is None or before.all_s is None or passed_s <= 0:
            return None
        taken_s = self.all_s - before.all_s - (self.own_s - before.own_s)
        return max(0.0, taken_s / passed_s)


def core_times() -> CoreTimes:
    """What has been used of the cores until now."""
    own = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    own_s = sum(usage.ru_utime + usage.ru_stime for usage in own)
    return CoreTimes(monotonic(), _all_s(), own_s)


def taken_by_others(others: float | None, cores: int) -> str:
    """Why so many cores in the hands of others are too many; empty if they are not."""
    if others is None or cores - others >= min(LEAST_FREE, cores / 2):
        return ""
    return f"other programs had {others:.1f} of {cores} cores"


def _all_s() -> float | None:
    try:
        jiffies = list(map(int, _STAT.read_text("ascii").split("\n", 1)[0].split()[1:9]))
    except (OSError, ValueError):
        return None
    return (sum(jiffies[_WHOLE]) - sum(jiffies[_IDLE])) / os.sysconf("SC_CLK_TCK")
