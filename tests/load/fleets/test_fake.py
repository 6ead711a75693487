"""The fleet that is scripted, and the clock that is turned by hand."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from bench.errors import LamloadError
from bench.load.fleets.fake import FakeClock, FakeFleet
from bench.load.frames import VERSION, FrameKind, Start
from bench.load.host import Host
from bench.model.times import NS_PER_S
from tests.load.fakes import segment
from tests.load.fleets.orders import order

HOUR_NS = 3600 * NS_PER_S


async def fleet_of(workers: int, **script: Any) -> tuple[FakeClock, FakeFleet]:
    clock = FakeClock()
    fleet = FakeFleet(clock, **script)
    await fleet.start([order("http://127.0.0.1:1/", i, workers) for i in range(workers)])
    return clock, fleet


async def test_time_passes_from_one_sleeper_to_the_next_and_no_further() -> None:
    clock, woken = FakeClock(0), []

    async def sleeper(name: str, wait_ns: int) -> None:
        await clock.sleep_ns(wait_ns)
        woken.append((name, clock.now_ns()))
        await clock.sleep_ns(wait_ns)
        woken.append((name, clock.now_ns()))

    tasks = [asyncio.ensure_future(sleeper("a", 4)), asyncio.ensure_future(sleeper("b", 3))]
    await clock.advance(7)
    assert woken == [("b", 3), ("a", 4), ("b", 6)]
    assert clock.now_ns() == 7
    await clock.advance(1)
    await asyncio.gather(*tasks)
    assert woken[3:] == [("a", 8)]


async def test_an_hour_of_a_plan_takes_no_time() -> None:
    clock, fleet = await fleet_of(1)
    fleet.broadcast(FrameKind.START, Start(clock.now_ns(), (segment(10, 3600),)))
    clock.turn_to(clock.now_ns() + HOUR_NS - 1)
    assert fleet.due() == []
    clock.turn_to(clock.now_ns() + 1)
    assert [frame.kind for _, frame in fleet.due()] == [FrameKind.DONE]
    assert fleet.has_ended


async def test_what_is_scripted_is_said_at_its_time_and_nothing_after_a_last_word() -> None:
    clock, fleet = await fleet_of(2)
    fleet.send_later(1, FrameKind.USED_UP, 7, in_ns=20)
    fleet.send_later(0, FrameKind.USED_UP, 5, in_ns=10)
    fleet.die(0, in_ns=30)
    fleet.send_later(0, FrameKind.HEALTH, in_ns=40)
    clock.turn_to(clock.now_ns() + 50)
    assert [(worker, frame.kind, frame.payload) for worker, frame in fleet.due()] == [
        (0, FrameKind.USED_UP, 5),
        (1, FrameKind.USED_UP, 7),
        (0, FrameKind.FAILED, "engine worker 0 died (signal 9)"),
    ]
    assert not fleet.has_ended


async def test_a_stuck_worker_ends_by_abort_alone() -> None:
    clock, fleet = await fleet_of(2, stuck=[1])
    fleet.broadcast(FrameKind.START, Start(clock.now_ns(), (segment(10, 1),)))
    fleet.broadcast(FrameKind.DRAIN)
    clock.turn_to(clock.now_ns() + HOUR_NS)
    assert [worker for worker, _ in fleet.due()] == [0]
    fleet.broadcast(FrameKind.ABORT)
    assert [worker for worker, _ in fleet.due()] == [1]


async def test_a_worker_hears_of_the_start_on_its_own_machines_clock() -> None:
    here, there = Host("here", 2), Host("there", 2, clock_offset_ns=-500)
    clock, fleet = await fleet_of(2, hosts=(here, there))
    fleet.broadcast(FrameKind.START, Start(10_000, (segment(10, 1),)))
    assert [sent.payload.start_ns for sent in fleet.sent] == [10_000, 9_500]
    clock.turn_to(10_000 + NS_PER_S)
    assert len(fleet.due()) == 2


async def test_workers_of_another_version_are_refused() -> None:
    with pytest.raises(
        LamloadError, match=f"speaks version {VERSION + 1} of the frames and this side"
    ):
        await fleet_of(1, version=VERSION + 1)


async def test_a_fleet_is_started_once() -> None:
    _, fleet = await fleet_of(1)
    with pytest.raises(AssertionError):
        await fleet.start([order("http://127.0.0.1:1/")])
