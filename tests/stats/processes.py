"""Latencies with every kind of memory that a load test meets, and what their quantiles truly are.

A process gives (replications × blocks × samples of a block) in ns. Its parameters are in blocks or
as shares, so that the same ones serve for any number of samples.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from bench.stats.blocks import block_key, blocks_of
from bench.stats.quantiles import Curve

Reals = NDArray[np.float64]
Random = np.random.Generator
MEDIAN_NS = 20e6
SPREAD = 0.3
"""Standard deviation of the logarithm of a latency."""


@dataclass(frozen=True, slots=True)
class Shape:
    """How many replications, blocks, and samples in each block."""

    replications: int
    blocks: int
    samples: int

    @property
    def count(self) -> int:
        return self.blocks * self.samples

    def draw(self, random: Random) -> Reals:
        return random.standard_normal((self.replications, self.count))

    @property
    def place(self) -> Reals:
        """Where each sample lies, in blocks."""
        return np.arange(self.count) / self.samples


Process = Callable[[Random, Shape], Reals]
"""The logarithm of a latency over the median's, (replications × samples)."""


def iid(random: Random, shape: Shape) -> Reals:
    return SPREAD * shape.draw(random)


def autoregressive(correlation: float) -> Process:
    """From sample to sample."""

    def process(random: Random, shape: Shape) -> Reals:
        return SPREAD * _ar(correlation, shape.draw(random))

    return process


def autoregressive_blocks(correlation: float, share: float = 0.25) -> Process:
    """From block to block, with this share of the variance in what a block has in common."""

    def process(random: Random, shape: Shape) -> Reals:
        common = _ar(correlation, random.standard_normal((shape.replications, shape.blocks)))
        common = np.repeat(common, shape.samples, axis=1)
        return SPREAD * (sqrt(share) * common + sqrt(1 - share) * shape.draw(random))

    return process


def drift(whole: float) -> Process:
    """Slowly up by this much over the run."""

    def process(random: Random, shape: Shape) -> Reals:
        return iid(random, shape) + whole * (shape.place / shape.blocks - 0.5)

    return process


def stalls(length: float, every: float = 5.0) -> Process:
    """Once in so many blocks nobody is answered for a while; 50 ms a block is the latency then."""

    def process(random: Random, shape: Shape) -> Reals:
        jitter = random.random((shape.replications, shape.count)) / shape.samples
        phase = (shape.place + jitter - every * random.random((shape.replications, 1))) % every
        waited = np.where(phase < length, length - phase, 0.0)
        found: Reals = np.log(np.exp(iid(random, shape)) + 20 * waited)
        return found

    return process


def regimes(dwell: float, slow: float = 0.3, shift: float = 1.0) -> Process:
    """Two states, each left at random; dwell: blocks of a whole there and back, over 1/slow."""

    def process(random: Random, shape: Shape) -> Reals:
        step = 1 / (dwell * shape.samples)
        state = np.empty((shape.count, shape.replications), dtype=np.bool_)
        state[0] = random.random(shape.replications) < slow
        for i in range(1, shape.count):
            chance = random.random(shape.replications)
            stays = chance >= (1 - slow) * step
            state[i] = np.where(state[i - 1], stays, chance < slow * step)
        return iid(random, shape) + shift * state.T

    return process


def states(stays: tuple[float, ...], levels: tuple[float, ...]) -> Process:
    """Several states, of which each lasts so many blocks on average and any other one follows."""

    def process(random: Random, shape: Shape) -> Reals:
        count, leave = len(stays), 1 / (np.array(stays) * shape.samples)
        state = np.empty((shape.count, shape.replications), dtype=np.int64)
        chance = np.array(stays) / sum(stays)
        state[0] = random.choice(count, size=shape.replications, p=chance)
        for i in range(1, shape.count):
            leaves = random.random(shape.replications) < leave[state[i - 1]]
            step = random.integers(1, count, size=shape.replications)
            state[i] = (state[i - 1] + leaves * step) % count
        found: Reals = iid(random, shape) + np.array(levels)[state].T
        return found

    return process


def wave(turns: float, height: float) -> Process:
    """Up and down so often in a run, as days have it; where it begins is chance."""

    def process(random: Random, shape: Shape) -> Reals:
        began = random.random((shape.replications, 1))
        turned = shape.place / shape.blocks * turns + began
        found: Reals = iid(random, shape) + height * np.sin(2 * np.pi * turned)
        return found

    return process


