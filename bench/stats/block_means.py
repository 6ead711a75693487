"""The mean of a series of blocks, and how far off chance may have put it. Pure.

How blocks hang together is averaged over the models of `bench.stats.block_models`, each weighed by
how well it explains the series. A handful of blocks says little of that, and a comparison among
many asks for what is rare under each model that is not ruled out: where several series had the same
course, such as the variants of one run, they tell it together (`pooled_weights`), while each keeps
its own variance. That is what makes a difference in sixteen short turns plain.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bench.stats.block_models import models
from bench.stats.blocks import Reals
from bench.stats.dependence import LEAST_BLOCKS, says_too_little
from bench.stats.student import beyond, two_sided

_LARGEST_Z, _STEPS = 6.0, 61
_NEAREST, _FARTHEST, _REACHES = 0.01, 1e4, 160
_FARTHEST_OUT = 3.5
"""Standard deviations from the median, as the median deviation has it, that a block counts at most:
one that began cold, or met a stall, is no evidence against all others."""
_FEW_OUT = 0.1
"""The share of blocks up to which those far out are accidents, as two are. A system that is now in
one state, now in another has more of them: drawn to what was usual in a run, two runs would differ
plainly in which state that was."""
_NORMAL_MAD = 0.6745
"""The median deviation of a normal variable of variance 1."""


@dataclass(frozen=True, slots=True)
class BlockMean:
    """A mean with its distribution. apart: as how many independent blocks its blocks count.

    reaches: for normal deviates from 0 to 6, how far off chance puts it as rarely.
    """

    value: float
    reaches: Reals
    blocks: int
    apart: float

    def reach(self, z: float) -> float:
        """How far to each side it is off as rarely as a normal variable by z."""
        return float(np.interp(z, _DEVIATES, self.reaches)) * max(1.0, z / _LARGEST_Z)

    def deviate(self, value: float) -> float:
        """The normal deviate, at most 6, that is as rare as a true mean of this value."""
        return float(np.interp(abs(self.value - value), self.reaches, _DEVIATES))

    def less(self, other: BlockMean) -> BlockMean:
        """The difference of two means that share nothing (Zou and Donner; `bench.stats.paired`)."""
        return BlockMean(
            self.value - other.value,
            np.hypot(self.reaches, other.reaches),
            min(self.blocks, other.blocks),
            min(self.apart, other.apart),
        )


_DEVIATES = np.linspace(0, _LARGEST_Z, _STEPS)
_CHANCES = np.array([two_sided(z) for z in _DEVIATES.tolist()])


@dataclass(frozen=True, slots=True)
class Series:
    """A value for each block, in the order of time, and how much each counts (0 to 1)."""

    values: Reals
    counts: Reals

    @classmethod
    def of(cls, values: Reals) -> Series:
        """Of which each block counts as much as the others."""
        return cls(values, np.ones(values.size))

    @property
    def mean(self) -> float:
        """Of the values, as much as each counts."""
        return float(self.counts @ self.values / self.counts.sum())

    @property
    def residuals(self) -> Reals:
        """What is left without the mean, of each as much as it counts. They add up to 0."""
        found: Reals = self.counts * (self.values - self.mean)
        return found

    @property
    def has_few_outliers(self) -> bool:
        """Whether values that lie far out are accidents, and no state that the system has too."""
        return _are_few(_far_out(self.values))

    def without_outliers(self) -> Series:
        """With values that lie far out drawn nearer, if they are few."""
        return Series(_without_outliers(self.values), self.counts)


def block_mean(
    series: Series, weights: Reals | None = None, tames: bool = True
) -> BlockMean | None:
    """The mean of a series; None: too few blocks to know.

    weights: of the models, where others have told them too. tames: without a few outliers.
    """
    blocks = series.values.size
    if blocks < LEAST_BLOCKS:
        return None
    if tames:
        series = series.without_outliers()
    if not _varies(series.values):
        return BlockMean(series.mean, np.zeros(_STEPS), blocks, float(blocks))
    known, residuals = models(blocks), series.residuals
    if weights is None:
        weights = _normalised(known.log_prior + known.evidence(residuals))
    apart = blocks / known.inflation
    if says_too_little(weights, apart):
        return None
    reaches = _reaches(weights, known.scales(residuals), known.directions.shape[1])
    return BlockMean(
        series.mean, reaches / float(series.counts.sum()), blocks, float(weights @ apart)
    )


def pooled_weights(series: Iterable[Reals]) -> Reals | None:
    """How likely each model is of all of these series; None if none is long enough to say.

    A row of a block each, NaN where it has no value. Series that go up and down together count as
    fewer.
    """
    rows = list(series)
    kept = [row for row in map(_known, rows) if row.size >= LEAST_BLOCKS and _varies(row)]
    if not kept:
        return None
    told = np.mean([models(row.size).evidence(row - row.mean()) for row in kept], axis=0)
    return _normalised(models(kept[0].size).log_prior + _dimensions(rows) * told)


def without_common(series: Iterable[Reals]) -> list[Reals]:
    """The same less what all series have in common in a block."""
    table = np.array([_without_outliers(row) for row in series])
    known = ~np.isnan(table)
    common = np.where(known, table, 0.0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    return list(table - common)


def _dimensions(series: Sequence[Reals]) -> float:
    """As how many the rows count: their number, less the more they go up and down together.

    Told from the steps between neighbours, which hang together least along a row.
    """
    table = np.nan_to_num(
        np.array([row - np.nanmean(row) for row in series if _varies(_known(row))])
    )
    steps = np.diff(table, axis=1)
    steps /= np.sqrt((steps**2).sum(axis=1, keepdims=True))
    rows, columns = steps.shape
    if rows == 1:
        return 1.0
    squares = ((steps @ steps.T) ** 2).sum() - rows
    together = squares / (rows * (rows - 1)) - _CHANCE_OF_STEPS / columns
    return float(rows / (1 + (rows - 1) * max(0.0, together)))


_CHANCE_OF_STEPS = 1.5
"""Steps of independent rows have this mean square of their correlation, over their number."""


def _known(row: Reals) -> Reals:
    found: Reals = row[~np.isnan(row)]
    return found


def _varies(series: Reals) -> bool:
    return series.size > 0 and float(np.ptp(series)) > _LEAST_SPAN * float(np.abs(series).max())


_LEAST_SPAN = 1e-12
"""Of a series, as a share of its values: less is a matter of rounding."""


def _normalised(logs: Reals) -> Reals:
    found: Reals = np.exp(logs - np.logaddexp.reduce(logs))
    return found


def _reaches(weights: Reals, scales: Reals, df: int) -> Reals:
    """Of a mixture of t, for each of the deviates."""
    unit = float(weights @ scales)
    tried = unit * np.concatenate(([0.0], np.geomspace(_NEAREST, _FARTHEST, _REACHES)))
    chances = beyond(tried[:, None] / scales, df) @ weights
    found: Reals = np.exp(np.interp(-np.log(_CHANCES[1:]), -np.log(chances[1:]), np.log(tried[1:])))
    return np.concatenate(([0.0], found))


def _far_out(series: Reals) -> NDArray[np.bool_]:
    middle, far = _range(series)
    found: NDArray[np.bool_] = (np.abs(series - middle) > far) & bool(far)
    return found


def _are_few(flags: NDArray[np.bool_]) -> bool:
    return int(flags.sum()) <= max(2.0, _FEW_OUT * flags.size)


def _without_outliers(series: Reals) -> Reals:
    if not _are_few(_far_out(series)):
        return series
    middle, far = _range(series)
    found: Reals = np.clip(series, middle - far, middle + far) if far else series
    return found


def _range(series: Reals) -> tuple[float, float]:
    """Its middle, and how far from that values are no outliers."""
    middle = np.nanmedian(series)
    return middle, _FARTHEST_OUT / _NORMAL_MAD * np.nanmedian(np.abs(series - middle))
