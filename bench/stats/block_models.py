"""Models of how blocks of time hang together, and how well each explains a series of them. Pure.

The candidates are first-order autoregressions, from blocks that alternate to blocks that hardly
ever change, each without a drift, with a straight and with a bent one. They are judged by what they
say of the series projected on drift and cosines, from slow to fast, with the variance integrated
out.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import lgamma, log

import numpy as np
from numpy.typing import NDArray

from bench.stats.blocks import Reals

_CORRELATIONS = (-0.5, -0.3, -0.15, 0.0, 0.15, 0.3, 0.45, 0.6, 0.7, 0.8, 0.87, 0.93, 0.97)
"""Of neighbouring blocks, one for each autoregression."""
_USUAL_CORRELATION = 0.5
"""The chance of a correlation beforehand falls by a factor e over so much."""
_DRIFTS = (0.6, 0.3, 0.1)
"""Chance beforehand of no drift, of a straight and of a bent one."""
_INDEPENDENT = 0.25
"""Chance beforehand that samples are independent, and the variance of blocks binomial."""
_VARIANCES = 12 * log(2)
"""Else the variance lies within a factor of 2^12 beforehand, all its powers as likely."""
_ALL_UP_TO = 20
"""With more blocks than this only the slower half of their movements is looked at: what comes and
goes within three or four blocks evens out, and says little of what lasts."""
_KEPT = 16
"""Numbers of blocks whose models are remembered."""


@dataclass(frozen=True, slots=True)
class Explained:
    """What the models make of a series, whose sum they all say is a multiple of t.

    weights, scales: of each autoregression's t, with df degrees of freedom; scales are in standard
    errors of a sum of independent samples. independent: the weight of just those. All weights add
    up to 1. apart: as how many independent blocks all blocks count, on average over the models.
    """

    weights: Reals
    scales: Reals
    df: int
    independent: float
    apart: Reals


@dataclass(frozen=True, slots=True)
class Models:
    """All models for a number of blocks.

    directions: orthonormal columns, drifts first and then cosines. whitening: by model, what makes
    projections on those independent and of variance 1, if blocks have a variance of 1. log_root:
    the log of 1 over the root of its determinant. log_drift, log_correlation: of the chances of its
    drift and of its correlation beforehand. inflation: variance of the sum over that of independent
    blocks. plain: the models without any correlation.
    """

    directions: Reals
    whitening: Reals
    log_root: Reals
    log_drift: Reals
    log_correlation: Reals
    inflation: Reals
    plain: NDArray[np.bool_]

    @property
    def log_prior(self) -> Reals:
        """Of each model's chance beforehand, where the variance is not known."""
        return self.log_drift + self.log_correlation

    def evidence(self, residuals: Reals) -> Reals:
        """The log of how well each model explains residuals of any variance, of which one is not 0.

        But for what is the same for all.
        """
        squares = self._squares(residuals)
        found: Reals = self.log_root - self.directions.shape[1] / 2 * np.log(squares)
        return found

    def scales(self, residuals: Reals) -> Reals:
        """By model, the standard error of the sum of what has these residuals: that of a t."""
        size = residuals.size * self.inflation / self.directions.shape[1]
        found: Reals = np.sqrt(size * self._squares(residuals))
        return found

    def _squares(self, residuals: Reals) -> Reals:
        found: Reals = ((self.whitening @ (residuals @ self.directions)) ** 2).sum(axis=1)
        return found

    def explain(self, standard: Reals) -> Explained:
        """Judge residuals, given in standard deviations of blocks of independent samples."""
        df = self.directions.shape[1]
        squares = self._squares(standard)
        # The variance integrated out: ∫ s^(-df/2) exp(-squares / 2s) ds/s.
        fit = lgamma(df / 2) - df / 2 * np.log(squares / 2) - log(_VARIANCES)
        logs = self.log_root + self.log_prior + log(1 - _INDEPENDENT) + fit
        known = (self.log_root + self.log_drift)[self.plain] + log(_INDEPENDENT)
        independent = known - squares[self.plain] / 2
        total = np.logaddexp.reduce(np.concatenate((logs, independent)))
        return Explained(
            np.exp(logs - total),
            np.sqrt(self.inflation * squares / df),
            df,
            float(np.exp(independent - total).sum()),
            standard.size / self.inflation,
        )


@lru_cache(_KEPT)
def models(blocks: int) -> Models:
    """All models for so many blocks, at least four."""
    directions = _directions(blocks)
    weights = np.exp(-np.abs(_CORRELATIONS) / _USUAL_CORRELATION)
    made = [
        _model(directions, correlation, float(weight), drift)
        for drift in range(len(_DRIFTS))
        for correlation, weight in zip(_CORRELATIONS, weights / weights.sum(), strict=True)
    ]
    return Models(
        directions,
        np.stack([model[0] for model in made]),
        np.array([model[1] for model in made]),
        np.array([model[2] for model in made]),
        np.array([model[3] for model in made]),
        np.array([model[4] for model in made]),
        np.array([correlation == 0 for _ in _DRIFTS for correlation in _CORRELATIONS]),
    )


def _model(
    directions: Reals, correlation: float, chance: float, drift: int
) -> tuple[Reals, float, float, float, float]:
    """Whitening, logs of 1 over the root of the determinant and of both chances, inflation."""
    blocks, size = directions.shape
    places = np.arange(blocks)
    alike = np.power(correlation, np.abs(np.subtract.outer(places, places)))
    covariance = directions.T @ alike @ directions
    # A drift may be of any size that the blocks would show: the unit information prior.
    covariance[:drift, :] = covariance[:, :drift] = 0.0
    covariance[range(drift), range(drift)] = blocks
    root = np.linalg.cholesky(covariance)
    determinant = 2 * float(np.log(np.diag(root)).sum())
    return (
        np.linalg.solve(root, np.eye(size)),
        -determinant / 2,
        log(_DRIFTS[drift]),
        log(chance),
        float(alike.sum()) / blocks,
    )


def _directions(blocks: int) -> Reals:
    """Orthonormal columns without the mean: line, parabola, and cosines made orthogonal to them."""
    place = (np.arange(blocks) + 0.5) / blocks
    drifts = len(_DRIFTS) - 1
    count = blocks - 1 if blocks <= _ALL_UP_TO else max(_ALL_UP_TO - 1, blocks // 2)
    columns = [(2 * place - 1) ** power for power in range(drifts + 1)]
    columns += [np.cos(np.pi * j * place) for j in range(drifts + 1, count + 1)]
    basis, _ = np.linalg.qr(np.stack(columns, axis=1))
    return np.ascontiguousarray(basis[:, 1:])
