"""One row for each retry policy, and everybody tells of it what the row says."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import bench
from bench.load.retry.budget import budget_of
from bench.load.retry.policy import BACKOFFS
from bench.model.outcome import Outcome
from bench.model.retry import RETRY_POLICIES, RetryPolicyName, RetrySpec

PACKAGE = Path(bench.__file__).parent
TABLES = {"model/retry.py", "load/retry/policy.py"}
"""Where a policy is added: its name and row, and its formula."""
NAMED = {
    "profile/levels.py": {"NONE"},  # without a policy there is nothing to vary
    "profile/retry.py": {"NONE", "FULL_JITTER"},  # without a policy; the one that it recommends
    "selftest/cases.py": {"FULL_JITTER"},  # what it measures
}


def test_every_policy_has_its_row_and_all_but_none_a_formula() -> None:
    assert list(RETRY_POLICIES) == list(RetryPolicyName)
    assert set(BACKOFFS) == set(RetryPolicyName) - {RetryPolicyName.NONE}


def test_nobody_else_lists_policies_by_hand() -> None:
    found: dict[str, set[str]] = {}
    for path in PACKAGE.rglob("*.py"):
        file = path.relative_to(PACKAGE).as_posix()
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.Attribute) or not isinstance(node.value, ast.Name):
                continue
            named = node.value.id == "RetryPolicyName" and node.attr in RetryPolicyName.__members__
            if named and file not in TABLES:
                found.setdefault(file, set()).add(node.attr)
    assert found == NAMED


@pytest.mark.parametrize("policy", RetryPolicyName)
def test_a_policy_brings_the_budget_of_its_row(policy: RetryPolicyName) -> None:
    budget, tokens = budget_of(RetrySpec(policy, max_attempts=3), workers=1), policy.facts.tokens
    assert (budget is None) == (tokens is None)
    if budget is not None and tokens is not None:
        paid = {outcome: budget.try_spend(outcome, 0) for outcome in Outcome}
        assert paid[Outcome.THROTTLED] == tokens.throttled
        assert paid[Outcome.TIMEOUT] == tokens.timeout
        assert paid[Outcome.SERVER_ERROR] == paid[Outcome.CONNECT_ERROR] == tokens.usual


def test_one_attempt_is_no_retry_and_neither_is_no_policy() -> None:
    assert not RetrySpec().retries
    assert not RetrySpec(RetryPolicyName.FIXED, max_attempts=1).retries
    assert not RetrySpec(RetryPolicyName.NONE, max_attempts=3).retries
    assert RetrySpec(RetryPolicyName.FIXED, max_attempts=2).retries
