"""The seam between the engine and the doors into a function. Nothing here knows of sockets.

An endpoint turns an event into the bytes of one HTTP/1.1 request and one response into an
`Answer`. `endpoint_for` picks the module; to add an endpoint, write a file beside this one and
name it there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, overload

from bench.model import Answer

Headers = Sequence[tuple[bytes, bytes]]
"""Raw response headers in order of arrival; names in the case that the server sent."""


class RawHeaders(Sequence[tuple[bytes, bytes]]):
    """Headers as they came, read only by who asks: most answers are known by their status.

    raw begins with the head of a response and may go on with its body.
    """

    __slots__ = ("_pairs", "_raw")

    def __init__(self, raw: bytes) -> None:
        self._raw = raw
        self._pairs: list[tuple[bytes, bytes]] | None = None

    def lines(self) -> list[bytes]:
        """The lines of the head without the first one, the status line."""
        end = self._raw.find(b"\r\n\r\n")
        if end >= 0:
            return self._raw[:end].split(b"\r\n")[1:]
        head = self._raw.replace(b"\r", b"").partition(b"\n\n")[0]
        return head.split(b"\n")[1:]

    def _read(self) -> list[tuple[bytes, bytes]]:
        if self._pairs is None:
            parts = (line.partition(b":") for line in self.lines())
            self._pairs = [(name.strip(), value.strip()) for name, colon, value in parts if colon]
        return self._pairs

    def __len__(self) -> int:
        return len(self._read())

    @overload
    def __getitem__(self, index: int) -> tuple[bytes, bytes]: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[tuple[bytes, bytes]]: ...

    def __getitem__(
        self, index: int | slice
    ) -> tuple[bytes, bytes] | Sequence[tuple[bytes, bytes]]:
        return self._read()[index]

    def __iter__(self) -> Iterator[tuple[bytes, bytes]]:
        return iter(self._read())


class Endpoint(Protocol):
    """One door, bound to one variant."""

    @property
    def origin(self) -> str:
        """Where to connect: `scheme://host:port`, always with the port, no path."""

    @property
    def body_limit(self) -> int:
        """Bytes of response body that can make sense; a longer one is a PROTOCOL_ERROR."""

    def request(self, event: bytes, epoch_s: int) -> bytes:
        """The whole request, headers and body, ready to send.

        epoch_s is the wall clock in whole seconds, for signatures. Called once per attempt in the
        hot path: an endpoint keeps what it can for the same event object and second.
        """

    def classify(self, status: int, headers: Headers, body: bytes) -> Answer:
        """What the response means. Never raises: whatever cannot be read is a PROTOCOL_ERROR."""


@dataclass(frozen=True, slots=True)
class CommandLine:
    """A process to start: environ is laid over the parent's environment.

    The process opens /dev/stdin and /dev/stdout by name, so both must be pipes or files (stdout one
    that appends): asyncio's own PIPE may be a socket, which cannot be opened so.
    """

    argv: tuple[str, ...]
    environ: Mapping[str, str]
    stdin: bytes


class CommandEndpoint(Protocol):
    """A way in that is a process and not an HTTP request; bound to one variant."""

    def command(self, event: bytes) -> CommandLine:
        """The process that invokes the function once with this event."""

    def classify_process(self, returncode: int, stdout: bytes, stderr: bytes) -> Answer:
        """What its end means; returncode is negative for a signal. Never raises."""
