"""Retry policies with all their facts, and what of them a profile chooses: data only.

What a policy is beside its formula stands in its row of RETRY_POLICIES: who reads profiles, keeps
budgets or tells of a policy asks the row. To add one, give it a name and a row here and its
formula in bench.load.retry.policy.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from math import ceil

from bench.model.budget import BudgetSpec
from bench.model.outcome import Outcome
from bench.model.times import NS_PER_MS, NS_PER_S


class RetryPolicyName(StrEnum):
    """Named retry policies; the formulas stand in bench.load.retry.policy."""

    NONE = "none"
    FIXED = "fixed"
    EXPONENTIAL = "exponential"
    FULL_JITTER = "full-jitter"
    EQUAL_JITTER = "equal-jitter"
    DECORRELATED = "decorrelated-jitter"
    AWS_LEGACY = "aws-legacy"
    AWS_STANDARD = "aws-standard"
    """The AWS SDKs' standard mode as it was before 2026."""
    AWS_STANDARD_2026 = "aws-standard-2026"
    """The AWS SDKs' default since 2026 (botocore 1.44.5)."""
    AWS_ADAPTIVE = "aws-adaptive"
    """The AWS SDKs' adaptive mode: that default, and a client that limits its own rate."""
    AWS_ENV = "aws-env"
    """The mode that AWS's variables and configuration file name, found while reading a profile."""

    @property
    def facts(self) -> RetryFacts:
        """Its row of RETRY_POLICIES: all but the formula."""
        return RETRY_POLICIES[self]


@dataclass(frozen=True, slots=True)
class SdkDelays:
    """Delays that a policy fixes itself: base_ns doubles with each attempt.

    After a throttle it is throttled_base_ns that doubles. cap_ns None: without an end.
    """

    base_ns: int
    throttled_base_ns: int
    cap_ns: int | None

    def doubled_ns(self, attempt: int, outcome: Outcome) -> int:
        """base·2^(attempt−1), not capped; attempt counts from 1."""
        base_ns = self.throttled_base_ns if outcome is Outcome.THROTTLED else self.base_ns
        return base_ns << min(attempt - 1, 62)

    def capped_ns(self, delay_ns: int) -> int:
        """At most the cap, if there is one."""
        return delay_ns if self.cap_ns is None else min(delay_ns, self.cap_ns)


@dataclass(frozen=True, slots=True)
class RetryTokens:
    """A bucket of tokens that pays for retries, by what failed.

    A success gives one back, after a retry what that has cost. Source: botocore, retries.quota.
    """

    capacity: int
    usual: int
    throttled: int
    timeout: int

    def cost(self, outcome: Outcome) -> int:
        """Tokens for a retry after this outcome."""
        if outcome is Outcome.THROTTLED:
            return self.throttled
        return self.timeout if outcome is Outcome.TIMEOUT else self.usual

    @property
    def words(self) -> str:
        """`500 tokens: 5 a retry, 10 after a timeout`."""
        others = ((self.throttled, "throttle"), (self.timeout, "timeout"))
        parts = [f"{cost} after a {what}" for cost, what in others if cost != self.usual]
        return f"{self.capacity} tokens: {', '.join([f'{self.usual} a retry', *parts])}"


@dataclass(frozen=True, slots=True)
class SendLimit:
    """A client that limits its own rate after the first throttle, all of its sends counted.

    The rate is CUBIC's: `scale·(t − k)³ + w_max` with t seconds since the last throttle, `beta` of
    the measured rate right after one; at most `most` times the measured rate, at least floor_rps.
    That one is an average over spans of span_s in which the latest weighs `smoothing`. Source:
    botocore, retries.adaptive, retries.bucket and retries.throttling.
    """

    scale: float = 0.4
    beta: float = 0.7
    smoothing: float = 0.8
    span_s: float = 0.5
    most: float = 2.0
    floor_rps: float = 0.5


