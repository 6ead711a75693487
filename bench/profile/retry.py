"""[retry] and [breaker]: what a client does when an attempt fails."""

from __future__ import annotations

from bench.model.outcome import Outcome
from bench.model.retry import RETRYABLE, BreakerSpec, RetryBudget, RetryPolicyName, RetrySpec
from bench.schema.table import Table
from bench.schema.values import above_zero, choice, flag, named_choice, whole
from bench.units import read_duration_ns, read_rates_rps, read_share, shown

MAX_ATTEMPTS = 100
FAILURES = {
    outcome.name.lower(): outcome
    for outcome in Outcome
    if outcome not in (Outcome.OK, Outcome.REJECTED)
}


def read_retry(table: Table) -> RetrySpec:
    """The [retry] table; without a policy nothing is tried again."""
    default = RetrySpec()
    policy = table.read("policy", choice(RetryPolicyName), default.policy)
    facts = policy.facts
    if policy is RetryPolicyName.NONE:
        _needs_a_policy(table)
    base_ns, cap_ns = _delays(table, policy, default)
    outcomes = table.read_list("on", named_choice(FAILURES), sorted(RETRYABLE))
    return RetrySpec(
        policy=policy,
        max_attempts=table.read("max_attempts", whole(1, MAX_ATTEMPTS), facts.attempts),
        base_ns=base_ns,
        cap_ns=cap_ns,
        on=frozenset(outcomes),
        honour_retry_after=table.read("honour_retry_after", flag, facts.honours_hint),
        budget=_budget(table),
    )


def _needs_a_policy(table: Table) -> None:
    attempts = table.get("max_attempts")
    if isinstance(attempts, int) and attempts > 1:
        mend = f'needs a policy: set policy = "{RetryPolicyName.FULL_JITTER.value}"'
        table.fault("max_attempts", f"above 1 {mend} (it is {attempts})")
    if "budget" in table:
        table.fault("budget", "is for retries, and without a policy there are none")


def _delays(table: Table, policy: RetryPolicyName, default: RetrySpec) -> tuple[int, int]:
    if policy.facts.delays is not None:
        for key in ("base", "cap"):
            if key in table:
                table.fault(key, f"is fixed by {policy.value}: leave it out")
        return default.base_ns, default.cap_ns
    base_ns = table.read("base", read_duration_ns, default.base_ns)
    cap_ns = table.read("cap", read_duration_ns, max(default.cap_ns, base_ns))
    if "cap" in table and cap_ns < base_ns:
        table.fault("cap", "must be at least base, the first delay")
    return base_ns, cap_ns


def _budget(table: Table) -> RetryBudget | None:
    share = table.read("budget", read_share, None)
    if "budget_floor" in table and "budget" not in table:
        table.fault("budget_floor", 'is for a budget: set budget = "20%" too')
    if share is None:
        return None
    return RetryBudget(share, table.read("budget_floor", _one_rate_rps, RetryBudget(0).floor_rps))


def _one_rate_rps(value: object) -> float:
    start, end = read_rates_rps(value)
    if start != end:
        raise ValueError(f'must be one rate, such as "10/s" (it is {shown(value)})')
    return start


def read_breaker(table: Table) -> BreakerSpec:
    """The [breaker] table."""
    default = BreakerSpec()
    duration = above_zero(read_duration_ns)
    return BreakerSpec(
        error_rate=table.read("error_rate", read_share, default.error_rate),
        window_ns=table.read("window", duration, default.window_ns),
        min_attempts=table.read("min_attempts", whole(1, 10**6), default.min_attempts),
        open_ns=table.read("open", duration, default.open_ns),
        probes=table.read("probes", whole(1, 10**4), default.probes),
        on=frozenset(table.read_list("on", named_choice(FAILURES), sorted(default.on))),
    )
