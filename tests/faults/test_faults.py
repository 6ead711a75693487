from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.errors import ProfileError
from bench.faults.kinds import NO_FAULT, FaultAction, FaultDecision, FaultKind
from bench.faults.plan import FaultPlan
from bench.local.doors.fault_answers import GARBAGE, error_answer, spoilt, throttle_error
from bench.local.model import HttpResponse

MS = 1_000_000
S = 1_000_000_000


def plan(*tables: Mapping[str, Any]) -> FaultPlan:
    return FaultPlan.parse(tables)


def decide(
    of: FaultPlan,
    now_ns: int = 0,
    door: str = "invoke",
    function: str = "primes",
    qualifier: str | None = "128MB",
) -> FaultDecision:
    return of.decide(now_ns, door, function, qualifier)


def many(of: FaultPlan, count: int = 4000) -> list[FaultDecision]:
    return [decide(of) for _ in range(count)]


def test_an_empty_plan_does_nothing() -> None:
    assert decide(plan()) is NO_FAULT


def test_constant_latency() -> None:
    assert {one.delay_ns for one in many(plan({"kind": "latency", "ms": 5}), 10)} == {5 * MS}


def test_uniform_latency_stays_within_its_bounds_and_fills_them() -> None:
    delays = [one.delay_ns for one in many(plan({"kind": "latency", "min_ms": 10, "max_ms": 20}))]
    assert 10 * MS <= min(delays) < 11 * MS
    assert 19 * MS < max(delays) <= 20 * MS
    assert 14.8 * MS < sum(delays) / len(delays) < 15.2 * MS


def test_bimodal_latency_has_two_values_in_the_share_asked_for() -> None:
    table = {"kind": "latency", "low_ms": 5, "high_ms": 200, "high_share": 0.1}
    delays = [one.delay_ns for one in many(plan(table))]
    assert set(delays) == {5 * MS, 200 * MS}
    assert 320 < delays.count(200 * MS) < 480


def test_a_stall_holds_everything_until_its_end() -> None:
    stall = plan({"kind": "stall", "start_s": 10, "duration_s": 2})
    assert decide(stall, 10 * S - 1).delay_ns == 0
    assert decide(stall, 10 * S).delay_ns == 2 * S
    assert decide(stall, int(11.5 * S)).delay_ns == S // 2
    assert decide(stall, 12 * S).delay_ns == 0


def test_a_window_can_come_again() -> None:
    stall = plan({"kind": "stall", "start_s": 1, "duration_s": 2, "every_s": 10})
    held = [decide(stall, second * S).delay_ns // S for second in range(14)]
    assert held == [0, 2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 2, 1, 0]


def test_probability_is_the_share_of_requests() -> None:
    hits = sum(one.action is not None for one in many(plan({"kind": "reset", "probability": 0.01})))
    assert 20 <= hits <= 65


def test_the_same_seed_and_requests_meet_the_same_faults() -> None:
    tables = (
        {"kind": "reset", "probability": 0.1, "seed": 7},
        {"kind": "latency", "min_ms": 0, "max_ms": 9, "seed": 3},
    )
    assert many(plan(*tables), 500) == many(plan(*tables), 500)
    other = ({**tables[0], "seed": 8}, tables[1])
    assert many(plan(*tables), 500) != many(plan(*other), 500)


def test_one_fault_does_not_disturb_anothers_draws() -> None:
    reset = {"kind": "reset", "probability": 0.1, "seed": 7}
    alone = [one.action for one in many(plan(reset), 500)]
    beside = plan({"kind": "latency", "min_ms": 1, "max_ms": 2, "seed": 1}, reset)
    assert [one.action for one in many(beside, 500)] == alone


@pytest.mark.parametrize(
    ("scope", "asked", "hit"),
    [
        ({"door": "alb"}, {"door": "alb"}, True),
        ({"door": "alb"}, {"door": "rest"}, False),
        ({"door": ["alb", "rest"]}, {"door": "rest"}, True),
        ({"door": "*"}, {"door": "rest"}, True),
        ({"function": "other"}, {}, False),
        ({"function": "primes", "qualifier": "128MB"}, {}, True),
        ({"qualifier": "128MB"}, {"qualifier": None}, False),
        ({"qualifier": "256MB"}, {"qualifier": "128MB"}, False),
    ],
)
def test_a_scope_picks_its_requests(
    scope: dict[str, Any], asked: dict[str, Any], hit: bool
) -> None:
    decision = decide(plan({"kind": "reset", **scope}), **asked)
    assert (decision.action is not None) is hit


def test_delays_add_up_and_the_first_action_counts() -> None:
    decision = decide(
        plan(
            {"kind": "latency", "ms": 5},
            {"kind": "stall", "duration_s": 1},
            {"kind": "cold-start"},
            {"kind": "error", "status": 503},
            {"kind": "reset"},
        )
    )
    assert decision == FaultDecision(
        delay_ns=S + 5 * MS, action=FaultAction(FaultKind.ERROR, status=503), cold=True
    )


def test_only_spoilt_answers_run_the_function() -> None:
    runs = {kind for kind in FaultKind if FaultAction(kind).runs_function}
    assert runs == {FaultKind.MALFORMED, FaultKind.TRUNCATED}


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({}, "faults[0].kind is missing: choose one of latency, stall"),
        ({"kind": "delay"}, 'faults[0].kind must be one of "latency", "stall"'),
        ({"kind": "latency"}, "faults[0].ms latency needs ms, or min_ms and max_ms"),
        ({"kind": "latency", "ms": 1, "min_ms": 2}, "latency needs ms, or"),
        ({"kind": "latency", "ms": -1}, "faults[0].ms must be at least 0 (it is -1)"),
        ({"kind": "latency", "ms": "5"}, "faults[0].ms must be a number"),
        ({"kind": "latency", "ms": float("nan")}, "faults[0].ms must be a number"),
        ({"kind": "latency", "ms": 10**400}, "faults[0].ms must be at most 2592000000"),
        ({"kind": "latency", "min_ms": 9, "max_ms": 1}, "faults[0].max_ms must be at least min_ms"),
        ({"kind": "stall"}, "faults[0].duration_s is missing: a stall needs an end"),
        (
            {"kind": "reset", "probability": 2},
            "faults[0].probability must be at most 1 (it is 2)",
        ),
        ({"kind": "reset", "probabilty": 1}, "did you mean probability?"),
        ({"kind": "reset", "every_s": 5}, "faults[0].every_s needs duration_s"),
        ({"kind": "reset", "every_s": 1, "duration_s": 2}, "the windows overlap"),
        ({"kind": "reset", "door": 5}, "faults[0].door must be a text in quotes (it is 5)"),
        ({"kind": "reset", "seed": "x"}, "faults[0].seed must be a whole number"),
        ({"kind": "error", "status": 404}, "faults[0].status must be one of 500, 502, 503, 504"),
        ({"kind": "throttle", "reason": "why"}, "faults[0].reason must be one of"),
        ({"kind": "throttle", "retry_after_s": 0.5}, "must be whole seconds"),
        ("latency", "faults[0] must be a table"),
    ],
)
def test_a_mistake_is_named_with_its_key_and_the_mend(table: Any, said: str) -> None:
    with pytest.raises(ProfileError) as error:
        FaultPlan.parse([table])
    assert said in str(error.value)


