"""One invocation on its way: what follows from the end of each of its attempts.

There is no task and no future per invocation: a Call goes out as an Exchange and comes back by
`finished`; in a closed loop it is its caller, and goes out again.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from bench.model.outcome import Answer, Outcome
from bench.wire.exchange import Exchange

if TYPE_CHECKING:
    from bench.load.engine import Engine

_OK = Outcome.OK
"""Members of an Enum are found slowly."""


class Waiting(Protocol):
    """What the engine comes back to when its time has come."""

    def resume(self, when_ns: int) -> None:
        """It is when_ns of the run, or later."""


class Call(Exchange):
    """One invocation, through all of its attempts."""

    __slots__ = (
        "attempt",
        "caller",
        "engine",
        "event",
        "intended_ns",
        "marks",
        "number",
        "paid",
        "payload",
        "segment",
        "start_ns",
        "variant",
        "waited_ns",
    )

    intended_ns: int
    start_ns: int
    """Zero of the run on the clock when the invocation began: all of its instants count from it,
    and a correction of the run's clock meanwhile is in none of its times."""
    segment: int
    number: int
    event: bytes
    waited_ns: int
    paid: int
    marks: int
    """Flags of its row beside those that its end gives it (bench.record.row_layout)."""

    def __init__(self, engine: Engine, variant: int, caller: bool) -> None:
        self.engine = engine
        self.variant = variant
        self.caller = caller
        endpoint = engine.endpoints[variant]
        self.body_limit, self.answer_limit = endpoint.body_limit, endpoint.answer_limit
        self.attempt = 0
        self.payload = 0
        """Which event of a mix it is sent with."""

    @property
    def tries(self) -> int:
        """Attempts that count for the policy."""
        return self.attempt

    def is_too_late(self, _delay_ns: int) -> bool:
        """Whether an attempt after this delay would be after a deadline: here there is none."""
        return False

    def ended_by_deadline(self, answer: Answer) -> Answer:
        """What to say of the last attempt before a deadline."""
        return answer

    def resume(self, when_ns: int) -> None:
        """It has waited: for its next attempt, or as a caller for its next invocation."""
        if self.attempt:
            self.engine.send_again(self)
        else:
            self.engine.callers.go_on(self, when_ns)

    def finished(self) -> None:
        """An attempt has ended: keep its row, then try again, go on as a caller, or be done."""
        engine = self.engine
        if engine.ended_ns is not None:
            return
        if self.failure is None:
            answer = engine.endpoints[self.variant].classify(self.status, self.head, self.body)
            if engine.checks and answer.outcome is _OK:
                answer = self.checked(answer)
        else:
            answer = Answer(self.failure, detail=self.detail)
        if engine.guards:
            engine.guards[self.variant].ended(self, answer.outcome)
        delay_ns = None if answer.outcome is _OK else engine.failed(self, answer)
        engine.record(self, answer, delay_ns is None)
        if delay_ns is not None:
            self.waited_ns = delay_ns
            engine.retry(self)
            return
        engine.in_flight -= 1
        if self.caller:
            self.attempt = 0
            if engine.think_ns:
                engine.callers.let_think(self)
            else:
                engine.callers.go_on(self, self.last_ns - engine.start_ns)
                if engine.guards:
                    engine.pump()  # it may have been told to come back later
        if engine.pacer.over and not engine.in_flight:
            engine.pump()

    def checked(self, answer: Answer) -> Answer:
        """A response that breaks the contract of its event's service is the function's error."""
        check = self.engine.checks[self.variant]
        problem = check(self.number, self.event, self.body) if check is not None else None
        if problem is None:
            return answer
        return replace(answer, outcome=Outcome.FUNCTION_ERROR, detail=problem)
