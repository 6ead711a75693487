"""Workers as subprocesses of this machine, with pipes."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Sequence
from typing import Any

from bench.errors import LamloadError
from bench.load.child import package_root
from bench.load.fleet import LAST
from bench.load.frames import (
    Frame,
    FrameKind,
    Ready,
    WorkOrder,
    check_hello,
    encode,
    read_frame,
)
from bench.load.host import Host, this_host

STDERR_TAIL = 4000
"""Bytes of a dead worker's last words that are kept."""
START_LIMIT_S = 120.0
"""Until every worker is ready: each imports the package, a quarter of a second of a core."""


class LocalFleet:
    """A Fleet of this machine alone.

    asyncio's subprocesses and not multiprocessing's: inside a running Textual app the latter fails
    on the descriptors that Textual has replaced.
    """

    def __init__(self, start_limit_s: float = START_LIMIT_S) -> None:
        self._start_limit_s = start_limit_s
        self._processes: list[asyncio.subprocess.Process] = []
        self._frames: asyncio.Queue[tuple[int, Frame]] = asyncio.Queue()
        self._readers: list[asyncio.Task[None]] = []

    async def hosts(self) -> tuple[Host, ...]:
        """This machine, whose clock is the coordinator's own."""
        return (this_host(),)

    async def start(self, orders: Sequence[WorkOrder]) -> tuple[Ready, ...]:
        """Start a process per order. Raises LamloadError for one that is not ready in time."""
        for order in orders:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "bench.load.worker",
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                env=os.environ | {"PYTHONPATH": package_root()},
                start_new_session=True,
            )
            self._processes.append(process)
            self.send(order.worker, FrameKind.ORDER, order)
        for worker, process in enumerate(self._processes):
            self._readers.append(asyncio.ensure_future(self._listen(worker, process)))
        return await self._all_ready()

    @property
    def size(self) -> int:
        """How many processes were started."""
        return len(self._processes)

    @property
    def pids(self) -> list[int]:
        """Process ids, by the number of the worker."""
        return [process.pid for process in self._processes]

    def send(self, worker: int, kind: FrameKind, payload: Any = None) -> None:
        """Write to the worker's pipe; both share one clock, so that nothing is translated."""
        stdin = self._processes[worker].stdin
        if stdin is not None and not stdin.is_closing():
            stdin.write(encode(kind, payload))

    def broadcast(self, kind: FrameKind, payload: Any = None) -> None:
        """`send` the same to every worker there is."""
        for worker in range(len(self._processes)):
            self.send(worker, kind, payload)

    async def frames(self) -> AsyncIterator[tuple[int, Frame]]:
        """(worker, frame) as they come; FAILED of a dead one has what it left on stderr."""
        running = set(range(len(self._processes)))
        while running:
            worker, frame = await self._frames.get()
            if frame.kind in LAST:
                running.discard(worker)
            yield worker, frame

    async def close(self) -> None:
        """Kill what still runs and reap it."""
        for process in self._processes:
            if process.returncode is None:
                process.kill()
        await asyncio.gather(*(process.wait() for process in self._processes))
        for reader in self._readers:
            reader.cancel()
        await asyncio.gather(*self._readers, return_exceptions=True)

    async def _all_ready(self) -> tuple[Ready, ...]:
        greeted: set[int] = set()
        ready: dict[int, Ready] = {}
        waiting = set(range(len(self._processes)))
        try:
            async with asyncio.timeout(self._start_limit_s):
                while waiting:
                    worker, frame = await self._frames.get()
                    if frame.kind is FrameKind.FAILED:
                        raise LamloadError(
                            f"engine worker {worker} did not start:\n{frame.payload}"
                        )
                    if worker in greeted:
                        ready[worker] = frame.payload
                        waiting.discard(worker)
                    else:
                        check_hello(worker, frame)
                        greeted.add(worker)
        except TimeoutError:
            raise LamloadError(
                f"engine worker {min(waiting)} was not ready within {self._start_limit_s:g} s"
            ) from None
        return tuple(own for _, own in sorted(ready.items()))

    async def _listen(self, worker: int, process: asyncio.subprocess.Process) -> None:
        words = asyncio.ensure_future(_read_tail(process.stderr))
        told = False
        while process.stdout and (frame := await read_frame(process.stdout)) is not None:
            told = frame.kind in LAST
            self._frames.put_nowait((worker, frame))
        code = await process.wait()
        said = (await words).decode(errors="replace").strip()
        if not told:
            text = f"engine worker {worker} died ({_cause(code)}) {said}".strip()
            self._frames.put_nowait((worker, Frame(FrameKind.FAILED, text)))


async def _read_tail(stream: asyncio.StreamReader | None) -> bytes:
    tail = b""
    while stream is not None and (chunk := await stream.read(4096)):
        tail = (tail + chunk)[-STDERR_TAIL:]
    return tail


def _cause(code: int) -> str:
    return f"signal {-code}" if code < 0 else f"exit status {code}"
