from __future__ import annotations

from bench.stats.holm import rejected


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
