"""A worker's clock follows the run's, a little at a time and never over what is due."""

from __future__ import annotations

from bench.load.run_zero import STEP_NS, RunZero
from bench.model.times import NS_PER_S

START_NS = 5 * NS_PER_S
IDLE_NS = 3600 * NS_PER_S


def follow(zero: RunZero, at_ns: int, steps: int, quiet_ns: int = IDLE_NS) -> int:
    for _ in range(steps):
        at_ns += zero.step_ns(at_ns, quiet_ns)
    return at_ns


def begun(later_ns: int) -> RunZero:
    zero = RunZero()
    zero.begin(START_NS)
    zero.correct(later_ns)
    return zero


def test_it_stays_where_it_began_until_it_is_corrected() -> None:
    assert RunZero().step_ns(0, IDLE_NS) == 0
    assert begun(0).step_ns(START_NS, IDLE_NS) == 0


def test_a_correction_is_made_in_small_steps_either_way_and_then_no_more() -> None:
    for later_ns in (10 * STEP_NS + 7, -10 * STEP_NS - 7):
        zero = begun(later_ns)
        assert abs(zero.step_ns(START_NS, IDLE_NS)) == STEP_NS
        assert follow(zero, START_NS, 10) == START_NS + later_ns - (7 if later_ns > 0 else -7)
        assert follow(zero, START_NS, 30) == START_NS + later_ns


def test_time_never_leaps_over_what_is_due_but_may_wait_for_it() -> None:
    behind, ahead = begun(-STEP_NS), begun(STEP_NS)
    assert behind.step_ns(START_NS, 1000) == -1000
    assert behind.step_ns(START_NS, -50) == 0
    assert ahead.step_ns(START_NS, -50) == STEP_NS
