"""What stands between a variant and its target: a budget, a breaker, a rate limit, or nothing.

What a hedge waits for is learnt here too, from the ends of attempts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from bench.load.retry.breaker import Breaker
from bench.load.retry.budget import Budget, EndedAttempt, budget_of
from bench.load.retry.gate import SendGate
from bench.load.retry.hedge import HedgeDelay
from bench.model.outcome import Outcome
from bench.model.retry import BreakerSpec, RetrySpec

_TELLING = (Outcome.OK, Outcome.TIMEOUT)
"""Ends of attempts that tell how long an answer takes: who refuses is quick."""


class Guard:
    """Of one variant in one worker. Instants are the clock's, as those of exchanges are."""

    def __init__(
        self,
        budget: Budget | None,
        breaker: Breaker | None,
        hedge_delay: HedgeDelay | None = None,
        gate: SendGate | None = None,
    ) -> None:
        self.budget = budget
        self.gate = gate
        self._breaker = breaker
        self.hedge_delay = hedge_delay

    @property
    def is_closed(self) -> bool:
        """True while the breaker, if there is one, lets everything through."""
        return self._breaker is None or self._breaker.is_closed

    @property
    def tokens(self) -> float | None:
        """What its budget has left; None without one that pays with tokens."""
        return None if self.budget is None else self.budget.tokens

    def admits(self, t_ns: int) -> bool:
        """Whether an invocation may begin; if so, it does."""
        if self._breaker is not None and not self._breaker.admits(t_ns):
            return False
        if self.budget is not None:
            self.budget.invoked(t_ns)
        return True

    def ended(self, attempt: EndedAttempt, outcome: Outcome) -> None:
        """An attempt has ended so, and an invocation with it if it was good."""
        if self._breaker is not None:
            self._breaker.ended(outcome, attempt.sent_ns, attempt.last_ns)
        if self.budget is not None:
            self.budget.ended(attempt, outcome)
        self._answered(attempt, outcome)

    def spent(self, attempt: EndedAttempt, outcome: Outcome) -> None:
        """An attempt has ended so, of an invocation that has ended before."""
        if self._breaker is not None:
            self._breaker.ended(outcome, attempt.sent_ns, attempt.last_ns)
        if self.budget is not None:
            self.budget.spent(attempt)
        self._answered(attempt, outcome)

    def resent(self) -> None:
        """A retry or hedge that was let through goes out."""
        if self.budget is not None:
            self.budget.resent()

    def _answered(self, attempt: EndedAttempt, outcome: Outcome) -> None:
        if self.hedge_delay is not None:
            _learn(self.hedge_delay, attempt, outcome)
        if self.gate is not None:
            self.gate.answered(outcome is Outcome.THROTTLED)

    def renew(self, t_ns: int) -> None:
        """From t_ns on as a client that has just been made, which knows how long answers take."""
        if self._breaker is not None:
            self._breaker.renew(t_ns)
        if self.budget is not None:
            self.budget.renew()
        if self.gate is not None:
            self.gate.renew()
        if self.hedge_delay is not None:
            self.hedge_delay.renew()

    def hedge(self, t_ns: int) -> int | None:
        """What a hedge costs the budget now; None: it may not be sent.

        It costs what a retry after a timeout does, whose place it takes. A breaker lets none
        through unless it is closed: what it lets through while half-open is counted.
        """
        if not self.is_closed:
            return None
        return 0 if self.budget is None else self.budget.try_spend(Outcome.TIMEOUT, t_ns)

    def retry(self, outcome: Outcome, t_ns: int, due_ns: int) -> int | None:
        """What the retry that is due costs the budget, 0 without one; None: it may not be sent."""
        if self._breaker is not None and self._breaker.blocks(due_ns):
            return None
        return 0 if self.budget is None else self.budget.try_spend(outcome, t_ns)


def _learn(delay: HedgeDelay, attempt: EndedAttempt, outcome: Outcome) -> None:
    if attempt.sent_ns >= 0 and outcome in _TELLING:
        delay.took(attempt.last_ns - attempt.sent_ns)


def renew(guards: Sequence[Guard], variants: Iterable[int], t_ns: int) -> None:
    """Renew the guards of these variants, where there are any."""
    for variant in variants if guards else ():
        guards[variant].renew(t_ns)


def guards(
    retries: Sequence[RetrySpec],
    breakers: Sequence[BreakerSpec | None],
    workers: int,
    limited: Mapping[int, SendGate],
) -> tuple[Guard, ...]:
    """One for each variant, by their policies; none at all where there is nothing to guard."""
    budgets = [budget_of(retry, workers) for retry in retries]
    delays = [None if retry.hedge is None else HedgeDelay(retry.hedge) for retry in retries]
    if not (any(breakers) or any(budgets) or any(delays) or limited):
        return ()
    return tuple(
        Guard(budget, None if breaker is None else Breaker(breaker), delay, limited.get(variant))
        for variant, (budget, breaker, delay) in enumerate(
            zip(budgets, breakers, delays, strict=True)
        )
    )
