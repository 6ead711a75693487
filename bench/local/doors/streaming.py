"""Answers that come in pieces: of InvokeWithResponseStream, and of streaming function URLs."""

from __future__ import annotations

import asyncio
import json
from time import monotonic_ns

from bench.lambda_facts import (
    EXECUTED_VERSION_HEADER,
    REQUEST_ID_HEADER,
    STREAM_RATE_BYTES_PER_S,
    STREAM_UNCAPPED_BYTES,
    TRACE_HEADER,
)
from bench.local.account.records import ResolvedVersion
from bench.local.doors import eventstream
from bench.local.doors.invoke import RETRY_AFTER_S, InvokeCall
from bench.local.execution.dispatcher import Dispatcher
from bench.local.http.api_error import throttled
from bench.local.http.service import Reply
from bench.local.model import HttpResponse, Invocation, InvokeResult
from bench.model.times import NS_PER_S

INTEGRATION_RESPONSE = "application/vnd.awslambda.http-integration-response"
"""Content type of a streamed answer that begins with its status and headers as JSON."""
PRELUDE_END = bytes(8)
PRELUDE_LIMIT_BYTES = 16 * 1024 * 1024


class Pieces:
    """An invocation under way, piece by piece."""

    def __init__(
        self,
        dispatcher: Dispatcher,
        target: ResolvedVersion,
        invocation: Invocation,
        *,
        fresh: bool,
    ) -> None:
        self._queue: asyncio.Queue[tuple[bytes, str] | None] = asyncio.Queue()
        self._running = asyncio.ensure_future(
            dispatcher.invoke(target, invocation, self._on_chunk, fresh=fresh)
        )
        self._running.add_done_callback(lambda _: self._queue.put_nowait(None))

    def _on_chunk(self, piece: bytes, content_type: str) -> None:
        self._queue.put_nowait((piece, content_type))

    async def next(self) -> tuple[bytes, str] | None:
        """The next piece and the answer's content type; None at the end."""
        return await self._queue.get()

    async def result(self) -> InvokeResult:
        """What became of the invocation; after the last piece."""
        return await self._running


class Pace:
    """When a stream may send its next piece: the first 6 MB at once, the rest at 2 MiB/s."""

    def __init__(self) -> None:
        self._sent = 0
        self._from_ns: int | None = None

    def delay_s(self, size: int, now_ns: int) -> float:
        """Seconds to wait before sending a piece of that size."""
        self._sent += size
        capped = self._sent - STREAM_UNCAPPED_BYTES
        if capped <= 0:
            return 0.0
        if self._from_ns is None:
            self._from_ns = now_ns
        due_ns = self._from_ns + capped * NS_PER_S // STREAM_RATE_BYTES_PER_S
        return max(0.0, (due_ns - now_ns) / NS_PER_S)

    async def wait(self, size: int) -> None:
        """Wait until a piece of that size, in bytes, may be sent."""
        delay_s = self.delay_s(size, monotonic_ns())
        if delay_s:
            await asyncio.sleep(delay_s)


async def stream_events(
    pieces: Pieces, target: ResolvedVersion, call: InvokeCall, request_id: str, reply: Reply
) -> HttpResponse | None:
    """Answer as an event stream; an HttpResponse only when nothing has run (a throttle)."""
    first = await pieces.next()
    if first is None and (reason := (await pieces.result()).throttle_reason):
        return throttled(reason, RETRY_AFTER_S).response(request_id)
    await reply.start(_event_head(target, call, request_id))
    pace = Pace()
    following = first
    while following is not None:
        await _send_chunk(reply, pace, following[0])
        following = await pieces.next()
    result = await pieces.result()
    if first is None and not result.error:
        for at in range(0, len(result.payload), eventstream.CHUNK_BYTES):
            await _send_chunk(reply, pace, result.payload[at : at + eventstream.CHUNK_BYTES])
    await reply.write(eventstream.invoke_complete(result, call.log_tail))
    return None


async def stream_body(pieces: Pieces, request_id: str, reply: Reply) -> InvokeResult | None:
    """Answer as a function URL does; the result instead when nothing has been streamed.

    A stream that breaks off ends the connection without its last chunk.
    """
    following = await pieces.next()
    if following is None:
        return await pieces.result()
    head, body = await _head(pieces, *following)
    with_id = (*head.headers, (REQUEST_ID_HEADER, request_id))
    await reply.start(HttpResponse(head.status, with_id))
    pace = Pace()
    while body is not None:
        await pace.wait(len(body))
        await reply.write(body)
        following = await pieces.next()
        body = following[0] if following is not None else None
    if (await pieces.result()).error:
        reply.reset()
    return None


async def _head(
    pieces: Pieces, piece: bytes, content_type: str
) -> tuple[HttpResponse, bytes | None]:
    """Status and headers of a stream, and what has come of its body."""
    if content_type != INTEGRATION_RESPONSE:
        return HttpResponse(200, (("Content-Type", content_type),)), piece
    gathered = piece
    while PRELUDE_END not in gathered and len(gathered) < PRELUDE_LIMIT_BYTES:
        following = await pieces.next()
        if following is None:
            break
        gathered += following[0]
    prelude, _, body = gathered.partition(PRELUDE_END)
    return _read_prelude(prelude), body


def _read_prelude(prelude: bytes) -> HttpResponse:
    """502 for what cannot be read as status, headers and cookies."""
    try:
        said = json.loads(prelude or b"{}")
        headers = [(str(name), str(value)) for name, value in said.get("headers", {}).items()]
        headers += [("Set-Cookie", str(cookie)) for cookie in said.get("cookies", [])]
        status = int(said.get("statusCode", 200))
    except (ValueError, AttributeError, TypeError):
        return HttpResponse(502, (("Content-Type", "application/json"),))
    if not any(name.lower() == "content-type" for name, _ in headers):
        headers.append(("Content-Type", "application/octet-stream"))
    return HttpResponse(status, tuple(headers))


def _event_head(target: ResolvedVersion, call: InvokeCall, request_id: str) -> HttpResponse:
    return HttpResponse(
        200,
        (
            ("Content-Type", eventstream.CONTENT_TYPE),
            (REQUEST_ID_HEADER, request_id),
            (TRACE_HEADER, call.trace_id),
            (EXECUTED_VERSION_HEADER, target.config.version),
        ),
    )


async def _send_chunk(reply: Reply, pace: Pace, piece: bytes) -> None:
    await pace.wait(len(piece))
    await reply.write(eventstream.payload_chunk(piece))
