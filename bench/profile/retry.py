"""[retry] and [breaker]: what a client does when an attempt fails."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any

from bench.model.outcome import Outcome
from bench.model.profile import Levels, Timeouts, Variant
from bench.model.retry import RETRYABLE, BreakerSpec, Hedge, RetryPolicyName, RetrySpec
from bench.profile.budgets import BUDGET_KEYS, read_budget
from bench.profile.sdk_settings import sdk_retries
from bench.schema.key import Key, ListKey, values
from bench.schema.paths import joined, quoted
from bench.schema.quantities import duration, quantile, share, span
from bench.schema.section import Section
from bench.schema.table import Table
from bench.schema.values import Value, choice, flag, named_choice, whole
from bench.units import shown, write_duration, write_quantile

MAX_ATTEMPTS = 100
FAILURES = {
    outcome.name.lower(): outcome
    for outcome in Outcome
    if outcome not in (Outcome.OK, Outcome.REJECTED)
}
_RETRY = RetrySpec()
_BREAKER = BreakerSpec()


def _own_delay(field: str) -> Callable[[RetrySpec], Any]:
    """A delay is written where the policy does not fix it."""
    return lambda retry: getattr(retry, field) if retry.policy.facts.delays is None else None


def _sorted_on(spec: RetrySpec | BreakerSpec) -> list[Outcome]:
    return sorted(spec.on)


POLICY = Key(
    "policy", "one of those in `lamload help retries`", choice(RetryPolicyName), _RETRY.policy
)
ATTEMPTS = Key(
    "max_attempts",
    "the first one counts",
    whole(1, MAX_ATTEMPTS),
    _RETRY.max_attempts,
    cell="3 with a policy",
)
BASE = Key(
    "base",
    "first delay",
    duration,
    _RETRY.base_ns,
    fills="base_ns",
    of=_own_delay("base_ns"),
)
CAP = Key("cap", "longest delay", duration, _RETRY.cap_ns, fills="cap_ns", of=_own_delay("cap_ns"))
ON = ListKey(
    "on",
    f"outcomes to retry: {', '.join(f'`{name}`' for name in FAILURES)}",
    named_choice(FAILURES),
    sorted(RETRYABLE),
    of=_sorted_on,
)
HONOUR = Key(
    "honour_retry_after",
    "a server's hint raises the delay; with `aws-…` that is `x-amz-retry-after` alone",
    flag,
    _RETRY.honour_retry_after,
    cell="`true`; `false` with `aws-legacy`, `aws-standard`",
)
DEADLINE = Key(
    "deadline",
    "for all attempts together, from the arrival: none is begun that could not end before it",
    span,
    None,
    fills="deadline_ns",
    cell="no deadline",
)


def _read_hedge(value: Any) -> Hedge:
    text = value.strip() if isinstance(value, str) else ""
    try:
        if text.startswith("p"):
            return Hedge(quantile=quantile.read(text))
        return Hedge(delay_ns=span.read(text))
    except ValueError:
        mend = 'must be a delay above 0 such as "50ms", or a percentile such as "p95"'
        raise ValueError(f"{mend} (it is {shown(value)})") from None


def _write_hedge(hedge: Hedge) -> str:
    if hedge.delay_ns is not None:
        return write_duration(hedge.delay_ns)
    assert hedge.quantile is not None
    return write_quantile(hedge.quantile)


_HEDGE_SCHEMA = {
    "anyOf": [
        {key: span.schema[key] for key in ("type", "pattern")},
        {key: quantile.schema[key] for key in ("type", "pattern")},
    ],
    "examples": ["p95", "50ms"],
}
HEDGE = Key(
    "hedge",
    'a second attempt while the first one runs, after this delay (`"50ms"`) or percentile of what '
    'attempts took so far (`"p95"`); the first good answer counts',
    Value(_read_hedge, _HEDGE_SCHEMA, _write_hedge),
    None,
    cell="no hedge",
)
RETRY = Section("retry", (POLICY, ATTEMPTS, BASE, CAP, ON, HONOUR, *BUDGET_KEYS, DEADLINE, HEDGE))
NEEDS_NO_POLICY = ("deadline", "hedge")
"""Keys that mean something where nothing is tried again."""
OF_BUDGET = tuple(key.name for key in BUDGET_KEYS)
"""Keys that mean something where there are retries or hedges."""
BREAKER = Section(
    "breaker",
    (
        Key(
            "error_rate",
            "it opens when this share of the attempts failed",
            share,
            _BREAKER.error_rate,
        ),
        Key("window", "within this time", span, _BREAKER.window_ns, fills="window_ns"),
        Key("min_attempts", "of at least so many", whole(1, 10**6), _BREAKER.min_attempts),
        Key("open", "how long nothing is sent then", span, _BREAKER.open_ns, fills="open_ns"),
        Key(
            "probes",
            "attempts that are let through after that: all good close it, a bad one opens it anew",
            whole(1, 10**4),
            _BREAKER.probes,
        ),
        ListKey(
            "on",
            "outcomes that count as failed",
            named_choice(FAILURES),
            sorted(_BREAKER.on),
            of=_sorted_on,
            cell="as with `[retry]`",
        ),
    ),
    meaning="a circuit breaker; the table alone, even empty, puts it in",
)


def read_retry(table: Table) -> RetrySpec:
    """The [retry] table; without a policy nothing is tried again."""
    policy = POLICY.read(table)
    attempts, found_in = policy.facts.attempts, ""
    if policy is RetryPolicyName.NONE:
        _needs_a_policy(table)
    elif policy.facts.by_environment:
        found = sdk_retries(table, POLICY.name, MAX_ATTEMPTS)
        policy, attempts, found_in = found.policy, found.attempts, found.found_in
    base_ns, cap_ns = _delays(table, policy)
    deadline_ns, hedge = DEADLINE.read(table), HEDGE.read(table)
    _check_hedge(table, hedge, deadline_ns)
    return RetrySpec(
        policy=policy,
        max_attempts=ATTEMPTS.read(table, default=attempts),
        base_ns=base_ns,
        cap_ns=cap_ns,
        on=frozenset(ON.read(table)),
        honour_retry_after=HONOUR.read(table, default=policy.facts.honours_hint),
        budget=read_budget(table),
        found_in=found_in,
        deadline_ns=deadline_ns,
        hedge=hedge,
    )


def _needs_a_policy(table: Table) -> None:
    attempts = table.get("max_attempts")
    if isinstance(attempts, int) and 1 < attempts <= MAX_ATTEMPTS:
        mend = f'needs a policy: set policy = "{RetryPolicyName.FULL_JITTER.value}"'
        table.fault("max_attempts", f"above 1 {mend} (it is {attempts})")
    if HEDGE.name in table:
        return
    for key in OF_BUDGET:
        if key in table:
            table.fault(key, "is for retries and hedges, and without policy or hedge are none")


def _check_hedge(table: Table, hedge: Hedge | None, deadline_ns: int | None) -> None:
    delay_ns = None if hedge is None else hedge.delay_ns
    if delay_ns is not None and deadline_ns is not None and delay_ns >= deadline_ns:
        ends, said = write_duration(deadline_ns), write_duration(delay_ns)
        table.fault("hedge", f"must be below deadline, {ends}, or none is ever sent (it is {said})")


def check_hedges(
    root: Table,
    variants: Sequence[Variant],
    levels: Levels,
    retry: RetrySpec,
    timeouts: Timeouts,
) -> None:
    """Note hedges that no attempt lasts long enough for, each once.

    retry and timeouts: of the plain tables.
    """
    for variant in variants:
        spec = levels.retries.get(variant.retry or "", retry)
        total_ns = levels.timeouts.get(variant.timeout or "", timeouts).total_ns
        path = joined(_place(root, variant.retry), HEDGE.name)
        delay_ns = None if spec.hedge is None else spec.hedge.delay_ns
        if delay_ns is not None and delay_ns >= total_ns and not root.is_noted(path):
            ends, said = write_duration(total_ns), write_duration(delay_ns)
            words = f"must be below the timeout of an attempt, {ends}, or none is ever sent"
            root.fault(path, f"{words} (it is {said})")


def _place(root: Table, level: str | None) -> str:
    """The table that says when a level is hedged: its own, or else the plain one."""
    named = root.get("retries")
    own = named.get(level) if isinstance(named, dict) else None
    if level is None or not isinstance(own, dict) or HEDGE.name not in own:
        return RETRY.path
    return joined("retries", quoted(level))


def meant(said: Collection[str], policy: RetryPolicyName) -> list[str]:
    """Those of a table's keys that mean something beside a policy."""
    if policy is RetryPolicyName.NONE:
        budget = OF_BUDGET if HEDGE.name in said else ()
        return [key for key in said if key in (POLICY.name, *NEEDS_NO_POLICY, *budget)]
    fixed = (BASE.name, CAP.name) if policy.facts.delays is not None else ()
    return [key for key in said if key not in fixed]


