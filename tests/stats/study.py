"""How often intervals cover and comparisons err, over many runs of one process."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from bench.stats.block_quantiles import Pool
from bench.stats.paired import difference, told_apart, told_apart_from_one
from bench.stats.quantiles import Bounds, Curve
from bench.stats.woodruff import interval
from tests.stats.processes import Process, Shape, curve_in_blocks, latencies, true_quantile_ns

Latencies = NDArray[np.int64]
Flags = NDArray[np.bool_]

RESOLUTION = 0.001
"""Histograms have three significant digits."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """Of so many intervals: how many were given, and how many of those had the truth in them."""

    tried: int
    known: int
    covered: int
    independent: int = 0
    """Given as those of independent samples."""

    @property
    def share(self) -> float:
        return self.covered / self.known if self.known else float("nan")

    def __add__(self, other: Coverage) -> Coverage:
        return Coverage(
            self.tried + other.tried,
            self.known + other.known,
            self.covered + other.covered,
            self.independent + other.independent,
        )


def curves_of(process: Process, shape: Shape, rounds: int, seed: int) -> list[Curve]:
    """The curves of all replications."""
    found = latencies(process, np.random.default_rng(seed), shape)
    return [curve_in_blocks(values, rounds) for values in found]


def coverage(process: Process, curves: Sequence[Curve], q: float) -> Coverage:
    """How intervals of a quantile do."""
    truth_ns = true_quantile_ns(process, q)
    found = [interval(curve, q) for curve in curves]
    given = [bounds for bounds in found if bounds.basis.is_known]
    return Coverage(
        len(found),
        len(given),
        sum(covers(bounds, truth_ns) for bounds in given),
        sum(bounds.basis.df is None for bounds in given),
    )


def covers(bounds: Bounds, truth_ns: float) -> bool:
    """True if the truth lies within, to the resolution of a histogram."""
    low, high = truth_ns * (1 - RESOLUTION), truth_ns * (1 + RESOLUTION)
    above = bounds.low_ns is None or bounds.low_ns <= high
    return above and (bounds.high_ns is None or bounds.high_ns >= low)


def told_apart_share(
    base: Sequence[Curve], other: Sequence[Curve], q: float, *, share_blocks: bool = True
) -> float:
    """How often two variants, or two runs, are told apart."""
    pairs = zip(base, other, strict=True)
    found = [difference(one, two, q, share_blocks=share_blocks) for one, two in pairs]
    return float(np.mean([known is not None and known.is_distinguishable for known in found]))


def most_found(base: Sequence[Curve], other: Sequence[Curve], q: float) -> float:
    """How often two variants would be told apart by who knew how far chance puts their ratio."""
    pairs = zip(base, other, strict=True)
    logs = np.log([(two.quantile_ns(q) or 1) / (one.quantile_ns(q) or 1) for one, two in pairs])
    away = float(abs(logs.mean()) / logs.std())
    return NormalDist().cdf(away - 1.96) + NormalDist().cdf(-away - 1.96)


def tables_with_a_difference(curves: Sequence[Curve], width: int, q: float) -> float:
    """How often a table of so many variants has one that is told apart from the fastest."""
    tables = [curves[at : at + width] for at in range(0, len(curves), width)]
    return float(np.mean([_has_a_difference(table, q) for table in tables]))


def _has_a_difference(table: Sequence[Curve], q: float) -> bool:
    return bool(_apart(table, q).any())


def told_from_the_fastest(table: Latencies, q: float) -> Flags:
    """Of the variants of a run (variants × rounds × samples), which are told from the fastest."""
    return _apart([curve_in_blocks(values, len(values)) for values in table], q)


def told_between_runs(base: Latencies, other: Latencies, q: float) -> Flags:
    """Of the variants of two runs (variants × rounds × samples), which are told apart."""
    one, two = ([curve_in_blocks(own, len(own)) for own in run] for run in (base, other))
    pools = (Pool.of(one, shared=False), Pool.of(two, shared=False))
    pairs = zip(one, two, strict=True)
    found = [difference(*pair, q, share_blocks=False, pools=pools) for pair in pairs]
    return np.array([each is not None and each.is_distinguishable for each in told_apart(found)])


def _apart(table: Sequence[Curve], q: float) -> Flags:
    fastest = min(table, key=lambda curve: curve.quantile_ns(q) or 0)
    pools = (Pool.of(table),)
    found = [None if one is fastest else difference(fastest, one, q, pools=pools) for one in table]
    judged = told_apart_from_one(found)
    return np.array([one is not None and one.is_distinguishable for one in judged])
