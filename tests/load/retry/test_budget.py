"""Budgets of retries: the AWS SDKs' tokens, and a share of the invocations with a floor."""

from __future__ import annotations

import pytest

from bench.load.retry.budget import ShareBudget, TokenBudget, budget_of
from bench.model.outcome import Outcome
from bench.model.retry import RetryBudget, RetryPolicyName, RetrySpec, RetryTokens
from bench.model.times import NS_PER_S

TOKENS = RetryTokens(500, usual=14, throttled=5, timeout=14)


def affordable(budget: TokenBudget | ShareBudget, outcome: Outcome, t_ns: int = 0) -> int:
    count = 0
    while budget.try_spend(outcome, t_ns) is not None:
        count += 1
    return count


@pytest.mark.parametrize(
    ("policy", "outcome", "retries"),
    [
        (RetryPolicyName.AWS_STANDARD, Outcome.THROTTLED, 100),
        (RetryPolicyName.AWS_STANDARD, Outcome.SERVER_ERROR, 100),
        (RetryPolicyName.AWS_STANDARD, Outcome.TIMEOUT, 50),
        (RetryPolicyName.AWS_STANDARD_2026, Outcome.THROTTLED, 100),
        (RetryPolicyName.AWS_STANDARD_2026, Outcome.SERVER_ERROR, 35),
        (RetryPolicyName.AWS_STANDARD_2026, Outcome.TIMEOUT, 35),
    ],
)
def test_an_sdk_has_500_tokens(policy: RetryPolicyName, outcome: Outcome, retries: int) -> None:
    budget = budget_of(RetrySpec(policy, max_attempts=3), workers=1)
    assert isinstance(budget, TokenBudget)
    assert affordable(budget, outcome) == retries


def test_a_clean_success_gives_one_token_back_and_a_retried_one_its_cost() -> None:
    budget = TokenBudget(TOKENS)
    assert affordable(budget, Outcome.THROTTLED) == 100
    for _ in range(4):
        budget.succeeded(0)
    assert budget.try_spend(Outcome.THROTTLED, 0) is None
    budget.succeeded(0)
    paid = budget.try_spend(Outcome.THROTTLED, 0)
    assert paid == 5
    budget.succeeded(paid)
    assert affordable(budget, Outcome.THROTTLED) == 1


def test_the_bucket_does_not_run_over() -> None:
    budget = TokenBudget(TOKENS)
    for _ in range(50):
        budget.succeeded(14)
    assert affordable(budget, Outcome.THROTTLED) == 100


def test_a_share_of_the_window_and_a_floor() -> None:
    budget = ShareBudget(RetryBudget(share=0.2, floor_rps=1.0), workers=1)
    for _ in range(100):
        budget.invoked(0)
    assert affordable(budget, Outcome.THROTTLED) == 20 + 10
    assert budget.try_spend(Outcome.THROTTLED, 9 * NS_PER_S) is None
    assert affordable(budget, Outcome.THROTTLED, 10 * NS_PER_S) == 10  # the floor alone is left


def test_workers_divide_the_floor() -> None:
    budget = ShareBudget(RetryBudget(share=0.0, floor_rps=2.0), workers=4)
    assert affordable(budget, Outcome.THROTTLED) == 5


@pytest.mark.parametrize("policy", [RetryPolicyName.FULL_JITTER, RetryPolicyName.AWS_LEGACY])
def test_others_have_no_budget_unless_asked(policy: RetryPolicyName) -> None:
    assert budget_of(RetrySpec(policy, max_attempts=3), workers=1) is None
    asked = RetrySpec(policy, max_attempts=3, budget=RetryBudget(0.1))
    assert isinstance(budget_of(asked, workers=1), ShareBudget)
