"""What stands between a variant and its target: a retry budget, a circuit breaker, or nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from bench.load.retry.breaker import Breaker
from bench.load.retry.budget import Budget, budget_of
from bench.model.outcome import Outcome
from bench.model.retry import BreakerSpec, RetrySpec


class EndedAttempt(Protocol):
    """An attempt that has ended. sent_ns is below 0 for one that was never sent."""

    sent_ns: int
    last_ns: int
    paid: int


class Guard:
    """Of one variant in one worker. Instants are the clock's, as those of exchanges are."""

    def __init__(self, budget: Budget | None, breaker: Breaker | None) -> None:
        self._budget = budget
        self._breaker = breaker

    @property
    def is_closed(self) -> bool:
        """True while the breaker, if there is one, lets everything through."""
        return self._breaker is None or self._breaker.is_closed

    def admits(self, t_ns: int) -> bool:
        """Whether an invocation may begin; if so, it does."""
        if self._breaker is not None and not self._breaker.admits(t_ns):
            return False
        if self._budget is not None:
            self._budget.invoked(t_ns)
        return True

    def ended(self, attempt: EndedAttempt, outcome: Outcome) -> None:
        """An attempt has ended so."""
        if self._breaker is not None:
            self._breaker.ended(outcome, attempt.sent_ns, attempt.last_ns)
        if self._budget is not None and outcome is Outcome.OK:
            self._budget.succeeded(attempt.paid)

    def retry(self, outcome: Outcome, t_ns: int, due_ns: int) -> int | None:
        """What the retry that is due costs the budget, 0 without one; None: it may not be sent."""
        if self._breaker is not None and self._breaker.blocks(due_ns):
            return None
        return 0 if self._budget is None else self._budget.try_spend(outcome, t_ns)


def guards(
    retries: Sequence[RetrySpec], breakers: Sequence[BreakerSpec | None], workers: int
) -> tuple[Guard, ...]:
    """One for each variant, by their policies; none at all where there is nothing to guard."""
    budgets = [budget_of(retry, workers) for retry in retries]
    if not any(breakers) and not any(budgets):
        return ()
    return tuple(
        Guard(budget, None if breaker is None else Breaker(breaker))
        for budget, breaker in zip(budgets, breakers, strict=True)
    )
