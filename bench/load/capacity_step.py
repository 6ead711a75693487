"""A step of a search for capacity: what is tried, and what it showed. Pure.

Whether a step holds, whether it is decided before its time, and what it says of the capacity follow
from the counts of its own invocations, and from its late answers second by second.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from math import ceil, inf, log, sqrt

import numpy as np

from bench.model.outcome import Outcome
from bench.model.profile import CapacitySpec
from bench.model.result import Quantile, Tally
from bench.model.search_disturbance import SearchDisturbance
from bench.model.times import NS_PER_MS, NS_PER_S
from bench.stats.blocks import Reals
from bench.stats.knee import ALWAYS_LATE, Trial

CHANCE = 2
"""Standard deviations by which late answers may be more than expected: one slow answer of fifty
says nothing of p99."""
PLAIN_ERROR, PLAIN_LIMITS = 0.01, 3
"""The error of a growing step that ends early since it plainly holds, and the least time that it
takes, in times the limit: a queue has to have had time to show itself."""


def per_s(rps: float) -> str:
    """A rate in words: four digits, never an exponent."""
    return f"{rps:.0f}/s" if rps >= 1000 else f"{rps:.4g}/s"


class StepKind(StrEnum):
    """Why a step is made."""

    GROW = "grow"
    NARROW = "narrow"
    HOLD = "hold"
    RECOVER = "recover"


@dataclass(frozen=True, slots=True)
class CapacityStep:
    """A rate to try, measured for measured_ns after settle_ns that are not; numbered from 1.

    disturbance: what happens between the two, and recover_ns how long it may take to recover.
    """

    number: int
    kind: StepKind
    rps: float
    settle_ns: int
    measured_ns: int
    disturbance: SearchDisturbance | None = None
    recover_ns: int = 0


@dataclass(frozen=True, slots=True)
class StepResult:
    """What a step's own invocations showed: the counts, and the quantile that the search is about.

    quantile is None if none was answered; what timed out counts as its lower bound. blocks: answers
    and late ones by second; None where that is not known.
    """

    tally: Tally
    quantile: Quantile | None
    blocks: tuple[Reals, Reals] | None = None

    def fault(self, spec: CapacitySpec) -> str | None:
        """Why the step does not hold, or None if it does."""
        tally, quantile = self.tally, self.quantile
        if not tally.offered:
            return "nothing was offered"
        throttled = tally.outcomes[Outcome.THROTTLED]
        if throttled > spec.throttle_rate * tally.offered:
            return f"{throttled / tally.offered:.1%} throttled"
        errors = tally.failed - throttled + tally.in_flight  # what is under way never ended
        if errors > spec.error_rate * tally.offered:
            return f"{errors / tally.offered:.1%} errors"
        if quantile is not None and (quantile.censored or quantile.value_ns >= spec.limit_ns):
            least = "≥ " if quantile.censored else ""
            return f"p{spec.q * 100:g} {least}{quantile.value_ns / NS_PER_MS:.1f} ms"
        if tally.dropped:  # what was answered would hold: this is none of the target's doing
            share = f"{tally.dropped} of {tally.offered} arrivals"
            return f"{share} found no free slot: load.in_flight is the limit"
        return "nothing was answered" if quantile is None else None

    def surely_fails(self, spec: CapacitySpec, planned: float) -> bool:
        """Whether it fails even if of so many planned arrivals all that are missing go well."""
        tally = self.tally
        throttled = tally.outcomes[Outcome.THROTTLED]
        return (
            self._is_late(spec, planned)
            or throttled > spec.throttle_rate * planned
            or tally.failed - throttled > spec.error_rate * planned
        )

    def says_as_much(self, spec: CapacitySpec, planned: float) -> bool:
        """Whether ending it here makes its share of late answers neither larger nor smaller.

        Late answers come in bursts, and to end a step within the burst that decided it would leave
        the rest out. So either no burst is on, or so many are late that nobody asks how many.
        """
        if self.blocks is None or not self._is_late(spec, planned):
            return True  # it fails by something else
        if self.late > ALWAYS_LATE * planned:
            return True
        answers, late = self.blocks
        known = slice(-2 - ceil(spec.limit_ns / NS_PER_S), -1)
        is_answered = answers[known].min(initial=inf) > answers.mean() / 2
        return is_answered and not late[known].any()

    def plainly_holds(self, spec: CapacitySpec) -> bool:
        """Whether far fewer come late than may, and nothing else is wrong.

        Wald's sequential test of half the share that may be late against twice it.
        """
        if self.blocks is None or self.tally.failed or self.tally.dropped:
            return False
        if (self.blocks[0].size - 1) * NS_PER_S < PLAIN_LIMITS * spec.limit_ns:
            return False
        share = 1 - spec.q
        gain = log((1 - share / 2) / max(1 - 2 * share, share))
        answers = float(self.blocks[0].sum())
        return answers * gain - self.late * (log(4) + gain) > log(1 / PLAIN_ERROR)

    def is_by_chance(self, spec: CapacitySpec) -> bool:
        """Whether it fails by late answers alone, and by so few that chance may have made them."""
        if self.blocks is None or self._is_late(spec, float(self.blocks[0].sum())):
            return False
        in_time = None if self.quantile is None else replace(self.quantile, value_ns=0)
        return replace(self, quantile=in_time).fault(spec) is None

    def _is_late(self, spec: CapacitySpec, answers: float) -> bool:
        """Whether more are late than chance makes of so many at the share that may be."""
        expected = (1 - spec.q) * answers
        return self.late > 1 + expected + CHANCE * sqrt(expected)

    def lasted_ns(self, planned_ns: int) -> int:
        """How long it was, of so long as was planned: less if it was decided before."""
        return (
            planned_ns if self.blocks is None else min(planned_ns, self.blocks[0].size * NS_PER_S)
        )

    @property
    def late(self) -> float:
        """Answers beyond the limit, 0 where nobody knows."""
        return 0.0 if self.blocks is None else float(self.blocks[1].sum())

    def trial(self, rps: float, spec: CapacitySpec) -> Trial:
        """What it says of the capacity, at the rate that it was made at."""
        in_time = None if self.quantile is None else replace(self.quantile, value_ns=0)
        failed = replace(self, quantile=in_time).fault(spec) is not None
        if self.blocks is not None:
            return Trial(rps, *self.blocks, failed)
        answers = np.array([self.tally.finished], dtype=np.float64)
        late = self.fault(spec) is not None and not failed
        return Trial(rps, answers, answers * late, failed)
