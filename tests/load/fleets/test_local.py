"""Workers as real processes against a real socket."""

from __future__ import annotations

import asyncio
import os
import resource
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from time import monotonic_ns
from typing import Any

import numpy as np
import pytest

from bench.errors import LamloadError
from bench.load import frames
from bench.load.fleets.local import LocalFleet
from bench.load.frames import Frame, FrameKind, Replan, Start, WorkOrder
from bench.model.live import WorkerHealth
from bench.model.load import Segment
from bench.model.times import NS_PER_MS, NS_PER_S
from bench.record.row_layout import COUNT_FIELDS, FLAG_FINAL, ROW_FIELDS
from tests.load.fakes import segment
from tests.load.fleets.orders import order
from tests.wire.rawserver import answering, raw_server, silent

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


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
async def fleet_of(url: str, workers: int = 1) -> AsyncIterator[LocalFleet]:
    fleet = LocalFleet()
    try:
        await fleet.start([order(url, i, workers) for i in range(workers)])
        yield fleet
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
    async with raw_server(answering(OK)) as url, fleet_of(url, 2) as fleet:
        begin(fleet, segment(100, 1))
        taken = await collect(fleet)
    assert taken.offered == 100
    intended = np.sort(taken.rows["intended_ns"])
    assert intended.tolist() == [i * NS_PER_S // 100 for i in range(100)]
    assert (taken.rows["status"] == 200).all()
    assert (taken.rows["flags"] & FLAG_FINAL != 0).all()
    assert len(taken.payloads[FrameKind.DONE]) == 2


async def test_drain_ends_a_run_early() -> None:
    async with raw_server(answering(OK)) as url, fleet_of(url) as fleet:
        begin(fleet, segment(50, 600))
        fleet.broadcast(FrameKind.DRAIN)
        taken = await asyncio.wait_for(collect(fleet), 10)
    assert taken.offered == len(taken.rows)


async def test_abort_does_not_wait_for_answers() -> None:
    async with raw_server(silent) as url, fleet_of(url) as fleet:
        begin(fleet, segment(50, 600))
        fleet.broadcast(FrameKind.ABORT)
        taken = await asyncio.wait_for(collect(fleet), 10)
    assert len(taken.rows) == 0


async def test_a_replan_reaches_the_workers() -> None:
    async with raw_server(answering(OK)) as url, fleet_of(url) as fleet:
        begin(fleet, segment(10, 600))
        faster = segment(100, 0.5, start_s=0.5, index=1)
        fleet.broadcast(FrameKind.REPLAN, Replan(NS_PER_S // 2, (faster,), finish=True))
        taken = await asyncio.wait_for(collect(fleet), 10)
    assert np.bincount(taken.rows["segment"]).tolist() == [5, 50]


async def test_a_killed_worker_is_told_of_and_the_other_goes_on() -> None:
    async with raw_server(answering(OK)) as url, fleet_of(url, 2) as fleet:
        begin(fleet, segment(100, 1))
        os.kill(fleet.pids[0], signal.SIGKILL)
        taken = await asyncio.wait_for(collect(fleet), 10)
    assert taken.payloads[FrameKind.FAILED] == ["engine worker 0 died (signal 9)"]
    assert len(taken.payloads[FrameKind.DONE]) == 1
    assert len(taken.rows) == 50


async def refusal(fleet: LocalFleet, *orders: WorkOrder) -> str:
    try:
        with pytest.raises(LamloadError) as caught:
            await fleet.start(orders)
        return str(caught.value)
    finally:
        await fleet.close()


async def test_a_worker_that_cannot_work_says_why() -> None:
    assert "must start with http" in await refusal(LocalFleet(), order("ftp://nowhere/"))


async def test_a_worker_of_another_version_is_refused_in_one_line(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    theirs = frames.VERSION
    monkeypatch.setattr(frames, "VERSION", 99)  # here: the worker is a process of its own
    assert await refusal(LocalFleet(), order("http://127.0.0.1:1/")) == (
        f"engine worker 0 speaks version {theirs} of the frames and this side version 99: "
        "install the same lamload on both"
    )


async def test_a_worker_that_is_not_ready_in_time_is_told_of() -> None:
    words = await refusal(LocalFleet(start_limit_s=0.0), order("http://127.0.0.1:1/"))
    assert words == "engine worker 0 was not ready within 0 s"


async def test_a_worker_raises_its_own_limit_of_descriptors() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = soft - 10
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft - 20, hard))
    fleet = LocalFleet()
    try:
        await fleet.start([replace(order("http://127.0.0.1:1/"), descriptors=wanted)])
        assert resource.prlimit(fleet.pids[0], resource.RLIMIT_NOFILE)[0] == wanted
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        await fleet.close()


async def test_what_breaks_in_a_worker_is_its_last_word() -> None:
    async with raw_server(answering(OK)) as url, fleet_of(url) as fleet:
        begin(fleet, segment(50, 600))
        fleet.send(0, FrameKind.REPLAN, "no replan")
        taken = await asyncio.wait_for(collect(fleet), 10)
    assert FrameKind.DONE not in taken.payloads
    assert "AttributeError" in taken.payloads[FrameKind.FAILED][0]


async def test_failures_come_as_samples_and_outcomes() -> None:
    answer = b"HTTP/1.1 503 Unavailable\r\nContent-Length: 0\r\n\r\n"
    async with raw_server(answering(answer)) as url, fleet_of(url) as fleet:
        begin(fleet, segment(20, 0.5))
        taken = await collect(fleet)
    samples = [sample for batch in taken.payloads[FrameKind.SAMPLES] for sample in batch]
    assert 1 <= len(samples) <= 10
    assert {sample.status for sample in samples} == {503}


async def test_a_worker_that_stands_still_is_ended_and_the_other_goes_on() -> None:
    fleet = LocalFleet(deadline_ns=NS_PER_S)
    try:
        async with raw_server(answering(OK)) as url:
            await fleet.start([order(url, i, 2) for i in range(2)])
            begin(fleet, segment(20, 3))
            os.kill(fleet.pids[0], signal.SIGSTOP)
            taken = await asyncio.wait_for(collect(fleet), 30)
    finally:
        await fleet.close()
    assert taken.payloads[FrameKind.FAILED] == ["engine worker 0 did not answer for 1 s"]
    assert len(taken.payloads[FrameKind.DONE]) == 1
    assert len(taken.rows) == 30


async def test_a_worker_that_is_stopped_before_it_is_ready_is_told_of() -> None:
    fleet = LocalFleet(deadline_ns=NS_PER_S // 4)
    starting = asyncio.ensure_future(refusal(fleet, order("http://127.0.0.1:1/")))
    while not fleet.size:  # noqa: ASYNC110 - not even the first of its tasks has run
        await asyncio.sleep(0)
    os.kill(fleet.pids[0], signal.SIGSTOP)
    assert await starting == "engine worker 0 did not answer for 0.25 s"


async def test_a_worker_that_was_stopped_says_for_how_long() -> None:
    async with raw_server(answering(OK)) as url, fleet_of(url) as fleet:
        fleet.broadcast(FrameKind.START, Start(monotonic_ns(), (segment(50, 0.9),)))
        told: list[WorkerHealth] = []
        stopped_ns = 0
        async for worker, frame in fleet.frames():
            if frame.kind is not FrameKind.HEALTH:
                continue
            told.append(frame.payload)
            if len(told) == 1:
                os.kill(fleet.pids[worker], signal.SIGSTOP)
                before_ns = monotonic_ns()
                await asyncio.sleep(0.5)  # so long it is stopped
                stopped_ns = monotonic_ns() - before_ns
                os.kill(fleet.pids[worker], signal.SIGCONT)
    # Of the time in which it is stopped, a quarter of a second at most is before it had to report.
    assert max(health.still_ns for health in told) > stopped_ns - 260 * NS_PER_MS
    assert sum(health.span_ns for health in told) > stopped_ns
