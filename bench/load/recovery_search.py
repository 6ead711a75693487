"""The search for the highest rate that still recovers from a disturbance. Pure, as its sibling.

A rate that holds may not come back by itself once it was disturbed: retries of what failed
meanwhile keep the target as busy as the disturbance has made it (a metastable failure: Bronson et
al., HotOS 2021). So each trial brings the load up, disturbs it, waits for as long as recovering may
take, and then asks of a step what the search for capacity asks: does it hold? The first trial is
made at the rate that was confirmed to hold; from there on each one where the limit may lie above as
well as below, by all trials (`bench.stats.recoverable`), until that is known or enough were made.
"""

from __future__ import annotations

from math import sqrt

from bench.load.capacity_search import BEYOND_CHANCE, STEP_BEYOND
from bench.load.capacity_step import CapacityStep, StepKind, StepResult, per_s
from bench.model.profile import CapacitySpec
from bench.model.search_disturbance import SearchDisturbance
from bench.model.times import NS_PER_S
from bench.stats.recoverable import RateInterval, RecoveryTrial, recoverable

LOWEST, HIGHEST = 1 / 10, 1.5
"""Where the limit may lie, as shares of the rate that holds: beyond it, every rate that holds
recovers."""
MOST_TRIALS, LEAST_TRIALS = 10, 4
"""As long as it takes, and with fewer an interval is narrow by chance."""
ALWAYS = 2
"""Trials at the rate that holds which recover, with none that does not: it recovers there."""


class RecoverySearch:
    """The search for one variant, after that for its capacity."""

    def __init__(self, spec: CapacitySpec, steady_rps: float, made: int) -> None:
        """steady_rps: the rate that holds, at which no trial is exceeded. made: steps so far."""
        assert spec.recovers_from is not None
        self._spec = spec
        self._from: SearchDisturbance = spec.recovers_from
        self._steady_rps = steady_rps
        self._number = made
        self._trials: list[RecoveryTrial] = []
        self._fault = ""
        self._step: CapacityStep | None = None

    def first(self) -> CapacityStep:
        """The trial to begin with."""
        return self._make(self._steady_rps)

    def next(self, result: StepResult) -> CapacityStep | None:
        """Take what the last trial has shown in; the next one, or None at the end."""
        assert self._step is not None
        fault = self.fault(result)
        self._trials.append(RecoveryTrial(self._step.rps, fault is None))
        if fault is not None:
            self._fault = fault
        if self._is_over:
            return None
        return self._make(min(self._found.middle_rps, self._steady_rps))

    def fault(self, result: StepResult) -> str | None:
        """Why it has not recovered, None if it has: few late answers are none of its doing."""
        return None if result.is_by_chance(self._spec) else result.fault(self._spec)

    def is_decided(self, so_far: StepResult) -> bool:
        """Whether the step behind the disturbance fails whatever is to come, or plainly holds."""
        assert self._step is not None
        planned = self._step.rps * self._step.measured_ns / NS_PER_S
        return so_far.plainly_holds(self._spec) or so_far.surely_fails(
            self._spec, planned + BEYOND_CHANCE * sqrt(planned)
        )

    @property
    def interval(self) -> RateInterval | None:
        """Between which rates the limit lies, none above the one that holds; None before any."""
        if not self._trials:
            return None
        found, top = self._found, self._steady_rps
        ends = (found.low_rps, found.middle_rps, found.high_rps)
        return RateInterval(*(min(rps, top) for rps in ends))

    @property
    def always(self) -> bool:
        """Whether every trial at the rate that holds has recovered, and there were enough."""
        tops = [trial for trial in self._trials if trial.rps >= self._steady_rps]
        return len(tops) >= ALWAYS and all(trial.recovered for trial in self._trials)

    @property
    def answer(self) -> str:
        """`after a stall of 5 s 45/s recovers, 52/s does not (95 %)`; of what is known so far."""
        found, after = self.interval, f"after {self._from.words}"
        if found is None:
            return f"{after} no rate was tried"
        if self.always:
            least = f"95 %: {per_s(found.low_rps)} at least"
            return f"{after} {per_s(self._steady_rps)} recovers too ({least})"
        if not any(trial.recovered for trial in self._trials):
            return f"{after} no rate was found that recovers ({self._fault})"
        ends = per_s(found.low_rps), per_s(found.high_rps)
        return f"{after} {ends[0]} recovers, {ends[1]} does not (95 %; {self._fault})"

    @property
    def _found(self) -> RateInterval:
        within = self._steady_rps * LOWEST, self._steady_rps * HIGHEST
        return recoverable(self._trials, within)

    @property
    def _is_over(self) -> bool:
        made = len(self._trials)
        if self.always or made >= MOST_TRIALS:
            return True
        is_narrow = self._found.half_width <= self._spec.precision
        return is_narrow and made >= LEAST_TRIALS

    def _make(self, rps: float) -> CapacityStep:
        spec = self._spec
        self._number += 1
        beyond_ns = round(STEP_BEYOND / (1 - spec.q) / rps * NS_PER_S)
        self._step = CapacityStep(
            number=self._number,
            kind=StepKind.RECOVER,
            rps=rps,
            settle_ns=spec.settle_ns,
            measured_ns=max(spec.step_ns, min(beyond_ns, spec.longest_hold_ns)),
            disturbance=self._from,
            recover_ns=spec.within_ns,
        )
        return self._step
