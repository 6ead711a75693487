"""At which rate does too large a share of answers come late? A belief about that knee. Pure.

Near the knee the log odds of a late answer rise with the logarithm of the rate, by a slope that is
not known. Each trial at a rate says how likely each knee with each slope is; the belief is over a
grid of both, with all knees of the range as likely beforehand on a logarithmic scale. Waits of
neighbouring arrivals hang together, the more the nearer a queue is to its capacity: what trials say
counts as that of so many samples as their blocks of time make them (`bench.stats.dependence`).

What slopes and what bursts are likely beforehand is that of queues. The share of late answers falls
about exponentially with what a target has to spare (heavy traffic: Kingman, The single server queue
in heavy traffic, 1961), from nearly all where it has none: if the knee leaves it a share h, the
slope is log(1/share)/h. And a backlog that makes answers late takes limit/h to drain, in which all
are late together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bench.stats.blocks import Reals
from bench.stats.dependence import dependence
from bench.stats.student import deviate, t_at

_KNEES = 400
_SPARE, _SPARE_FACTOR = 0.33, 2.0
"""What a target has to spare at the knee, as a share of the rate: about as much, or by such a
factor less or more (a standard deviation in the log)."""
_SLOPES = np.geomspace(4.0, 120.0, 15)
"""Of the log odds by the log of the rate: from a service that is slow by itself to a full queue."""
_LEAST_STEEP = 2.5
"""In the place of log(1/share) where it is smaller: of a median nobody knows."""
_LEAST_EFFECT, _PRIOR_DF = 3.0, 15
"""The design effect at least, and as how many degrees of freedom count what is expected of it: few
blocks say little of it, and what they say is averaged with that (a scaled inverse chi-squared)."""
_TOGETHER = 0.7
"""Of the arrivals while a backlog of the limit drains, so many make up the design effect: by
simulation 0.4 of them for exponential service, and up to 1.1 for a constant one."""
_FLOOR = 0.5
"""Below this share of what is expected no blocks are believed: the bursts may be still to come."""
_FIRST_EFFECT = 20.0
_WHOLE_BLOCKS = 6
"""With fewer blocks a trial's rate is taken as planned; the first and the last are cut."""
_REACH = 0.35
"""Trials count that lie within this much of the knee, in the log of the rate; farther away the
slope is another."""
ALWAYS_LATE = 0.3
"""Beyond it a queue grows for as long as the trial lasts, and how many are late says how long."""
_FURTHEST = 6.0
"""No trial alone makes a knee less likely than by this, in the log: it may have had a bad moment,
or have ended before its queue had filled."""
_SPENT = 0.6
"""Of the error that an interval may have: the rest goes for rates that were chosen by results."""
_MOST_BLOCKS = 32
"""Neighbours are put together beyond it."""
_MANY_DF = 60
_PASSES = 2


@dataclass(frozen=True, slots=True)
class Trial:
    """What a rate showed. By block of time: answers, and those of them that came late.

    failed: for another reason than being late.
    """

    rps: float
    answers: Reals
    late: Reals
    failed: bool = False

    @property
    def met_rps(self) -> float:
        """The rate that there was: some late answers are chance in how many arrivals there were."""
        if self.failed or self.answers.size < _WHOLE_BLOCKS:
            return self.rps
        return float(self.answers[1:-1].mean()) or self.rps

    @property
    def is_cliff(self) -> bool:
        """Whether it failed by something else, or nearly always: a queue that just grows."""
        return self.failed or self.share > ALWAYS_LATE

    @property
    def share(self) -> float:
        """Of the answers that came late."""
        count = float(self.answers.sum())
        return float(self.late.sum()) / count if count else 0.0


@dataclass(frozen=True, slots=True)
class Knee:
    """An interval of confidence for a rate, with its middle. design_effect: what it rests on."""

    low_rps: float
    middle_rps: float
    high_rps: float
    design_effect: float

    @property
    def half_width(self) -> float:
        """Half of the interval, as a share of the middle."""
        return (self.high_rps - self.low_rps) / (2 * self.middle_rps)


