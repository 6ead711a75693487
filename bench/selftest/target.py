"""A target that does exactly what a script says: `python -m bench.selftest.target SCRIPT`.

Prints its port as the first line; at the end of its stdin it prints, as one line of JSON, what it
did: a count per act, and for each request the number of its invocation, when the kernel received it
and just before and after what instants the last of the answer was written. A delay counts from when
the kernel received the request.
"""

from __future__ import annotations

import asyncio
import json
import socket
import struct
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from heapq import heappop, heappush
from time import monotonic_ns

from bench.load.clock import open_clock
from bench.load.scheduling import take
from bench.model.profile import Scheduling
from bench.model.times import NEVER, NS_PER_MS, NS_PER_S
from bench.selftest.script import RETRY_AFTER_S, SCRIPTS, Act, Script, ScriptedAction
from bench.wire.readiness import Readiness, open_readiness
from bench.wire.receipts import ReceiptClock
from bench.wire.stream import Stream

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok"
THROTTLE = (
    b"HTTP/1.1 429 Too Many Requests\r\nRetry-After: %d\r\nContent-Length: 0\r\n\r\n"
    % RETRY_AFTER_S
)
TRUNCATED = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this"
GARBAGE = b"\x16\x03\x01 not http at all \xff\xfe\r\n\r\n"
OVERSIZED_BYTES = 32 * 1024 * 1024
_CHUNK = b"10000\r\n" + bytes(0x10000) + b"\r\n"
_CHUNKED_HEAD = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
HEAD_PARTS = 8


class Timers:
    """Callbacks at precise instants: the loop's own timers would add up to a millisecond."""

    def __init__(self) -> None:
        self._due: list[tuple[int, int, Callable[[], None]]] = []
        self._number = 0
        self._clock = open_clock(asyncio.get_running_loop(), self._fire)

    def call_at(self, when_ns: int, what: Callable[[], None]) -> None:
        """Call `what()` at when_ns of the monotonic clock; at one instant in order of asking."""
        self._number += 1
        heappush(self._due, (when_ns, self._number, what))
        self._clock.set_alarm(self._due[0][0])

    def _fire(self) -> None:
        while self._due and self._clock.wait_briefly(self._due[0][0]):
            heappop(self._due)[2]()
        if self._due:
            self._clock.set_alarm(self._due[0][0])


@dataclass(slots=True)
class Written:
    """A request and, once it is written, the last of its answer: see `truth.Exchange`."""

    invocation: int
    asked_ns: int
    began_ns: int = NEVER
    ended_ns: int = NEVER


class ScriptedServer:
    """The script and what has been done of it."""

    def __init__(self, script: Script) -> None:
        self.timers = Timers()
        self.counts: Counter[str] = Counter()
        self.exchanges: list[Written] = []
        self.receipts = ReceiptClock()
        self._script = script
        self._number = 0
        self._first_ns = 0

    def next_action(self, now_ns: int) -> ScriptedAction:
        """What to do with the request that has just come in."""
        if not self._number:
            self._first_ns = now_ns
        action = self._script(self._number, (now_ns - self._first_ns) / NS_PER_S)
        self._number += 1
        self.counts[action.act.value] += 1
        return action

    def told(self) -> dict[str, object]:
        """What was done, and when."""
        exchanges = [
            (one.invocation, one.asked_ns, one.began_ns, one.ended_ns) for one in self.exchanges
        ]
        return {"counts": self.counts, "exchanges": exchanges}


