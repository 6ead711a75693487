"""One machine of a fleet: its engine workers, asked by a coordinator elsewhere.

`python -m bench.load.node` answers over its pipes (bench.load.node_process). It ends with them,
when it is told to, and when nobody has asked it anything for its lease: whoever wanted the load is
gone then, and the load costs money. Its workers have a lease too, in case the node is stopped: a
little shorter, so that nothing is sent any more when the node's own is over.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import platform
import secrets
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from time import monotonic_ns, time
from typing import Any

import bench
from bench.aws.credentials import Credentials, load_credentials, renewed
from bench.errors import LamloadError
from bench.load.fleet import Fleet
from bench.load.fleets.local import LocalFleet
from bench.load.frames import VERSION, FrameKind, Ready, Start, encode, read_frame
from bench.load.host import machine_identity, this_host
from bench.load.node_files import NodeFiles
from bench.load.node_messages import (
    LEASE_NS,
    Answer,
    Batch,
    Commands,
    Orders,
    Pull,
    TargetOrder,
    Verb,
    answer,
    read_question,
)
from bench.load.node_process import NUMBER
from bench.load.node_results import NodeResults
from bench.load.node_trial import Trial, tried
from bench.load.node_vitals import NodeVitals
from bench.load.silence import GIVEN_UP_NS
from bench.load.targets.base import OpenTarget
from bench.model.load import Binding
from bench.model.times import NS_PER_MS, NS_PER_S

KEEP_NS = NS_PER_S
"""From one word to the workers that the load is still wanted to the next."""
PULL_NS = 250 * NS_PER_MS
"""How long a pull waits for something to be said."""
WORKERS_PART = 0.9
"""Of the node's lease, which its workers have."""
LOOK_S = 0.25
RENEW_S = 30.0
"""Between two looks at whether the node's credentials end soon."""


