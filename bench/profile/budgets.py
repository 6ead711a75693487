"""Keys of [retry] that say what pays for retries: kinds of budgets, each with keys of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from bench.model.budget import BudgetSpec, ConcurrencyBudget, RetryBudget, RetryThrottling
from bench.model.retry import RetrySpec
from bench.schema.key import Key
from bench.schema.quantities import level, share, span
from bench.schema.table import Table
from bench.schema.values import named_choice, number, whole

KINDS: Mapping[str, type[BudgetSpec] | None] = {
    "none": None,
    "finagle": RetryBudget,
    "envoy": ConcurrencyBudget,
    "grpc": RetryThrottling,
}
_NAMES = {kind: name for name, kind in KINDS.items()}


def _of(field: str, *kinds: type[BudgetSpec]) -> Callable[[RetrySpec], Any]:
    """The field of a budget of these kinds; None for another, or none."""
    return lambda retry: getattr(retry.budget, field) if isinstance(retry.budget, kinds) else None


KIND = Key(
    "budget_kind",
    'whose: `"finagle"`: a share of the invocations within a window, `"envoy"`: a share of the '
    'attempts under way, `"grpc"`: tokens; `"none"` for no more than the policy brings along',
    named_choice(KINDS),
    None,
    of=lambda retry: None if retry.budget is None else type(retry.budget),
    cell='`"finagle"` where there is a budget',
)
SHARE: Key[float | None] = Key(
    "budget",
    'retries may be this share of the invocations, or of the attempts under way: `"20%"`',
    share,
    None,
    fills="share",
    of=_of("share", RetryBudget, ConcurrencyBudget),
    cell="no budget",
)
FLOOR = Key(
    "budget_floor",
    "and so many anyway (`finagle`)",
    level,
    RetryBudget().floor_rps,
    fills="floor_rps",
    of=_of("floor_rps", RetryBudget),
)
WINDOW = Key(
    "budget_window",
    "within this time (`finagle`)",
    span,
    RetryBudget().window_ns,
    fills="window_ns",
    of=_of("window_ns", RetryBudget),
)
LEAST = Key(
    "budget_min_concurrency",
    "and so many at a time anyway (`envoy`)",
    whole(0, 10**6),
    ConcurrencyBudget().least,
    fills="least",
    of=_of("least", ConcurrencyBudget),
)
TOKENS = Key(
    "budget_tokens",
    "a failure takes one; half of them or fewer, and nothing is tried again (`grpc`)",
    whole(1, 1000),
    RetryThrottling().max_tokens,
    fills="max_tokens",
    of=_of("max_tokens", RetryThrottling),
)
RATIO = Key(
    "budget_token_ratio",
    "tokens that a success gives back (`grpc`)",
    number(0.001, 1000),
    RetryThrottling().ratio,
    fills="ratio",
    of=_of("ratio", RetryThrottling),
)
_KEYS: Mapping[type[BudgetSpec], tuple[Key[Any], ...]] = {
    RetryBudget: (SHARE, FLOOR, WINDOW),
    ConcurrencyBudget: (SHARE, LEAST),
    RetryThrottling: (TOKENS, RATIO),
}
BUDGET_KEYS = (KIND, SHARE, FLOOR, WINDOW, LEAST, TOKENS, RATIO)


def read_budget(table: Table) -> BudgetSpec | None:
    """What the budget's keys ask for; those of another kind are mistakes."""
    kind: type[BudgetSpec] | None = KIND.read(
        table, default=RetryBudget if SHARE.name in table else None
    )
    keys = () if kind is None else _KEYS[kind]
    for key in BUDGET_KEYS[1:]:
        is_noted = table.is_noted(KIND.name) or table.is_noted(key.name)
        if key.name in table and key not in keys and not is_noted:
            table.fault(key.name, _belongs(key))
    if kind is None:
        return None
    usual = kind()
    found = {
        key.model_field: key.read(table, default=getattr(usual, key.model_field)) for key in keys
    }
    return kind(**found)


def _belongs(key: Key[Any]) -> str:
    """Which budget a key is for, and what to set."""
    kinds = [kind for kind, keys in _KEYS.items() if key in keys]
    if kinds == [RetryBudget]:
        return f'is for a budget: set {SHARE.name} = "20%" too'
    name = _NAMES[kinds[-1]]
    return f'is for a budget of another kind: set {KIND.name} = "{name}", or leave it out'


def fitting(said: Mapping[str, Any], own: Mapping[str, Any]) -> Iterable[str]:
    """Keys of a plain table that mean something beside a named table's own kind of budget."""
    kind = KINDS.get(str(own.get(KIND.name, said.get(KIND.name, _NAMES[RetryBudget]))))
    keys = {KIND.name, *(key.name for key in (() if kind is None else _KEYS[kind]))}
    unfit = {key.name for key in BUDGET_KEYS} - keys
    return [name for name in said if name not in unfit]