class ScriptedConnection:
    """Reads requests one at a time; the client does not pipeline."""

    def __init__(self, target: ScriptedServer, sock: socket.socket, readiness: Readiness) -> None:
        self._target = target
        self._read = b""
        self._sock = sock
        self._stream: Stream | None = Stream(sock, readiness, target.receipts)
        self._stream.read_by(self)

    def ended(self, _error: Exception | None) -> None:
        """Whatever is still to be written is not."""
        self._stream = None

    def received(self, data: bytes, read_ns: int, receipt_ns: int) -> None:
        """Act on a request once it is whole."""
        self._read += data
        head, found, body = self._read.partition(b"\r\n\r\n")
        if not found or len(body) < _content_length(head):
            return
        self._read = b""
        now_ns = read_ns if receipt_ns < 0 else receipt_ns
        action = self._target.next_action(now_ns)
        own = Written(json.loads(body)["invocation"], now_ns)
        self._target.exchanges.append(own)
        if action.act is Act.SLOW_HEAD:
            self._trickle(own, action.delay_s)
        else:
            when_ns = now_ns + round(action.delay_s * NS_PER_S)
            self._target.timers.call_at(when_ns, lambda: self._act(action.act, own))

    def _close(self) -> None:
        if self._stream is not None:
            self._stream.close()
            self._stream = None

    def _act(self, act: Act, own: Written) -> None:
        if self._stream is None:
            return
        own.began_ns = monotonic_ns()
        if act is Act.RESET:
            linger = struct.pack("ii", 1, 0)
            self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            self._close()
            own.ended_ns = monotonic_ns()
        elif act in (Act.OVERSIZED, Act.ENDLESS):
            self._stream.send(_CHUNKED_HEAD)
            self._pour(OVERSIZED_BYTES if act is Act.OVERSIZED else None)
        else:
            self._stream.send(_BYTES[act])
            own.ended_ns = monotonic_ns()
            if act in (Act.ANSWER_AND_CLOSE, Act.TRUNCATED):
                self._close()

    def _pour(self, left: int | None) -> None:
        """Chunks until `left` bytes are gone; without a limit 16 a second, for ever."""
        stream = self._stream
        if stream is None:
            return
        if left is None:
            stream.send(b"1\r\nx\r\n")
            self._later(NS_PER_S // 16, lambda: self._pour(None))
        elif stream.unsent:  # until the other side has read
            self._later(NS_PER_MS, lambda: self._pour(left))
        elif left > 0:
            stream.send(_CHUNK)
            self._later(0, lambda: self._pour(left - 0x10000))
        else:
            stream.send(b"0\r\n\r\n")

    def _trickle(self, own: Written, over_s: float) -> None:
        size = -(-len(ANSWER) // HEAD_PARTS)
        for part in range(HEAD_PARTS):
            piece = ANSWER[part * size : (part + 1) * size]
            when_ns = own.asked_ns + round(over_s * NS_PER_S * (part + 1) / HEAD_PARTS)
            self._target.timers.call_at(when_ns, partial(self._write_part, piece, own))

    def _write_part(self, piece: bytes, own: Written) -> None:
        """The last part is the last to set the instants."""
        if self._stream is not None:
            own.began_ns = monotonic_ns()
            self._stream.send(piece)
            own.ended_ns = monotonic_ns()

    def _later(self, wait_ns: int, what: Callable[[], None]) -> None:
        self._target.timers.call_at(monotonic_ns() + wait_ns, what)


_BYTES = {
    Act.ANSWER: ANSWER,
    Act.ANSWER_AND_CLOSE: ANSWER,
    Act.TRUNCATED: TRUNCATED,
    Act.GARBAGE: GARBAGE,
    Act.THROTTLE: THROTTLE,
}


def _content_length(head: bytes) -> int:
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line.partition(b":")[2])
    return 0


async def _accept(listener: socket.socket, target: ScriptedServer, readiness: Readiness) -> None:
    loop = asyncio.get_running_loop()
    connections: list[ScriptedConnection] = []
    while True:
        sock, _ = await loop.sock_accept(listener)
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connections.append(ScriptedConnection(target, sock, readiness))


async def serve(script: Script) -> None:
    """Serve until stdin ends, then tell what was done."""
    take(Scheduling.AUTO)
    loop = asyncio.get_running_loop()
    target = ScriptedServer(script)
    listener = socket.create_server(("127.0.0.1", 0), backlog=4096)
    listener.setblocking(False)
    readiness = open_readiness(loop)
    accepting = loop.create_task(_accept(listener, target, readiness))
    sys.stdout.write(f"{listener.getsockname()[1]}\n")
    sys.stdout.flush()
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin.buffer)
    await reader.read()
    accepting.cancel()
    listener.close()
    sys.stdout.write(json.dumps(target.told()) + "\n")


if __name__ == "__main__":
    import uvloop

    uvloop.run(serve(SCRIPTS[sys.argv[1]]))
