"""How a function's time falls with its memory: a + b / vCPUs, as far as that is so. Pure.

Lambda gives CPU in proportion to memory, one vCPU at 1,769 MB. Work that waits takes a, work of one
thread takes b at a whole vCPU, and more memory than that helps it no further.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bench.lambda_facts import FULL_CORE_MB

LEAST_SIZES = 3
WORST_MISS = 0.15
"""A curve that misses a measured time by more of it is not shown."""


@dataclass(frozen=True, slots=True)
class MemoryFit:
    """waits: what no CPU shortens; works: what one vCPU takes; both in the unit of the times."""

    waits: float
    works: float
    one_thread: bool
    """False: it went on falling beyond one vCPU."""

    def at(self, memory_mb: float) -> float:
        """The time at a size."""
        return self.waits + self.works / _share(memory_mb, self.one_thread)


def _share(memory_mb: float, one_thread: bool) -> float:
    vcpus = memory_mb / FULL_CORE_MB
    return min(1.0, vcpus) if one_thread else vcpus


def memory_fit(points: Sequence[tuple[int, float]]) -> MemoryFit | None:
    """The curve through (memory in MB, time); None if there are too few sizes or it does not fit.

    Least squares of relative errors, so that the slowest size does not decide alone.
    """
    if len({memory for memory, _ in points}) < LEAST_SIZES or any(t <= 0 for _, t in points):
        return None
    tried = [_fitted(points, one_thread) for one_thread in (True, False)]
    fit, miss = min(tried, key=lambda pair: pair[1])
    return fit if miss <= WORST_MISS else None


def _fitted(points: Sequence[tuple[int, float]], one_thread: bool) -> tuple[MemoryFit, float]:
    times = np.array([time for _, time in points])
    slopes = np.array([1 / _share(memory, one_thread) for memory, _ in points])
    scaled = np.stack([1 / times, slopes / times], axis=1)
    waits, works = np.linalg.lstsq(scaled, np.ones_like(times), rcond=None)[0].tolist()
    if waits < 0:  # no function waits for less than nothing: through the origin then
        waits, works = 0.0, float((scaled[:, 1].sum()) / (scaled[:, 1] ** 2).sum())
    if works < 0:  # more memory never slows a function down: nothing to draw from
        return MemoryFit(waits, works, one_thread), float("inf")
    fit = MemoryFit(waits, works, one_thread)
    found = np.array([fit.at(memory) for memory, _ in points])
    return fit, float(np.abs(found / times - 1).max())
