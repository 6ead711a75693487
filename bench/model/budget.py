"""Budgets of retries that a profile can choose, each kind as its source has it: data only."""

from __future__ import annotations

from dataclasses import dataclass

from bench.model.times import NS_PER_S


@dataclass(frozen=True, slots=True)
class RetryBudget:
    """Retries within window_ns may be share (0..1) of the invocations, and floor_rps anyway.

    Per variant and worker; the floor is that of all workers together. Source, of the defaults too:
    Finagle's RetryBudget.apply (percentCanRetry, minRetriesPerSec, ttl) and the leaky bucket of
    com.twitter.util.TokenBucket.
    """

    share: float = 0.2
    floor_rps: float = 10.0
    window_ns: int = 10 * NS_PER_S

    @property
    def words(self) -> str:
        """`20 % of the invocations in 10 s and 10/s`."""
        floor = f" and {self.floor_rps:g}/s" if self.floor_rps else ""
        return (
            f"{self.share * 100:g} % of the invocations in {self.window_ns / NS_PER_S:g} s{floor}"
        )


@dataclass(frozen=True, slots=True)
class ConcurrencyBudget:
    """Retries at a time may be share (0..1) of the attempts under way, and `least` anyway.

    A retry counts from its decision to its end, its backoff included; the attempts under way are
    those that have been handed to the wire. Per variant and worker. Source, of the defaults too:
    Envoy's circuit_breaker.proto, RetryBudget (budget_percent, min_retry_concurrency), and
    RetryBudgetImpl in source/common/upstream/resource_manager_impl.h.
    """

    share: float = 0.2
    least: int = 3

    @property
    def words(self) -> str:
        """`20 % of the attempts under way, at least 3 at a time`."""
        return f"{self.share * 100:g} % of the attempts under way, at least {self.least} at a time"


@dataclass(frozen=True, slots=True)
class RetryThrottling:
    """A failed attempt takes a token, a success gives `ratio` of one back.

    Nothing is tried again while half of max_tokens or fewer are left. Per variant and worker. Three
    decimals of the ratio count. Source: gRPC's proposal A6, "Throttling Retry Attempts and Hedged
    RPCs" (maxTokens, tokenRatio), and retry_throttle.cc; gRPC has no defaults, these are the
    proposal's example.
    """

    max_tokens: int = 10
    ratio: float = 0.1

    @property
    def words(self) -> str:
        """`more than 5 of 10 tokens: 1 a failure, 0.1 back a success`."""
        half = self.max_tokens / 2
        return (
            f"more than {half:g} of {self.max_tokens} tokens: a failure takes 1, a success gives "
            f"{self.ratio:g} back"
        )


BudgetSpec = RetryBudget | ConcurrencyBudget | RetryThrottling
"""One of them, as a profile chooses it."""
