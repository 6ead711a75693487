"""Alarms ring in order and never early."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from time import monotonic_ns

import pytest

from bench.local.sandbox import timer as timer_module
from bench.local.sandbox.timer import Timer, TimerQueue

MS = 1_000_000


@pytest.fixture(params=["timerfd", "loop"])
def timer(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "loop":
        monkeypatch.setattr(timer_module, "TimerFd", Timer)


@pytest.mark.usefixtures("timer")
async def test_they_ring_in_order_and_none_early() -> None:
    ringing = TimerQueue(asyncio.get_running_loop())
    rung: list[tuple[str, int]] = []
    done = asyncio.Event()
    now_ns = monotonic_ns()

    def ring(name: str, due_ns: int) -> Callable[[], None]:
        def rings() -> None:
            rung.append((name, monotonic_ns() - due_ns))
            if len(rung) == 4:
                done.set()

        return rings

    for name, after_ms in (("c", 30), ("a", 10), ("past", -5), ("b", 20)):
        due_ns = now_ns + after_ms * MS
        ringing.at(due_ns, ring(name, due_ns))
    await asyncio.wait_for(done.wait(), 5)
    ringing.close()
    assert [name for name, _ in rung] == ["past", "a", "b", "c"]
    assert all(late_ns >= 0 for _, late_ns in rung)


async def test_an_alarm_may_set_another() -> None:
    ringing = TimerQueue(asyncio.get_running_loop())
    done = asyncio.Event()
    ringing.at(monotonic_ns(), lambda: ringing.at(monotonic_ns() + MS, done.set))
    await asyncio.wait_for(done.wait(), 5)
    ringing.close()