class Node:
    """Engine workers of this machine, and what they have said that nobody has taken yet."""

    def __init__(
        self,
        name: str,
        fleet: Fleet,
        now_ns: Callable[[], int] = monotonic_ns,
        lease_ns: int = LEASE_NS,
        folder: Path | None = None,
    ) -> None:
        """folder: for files that are shipped; a new one without it."""
        self._name = name
        self._fleet = fleet
        self._now_ns = now_ns
        self._lease_ns = lease_ns
        self._asked_ns = self._kept_ns = now_ns()
        self._token = secrets.token_hex(16)
        """What a START has to bring."""
        self._begun: set[int] = set()
        """Places of the workers that have had theirs."""
        self._told = 0
        """The number of the latest command that was carried out."""
        self._told_ns = self._asked_ns
        self._files = NodeFiles(folder)
        self._target: OpenTarget | None = None
        self._vitals: NodeVitals | None = None
        self._credentials: Credentials | None = None
        self._wall_ahead_s = 0
        self._results: NodeResults | None = None
        self._news = asyncio.Event()
        self._hearing: asyncio.Task[None] | None = None
        self.closed = asyncio.Event()
        """Set once it has been told to end."""

    @property
    def is_abandoned(self) -> bool:
        """True once nobody has asked it anything for its lease."""
        return self._now_ns() - self._asked_ns > self._lease_ns

    async def answer(self, question: bytes) -> bytes:
        """The answer to a question of the coordinator's; a refusal is one too."""
        heard_ns = self._asked_ns = self._now_ns()
        self._keep_workers(heard_ns)
        try:
            verb, payload = read_question(question)
            found, error = await self._do(verb, payload), ""
        except LamloadError as refusal:
            found, error = None, str(refusal)
        except Exception as broken:  # noqa: BLE001 - the coordinator tells of it, and ends the run
            found, error = None, f"{type(broken).__name__}: {broken}"
        return answer(Answer(heard_ns, self._now_ns(), found, error))

    async def _do(self, verb: Verb, payload: Any) -> Any:
        match verb:
            case Verb.HELLO:
                return self._greeting()
            case Verb.HOST:
                return this_host(self._name)
            case Verb.SHIP:
                self._files.keep(payload)
            case Verb.ORDER:
                return await self._order(payload)
            case Verb.TELL:
                return self._tell(payload)
            case Verb.PULL:
                return await self._pull(payload)
            case Verb.CLOSE:
                await self.close()
            case Verb.TARGET:
                return await self._start_target(payload)
            case Verb.EXPECT if self._target is not None:
                await self._target.expect(*payload)
            case Verb.GATHER if self._results is not None:
                return self._results.gather(payload)
            case Verb.TRIAL:
                return await self._try_out()
            case Verb.STATISTICS if self._target is not None:
                return await self._target.statistics()
        return None

    async def _try_out(self) -> Trial:
        """Raises LamloadError where it has begun its work, or cannot."""
        if self._hearing is not None:
            raise LamloadError("this node has its workers already")
        return await tried(self._name, LocalFleet(), self._now_ns)

    def _greeting(self) -> dict[str, Any]:
        return {
            "frames": VERSION,
            "lamload": bench.__version__,
            "python": platform.python_version(),
            "token": self._token,
            "machine": machine_identity(),
            "load_average": os.getloadavg()[0],
            "pid": os.getpid(),
            "wall_s": time(),
        }

    async def _start_target(self, order: TargetOrder) -> tuple[Binding, ...]:
        """An embedded Lambda beside the workers. Raises LamloadError with its own words."""
        from bench.load.targets.local import LocalTarget

        def place(function: str) -> str:
            shipped = order.shipped.get(function)
            return function if shipped is None else self._files.unpacked(shipped)

        function = order.target.function
        self._target = LocalTarget(
            replace(order.target, function=None if function is None else place(function)),
            folders={name: place(folder) for name, folder in order.folders.items()},
        )
        return await self._target.bind(order.variants)

    async def _order(self, orders: Orders) -> tuple[Ready, ...]:
        """Bring up the workers. Raises LamloadError for any that does not start."""
        if self._hearing is not None:
            raise LamloadError("this node has its workers already")
        own = self._files.placed(orders.orders, orders.shipped)
        if orders.resolve_credentials:
            self._credentials = await self._own_credentials()
            own = tuple(replace(order, credentials=self._credentials) for order in own)
        lease_ns = round(self._lease_ns * WORKERS_PART)
        self._wall_ahead_s = orders.wall_ahead_s
        leased = [
            replace(order, lease_ns=lease_ns, wall_ahead_s=orders.wall_ahead_s) for order in own
        ]
        ready = await self._fleet.start(leased)
        self._vitals = NodeVitals(self._name, len(leased), self._now_ns())
        self._results = NodeResults(orders.node, len(leased), orders.profile)
        self._hearing = asyncio.ensure_future(self._hear())
        return ready

    async def _own_credentials(self) -> Credentials:
        """Raises LamloadError where this machine has none, with both remedies."""
        try:
            return await asyncio.to_thread(load_credentials, os.environ)
        except LamloadError as error:
            raise LamloadError(f"{error}; or send yours with --send-credentials") from error

    def _tell(self, commands: Commands) -> int:
        """Carry out the commands that are new; when the latest was, by this clock."""
        for number, told in enumerate(commands.commands, commands.first):
            if number <= self._told:
                continue
            if told.kind is FrameKind.START:
                self._redeem(commands.token, told.place)
                self._check_in_time(told.payload)
            self._told, self._told_ns = number, self._now_ns()
            if self._results is not None:
                self._results.on_command(told.payload)
            self._fleet.send(told.place, told.kind, told.payload)
        return self._told_ns

    def _redeem(self, token: str, place: int) -> None:
        """Raises LamloadError for a START that was meant for another process, or comes again."""
        if not secrets.compare_digest(token, self._token):
            raise LamloadError("the token of another node process: it was started again meanwhile")
        if place in self._begun:
            raise LamloadError("the load of this node was begun before")
        self._begun.add(place)

    def _check_in_time(self, start: Start) -> None:
        """Raises LamloadError for a START that was so long on its way that the share is lost."""
        late_ns = self._now_ns() - start.start_ns
        if late_ns > GIVEN_UP_NS:
            raise LamloadError(f"the load was to begin {late_ns / NS_PER_S:.1f} s ago")

    async def _hear(self) -> None:
        async for place, frame in self._fleet.frames():
            if self._vitals is not None:
                self._vitals.on_frame(frame)
            if self._results is not None:
                self._results.add(place, frame)
            self._news.set()

    async def _pull(self, pull: Pull) -> Batch:
        """The next batch, or the same one again until it is acknowledged."""
        if self._results is None or self._vitals is None:
            raise LamloadError("this node has no workers yet")
        if not self._results.has_news:
            self._news.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(PULL_NS / NS_PER_S):
                    await self._news.wait()
        return self._results.batch(pull, self._vitals.tick(self._now_ns()))

    def _keep_workers(self, now_ns: int) -> None:
        if self._hearing is not None and now_ns - self._kept_ns >= KEEP_NS:
            self._kept_ns = now_ns
            self._fleet.broadcast(FrameKind.KEEP)

    async def renew(self) -> None:
        """Give the workers fresh credentials, where the node found those that end soon."""
        held = self._credentials
        now_s = int(time()) - self._wall_ahead_s
        if held is None or not held.needs_refresh(now_s):
            return
        fresh = await asyncio.to_thread(renewed, held, os.environ, now_s)
        if fresh is not None:
            self._credentials = fresh
            self._fleet.broadcast(FrameKind.CREDENTIALS, fresh)

    async def close(self) -> None:
        """End the workers and let go of everything. Raises nothing."""
        await self._fleet.close()
        if self._hearing is not None:
            self._hearing.cancel()
            await asyncio.gather(self._hearing, return_exceptions=True)
        if self._target is not None:
            await self._target.close()
        if self._results is not None:
            self._results.close()
        self._files.close()
        self.closed.set()


