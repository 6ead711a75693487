"""The lines over time of the report, where the load changes within a second."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bench.model.load import Plan
from bench.model.outcome import Verdict
from bench.model.profile import Phase
from bench.model.times import NEVER, NS_PER_MS, NS_PER_S
from bench.record.aggregate import Aggregate
from bench.record.folder import RunFolder
from bench.record.recorded_run import RecordedRun
from bench.record.second_figures import second_figures
from bench.report.seconds import PerSecond, Seconds
from bench.shapes.ramp import constant_rate
from tests.record.build import SMALL, Shipment, profile_of, row, together

MOMENT_NS = 1_999 * NS_PER_MS
"""A millisecond before a second ends, the rate becomes a hundred times what it was."""


@pytest.fixture
def steered(tmp_path: Path) -> Iterator[RecordedRun]:
    profile = profile_of((SMALL,), (Phase("steady", constant_rate(10.0, 3 * NS_PER_S)),))
    (whole,) = together(profile).segments
    slow = replace(whole, shape=constant_rate(10.0, MOMENT_NS))
    fast = replace(whole, index=1, start_ns=MOMENT_NS, shape=constant_rate(1000.0, NS_PER_S))
    aggregate = Aggregate(profile, Plan((slow, fast)))
    shipment = Shipment()
    for at_ns, segment, lag_ms in (
        *((i * 100 * NS_PER_MS, 0, 1) for i in range(20)),
        (MOMENT_NS + 1, 1, 4),
        *((2 * NS_PER_S + i * 10 * NS_PER_MS, 1, 1) for i in range(99)),
    ):
        shipment.offer(at_ns, segment=segment)
        lag_ns, response_ns = lag_ms * NS_PER_MS, 10 * lag_ms * NS_PER_MS
        shipment.rows.append(
            row(
                at_ns,
                segment=segment,
                lag_ns=lag_ns,
                response_ns=response_ns,
                read_lag_ns=2 * lag_ns if segment else NEVER,
            )
        )
    shipment.to(aggregate)
    aggregate.advance(5 * NS_PER_S)
    folder = RunFolder.create(tmp_path, profile, "", {})
    yield folder.finish(
        aggregate.totals(), aggregate.intervals(), (), Verdict.VALID, curves=aggregate.curves()
    )
    folder.close()


def test_a_second_in_parts_is_one_point_of_all_that_is_in_it(steered: RecordedRun) -> None:
    assert len(steered.intervals) == 4
    seconds = Seconds(second_figures(steered.intervals))

    def points(values: PerSecond) -> dict[float, float]:
        found = seconds.points(values)[SMALL]
        assert len(found) == len(dict(found)), "a second is one point"
        return dict(found)

    assert points(seconds.sent_rps()) == pytest.approx({0: 10, 1: 11, 2: 99 / 0.999})
    assert points(seconds.lag_ms()) == pytest.approx({0: 1, 1: 4, 2: 1})
    assert points(seconds.read_lag_ms()) == pytest.approx({1: 8, 2: 2})
    name, response_ms = seconds.telling_ms()
    assert name == "mean"
    assert points(response_ms) == pytest.approx({0: 10, 1: 140 / 11, 2: 10})
    assert points(seconds.bad_rps()) == {0: 0, 1: 0, 2: 0}
    assert seconds.end_s == 3
