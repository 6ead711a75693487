"""What the server says that it saw."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bench.local.execution.stats import Durations, Stats
from bench.local.model import FunctionConfig, InvokeResult
from bench.local.sandbox.cpu import Usage

MS = 1_000_000


def test_quantiles_are_good_to_three_digits() -> None:
    durations = Durations()
    for value in range(1, 1001):
        durations.add(value * 1.2345)
    assert durations.quantile(0.5) == pytest.approx(500 * 1.2345, rel=0.005)
    assert durations.quantile(0.99) == pytest.approx(990 * 1.2345, rel=0.005)
    summary = durations.summary()
    assert summary["count"] == 1000
    assert summary["sum_ms"] == pytest.approx(500500 * 1.2345, abs=0.001)
    assert summary["max_ms"] == pytest.approx(1234.5)
    assert summary["p999_ms"] == pytest.approx(999 * 1.2345, rel=0.005)


def test_no_values_have_no_quantiles_above_zero() -> None:
    assert set(Durations().summary().values()) == {0}


def test_outcomes_by_function_and_qualifier() -> None:
    stats = Stats()
    stats.ended("f", "a", InvokeResult("1", b"", "1", duration_ms=2.0, billed_ms=2, init_ms=30.0))
    stats.ended("f", "a", InvokeResult("2", b"", "1", "Unhandled", "ValueError", billed_ms=3))
    stats.ended("f", "a", InvokeResult("3", b"", "1", throttle_reason="Some"))
    stats.ended("f", "b", InvokeResult("4", b"", "1"))
    figures = stats.of("f", "a").figures()
    assert figures["invocations"] == 3
    assert figures["outcomes"] == {"ok": 1, "ValueError": 1, "throttled": 1}
    assert figures["throttles"] == {"Some": 1}
    assert (figures["cold_starts"], figures["billed_ms"]) == (1, 5)
    assert figures["duration"]["count"] == 2
    assert stats.of("f", "b").invocations == 1


def test_only_waiting_that_no_hold_made_good_is_saturation() -> None:
    stats = Stats()
    small = FunctionConfig("f", "", "1", "h", "/", memory_mb=128)
    whole = FunctionConfig("f", "", "1", "h", "/", memory_mb=1769)
    stats.used(small, Usage(cpu_ns=100 * MS, wait_ns=500 * MS), 1400 * MS)
    assert stats.host()["uncorrected_wait_ms"] == 0
    assert not stats.host()["saturated"]
    stats.used(whole, Usage(cpu_ns=100 * MS, wait_ns=150 * MS), 250 * MS)
    assert stats.host()["uncorrected_wait_ms"] == 150
    assert stats.host()["saturated"]
    by_size = stats.host()["by_memory_mb"]
    assert [(size, told["saturated"]) for size, told in by_size.items()] == [
        ("128", False),
        ("1769", True),
    ]
    assert by_size["1769"]["waited_share"] == 0.6
    stats.used(replace(whole, name="g"), Usage(cpu_ns=100 * MS, wait_ns=0), 100 * MS)
    by_function = stats.host()["by_function"]
    assert {name: told["saturated"] for name, told in by_function.items()} == {
        "f": True,
        "g": False,
    }


@pytest.mark.parametrize(
    ("wait_ms", "duration_ms", "saturated"),
    [
        pytest.param(1, 100, False, id="a sleeper that waited for 1 ms"),
        pytest.param(1, 2, False, id="the floor"),
        pytest.param(4, 100, False, id="one that only waits"),
        pytest.param(6, 100, True, id="beyond its share"),
    ],
)
def test_waiting_is_compared_with_the_time_of_functions(
    wait_ms: int, duration_ms: int, saturated: bool
) -> None:
    stats = Stats()
    for _ in range(10):
        sleeper = FunctionConfig("f", "", "1", "h", "/", memory_mb=1769)
        stats.used(sleeper, Usage(cpu_ns=MS // 2, wait_ns=wait_ms * MS), duration_ms * MS)
    assert stats.host()["saturated"] is saturated
