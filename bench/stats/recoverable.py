"""Up to which rate does a load recover from a disturbance? A belief about that rate. Pure.

Each trial says one thing, whether it recovered, and near the limit that is chance: the same rate
recovers one time and not the next. The log odds of recovering fall with the logarithm of the rate,
by a slope that is not known (a psychometric function, as Watson and Pelli's QUEST has it, 1983);
the belief is over a grid of both, with all limits of the range as likely beforehand on a
logarithmic scale. That rates were chosen by what came before changes nothing of what each trial
says.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bench.stats.blocks import Reals

_LIMITS = 300
_SLOPES = np.geomspace(6.0, 120.0, 10)
"""Of the log odds by the log of the rate: from a limit that chance moves by a third to a sharp
one. A shallow one is as much likelier beforehand as it is shallower: that makes the interval of a
sharp limit wider than it had to be, but not that of one with more chance in it too narrow."""
_LAPSE = 0.02
"""Share of trials that say the contrary for another reason: no single one decides."""


@dataclass(frozen=True, slots=True)
class RecoveryTrial:
    """A rate, and whether all was well again in time after it was disturbed there."""

    rps: float
    recovered: bool


@dataclass(frozen=True, slots=True)
class RateInterval:
    """Between which rates a limit lies, and the one that it exceeds as likely as not."""

    low_rps: float
    middle_rps: float
    high_rps: float

    @property
    def half_width(self) -> float:
        """Half of the interval, as a share of the middle."""
        return (self.high_rps - self.low_rps) / (2 * self.middle_rps)


def recoverable(
    trials: Sequence[RecoveryTrial], within: tuple[float, float], confidence: float = 0.95
) -> RateInterval:
    """The rate that recovers one time in two, in a range of rates."""
    limits = np.linspace(np.log(within[0]), np.log(within[1]), _LIMITS)
    running = np.cumsum(_belief(trials, limits))
    tail = (1 - confidence) / 2
    places = np.array([tail, 0.5, 1 - tail]) * running[-1]
    low, middle, high = np.exp(np.interp(places, running, limits)).tolist()
    return RateInterval(low, middle, high)


def _belief(trials: Sequence[RecoveryTrial], limits: Reals) -> Reals:
    """How likely each limit is, over all slopes; not adding up to anything."""
    logs = np.zeros((limits.size, _SLOPES.size)) - np.log(_SLOPES)
    for trial in trials:
        odds = (limits[:, None] - np.log(trial.rps)) * _SLOPES
        share = _LAPSE + (1 - 2 * _LAPSE) / (1 + np.exp(-np.clip(odds, -50, 50)))
        logs += np.log(share if trial.recovered else 1 - share)
    weights: Reals = np.exp(logs - logs.max()).sum(axis=1)
    return weights