class NodeServer:
    """Answers the questions that come in on one pipe on another one."""

    def __init__(self, node: Node, reader: asyncio.StreamReader, out: asyncio.WriteTransport):
        self._node, self._reader, self._out = node, reader, out
        self._answering: set[asyncio.Task[None]] = set()

    async def serve(self) -> None:
        """Until the pipe ends, the node is told to end, or nobody has asked for its lease."""
        ends = {
            asyncio.ensure_future(self._read()),
            asyncio.ensure_future(self._node.closed.wait()),
            asyncio.ensure_future(self._outlast()),
        }
        renewing = asyncio.ensure_future(self._renew())
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        await self._node.close()
        if self._answering:  # CLOSE itself is to be answered
            await asyncio.wait(self._answering, timeout=1.0)
        for task in (*ends, renewing):
            task.cancel()
        await asyncio.gather(*ends, renewing, return_exceptions=True)

    async def _read(self) -> None:
        while (frame := await read_frame(self._reader)) is not None:
            if frame.kind is FrameKind.CALL:
                answering = asyncio.ensure_future(self._answer(frame.payload))
                self._answering.add(answering)
                answering.add_done_callback(self._answering.discard)

    async def _answer(self, payload: bytes) -> None:
        said = await self._node.answer(payload[NUMBER.size :])
        if not self._out.is_closing():
            self._out.write(encode(FrameKind.ANSWER, payload[: NUMBER.size] + said))

    async def _outlast(self) -> None:
        while True:
            await asyncio.sleep(LOOK_S)
            if self._node.is_abandoned:
                return

    async def _renew(self) -> None:
        while True:
            await asyncio.sleep(RENEW_S)
            with suppress(LamloadError):  # the workers go on with what they have, until it ends
                await self._node.renew()


async def _serve(name: str, lease_ns: int, folder: Path | None) -> None:
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin.buffer)
    pipe = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    out, _ = await loop.connect_write_pipe(asyncio.BaseProtocol, pipe)
    await NodeServer(
        Node(name, LocalFleet(), lease_ns=lease_ns, folder=folder), reader, out
    ).serve()
    out.close()


def main() -> None:
    """Entry point of the process. The coordinator alone answers to Ctrl-C."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parser = argparse.ArgumentParser(prog="python -m bench.load.node", description=__doc__)
    parser.add_argument("--name", default="this system", help="as messages call it")
    parser.add_argument(
        "--lease", type=float, default=LEASE_NS / NS_PER_S, help="seconds without a question"
    )
    parser.add_argument("--folder", type=Path, help="for files that it is sent")
    given = parser.parse_args()
    asyncio.run(_serve(given.name, round(given.lease * NS_PER_S), given.folder))


if __name__ == "__main__":
    main()
