"""Budgets of retries: the AWS SDKs' tokens, and a share of the invocations with a floor."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from bench.load.retry.budget import Budget, ShareBudget, TokenBudget, budget_of
from bench.model.budget import BudgetSpec, ConcurrencyBudget, RetryBudget, RetryThrottling
from bench.model.outcome import Outcome
from bench.model.retry import RetryPolicyName, RetrySpec, RetryTokens
from bench.model.times import NS_PER_S

TOKENS = RetryTokens(500, usual=14, throttled=5, timeout=14)


def affordable(budget: Budget, outcome: Outcome, t_ns: int = 0) -> int:
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


@dataclass
class Ended:
    """An attempt that has ended."""

    attempt: int = 1
    status: int = 200
    paid: int = 0
    sent_ns: int = 0
    last_ns: int = 0


def made(spec: BudgetSpec, workers: int = 1) -> Budget:
    budget = budget_of(RetrySpec(RetryPolicyName.FIXED, max_attempts=9, budget=spec), workers)
    assert budget is not None
    return budget


def fails(budget: Budget, attempt: int = 1, outcome: Outcome = Outcome.THROTTLED) -> bool:
    """An attempt ends so; whether it is tried again."""
    budget.ended(Ended(attempt, status=0), outcome)
    return budget.try_spend(outcome, 0) is not None


def test_finagles_window_can_be_another() -> None:
    budget = made(RetryBudget(share=0.5, floor_rps=1.0, window_ns=2 * NS_PER_S))
    for _ in range(10):
        budget.invoked(0)
    assert affordable(budget, Outcome.THROTTLED) == 5 + 2
    assert affordable(budget, Outcome.THROTTLED, 2 * NS_PER_S - 1) == 0
    assert affordable(budget, Outcome.THROTTLED, 2 * NS_PER_S) == 2


def test_envoys_is_a_share_of_what_is_under_way_cut_down_to_a_whole_number() -> None:
    budget = made(ConcurrencyBudget(share=0.2, least=0))
    for _ in range(24):
        budget.invoked(0)
    tried = [fails(budget) for _ in range(24)]
    # int(0.2 × 24), and the share of fewer and fewer: what waits for its turn is not under way.
    assert tried == [True] * 4 + [False] * 20


def test_envoys_retry_keeps_its_place_from_its_decision_to_its_end() -> None:
    budget = made(ConcurrencyBudget(share=0.0, least=2))
    for _ in range(3):
        budget.invoked(0)
    assert [fails(budget) for _ in range(3)] == [True, True, False]
    budget.resent()
    budget.resent()
    budget.invoked(0)
    assert not fails(budget)
    budget.ended(Ended(attempt=2), Outcome.OK)
    budget.invoked(0)
    assert fails(budget)
    assert fails(budget, attempt=2)  # its own place is free again when it is judged
    budget.invoked(0)
    assert not fails(budget)


def test_grpc_tries_again_only_above_half_of_the_tokens() -> None:
    budget = made(RetryThrottling(max_tokens=10, ratio=0.5))
    assert [fails(budget) for _ in range(6)] == [True] * 4 + [False] * 2  # 6 > 5, 5 is not
    for _ in range(4):
        budget.ended(Ended(), Outcome.OK)
    assert not fails(budget)  # 4 + 2 − 1
    for _ in range(3):
        budget.ended(Ended(), Outcome.OK)
    assert fails(budget)  # 5 + 1.5 − 1
    for _ in range(1000):
        budget.ended(Ended(), Outcome.OK)
    assert [fails(budget) for _ in range(5)] == [True] * 4 + [False]  # no more than the most


def test_grpc_counts_no_failure_that_is_never_tried_again() -> None:
    budget = made(RetryThrottling(max_tokens=2, ratio=0.1))
    for _ in range(5):
        budget.ended(Ended(), Outcome.FUNCTION_ERROR)
        budget.ended(Ended(), Outcome.CLIENT_ERROR)
    budget.ended(Ended(), Outcome.OK)
    assert budget.try_spend(Outcome.THROTTLED, 0) is not None


def test_an_sdk_takes_a_functions_error_for_a_success() -> None:
    budget = TokenBudget(TOKENS)
    assert affordable(budget, Outcome.THROTTLED) == 100
    for _ in range(5):
        budget.ended(Ended(status=200), Outcome.FUNCTION_ERROR)
        budget.ended(Ended(status=502), Outcome.FUNCTION_ERROR)
        budget.ended(Ended(status=200), Outcome.PROTOCOL_ERROR)
    assert affordable(budget, Outcome.THROTTLED) == 1
