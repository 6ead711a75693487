"""A quantile in each block: what shows whether blocks agree that one variant is slower. Pure.

A block of few samples has no p99. It tells the quantile of rank q·(n + 1) among its n, which on
average lies at the share q of what it was drawn from (Hyndman and Fan, Sample Quantiles in
Statistical Packages, The American Statistician 50, 1996, definition 6), and at most that of its
largest sample. Two variants are asked for the same one, so that neither looks slower for having had
more samples.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from bench.stats.block_means import Series, pooled_weights, without_common
from bench.stats.blocks import Blocks, Reals
from bench.stats.quantiles import Curve

_LEAST_NS = 1000.0
"""Times below a microsecond count as one: what is left there is the clock's own."""


def usual_size(blocks: Blocks) -> float:
    """Samples of the median block."""
    return float(np.median(blocks.totals()))


def block_logs(blocks: Blocks, q: float, size: float) -> Series:
    """The log of quantile q of each block in ns; a block of fewer samples than usual counts less.

    size: of how few samples it should be known: q is at most that of the largest among so many.
    """
    return _logs_at(blocks, _share(q, size))


def _share(q: float, size: float) -> float:
    """Of which quantile blocks of so few samples can tell."""
    return min(q, size / (size + 1))


def _logs_at(blocks: Blocks, share: float) -> Series:
    totals = blocks.totals()
    values, running = _ascending(blocks)
    before = np.cumsum(totals) - totals
    place = np.clip(share * (totals + 1), 1, totals)
    below = np.floor(place)
    logs = [
        values[np.searchsorted(running, before + np.minimum(rank, totals))]
        for rank in (below, below + 1)
    ]
    found = logs[0] + (place - below) * (logs[1] - logs[0])
    return Series(found, np.minimum(1.0, totals / usual_size(blocks)))


def _ascending(blocks: Blocks) -> tuple[Reals, Reals]:
    """Logs of all values, ascending in each block, and how many samples there are up to each."""
    places = np.concatenate([block.places for block in blocks.histograms]).astype(np.int64)
    counts = np.concatenate([block.counts for block in blocks.histograms]).astype(np.int64)
    block = np.repeat(
        np.arange(len(blocks.histograms)), [one.places.size for one in blocks.histograms]
    )
    apart = block * (blocks.scale.values_ns.size + 1) + places
    if (np.diff(apart) < 0).any():
        order = np.argsort(apart, kind="stable")
        places, counts = places[order], counts[order]
    values = np.log(np.maximum(blocks.scale.at(places), _LEAST_NS))
    return values, np.cumsum(counts).astype(np.float64)


@dataclass(slots=True)
class BlockLogs:
    """Quantiles of blocks, each worked out once as long as this is kept.

    Of a run's variants all pairs are compared: nothing of one is to be found anew for each other.
    """

    _series: dict[tuple[int, float], tuple[Blocks, Series]] = field(default_factory=dict)
    _sizes: dict[int, tuple[Blocks, float]] = field(default_factory=dict)
    """By the blocks' identity, for which they are kept too."""

    def of(self, blocks: Blocks, q: float, size: float) -> Series:
        """What `block_logs` says of these, from what is known where it is known."""
        key = id(blocks), _share(q, size)
        if key not in self._series:
            self._series[key] = blocks, _logs_at(blocks, key[1])
        return self._series[key][1]

    def usual_size(self, blocks: Blocks) -> float:
        """Samples of the median block."""
        key = id(blocks)
        if key not in self._sizes:
            self._sizes[key] = blocks, usual_size(blocks)
        return self._sizes[key][1]

    def of_both(self, base: Blocks, other: Blocks, q: float) -> tuple[Series, Series]:
        """Of two at the same quantile, that of which the smaller blocks can tell."""
        size = min(self.usual_size(base), self.usual_size(other))
        return self.of(base, q, size), self.of(other, q, size)


def log_ratios(base: Curve, other: Curve, q: float, logs: BlockLogs | None = None) -> Series:
    """Block by block, the log of other's quantile over base's; both have blocks."""
    assert base.blocks is not None
    assert other.blocks is not None
    theirs, own = (logs or BlockLogs()).of_both(base.blocks, other.blocks, q)
    _, at, place = np.intersect1d(
        base.blocks.keys, other.blocks.keys, assume_unique=True, return_indices=True
    )
    return Series(
        own.values[place] - theirs.values[at], np.minimum(own.counts[place], theirs.counts[at])
    )


@dataclass(slots=True)
class Pool:
    """The variants of a run, which together tell how its blocks hang together.

    shared: what all had in common in a block is none of it, as in comparisons within the run.
    """

    curves: Sequence[Curve]
    shared: bool = True
    logs: BlockLogs = field(default_factory=BlockLogs)
    _weights: dict[float, Reals | None] = field(default_factory=dict)

    @classmethod
    def of(
        cls, curves: Iterable[Curve | None], shared: bool = True, logs: BlockLogs | None = None
    ) -> Pool:
        """Of those that have blocks. logs: what is known of them so far."""
        held = [one for one in curves if one is not None and one.blocks is not None]
        return cls(held, shared, logs or BlockLogs())

    def weights(self, q: float) -> Reals | None:
        """Of each model of how a quantile of blocks hangs together; None if nothing tells."""
        if q not in self._weights:
            self._weights[q] = self._told(q)
        return self._weights[q]

    def _told(self, q: float) -> Reals | None:
        held = [curve.blocks for curve in self.curves if curve.blocks is not None]
        if not held:
            return None
        keys = np.unique(np.concatenate([blocks.keys for blocks in held]))
        rows, counts = np.full((2, len(held), keys.size), np.nan)
        for number, blocks in enumerate(held):
            series = self.logs.of(blocks, q, self.logs.usual_size(blocks))
            places = np.searchsorted(keys, blocks.keys)
            rows[number, places] = series.without_outliers().values
            counts[number, places] = series.counts
        if self.shared and len(held) > 1:
            rows = np.array(without_common(rows))
        return pooled_weights(counts * (rows - np.nanmean(rows, axis=1, keepdims=True)))
