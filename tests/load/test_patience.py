"""Slow work is waited for as long as whoever does it answers."""

from __future__ import annotations

import asyncio

import pytest

from bench.load.patience import while_answering

LOOK_S = 0.001


async def test_slow_work_comes_to_its_end_while_somebody_answers() -> None:
    done, pings = asyncio.Event(), 0

    async def work() -> int:
        await done.wait()
        return 7

    async def ping() -> None:
        nonlocal pings
        pings += 1
        if pings == 3:
            done.set()

    assert await while_answering(work(), ping, LOOK_S) == 7
    assert pings >= 3


async def test_work_that_nobody_does_any_more_is_given_up() -> None:
    ended = asyncio.Event()

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    async def ping() -> None:
        raise ConnectionError("gone")

    with pytest.raises(ConnectionError, match="gone"):
        await while_answering(work(), ping, LOOK_S)
    assert ended.is_set()


async def test_what_the_work_itself_raises_is_told_and_not_that_nobody_answers() -> None:
    async def work() -> None:
        await asyncio.sleep(0)
        raise ValueError("its own")

    async def ping() -> None:
        raise AssertionError("nobody is asked")

    with pytest.raises(ValueError, match="its own"):
        await while_answering(work(), ping, 10)
