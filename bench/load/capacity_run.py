"""Carries a capacity search out: steps into segments, one variant at a time.

What a step showed is what the aggregate has of its segment: the same counts, the same rank and the
same lower bounds as in every file and view.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from bench.load.capacity_search import CapacitySearch
from bench.load.capacity_step import CapacityStep, StepKind, StepResult, per_s
from bench.load.live_plan import end_at
from bench.load.recovery_search import RecoverySearch
from bench.model.load import Segment, Turn
from bench.model.profile import CapacitySpec, Phase, Variant
from bench.model.result import CapacityAnswer, Measure, Tally
from bench.model.times import NS_PER_S
from bench.record.aggregate import Aggregate
from bench.shapes.ramp import constant_rate

SETTLE_AFTER_NS = 30 * NS_PER_S
"""How long after its end a step's own answers are waited for, beside the limit itself. A step
beyond the capacity leaves a queue at the target, and the next one must not find it there."""


BY_CHANCE = ", by too few answers to tell"
ASK_NS = NS_PER_S // 2
"""How often a step is asked whether it is decided."""


class CapacityRun:
    """The searches of a run. Segments are numbered on, phases too: each has its own description."""

    def __init__(
        self, spec: CapacitySpec, variants: Sequence[Variant], aggregate: Aggregate
    ) -> None:
        """variants: in the order of the profile. aggregate: knows every segment."""
        self._spec = spec
        self._variants = variants
        self._variant = 0
        self._steady = CapacitySearch(spec)
        self._search: CapacitySearch | RecoverySearch = self._steady
        self._step = self._search.first()
        self.strikes: Turn | None = None
        """Whom the step that has begun disturbs, and when it does, from the run's start on."""
        self._index = 0
        self._aggregate = aggregate
        self._measured: Segment | None = None
        self._asked_ns = 0
        self._made: list[tuple[Segment, Phase]] = []

    def begin(self, at_ns: int) -> list[tuple[Segment, Phase]]:
        """The current step as segments, from at_ns on: one to settle, one that is measured.

        Between the two, one that is disturbed and one to recover, where the step asks for that.
        Callers begin each step anew: what they have left of budgets is none of its rate's doing.
        """
        step = self._step
        disturbs = step.disturbance
        pieces = [("settle", step.rps, step.settle_ns)]
        self.strikes = None
        if disturbs is not None:
            if disturbs.needs_own_target:
                self.strikes = Turn(self._variants[self._variant], at_ns + step.settle_ns)
            rps = step.rps * disturbs.rate_factor
            pieces.append((disturbs.kind.value, rps, disturbs.duration_ns))
            pieces.append(("settle", step.rps, step.recover_ns))
        made = []
        for name, rps, duration_ns in pieces:
            if duration_ns:
                made.append(self._segment(name, rps, at_ns, duration_ns, measured=False))
                at_ns += duration_ns
        kind = step.kind.value
        made.append(self._segment(kind, step.rps, at_ns, step.measured_ns, measured=True))
        first, phase = made[0]
        made[0] = replace(first, renews=True), phase
        self._measured = made[-1][0]
        self._made = made
        return made

    def current(self, now_ns: int) -> tuple[Segment | None, str]:
        """The segment in force and the name of its phase."""
        for segment, phase in self._made:
            if segment.start_ns <= now_ns < segment.end_ns:
                return segment, phase.name
        return None, f"step {self._step.number}: waiting for answers"

    def is_over(self, now_ns: int) -> bool:
        """True once the step has ended and its answers are in, or will count as missing."""
        if self._measured is None or now_ns < self._measured.end_ns + NS_PER_S // 2:
            return False
        complete = not any(
            self._aggregate.segment_tally(segment.index).in_flight for segment, _ in self._made
        )
        return complete or now_ns > self._measured.end_ns + self._spec.limit_ns + SETTLE_AFTER_NS

    def cut(self, now_ns: int, at_ns: int) -> tuple[Segment, Phase] | None:
        """The measured segment up to at_ns, if what it has shown by now decides the step."""
        measured, phase = self._made[-1] if self._made else (None, None)
        if measured is None or phase is None or self._measured is None:
            return None
        if now_ns < max(measured.start_ns + ASK_NS, self._asked_ns + ASK_NS):
            return None
        self._asked_ns = now_ns
        if at_ns + ASK_NS > measured.end_ns or not self._search.is_decided(self._result()):
            return None
        self._measured = end_at(measured, at_ns)
        self._made[-1] = (self._measured, phase)
        return self._made[-1]

    @property
    def has_ended(self) -> bool:
        """True once every variant has its answer."""
        return self._variant >= len(self._variants)

    def conclude(self) -> tuple[str, dict[str, Any], CapacityAnswer | None]:
        """End the step: what it showed in words, and in fields; the answer if it was the last."""
        result = self._result()
        fault = result.fault(self._spec)
        does = "recover" if self._step.kind is StepKind.RECOVER else "hold"
        said = f"{does}s" if fault is None else f"does not {does}: {fault}"
        words = f"{per_s(self._step.rps)} {said}"
        if fault is not None and self._search.fault(result) is None:
            words += BY_CHANCE
        fields = {
            "variant": self._variants[self._variant].name,
            "step": self._step.number,
            "tried": self._step.kind.value,
            "rate_rps": self._step.rps,
            "fault": fault or "",
        }
        step = self._search.next(result) or self._then_recover()
        self._measured = None
        if step is not None:
            self._step = step
            return words, fields, None
        answer = self._answer()
        self._variant += 1
        if not self.has_ended:
            self._search = self._steady = CapacitySearch(self._spec)
            self._step = self._search.first()
        return words, fields, answer

    def _then_recover(self) -> CapacityStep | None:
        """The first trial of recovering, once it is known which rate holds; None if none is due."""
        steady_rps = self._steady.confirmed_rps
        if self._spec.recovers_from is None or steady_rps is None:
            return None
        if self._search is not self._steady:
            return None
        self._search = RecoverySearch(self._spec, steady_rps, self._step.number)
        return self._search.first()

    def _answer(self, before: str = "") -> CapacityAnswer:
        steady, found = self._steady, self._steady.interval
        recovers, text = None, steady.answer
        if isinstance(self._search, RecoverySearch):
            recovers, text = self._search.interval, f"{text}; {self._search.answer}"
        return CapacityAnswer(
            self._variants[self._variant].name,
            steady.confirmed_rps,
            before + text,
            None if found is None else found.low_rps,
            None if found is None else found.high_rps,
            None if recovers is None else recovers.low_rps,
            None if recovers is None else recovers.high_rps,
        )

    def early_answers(self) -> list[CapacityAnswer]:
        """Of each variant that has no answer yet, as far as its search came."""
        if self.has_ended:
            return []
        early = "the search was ended early: "
        untried = self._variants[self._variant + 1 :]
        return [
            self._answer(early),
            *(CapacityAnswer(one.name, None, f"{early}no rate was tried") for one in untried),
        ]

    def _tally(self) -> Tally:
        assert self._measured is not None
        return self._aggregate.segment_tally(self._measured.index)

    def _result(self) -> StepResult:
        assert self._measured is not None
        quantile = self._aggregate.segment_quantile(
            self._measured.index, Measure.RESPONSE, self._spec.q
        )
        blocks = self._aggregate.segment_blocks(
            self._measured.index, Measure.RESPONSE, self._spec.limit_ns
        )
        return StepResult(self._tally(), quantile, blocks)

    def _segment(
        self, kind: str, rps: float, start_ns: int, duration_ns: int, *, measured: bool
    ) -> tuple[Segment, Phase]:
        index = self._index
        self._index += 1
        name = f"step {self._step.number}: {kind} {per_s(rps)}"
        segment = Segment(
            index=index,
            round=0,
            phase=index,
            variants=(self._variant,),
            start_ns=start_ns,
            shape=constant_rate(rps, duration_ns),
        )
        return segment, Phase(name, segment.shape, measured)
