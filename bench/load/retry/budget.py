"""Budgets: what keeps retries from becoming the load. Pure: time comes in from outside.

What each kind is, and its source, stands with its figures in bench.model.budget; the tokens of the
AWS SDKs are botocore's retries.quota.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Collection, Mapping
from typing import Any, Protocol

from bench.model.budget import ConcurrencyBudget, RetryBudget, RetryThrottling
from bench.model.outcome import Outcome
from bench.model.retry import RetrySpec, RetryTokens

SLICES = 10
"""Parts of a window, each of which leaves it as a whole."""
_SLACK = 1e-9
"""0.29 × 100 is 28.999999999999996 in floating point and must still let 29 through."""
_MILLI = 1000
"""gRPC counts thousandths of tokens, and of its ratio no smaller part."""


class EndedAttempt(Protocol):
    """An attempt that has ended. sent_ns is below 0 for one that was never sent.

    attempt counts from 1, status is HTTP's (0 without an answer), paid what the retry cost.
    """

    sent_ns: int
    last_ns: int
    status: int
    attempt: int
    paid: int


class Budget(ABC):
    """Of one variant in one worker. It is told of every attempt; most kinds care for a part."""

    @property
    def tokens(self) -> float | None:
        """How many it has now; None of a kind that pays with none."""
        return None

    def invoked(self, t_ns: int) -> None:  # noqa: B027 - most kinds earn nothing by it
        """An invocation begins at t_ns, with its first attempt."""

    def resent(self) -> None:  # noqa: B027
        """A retry, or a hedge, that was paid for goes out."""

    def ended(self, attempt: EndedAttempt, outcome: Outcome) -> None:  # noqa: B027
        """An attempt has ended so."""

    def spent(self, attempt: EndedAttempt) -> None:  # noqa: B027
        """An attempt has ended whose invocation had ended before it, by the other of the two."""

    def renew(self) -> None:  # noqa: B027 - what counts attempts under way has nothing to forget
        """As at its beginning, of which calls that are under way still know nothing."""

    @abstractmethod
    def try_spend(self, outcome: Outcome, t_ns: int) -> int | None:
        """What a retry after this outcome costs, which is paid; None if it may not be.

        The attempt that failed has been told by `ended`.
        """


class TokenBudget(Budget):
    """The AWS SDKs' retry quota: a success gives one token back, or what its last retry cost."""

    def __init__(self, tokens: RetryTokens) -> None:
        self._facts = tokens
        self.renew()

    def renew(self) -> None:
        """Fill the bucket to its capacity."""
        self._count = self._facts.capacity

    @property
    def tokens(self) -> int:
        """How many are left for retries."""
        return self._count

    def try_spend(self, outcome: Outcome, _t_ns: int) -> int | None:
        """What it costs by its kind, if there are as many tokens."""
        cost = self._facts.cost(outcome)
        if cost > self._count:
            return None
        self._count -= cost
        return cost

    def ended(self, attempt: EndedAttempt, outcome: Outcome) -> None:
        """An SDK takes any 2xx for a success, a function's error too."""
        if outcome is Outcome.OK or (
            outcome is Outcome.FUNCTION_ERROR and 200 <= attempt.status < 300
        ):
            self.succeeded(attempt.paid)

    def succeeded(self, paid: int) -> None:
        """Give back, after a retry what it cost; the bucket does not run over."""
        self._count = min(self._facts.capacity, self._count + (paid or 1))


