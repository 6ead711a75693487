"""What starts workers and yields their frames. This one uses subprocesses of this machine.

Another fleet (on other machines, say) has the same four verbs and needs no change in the worker.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Sequence
from typing import Any

from bench.errors import LamloadError
from bench.load.child import package_root
from bench.load.frames import Frame, FrameKind, WorkOrder, encode, read_frame

_LAST = (FrameKind.DONE, FrameKind.FAILED)
STDERR_TAIL = 4000
"""Bytes of a dead worker's last words that are kept."""


class LocalFleet:
    """N workers as subprocesses with pipes.

    asyncio's subprocesses and not multiprocessing's: inside a running Textual app the latter fails
    on the descriptors that Textual has replaced.
    """

    def __init__(self) -> None:
        self._processes: list[asyncio.subprocess.Process] = []
        self._frames: asyncio.Queue[tuple[int, Frame]] = asyncio.Queue()
        self._readers: list[asyncio.Task[None]] = []

    async def start(self, orders: Sequence[WorkOrder]) -> list[int]:
        """Start a worker per order and wait until each is ready; their process ids.

        Raises LamloadError with a worker's own words if one cannot start.
        """
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
        ready = dict([await self._ready() for _ in orders])
        return [ready[order.worker] for order in orders]

    @property
    def size(self) -> int:
        """How many workers were started."""
        return len(self._processes)

    def send(self, worker: int, kind: FrameKind, payload: Any = None) -> None:
        """A command to one worker; a dead one hears nothing."""
        stdin = self._processes[worker].stdin
        if stdin is not None and not stdin.is_closing():
            stdin.write(encode(kind, payload))

    def broadcast(self, kind: FrameKind, payload: Any = None) -> None:
        """A command to all."""
        for worker in range(len(self._processes)):
            self.send(worker, kind, payload)

    async def frames(self) -> AsyncIterator[tuple[int, Frame]]:
        """(worker, frame) as they come, until every worker has sent DONE or FAILED.

        A worker that dies without a word yields FAILED with what it left on stderr.
        """
        running = set(range(len(self._processes)))
        while running:
            worker, frame = await self._frames.get()
            if frame.kind in _LAST:
                running.discard(worker)
            yield worker, frame

    async def close(self) -> None:
        """End what still runs and reap it."""
        for process in self._processes:
            if process.returncode is None:
                process.kill()
        await asyncio.gather(*(process.wait() for process in self._processes))
        for reader in self._readers:
            reader.cancel()
        await asyncio.gather(*self._readers, return_exceptions=True)

    async def _ready(self) -> tuple[int, int]:
        """(worker, its process id) of the next one that is ready."""
        worker, frame = await self._frames.get()
        if frame.kind is FrameKind.READY:
            return worker, int(frame.payload)
        raise LamloadError(f"engine worker {worker} did not start:\n{frame.payload}")

    async def _listen(self, worker: int, process: asyncio.subprocess.Process) -> None:
        words = asyncio.ensure_future(_read_tail(process.stderr))
        told = False
        while process.stdout and (frame := await read_frame(process.stdout)) is not None:
            told = frame.kind in _LAST
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
