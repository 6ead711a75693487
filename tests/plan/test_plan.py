from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import pairwise

import pytest

from bench.model.endpoint import EndpointKind
from bench.model.load import Segment
from bench.model.profile import LoadSpec, Order, Phase, Profile, Target, TargetKind, Variant
from bench.plan import make_plan, turns
from bench.shapes.burst import Burst
from bench.shapes.callers import Callers
from bench.shapes.ramp import Ramp, constant_rate
from bench.shapes.recorded import Recorded
from bench.shapes.steps import Steps

S = 1_000_000_000
WARM_UP = Phase("warm-up", constant_rate(3.0, 2 * S), measured=False)
STEADY = Phase("steady", Ramp(5 * S, 3.0, 30.0))


def profile_of(
    order: Order,
    *,
    rounds: int = 1,
    seed: int = 1,
    variants: int = 3,
    phases: tuple[Phase, ...] = (WARM_UP, STEADY),
) -> Profile:
    return Profile(
        name="p",
        title="p",
        question="",
        source="p.toml",
        target=Target(TargetKind.LOCAL, "primes"),
        variants=tuple(Variant(EndpointKind.INVOKE, 128 + n) for n in range(variants)),
        load=LoadSpec(order=order, rounds=rounds, seed=seed),
        phases=phases,
    )


def rows(profile: Profile) -> list[tuple[int, int, tuple[int, ...]]]:
    """(round, phase, variants) of every segment."""
    return [(s.round, s.phase, s.variants) for s in make_plan(profile).segments]


@pytest.mark.parametrize(
    ("order", "rounds", "expected"),
    [
        (
            Order.SEQUENTIAL,
            2,
            # variant 0 is done with before variant 1 begins
            [
                (0, 0, (0,)), (0, 1, (0,)), (1, 0, (0,)), (1, 1, (0,)),
                (0, 0, (1,)), (0, 1, (1,)), (1, 0, (1,)), (1, 1, (1,)),
            ],
        ),
        (
            Order.TOGETHER,
            2,
            # every segment carries both
            [(0, 0, (0, 1)), (0, 1, (0, 1)), (1, 0, (0, 1)), (1, 1, (0, 1))],
        ),
    ],
)  # fmt: skip
def test_orders_without_chance(
    order: Order, rounds: int, expected: list[tuple[int, int, tuple[int, ...]]]
) -> None:
    assert rows(profile_of(order, rounds=rounds, variants=2)) == expected


def test_a_phase_that_is_wanted_once_is_part_of_the_first_round_alone() -> None:
    once = (replace(WARM_UP, once=True), STEADY)
    found = rows(profile_of(Order.INTERLEAVED, rounds=3, variants=2, phases=once))
    assert [phase for _, phase, _ in found] == [0, 1, 0, 1, 1, 1, 1, 1]
    starts = [
        segment.start_ns
        for segment in make_plan(
            profile_of(Order.TOGETHER, rounds=2, variants=2, phases=once)
        ).segments
    ]
    assert starts == [0, 2 * S, 7 * S]


def test_an_interleaved_round_has_every_variant_once_with_all_phases() -> None:
    found = rows(profile_of(Order.INTERLEAVED, rounds=4, variants=5))
    for round_ in range(4):
        of_round = [row for row in found if row[0] == round_]
        blocks = [of_round[i : i + 2] for i in range(0, len(of_round), 2)]
        assert Counter(block[0][2] for block in blocks) == {(v,): 1 for v in range(5)}
        assert all([row[1] for row in block] == [0, 1] for block in blocks)
        assert all(block[0][2] == block[1][2] for block in blocks)


def test_interleaved_rounds_are_shuffled_anew() -> None:
    found = rows(profile_of(Order.INTERLEAVED, rounds=6, variants=6))
    orders = {tuple(row[2] for row in found if row[0] == round_) for round_ in range(6)}
    assert len(orders) > 1


