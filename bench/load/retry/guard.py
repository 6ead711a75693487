"""What stands between a variant and its target: a retry budget, a circuit breaker, or nothing.

What a hedge waits for is learnt here too, from the ends of attempts.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from bench.load.retry.breaker import Breaker
from bench.load.retry.budget import Budget, budget_of
from bench.load.retry.hedge import HedgeDelay
from bench.model.outcome import Outcome
from bench.model.retry import BreakerSpec, RetrySpec

_TELLING = (Outcome.OK, Outcome.TIMEOUT)
"""Ends of attempts that tell how long an answer takes: who refuses is quick."""


class EndedAttempt(Protocol):
    """An attempt that has ended. sent_ns is below 0 for one that was never sent."""

    sent_ns: int
    last_ns: int
    paid: int


class Guard:
    """Of one variant in one worker. Instants are the clock's, as those of exchanges are."""

    def __init__(
        self,
        budget: Budget | None,
        breaker: Breaker | None,
        hedge_delay: HedgeDelay | None = None,
    ) -> None:
        self._budget = budget
        self._breaker = breaker
        self.hedge_delay = hedge_delay

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
        """An attempt has ended so, and an invocation with it if it was good."""
        if self._breaker is not None:
            self._breaker.ended(outcome, attempt.sent_ns, attempt.last_ns)
        if self._budget is not None and outcome is Outcome.OK:
            self._budget.succeeded(attempt.paid)
        if self.hedge_delay is not None:
            _learn(self.hedge_delay, attempt, outcome)

    def spent(self, attempt: EndedAttempt, outcome: Outcome) -> None:
        """An attempt has ended so, of an invocation that has ended before."""
        if self._breaker is not None:
            self._breaker.ended(outcome, attempt.sent_ns, attempt.last_ns)
        if self.hedge_delay is not None:
            _learn(self.hedge_delay, attempt, outcome)

    def hedge(self, t_ns: int) -> int | None:
        """What a hedge costs the budget now; None: it may not be sent.

        It costs what a retry after a timeout does, whose place it takes. A breaker lets none
        through unless it is closed: what it lets through while half-open is counted.
        """
        if not self.is_closed:
            return None
        return 0 if self._budget is None else self._budget.try_spend(Outcome.TIMEOUT, t_ns)

    def retry(self, outcome: Outcome, t_ns: int, due_ns: int) -> int | None:
        """What the retry that is due costs the budget, 0 without one; None: it may not be sent."""
        if self._breaker is not None and self._breaker.blocks(due_ns):
            return None
        return 0 if self._budget is None else self._budget.try_spend(outcome, t_ns)


def _learn(delay: HedgeDelay, attempt: EndedAttempt, outcome: Outcome) -> None:
    if attempt.sent_ns >= 0 and outcome in _TELLING:
        delay.took(attempt.last_ns - attempt.sent_ns)


def guards(
    retries: Sequence[RetrySpec], breakers: Sequence[BreakerSpec | None], workers: int
) -> tuple[Guard, ...]:
    """One for each variant, by their policies; none at all where there is nothing to guard."""
    budgets = [budget_of(retry, workers) for retry in retries]
    delays = [None if retry.hedge is None else HedgeDelay(retry.hedge) for retry in retries]
    if not any(breakers) and not any(budgets) and not any(delays):
        return ()
    return tuple(
        Guard(budget, None if breaker is None else Breaker(breaker), delay)
        for budget, breaker, delay in zip(budgets, breakers, delays, strict=True)
    )
