"""Gaps between arrivals as the target's kernel saw them, against those that were planned.

A Kolmogorov–Smirnov test of the gaps on the wire against Exp(rate), for each rate, pacing and
number of workers. `plan` is the same distance of the planned instants: what chance alone gives.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from math import exp, sqrt
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench.model.profile import LoadSpec, Pacing, Scheduling
from bench.stats.goodness_of_fit import ks_distance
from tests.benchmarks.ours import open_loop, run_workers

GAPS = 10_000
RECEIVER = Path(__file__).parent / "receiver.py"
RECEIVER_CORE = 1
WARM_UP = 50
"""Arrivals that are left out: they open connections."""


@dataclass(frozen=True, slots=True)
class Found:
    """Of one run: distances from the plan's law, the probability of such a one, and send lag."""

    d: float
    p: float
    planned_d: float
    lag_us: tuple[float, float]
    shortest_us: float
    """The hundredth part of the gaps is shorter."""


def measure(rps: float, seed: int, workers: int, pacing: Pacing, count: int) -> Found:
    """One run on the receiver."""
    segment = open_loop(rps, (count + 2 * WARM_UP) / rps)
    load = LoadSpec(seed=seed, scheduling=Scheduling.AUTO, pacing=pacing)
    with receiver() as (url, stamps):
        runs = run_workers([url] * workers, segment, list(range(workers)), load)
    rows = np.concatenate([run.rows for run in runs])
    planned = np.sort(rows["intended_ns"])
    lags = (rows["sent_ns"] - rows["intended_ns"]) / 1e3
    wire = np.sort(np.concatenate(stamps))
    d = ks_distance(_gaps(wire, rps, count))
    return Found(
        d,
        ks_p(d, count),
        ks_distance(_gaps(planned, rps, count)),
        (float(np.quantile(lags, 0.5)), float(np.quantile(lags, 0.99))),
        float(np.quantile(np.diff(wire), 0.01)) / 1e3,
    )


def _gaps(instants_ns: NDArray[np.int64], rps: float, count: int) -> NDArray[np.float64]:
    return np.diff(instants_ns[WARM_UP : WARM_UP + count + 1]) * rps / 1e9


def ks_p(d: float, count: int) -> float:
    """Probability of so large a distance by chance (Stephens 1970)."""
    scaled = (sqrt(count) + 0.12 + 0.11 / sqrt(count)) * d
    terms = (2 * (-1) ** (k - 1) * exp(-2 * (k * scaled) ** 2) for k in range(1, 101))
    return min(1.0, max(0.0, sum(terms))) if scaled > 0.2 else 1.0


@contextmanager
def receiver(*options: str) -> Iterator[tuple[str, list[NDArray[np.int64]]]]:
    """Its URL, and a list that holds its stamps once the block has ended."""
    stamps: list[NDArray[np.int64]] = []
    process = subprocess.Popen(
        ["taskset", "-c", str(RECEIVER_CORE), sys.executable, str(RECEIVER), *options],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield f"http://127.0.0.1:{int(process.stdout.readline())}/", stamps
        process.stdin.close()
        stamps.append(np.frombuffer(process.stdout.read(), np.int64))
        process.wait()
    finally:
        process.kill()
        process.wait()


def gaps(short: bool, say: Callable[[str], None]) -> None:
    """A line for each run, and one for each kind of runs; short: one seed, and fewer gaps."""
    count = GAPS // 5 if short else GAPS
    for rps, seeds in ((500.0, 1 if short else 10), (2000.0, 1 if short else 3)):
        for workers in (1, 2):
            for pacing in Pacing:
                each = [measure(rps, seed, workers, pacing, count) for seed in range(1, seeds + 1)]
                for seed, found in enumerate(each, 1):
                    say(_line(rps, workers, pacing, seed, found))
                passed = sum(found.p > 0.05 for found in each)
                say(f"  p > 0.05 in {passed} of {seeds}; largest d {max(f.d for f in each):.4f}")


def _line(rps: float, workers: int, pacing: Pacing, seed: int, found: Found) -> str:
    p50, p99 = found.lag_us
    return (
        f"{rps:g}/s, {workers} worker{'s' if workers > 1 else ' '}, {pacing.value:<8} seed {seed}:"
        f" d {found.d:.4f} (plan {found.planned_d:.4f}), p {found.p:.3f},"
        f" send lag p50 {p50:.1f} p99 {p99:.1f} µs, p1 of gaps {found.shortest_us:.1f} µs"
    )
