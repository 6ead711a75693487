"""An invocation with a deadline, or with a second attempt beside its first one: a hedge.

Of a pair each is a Call of its own. The first good answer makes its call the invocation's, in a
closed loop the caller too; the other goes on to its end, is read and thrown away: its connection
stays good, and what it cost is known. A failure leaves the invocation to the other.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bench.load.call import Call
from bench.load.pacer import NEVER_DUE
from bench.model.outcome import Answer, Outcome
from bench.record.row_layout import FLAG_DEADLINE, FLAG_SPENT

if TYPE_CHECKING:
    from bench.load.engine import Engine

_OK = Outcome.OK


class WatchedCall(Call):
    """A Call that its variant's Watch keeps an eye on."""

    __slots__ = ("due_ns", "is_hedged", "is_spent", "other", "watch")

    other: WatchedCall | None
    """The one beside it, while both are under way."""
    is_hedged: bool
    is_spent: bool

    def __init__(self, engine: Engine, variant: int, caller: bool) -> None:
        super().__init__(engine, variant, caller)
        self.watch = engine.watches[variant]
        self.begin(NEVER_DUE)

    def begin(self, due_ns: int) -> None:
        """Make ready for an invocation, which is to end before an instant of the run."""
        self.due_ns = due_ns
        self.other = None
        self.is_hedged = self.is_spent = False

    def beside(self) -> WatchedCall:
        """A second attempt of the same invocation, each knowing the other."""
        twin = WatchedCall(self.engine, self.variant, self.caller)
        twin.intended_ns, twin.segment, twin.due_ns = self.intended_ns, self.segment, self.due_ns
        twin.start_ns, twin.number, twin.event, twin.payload = (
            self.start_ns,
            self.number,
            self.event,
            self.payload,
        )
        twin.waited_ns = 0
        twin.attempt = self.attempt + 1
        twin.other, self.other = self, twin
        twin.is_hedged = self.is_hedged = True
        return twin

    # -- what the policy asks

    @property
    def tries(self) -> int:
        """Attempts that count for the policy: a hedge and its first are one."""
        return max(1, self.attempt - self.is_hedged)

    def is_too_late(self, delay_ns: int) -> bool:
        """Whether an attempt after this delay would begin at the deadline or later."""
        return self.last_ns - self.engine.start_ns + delay_ns >= self.due_ns

    def ended_by_deadline(self, answer: Answer) -> Answer:
        """The same answer, which says why there is no other attempt."""
        if self.marks & FLAG_DEADLINE:
            return answer  # which says it already
        self.marks |= FLAG_DEADLINE
        said = f"no attempt after it: it would be after {self.watch.reason}"
        return replace(answer, detail=f"{answer.detail}; {said}" if answer.detail else said)

    def resume(self, when_ns: int) -> None:
        """As any call's; the attempt's number counts the hedge that was sent meanwhile."""
        if self.is_hedged and self.attempt == 1:
            self.attempt = 2
        super().resume(when_ns)

    # -- what becomes of an attempt

    def finished(self) -> None:
        """As any call's if it is alone; of a pair the first good answer ends the invocation."""
        watch, other = self.watch, self.other
        watch.ended(self)
        if self.engine.ended_ns is not None:
            return
        if other is None and not self.is_spent:
            super().finished()
            watch.tell()
            return
        answer = self._answer()
        if self.is_spent or other is None:
            self._end_spent(answer)
        elif answer.outcome is _OK:
            self.other = other.other = None
            other.is_spent = True
            super().finished()
        else:
            self.other = other.other = None
            self._end_as_failure(answer)
        watch.tell()

    def _answer(self) -> Answer:
        """As `Call.finished` finds it, which asks nobody since it is on every invocation's way."""
        if self.failure is not None:
            return Answer(self.failure, detail=self.detail)
        engine = self.engine
        answer = engine.endpoints[self.variant].classify(self.status, self.head, self.body)
        return self.checked(answer) if engine.checks and answer.outcome is _OK else answer

    def _end_spent(self, answer: Answer) -> None:
        engine = self.engine
        self.marks |= FLAG_SPENT
        engine.guards[self.variant].spent(self, answer.outcome)
        engine.record(self, answer, False)
        engine.ended_beside()

    def _end_as_failure(self, answer: Answer) -> None:
        """The other is under way still: it decides what becomes of the invocation."""
        engine = self.engine
        engine.guards[self.variant].ended(self, answer.outcome)
        engine.sample(self, answer)
        engine.record(self, answer, False)
        engine.ended_beside()