@dataclass(frozen=True, slots=True)
class RetryFacts:
    """A row. formula is the delay in words, with v = min(cap, base·2^(attempt−1))."""

    formula: str
    attempts: int = 3
    """max_attempts where a profile names the policy and nothing else."""
    delays: SdkDelays | None = None
    """None: base and cap are the profile's."""
    honours_hint: bool = True
    """Whether a server's hint raises the delay unless a profile says otherwise."""
    hint_limit_ns: int | None = None
    """By how much a hint can raise it; None is without limit."""
    tokens: RetryTokens | None = None
    """The budget that the policy brings along."""
    statuses: frozenset[int] | None = None
    """HTTP statuses with which a server's error is tried again; None is any of them."""
    limit: SendLimit | None = None
    """How the client limits its own rate; None where it sends what it is given."""
    sdk_mode: str | None = None
    """What AWS_RETRY_MODE calls it now."""
    by_environment: bool = False
    """Whether it only stands for the policy that AWS's variables and configuration file name."""

    @property
    def is_of_sdk(self) -> bool:
        """Whether it is a mode of the AWS SDKs, whose only hint is `x-amz-retry-after`."""
        return self.delays is not None


_HELD_NS = 600 * NS_PER_S
_SDK_CAP_NS = 20 * NS_PER_S
_SDK_HINT_NS = 5 * NS_PER_S
_SDK_STATUSES = frozenset({500, 502, 503, 504})
_DEFAULT_SINCE_2026 = RetryFacts(
    "uniform over 0 to min(20 s, base·2^(attempt−1)), base 1 s after a throttle, else 50 ms",
    delays=SdkDelays(50 * NS_PER_MS, NS_PER_S, cap_ns=_SDK_CAP_NS),
    hint_limit_ns=_SDK_HINT_NS,
    tokens=RetryTokens(500, usual=14, throttled=5, timeout=14),
    statuses=_SDK_STATUSES,
    sdk_mode="standard",
)

RETRY_POLICIES: Mapping[RetryPolicyName, RetryFacts] = {
    RetryPolicyName.NONE: RetryFacts("there is no next attempt", attempts=1),
    RetryPolicyName.FIXED: RetryFacts("base"),
    RetryPolicyName.EXPONENTIAL: RetryFacts("v"),
    RetryPolicyName.FULL_JITTER: RetryFacts("uniform over 0 to v"),
    RetryPolicyName.EQUAL_JITTER: RetryFacts("v/2 + uniform over 0 to v/2"),
    RetryPolicyName.DECORRELATED: RetryFacts(
        "uniform over base to 3 × the previous delay, at most cap"
    ),
    RetryPolicyName.AWS_LEGACY: RetryFacts(
        "uniform over 0 to 2^(attempt−1) s",
        attempts=5,
        delays=SdkDelays(NS_PER_S, NS_PER_S, cap_ns=None),
        honours_hint=False,
        hint_limit_ns=_SDK_HINT_NS,
        statuses=_SDK_STATUSES | {509},
        sdk_mode="legacy",
    ),
    RetryPolicyName.AWS_STANDARD: RetryFacts(
        "the same, at most 20 s",
        delays=SdkDelays(NS_PER_S, NS_PER_S, cap_ns=_SDK_CAP_NS),
        honours_hint=False,
        hint_limit_ns=_SDK_HINT_NS,
        tokens=RetryTokens(500, usual=5, throttled=5, timeout=10),
        statuses=_SDK_STATUSES,
    ),
    RetryPolicyName.AWS_STANDARD_2026: _DEFAULT_SINCE_2026,
    RetryPolicyName.AWS_ADAPTIVE: replace(
        _DEFAULT_SINCE_2026,
        formula="as with `aws-standard-2026`",
        limit=SendLimit(),
        sdk_mode="adaptive",
    ),
    RetryPolicyName.AWS_ENV: replace(
        _DEFAULT_SINCE_2026,
        formula="that of the mode that AWS_RETRY_MODE or AWS's configuration file names",
        sdk_mode=None,
        by_environment=True,
    ),
}
"""Sources: AWS Architecture Blog, "Exponential Backoff And Jitter"; botocore's retries.standard,
retries.quota and retries.adaptive, and the handlers and data of its legacy mode."""
AWS_ENV = RetryPolicyName.AWS_ENV.value
"""What a profile says to leave the policy to AWS's settings."""


