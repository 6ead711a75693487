"""Pictures over memory: what is drawn, and when there is nothing to draw."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.model.endpoint import EndpointKind
from bench.model.outcome import Verdict
from bench.model.profile import Variant
from bench.model.times import NS_PER_MS, NS_PER_S
from bench.record.aggregate import Aggregate
from bench.record.folder import RunFolder
from bench.record.recorded_run import RecordedRun
from bench.report.pictures import over_memory, ranges, ridges
from tests.record.build import Shipment, profile_of, row, together

SIZES = (128, 512, 1769)


def run_of(root: Path, sizes: tuple[int, ...]) -> RecordedRun:
    """Work of one thread: 5 ms of waiting and 20 ms of a whole vCPU; every hundredth is cold."""
    variants = tuple(Variant(EndpointKind.INVOKE, size) for size in sizes)
    profile = profile_of(variants)
    aggregate = Aggregate(profile, together(profile))
    shipment = Shipment()
    for number, size in enumerate(sizes):
        ms = 5 + 20 * 1769 / size
        for i in range(400):
            at_ns = i * 10 * NS_PER_S // 400
            shipment.offer(at_ns, number)
            init_ms = 300 if i % 100 == 0 else 0
            took_ns = round((ms + i % 7 / 10 + init_ms) * NS_PER_MS)
            shipment.rows.append(
                row(
                    at_ns,
                    variant=number,
                    response_ns=took_ns,
                    duration_ns=round(ms * NS_PER_MS),
                    init_ns=init_ms * NS_PER_MS if init_ms else -1,
                    billed_ms=round(ms) + 1,
                )
            )
    shipment.to(aggregate)
    aggregate.advance(11 * NS_PER_S)
    folder = RunFolder.create(root, profile, "", {})
    return folder.finish(
        aggregate.totals(), aggregate.intervals(), [], Verdict.VALID, [],
        curves=aggregate.curves(),
        histograms=aggregate.closed_histograms(final=True),
    )  # fmt: skip


def test_time_over_memory_has_a_curve_and_cost_a_line(tmp_path: Path) -> None:
    time, cost = over_memory(run_of(tmp_path, SIZES))
    assert "p50 fitted" in time
    assert "ms / vCPUs" in time
    for size in SIZES:
        assert f">{size}</text>" in time
    assert "USD per million" in cost


def test_intervals_stand_as_whiskers(tmp_path: Path) -> None:
    time, _ = over_memory(run_of(tmp_path, SIZES))
    assert time.count('class="thin"') >= len(SIZES)


@pytest.mark.parametrize("sizes", [(512,), ()])
def test_one_size_has_no_picture_over_memory(tmp_path: Path, sizes: tuple[int, ...]) -> None:
    assert list(over_memory(run_of(tmp_path, sizes or (1769,)))) == []


def test_every_variant_has_its_range_and_its_ridge(tmp_path: Path) -> None:
    run = run_of(tmp_path, SIZES)
    for (picture,) in (list(ranges(run)), list(ridges(run))):
        for index, window in enumerate(run.windows):
            assert window.variant.name in picture
            assert f'<g data-v="{index}">' in picture
