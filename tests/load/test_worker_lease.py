"""A worker of a node: it aborts its load when nobody wants it any more."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from time import monotonic_ns
from typing import Any, cast

from bench.load.frames import Frame, FrameKind, Start
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