class ShareBudget(Budget):
    """Retries are at most a share of the invocations within a window, and a floor."""

    def __init__(self, spec: RetryBudget, workers: int) -> None:
        self._share = spec.share
        self._floor = spec.floor_rps / workers * (spec.window_ns / 1e9)
        self._slice_ns = max(1, spec.window_ns // SLICES)
        self._slices: deque[list[int]] = deque()
        """[number, invocations, retries], the latest last."""
        self._balance = [0, 0]

    def renew(self) -> None:
        """Forget what is in the window."""
        self._slices.clear()
        self._balance[:] = 0, 0

    def invoked(self, t_ns: int) -> None:
        """Count it in the slice of t_ns."""
        self._now(t_ns)[1] += 1
        self._balance[0] += 1

    def try_spend(self, _outcome: Outcome, t_ns: int) -> int | None:
        """1, or None when the window is full of retries."""
        newest = self._now(t_ns)
        invoked, retried = self._balance
        if retried + 1 > invoked * self._share + self._floor + _SLACK:
            return None
        newest[2] += 1
        self._balance[1] += 1
        return 1

    def _now(self, t_ns: int) -> list[int]:
        """The current slice's counts, after those that have left the window are taken off."""
        slices, number = self._slices, t_ns // self._slice_ns
        while slices and slices[0][0] <= number - SLICES:
            _, invoked, retried = slices.popleft()
            self._balance[0] -= invoked
            self._balance[1] -= retried
        if not slices or slices[-1][0] < number:
            slices.append([number, 0, 0])
        return slices[-1]


class ActiveBudget(Budget):
    """Retries at a time are at most a share of the attempts under way, or a few anyway."""

    def __init__(self, spec: ConcurrencyBudget) -> None:
        self._share, self._least = spec.share, spec.least
        self.active = self.retries = 0
        """Attempts under way, and retries that are or that wait."""
        self._judged_ns = -1
        """When the latest attempt failed: as long as it is judged it counts as under way."""

    def invoked(self, _t_ns: int) -> None:
        """A first attempt is under way."""
        self.active += 1

    def resent(self) -> None:
        """A retry is under way; it has been counted as one since it was decided on."""
        self.active += 1

    def ended(self, attempt: EndedAttempt, _outcome: Outcome) -> None:
        """One less, and one retry less if it was one."""
        self._judged_ns = attempt.last_ns
        self.spent(attempt)

    def spent(self, attempt: EndedAttempt) -> None:
        """The same, and nothing is judged by it."""
        self.active -= 1
        if attempt.attempt > 1:
            self.retries -= 1

    def try_spend(self, _outcome: Outcome, t_ns: int) -> int | None:
        """1, or None when as many retries are under way or wait as may."""
        active = self.active + (t_ns == self._judged_ns)
        # Envoy cuts the product down to a whole number.
        if self.retries >= max(int(self._share * active), self._least):
            return None
        self.retries += 1
        return 1


class ThrottlingBudget(Budget):
    """gRPC's: failures take tokens, successes give parts of one back, half of them is the end."""

    def __init__(self, spec: RetryThrottling, on: Collection[Outcome]) -> None:
        self._most, self._on = spec.max_tokens * _MILLI, on
        self._ratio = int(spec.ratio * _MILLI + _SLACK)
        self.renew()

    def renew(self) -> None:
        """All of its tokens are there."""
        self._count = self._most

    @property
    def tokens(self) -> float:
        """How many it has now."""
        return self._count / _MILLI

    def ended(self, _attempt: EndedAttempt, outcome: Outcome) -> None:
        """Failures that are tried again count, the last attempts of invocations too."""
        if outcome is Outcome.OK:
            self._count = min(self._most, self._count + self._ratio)
        elif outcome in self._on:
            self._count = max(0, self._count - _MILLI)

    def try_spend(self, _outcome: Outcome, _t_ns: int) -> int | None:
        """0, as the failure has been paid for, or None at half of the tokens and below."""
        return 0 if self._count > self._most // 2 else None


_KINDS: Mapping[type, Callable[[Any, RetrySpec, int], Budget]] = {
    RetryBudget: lambda budget, _spec, workers: ShareBudget(budget, workers),
    ConcurrencyBudget: lambda budget, _spec, _workers: ActiveBudget(budget),
    RetryThrottling: lambda budget, spec, _workers: ThrottlingBudget(budget, spec.on),
}


def budget_of(spec: RetrySpec, workers: int) -> Budget | None:
    """The profile's budget, else the one that the policy brings along; None without either."""
    if spec.budget is not None:
        return _KINDS[type(spec.budget)](spec.budget, spec, workers)
    tokens = spec.policy.facts.tokens
    return None if tokens is None else TokenBudget(tokens)
