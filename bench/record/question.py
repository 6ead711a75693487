"""What a profile asks by what it varies: from it follow the findings, and the first screen."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum, auto

from bench.model.profile import Phase, Profile
from bench.record.parts import is_sliced

CALLER_FACTORS = frozenset({"retry", "breaker", "timeout"})
"""Factors by which variants differ in what they do about a failure, and in nothing else."""
_RISE = 1.5
"""How much more a phase must ask for than those around it to be told as a disturbance."""


class Question(Enum):
    """What a profile asks by what it varies."""

    SIZES = auto()
    """Which variant; nothing else varies."""
    CAPACITY = auto()
    PRECISION = auto()
    COLD = auto()
    CALLERS = auto()
    """A closed loop: how much so many callers get done."""
    RAMP = auto()
    DISTURBANCE = auto()
    """A load that rises and falls again: a spike, a retry storm."""
    PAYLOADS = auto()
    POLICIES = auto()
    """What callers do about failures: retry policies, budgets, breakers, timeouts."""
    SWING = auto()
    """A rate that goes up and down within one phase."""


def question_of(profile: Profile) -> Question:
    """What a profile asks, by what varies in it."""
    measured = [phase for phase in profile.phases if phase.measured]
    if profile.capacity is not None:
        return Question.CAPACITY
    if profile.stop.precision is not None:
        return Question.PRECISION
    if any("burst" in phase.shape.key_values() for phase in measured):
        return Question.COLD
    if len(profile.target.events) > 1:
        return Question.PAYLOADS
    if measured and all(phase.shape.is_closed for phase in measured):
        return Question.CALLERS
    return _by_rate(profile, measured)


def _by_rate(profile: Profile, measured: Sequence[Phase]) -> Question:
    if profile.variants and profile.variants[0].differ & CALLER_FACTORS:
        return Question.POLICIES
    if len(measured) == 1 and _rises(measured[0]):
        return Question.RAMP
    if len(measured) == 1 and measured[0].shape.has_rate and is_sliced(measured[0]):
        return Question.SWING
    return Question.SIZES if disturbance_in(measured) is None else Question.DISTURBANCE


def _rises(phase: Phase) -> bool:
    pieces = phase.shape.pieces()
    ends = pieces[0].rate_rps(0), pieces[-1].rate_rps(pieces[-1].duration_ns)
    is_ramp = "rate" in phase.shape.key_values()
    return is_ramp and phase.shape.has_rate and ends[0] != ends[1]


def disturbance_in(measured: Sequence[Phase]) -> int | None:
    """The place of the phase that asks for more than the first and the last one."""
    if len(measured) < 3 or any(phase.shape.is_closed for phase in measured):
        return None
    peaks = [phase.shape.peak_rps for phase in measured]
    at = peaks.index(max(peaks))
    around = max(peaks[0], peaks[-1])
    return at if 0 < at < len(peaks) - 1 and around and peaks[at] >= _RISE * around else None
