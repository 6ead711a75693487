"""One invocation in a sandbox: its clock, its timeout, the hold of its answer, its end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic_ns
from typing import Protocol

from bench.lambda_facts import RESPONSE_LIMIT_BYTES
from bench.local.model import FunctionConfig
from bench.local.sandbox import failures
from bench.local.sandbox.cpu import Meter, Usage, hold_ns
from bench.local.sandbox.failures import InvocationFailure
from bench.local.sandbox.timer import TimerQueue
from bench.model.times import NS_PER_S

ChunkSink = Callable[[bytes, str], None]
"""Takes a piece of a streamed answer and its content type."""


@dataclass(frozen=True, slots=True)
class InvocationEnd:
    """How an invocation went in its sandbox. duration_ns is after the CPU model.

    failure None means that the handler answered with payload.
    """

    payload: bytes
    content_type: str
    failure: InvocationFailure | None
    duration_ns: int
    usage: Usage
    output: bytes


class Environment(Protocol):
    """What an invocation needs of the sandbox that it runs in."""

    config: FunctionConfig
    alarm: TimerQueue

    def kill(self) -> None:
        """End the process and all that it started."""

    def drain_output(self) -> bytes:
        """What the process has printed since the last call."""


class RunningInvocation:
    """An invocation under way in its sandbox: its answer, its timeout, its end."""

    def __init__(
        self,
        sandbox: Environment,
        meter: Meter,
        request_id: str,
        timeout_s: float,
        on_chunk: ChunkSink | None,
    ) -> None:
        self.request_id = request_id
        self.ended: asyncio.Future[InvocationEnd] = asyncio.get_running_loop().create_future()
        self._sandbox = sandbox
        self._meter = meter
        self._timeout_ns = int(timeout_s * NS_PER_S)
        self._timeout: asyncio.TimerHandle | None = None
        self._on_chunk = on_chunk
        self._begin_ns = 0
        self._answered = False
        self._streamed = bytearray()
        self._streamed_type = ""
        self._released_ns = 0

    def begin(self) -> None:
        """The process gets the invocation now."""
        self._meter.start()
        self._begin_ns = monotonic_ns()
        loop = asyncio.get_running_loop()
        self._timeout = loop.call_later(self._timeout_ns / NS_PER_S, self._time_out)

    def cancel_timeout(self) -> None:
        """Stop the clock of the function's timeout, if it runs."""
        if self._timeout is not None:
            self._timeout.cancel()

    def answer(self, body: bytes, content_type: str, failure: InvocationFailure | None) -> None:
        """The process has answered: hold it for as long as the memory size demands."""
        usage = self._meter.used()
        wall_ns = monotonic_ns() - self._begin_ns
        memory_mb = self._sandbox.config.memory_mb
        if usage.peak_mb > memory_mb:
            self._sandbox.kill()
            self.fail(failures.out_of_memory(self.request_id), usage)
            return
        self._answered = True
        held_ns = wall_ns + hold_ns(usage, wall_ns, memory_mb)
        duration_ns = max(held_ns, self._released_ns - self._begin_ns)
        if duration_ns >= self._timeout_ns:
            return  # the timeout ends it: held back, the handler would not have come this far
        if self._streamed_type and failure is None and self._on_chunk is None:
            body, content_type, failure = self._gathered()
        ended = InvocationEnd(
            body, content_type, failure, duration_ns, usage, self._sandbox.drain_output()
        )
        if duration_ns > wall_ns:
            self._sandbox.alarm.at(self._begin_ns + duration_ns, lambda: self._end(ended))
        else:
            self._end(ended)

    def _gathered(self) -> tuple[bytes, str, InvocationFailure | None]:
        """A streamed answer for a caller who wants it whole."""
        if len(self._streamed) > RESPONSE_LIMIT_BYTES:
            failure = failures.too_large()
            return failure.payload, "application/json", failure
        return bytes(self._streamed), self._streamed_type, None

    def chunk(self, piece: bytes, content_type: str) -> None:
        """A piece of a streamed answer: held as the whole would be."""
        self._streamed_type = content_type
        if self._on_chunk is None:
            if len(self._streamed) <= RESPONSE_LIMIT_BYTES:
                self._streamed += piece
            return
        now_ns = monotonic_ns()
        memory_mb = self._sandbox.config.memory_mb
        hold = hold_ns(self._meter.used(), now_ns - self._begin_ns, memory_mb)
        self._released_ns = max(self._released_ns, now_ns + hold)
        if self._released_ns <= now_ns:
            self._on_chunk(piece, content_type)
        else:
            self._sandbox.alarm.at(self._released_ns, lambda: self._release(piece, content_type))

    def _release(self, piece: bytes, content_type: str) -> None:
        if self._on_chunk is not None and not self.ended.done():
            self._on_chunk(piece, content_type)

    def lost(self, wait_status: int) -> None:
        """The process has ended. An answer that is being held is good all the same."""
        if not self._answered:
            self.fail(failures.exited(self.request_id, wait_status))

    def fail(self, failure: InvocationFailure, usage: Usage | None = None) -> None:
        """It ends here and now, without the handler's answer."""
        self._stop(failure, monotonic_ns() - self._begin_ns, usage or self._meter.used())

    def _time_out(self) -> None:
        if not self.ended.done():
            failure = failures.timed_out(self.request_id, self._sandbox.config.timeout_s)
            usage = self._meter.used()
            self._sandbox.kill()
            self._stop(failure, self._timeout_ns, usage)

    def _stop(self, failure: InvocationFailure, duration_ns: int, usage: Usage) -> None:
        output = self._sandbox.drain_output()
        if failure.line:
            output += (b"\n" if output and not output.endswith(b"\n") else b"") + failure.line
        self._end(
            InvocationEnd(failure.payload, "application/json", failure, duration_ns, usage, output)
        )

    def _end(self, ended: InvocationEnd) -> None:
        if not self.ended.done():
            self.ended.set_result(ended)
