"""A worker of a node: it aborts its load when nobody wants it any more."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from time import monotonic_ns
from typing import Any, cast

import pytest

from bench.errors import LamloadError
from bench.load.frames import Frame, FrameKind, Start
from bench.load.run_zero import STEP_NS
from bench.load.worker import Worker
from bench.model.times import NS_PER_S
from tests.load.fakes import segment
from tests.load.fleets.orders import order


class Nobody:
    """The pipe to a coordinator that has gone."""

    def is_closing(self) -> bool:
        return True


async def test_a_worker_aborts_once_it_has_heard_nothing_for_its_lease() -> None:
    held = replace(order("http://127.0.0.1:1/"), lease_ns=1)
    worker = Worker(held, cast(Any, Nobody()))
    start = Start(monotonic_ns(), (segment(0, 600),))
    worker.obey(Frame(FrameKind.START, start))
    await asyncio.wait_for(worker.ended.wait(), 10)
    worker.close()


async def test_whoever_keeps_it_is_served() -> None:
    held = replace(order("http://127.0.0.1:1/"), lease_ns=3600 * NS_PER_S)
    worker = Worker(held, cast(Any, Nobody()))
    start = Start(monotonic_ns(), (segment(0, 600),))
    worker.obey(Frame(FrameKind.START, start))
    worker.obey(Frame(FrameKind.KEEP, None))
    worker.ship()
    assert not worker.ended.is_set()
    worker.obey(Frame(FrameKind.ABORT, None))
    assert worker.ended.is_set()
    worker.close()


async def test_a_share_that_counts_as_not_sent_is_not_sent_by_who_stood_still(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now_ns = monotonic_ns()
    held = replace(order("http://127.0.0.1:1/"), lease_ns=3600 * NS_PER_S)
    worker = Worker(held, cast(Any, Nobody()))
    worker.obey(Frame(FrameKind.START, Start(now_ns + NS_PER_S, (segment(100, 600),))))
    monkeypatch.setattr("bench.load.worker.monotonic_ns", lambda: now_ns + 8 * NS_PER_S)
    with pytest.raises(LamloadError, match=r"stood still for [78]\.\d s"):
        worker.obey(Frame(FrameKind.KEEP, None))
    assert worker.ended.is_set()
    worker.close()


async def test_a_worker_follows_the_clock_of_its_run_as_it_ships() -> None:
    worker = Worker(order("http://127.0.0.1:1/"), cast(Any, Nobody()))
    start_ns = monotonic_ns()
    worker.obey(Frame(FrameKind.START, Start(start_ns, (segment(0, 600),))))
    worker.obey(Frame(FrameKind.CLOCK, STEP_NS + 1))
    seen = []
    for _ in range(3):
        worker._ship_and_tidy()
        seen.append(worker._engine.start_ns - start_ns)
    assert seen == [STEP_NS, STEP_NS + 1, STEP_NS + 1]
    worker.obey(Frame(FrameKind.ABORT, None))
    worker.close()
