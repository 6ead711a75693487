from __future__ import annotations

from bench.stats.holm import apart_from_one, pairs, rejected


def test_the_smallest_must_pass_the_strictest_limit_and_each_next_a_milder_one() -> None:
    assert rejected([0.02, 0.004, 0.012]) == (True, True, True)
    assert rejected([0.03, 0.004, 0.03]) == (False, True, False)


def test_nothing_falls_behind_one_that_stands() -> None:
    assert rejected([0.04, 0.03, 0.02]) == (False, False, False)


def test_what_was_not_tested_takes_no_part() -> None:
    assert rejected([None, 0.04, None]) == (False, True, False)
    assert rejected([]) == ()


def test_comparisons_that_were_picked_from_many_count_as_many() -> None:
    assert rejected([0.004], family=36) == (False,)
    assert rejected([0.001], family=36) == (True,)


def test_one_that_was_picked_by_its_figures_is_compared_with_each_as_if_all_pairs_were() -> None:
    assert pairs(9) == 36
    assert apart_from_one([0.05 / 36] + [0.9] * 7) == (True, *[False] * 7)
    assert apart_from_one([0.06 / 36] + [0.9] * 7) == (False,) * 8


def test_whoever_has_fallen_is_no_rival_of_those_that_are_left() -> None:
    """Of four, after one has fallen, three are left with three pairs, then two with one."""
    assert apart_from_one([0.008, 0.016, 0.049]) == (True, True, True)
    assert apart_from_one([0.008, 0.018, 0.018]) == (True, False, False)
    assert apart_from_one([None, 0.049]) == (False, True)
    assert apart_from_one([]) == ()
