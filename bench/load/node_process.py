"""A node as a process of this machine, asked over its pipes. A Dask actor owns one just so."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
import tempfile
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from signal import SIGKILL
from struct import Struct

from bench.interrupts import send_signal
from bench.load.child import package_root
from bench.load.frames import FrameKind, encode, read_frame
from bench.load.node_messages import LEASE_NS, Unseen, content_of
from bench.load.silence import is_stopped
from bench.model.times import NS_PER_S

NUMBER = Struct(">I")
"""Of a question, before its bytes, and before those of its answer."""
END_LIMIT_S = 3.0
_LOOK_S = 1.0
_SPARE_S = 5.0
"""A node ends by itself after LEASE_NS; one that is still there so much later is killed."""
_WORDS = 20
"""Lines of a dead node's last words that are kept."""


class NodeProcess:
    """Starts `python -m bench.load.node` with the first question, and ends it.

    Where whoever asks has gone, the node ends by itself; one that cannot, since it is stopped, is
    killed. Every method belongs into one event loop, and none is called before that runs.
    """

    def __init__(self, name: str = "this system", lease_s: float = LEASE_NS / NS_PER_S) -> None:
        self.name = name
        self._lease_s = lease_s
        self._starting: asyncio.Future[asyncio.subprocess.Process] | None = None
        self._waiting: dict[int, asyncio.Future[bytes]] = {}
        self._number = 0
        self._tasks: list[asyncio.Task[None]] = []
        self._asked_s = 0.0
        self._folder = ""
        """Of files that are shipped to it, and that go with it."""
        self._words: deque[bytes] = deque(maxlen=_WORDS)
        self._over = ""
        """Why nobody answers any more; '' while somebody does."""

    @property
    def pid(self) -> int | None:
        """Of the process, once there is one."""
        starting = self._starting
        return starting.result().pid if starting is not None and starting.done() else None

    async def reach(self) -> None:
        """Nothing stands between: the process itself is this machine's."""

    async def call(self, question: bytes) -> bytes:
        """Ask, and wait for the answer. Raises ConnectionError if the process has ended."""
        loop = asyncio.get_running_loop()
        self._asked_s = loop.time()
        process = await self._process()
        if self._over:
            raise ConnectionError(self._over)
        self._number = number = self._number + 1 & 0xFFFFFFFF
        waiting: asyncio.Future[bytes] = loop.create_future()
        self._waiting[number] = waiting
        try:
            assert process.stdin is not None
            process.stdin.write(encode(FrameKind.CALL, NUMBER.pack(number) + question))
            return await waiting
        finally:
            self._waiting.pop(number, None)

    async def close(self) -> bool:
        """End the process, hard if need be, and reap it: always True. Raises nothing."""
        if self._starting is None:
            return True
        process = await self._process()
        if process.stdin is not None:
            process.stdin.close()  # it ends its workers and then itself
        if is_stopped(process.pid):
            await self._kill(process)
        else:
            try:
                async with asyncio.timeout(END_LIMIT_S):
                    await process.wait()
            except TimeoutError:
                await self._kill(process)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        shutil.rmtree(self._folder, ignore_errors=True)
        return True

    async def _kill(self, process: asyncio.subprocess.Process) -> None:
        """Its workers end with their pipes, and one that is stopped with its lease."""
        send_signal(process, SIGKILL)
        await asyncio.wait({asyncio.ensure_future(process.wait())}, timeout=END_LIMIT_S)

    async def _process(self) -> asyncio.subprocess.Process:
        if self._starting is None:
            self._starting = asyncio.ensure_future(self._start())
        return await asyncio.shield(self._starting)

    async def _start(self) -> asyncio.subprocess.Process:
        self._folder = tempfile.mkdtemp(prefix="lamload-node-")
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "bench.load.node",
            "--name",
            self.name,
            "--lease",
            str(self._lease_s),
            "--folder",
            self._folder,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=os.environ | {"PYTHONPATH": package_root()},
            start_new_session=True,
        )
        works = (self._listen(process), self._hear_words(process), self._watch(process))
        self._tasks = [asyncio.ensure_future(work) for work in works]
        return process

    async def _listen(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None
        while (frame := await read_frame(process.stdout)) is not None:
            if frame.kind is FrameKind.ANSWER:
                (number,) = NUMBER.unpack_from(frame.payload)
                waiting = self._waiting.get(number)
                if waiting is not None and not waiting.done():
                    waiting.set_result(frame.payload[NUMBER.size :])
        code = await process.wait()
        shutil.rmtree(self._folder, ignore_errors=True)  # a node that was killed could not
        cause = f"signal {-code}" if code < 0 else f"exit status {code}"
        words = b"".join(self._words).decode(errors="replace").strip()
        self._over = f"the node process has ended ({cause}) {words}".strip()
        for waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_exception(ConnectionError(self._over))

    async def _hear_words(self, process: asyncio.subprocess.Process) -> None:
        assert process.stderr is not None
        while line := await process.stderr.readline():
            self._words.append(line)

    async def _watch(self, process: asyncio.subprocess.Process) -> None:
        """One that nobody asks any more has ended by itself, unless it cannot."""
        loop = asyncio.get_running_loop()
        while process.returncode is None:
            await asyncio.sleep(_LOOK_S)
            if loop.time() - self._asked_s > self._lease_s + _SPARE_S:
                await self._kill(process)


class OwnedNode:
    """A node process that ends with whoever holds this: a Dask worker, until its client is gone.

    Dask forgets an actor whose client has ended, however it did, so that no load goes on for as
    long as the lease.
    """

    def __init__(self, name: str) -> None:
        self._process = NodeProcess(name)
        self._loop: asyncio.AbstractEventLoop | None = None

    @property
    def pid(self) -> int | None:
        """Of the process, once there is one."""
        return self._process.pid

    async def call(self, question: bytes | Unseen) -> bytes:
        """The process's answer. Raises ConnectionError if that has ended."""
        self._loop = asyncio.get_running_loop()
        return await self._process.call(content_of(question))

    async def close(self) -> None:
        """End the process and reap it. Raises nothing."""
        await self._process.close()

    def __del__(self) -> None:
        """May run in any thread, and when the loop has ended: then the process ends with ours."""
        if self._loop is not None:
            with suppress(RuntimeError):
                self._loop.call_soon_threadsafe(_end, self._process)


def _end(process: NodeProcess) -> None:
    ending = asyncio.ensure_future(process.close())
    _ENDING.add(ending)
    ending.add_done_callback(_ENDING.discard)


_ENDING: set[asyncio.Future[bool]] = set()
"""Nothing else holds a task that nobody waits for."""


class ProcessNodes:
    """Several nodes on this machine, for a trial of what is meant for many."""

    def __init__(self, number: int, lease_s: float = LEASE_NS / NS_PER_S) -> None:
        self._nodes = [NodeProcess(f"node {i}", lease_s) for i in range(number)]

    async def open(self) -> list[NodeProcess]:
        """All of them; each process starts with its first question."""
        return self._nodes

    async def close(self) -> None:
        """End what is left. Raises nothing."""
        await asyncio.gather(*(node.close() for node in self._nodes))

    async def check(self) -> None:
        """Nothing to ask: it is this very machine."""

    @property
    def ground(self) -> str:
        """What is always there while the coordinator is."""
        return "this machine"

    async def branches(self, _groups: Sequence[Sequence[int]]) -> list[NodeProcess]:
        """None: one machine has no need of them."""
        return []

    def manifest(self) -> dict[str, str]:
        """What the nodes stand on."""
        return {"kind": "processes"}