RETRYABLE = frozenset(
    {
        Outcome.THROTTLED,
        Outcome.SERVER_ERROR,
        Outcome.TIMEOUT,
        Outcome.CONNECT_ERROR,
        Outcome.PROTOCOL_ERROR,
    }
)
"""What is retried by default: what an AWS SDK would retry. A function error never is."""


HEDGED_BEYOND = 10
"""Attempts beyond a percentile without which it is not known."""


@dataclass(frozen=True, slots=True)
class Hedge:
    """When a second attempt is sent beside the first: after delay_ns, or after a quantile (0..1).

    One of them is None. The quantile is of what this variant's attempts took so far, in this
    worker. Source: Dean and Barroso, "The Tail at Scale" (hedged requests); gRPC, proposal A6.
    """

    delay_ns: int | None = None
    quantile: float | None = None

    @property
    def known_after(self) -> int:
        """Attempts in a worker before which nothing is hedged; 0 for a delay."""
        return 0 if self.quantile is None else ceil(round(HEDGED_BEYOND / (1 - self.quantile), 6))


@dataclass(frozen=True, slots=True)
class RetrySpec:
    """max_attempts counts the first attempt too, and no hedge."""

    policy: RetryPolicyName = RetryPolicyName.NONE
    max_attempts: int = 1
    base_ns: int = 50 * NS_PER_MS
    cap_ns: int = 20 * NS_PER_S
    on: frozenset[Outcome] = RETRYABLE
    honour_retry_after: bool = True
    budget: BudgetSpec | None = None
    """None is without limit, but for the tokens that some policies bring along."""
    deadline_ns: int | None = None
    """For all attempts of an invocation together, from its intended arrival."""
    hedge: Hedge | None = None
    found_in: str = field(default="", compare=False)
    """Where aws-env was told the policy, in words; '' where the profile names it."""

    @property
    def called(self) -> str:
        """The policy's name, and where that was found if the profile left it to AWS's settings."""
        found = f" ({AWS_ENV}: {self.found_in})" if self.found_in else ""
        return self.policy.value + found

    @property
    def budget_words(self) -> str:
        """What pays for retries: the profile's budget, else the policy's tokens."""
        budget = self.budget or self.policy.facts.tokens
        return "none" if budget is None else budget.words

    @property
    def most_attempts(self) -> int:
        """Of one invocation, its hedge included."""
        return self.max_attempts + (self.hedge is not None)

    @property
    def retries(self) -> bool:
        """Whether anything is ever tried again."""
        return self.policy is not RetryPolicyName.NONE and self.max_attempts > 1

    @property
    def longest_wait_ns(self) -> int:
        """All delays of one invocation at their longest, hints of a server apart.

        A client that limits its own rate may hold an attempt for any time: a bound has to do.
        """
        count, facts = self.max_attempts - 1, self.policy.facts
        fixed, held_ns = facts.delays, 0 if facts.limit is None else _HELD_NS
        if fixed is None:
            return count * self.cap_ns
        if fixed.cap_ns is None:
            return ((1 << count) - 1) * max(fixed.base_ns, fixed.throttled_base_ns)
        return count * fixed.cap_ns + held_ns


@dataclass(frozen=True, slots=True)
class BreakerSpec:
    """A circuit breaker per variant and worker; nothing is sent while it is open.

    It opens when at least min_attempts ended within window_ns and error_rate (0..1) of them failed;
    after open_ns it lets `probes` attempts through: if all succeed it closes, else it opens anew.
    """

    error_rate: float = 0.5
    window_ns: int = 10 * NS_PER_S
    min_attempts: int = 20
    open_ns: int = 5 * NS_PER_S
    probes: int = 3
    on: frozenset[Outcome] = RETRYABLE
