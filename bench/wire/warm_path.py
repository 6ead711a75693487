"""The way through the kernel, walked shortly before it is needed: a write that finds it cold takes
two or three times as long, and whatever is due at the same time has to wait for its end.

A connection to ourselves over loopback is written to and read from; nobody else sees of it.
"""

from __future__ import annotations

import socket
from contextlib import suppress
from os import read, write

_BYTES = bytes(256)


class WarmPath:
    """Two ends of a connection to ourselves; of no effect where there is no loopback."""

    __slots__ = ("_far", "_near")

    def __init__(self) -> None:
        self._near: socket.socket | None = None
        self._far: socket.socket | None = None
        with suppress(OSError), socket.create_server(("127.0.0.1", 0)) as listener:
            self._near = socket.create_connection(listener.getsockname(), timeout=1.0)
            self._far = listener.accept()[0]
            for end in (self._near, self._far):
                end.setblocking(False)
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def walk(self) -> None:
        """Read what was written the last time, and write as much again."""
        near, far = self._near, self._far
        if near is not None and far is not None:
            with suppress(OSError):
                read(far.fileno(), len(_BYTES))
            with suppress(OSError):
                write(near.fileno(), _BYTES)

    def close(self) -> None:
        """Give both ends of the connection back."""
        for end in (self._near, self._far):
            if end is not None:
                end.close()