def _delays(table: Table, policy: RetryPolicyName) -> tuple[int, int]:
    if policy.facts.delays is not None:
        for key in (BASE, CAP):
            if key.name in table:
                table.fault(key.name, f"is fixed by {policy.value}: leave it out")
        return BASE.default, CAP.default
    base_ns = BASE.read(table)
    cap_ns = CAP.read(table, default=max(CAP.default, base_ns))
    if "cap" in table and cap_ns < base_ns:
        table.fault("cap", "must be at least base, the first delay")
    return base_ns, cap_ns


def read_breaker(table: Table) -> BreakerSpec:
    """What the [breaker] table asks for; its mistakes are noted in it."""
    found = values(table, BREAKER)
    return BreakerSpec(**found | {"on": frozenset(found["on"])})


def bound_words(retry: RetrySpec) -> str:
    """`, hedged after 50ms, all within 10s`: what bounds and hedges an invocation; '' for nothing.

    Of a percentile it says from which attempt on it is known.
    """
    hedge, ends_ns = retry.hedge, retry.deadline_ns
    words = "" if hedge is None else f", hedged after {_write_hedge(hedge)}"
    if hedge is not None and hedge.known_after:
        words += f" (from a worker's attempt {hedge.known_after:,} on)"
    return words + ("" if ends_ns is None else f", all within {write_duration(ends_ns)}")
