"""Turns laid over each other: what happens at the same second of each turn stands at one place."""

from __future__ import annotations

from dataclasses import replace
from math import nan

import pytest

from bench.model.endpoint import EndpointKind
from bench.model.profile import LoadSpec, Order, Phase, Profile, Target, TargetKind, Variant
from bench.model.times import NS_PER_S
from bench.shapes.ramp import constant_rate
from bench.tui.app import LamloadApp
from bench.tui.turns import Turns, turns_of
from tests.tui.fakes import FakeRun
from tests.tui.picture import rows_of
from tests.tui.test_app import drawn, screen_of

SIZES = (128, 256, 512)


def steady(name: str, seconds: float, *, once: bool = False) -> Phase:
    shape = constant_rate(5.0, round(seconds * NS_PER_S))
    return Phase(name, shape, measured=not once, once=once)


def profile(
    *phases: Phase, order: Order = Order.INTERLEAVED, rounds: int = 2, sizes: int = 3
) -> Profile:
    variants = tuple(Variant(EndpointKind.INVOKE, size) for size in SIZES[:sizes])
    return Profile("turns", "Turns", "", "turns.toml", Target(TargetKind.LOCAL, "primes"),
                   variants, load=LoadSpec(rounds=rounds, order=order),
                   phases=phases or (steady("steady", 10),))  # fmt: skip


def turns(*phases: Phase, **plan: int) -> Turns:
    found = turns_of(profile(*phases, **plan))  # type: ignore[arg-type]
    assert found is not None
    return found


def test_a_second_has_the_same_place_in_every_turn() -> None:
    """The plan is shuffled: what tells a turn is where the variant was not on before."""
    seconds = [(t_s, 0, "steady", t_s / 1) for t_s in range(20, 30)]
    seconds += [(t_s, 3, "steady", t_s / 1) for t_s in range(50, 60)]
    found = turns().laid_over(seconds)
    assert found == {at: [20 + at, 50 + at] for at in range(10)}


def test_turns_without_a_gap_are_told_by_the_plan() -> None:
    one = turns(steady("steady", 10), sizes=1)
    found = one.laid_over((t_s, t_s // 10, "steady", 1.0) for t_s in range(20))
    assert sorted(found) == list(range(10))


def test_a_turn_whose_load_was_changed_goes_on() -> None:
    """The segment that a command puts in its place is none of the plan's."""
    seconds = [(t_s, 0 if t_s < 4 else 99, "steady", 1.0) for t_s in range(10)]
    seconds += [(t_s, 100, "steady", 2.0) for t_s in range(40, 50)]
    assert turns().laid_over(seconds) == {at: [1.0, 2.0] for at in range(10)}


def test_what_the_first_turn_alone_has_shifts_nothing() -> None:
    warm = turns(steady("warm-up", 5, once=True), steady("steady", 10))
    seconds = [(t_s, 0, "warm-up", 9.0) for t_s in range(5)]
    seconds += [(t_s, 1, "steady", 1.0) for t_s in range(5, 15)]
    seconds += [(t_s, 4, "steady", 2.0) for t_s in range(45, 55)]
    assert warm.laid_over(seconds) == {at: [1.0, 2.0] for at in range(10)}
    assert (warm.length_s, warm.starts) == (10.0, ((0.0, "steady"),))


def test_the_middle_of_all_turns_stands_for_them_and_what_none_knows_is_a_gap() -> None:
    three = turns(steady("steady", 2), rounds=3)
    seconds = [(at + 10 * turn, 3 * turn, "steady", figure)
               for turn, figures in enumerate([(1.0, nan), (9.0, nan), (2.0, nan)])
               for at, figure in enumerate(figures)]  # fmt: skip
    assert three.medians(seconds) == [(0, 2.0), (1, None)]


@pytest.mark.parametrize(
    ("order", "rounds", "sizes", "lays"),
    [
        (Order.INTERLEAVED, 1, 3, True),
        (Order.SEQUENTIAL, 1, 3, True),
        (Order.TOGETHER, 1, 3, False),
        (Order.TOGETHER, 2, 3, True),
        (Order.INTERLEAVED, 1, 1, False),
        (Order.INTERLEAVED, 2, 1, True),
    ],
)
def test_it_takes_two_turns(order: Order, rounds: int, sizes: int, lays: bool) -> None:
    planned = profile(order=order, rounds=rounds, sizes=sizes)
    assert (turns_of(planned) is not None) is lays


def test_where_each_turn_is_disturbed_alike_turns_lie_over_each_other_at_first() -> None:
    calm = profile(steady("steady", 10))
    fault = {"kind": "stall", "start_s": 3, "duration_s": 2}
    disturbed = replace(calm, target=replace(calm.target, faults=(fault,)))
    spike = profile(steady("before", 5), Phase("spike", constant_rate(50.0, 5 * NS_PER_S)),
                    steady("after", 5))  # fmt: skip
    found = [turns_of(one) for one in (calm, disturbed, spike)]
    assert [one is not None and one.at_first for one in found] == [False, True, True]
    assert found[1] is not None
    assert found[1].starts == ((0.0, "steady"), (3.0, "stall"))


async def test_t_lays_the_turns_over_each_other_and_takes_them_apart_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(FakeRun, "profile", profile(steady("steady", 15), rounds=4))
    app = LamloadApp(FakeRun())
    async with app.run_test(size=(140, 40)) as pilot:
        await drawn(pilot)
        await pilot.press("m")  # sizes that take turns begin with another picture
        assert "0:20" in rows_of(app, 140)
        await pilot.press("t")
        shown = rows_of(app, 140)
        assert "the median of all turns" in shown
        assert "0:20" not in shown
        await pilot.press("t")
        assert "the median of all turns" not in rows_of(app, 140)


async def test_where_there_is_one_turn_t_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FakeRun, "profile", profile(order=Order.TOGETHER, rounds=1))
    app = LamloadApp(FakeRun())
    async with app.run_test(size=(140, 40)) as pilot:
        await drawn(pilot)
        await pilot.press("t")
        assert screen_of(app).choices.turns is None
        assert any("no turns to lay over each other" in n.message for n in app._notifications)
