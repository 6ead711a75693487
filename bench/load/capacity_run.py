"""Carries a capacity search out: steps into segments, rows into results, one variant at a time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from bench.load.capacity_search import CapacitySearch, CapacityStep, StepResult, per_s
from bench.model.load import Segment
from bench.model.outcome import Outcome
from bench.model.profile import CapacitySpec, Phase
from bench.model.result import CapacityAnswer
from bench.model.times import NS_PER_S
from bench.record.row_layout import COUNT_FIELDS, FLAG_FINAL, ROW_FIELDS

_ROW_TYPE = np.dtype(list(ROW_FIELDS))
_COUNT_TYPE = np.dtype(list(COUNT_FIELDS))
SETTLE_AFTER_NS = 30 * NS_PER_S
"""How long after its end a step's own answers are waited for, beside the limit itself. A step
beyond the capacity leaves a queue at the target, and the next one must not find it there."""


class CapacityRun:
    """The searches of a run. Segments are numbered on, phases too: each has its own description."""

    def __init__(self, spec: CapacitySpec, variants: Sequence[str]) -> None:
        """variants: their names, in the order of the profile."""
        self._spec = spec
        self._variants = variants
        self._variant = 0
        self._search = CapacitySearch(spec)
        self._step = self._search.first()
        self._index = 0
        self._responses: list[Any] = []
        self._outcomes = np.zeros(len(Outcome), dtype=np.int64)
        self._offered = self._dropped = 0
        self._measured: Segment | None = None
        self._made: list[tuple[Segment, Phase]] = []

    def begin(self, at_ns: int) -> list[tuple[Segment, Phase]]:
        """The current step as segments, from at_ns on: one to settle, one that is measured."""
        step = self._step
        self._responses.clear()
        self._outcomes[:] = 0
        self._offered = self._dropped = 0
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

    def add_rows(self, payload: bytes) -> None:
        """Keep what the measured part of the step needs of these rows."""
        rows = np.frombuffer(payload, dtype=_ROW_TYPE)
        mine = rows[(rows["segment"] == self._own) & (rows["flags"] & FLAG_FINAL > 0)]
        self._outcomes += np.bincount(mine["outcome"], minlength=len(Outcome))
        self._responses.append(mine["last_ns"] - mine["intended_ns"])

    def add_counts(self, payload: bytes) -> None:
        """Likewise, of arrivals offered and dropped."""
        counts = np.frombuffer(payload, dtype=_COUNT_TYPE)
        mine = counts[counts["segment"] == self._own]
        self._offered += int(mine["offered"].sum())
        self._dropped += int(mine["dropped"].sum())

    def is_over(self, now_ns: int) -> bool:
        """True once the step has ended and its answers are in, or will count as missing."""
        if self._measured is None or now_ns < self._measured.end_ns + NS_PER_S // 2:
            return False
        complete = self._offered == int(self._outcomes.sum()) + self._dropped
        return complete or now_ns > self._measured.end_ns + self._spec.limit_ns + SETTLE_AFTER_NS

    @property
    def has_ended(self) -> bool:
        """True once every variant has its answer."""
        return self._variant >= len(self._variants)

    def conclude(self) -> tuple[str, CapacityAnswer | None]:
        """End the step: what it showed in words, and the answer if it was the variant's last."""
        result = self._result()
        fault = result.fault(self._spec)
        words = f"{per_s(self._step.rps)} {'holds' if fault is None else f'does not hold: {fault}'}"
        step = self._search.next(result)
        self._measured = None
        if step is not None:
            self._step = step
            return words, None
        answer = self._answer()
        self._variant += 1
        if not self.has_ended:
            self._search = CapacitySearch(self._spec)
            self._step = self._search.first()
        return words, answer

    def _answer(self, before: str = "") -> CapacityAnswer:
        search = self._search
        return CapacityAnswer(
            self._variants[self._variant], search.confirmed_rps, before + search.answer
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

    @property
    def _own(self) -> int:
        return -1 if self._measured is None else self._measured.index

    def _result(self) -> StepResult:
        responses = np.sort(np.concatenate(self._responses)) if self._responses else np.empty(0)
        rank = max(0, int(np.ceil(self._spec.q * responses.size)) - 1)
        finished = int(self._outcomes.sum())
        return StepResult(
            offered=self._offered,
            finished=finished,
            failed=finished - int(self._outcomes[Outcome.OK]),
            throttled=int(self._outcomes[Outcome.THROTTLED]),
            dropped=self._dropped,
            quantile_ns=int(responses[rank]) if responses.size else None,
        )

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
            duration_ns=duration_ns,
            start_rps=step.rps,
            end_rps=step.rps,
        )
        return segment, Phase(name, duration_ns, step.rps, step.rps, measured)
