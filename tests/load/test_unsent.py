"""The share of a lost worker: what it never reported is counted, every arrival of it once."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from bench.load.frames import Replan, Start, WorkOrder
from bench.load.iterations import Iterations
from bench.load.schedule import arrivals
from bench.load.unsent import Unsent
from bench.model.load import Segment
from bench.model.profile import Arrivals, LoadSpec
from bench.model.times import NS_PER_S
from bench.record.row_layout import COUNT_FIELDS
from tests.load.fakes import segment
from tests.load.fleets.orders import order

CELL = tuple[int, int, int]
"""(second, variant, segment)."""


def orders(worker: int, workers: int) -> WorkOrder:
    load = LoadSpec(arrivals=Arrivals.POISSON, seed=5)
    return replace(order("http://nowhere/", worker, workers), load=load)


def cells(counts: bytes) -> Counter[CELL]:
    import numpy as np

    found: Counter[CELL] = Counter()
    for second, variant, index, offered, dropped in np.frombuffer(
        counts, list(COUNT_FIELDS)
    ).tolist():
        assert offered == dropped
        found[second, variant, index] += offered
    return found


def planned(own: WorkOrder, *segments: Segment) -> list[CELL]:
    """The worker's share of the segments, in the order in which it takes it up."""
    load = own.load
    return [
        (at_ns // NS_PER_S, variant, one.index)
        for one in segments
        for at_ns, variant in arrivals(one, load.arrivals, load.seed, own.worker, own.workers)
    ]


@pytest.mark.parametrize("reported", [0, 1, 137, 10_000])
def test_what_was_reported_and_what_was_not_are_the_whole_share(reported: int) -> None:
    own = orders(1, 3)
    whole = planned(own, segment(200, 3.0))
    unsent = Unsent(own, Start(0, (segment(200, 3.0),)), (), reported)
    counts, is_all = unsent.until(10 * NS_PER_S)
    assert is_all
    assert cells(counts) == Counter(whole[reported:])
    assert unsent.until(20 * NS_PER_S) == (b"", True)


def test_arrivals_are_told_when_their_instant_has_come() -> None:
    own = orders(0, 2)
    unsent = Unsent(own, Start(0, (segment(50, 4.0),)), (), 0)
    early = cells(unsent.until(2 * NS_PER_S)[0])
    late = cells(unsent.until(4 * NS_PER_S)[0])
    assert {second for second, _, _ in early} == {0, 1}
    assert {second for second, _, _ in late} == {2, 3}
    assert early + late == Counter(planned(own, segment(50, 4.0)))


def test_a_change_of_the_plan_holds_for_a_lost_share_too_whenever_it_comes() -> None:
    own = orders(0, 2)
    slow, fast = segment(20, 2.0), segment(300, 2.0, start_s=2.0, index=1)
    change = Replan(2 * NS_PER_S, (fast,), finish=True)
    before = Unsent(own, Start(0, (segment(20, 9.0),)), (change,), 0)
    after = Unsent(own, Start(0, (segment(20, 9.0),)), (), 0)
    first, _ = after.until(NS_PER_S)
    after.replan(change)
    rest, _ = after.until(9 * NS_PER_S)
    assert cells(before.until(9 * NS_PER_S)[0]) == cells(first) + cells(rest)
    assert sum(n for (_, _, index), n in cells(rest).items() if index == 1) == len(
        planned(own, fast)
    )
    assert len(planned(own, slow)) > 0


def test_nothing_is_wanted_of_it_once_the_load_has_ended() -> None:
    own = orders(0, 2)
    unsent = Unsent(own, Start(0, (segment(50, 60.0),)), (), 0)
    unsent.end(NS_PER_S)
    counts, is_all = unsent.until(60 * NS_PER_S)
    assert is_all
    assert {second for second, _, _ in cells(counts)} == {0}


def test_a_quota_bounds_what_it_would_have_begun() -> None:
    own = replace(orders(0, 2), quota=Iterations(30))
    unsent = Unsent(own, Start(0, (segment(200, 3.0),)), (), 12)
    assert cells(unsent.until(9 * NS_PER_S)[0]).total() == 18


def test_a_long_share_is_looked_at_in_steps() -> None:
    own = orders(0, 1)
    unsent = Unsent(own, Start(0, (segment(500, 2.0),)), (), 0)
    found: Counter[CELL] = Counter()
    steps = 0
    is_all = False
    while not is_all:
        counts, is_all = unsent.until(9 * NS_PER_S, steps=100)
        found += cells(counts)
        steps += 1
    assert steps > 5
    assert found == Counter(planned(own, segment(500, 2.0)))