def knee(
    trials: Sequence[Trial],
    share: float,
    limit_s: float,
    within: tuple[float, float],
    confidence: float = 0.95,
) -> Knee:
    """Where the share of answers later than limit_s reaches `share`, in a range of rates."""
    knees = np.linspace(np.log(within[0]), np.log(within[1]), _KNEES)
    confidence = 1 - _SPENT * (1 - confidence)
    steep = max(_LEAST_STEEP, -float(np.log(share)))
    effect, spent = _FIRST_EFFECT, 1.0
    for _ in range(_PASSES):
        belief = _belief(trials, share, knees, effect * spent)
        best, slope = np.unravel_index(int(belief.argmax()), belief.shape)
        found, df = _design_effect(trials, share, knees[best], _SLOPES[slope])
        usual = float(np.exp(np.average(np.log(_SLOPES), weights=belief.sum(axis=0))))
        draining_s = limit_s * (1 + usual / steep)
        least = max(_LEAST_EFFECT, _TOGETHER * draining_s * float(np.exp(knees[best])))
        effect = (_PRIOR_DF * least + df * max(_FLOOR * least, found)) / (_PRIOR_DF + df)
        spent = (t_at(deviate(confidence), _PRIOR_DF + df) / deviate(confidence)) ** 2
    belief = _belief(trials, share, knees, effect * spent)
    running = np.cumsum(belief.sum(axis=1))
    places = (np.array([(1 - confidence) / 2, 0.5, (1 + confidence) / 2])) * running[-1]
    low, middle, high = np.exp(np.interp(places, running, knees)).tolist()
    return Knee(low, middle, high, effect)


def _belief(trials: Sequence[Trial], share: float, knees: Reals, effect: float) -> Reals:
    """By knee and slope, not adding up to anything."""
    steep = max(_LEAST_STEEP, -float(np.log(share)))
    usual = np.log(_SLOPES * _SPARE / steep) / np.log(_SPARE_FACTOR)
    logs = np.zeros((knees.size, _SLOPES.size)) - usual**2 / 2
    hard_rps = _hard_limit(trials, share)
    for trial in trials:
        far = np.log(trial.met_rps) - knees[:, None]
        if trial.failed:
            logs -= np.where(far < 0, _FURTHEST, 0.0)
            continue
        if trial.rps < hard_rps:
            logs -= np.where(far > 0, _FURTHEST, 0.0)
        count, late = float(trial.answers.sum()), float(trial.late.sum())
        odds = _log_odds(share) + np.clip(far, -_REACH, _REACH) * _SLOPES
        if late > ALWAYS_LATE * count:
            odds = np.minimum(odds, _log_odds(ALWAYS_LATE))
        own = (late * odds - count * np.logaddexp(0.0, odds)) / effect
        logs += np.maximum(own - own.max(), -_FURTHEST)
    weights: Reals = np.exp(logs - logs.max())
    return weights


def _hard_limit(trials: Sequence[Trial], share: float) -> float:
    """The lowest rate that failed for another reason than late answers; 0 if a lower one had those.

    Below such a limit a trial either fails or does not: there is no share that says how near it is.
    """
    failed = min((trial.rps for trial in trials if trial.failed), default=0.0)
    late = (trial.rps for trial in trials if not trial.failed and trial.share > share)
    return failed if failed <= min(late, default=failed) else 0.0


def _log_odds(share: float) -> float:
    return float(np.log(share / (1 - share)))


def _design_effect(
    trials: Sequence[Trial], share: float, at: float, slope: float
) -> tuple[float, int]:
    """How much more the late answers of blocks vary than chance has it, close to the knee."""
    series, variance = [], 0.0
    for trial in trials:
        far = np.log(trial.met_rps) - at
        if trial.failed or abs(far) > _REACH or trial.share > ALWAYS_LATE:
            continue
        expected = 1 / (1 + np.exp(-_log_odds(share) - far * slope))
        series.append(trial.late - trial.answers * expected)
        variance += float(trial.answers.sum()) * expected * (1 - expected)
    if not series:
        return 1.0, 0
    residuals = np.concatenate(series)
    together = -(-residuals.size // _MOST_BLOCKS)
    residuals = np.add.reduceat(residuals, np.arange(0, residuals.size, together))
    found = dependence(residuals - residuals.mean(), variance)
    if found is None:
        return 1.0, 0
    return found.design_effect, found.df or _MANY_DF