def test_the_same_seed_gives_the_same_plan_and_another_seed_another() -> None:
    plans = [
        make_plan(profile_of(Order.INTERLEAVED, rounds=3, variants=6, seed=seed))
        for seed in (1, 1, 2)
    ]
    assert plans[0] == plans[1]
    assert plans[0] != plans[2]


@pytest.mark.parametrize("order", Order)
def test_segments_follow_each_other_without_gaps_and_are_numbered(order: Order) -> None:
    segments = make_plan(profile_of(order, rounds=3)).segments
    assert [segment.index for segment in segments] == list(range(len(segments)))
    assert segments[0].start_ns == 0
    assert all(a.end_ns == b.start_ns for a, b in pairwise(segments))


def test_a_segment_has_its_phases_load() -> None:
    segment = make_plan(profile_of(Order.SEQUENTIAL)).segments[1]
    assert segment == Segment(1, 0, 1, (0,), 2 * S, Ramp(5 * S, 3.0, 30.0), stream=1)


def test_a_stepped_ramp_goes_from_its_start_to_its_end_in_equal_steps() -> None:
    ramp = Phase("ramp", Steps(Ramp(10 * S, 10.0, 50.0), 5))
    segments = make_plan(profile_of(Order.TOGETHER, phases=(ramp,))).segments
    assert [segment.shape for segment in segments] == [
        constant_rate(rps, 2 * S) for rps in (10.0, 20.0, 30.0, 40.0, 50.0)
    ]
    assert {segment.phase for segment in segments} == {0}


def test_steps_of_callers_are_whole() -> None:
    ramp = Phase("ramp", Steps(Callers(9 * S, 1, 6), 3))
    segments = make_plan(profile_of(Order.TOGETHER, phases=(ramp,))).segments
    assert [s.shape for s in segments] == [Callers(3 * S, n, n) for n in (1, 3, 6)]


def test_steps_that_do_not_divide_the_duration_still_fill_it() -> None:
    ramp = Phase("ramp", Steps(Ramp(10, 1.0, 2.0), 3))
    plan = make_plan(profile_of(Order.TOGETHER, phases=(ramp,)))
    assert [segment.duration_ns for segment in plan.segments] == [3, 3, 4]
    assert plan.duration_ns == 10


def test_bursts_and_recordings_are_handed_on() -> None:
    phases = (
        Phase("burst", Burst(4 * S, 20, S)),
        Phase("replay", Recorded(4 * S, b"\0" * 8)),
    )
    segments = make_plan(profile_of(Order.TOGETHER, phases=phases)).segments
    assert [segment.shape for segment in segments] == [phase.shape for phase in phases]


def test_without_phases_there_is_nothing_to_plan() -> None:
    assert make_plan(profile_of(Order.INTERLEAVED, phases=())).segments == ()


NAMED = [Variant(EndpointKind.INVOKE, 128).with_levels({"retry": name}) for name in (None, "x")]
SIZES = [Variant(EndpointKind.INVOKE, 128), Variant(EndpointKind.ALB, 512)]


@pytest.mark.parametrize("variants", [NAMED, SIZES])
def test_variants_meet_the_same_arrivals_in_a_round_and_others_in_the_next(
    variants: list[Variant],
) -> None:
    profile = replace(profile_of(Order.INTERLEAVED, rounds=3), variants=tuple(variants))
    streams: dict[int, set[int | None]] = {}
    for segment in make_plan(profile).segments:
        streams.setdefault(segment.round, set()).add(segment.stream)
    assert all(None not in found for found in streams.values())
    assert len({frozenset(found) for found in streams.values()}) == 3
    assert all(len(found) == len(profile.phases) for found in streams.values())


def test_a_turn_begins_with_the_first_phase_of_its_round() -> None:
    profile = profile_of(Order.SEQUENTIAL, rounds=2, variants=2)
    found = turns(make_plan(profile), profile.variants, 1000)
    begins = [(turn.variant.memory_mb, (turn.start_ns - 1000) // S) for turn in found]
    assert begins == [(128, 0), (128, 7), (129, 14), (129, 21)]
