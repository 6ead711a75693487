"""A node as a process: it ends with whoever owns it."""

from __future__ import annotations

import asyncio
import os

from bench.load.node_messages import Verb, question, read_answer
from bench.load.node_process import OwnedNode


async def test_a_node_that_its_owner_forgets_ends() -> None:
    node = OwnedNode("forgotten")
    assert node.pid is None
    said = read_answer(await node.call(question(Verb.HELLO)))
    assert said.error == ""
    assert node.pid is not None
    end, gone = os.pidfd_open(node.pid), asyncio.Event()
    asyncio.get_running_loop().add_reader(end, gone.set)
    del node
    try:
        await asyncio.wait_for(gone.wait(), 10)
        reaping = asyncio.all_tasks() - {asyncio.current_task()}
        assert not (await asyncio.wait(reaping, timeout=10))[1]
    finally:
        asyncio.get_running_loop().remove_reader(end)
        os.close(end)
