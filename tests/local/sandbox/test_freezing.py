"""Between invocations an environment is frozen: no thread of it runs, and all of it stays."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

from tests.local.serving import Caller, python_function, serving

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")

COUNTS = """
    import subprocess, sys, threading, time
    ticks = 0
    def count():
        global ticks
        while True:
            time.sleep(0.001)
            ticks += 1
    threading.Thread(target=count, daemon=True).start()
    child = subprocess.Popen(
        [sys.executable, "-c", "import time\\nwhile True: time.sleep(0.001)"],
        start_new_session=True,
    )
    def handler(event, context):
        before = ticks
        if event.get("sleep"):
            time.sleep(event["sleep"])
        import os
        return {"first": before, "last": ticks, "pid": os.getpid(), "child": child.pid}
"""


def state(pid: int) -> str:
    """Its letter in /proc: `T` for stopped."""
    stat = Path(f"/proc/{pid}/stat").read_text()
    return stat[stat.rindex(")") + 2]


async def until_stopped(pid: int, limit_s: float = 10) -> None:
    """Wait for the kernel's word."""
    async with asyncio.timeout(limit_s):
        while state(pid) != "T":  # noqa: ASYNC110 - the kernel tells its parent alone
            await asyncio.sleep(0)


async def counted(local: Caller, **event: float) -> dict[str, int]:
    found: dict[str, int] = (await local.invoke("f", event)).payload
    return found


def turns(*pids: int) -> list[str]:
    """How often each thread of processes has had a core, by the kernel's count."""
    tasks = [task for pid in pids for task in sorted(Path(f"/proc/{pid}/task").iterdir())]
    return [(task / "schedstat").read_text().split()[2] for task in tasks]


async def test_no_thread_and_no_child_runs_between_invocations(tmp_path: Path) -> None:
    async with serving(python_function(tmp_path, COUNTS), memory_mb=(1769,)) as local:
        first = await counted(local, sleep=0.02)
        pids = first["pid"], first["child"]
        for pid in pids:
            await until_stopped(pid)
        before = turns(*pids)
        await asyncio.sleep(0.1)
        after = turns(*pids)
        second = await counted(local, sleep=0.02)
    assert first["last"] > first["first"], "they run while it works"
    assert before == after, "and not while it does not"
    assert second["last"] > second["first"], "and again when it works again"
    assert second["pid"] == first["pid"]


async def test_sockets_outlive_the_frost(tmp_path: Path) -> None:
    code = """
        import os, socket
        here, there = socket.socketpair()
        def handler(event, context):
            if event.get("write"):
                here.send(b"x")
                return None
            return there.recv(1).decode()
    """
    async with serving(python_function(tmp_path, code)) as local:
        await local.invoke("f", {"write": True})
        assert (await local.invoke("f")).payload == "x"


async def test_environments_go_on_where_they_are_told_to(tmp_path: Path) -> None:
    async with serving(python_function(tmp_path, COUNTS), freezes=False) as local:
        first = await counted(local)
        last = first["last"]
        async with asyncio.timeout(10):
            while last - first["last"] < 50:
                last = (await counted(local))["first"]
        assert state(first["pid"]) != "T"
