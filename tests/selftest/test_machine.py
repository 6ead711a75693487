"""When other programs leave too little of a machine."""

from __future__ import annotations

import time

from bench.selftest.machine import CoreTimes, core_times, taken_by_others


def test_others_had_what_neither_this_nor_its_children_had() -> None:
    before, after = CoreTimes(10, 100, 5), CoreTimes(14, 106, 7)
    assert after.others(before) == 1.0
    assert CoreTimes(14, None, 7).others(before) is None
    assert before.others(before) is None
    assert CoreTimes(14, 101, 7).others(before) == 0  # jiffies are counted coarsely


def test_a_core_must_be_left_or_half_of_the_only_one() -> None:
    assert taken_by_others(1.9, 2) == "other programs had 1.9 of 2 cores"
    assert taken_by_others(1.1, 2)
    assert not taken_by_others(0.9, 2)
    assert not taken_by_others(6.9, 8)
    assert taken_by_others(0.6, 1)
    assert not taken_by_others(0.4, 1)
    assert not taken_by_others(None, 2)


def test_own_work_is_not_that_of_others() -> None:
    before = core_times()
    until = time.process_time() + 0.05
    while time.process_time() < until:
        pass
    assert core_times().own_s - before.own_s >= 0.05
