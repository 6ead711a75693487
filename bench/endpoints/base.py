"""The seam between the engine and the doors into a function. Nothing here knows of sockets.

An endpoint turns an event into the bytes of one HTTP/1.1 request and one response into an
`Answer`. `endpoint_for` picks the module; to add an endpoint, write a file beside this one and
name it there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from bench.model.outcome import Answer

Head = bytes
"""The head of a response as it came, perhaps with its body behind: who wants a header looks for it
himself, since most answers are known by their status alone."""


def head_of(pairs: Iterable[tuple[bytes, bytes]]) -> Head:
    """A head without a status line, for what did not come over HTTP/1.1."""
    return b"".join((b"\r\n", *(b"%s: %s\r\n" % pair for pair in pairs), b"\r\n"))


def head_lines(head: Head) -> list[bytes]:
    """The lines of a head; the first one is the status line."""
    end = head.find(b"\r\n\r\n")
    if end >= 0:
        return head[:end].split(b"\r\n")
    return head.replace(b"\r", b"").partition(b"\n\n")[0].split(b"\n")


def headers_of(head: Head) -> list[tuple[bytes, bytes]]:
    """All headers in order of arrival; names in the case that the server sent."""
    parts = (line.partition(b":") for line in head_lines(head)[1:])
    return [(name.strip(), value.strip()) for name, colon, value in parts if colon]


class Endpoint(Protocol):
    """One door, bound to one variant."""

    @property
    def origin(self) -> str:
        """Where to connect: `scheme://host:port`, always with the port, no path."""

    @property
    def body_limit(self) -> int:
        """Bytes of response body that `classify` looks at: what comes behind need not be kept."""

    @property
    def answer_limit(self) -> int:
        """Bytes of response body that can make sense; a longer one is a PROTOCOL_ERROR."""

    def request(self, event: bytes, epoch_s: int) -> bytes:
        """The whole request, headers and body, ready to send.

        epoch_s is the wall clock in whole seconds, for signatures. Called once per attempt in the
        hot path: an endpoint keeps what it can for the same event object and second.
        """

    def classify(self, status: int, head: Head, body: bytes) -> Answer:
        """What the response means. Never raises: whatever cannot be read is a PROTOCOL_ERROR.

        An answer that is OK may come without its request id, which few ask for.
        """

    def request_id(self, head: Head) -> str:
        """The server's id of the request, or '' for none that can be printed."""


UNSEEN = "{unseen}"
"""Within an argument: where it is read from, since everybody sees a command line."""


@dataclass(frozen=True, slots=True)
class CommandLine:
    """A process to start: environ is laid over the parent's environment.

    The process opens /dev/stdin and /dev/stdout by name, so both must be pipes or files (stdout one
    that appends): asyncio's own PIPE may be a socket, which cannot be opened so.
    """

    argv: tuple[str, ...]
    environ: Mapping[str, str]
    stdin: bytes
    unseen: bytes = b""
    """What would be seen in argv: the path of a pipe that holds it takes the place of UNSEEN."""


class CommandEndpoint(Protocol):
    """A way in that is a process and not an HTTP request; bound to one variant."""

    def command(self, event: bytes) -> CommandLine:
        """The process that invokes the function once with this event."""

    def classify_process(self, returncode: int, stdout: bytes, stderr: bytes) -> Answer:
        """What its end means; returncode is negative for a signal. Never raises."""
