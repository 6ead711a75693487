"""Takes an invocation through admission, a sandbox and its log, and says what became of it."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bench.local.account.admission import Admission
from bench.local.account.records import ResolvedVersion
from bench.local.account.store import Store
from bench.local.execution.pool import SandboxPool
from bench.local.execution.provisioner import Provisioner
from bench.local.execution.stats import Stats
from bench.local.http.api_error import ApiError
from bench.local.model import FunctionConfig, Invocation, InvokeResult
from bench.local.sandbox import failures, log
from bench.local.sandbox.failures import InvocationFailure
from bench.local.sandbox.invocation import ChunkSink, InvocationEnd
from bench.local.sandbox.log import ReportFigures
from bench.local.sandbox.sandbox import CannotStart, Sandbox, SandboxGone, Started, Tools
from bench.model.times import NS_PER_MS, NS_PER_S


@dataclass(frozen=True, slots=True)
class _Cold:
    """What came before the handler. spent_ns of it goes on the function's timeout and duration."""

    init_ms: float | None = None
    before_start: bytes = b""
    after_start: bytes = b""
    spent_ns: int = 0
    failure: InvocationFailure | None = None


_WARM = _Cold()


class Dispatcher:
    """All sandboxes of the server, and the one way to them."""

    def __init__(self, store: Store, tools: Tools, *, idle_s: float, most_sandboxes: int) -> None:
        self.stats = Stats()
        self.admission = Admission(store)
        self._store = store
        self._tools = tools
        self._idle_s = idle_s
        self._most_sandboxes = most_sandboxes
        self._pools: dict[str, tuple[str, SandboxPool]] = {}
        """By ARN with version: the build, and its pool."""
        self._retired: list[SandboxPool] = []
        self._provisioner = Provisioner(store, self._pool)
        store.subscribe(self._changed)
        self._reaper = asyncio.ensure_future(self._reap())

    async def invoke(
        self,
        target: ResolvedVersion,
        invocation: Invocation,
        on_chunk: ChunkSink | None = None,
        *,
        fresh: bool = False,
        is_heard: Callable[[], bool] | None = None,
    ) -> InvokeResult:
        """Run one invocation to its end, whatever that is; fresh: in a new sandbox.

        on_chunk gets the pieces of an answer that the function streams. is_heard: asked at the
        end whether the caller is still there. Raises ApiError (500) when the host cannot start a
        sandbox.
        """
        config = target.config
        qualifier = qualifier_of(target)
        kept = target.provisioned_key
        reason = self.admission.enter(config.name, kept)
        if reason:
            result = _throttled(target, invocation, reason)
        else:
            self.stats.began(config.name, qualifier)
            try:
                result = await self._admitted(target, invocation, on_chunk, fresh)
            finally:
                self.stats.left(config.name, qualifier)
                self.admission.leave(config.name, kept)
        self.stats.ended(config.name, qualifier, result)
        if is_heard is not None and not is_heard():
            self.stats.unheard(config.name, qualifier, result)
        return result

    async def close(self) -> None:
        """End all sandboxes, and what starts and reaps them."""
        self._reaper.cancel()
        await self._provisioner.close()
        pools = [pool for _, pool in self._pools.values()] + self._retired
        await asyncio.gather(*(pool.close() for pool in pools))

    async def provisioned(self) -> None:
        """Wait until environments that are to be kept up are."""
        await self._provisioner.settled()

    def alive(self, arn: str) -> int:
        """Warm sandboxes of a version."""
        held = self._pools.get(arn)
        return held[1].alive if held else 0

    def figures(self) -> dict[str, Any]:
        """What the server saw, by function and qualifier, and how the host bore it."""
        functions = []
        for (name, qualifier), seen in self.stats.seen.items():
            config = self._config(name, qualifier)
            functions.append(
                {
                    "function": name,
                    "qualifier": qualifier,
                    "version": config.version if config else None,
                    "memory_mb": config.memory_mb if config else None,
                    "sandboxes": self.alive(config.arn) if config else 0,
                    "concurrency": self.admission.running(name),
                    **seen.figures(),
                }
            )
        host = self.stats.host() | {
            "cannot_start": dict(self.stats.cannot_start),
            "waited_to_start_ms": round(self._tools.starts.waited_ns / NS_PER_MS, 3),
        }
        return {"functions": functions, "host": host}

    def _config(self, name: str, qualifier: str) -> FunctionConfig | None:
        try:
            return self._store.version(name, qualifier).config
        except ApiError:
            return None

    # ------------------------------------------------------------------ pools

    def _pool(self, target: ResolvedVersion) -> SandboxPool:
        """The version's sandboxes; those of an older build retire."""
        config = target.config
        held = self._pools.get(config.arn)
        if held is not None:
            if held[0] == target.build_id:
                return held[1]
            self._retire(config.arn)
        pool = SandboxPool(config, self._tools, lambda: self._may_grow(config.name))
        self._pools[config.arn] = target.build_id, pool
        return pool

    def _may_grow(self, name: str) -> bool:
        """Whether there may be one more sandbox, by the host and by Lambda's scaling rate."""
        pools = [pool for _, pool in self._pools.values()] + self._retired
        if sum(len(pool.all) for pool in pools) >= self._most_sandboxes:
            self.stats.saturation.refused += 1
            return False
        return self.admission.may_grow(name)

    def _retire(self, arn: str) -> None:
        _, pool = self._pools.pop(arn)
        pool.retire()
        self._retired.append(pool)

    def _changed(self, name: str) -> None:
        """A function is not what it was: versions that are gone need no sandboxes."""
        function = self._store.functions.get(name)
        current = {version.config.arn for version in function.versions.values()} if function else ()
        base = self._store.arn(name)
        for arn in list(self._pools):
            if (arn == base or arn.startswith(f"{base}:")) and arn not in current:
                self._retire(arn)
        self._provisioner.reconcile(name)

    async def _reap(self) -> None:
        while True:
            await asyncio.sleep(min(1.0, self._idle_s / 4))
            for _, pool in self._pools.values():
                pool.reap(self._idle_s)
            self._retired = [pool for pool in self._retired if pool.all]

    # ------------------------------------------------------------------ one invocation

    async def _admitted(
        self,
        target: ResolvedVersion,
        invocation: Invocation,
        on_chunk: ChunkSink | None,
        fresh: bool,
    ) -> InvokeResult:
        pool = self._pool(target)
        while True:
            sandbox = pool.acquire_fresh() if fresh else pool.acquire()
            if sandbox is None:
                return _throttled(target, invocation, "ConcurrentInvocationLimitExceeded")
            try:
                result = await self._in_sandbox(sandbox, invocation, on_chunk)
            except CannotStart as error:
                pool.discard(sandbox)
                raise self._unavailable(error) from error
            except SandboxGone:
                pool.give_back(sandbox)
            except BaseException:
                pool.discard(sandbox)  # what it was doing nobody knows
                raise
            else:
                pool.give_back(sandbox)
                return result

    def _unavailable(self, error: CannotStart) -> ApiError:
        """The 500 that AWS answers when it has no environment to run in; the cause is told once."""
        if self.stats.unavailable(str(error)) == 1:
            sys.stderr.write(f"warning: {error}\n")
        return ApiError(500, "ServiceException", str(error), "Service")

    async def _in_sandbox(
        self, sandbox: Sandbox, invocation: Invocation, on_chunk: ChunkSink | None
    ) -> InvokeResult:
        cold = _WARM if sandbox.alive else await self._start(sandbox, invocation.request_id)
        if cold.failure is not None:
            ended = sandbox.fallen(cold.failure)
        else:
            left_s = sandbox.config.timeout_s - cold.spent_ns / NS_PER_S
            try:
                ended = await sandbox.invoke(invocation, left_s, on_chunk)
            except SandboxGone as gone:
                if cold is _WARM:
                    raise
                ended = sandbox.fallen(failures.exited(invocation.request_id, gone.wait_status))
            self.stats.used(sandbox.config, ended.usage, ended.duration_ns)
        return _result(sandbox, invocation, cold, ended)

    async def _start(self, sandbox: Sandbox, request_id: str) -> _Cold:
        """Cold start; an init that fails has a second chance on the invocation's own time."""
        first = await sandbox.start(sandbox.init_limit_s, request_id)
        if first.failure is None:
            return _Cold(init_ms=first.init_ns / NS_PER_MS, before_start=first.output)
        second = await sandbox.start(sandbox.config.timeout_s, request_id)
        return _Cold(
            before_start=first.output + _init_report(first, "init"),
            after_start=second.output + (_init_report(second, "invoke") if second.failure else b""),
            spent_ns=second.init_ns,
            failure=second.failure,
        )


