"""Who is out of reach from here, by what this side asks and what others hear; time by hand."""

from __future__ import annotations

import pytest

from bench.load.fleets.reach import Reach, beat_ns
from bench.model.times import NS_PER_MS, NS_PER_S

LOOK_NS = 200 * NS_PER_MS


class Looks:
    """A Reach of so many nodes that is looked at each LOOK_NS; node 0 has just answered."""

    def __init__(self, nodes: int) -> None:
        self.reach = Reach(nodes, NS_PER_S)
        self.beat_ns = beat_ns(nodes)
        self.now_ns = 0
        self.lost: list[int] = []
        self.look()

    def look(self) -> None:
        self.lost += self.reach.out_of_reach(self.now_ns)

    def ask_for(self, seconds: float, *, others_hear: bool) -> None:
        """Node 0 is asked at each beat, answers nothing, and each second others hear it or not."""
        end_ns, from_ns = self.now_ns + round(seconds * NS_PER_S), self.now_ns
        while self.now_ns < end_ns and not self.lost:
            self.now_ns += LOOK_NS
            if (self.now_ns - from_ns) % self.beat_ns < LOOK_NS:
                self.reach.ask(0)
            if others_hear and self.now_ns % NS_PER_S < LOOK_NS:
                self.reach.heard_of(0)
            self.look()


@pytest.mark.parametrize("nodes", [2, 16, 65, 100, 512])
def test_a_node_that_others_alone_hear_is_told_within_5_s(nodes: int) -> None:
    looks = Looks(nodes)
    looks.ask_for(5.0, others_hear=True)
    assert looks.lost == [0]
    assert looks.now_ns <= 5 * NS_PER_S


@pytest.mark.parametrize("nodes", [2, 512])
def test_one_that_nobody_hears_is_not_out_of_reach_but_silent(nodes: int) -> None:
    looks = Looks(nodes)
    looks.ask_for(20.0, others_hear=False)
    assert not looks.lost


def test_one_that_answers_is_in_reach_however_often_others_hear_it() -> None:
    looks = Looks(2)
    for _ in range(20):
        looks.ask_for(3.0, others_hear=True)
        looks.reach.heard(0)
    assert not looks.lost


def test_a_clock_of_many_nodes_is_read_less_often_and_never_so_seldom_that_one_is_named_late() -> (
    None
):
    beats = [beat_ns(nodes) for nodes in (1, 15, 64, 512)]
    assert beats[0] == beats[1] == 500 * NS_PER_MS
    assert beats == sorted(beats)
    assert beats[-1] < 3 * NS_PER_S
