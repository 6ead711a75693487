"""Workers as subprocesses of this machine, with pipes."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import suppress
from signal import SIGKILL
from time import monotonic_ns
from typing import Any

from bench.errors import LamloadError
from bench.interrupts import send_signal
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
from bench.load.silence import DEADLINE_NS, Silence, Stillness, is_stopped, silent_words
from bench.model.times import NS_PER_S

STDERR_TAIL = 4000
"""Bytes of a dead worker's last words that are kept."""
START_LIMIT_S = 30.0
"""Without a word of any worker until all are ready: each imports the package, a quarter of a second
of a core, so that however many there are one of them has something to say."""
REST_S = 2.0
"""What a worker that has ended may still have in its pipes. A process that it started may hold them
open for ever."""
LOOK_S = 0.25
"""Between two looks at who has been silent."""
END_LIMIT_S = 5.0
"""For the kernel to end what was killed: it cannot while a disk or a network file hangs."""


class LocalFleet:
    """A Fleet of this machine alone.

    asyncio's subprocesses and not multiprocessing's: inside a running Textual app the latter fails
    on the descriptors that Textual has replaced.
    """

    def __init__(
        self, start_limit_s: float = START_LIMIT_S, deadline_ns: int = DEADLINE_NS
    ) -> None:
        """deadline_ns: how long a worker may be silent under load."""
        self._start_limit_s = start_limit_s
        self._deadline_ns = deadline_ns
        self._silence = Silence(deadline_ns)
        self._watching: asyncio.Task[None] | None = None
        self._processes: list[asyncio.subprocess.Process] = []
        self._numbers: list[int] = []
        """By process, what its worker is called: on a node its number in the whole fleet."""
        self._frames: asyncio.Queue[tuple[int, Frame]] = asyncio.Queue()
        self._readers: list[asyncio.Task[None]] = []
        self._has_told: set[int] = set()
        """Workers that have said their last, or of whom it was said."""

    async def hosts(self) -> tuple[Host, ...]:
        """This machine, whose clock is the coordinator's own."""
        return (this_host(),)

    async def start(self, orders: Sequence[WorkOrder]) -> tuple[Ready, ...]:
        """Start a process per order. Raises LamloadError for one that is not ready in time."""
        self._numbers = [order.worker for order in orders]
        for place, order in enumerate(orders):
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
            self.send(place, FrameKind.ORDER, order)
        for worker, process in enumerate(self._processes):
            self._readers.append(asyncio.ensure_future(self._listen(worker, process)))
        return await self._all_ready()

    @property
    def size(self) -> int:
        """How many processes were started."""
        return len(self._processes)

    @property
    def target_host(self) -> None:
        """One machine has one target."""

    @property
    def latency_ns(self) -> int:
        """None beyond what commands take on one machine."""
        return 0

    @property
    def pids(self) -> list[int]:
        """Process ids, by the number of the worker."""
        return [process.pid for process in self._processes]

    def send(self, worker: int, kind: FrameKind, payload: Any = None) -> None:
        """Write to the worker's pipe; both share one clock, so that nothing is translated."""
        stdin = self._processes[worker].stdin
        if stdin is not None and not stdin.is_closing():
            stdin.write(encode(kind, payload))
        if kind is FrameKind.START and worker not in self._has_told:
            self._silence.expect(worker)
            self._watching = self._watching or asyncio.ensure_future(self._watch())

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

    def manifest(self) -> dict[str, Any]:
        """Nothing: all of it is this machine's."""
        return {}

    async def conclude(self) -> dict[str, Any]:
        """Nothing after the load either."""
        return {}

    async def close(self) -> None:
        """Kill what still runs and reap it."""
        for process in self._processes:
            send_signal(process, SIGKILL)
        ends = [asyncio.ensure_future(process.wait()) for process in self._processes]
        if ends:
            await asyncio.wait(ends, timeout=END_LIMIT_S)
        others = [*ends, *self._readers, *([self._watching] if self._watching else [])]
        for waiting in others:
            waiting.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    async def _watch(self) -> None:
        """SIGKILL reaches a stopped process too."""
        while True:
            await asyncio.sleep(LOOK_S)
            for worker in self._silence.overdue(monotonic_ns()):
                words = f"engine worker {self._numbers[worker]} {silent_words(self._deadline_ns)}"
                self._tell(worker, Frame(FrameKind.FAILED, words))
                send_signal(self._processes[worker], SIGKILL)

    async def _all_ready(self) -> tuple[Ready, ...]:
        greeted: set[int] = set()
        ready: dict[int, Ready] = {}
        waiting = set(range(len(self._processes)))
        while waiting:
            worker, frame = await self._next_of(waiting)
            if frame.kind is FrameKind.FAILED:
                number = self._numbers[worker]
                raise LamloadError(f"engine worker {number} did not start:\n{frame.payload}")
            if worker in greeted:
                ready[worker] = frame.payload
                waiting.discard(worker)
            else:
                check_hello(self._numbers[worker], frame)
                greeted.add(worker)
        return tuple(own for _, own in sorted(ready.items()))

    async def _next_of(self, waiting: Collection[int]) -> tuple[int, Frame]:
        """What is said next. Raises LamloadError once nobody says anything, or one is stopped."""
        stillness = Stillness(monotonic_ns, self._deadline_ns)
        limit_ns = monotonic_ns() + round(self._start_limit_s * NS_PER_S)
        while True:
            left_s = max(0.0, (limit_ns - monotonic_ns()) / NS_PER_S)
            with suppress(TimeoutError):
                async with asyncio.timeout(min(LOOK_S, left_s)):  # wait_for may lose a cancellation
                    return await self._frames.get()
            if not left_s:
                limit = f"was not ready within {self._start_limit_s:g} s"
                raise LamloadError(f"engine worker {self._numbers[min(waiting)]} {limit}")
            pids = {self._processes[worker].pid: worker for worker in waiting}
            if stillness.observe(pids):
                worker = next((own for pid, own in pids.items() if is_stopped(pid)), min(waiting))
                number = self._numbers[worker]
                raise LamloadError(f"engine worker {number} {silent_words(self._deadline_ns)}")

    async def _listen(self, worker: int, process: asyncio.subprocess.Process) -> None:
        words = asyncio.ensure_future(_read_tail(process.stderr))
        reading = asyncio.ensure_future(self._read(worker, process.stdout))
        ending = asyncio.ensure_future(process.wait())
        try:
            await asyncio.wait({reading, ending}, return_when=asyncio.FIRST_COMPLETED)
            code = await ending
            await asyncio.wait({reading, words}, timeout=REST_S)
            said = words.result().decode(errors="replace").strip() if words.done() else ""
        finally:
            for task in (words, reading, ending):
                task.cancel()
        text = f"engine worker {self._numbers[worker]} died ({_cause(code)}) {said}".strip()
        self._tell(worker, Frame(FrameKind.FAILED, text))

    async def _read(self, worker: int, stdout: asyncio.StreamReader | None) -> None:
        while stdout is not None and (frame := await read_frame(stdout)) is not None:
            self._tell(worker, frame)

    def _tell(self, worker: int, frame: Frame) -> None:
        """Pass a frame on, unless the worker has said its last before."""
        if worker in self._has_told:
            return
        is_last = frame.kind in LAST
        if is_last:
            self._has_told.add(worker)
        self._silence.heard(worker, last=is_last)
        self._frames.put_nowait((worker, frame))


async def _read_tail(stream: asyncio.StreamReader | None) -> bytes:
    tail = b""
    while stream is not None and (chunk := await stream.read(4096)):
        tail = (tail + chunk)[-STDERR_TAIL:]
    return tail


def _cause(code: int) -> str:
    return f"signal {-code}" if code < 0 else f"exit status {code}"
