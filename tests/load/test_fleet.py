"""Workers as real processes against a real socket."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from time import monotonic_ns
from typing import Any

import numpy as np
import pytest

from bench.errors import LamloadError
from bench.load.fleet import LocalFleet
from bench.load.frames import Frame, FrameKind, Replan, Start, WorkOrder
from bench.model.endpoint import EndpointKind
from bench.model.load import Binding, Segment
from bench.model.profile import (
    Arrivals,
    Connections,
    LoadSpec,
    Target,
    TargetKind,
    Timeouts,
    Variant,
)
from bench.model.retry import RetrySpec
from bench.model.times import NS_PER_MS, NS_PER_S
from bench.record.row_layout import COUNT_FIELDS, FLAG_FINAL, ROW_FIELDS
from tests.load.fakes import segment
from tests.wire.rawserver import answering, raw_server, silent

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def order(url: str, worker: int = 0, workers: int = 1) -> WorkOrder:
    return WorkOrder(
        worker=worker,
        workers=workers,
        target=Target(TargetKind.HTTP, urls={EndpointKind.HTTP: url}),
        bindings=(Binding(Variant(EndpointKind.HTTP), url),),
        load=LoadSpec(arrivals=Arrivals.EVEN),
        timeouts=Timeouts(first_byte_ns=NS_PER_S, total_ns=NS_PER_S),
        retry=RetrySpec(),
        connections=Connections(),
    )


class Taken:
    """All frames of a run, by kind."""

    def __init__(self) -> None:
        self.payloads: dict[FrameKind, list[Any]] = {}

    def add(self, frame: Frame) -> None:
        self.payloads.setdefault(frame.kind, []).append(frame.payload)

    @property
    def rows(self) -> Any:
        return np.frombuffer(b"".join(self.payloads.get(FrameKind.ROWS, [])), list(ROW_FIELDS))

    @property
    def offered(self) -> int:
        packed = b"".join(self.payloads.get(FrameKind.COUNTS, []))
        return int(np.frombuffer(packed, list(COUNT_FIELDS))["offered"].sum())


@asynccontextmanager
async def fleet_of(url: str, workers: int = 1) -> AsyncIterator[tuple[LocalFleet, list[int]]]:
    fleet = LocalFleet()
    try:
        pids = await fleet.start([order(url, i, workers) for i in range(workers)])
        yield fleet, pids
    finally:
        await fleet.close()


def begin(fleet: LocalFleet, *segments: Segment) -> None:
    fleet.broadcast(FrameKind.START, Start(monotonic_ns() + 50 * NS_PER_MS, segments))


async def collect(fleet: LocalFleet) -> Taken:
    taken = Taken()
    async for _, frame in fleet.frames():
        taken.add(frame)
    return taken


async def test_two_workers_share_a_run_without_loss() -> None:
    async with raw_server(answering(OK)) as url, fleet_of(url, 2) as (fleet, _):
        begin(fleet, segment(100, 1))
        taken = await collect(fleet)
    assert taken.offered == 100
    intended = np.sort(taken.rows["intended_ns"])
    assert intended.tolist() == [i * NS_PER_S // 100 for i in range(100)]
    assert (taken.rows["status"] == 200).all()
    assert (taken.rows["flags"] & FLAG_FINAL != 0).all()
    assert len(taken.payloads[FrameKind.DONE]) == 2


async def test_drain_ends_a_run_early() -> None:
    async with raw_server(answering(OK)) as url, fleet_of(url) as (fleet, _):
        begin(fleet, segment(50, 600))
        fleet.broadcast(FrameKind.DRAIN)
        taken = await asyncio.wait_for(collect(fleet), 10)
    assert taken.offered == len(taken.rows)


async def test_abort_does_not_wait_for_answers() -> None:
    async with raw_server(silent) as url, fleet_of(url) as (fleet, _):
        begin(fleet, segment(50, 600))
        fleet.broadcast(FrameKind.ABORT)
        taken = await asyncio.wait_for(collect(fleet), 10)
    assert len(taken.rows) == 0


async def test_a_replan_reaches_the_workers() -> None:
    async with raw_server(answering(OK)) as url, fleet_of(url) as (fleet, _):
        begin(fleet, segment(10, 600))
        faster = segment(100, 0.5, start_s=0.5, index=1)
        fleet.broadcast(FrameKind.REPLAN, Replan(NS_PER_S // 2, (faster,), finish=True))
        taken = await asyncio.wait_for(collect(fleet), 10)
    assert np.bincount(taken.rows["segment"]).tolist() == [5, 50]


async def test_a_killed_worker_is_told_of_and_the_other_goes_on() -> None:
    async with raw_server(answering(OK)) as url, fleet_of(url, 2) as (fleet, pids):
        begin(fleet, segment(100, 1))
        os.kill(pids[0], signal.SIGKILL)
        taken = await asyncio.wait_for(collect(fleet), 10)
    assert taken.payloads[FrameKind.FAILED] == ["engine worker 0 died (signal 9)"]
    assert len(taken.payloads[FrameKind.DONE]) == 1
    assert len(taken.rows) == 50


async def test_a_worker_that_cannot_work_says_why() -> None:
    fleet = LocalFleet()
    try:
        with pytest.raises(LamloadError, match="must start with http"):
            await fleet.start([order("ftp://nowhere/")])
    finally:
        await fleet.close()


async def test_failures_come_as_samples_and_outcomes() -> None:
    answer = b"HTTP/1.1 503 Unavailable\r\nContent-Length: 0\r\n\r\n"
    async with raw_server(answering(answer)) as url, fleet_of(url) as (fleet, _):
        begin(fleet, segment(20, 0.5))
        taken = await collect(fleet)
    samples = [sample for batch in taken.payloads[FrameKind.SAMPLES] for sample in batch]
    assert 1 <= len(samples) <= 10
    assert {sample.status for sample in samples} == {503}
