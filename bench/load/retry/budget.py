"""Budgets: what keeps retries from becoming the load. Pure: time comes in from outside.

The AWS SDKs pay for each retry out of a bucket of tokens that successes fill again (botocore,
retries.quota). A share of the invocations with a floor is Finagle's RetryBudget.
"""

from __future__ import annotations

from collections import deque
from typing import Protocol

from bench.model.outcome import Outcome
from bench.model.retry import RetryBudget, RetrySpec, RetryTokens
from bench.model.times import NS_PER_S

WINDOW_S = 10


class Budget(Protocol):
    """Of one variant in one worker."""

    def invoked(self, t_ns: int) -> None:
        """An invocation begins at t_ns; it may earn a share of a retry."""

    def try_spend(self, outcome: Outcome, t_ns: int) -> int | None:
        """What a retry after this outcome costs, which is paid; None if it may not be."""

    def succeeded(self, paid: int) -> None:
        """An invocation was OK; paid is what its last retry cost, 0 without one."""


class TokenBudget:
    """The AWS SDKs' retry quota: a success gives one token back, or what its last retry cost."""

    def __init__(self, tokens: RetryTokens) -> None:
        self._facts = tokens
        self._tokens = tokens.capacity

    def invoked(self, t_ns: int) -> None:
        """Nothing: tokens are paid for retries alone."""

    def try_spend(self, outcome: Outcome, _t_ns: int) -> int | None:
        """What it costs by its kind, if there are as many tokens."""
        cost = self._facts.cost(outcome)
        if cost > self._tokens:
            return None
        self._tokens -= cost
        return cost

    def succeeded(self, paid: int) -> None:
        """Give back; the bucket does not run over."""
        self._tokens = min(self._facts.capacity, self._tokens + (paid or 1))


class ShareBudget:
    """Retries are at most a share of the invocations of the last WINDOW_S, and a floor."""

    def __init__(self, spec: RetryBudget, workers: int) -> None:
        self._share = spec.share
        self._floor = spec.floor_rps / workers * WINDOW_S
        self._invoked: deque[list[int]] = deque()
        """[second, invocations, retries], the latest last."""
        self._balance = [0, 0]

    def invoked(self, t_ns: int) -> None:
        """Count it in the second of t_ns."""
        self._now(t_ns)[1] += 1
        self._balance[0] += 1

    def try_spend(self, _outcome: Outcome, t_ns: int) -> int | None:
        """1, or None when the window is full of retries."""
        second = self._now(t_ns)
        invoked, retried = self._balance
        if retried + 1 > invoked * self._share + self._floor:
            return None
        second[2] += 1
        self._balance[1] += 1
        return 1

    def succeeded(self, paid: int) -> None:
        """Nothing: a success gives no retry back."""

    def _now(self, t_ns: int) -> list[int]:
        """The current second's counts, after those that have left the window are taken off."""
        seconds, now_s = self._invoked, t_ns // NS_PER_S
        while seconds and seconds[0][0] <= now_s - WINDOW_S:
            _, invoked, retried = seconds.popleft()
            self._balance[0] -= invoked
            self._balance[1] -= retried
        if not seconds or seconds[-1][0] < now_s:
            seconds.append([now_s, 0, 0])
        return seconds[-1]


def budget_of(spec: RetrySpec, workers: int) -> Budget | None:
    """The profile's budget, else the one that the policy brings along; None without either."""
    if spec.budget is not None:
        return ShareBudget(spec.budget, workers)
    tokens = spec.policy.facts.tokens
    return None if tokens is None else TokenBudget(tokens)
