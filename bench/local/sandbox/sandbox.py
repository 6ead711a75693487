"""One execution environment: a process that serves one invocation at a time.

Its folder, and so its /tmp, outlives the process: after a timeout or a crash the next invocation
starts a new process in the same sandbox, as on AWS.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic_ns

from bench.errors import LamloadError
from bench.lambda_facts import INIT_LIMIT_S, MAX_TIMEOUT_S
from bench.local.model import FunctionConfig, Invocation
from bench.local.sandbox import failures, runtime
from bench.local.sandbox.cpu import Meter, Usage
from bench.local.sandbox.failures import InvocationFailure
from bench.local.sandbox.freezer import Freezer
from bench.local.sandbox.invocation import ChunkSink, InvocationEnd, RunningInvocation
from bench.local.sandbox.memory_watch import MemoryWatch
from bench.local.sandbox.output_pipe import OutputPipe
from bench.local.sandbox.runtime_api import RuntimeApi
from bench.local.sandbox.spawner import ForkRequest, Spawner
from bench.local.sandbox.start_gate import StartGate, StartSlot
from bench.local.sandbox.timer import TimerQueue
from bench.model.times import NS_PER_MS, NS_PER_S


@dataclass(frozen=True, slots=True)
class Tools:
    """What all sandboxes of a server share. output takes what functions print, if anyone looks."""

    spawner: Spawner
    alarm: TimerQueue
    watch: MemoryWatch
    output: Callable[[str, bytes], None] | None = None
    init_limit_s: float = INIT_LIMIT_S
    freezes: bool = True
    """Whether environments stand still between invocations, as on AWS."""
    starts: StartGate = field(default_factory=lambda: StartGate(1_000))


@dataclass(frozen=True, slots=True)
class Started:
    """How an init went. failure None means that the process waits for work."""

    init_ns: int
    failure: InvocationFailure | None
    output: bytes


class SandboxGone(Exception):
    """The process ended before it had taken the invocation: another sandbox can have it."""

    def __init__(self, wait_status: int) -> None:
        super().__init__(f"wait status {wait_status}")
        self.wait_status = wait_status


class CannotStart(LamloadError):
    """The host could not start the process: no fault of the function's, which has not run."""


