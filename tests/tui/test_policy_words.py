"""A retry policy in words, on the screen of errors, against its facts."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bench.load.retry.budget import budget_of
from bench.model.outcome import Outcome
from bench.model.profile import Client
from bench.model.retry import Hedge, RetryPolicyName, RetrySpec
from bench.model.times import NS_PER_MS, NS_PER_S
from bench.tui.views.errors import guard_words, policy_words
from tests.tui.fakes import FakeRun

POLICIES = [policy for policy in RetryPolicyName if policy is not RetryPolicyName.NONE]


def named_alone(policy: RetryPolicyName) -> RetrySpec:
    """What a profile says that names the policy and nothing else, but for the delays."""
    facts = policy.facts
    return RetrySpec(
        policy,
        max_attempts=facts.attempts,
        base_ns=70 * NS_PER_MS,
        cap_ns=11 * NS_PER_S,
        honour_retry_after=facts.honours_hint,
    )


def said(retry: RetrySpec) -> str:
    return "".join(part for part, _ in policy_words(retry))


def budget_said(retry: RetrySpec) -> str:
    guarded = Client(retry=retry)
    return "".join(part for part, _ in guard_words(guarded, FakeRun(1).snapshot()))


@pytest.mark.parametrize("policy", POLICIES)
def test_the_words_are_those_of_the_policys_facts(policy: RetryPolicyName) -> None:
    words = said(named_alone(policy))
    assert f"{policy.value}, at most {policy.facts.attempts} attempts" in words
    fixed = policy.facts.delays is not None
    assert ("base 70ms, cap 11s" in words) != fixed
    assert ("delays as in the SDK" in words) == fixed
    header = "x-amz-retry-after" if fixed else "Retry-After"
    assert (f"{header} is honoured" in words) == policy.facts.honours_hint


@pytest.mark.parametrize("policy", POLICIES)
def test_what_the_profile_says_of_a_hint_comes_before_what_is_usual(
    policy: RetryPolicyName,
) -> None:
    usual = named_alone(policy)
    other = replace(usual, honour_retry_after=not usual.honour_retry_after)
    assert ("is honoured" in said(other)) == other.honour_retry_after


def test_all_that_is_tried_again_is_named_and_nothing_else() -> None:
    usual = named_alone(RetryPolicyName.FIXED)
    assert said(usual).endswith("; on throttled, server, timeout, connect, protocol")
    chosen = frozenset({Outcome.TIMEOUT, Outcome.FUNCTION_ERROR})
    assert said(replace(usual, on=chosen)).endswith("; on function, timeout")


@pytest.mark.parametrize("policy", POLICIES)
def test_the_budget_in_words_is_what_retries_cost(policy: RetryPolicyName) -> None:
    words, budget = budget_said(named_alone(policy)), budget_of(named_alone(policy), 1)
    assert ("tokens" in words) == (budget is not None)
    if budget is None:
        return
    tokens = policy.facts.tokens
    assert tokens is not None
    assert f"Budget   {tokens.capacity} tokens: " in words
    usual = budget.try_spend(Outcome.SERVER_ERROR, 0)
    assert f": {usual} a retry" in words
    for outcome, what in ((Outcome.THROTTLED, "throttle"), (Outcome.TIMEOUT, "timeout")):
        cost = budget.try_spend(outcome, 0)
        assert (f"{cost} after a {what}" in words) == (cost != usual)


@pytest.mark.parametrize(
    "retry", [RetrySpec(), RetrySpec(RetryPolicyName.FIXED), RetrySpec(max_attempts=4)]
)
def test_no_retry_is_none(retry: RetrySpec) -> None:
    assert "none: the first answer counts" in said(retry)


def test_what_bounds_and_hedges_an_invocation_is_said_with_a_policy_and_without() -> None:
    p95, ten_s = Hedge(quantile=0.95), 10 * NS_PER_S
    words = ", hedged after p95 (from a worker's attempt 200 on), all within 10s"
    alone = RetrySpec(hedge=p95, deadline_ns=ten_s)
    assert said(alone).endswith(f"none: the first good one counts{words}")
    assert f"attempts{words}" in said(
        replace(named_alone(POLICIES[0]), hedge=p95, deadline_ns=ten_s)
    )
    assert "hedged after 50ms, all" in said(replace(alone, hedge=Hedge(delay_ns=50_000_000)))
