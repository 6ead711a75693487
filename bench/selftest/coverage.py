"""How often intervals of confidence hold the truth: simulated latencies whose quantiles are known.

What depends on nothing but arithmetic needs no target: samples with every kind of memory, by blocks
as a run has them, go through the very functions that every view asks for its intervals.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from bench.stats.blocks import blocks_of
from bench.stats.quantiles import Curve
from bench.stats.woodruff import interval

Reals = NDArray[np.float64]
RUNS, BLOCKS, SAMPLES = 120, 20, 40
"""Simulated runs of a process, the blocks of each, and the samples of a block."""
MEDIAN_NS, SPREAD = 20e6, 0.3
PROMISED = (0.93, 0.98)
CHANCE = 2.5
"""Standard deviations by which so few runs may miss what is promised."""
SEED = 2026


@dataclass(frozen=True, slots=True)
class Covered:
    """Of one process and quantile: the share of the intervals that hold the truth."""

    process: str
    q: float
    share: float

    @property
    def good(self) -> bool:
        """Whether it is as promised, but for what chance does to so few runs."""
        low, high = (CHANCE * sqrt(p * (1 - p) / RUNS) for p in PROMISED)
        return PROMISED[0] - low <= self.share <= min(1.0, PROMISED[1] + high)


def coverage() -> Iterator[Covered]:
    """Each process with each quantile."""
    for name, process in PROCESSES.items():
        values = MEDIAN_NS * np.exp(SPREAD * process(np.random.default_rng(SEED)))
        curves = [_curve(run.astype(np.int64)) for run in values]
        for q in (0.5, 0.9):
            truth_ns = MEDIAN_NS * np.exp(SPREAD * NormalDist().inv_cdf(q))
            yield Covered(name, q, float(np.mean([_holds(c, q, truth_ns) for c in curves])))


def _holds(curve: Curve, q: float, truth_ns: float) -> bool:
    found = interval(curve, q)
    return (found.low_ns or 0) <= truth_ns <= (found.high_ns or float("inf"))


def _curve(values_ns: NDArray[np.int64]) -> Curve:
    keys = np.repeat(np.arange(BLOCKS), SAMPLES)
    known, counts = np.unique(values_ns, return_counts=True)
    one = np.ones(values_ns.size, dtype=np.int64)
    blocks = blocks_of(keys, values_ns, one)
    return Curve(known, counts.astype(np.int64), np.zeros_like(known), blocks)


def _normal(random: np.random.Generator) -> Reals:
    return random.standard_normal((RUNS, BLOCKS * SAMPLES))


def _autoregressive(correlation: float) -> Callable[[np.random.Generator], Reals]:
    def process(random: np.random.Generator) -> Reals:
        noise = _normal(random)
        for i in range(1, noise.shape[1]):
            fresh = sqrt(1 - correlation**2) * noise[:, i]
            noise[:, i] = correlation * noise[:, i - 1] + fresh
        return noise

    return process


def _fated(random: np.random.Generator) -> Reals:
    """A third of the variance is common to all samples of a block."""
    fate = np.repeat(random.standard_normal((RUNS, BLOCKS)), SAMPLES, axis=1)
    return sqrt(1 / 3) * fate + sqrt(2 / 3) * _normal(random)


PROCESSES: dict[str, Callable[[np.random.Generator], Reals]] = {
    "independent": _normal,
    "AR(1) 0.9": _autoregressive(0.9),
    "blocks of one fate": _fated,
}
"""Each is normal on the logarithm, so that its quantiles are known."""
