"""The one place through which all that lamload prints leaves it.

stdout carries results: they are written whole while somebody reads, and what keeps them from that
is a StdoutError. stderr carries the story: it raises nothing and waits for nobody, and what nobody
reads is dropped. Where one of the two is closed, nothing is printed there and nothing else changes.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable, Mapping
from typing import TextIO

from bench.errors import LamloadError, cause_of
from bench.output import letters
from bench.output.channel import Channel

STORY_LIMIT = 1 << 20
"""Bytes of the story that wait for a reader before more is dropped."""
BEHIND = 4096
"""Bytes that wait when it is pointless to add a line that the next one will replace."""
STORY_PATIENCE_S = 1.0
"""How long a story that nobody reads keeps the command from ending."""
_ORDER_S = 0.5
"""How long a result waits for the story before it, which may be on the same terminal."""
BROKEN_PIPE = 141
"""128 + SIGPIPE, as the shell says it: whoever read our stdout has gone."""


class StdoutError(LamloadError):
    """A result could not be printed. is_gone: since there is no reader any more."""

    def __init__(self, cause: str, *, is_gone: bool = False) -> None:
        super().__init__(f"stdout cannot be written: {cause}")
        self.is_gone = is_gone


class _Stream(io.TextIOBase):
    """A text stream on a Channel. It has no `buffer`, so that nobody can go round it."""

    def __init__(self, fd: int, name: str, encoding: str) -> None:
        self._fd = fd
        self._name = name
        self._encoding = encoding
        self._channel = Channel(fd)

    @property
    def name(self) -> str:
        """As Python calls its own stream."""
        return self._name

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """Of the terminal, or as PYTHONIOENCODING has it."""
        return self._encoding

    @property
    def errors(self) -> str:  # type: ignore[override]
        """What is done with a letter that the encoding lacks."""
        return letters.NAME

    def fileno(self) -> int:
        """Descriptor that all is written to."""
        return self._fd

    def isatty(self) -> bool:
        """Whether it is a terminal now."""
        return os.isatty(self._fd)

    def writable(self) -> bool:
        """Always true, whatever becomes of the reader."""
        return True

    def _encoded(self, text: str | bytes) -> bytes:
        """click asks with no bytes whether it may write some, in an encoding of its own choice.

        What a shell completes are bytes all the same.
        """
        if text == b"":
            raise TypeError("a stream of text")
        return text if isinstance(text, bytes) else text.encode(self._encoding, letters.NAME)


class Story(_Stream):
    """stderr: never raises, never waits."""

    def write(self, text: str) -> int:
        """Have it written when there is room; drop it if too much waits already."""
        if self._channel.backlog < STORY_LIMIT:
            self._channel.put(self._encoded(text))
        return len(text)

    def flush(self) -> None:
        """Nothing: what was written is on its way."""

    @property
    def is_behind(self) -> bool:
        """True while nobody reads what was written before."""
        return self._channel.backlog > BEHIND

    def settle(self, patience_s: float = STORY_PATIENCE_S) -> None:
        """Wait until all is written, as long as somebody reads it."""
        self._channel.wait(patience_s)


class ResultStream(_Stream):
    """stdout: `flush` returns once all is written. Raises StdoutError if it cannot be."""

    def __init__(self, fd: int, name: str, encoding: str, before: Callable[[], object]) -> None:
        """before: called before anything is written, to keep the order of two streams."""
        super().__init__(fd, name, encoding)
        self._before = before
        self._held: list[bytes] = []

    def write(self, text: str) -> int:
        """Hold it until the next flush."""
        self._held.append(self._encoded(text))
        return len(text)

    def write_bytes(self, content: bytes) -> None:
        """Hold bytes that are no text, or text in an encoding of its own."""
        self._held.append(content)

    def flush(self) -> None:
        """Write all there is, and wait for its reader as long as it takes."""
        self.deliver(None)

    def deliver(self, patience_s: float | None) -> None:
        """`flush`, but give up on a reader that takes nothing for so many seconds."""
        content = b"".join(self._held)
        self._held.clear()
        if not content:
            return
        self._before()
        channel = self._channel
        channel.put(content)
        is_read = channel.wait(patience_s)
        error, channel.error = channel.error, channel.error if channel.is_gone else None
        if error is not None:
            raise StdoutError(cause_of(error), is_gone=channel.is_gone)
        if not is_read:
            channel.drop()
            raise StdoutError(f"nothing was read there for {patience_s:g} s")


def install() -> None:
    """From here on sys.stdout and sys.stderr are ours. Called once, before anything is printed."""
    _open_missing()
    letters.register()
    story = Story(2, "<stderr>", _encoding(sys.__stderr__))
    sys.stdout = ResultStream(
        1, "<stdout>", _encoding(sys.__stdout__), lambda: story.settle(_ORDER_S)
    )
    sys.stderr = story
    _complete_originals()


def close() -> StdoutError | None:
    """Write what is left when the command ends; why the last of stdout could not be."""
    failed = None
    try:
        sys.stdout.flush()
    except StdoutError as error:
        failed = error
    settle_story()
    return failed


def settle_story() -> None:
    """Wait until what was written to stderr is there, as long as somebody reads it."""
    if isinstance(sys.stderr, Story):
        sys.stderr.settle()


def deliver(text: str, patience_s: float) -> None:
    """Print a result. Raises StdoutError, also for a reader that takes nothing for so long."""
    sys.stdout.write(text)
    if isinstance(sys.stdout, ResultStream):
        sys.stdout.deliver(patience_s)
    else:
        sys.stdout.flush()


def print_bytes(content: bytes) -> None:
    """Print a result that is no text, or whose encoding is its own."""
    if isinstance(sys.stdout, ResultStream):
        sys.stdout.write_bytes(content)
    else:
        sys.stdout.flush()
        sys.stdout.buffer.write(content)
    sys.stdout.flush()


def is_behind(stream: object) -> bool:
    """True while nobody reads what was written to a stream before."""
    return isinstance(stream, Story) and stream.is_behind


def _open_missing() -> None:
    """A closed one of the first three descriptors would be taken by the next file or socket."""
    for fd in range(3):
        try:
            os.fstat(fd)
        except OSError:
            # The lowest number that is free is this one.
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)


def _complete_originals() -> None:
    """Python leaves None for a closed stream, and Textual asks the originals."""
    if sys.stdin is None or sys.__stdin__ is None:
        sys.stdin = sys.__stdin__ = os.fdopen(0, "r", closefd=False)  # type: ignore[misc]
    if sys.__stdout__ is None:
        sys.__stdout__ = os.fdopen(1, "w", closefd=False)  # type: ignore[misc]
    if sys.__stderr__ is None:
        sys.__stderr__ = os.fdopen(2, "w", closefd=False)  # type: ignore[misc]
    if isinstance(sys.__stderr__, io.TextIOWrapper):
        sys.__stderr__.reconfigure(errors=letters.NAME)


def _encoding(stream: TextIO | None) -> str:
    """Of a terminal, ASCII where the user's locale says so: Python would write UTF-8 there."""
    if isinstance(stream, io.TextIOWrapper) and stream.isatty() and is_c_locale(os.environ):
        stream.reconfigure(encoding="ascii", errors=letters.NAME)
    return "utf-8" if stream is None else stream.encoding or "utf-8"


def is_c_locale(environ: Mapping[str, str]) -> bool:
    """Whether somebody has chosen the locale C. Without any, nobody said what the terminal can do.

    What Python itself sets LC_CTYPE to beside LANG=C counts for nothing (PEP 538).
    """
    given = environ.get("LC_CTYPE", "")
    kind = "" if given in ("C.UTF-8", "C.utf8", "UTF-8") else given
    chosen = environ.get("LC_ALL") or kind or environ.get("LANG") or ""
    return chosen in ("C", "POSIX")
