"""What is said of recovery, held against a simulation that knows it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from random import Random

import pytest

from bench.load.live_results import LiveResults
from bench.model.load import Plan
from bench.model.profile import Phase, Profile
from bench.model.recovery import Recovery, RecoveryState
from bench.model.times import NS_PER_S
from bench.plan import make_plan
from bench.record.aggregate import Aggregate
from bench.record.recovery import recoveries
from bench.shapes.ramp import constant_rate
from tests.record.build import Shipment
from tests.record.retry_simulation import (
    BUDGETED,
    EAGER,
    EQUAL,
    EXPONENTIAL,
    JITTER,
    LEGACY,
    NONE,
    OVERLOAD,
    STANDARD,
    STUBBORN,
    Function,
    Policy,
    SimulatedCall,
    ship,
)
from tests.record.test_recovery import stalled


def profile_for(function: Function, rounds: int) -> Profile:
    """One that names what disturbs the function: a fault, or a phase that asks for more."""
    faults: list[dict[str, object]] = []
    if function.disturbance != "overload":
        duration_s = function.until_s - function.from_s
        times: dict[str, object] = {"start_s": function.from_s, "duration_s": duration_s}
        rates = {"steady": (function.rate_rps, function.run_s)}
        faults.append(times | {"kind": function.disturbance})
    else:
        rates, faults = (
            {
                "before": (function.rate_rps, function.from_s),
                "overload": (function.rate_rps * OVERLOAD, function.until_s - function.from_s),
                "after": (function.rate_rps, function.run_s - function.until_s),
            },
            [],
        )
    phases = [
        Phase(name, constant_rate(rps, round(span_s * NS_PER_S)))
        for name, (rps, span_s) in rates.items()
    ]
    return stalled(*faults, phases=phases, rounds=rounds)


def recorded(plan: Plan, rounds: Sequence[Sequence[SimulatedCall]], aggregate: Aggregate) -> None:
    """The calls of each round as workers ship them."""
    shipment = Shipment()
    for number, calls in enumerate(rounds):
        segments = [segment for segment in plan.segments if segment.round == number]
        for call in calls:
            at_ns = segments[0].start_ns + round(call.at_s * NS_PER_S)
            index = next(one.index for one in segments if at_ns < one.end_ns)
            ship(shipment, call, segments[0].start_ns, 0, index)
    shipment.to(aggregate)
    aggregate.advance(plan.duration_ns + 60 * NS_PER_S)


def measured(function: Function, policy: Policy, rounds: int, seed: str = "recorded") -> Recovery:
    """What is said of the recorded seconds of so many simulated rounds."""
    profile = profile_for(function, rounds)
    plan = make_plan(profile)
    aggregate = Aggregate(profile, plan)
    made = [function.run(policy, Random(f"{seed}/{number}")) for number in range(rounds)]
    recorded(plan, made, aggregate)
    ((found,),) = recoveries(LiveResults(profile, aggregate)).values()
    return found


BUSY = Function()
CALM = Function(rate_rps=16.0, run_s=28.0)
"""So that even who asks without end has caught up before the end."""
DISTURBED = {
    "stall": (BUSY, [NONE, STANDARD, JITTER, EXPONENTIAL, EQUAL, EAGER, BUDGETED]),
    "stall, watched for longer": (replace(BUSY, run_s=44.0), [LEGACY]),
    "stall of a calm load": (CALM, [STUBBORN]),
    "throttle": (replace(BUSY, disturbance="throttle"), [NONE, STANDARD, JITTER]),
    "throttle of a calm load": (replace(CALM, disturbance="throttle"), [STUBBORN]),
    "overload": (replace(BUSY, disturbance="overload"), [NONE, STANDARD, JITTER]),
}


@pytest.mark.parametrize(
    ("function", "policy"),
    [(function, policy) for function, policies in DISTURBED.values() for policy in policies],
    ids=[f"{name}, {number}" for name, (_, own) in DISTURBED.items() for number in range(len(own))],
)
def test_what_a_simulation_knows_is_within_the_interval(function: Function, policy: Policy) -> None:
    known_s = function.known_recovery_s(policy, 12, "known")
    found = measured(function, policy, 4)
    assert found.disturbance == function.disturbance
    assert known_s is not None and found.after_s is not None
    assert found.low_s is not None and found.high_s is not None
    assert found.low_s <= known_s <= found.high_s
    assert found.high_s - found.low_s < max(6, known_s)


def test_a_function_that_cannot_catch_up_does_not_recover_within_the_run() -> None:
    busy = Function(rate_rps=34.0, run_s=24.0)
    assert busy.known_recovery_s(STUBBORN, 3, "known") is None
    assert measured(busy, STUBBORN, 2).state is RecoveryState.NOT_WITHIN
