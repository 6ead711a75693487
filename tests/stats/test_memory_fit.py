"""The curve of time over memory, against curves that are known."""

from __future__ import annotations

import pytest

from bench.stats.memory_fit import memory_fit

SIZES = (128, 256, 512, 1024, 1769, 3008)


def test_work_of_one_thread_stops_falling_at_a_whole_vcpu() -> None:
    fit = memory_fit([(size, 5 + 40 * 1769 / min(size, 1769)) for size in SIZES])
    assert fit is not None
    assert fit.one_thread
    assert fit.waits == pytest.approx(5)
    assert fit.works == pytest.approx(40)
    assert fit.at(10_240) == pytest.approx(45)


def test_work_of_many_threads_goes_on_falling() -> None:
    fit = memory_fit([(size, 5 + 40 * 1769 / size) for size in (*SIZES, 6_000)])
    assert fit is not None
    assert not fit.one_thread
    assert fit.at(3538) == pytest.approx(25)


def test_work_that_only_waits_has_a_flat_curve() -> None:
    fit = memory_fit([(size, 50.0) for size in SIZES])
    assert fit is not None
    assert fit.works == pytest.approx(0, abs=1e-6)
    assert fit.at(128) == pytest.approx(50)


@pytest.mark.parametrize(
    "points",
    [
        [(128, 400.0), (256, 200.0)],
        [(128, 50.0), (256, 400.0), (512, 30.0), (1024, 300.0)],
        [(128, 10.0), (512, 40.0), (1769, 90.0)],
        [(128, 0.0), (512, 4.0), (1769, 9.0)],
    ],
    ids=["too few sizes", "no curve", "rising", "a time of nought"],
)
def test_what_does_not_fit_has_no_curve(points: list[tuple[int, float]]) -> None:
    assert memory_fit(points) is None
