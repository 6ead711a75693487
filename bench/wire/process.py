"""A Wire whose exchanges are processes: what a shell script pays for a call.

Input and output are files, since the command may open /dev/stdin and /dev/stdout by name, which
does not work on the sockets that an event loop may use as pipes. Send is the moment of the spawn,
so an attempt's time holds the start of the process, as it does for the script.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
from fcntl import F_SETFL, fcntl
from signal import SIGKILL
from time import monotonic_ns
from typing import IO
from urllib.parse import quote_from_bytes, unquote_to_bytes

from bench.endpoints.base import UNSEEN, CommandEndpoint, CommandLine, Head, head_of, headers_of
from bench.interrupts import send_signal
from bench.model.outcome import Answer, Outcome
from bench.model.profile import Connections, Timeouts
from bench.model.times import NS_PER_MS, NS_PER_S
from bench.wire.exchange import Exchange
from bench.wire.pool import PoolStats
from bench.wire.task_wire import TaskWire

_STDERR, _RETURN_CODE = b"stderr", b"return-code"


UNVERIFIED = "--no-verify-ssl"
"""To the AWS CLI, behind everything else. Source: `aws help`, global options."""


class CommandWire(TaskWire):
    """Starts one process per exchange; its request is the event."""

    def __init__(
        self,
        endpoint: CommandEndpoint,
        timeouts: Timeouts,
        options: Connections | None = None,
        origin: str = "",
    ) -> None:
        """options: how the origin, which the command calls, is reached."""
        super().__init__()
        self._endpoint = endpoint
        options = options or Connections()
        self._environ = command_environ(options, origin)
        self._last = () if options.verify_tls else (UNVERIFIED,)
        self._timeouts = timeouts
        self._started = 0

    def call_by(self, endpoint: CommandEndpoint) -> None:
        """Start the next processes as this one says; those that run are not touched."""
        self._endpoint = endpoint

    def stats(self) -> PoolStats:
        """Processes in place of connections."""
        return PoolStats(len(self._tasks), 0, self._started, 0)

    def unreachable(self) -> tuple[str, ...]:
        """No addresses are known here: a process connects by itself."""
        return ()

    async def _exchange(self, exchange: Exchange) -> None:
        file = tempfile.TemporaryFile
        with file() as given, file() as out, file() as err:
            await self._call(exchange, given, out, err)
        exchange.first_ns = monotonic_ns()

    async def _start(
        self, line: CommandLine, given: IO[bytes], out: IO[bytes], err: IO[bytes]
    ) -> asyncio.subprocess.Process:
        pipes = _pipes(line.unseen)
        place = "".join(f"/dev/fd/{pipe}" for pipe in pipes)
        try:
            return await asyncio.create_subprocess_exec(
                *(argument.replace(UNSEEN, place) for argument in line.argv),
                *self._last,
                stdin=given,
                stdout=out,
                stderr=err,
                env=os.environ | line.environ | self._environ,
                pass_fds=pipes,
                start_new_session=True,
            )
        finally:
            for pipe in pipes:
                os.close(pipe)

    async def _call(
        self, exchange: Exchange, given: IO[bytes], out: IO[bytes], err: IO[bytes]
    ) -> None:
        line = self._endpoint.command(exchange.request)
        # Opened by name it has an offset of its own, and the two must not overwrite each other.
        fcntl(out, F_SETFL, os.O_APPEND)
        given.write(line.stdin)
        given.seek(0)
        exchange.sent_ns = monotonic_ns()
        try:
            process = await self._start(line, given, out, err)
        except OSError as error:
            reason = os.strerror(error.errno or 0).lower()
            exchange.failure, exchange.detail = Outcome.CONNECT_ERROR, f"{line.argv[0]}: {reason}"
            return
        self._started += 1
        try:
            async with asyncio.timeout(self._timeouts.total_ns / NS_PER_S):
                code = await process.wait()
        except TimeoutError:
            limit_ms = self._timeouts.total_ns / NS_PER_MS
            exchange.failure, exchange.detail = Outcome.TIMEOUT, f"not done within {limit_ms:g} ms"
            return
        finally:
            if process.returncode is None:
                send_signal(process, SIGKILL)
                await process.wait()
        out.seek(0)
        err.seek(0)
        exchange.body = out.read(exchange.body_limit)
        said = quote_from_bytes(err.read(4096)).encode("ascii")
        exchange.head = head_of([(_STDERR, said), (_RETURN_CODE, b"%d" % code)])


def _pipes(content: bytes) -> tuple[int, ...]:
    """Descriptor to read the content from, which is less than a pipe holds; none for nothing."""
    if not content:
        return ()
    reader, writer = os.pipe()
    with os.fdopen(writer, "wb") as file:
        file.write(content)
    return (reader,)


def command_environ(options: Connections, origin: str) -> dict[str, str]:
    """What tells the AWS CLI of certificates and proxies as this program takes them."""
    proxy = options.proxy_to(origin)
    found = {"NO_PROXY": "*", "no_proxy": "*"}
    if proxy is not None:
        found = {"NO_PROXY": "", "no_proxy": ""}
        found |= dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"), proxy)
    if options.ca_bundle is not None:
        found["AWS_CA_BUNDLE"] = options.ca_bundle
    return found


class CommandAdapter:
    """A CommandEndpoint with the face of an Endpoint, for the engine."""

    origin = "process"

    def __init__(self, endpoint: CommandEndpoint, body_limit: int) -> None:
        self._endpoint = endpoint
        self.body_limit = self.answer_limit = body_limit

    def request(self, event: bytes, _epoch_s: int) -> bytes:
        """The event itself: the wire asks the endpoint for the command."""
        return event

    def classify(self, _status: int, head: Head, body: bytes) -> Answer:
        """What the end of the process means, with the request id that it tells."""
        said = dict(headers_of(head))
        stderr = unquote_to_bytes(said[_STDERR])
        return self._endpoint.classify_process(int(said[_RETURN_CODE]), body, stderr)

    def request_id(self, _head: Head) -> str:
        """None beside the answer's own."""
        return ""
