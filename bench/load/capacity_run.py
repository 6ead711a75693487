"""Carries a capacity search out: steps into segments, one variant at a time.

What a step showed is what the aggregate has of its segment: the same counts, the same rank and the
same lower bounds as in every file and view.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bench.load.capacity_search import CapacitySearch, CapacityStep, StepResult, per_s
from bench.load.live_plan import end_at
from bench.model.load import Segment
from bench.model.profile import CapacitySpec, Phase
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

    def __init__(self, spec: CapacitySpec, variants: Sequence[str], aggregate: Aggregate) -> None:
        """variants: their names, in the order of the profile. aggregate: knows every segment."""
        self._spec = spec
        self._variants = variants
        self._variant = 0
        self._search = CapacitySearch(spec)
        self._step = self._search.first()
        self._index = 0
        self._aggregate = aggregate
        self._measured: Segment | None = None
        self._asked_ns = 0
        self._made: list[tuple[Segment, Phase]] = []

    def begin(self, at_ns: int) -> list[tuple[Segment, Phase]]:
        """The current step as segments, from at_ns on: one to settle, one that is measured."""
        step = self._step
        made = []
        if step.settle_ns:
            made.append(self._segment(step, at_ns, step.settle_ns, measured=False))
        made.append(self._segment(step, at_ns + step.settle_ns, step.measured_ns, measured=True))
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
        complete = not self._tally().in_flight
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
        words = f"{per_s(self._step.rps)} {'holds' if fault is None else f'does not hold: {fault}'}"
        if fault is not None and self._search.fault(result) is None:
            words += BY_CHANCE
        fields = {
            "variant": self._variants[self._variant],
            "step": self._step.number,
            "tried": self._step.kind.value,
            "rate_rps": self._step.rps,
            "fault": fault or "",
        }
        step = self._search.next(result)
        self._measured = None
        if step is not None:
            self._step = step
            return words, fields, None
        answer = self._answer()
        self._variant += 1
        if not self.has_ended:
            self._search = CapacitySearch(self._spec)
            self._step = self._search.first()
        return words, fields, answer

    def _answer(self, before: str = "") -> CapacityAnswer:
        search = self._search
        found = search.interval
        return CapacityAnswer(
            self._variants[self._variant],
            search.confirmed_rps,
            before + search.answer,
            None if found is None else found.low_rps,
            None if found is None else found.high_rps,
        )

    def early_answers(self) -> list[CapacityAnswer]:
        """Of each variant that has no answer yet, as far as its search came."""
        if self.has_ended:
            return []
        early = "the search was ended early: "
        untried = self._variants[self._variant + 1 :]
        return [
            self._answer(early),
            *(CapacityAnswer(name, None, f"{early}no rate was tried") for name in untried),
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
        self, step: CapacityStep, start_ns: int, duration_ns: int, *, measured: bool
    ) -> tuple[Segment, Phase]:
        index = self._index
        self._index += 1
        kind = step.kind.value if measured else "settle"
        name = f"step {step.number}: {kind} {per_s(step.rps)}"
        segment = Segment(
            index=index,
            round=0,
            phase=index,
            variants=(self._variant,),
            start_ns=start_ns,
            shape=constant_rate(step.rps, duration_ns),
        )
        return segment, Phase(name, segment.shape, measured)
