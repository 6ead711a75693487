"""What a memory size makes of an answer: how long it is held, and when its timeout comes."""

from __future__ import annotations

import asyncio
import os
from time import monotonic_ns

import pytest

from bench.local.model import FunctionConfig
from bench.local.sandbox.cpu import Meter, Usage
from bench.local.sandbox.invocation import InvocationEnd, RunningInvocation
from bench.local.sandbox.timer import TimerQueue
from bench.model.times import NS_PER_MS

CPU_MS = 100
TIMEOUT_MS = 600


class ToldMeter(Meter):
    """Says what a process would have used, so that nothing depends on what else is running."""

    def used(self) -> Usage:
        """As much CPU as the tests say, and no wait for it."""
        return Usage(cpu_ns=CPU_MS * NS_PER_MS)


class FakeEnvironment:
    """A sandbox without a process."""

    def __init__(self, memory_mb: int) -> None:
        self.config = FunctionConfig("f", "", "1", "", "", memory_mb, TIMEOUT_MS / 1000)
        self.alarm = TimerQueue(asyncio.get_running_loop())
        self.is_killed = False

    def kill(self) -> None:
        self.is_killed = True

    def drain_output(self) -> bytes:
        return b""


async def answered_at_once(sandbox: FakeEnvironment) -> tuple[InvocationEnd, int]:
    """How an invocation ends whose process answers as soon as it has it, and when, at the latest.

    In nanoseconds since it began.
    """
    meter = ToldMeter(os.getpid())
    run = RunningInvocation(sandbox, meter, "id", TIMEOUT_MS / 1000, None)
    start_ns = monotonic_ns()
    run.begin()
    run.answer(b'"done"', "application/json", None)
    wall_ns = monotonic_ns() - start_ns
    try:
        return await run.ended, wall_ns
    finally:
        run.cancel_timeout()
        sandbox.alarm.close()
        meter.close()


async def test_a_timeout_counts_held_time() -> None:
    sandbox = FakeEnvironment(memory_mb=128)
    ended, _ = await answered_at_once(sandbox)
    assert ended.failure is not None and ended.failure.error_type == "Sandbox.Timedout"
    assert ended.duration_ns == TIMEOUT_MS * NS_PER_MS
    assert sandbox.is_killed


@pytest.mark.parametrize("memory_mb", [512, 1769])
async def test_an_answer_is_held_for_what_the_size_makes_of_its_cpu(memory_mb: int) -> None:
    sandbox = FakeEnvironment(memory_mb)
    ended, wall_ns = await answered_at_once(sandbox)
    assert ended.failure is None and ended.payload == b'"done"'
    wanted_ns = int(CPU_MS * NS_PER_MS * 1769 / memory_mb)
    assert wanted_ns <= ended.duration_ns + 1 <= wanted_ns + 1 + wall_ns
    assert not sandbox.is_killed
