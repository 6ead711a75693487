"""InvokeWithResponseStream: pieces of the answer as event-stream frames, at Lambda's rate."""

from __future__ import annotations

import asyncio
from time import monotonic_ns

from bench.local import eventstream
from bench.local.api_error import throttled
from bench.local.dispatcher import Dispatcher
from bench.local.invoke import RETRY_AFTER_S, InvokeCall
from bench.local.limits import STREAM_RATE_BYTES_PER_S, STREAM_UNCAPPED_BYTES
from bench.local.model import HttpResponse, Invocation, InvokeResult
from bench.local.records import Target
from bench.local.service import Reply

NS_PER_S = 1_000_000_000


class _Pace:
    """When a stream may send its next piece: the first 6 MB at once, the rest at 2 MiB/s."""

    def __init__(self) -> None:
        self._sent = 0
        self._from_ns = 0

    def delay_s(self, size: int, now_ns: int) -> float:
        """Seconds to wait before sending a piece of that size."""
        self._sent += size
        capped = self._sent - STREAM_UNCAPPED_BYTES
        if capped <= 0:
            return 0.0
        self._from_ns = self._from_ns or now_ns
        due_ns = self._from_ns + capped * NS_PER_S // STREAM_RATE_BYTES_PER_S
        return max(0.0, (due_ns - now_ns) / NS_PER_S)


async def stream(
    dispatcher: Dispatcher,
    target: Target,
    call: InvokeCall,
    invocation: Invocation,
    reply: Reply,
    *,
    fresh: bool = False,
) -> HttpResponse | None:
    """Answer through reply; an HttpResponse only when nothing has run (a throttle)."""
    pieces: asyncio.Queue[bytes | None] = asyncio.Queue()
    running = asyncio.ensure_future(
        dispatcher.invoke(
            target, invocation, lambda piece, _: pieces.put_nowait(piece), fresh=fresh
        )
    )
    running.add_done_callback(lambda _: pieces.put_nowait(None))
    first = await pieces.get()
    if first is None and running.result().throttle_reason:
        reason = running.result().throttle_reason
        return throttled(reason, RETRY_AFTER_S).response(invocation.request_id)
    await reply.start(_head(target, call, invocation))
    pace = _Pace()
    streamed = first is not None
    piece = first
    while piece is not None:
        await _send(reply, pace, piece)
        piece = await pieces.get()
    result = await running
    if not streamed and not result.error:
        await _send_whole(reply, pace, result)
    await reply.write(eventstream.invoke_complete(result, call.log_tail))
    return None


def _head(target: Target, call: InvokeCall, invocation: Invocation) -> HttpResponse:
    return HttpResponse(
        200,
        (
            ("Content-Type", eventstream.CONTENT_TYPE),
            ("x-amzn-RequestId", invocation.request_id),
            ("X-Amzn-Trace-Id", call.trace_id),
            ("X-Amz-Executed-Version", target.config.version),
        ),
    )


async def _send_whole(reply: Reply, pace: _Pace, result: InvokeResult) -> None:
    """The answer of a function that does not stream."""
    for at in range(0, len(result.payload), eventstream.CHUNK_BYTES):
        await _send(reply, pace, result.payload[at : at + eventstream.CHUNK_BYTES])


async def _send(reply: Reply, pace: _Pace, piece: bytes) -> None:
    delay_s = pace.delay_s(len(piece), monotonic_ns())
    if delay_s:
        await asyncio.sleep(delay_s)
    await reply.write(eventstream.payload_chunk(piece))
