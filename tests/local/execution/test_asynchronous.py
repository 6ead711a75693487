"""Event invocations: what happens after the 202."""

from __future__ import annotations

import asyncio
from pathlib import Path

from bench.local.account.concurrency import delete_reserved
from bench.local.execution.asynchronous import EventQueue
from bench.local.model import Invocation
from tests.local.serving import Caller, python_function, serving

FAILING = """
    def handler(event, context):
        print("tried")
        raise ValueError
"""


def queue_of(local: Caller) -> EventQueue:
    store, dispatcher = local.server.store, local.server.dispatcher
    return EventQueue(store, dispatcher, error_delays_s=(0.0, 0.0), throttle_delay_s=0.001)


async def drained(queue: EventQueue) -> None:
    await asyncio.wait_for(queue.idle(), 10)


async def test_an_event_is_accepted_at_once_and_run_afterwards(tmp_path: Path) -> None:
    source = python_function(tmp_path, "def handler(event, context): return event")
    async with serving(source) as local:
        invoked = await local.invoke("f", {"a": 1}, headers={"X-Amz-Invocation-Type": "Event"})
        assert invoked.response.status_code == 202
        assert invoked.response.content == b""
        assert "X-Amz-Executed-Version" not in invoked.response.headers
        await drained(local.server.events)
        (function,) = (await local.stats())["functions"]
    assert function["outcomes"] == {"ok": 1}


async def test_a_failing_event_is_tried_three_times(tmp_path: Path) -> None:
    async with serving(python_function(tmp_path, FAILING)) as local:
        queue = queue_of(local)
        queue.submit(Invocation("id", b"{}", local.server.store.arn("f")))
        await drained(queue)
        (function,) = (await local.stats())["functions"]
    assert function["outcomes"] == {"ValueError": 3}


async def test_a_throttled_event_waits_its_turn(tmp_path: Path) -> None:
    source = python_function(tmp_path, "def handler(event, context): return event")
    async with serving(source, reserved=0) as local:
        queue = queue_of(local)
        queue.submit(Invocation("id", b"{}", local.server.store.arn("f")))
        while not (await local.stats())["functions"]:
            pass
        delete_reserved(local.server.store, "f")
        await drained(queue)
        (function,) = (await local.stats())["functions"]
    assert function["outcomes"]["ok"] == 1
    assert function["outcomes"]["throttled"] >= 1


async def test_an_event_of_a_function_that_is_gone_is_dropped() -> None:
    async with serving() as local:
        queue = queue_of(local)
        queue.submit(Invocation("id", b"{}", local.server.store.arn("gone")))
        await drained(queue)
