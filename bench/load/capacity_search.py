"""The search for the highest rate that holds. Pure: results of steps in, the next step out.

The rate doubles until a step fails, or halves until one holds. From there on every step is made at
the middle of what all steps together say of the capacity (`bench.stats.knee`), and lasts as long as
a queue near its capacity needs to show itself, until that interval is narrow or enough steps were
made. A longer hold, lower than its middle by the precision, confirms a rate. When a hold fails, the
next ones are made lower until one succeeds, and then between that one and the lowest rate that
failed until they are close.

A step ends before its time once it is decided: when it fails whatever is still to come, or, while
the rate grows, when it plainly holds.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from enum import StrEnum
from math import log, sqrt

import numpy as np

from bench.model.outcome import Outcome
from bench.model.profile import CapacitySpec
from bench.model.result import Quantile, Tally
from bench.model.search_disturbance import SearchDisturbance
from bench.model.times import NS_PER_MS, NS_PER_S
from bench.stats.blocks import Reals
from bench.stats.knee import Knee, Trial, knee

GROWTH = 2.0
BEYOND = 2.5
"""By what factor the capacity may lie beyond the rates of two steps, of which one held."""
FALLBACK = 0.1
"""Below a rate that failed its hold, the next one is lower by this share, the one after by twice
as much, and so on."""
FEWEST = 3
"""Arrivals to be expected in a step: with fewer there is nothing to judge."""
MAX_STEPS = 60
NARROWING = 6
"""Steps at the knee, at most …"""
NARROWING_LEAST = 3
"""… and at least: an interval that is narrow at once may be so by chance."""
SETTLE_LIMITS = 6
"""A step at the knee settles for so many times the limit: what an empty queue takes to fill."""
HOLD_BEYOND = 10
"""Arrivals that a hold must have beyond the quantile: fewer would not make it known."""
MAX_HOLDS = 8
CLOSE = 3
"""Between a rate that a hold confirmed and the lowest that failed, how many times the precision may
lie: beyond that holds go on at the middle of both."""
STEP_BEYOND = 4
"""Arrivals beyond the quantile to be expected of a step at the knee: its length follows."""
CHANCE = 2
"""Standard deviations by which late answers may be more than expected: one slow answer of fifty
says nothing of p99."""
BEYOND_CHANCE = 4
"""Standard deviations by which a step's arrivals may be more than planned."""
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


