"""Kinds of retry budgets in a profile, and what is refused of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bench.load.retry.budget import ActiveBudget, ShareBudget, ThrottlingBudget, budget_of
from bench.model.budget import BudgetSpec, ConcurrencyBudget, RetryBudget, RetryThrottling
from bench.model.times import NS_PER_S
from bench.profile import load_profile
from bench.profile.dump import resolved_toml
from tests.profile.write import MINIMAL, load, mistakes

FIXED = MINIMAL + '[retry]\npolicy = "fixed"\n'


@pytest.mark.parametrize(
    ("text", "budget"),
    [
        ("", None),
        ('budget = "10%"', RetryBudget(0.1)),
        (
            'budget = "10%"\nbudget_floor = "1/s"\nbudget_window = "30s"',
            RetryBudget(0.1, 1, 30 * NS_PER_S),
        ),
        ('budget_kind = "finagle"', RetryBudget(0.2, 10, 10 * NS_PER_S)),
        ('budget_kind = "envoy"', ConcurrencyBudget(0.2, 3)),
        (
            'budget_kind = "envoy"\nbudget = "5%"\nbudget_min_concurrency = 1',
            ConcurrencyBudget(0.05, 1),
        ),
        ('budget_kind = "grpc"', RetryThrottling(10, 0.1)),
        (
            'budget_kind = "grpc"\nbudget_tokens = 100\nbudget_token_ratio = 0.5',
            RetryThrottling(100, 0.5),
        ),
        ('budget_kind = "none"', None),
    ],
)
def test_each_kind_has_its_keys_and_their_usual_values(
    tmp_path: Path, text: str, budget: BudgetSpec | None
) -> None:
    profile = load(tmp_path, f"{FIXED}{text}\n")
    assert profile.retry.budget == budget
    (tmp_path / "again.toml").write_text(resolved_toml(profile), "utf-8")
    again = load_profile(tmp_path / "again.toml")
    assert replace(again, source=profile.source) == profile


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('budget_kind = "enovy"', 'retry.budget_kind must be one of "none", "finagle", "envoy"'),
        ('budget_window = "5s"', 'retry.budget_window is for a budget: set budget = "20%" too'),
        (
            "budget_tokens = 5",
            'tokens is for a budget of another kind: set budget_kind = "grpc"',
        ),
        (
            'budget = "20%"\nbudget_min_concurrency = 5',
            'retry.budget_min_concurrency is for a budget of another kind: set budget_kind = "env',
        ),
        ('budget_kind = "grpc"\nbudget = "20%"', 'budget_kind = "envoy", or leave it out'),
        ('budget_kind = "none"\nbudget = "20%"', "retry.budget is for a budget of another kind"),
        ('budget_kind = "grpc"\nbudget_tokens = 0', "budget_tokens must be at least 1"),
        ('budget_kind = "grpc"\nbudget_tokens = 1001', "budget_tokens must be at most 1000"),
        (
            'budget_kind = "grpc"\nbudget_token_ratio = 0',
            "token_ratio must be at least 0.001",
        ),
        ('budget = "20%"\nbudget_window = "0s"', "retry.budget_window must be"),
    ],
)
def test_what_has_no_meaning_is_one_line_with_its_mend(
    tmp_path: Path, text: str, said: str
) -> None:
    (line,) = mistakes(tmp_path, f"{FIXED}{text}\n")
    assert said in line


def test_a_budget_of_any_kind_is_for_retries(tmp_path: Path) -> None:
    (line,) = mistakes(tmp_path, MINIMAL + '[retry]\nbudget_kind = "envoy"\n')
    assert line == (
        "retry.budget_kind is for retries and hedges, and without policy or hedge are none"
    )


def test_named_retries_have_kinds_of_their_own(tmp_path: Path) -> None:
    levels = '["plain", "own", "envoy", "grpc", "free"]'
    text = FIXED.replace("= 128", f"= 128\nretry = {levels}")
    text += 'budget = "10%"\nbudget_floor = "1/s"\n'
    text += "[retries.plain]\nmax_attempts = 4\n"
    text += '[retries.own]\nbudget = "50%"\n'
    text += '[retries.envoy]\nbudget_kind = "envoy"\n'
    text += '[retries.grpc]\nbudget_kind = "grpc"\n'
    text += '[retries.free]\nbudget_kind = "none"\n'
    retries = [client.retry for client in load(tmp_path, text).clients]
    assert [retry.budget for retry in retries] == [
        RetryBudget(0.1, 1),
        RetryBudget(0.5, 1),
        ConcurrencyBudget(0.1, 3),
        RetryThrottling(),
        None,
    ]
    kinds = [type(budget_of(retry, 2)) for retry in retries]
    assert kinds == [ShareBudget, ShareBudget, ActiveBudget, ThrottlingBudget, type(None)]