def heavy_tails(exponent: float, every: float, length: float) -> Process:
    """Pareto's tail, and once in so many blocks, at random, a stall as in `stalls`."""

    def process(random: Random, shape: Shape) -> Reals:
        size = (shape.replications, shape.count)
        served = random.standard_exponential(size) / exponent
        begins = random.random(size) < 1 / (every * shape.samples)
        waited = np.zeros(size)
        for i in range(1, shape.count):
            left = np.maximum(waited[:, i - 1] - 1 / shape.samples, 0.0)
            waited[:, i] = np.where(begins[:, i], length, left)
        found: Reals = np.log(np.exp(served) + 20 * waited)
        return found

    return process


def fated_blocks(spread: float) -> Process:
    """Every block has a fate of its own."""

    def process(random: Random, shape: Shape) -> Reals:
        fate = random.standard_normal((shape.replications, shape.blocks))
        return iid(random, shape) + spread * np.repeat(fate, shape.samples, axis=1)

    return process


def _ar(correlation: float, noise: Reals) -> Reals:
    """Stationary, of variance 1."""
    steps = np.ascontiguousarray(noise.T)
    fresh = sqrt(1 - correlation**2)
    for i in range(1, steps.shape[0]):
        steps[i] = correlation * steps[i - 1] + fresh * steps[i]
    return steps.T


NAMED: dict[str, Process] = {
    "iid": iid,
    "AR(1) 0.5": autoregressive(0.5),
    "AR(1) 0.9": autoregressive(0.9),
    "drift 10 %": drift(0.1),
    "drift 35 %": drift(0.3),
    "stall every 5 blocks": stalls(0.25),
    "regimes": regimes(0.5),
    "fate of blocks": fated_blocks(0.1),
}
"""Those that the promises name, and one."""
HARD: dict[str, Process] = {
    "drift 65 %": drift(0.5),
    "drift 170 %": drift(1.0),
    "stall of a block in 5": stalls(1.0),
    "stall every 8 blocks": stalls(0.5, 8.0),
    "AR(1) 0.98": autoregressive(0.98),
    "AR(1) -0.5": autoregressive(-0.5),
    "AR(1) of blocks 0.3": autoregressive_blocks(0.3),
    "AR(1) of blocks 0.6": autoregressive_blocks(0.6),
    "regimes of 1 block": regimes(1.0),
    "regimes of 2 blocks": regimes(2.0),
    "regimes of 6 blocks": regimes(6.0),
    "a rare state": states((8.0, 2.0), (0.0, 1.0)),
    "states of 6 and 4 blocks": states((6.0, 4.0), (0.0, 1.0)),
    "three states of 4 blocks": states((4.0, 4.0, 4.0), (0.0, 0.5, 1.2)),
    "three waves": wave(3.0, 0.3),
    "heavy tails and stalls": heavy_tails(2.0, 6.0, 0.3),
}
"""Beyond those: memory that lasts for many blocks, and more."""


def latencies(process: Process, random: Random, shape: Shape) -> NDArray[np.int64]:
    """(replications × blocks × samples) in ns, at three significant digits as histograms have."""
    values = MEDIAN_NS * np.exp(process(random, shape))
    units = 2.0 ** (np.floor(np.log2(values)) - 10)
    rounded = (np.floor(values / units) + 1) * units - 1
    return rounded.astype(np.int64).reshape(shape.replications, shape.blocks, shape.samples)


@cache
def _truth(process: Process, q: float) -> float:
    """By a run beyond all lengths; of a drift its whole range counts."""
    random = np.random.default_rng(99)
    shape = Shape(4000, 24, 25) if process not in _PERIODIC else Shape(2000, 40, 25)
    return float(np.quantile(process(random, shape), q))


_PERIODIC = (NAMED["stall every 5 blocks"], *(HARD[name] for name in HARD if "stall" in name))


def true_quantile_ns(process: Process, q: float) -> float:
    """The quantile of all that the process can give."""
    return MEDIAN_NS * float(np.exp(_truth(process, q)))


def curve_in_blocks(values_ns: NDArray[np.int64], rounds: int = 1) -> Curve:
    """The curve of one replication (blocks × samples), its blocks spread over rounds."""
    count, samples = values_ns.shape
    number = np.arange(count)
    each = -(-count // rounds)
    keys = np.repeat(block_key(number // each, number % each), samples)
    known, counts = np.unique(values_ns, return_counts=True)
    one = np.ones(values_ns.size, dtype=np.int64)
    return Curve(
        known,
        counts.astype(np.int64),
        np.zeros_like(counts),
        blocks_of(keys, values_ns.ravel(), one),
    )