def _throttled(target: ResolvedVersion, invocation: Invocation, reason: str) -> InvokeResult:
    return InvokeResult(invocation.request_id, b"", target.config.version, throttle_reason=reason)


def qualifier_of(target: ResolvedVersion) -> str:
    """The qualifier that the caller used, `$LATEST` without one."""
    parts = target.invoked_arn.split(":")
    return parts[7] if len(parts) > 7 else "$LATEST"


def _init_report(started: Started, phase: str) -> bytes:
    assert started.failure is not None
    failure = started.failure
    return failure.line + log.init_report(
        started.init_ns / NS_PER_MS, phase, failure.status, failure.reported_type
    )


def _result(
    sandbox: Sandbox, invocation: Invocation, cold: _Cold, ended: InvocationEnd
) -> InvokeResult:
    failure = ended.failure
    config = sandbox.config
    figures = ReportFigures(
        invocation.request_id,
        config.version,
        config.memory_mb,
        (ended.duration_ns + cold.spent_ns) / NS_PER_MS,
        min(config.memory_mb, ended.usage.peak_mb),
        cold.init_ms,
        status="success" if failure is None else failure.status,
        error_type="" if failure is None else failure.reported_type,
        told=failure is not None and not failure.handled,
    )
    written = log.invocation_log(
        figures, cold.after_start + ended.output, config.log_format, cold.before_start
    )
    return InvokeResult(
        request_id=invocation.request_id,
        payload=ended.payload,
        executed_version=config.version,
        error="" if failure is None else "Unhandled",
        error_type="" if failure is None else failure.error_type,
        log_tail=log.tail(written),
        duration_ms=figures.duration_ms,
        billed_ms=figures.billed_ms,
        init_ms=cold.init_ms,
        max_memory_mb=figures.max_memory_mb,
        content_type=ended.content_type,
    )
