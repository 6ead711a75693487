"""The search for the highest rate that holds. Pure: results of steps in, the next step out.

The rate doubles until a step fails, or halves until one holds; then bisection (on the logarithm)
narrows the gap between the highest good and the lowest bad rate, then a longer hold at the good one
confirms it. When a hold fails, short steps have proved too kind: the search goes on below it, with
holds alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from math import sqrt

from bench.model.outcome import Outcome
from bench.model.profile import CapacitySpec
from bench.model.result import Quantile, Tally
from bench.model.times import NS_PER_MS, NS_PER_S

GROWTH = 2.0
FALLBACK = 0.8
"""Below a rate that failed its hold, the next try is at this share of it."""
FEWEST = 3
"""Arrivals to be expected in a step: with fewer there is nothing to judge."""
MAX_STEPS = 60


def per_s(rps: float) -> str:
    """A rate in words: four digits, never an exponent."""
    return f"{rps:.0f}/s" if rps >= 1000 else f"{rps:.4g}/s"


class StepKind(StrEnum):
    """Why a step is made."""

    GROW = "grow"
    BISECT = "bisect"
    HOLD = "hold"


@dataclass(frozen=True, slots=True)
class CapacityStep:
    """A rate to try, measured for measured_ns after settle_ns that are not; numbered from 1."""

    number: int
    kind: StepKind
    rps: float
    settle_ns: int
    measured_ns: int


@dataclass(frozen=True, slots=True)
class StepResult:
    """What a step's own invocations showed: the counts, and the quantile that the search is about.

    quantile is None if none was answered; what timed out counts as its lower bound.
    """

    tally: Tally
    quantile: Quantile | None

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


class CapacitySearch:
    """The search for one variant: which rate to try next, and when it is over."""

    def __init__(self, spec: CapacitySpec) -> None:
        self._spec = spec
        self._good_rps: float | None = None
        self._bad_rps: float | None = None
        self._confirmed = False
        self._only_holds = False
        self._fault = ""
        self._steps = 0
        self._step: CapacityStep | None = None

    def first(self) -> CapacityStep:
        """The step to begin with."""
        return self._make(StepKind.GROW, self._spec.start_rps)

    def next(self, result: StepResult) -> CapacityStep | None:
        """Take the result of the last step in; the next step, or None at the end of the search."""
        step = self._step
        assert step is not None
        fault = result.fault(self._spec)
        if fault is None:
            self._good_rps = step.rps
            self._confirmed = step.kind is StepKind.HOLD
        else:
            self._bad_rps, self._fault = step.rps, fault
            if step.kind is StepKind.HOLD and not self._only_holds:
                self._only_holds, self._good_rps = True, None
        if self._steps >= MAX_STEPS or (self._confirmed and self._is_narrow()):
            return None
        return self._choose()

    @property
    def confirmed_rps(self) -> float | None:
        """The highest rate that is known to hold, None before a hold has confirmed one."""
        return self._good_rps if self._confirmed else None

    @property
    def answer(self) -> str:
        """`412/s holds p99 < 300 ms; 440/s does not (p99 351.2 ms)`; of what is known so far."""
        spec = self._spec
        limit = f"p{spec.q * 100:g} < {spec.limit_ns / NS_PER_MS:g} ms"
        words = (
            [] if self._bad_rps is None else [f"{per_s(self._bad_rps)} does not ({self._fault})"]
        )
        if self._good_rps is None:
            words.insert(0, f"no rate was found that holds {limit}")
        elif not self._confirmed:
            words.insert(
                0, f"{per_s(self._good_rps)} held {limit} in a step, but no hold confirms it"
            )
        elif self._bad_rps is None:
            words = [f"{per_s(self._good_rps)}, the most that was to be tried, holds {limit}"]
        else:
            words.insert(0, f"{per_s(self._good_rps)} holds {limit}")
        return "; ".join(words)

    def _choose(self) -> CapacityStep | None:
        spec, good, bad = self._spec, self._good_rps, self._bad_rps
        if good is None:
            lower = (bad or spec.start_rps) * (FALLBACK if self._only_holds else 1 / GROWTH)
            enough = lower * spec.step_ns >= FEWEST * NS_PER_S
            return self._make(StepKind.GROW, lower) if enough else None
        if bad is None:
            if good >= spec.max_rps:
                return self._make(StepKind.HOLD, good)
            return self._make(StepKind.GROW, min(good * GROWTH, spec.max_rps))
        if self._is_narrow():
            return self._make(StepKind.HOLD, good)
        return self._make(StepKind.BISECT, sqrt(good * bad))

    def _is_narrow(self) -> bool:
        if self._good_rps is None:
            return False
        if self._bad_rps is None:
            return self._good_rps >= self._spec.max_rps
        return self._bad_rps <= self._good_rps * (1 + self._spec.precision)

    def _make(self, kind: StepKind, rps: float) -> CapacityStep:
        spec = self._spec
        self._steps += 1
        if self._only_holds:
            kind = StepKind.HOLD
        measured_ns = spec.hold_ns if kind is StepKind.HOLD else spec.step_ns
        self._step = CapacityStep(self._steps, kind, rps, spec.settle_ns, measured_ns)
        return self._step
