"""Who is let in, on a clock that the tests turn."""

from __future__ import annotations

import pytest

from bench.local.account.admission import Admission, TokenBucket
from bench.local.account.concurrency import put_provisioned, put_reserved
from bench.local.account.publishing import publish
from bench.local.account.store import Store
from bench.local.model import FunctionConfig

S = 1_000_000_000


class Clock:
    def __init__(self) -> None:
        self.now_ns = 0

    def __call__(self) -> int:
        return self.now_ns


@pytest.fixture
def clock() -> Clock:
    return Clock()


def admission(clock: Clock, concurrency: int, *names: str) -> tuple[Store, Admission]:
    store = Store(account_concurrency=concurrency)
    for name in names:
        store.create(FunctionConfig(name, "", "", "h.h", "/"), ready=True)
    return store, Admission(store, clock)


def test_the_account_has_so_many_at_once(clock: Clock) -> None:
    _, gate = admission(clock, 2, "a", "b")
    assert [gate.enter("a"), gate.enter("b")] == ["", ""]
    assert gate.enter("a") == "ConcurrentInvocationLimitExceeded"
    gate.leave("b")
    assert gate.enter("a") == ""


def test_a_reservation_is_the_functions_own_and_not_the_others(clock: Clock) -> None:
    store, gate = admission(clock, 5, "a", "b")
    put_reserved(store, "a", 2)
    assert [gate.enter("a") for _ in range(3)] == [
        "",
        "",
        "ReservedFunctionConcurrentInvocationLimitExceeded",
    ]
    assert [gate.enter("b") for _ in range(4)] == ["", "", "", "ConcurrentInvocationLimitExceeded"]


def test_reserved_zero_lets_nothing_in(clock: Clock) -> None:
    store, gate = admission(clock, 1000, "a")
    put_reserved(store, "a", 0)
    assert gate.enter("a") == "ReservedFunctionConcurrentInvocationLimitExceeded"


def test_what_is_provisioned_is_taken_out_of_the_reservation(clock: Clock) -> None:
    store, gate = admission(clock, 1000, "a")
    publish(store, "a")
    put_reserved(store, "a", 2)
    put_provisioned(store, "a", "1", 1)
    assert [gate.enter("a", "1"), gate.enter("a")] == ["", ""]
    assert gate.enter("a") == "ReservedFunctionConcurrentInvocationLimitExceeded"
    gate.leave("a")
    assert gate.enter("a", "1") == "", "beyond what is kept for it a version has what others have"
    assert gate.enter("a") == "ReservedFunctionConcurrentInvocationLimitExceeded"
    gate.leave("a", "1")
    gate.leave("a", "1")
    put_provisioned(store, "a", "1", 2)
    assert gate.enter("a") == "ReservedFunctionConcurrentInvocationLimitExceeded"
    assert [gate.enter("a", "1"), gate.enter("a", "1")] == ["", ""]


def test_what_is_provisioned_without_a_reservation_is_the_accounts(clock: Clock) -> None:
    store, gate = admission(clock, 3, "a", "b")
    publish(store, "a")
    put_provisioned(store, "a", "1", 2)
    assert [gate.enter("b"), gate.enter("b")] == ["", "ConcurrentInvocationLimitExceeded"]
    assert [gate.enter("a", "1"), gate.enter("a", "1")] == ["", ""]
    assert gate.enter("a", "1") == "ConcurrentInvocationLimitExceeded"


def test_ten_requests_a_second_per_unit(clock: Clock) -> None:
    _, gate = admission(clock, 1, "a")
    admitted = 0
    for tick in range(2000):  # twenty times the rate, for two seconds
        clock.now_ns = tick * S // 1000
        reason = gate.enter("a")
        if not reason:
            admitted += 1
            gate.leave("a")
        else:
            assert reason == "FunctionInvocationRateLimitExceeded"
    assert admitted == 10 + 19, "a second's worth at once, then ten a second"


def test_a_reserved_function_has_its_own_rate(clock: Clock) -> None:
    store, gate = admission(clock, 1000, "a")
    put_reserved(store, "a", 1)
    reasons = []
    for _ in range(11):
        reasons.append(gate.enter("a"))
        if not reasons[-1]:
            gate.leave("a")
    assert reasons == [""] * 10 + ["ReservedFunctionInvocationRateLimitExceeded"]


def test_a_thousand_new_environments_in_ten_seconds(clock: Clock) -> None:
    _, gate = admission(clock, 5000, "a", "b")
    assert sum(gate.may_grow("a") for _ in range(1500)) == 1000
    assert gate.may_grow("b"), "each function on its own"
    clock.now_ns = 10 * S
    assert sum(gate.may_grow("a") for _ in range(1500)) == 1000


def test_a_bucket_never_holds_more_than_its_burst() -> None:
    bucket = TokenBucket(rate=10, burst=3, now_ns=0)
    assert [bucket.try_acquire(100 * S) for _ in range(4)] == [True, True, True, False]
