"""The search for the highest rate that holds. Pure: results of steps in, the next step out.

The rate doubles until a step fails, or halves until one holds. From there on every step is made at
the middle of what all steps together say of the capacity (`bench.stats.knee`), or, once that is no
sharp limit, above and below it in turn. It lasts as long as a queue near its capacity needs to show
itself, and the longer the more time went there before, until that interval is narrow or all the
time is spent that there is for it. A longer hold, lower than its middle by the precision, confirms
a rate. When a hold fails, the next ones are made lower until one succeeds, and then between that
one and the middle, or the lowest rate that failed, until they are close.

A step ends before its time once it is decided: when it fails whatever is still to come, or, while
the rate grows, when it plainly holds. At the knee it does not end within the burst of late answers
that decided it.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from math import inf, sqrt

from bench.load.capacity_step import CapacityStep, StepKind, StepResult, per_s
from bench.model.profile import CapacitySpec
from bench.model.times import NS_PER_MS, NS_PER_S
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
NARROWING_LEAST = 3
"""Steps at the knee at least: an interval that is narrow at once may be so by chance."""
ABOVE, BELOW = 1.08, 1 / 1.03
"""Times the middle at which steps at a knee that is not sharp are made, in turn: how steeply late
answers rise decides how well it is known, which from one rate alone nobody can tell. An arrival
above says more than one below, where hardly any is late."""
LONGER = 1 / 3
"""Of the time spent at the knee so far a step there lasts so much, or as long as it has to: the
unmeasured beginning of each is spent for nothing, and where to try is known better and better."""
SETTLE_LIMITS = 6
"""A step at the knee settles for so many times the limit: what an empty queue takes to fill."""
HOLD_BEYOND = 10
"""Arrivals that a hold must have beyond the quantile: fewer would not make it known."""
MAX_HOLDS = 8
CLOSE = 3
"""Between a rate that a hold confirmed and the lowest that failed, or the interval's middle, how
many times the precision may lie: beyond that holds go on between both."""
SAID_PRECISE = 1.2
"""Times the precision up to which nothing is said of what more would take: holds came after."""
STEP_BEYOND = 4
"""Arrivals beyond the quantile to be expected of a step at the knee: its length follows."""
BEYOND_CHANCE = 4
"""Standard deviations by which a step's arrivals may be more than planned."""


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
        self._is_cliff = False
        """Whether that one failed as beyond a sharp limit, and not by a few late answers."""
        self._grown = (0.0, 0.0)
        """The last rate that held and the first that did not, or the other way round; 0 before."""
        self._confirmed_rps: float | None = None
        self._failed_hold_rps: float | None = None
        """The lowest rate that failed a hold."""
        self._failed_holds = 0
        self._made: Counter[StepKind] = Counter()
        self._narrowed_ns = 0
        """Spent on steps at the knee."""
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
            self._is_cliff = self._trials[-1].is_cliff
        is_first = not any(self._grown)  # up to capacity.max all may hold, until a hold does not
        if self._held_rps and self._bad_rps and (step.kind is StepKind.GROW or is_first):
            self._grown = self._held_rps, self._bad_rps
        if step.kind is StepKind.HOLD:
            self._take_hold(step.rps, fault is None)
        if step.kind is StepKind.NARROW:
            self._narrowed_ns += step.settle_ns + result.lasted_ns(step.measured_ns)
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
        return self._reach_rps(bad) <= confirmed * (1 + CLOSE * self._spec.precision)

    def _reach_rps(self, bad_rps: float) -> float:
        """Up to where holds are made: what a hold bears by luck far above is no capacity."""
        found = self.interval
        if found is None or (self._may_be_sharp and self._is_cliff):
            return bad_rps
        return min(bad_rps, found.middle_rps * (1 + self._spec.precision))

    @property
    def _may_be_sharp(self) -> bool:
        """Whether no rate that held is higher than one that failed."""
        return (self._held_rps or 0.0) < (self._bad_rps or inf)

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
            return step.kind is StepKind.GROW or so_far.says_as_much(spec, planned)
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
        if not self._may_be_sharp:
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
        words = (
            f"holds {low}, fails {high} (95 %): {limit}; {self._held_words}; {self._fault_words}"
        )
        return words + self._wanted_words(found.half_width)

    def _wanted_words(self, half_width: float) -> str:
        """What it would take to be as precise as was asked; nothing where it is."""
        wanted = self._spec.precision
        if not self._narrowed_ns or half_width <= wanted * SAID_PRECISE:
            return ""
        needed_ns = self._narrowed_ns * (half_width / wanted) ** 2
        need = f"{max(1, round(needed_ns / NS_PER_S / 60))}m"
        return f"; ±{half_width:.0%}: ±{wanted:.0%} takes about capacity.narrow = {need}"

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
            return self._make(StepKind.NARROW, min(self._narrow_rps(found), spec.max_rps))
        if self._made[StepKind.HOLD] >= MAX_HOLDS:
            return None
        return self._make(StepKind.HOLD, self._hold_rps(found))

    def _narrow_rps(self, found: Knee) -> float:
        """In the middle while the limit may be sharp, else above and below it in turn.

        While the interval reaches far up, above is half the way to its end: one rate that plainly
        fails is what is missing.
        """
        middle_rps, made = found.middle_rps, self._made[StepKind.NARROW]
        far_rps = sqrt(middle_rps * found.high_rps)
        if not self._may_be_sharp:
            return max(middle_rps * ABOVE, far_rps) if made % 2 == 0 else middle_rps * BELOW
        return middle_rps if made < NARROWING_LEAST or made % 2 == 0 else far_rps

    def _hold_rps(self, found: Knee) -> float:
        """Where to hold: below the middle, below what failed, above what a hold has confirmed."""
        rps = max(found.low_rps, found.middle_rps / (1 + self._spec.precision))
        failed = self._failed_hold_rps
        if self._confirmed_rps is not None and self._bad_rps is not None:
            return sqrt(self._confirmed_rps * self._reach_rps(self._bad_rps))
        if failed is None:
            return rps
        return min(rps, failed * max(0.5, 1 - FALLBACK * self._failed_holds))

    def _is_narrow(self, found: Knee) -> bool:
        made = self._made[StepKind.NARROW]
        if made < NARROWING_LEAST:
            return False
        spent = self._narrowed_ns >= self._spec.narrow_ns
        return spent or found.half_width <= self._spec.precision

    def _longer_ns(self, kind: StepKind) -> int:
        """What a step at the knee lasts for the time spent there: no more than is still needed."""
        found = self.interval
        if kind is StepKind.HOLD or found is None:
            return 0
        needed = (found.half_width / self._spec.precision) ** 2 - 1
        return round(min(LONGER, max(0.0, needed)) * self._narrowed_ns)

    def _make(self, kind: StepKind, rps: float) -> CapacityStep:
        spec = self._spec
        self._made[kind] += 1
        settle_ns, measured_ns = spec.settle_ns, spec.step_ns
        if kind is not StepKind.GROW:
            settle_ns = max(settle_ns, SETTLE_LIMITS * spec.limit_ns)
            measured_ns = max(spec.knee_step_ns, self._longer_ns(kind))
            beyond = HOLD_BEYOND if kind is StepKind.HOLD else STEP_BEYOND
            beyond_ns = round(beyond / (1 - spec.q) / rps * NS_PER_S)
            measured_ns = min(max(measured_ns, beyond_ns), spec.longest_hold_ns)
        if kind is StepKind.HOLD:
            measured_ns = max(spec.hold_ns, measured_ns)
        self._step = CapacityStep(self._made.total(), kind, rps, settle_ns, measured_ns)
        return self._step
