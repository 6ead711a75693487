"""Exactly so many invocations, dealt to the workers before the first one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bench.load.engine import Engine
from bench.load.iterations import Iterations, quotas
from bench.model.endpoint import EndpointKind
from bench.model.outcome import Outcome
from bench.model.profile import (
    Arrivals,
    CapacitySpec,
    LoadSpec,
    Order,
    Phase,
    Profile,
    StopSpec,
    Target,
    TargetKind,
    Variant,
)
from bench.model.retry import BreakerSpec
from bench.model.times import NS_PER_MS, NS_PER_S
from bench.plan import make_plan
from bench.shapes.callers import Callers
from bench.shapes.ramp import constant_rate
from tests.load.fakes import Bench, constant, segment

WARM_UP, STEADY = (
    Phase("warm-up", constant_rate(50, NS_PER_S), measured=False),
    Phase("s", constant_rate(50, NS_PER_S)),
)
CALLERS = Phase("callers", Callers(NS_PER_S, 3, 3))


def profile_of(
    *phases: Phase, invocations: int | None, variants: int = 1, order: Order = Order.TOGETHER
) -> Profile:
    return Profile(
        name="test",
        title="",
        question="",
        source="test",
        target=Target(TargetKind.HTTP),
        variants=tuple(Variant(EndpointKind.HTTP, memory_mb=128 + i) for i in range(variants)),
        load=LoadSpec(arrivals=Arrivals.POISSON, order=order, rounds=2, seed=7),
        phases=phases,
        stop=StopSpec(invocations=invocations),
    )


def shares(profile: Profile, workers: int) -> list[int]:
    dealt = [quota for quota in quotas(profile, make_plan(profile), workers) if quota is not None]
    assert len(dealt) == workers
    return [quota.invocations for quota in dealt]


def engines(profile: Profile, workers: int, ms: float = 5, in_flight: int = 400) -> list[Bench]:
    """Every worker's part, played to the end."""
    plan = make_plan(profile)
    load = replace(profile.load, in_flight=in_flight)
    return [
        Bench(
            constant(ms),
            variants=len(profile.variants),
            load=load,
            worker=worker,
            workers=workers,
            quota=quota,
        ).run(*plan.segments)
        for worker, quota in enumerate(quotas(profile, plan, workers))
    ]


def measured(bench: Bench, profile: Profile) -> int:
    segments = make_plan(profile).segments
    counted = [s.index for s in segments if profile.phases[s.phase].measured]
    return sum(int((bench.final["segment"] == index).sum()) for index in counted)


def last_ns(engine: Engine) -> int:
    assert engine.used_up_ns is not None
    return engine.used_up_ns


@pytest.mark.parametrize("workers", [1, 2, 3])
@pytest.mark.parametrize("order", list(Order))
@pytest.mark.parametrize("variants", [1, 3])
def test_the_first_so_many_arrivals_of_the_schedule_are_sent(
    workers: int, order: Order, variants: int
) -> None:
    profile = profile_of(WARM_UP, STEADY, invocations=70 * variants, variants=variants, order=order)
    limited = engines(profile, workers)
    assert sum(measured(bench, profile) for bench in limited) == 70 * variants
    end_ns = max(last_ns(bench.engine) for bench in limited)
    whole = replace(profile, stop=StopSpec())
    for bench, free in zip(limited, engines(whole, workers), strict=True):
        scheduled = free.final["intended_ns"]
        assert sorted(bench.final["intended_ns"]) == sorted(scheduled[scheduled <= end_ns])


def test_a_warm_up_is_not_counted_wherever_it_stands() -> None:
    profile = profile_of(STEADY, WARM_UP, STEADY, invocations=75)
    (bench,) = engines(profile, 1)
    assert measured(bench, profile) == 75
    assert len(bench.final) > 75


@pytest.mark.parametrize("workers", [1, 2, 5])
@pytest.mark.parametrize("think_ns", [0, 20 * NS_PER_MS])
def test_callers_share_it_as_they_are_shared(workers: int, think_ns: int) -> None:
    profile = profile_of(CALLERS, invocations=20)
    profile = replace(profile, load=replace(profile.load, think_ns=think_ns))
    assert shares(profile, 5) == [7, 7, 6, 0, 0]
    benches = engines(profile, workers)
    assert [len(bench.final) for bench in benches] == shares(profile, workers)
    assert sum(len(bench.final) for bench in benches) == 20


def test_an_engine_tells_when_the_last_answer_was_there() -> None:
    (bench,) = engines(profile_of(CALLERS, invocations=3), 1, ms=200)
    assert (last_ns(bench.engine), bench.engine.ended_ns) == (0, 200 * NS_PER_MS)


def test_a_dropped_arrival_is_no_invocation() -> None:
    profile = profile_of(STEADY, invocations=8)
    (bench,) = engines(profile, 1, ms=100, in_flight=1)
    assert len(bench.final) == 8
    assert int(bench.counts["dropped"].sum()) > 8


def test_a_rejected_arrival_has_ended_and_counts() -> None:
    breaker = BreakerSpec(error_rate=0.5, min_attempts=2, open_ns=NS_PER_S // 4)
    bench = Bench(constant(5, 500), breaker=breaker, quota=Iterations(60)).run(segment(100, 5))
    outcomes = bench.final["outcome"]
    assert len(outcomes) == 60
    assert 0 < int((outcomes == Outcome.REJECTED).sum()) < 60


def test_a_quota_that_the_plan_does_not_reach_ends_nothing() -> None:
    bench = Bench(constant(5), quota=Iterations(500)).run(segment(100))
    assert (len(bench.final), bench.engine.used_up_ns) == (100, None)


def test_no_change_of_the_plan_brings_arrivals_back() -> None:
    bench = Bench(constant(200), quota=Iterations(10))
    bench.start(segment(100))
    bench.clock.run(lambda: bench.engine.used_up_ns is not None)
    bench.engine.replan(NS_PER_S // 2, (segment(500, start_s=0.5, index=1),), finish=True)
    bench.finish()
    assert len(bench.final) == 10


def test_what_was_counted_before_a_change_stays_counted() -> None:
    bench = Bench(constant(5), quota=Iterations(60))
    bench.start(segment(100))
    bench.engine.replan(NS_PER_S // 2, (segment(50, 5, start_s=0.5, index=1),), finish=True)
    bench.finish()
    assert [int((bench.final["segment"] == index).sum()) for index in (0, 1)] == [50, 10]


def test_a_search_and_a_run_without_the_rule_have_no_quota() -> None:
    free = profile_of(STEADY, invocations=None)
    search = replace(
        profile_of(invocations=9), capacity=CapacitySpec(start_rps=1, max_rps=2, limit_ns=1)
    )
    for profile in (free, search):
        assert quotas(profile, make_plan(profile), 2) == [None, None]
