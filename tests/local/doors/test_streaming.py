"""The rate of a stream."""

from __future__ import annotations

import pytest

from bench.local.doors.streaming import Pace

S = 1_000_000_000
MIB = 1 << 20


def test_the_first_six_megabytes_go_at_once_and_the_rest_at_two_a_second() -> None:
    pace = Pace()
    assert pace.delay_s(6 * MIB, 0) == 0
    assert pace.delay_s(2 * MIB, 0) == pytest.approx(1.0)
    assert pace.delay_s(2 * MIB, 1 * S) == pytest.approx(1.0)
    assert pace.delay_s(2 * MIB, 5 * S) == 0, "whoever was slow need not wait"
