"""How many environments start at once."""

from __future__ import annotations

import asyncio

import pytest

from bench.local.sandbox.start_gate import StartGate


async def test_beyond_its_places_starts_wait_for_their_turn() -> None:
    gate = StartGate(2)
    first, second = await gate.enter(), await gate.enter()
    third = asyncio.ensure_future(gate.enter())
    await asyncio.sleep(0)
    assert not third.done()
    first.leave()
    first.leave()  # said twice it makes room for one
    place = await third
    fourth = asyncio.ensure_future(gate.enter())
    await asyncio.sleep(0)
    assert not fourth.done()
    second.leave()
    await fourth
    place.leave()


async def test_a_start_waits_no_longer_than_the_limit() -> None:
    instants = iter((0, 7_000_000, 7_000_000, 9_000_000))
    gate = StartGate(0, wait_limit_s=0.01, clock_ns=lambda: next(instants))
    for _ in range(2):
        with pytest.raises(TimeoutError):
            await gate.enter()
    assert gate.waited_ns == 9_000_000