def test_all_mistakes_are_told_at_once() -> None:
    with pytest.raises(ProfileError) as error:
        FaultPlan.parse([{"kind": "reset", "probability": 5, "start_s": -1}, {"kind": "x"}])
    assert len(error.value.problems) == 3


@given(
    st.lists(
        st.dictionaries(
            st.sampled_from(["kind", "ms", "door", "probability", "start_s", "duration_s", "seed"]),
            st.none() | st.integers() | st.floats() | st.text(max_size=5) | st.just("latency"),
        ),
        max_size=3,
    )
)
def test_any_tables_are_a_plan_or_mistakes(tables: list[dict[str, Any]]) -> None:
    try:
        made = FaultPlan.parse(tables)
    except ProfileError as error:
        assert error.problems
    else:
        assert decide(made, 5).delay_ns >= 0


def test_an_error_has_the_form_of_its_door() -> None:
    action = FaultAction(FaultKind.ERROR, status=503)
    invoke = error_answer(action, "invoke", "id-1")
    assert (
        invoke.status,
        ("x-amzn-ErrorType", "ServiceUnavailableException") in invoke.headers,
    ) == (
        503,
        True,
    )
    assert b"<h1>503 Service Unavailable</h1>" in error_answer(action, "alb", "id-1").body
    assert error_answer(action, "rest", "id-1").body == b'{"message": "Service Unavailable"}'


def test_a_throttle_has_reason_and_retry_after() -> None:
    error = throttle_error(
        FaultAction(
            FaultKind.THROTTLE,
            reason="CallerRateLimitExceeded",
            retry_after_s=3,
            retry_after_ms=250,
        )
    )
    assert error.status == 429
    assert error.headers == (("Retry-After", "3"), ("x-amz-retry-after", "250"))
    assert b'"Reason":"CallerRateLimitExceeded"' in error.body()


def test_a_truncated_answer_promises_more_than_it_has() -> None:
    response = HttpResponse(200, (("Content-Type", "text/plain"),), b"0123456789")
    sent = spoilt(FaultAction(FaultKind.TRUNCATED, keep_share=0.3), response)
    assert sent == (b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 10\r\n\r\n012")
    whole = spoilt(FaultAction(FaultKind.TRUNCATED, keep_share=1.0), response)
    assert whole.endswith(b"012345678")
    empty = spoilt(FaultAction(FaultKind.TRUNCATED), HttpResponse(200))
    assert empty.endswith(b"Content-Length: 1\r\n\r\n")
    assert spoilt(FaultAction(FaultKind.MALFORMED), response) == GARBAGE


def test_each_turn_has_draws_of_its_own_and_the_same_turn_the_same() -> None:
    tables = [{"kind": "throttle", "probability": 0.5}]
    faults = FaultPlan.parse(tables).faults
    drawn = [
        [decision.action is None for decision in many(FaultPlan(faults, turn), 200)]
        for turn in (0, 0, 1, 1, 2)
    ]
    assert drawn[0] == drawn[1] == [d.action is None for d in many(plan(*tables), 200)]
    assert drawn[2] == drawn[3]
    assert len({tuple(found) for found in drawn}) == 3