class Sandbox:
    """A process, its Runtime API, its folder and its log."""

    def __init__(
        self, name: str, config: FunctionConfig, tools: Tools, *, provisioned: bool = False
    ) -> None:
        self.name = name
        self.config = config
        self.provisioned = provisioned
        self.alive = False
        """The process runs and its init is over."""
        self.idle_since_ns = 0
        self.alarm = tools.alarm
        self.init_limit_s = MAX_TIMEOUT_S if config.debug_port else tools.init_limit_s
        self._tools = tools
        self._folder = tools.spawner.root / name
        self._api = RuntimeApi(self)
        self._meter: Meter | None = None
        self._printed = OutputPipe(self._folder / "log", self._to_whoever_looks)
        self._request_id = ""
        self._peak_mb = 0
        self._exited: asyncio.Future[int] | None = None
        self._init: asyncio.Future[InvocationFailure | None] | None = None
        self._ready: asyncio.Future[None] | None = None
        self._running: RunningInvocation | None = None
        self._freezer = Freezer(tools.freezes and not config.debug_port)
        self._place: StartSlot | None = None

    # ------------------------------------------------------------------ the process

    async def start(self, limit_s: float, request_id: str) -> Started:
        """Start the process and wait for its init; after limit_s it is killed.

        request_id is the invocation's that waits for it, for the texts of failures. Raises
        CannotStart when the host has not what a process needs; nothing is left behind then.
        """
        argv = runtime.command(self.config)
        if argv is None:
            paths = f"{self.config.folder}/bootstrap /opt/bootstrap"
            return Started(0, failures.no_bootstrap(request_id, paths), b"")
        if runtime.not_executable(self.config, argv[0]):
            cause = "permission denied" if Path(argv[0]).exists() else "no such file or directory"
            return Started(0, failures.cannot_execute(request_id, argv[0], cause), b"")
        await self._cleared()  # the end of the last process must not be taken for that of the next
        self._request_id = request_id
        self._place = await self._admitted()
        try:
            return await self._started(argv, limit_s)
        finally:
            self._place.leave()

    async def _admitted(self) -> StartSlot:
        """A place among those that start. Raises CannotStart when the host is too busy."""
        try:
            return await self._tools.starts.enter()
        except TimeoutError:
            raise CannotStart(
                "the host cannot start a sandbox: too many others wait for their start"
            ) from None

    async def _started(self, argv: tuple[str, ...], limit_s: float) -> Started:
        """Have the process, and wait for its init."""
        begin_ns = monotonic_ns()
        loop = asyncio.get_running_loop()
        self._init, self._ready = loop.create_future(), loop.create_future()
        await self._spawn(argv)
        self._tools.watch.add(self)
        try:
            async with asyncio.timeout(limit_s):
                failure = await asyncio.shield(self._init)
        except TimeoutError:
            failure = failures.timed_out(self._request_id, limit_s)
        finally:
            self._tools.watch.discard(self)
        init_ns = monotonic_ns() - begin_ns
        self.alive = failure is None and self._exited is not None and not self._exited.done()
        if failure is not None:
            self.kill()
            await self._gone()
        return Started(init_ns, failure, self._printed.drain())

    async def start_cold(self) -> Started:
        """Start ahead of any invocation."""
        return await self.start(self.init_limit_s, "")

    def fallen(self, failure: InvocationFailure, duration_ns: int = 0) -> InvocationEnd:
        """The end of an invocation that the process has never taken."""
        usage = Usage(peak_mb=self._peak_mb)
        output = self._printed.drain() + failure.line
        return InvocationEnd(
            failure.payload, "application/json", failure, duration_ns, usage, output
        )

    async def _spawn(self, argv: tuple[str, ...]) -> None:
        """Have the process. Whatever stands in the way, nobody waits for it any more after it."""
        try:
            await self._prepare()
            request = self._command(argv)
            self._exited = asyncio.get_running_loop().create_future()
            self._meter = Meter(await self._fork(request))
        except Exception as error:
            await self._abandon()
            raise CannotStart(f"the host cannot start a sandbox: {error}") from error

    async def _cleared(self) -> None:
        """Wait for the end of the process before. Raises CannotStart where nobody tells of it."""
        try:
            await self._gone()
        except LamloadError as error:
            raise CannotStart(f"the host cannot start a sandbox: {error}") from error

    async def _abandon(self) -> None:
        """Leave nothing of a start that went wrong."""
        self._printed.close()
        if self._exited is not None:
            self.kill()
            with suppress(LamloadError):  # the fork server is lost, and the process with it
                await self._gone()

    async def _prepare(self) -> None:
        """What the process needs to be there: its Runtime API, its folder, its log."""
        if not self._api.address:
            await self._api.start()
        (self._folder / "tmp").mkdir(parents=True, exist_ok=True)
        self._printed.open()

    async def _fork(self, request: ForkRequest) -> int:
        try:
            return await self._tools.spawner.spawn(self.name, request, self._process_ended)
        except LamloadError:
            self._exited = None  # there is no process whose end could be waited for
            raise

    def _command(self, argv: tuple[str, ...]) -> ForkRequest:
        tmp = str(self._folder / "tmp")
        keep = runtime.below_tmp(runtime.needed_paths(self.config))
        private = self._tools.spawner.private_tmp and "/tmp" not in keep
        seen = "/tmp" if private else tmp
        environment = runtime.environment(
            self.config, self._api.address, seen, provisioned=self.provisioned
        )
        return ForkRequest(
            argv,
            environment,
            self.config.folder,
            str(self._printed.path),
            tmp if private else "",
            keep,
            runtime.credential_folders(),
            self.config.opt,
            self.config.ephemeral_storage_mb,
        )

    def _to_whoever_looks(self, printed: bytes) -> None:
        if self._tools.output is not None:
            self._tools.output(self.config.name, printed)

    def _process_ended(self, wait_status: int) -> None:
        self.alive = False
        self._freezer.gone()
        self._printed.close()
        self._api.abandon()
        if self._exited is not None:
            self._exited.set_result(wait_status)
        self._init_over(failures.exited(self._request_id, wait_status))
        if self._ready is not None and not self._ready.done():
            self._ready.set_exception(SandboxGone(wait_status))
            self._ready.exception()  # perhaps nobody waits for it
        if self._running is not None:
            self._running.lost(wait_status)
        if self._meter is not None:
            self._peak_mb = self._meter.peak_mb
            self._meter.close()
            self._meter = None

    def _init_over(self, failure: InvocationFailure | None) -> None:
        """The first word on how init went counts."""
        if self._init is not None and not self._init.done():
            self._init.set_result(failure)

    def kill(self) -> None:
        """SIGKILL to the process and all that it started."""
        self.alive = False
        self._tools.spawner.kill(self.name)

    async def _gone(self) -> None:
        """Wait until the last process has ended; without a word of it the fork server is lost."""
        if self._exited is not None:
            await self._tools.spawner.told(self._exited)

    async def close(self) -> None:
        """Kill the process and remove the folder."""
        self.kill()
        self._api.close()
        with suppress(LamloadError):  # the fork server is lost, and the process with it
            await self._gone()
        self._tools.spawner.remove(self._folder)

    # ------------------------------------------------------------------ an invocation

    async def invoke(
        self, invocation: Invocation, timeout_s: float, on_chunk: ChunkSink | None = None
    ) -> InvocationEnd:
        """Run one invocation. timeout_s is what init has left of the function's timeout.

        Raises SandboxGone if the process ended before it took the invocation.
        """
        assert self._ready is not None and self._running is None
        if not self._ready.done():
            try:
                async with asyncio.timeout(timeout_s):
                    await asyncio.shield(self._ready)
            except TimeoutError:
                self.kill()
                failure = failures.timed_out(invocation.request_id, self.config.timeout_s)
                return self.fallen(failure, int(timeout_s * NS_PER_S))
        else:
            self._ready.result()
        assert self._meter is not None
        self._ready = asyncio.get_running_loop().create_future()
        self._printed.drain()
        self._running = run = RunningInvocation(
            self, self._meter, invocation.request_id, timeout_s, on_chunk
        )
        self._tools.watch.add(self)
        try:
            run.begin()
            self._api.deliver(invocation, time.time_ns() // NS_PER_MS + int(timeout_s * 1000))
            self._freezer.thaw()
            return await run.ended
        finally:
            run.cancel_timeout()
            self._running = None
            self._tools.watch.discard(self)

    def tick(self) -> None:
        """Look at a process at work: its memory, and the processes that it starts."""
        if self._meter is None:
            return
        if self._place is not None and self._meter.rests():
            self._place.leave()  # it waits for something else than a core
        if self._meter.tick() <= self.config.memory_mb:
            return
        if self._running is not None:
            self._running.fail(failures.out_of_memory(self._running.request_id))
        self._init_over(failures.out_of_memory(self._request_id))
        self.kill()

    def drain_output(self) -> bytes:
        """What has been printed since the last call."""
        return self._printed.drain()

    # ------------------------------------------------------------------ RuntimeListener

    def polled(self) -> None:
        """The process waits for work."""
        self._init_over(None)
        if self._ready is not None and not self._ready.done():
            self._ready.set_result(None)
        if self._meter is not None:
            self._freezer.idle(self._meter, lambda: self._api.waits)

    def hung_up(self) -> None:
        """The process waits no longer: it has to poll again before it gets work."""
        if self._ready is not None and self._ready.done() and self._ready.exception() is None:
            self._ready = asyncio.get_running_loop().create_future()

    def init_failed(self, body: bytes, error_type: str) -> None:
        """The runtime could not load the handler."""
        self._init_over(failures.told(body, error_type, handled=False))

    def responded(self, body: bytes, content_type: str) -> None:
        """End the invocation under way with what the handler returned."""
        if self._running is not None:
            self._running.answer(body, content_type, None)

    def failed(self, body: bytes, error_type: str) -> None:
        """End the invocation under way with the error that the handler raised."""
        if self._running is not None:
            self._running.answer(
                body, "application/json", failures.told(body, error_type, handled=True)
            )

    def too_large(self) -> None:
        """The answer is bigger than Lambda passes on."""
        if self._running is not None:
            failure = failures.too_large()
            self._running.answer(failure.payload, "application/json", failure)

    def chunk(self, body: bytes, content_type: str) -> None:
        """A piece of the answer, while the handler goes on."""
        if self._running is not None:
            self._running.chunk(body, content_type)
