"""Budgets beside what their sources say of them, on the same sequences, decision by decision.

The models here are in the sources' own numbers, which are whole ones; they share nothing with what
is tested.

- Finagle: `RetryBudget.apply` and `TokenBucket.newLeakyBucket` of twitter/util. A request deposits
  1,000, a retry withdraws 1,000 / percentCanRetry if as much is there; beside what was deposited
  and withdrawn within ttl, in ten slices, minRetriesPerSec × ttl retries are in reserve. By default
  10 s, 10 and 0.2.
- Envoy: `RetryBudgetImpl` of resource_manager_impl.h. A retry may be while fewer retries are than
  the greater of budget_percent of active and pending requests, cut down, and min_retry_concurrency.
  By default 20 and 3.
- gRPC: proposal A6 and retry_throttle.cc, in thousandths. A failure that may be retried takes a
  token, a success gives tokenRatio back, of which three decimals count; retries are sent while the
  count is above maxTokens / 2. There is no default; 10 and 0.1 are the proposal's example.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.model.budget import ConcurrencyBudget, RetryBudget, RetryThrottling
from bench.model.outcome import Outcome
from bench.model.times import NS_PER_MS, NS_PER_S
from tests.load.retry.test_budget import Ended, made

FAILED = Outcome.THROTTLED


@dataclass
class Finagle:
    percent_can_retry: float
    min_retries_per_s: int
    ttl_s: int
    amounts: list[tuple[int, int]] = field(default_factory=list)
    """(slice, deposited or withdrawn)."""

    @property
    def price(self) -> int:
        return int(1000 / self.percent_can_retry)

    def deposit(self, t_ms: int) -> None:
        self.amounts.append((t_ms // (self.ttl_s * 100), 1000))

    def try_withdraw(self, t_ms: int) -> bool:
        now = t_ms // (self.ttl_s * 100)
        reserve = self.min_retries_per_s * self.ttl_s * self.price
        balance = sum(amount for at, amount in self.amounts if at > now - 10) + reserve
        if balance < self.price:
            return False
        self.amounts.append((now, -self.price))
        return True


@given(
    share=st.sampled_from([0.05, 0.1, 0.2, 0.25, 0.4, 0.5, 0.8, 1.0]),
    floor=st.integers(0, 3),
    ttl_s=st.integers(1, 20),
    steps=st.lists(st.tuples(st.integers(0, 900), st.integers(0, 30), st.integers(0, 9))),
)
def test_finagles(share: float, floor: int, ttl_s: int, steps: list[tuple[int, int, int]]) -> None:
    """Each step: milliseconds that pass, requests, and retries that are asked for."""
    own = made(RetryBudget(share, float(floor), ttl_s * NS_PER_S))
    theirs, t_ms = Finagle(share, floor, ttl_s), 0
    for passed_ms, requests, retries in steps:
        t_ms += passed_ms
        for _ in range(requests):
            own.invoked(t_ms * NS_PER_MS)
            theirs.deposit(t_ms)
        for _ in range(retries):
            found = own.try_spend(FAILED, t_ms * NS_PER_MS) is not None
            assert found == theirs.try_withdraw(t_ms)


@pytest.mark.parametrize("percent", range(1, 101))
def test_finagles_share_of_a_hundred_is_that_many(percent: int) -> None:
    """Also where the product of both is no binary number."""
    own = made(RetryBudget(percent / 100, 0.0))
    for _ in range(100):
        own.invoked(0)
    assert sum(own.try_spend(FAILED, 0) is not None for _ in range(200)) == percent


@dataclass
class Envoy:
    budget_percent: float
    min_retry_concurrency: int
    active: int = 0
    retries: int = 0

    def may_retry(self) -> bool:
        most = max(int(self.budget_percent / 100 * self.active), self.min_retry_concurrency)
        return self.retries < most


@given(
    percent=st.integers(0, 100),
    least=st.integers(0, 5),
    events=st.lists(st.sampled_from(["arrive", "ok", "fail", "due"]), max_size=200),
)
def test_envoys(percent: int, least: int, events: list[str]) -> None:
    """Of what is under way the oldest ends; a retry that was decided on is sent when it is due."""
    own, theirs = made(ConcurrencyBudget(percent / 100, least)), Envoy(percent, least)
    under_way: list[int] = []
    waiting: list[int] = []
    for t_ns, event in enumerate(events):
        if event == "arrive":
            under_way.append(1)
            own.invoked(t_ns)
            theirs.active += 1
        elif event == "due" and waiting:
            under_way.append(waiting.pop(0))
            own.resent()
            theirs.active += 1
        elif event in ("ok", "fail") and under_way:
            attempt = under_way.pop(0)
            # What is judged is active still, but its retry, if it was one, is over.
            theirs.retries -= attempt > 1
            outcome = Outcome.OK if event == "ok" else FAILED
            own.ended(Ended(attempt, last_ns=t_ns), outcome)
            if event == "fail":
                may = theirs.may_retry()
                assert (own.try_spend(FAILED, t_ns) is not None) == may
                if may:
                    theirs.retries += 1
                    waiting.append(attempt + 1)
            theirs.active -= 1


@dataclass
class Grpc:
    max_tokens: int
    token_ratio: str
    """As configuration has it, a decimal number."""
    milli_tokens: int = 0

    def __post_init__(self) -> None:
        whole, _, behind = self.token_ratio.partition(".")
        self.milli_ratio = int(whole) * 1000 + int((behind + "000")[:3])
        self.milli_tokens = self.max_tokens * 1000

    def failed(self) -> bool:
        self.milli_tokens = max(0, self.milli_tokens - 1000)
        return self.milli_tokens > self.max_tokens * 1000 // 2

    def succeeded(self) -> None:
        self.milli_tokens = min(self.max_tokens * 1000, self.milli_tokens + self.milli_ratio)


@given(
    max_tokens=st.integers(1, 40),
    ratio=st.sampled_from(["0.001", "0.1", "0.3", "0.5466", "0.7", "1", "1.5", "2.999"]),
    ends=st.lists(
        st.sampled_from([Outcome.OK, Outcome.OK, FAILED, Outcome.FUNCTION_ERROR]), max_size=300
    ),
)
def test_grpcs(max_tokens: int, ratio: str, ends: list[Outcome]) -> None:
    own, theirs = made(RetryThrottling(max_tokens, float(ratio))), Grpc(max_tokens, ratio)
    for outcome in ends:
        own.ended(Ended(), outcome)
        if outcome is Outcome.OK:
            theirs.succeeded()
        elif outcome is FAILED:
            assert (own.try_spend(FAILED, 0) is not None) == theirs.failed()
        assert own.tokens == theirs.milli_tokens / 1000


def test_grpcs_tokens_come_back_exactly() -> None:
    """Ten times a tenth is one, not a little less: just above half is above, half is not."""
    own = made(RetryThrottling(10, 0.1))
    for _ in range(6):
        own.ended(Ended(), FAILED)
    for successes in range(11):
        assert (own.try_spend(FAILED, 0) is not None) == (successes > 10)
        own.ended(Ended(), Outcome.OK)
    assert own.try_spend(FAILED, 0) is not None


def test_the_defaults_are_those_of_the_sources() -> None:
    assert RetryBudget() == RetryBudget(0.2, 10.0, 10 * NS_PER_S)
    assert ConcurrencyBudget() == ConcurrencyBudget(0.2, 3)
    assert RetryThrottling() == RetryThrottling(10, 0.1)