class CapacitySearch:
    """The search for one variant: which rate to try next, and when it is over."""

    def __init__(self, spec: CapacitySpec) -> None:
        self._spec = spec
        self._trials: list[Trial] = []
        self._held_rps: float | None = None
        """The highest rate that a step bore."""
        self._bad_rps: float | None = None
        """The lowest rate that a step did not bear."""
        self._fault = ""
        self._grown = (0.0, 0.0)
        """The last rate that held and the first that did not, or the other way round."""
        self._confirmed_rps: float | None = None
        self._failed_hold_rps: float | None = None
        """The lowest rate that failed a hold."""
        self._failed_holds = 0
        self._made: Counter[StepKind] = Counter()
        self._step: CapacityStep | None = None

    def first(self) -> CapacityStep:
        """The step to begin with."""
        return self._make(StepKind.GROW, self._spec.start_rps)

    def next(self, result: StepResult) -> CapacityStep | None:
        """Take the result of the last step in; the next step, or None at the end of the search."""
        step = self._step
        assert step is not None
        fault = self.fault(result)
        self._trials.append(result.trial(step.rps, self._spec))
        if fault is None:
            self._held_rps = max(step.rps, self._held_rps or 0.0)
        elif self._bad_rps is None or step.rps <= self._bad_rps:
            self._bad_rps, self._fault = step.rps, fault
        if step.kind is StepKind.GROW and self._held_rps and self._bad_rps:
            self._grown = self._held_rps, self._bad_rps
        if step.kind is StepKind.HOLD:
            self._take_hold(step.rps, fault is None)
        return None if self._is_over else self._choose()

    def _take_hold(self, rps: float, is_good: bool) -> None:
        if is_good:
            self._confirmed_rps = max(rps, self._confirmed_rps or 0.0)
        else:
            self._failed_hold_rps = min(rps, self._failed_hold_rps or rps)
            self._failed_holds += 1

    @property
    def _is_over(self) -> bool:
        if self._made.total() >= MAX_STEPS:
            return True
        confirmed, bad = self._confirmed_rps, self._bad_rps
        if confirmed is None:
            return False
        if bad is None or self._made[StepKind.HOLD] >= MAX_HOLDS:
            return True
        return bad <= confirmed * (1 + CLOSE * self._spec.precision)

    def fault(self, result: StepResult) -> str | None:
        """Why the step that is on does not hold, None if it does or may while the rate grows."""
        grows = self._step is not None and self._step.kind is StepKind.GROW
        by_chance = grows and result.is_by_chance(self._spec)
        return None if by_chance else result.fault(self._spec)

    def is_decided(self, so_far: StepResult) -> bool:
        """Whether the step that is on fails whatever is to come, or plainly holds already."""
        step, spec = self._step, self._spec
        assert step is not None
        planned = step.rps * step.measured_ns / NS_PER_S
        if so_far.surely_fails(spec, planned + BEYOND_CHANCE * sqrt(planned)):
            return True
        return step.kind is StepKind.GROW and so_far.plainly_holds(spec)

    @property
    def confirmed_rps(self) -> float | None:
        """The highest rate that a hold has confirmed, None before one has."""
        return self._confirmed_rps

    @property
    def interval(self) -> Knee | None:
        """Between which rates the capacity lies, by all steps; None while one side is open."""
        if self._held_rps is None or self._bad_rps is None:
            return None
        spec = self._spec
        found = knee(self._trials, 1 - spec.q, spec.limit_ns / NS_PER_S, self._range)
        if self._held_rps >= self._bad_rps:
            return found
        # Nothing that was tried contradicts a sharp limit, which may lie anywhere between the two.
        low, high = min(found.low_rps, self._held_rps), max(found.high_rps, self._bad_rps)
        return replace(found, low_rps=low, high_rps=high)

    @property
    def _range(self) -> tuple[float, float]:
        """Rates that the capacity surely lies between, by the steps that grew."""
        low, high = self._grown
        return low / BEYOND, high * BEYOND

    @property
    def answer(self) -> str:
        """`holds 148/s, fails 157/s (95 %): p99 < 300 ms; …`; of what is known so far."""
        spec = self._spec
        limit = f"p{spec.q * 100:g} < {spec.limit_ns / NS_PER_MS:g} ms"
        found = self.interval
        if found is None:
            return self._one_sided(limit)
        low, high = per_s(found.low_rps), per_s(found.high_rps)
        return f"holds {low}, fails {high} (95 %): {limit}; {self._held_words}; {self._fault_words}"

    @property
    def _held_words(self) -> str:
        if self._confirmed_rps is not None:
            return f"{per_s(self._confirmed_rps)} held for long"
        return f"{per_s(self._held_rps or 0.0)} held in a step, but no hold confirms a rate"

    @property
    def _fault_words(self) -> str:
        assert self._bad_rps is not None
        return f"{per_s(self._bad_rps)} did not ({self._fault})"

    def _one_sided(self, limit: str) -> str:
        if self._held_rps is None:
            words = f"no rate was found that holds {limit}"
            return words if self._bad_rps is None else f"{words}; {self._fault_words}"
        if self._confirmed_rps is None:
            return f"{limit}: {self._held_words}"
        return f"{per_s(self._confirmed_rps)}, the most that was to be tried, holds {limit}"

    def _choose(self) -> CapacityStep | None:
        spec, found = self._spec, self.interval
        if self._held_rps is None:
            lower = (self._bad_rps or spec.start_rps) / GROWTH
            enough = lower * spec.step_ns >= FEWEST * NS_PER_S
            return self._make(StepKind.GROW, lower) if enough else None
        if found is None:
            if self._held_rps >= spec.max_rps:
                return self._make(StepKind.HOLD, spec.max_rps)
            return self._make(StepKind.GROW, min(self._held_rps * GROWTH, spec.max_rps))
        if not self._is_narrow(found):
            return self._make(StepKind.NARROW, min(found.middle_rps, spec.max_rps))
        if self._made[StepKind.HOLD] >= MAX_HOLDS:
            return None
        return self._make(StepKind.HOLD, self._hold_rps(found))

    def _hold_rps(self, found: Knee) -> float:
        """Where to hold: below the middle, below what failed, above what a hold has confirmed."""
        rps = max(found.low_rps, found.middle_rps / (1 + self._spec.precision))
        failed = self._failed_hold_rps
        if self._confirmed_rps is not None and self._bad_rps is not None:
            return sqrt(self._confirmed_rps * self._bad_rps)
        if failed is None:
            return rps
        return min(rps, failed * max(0.5, 1 - FALLBACK * self._failed_holds))

    def _is_narrow(self, found: Knee) -> bool:
        made = self._made[StepKind.NARROW]
        if made < NARROWING_LEAST:
            return False
        return made >= NARROWING or found.half_width <= self._spec.precision

    def _make(self, kind: StepKind, rps: float) -> CapacityStep:
        spec = self._spec
        self._made[kind] += 1
        settle_ns, measured_ns = spec.settle_ns, spec.step_ns
        if kind is not StepKind.GROW:
            settle_ns = max(settle_ns, SETTLE_LIMITS * spec.limit_ns)
            measured_ns = spec.knee_step_ns
            beyond = HOLD_BEYOND if kind is StepKind.HOLD else STEP_BEYOND
            beyond_ns = round(beyond / (1 - spec.q) / rps * NS_PER_S)
            measured_ns = max(measured_ns, min(beyond_ns, spec.longest_hold_ns))
        if kind is StepKind.HOLD:
            measured_ns = max(spec.hold_ns, measured_ns)
        self._step = CapacityStep(self._made.total(), kind, rps, settle_ns, measured_ns)
        return self._step
