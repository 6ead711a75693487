"""What a sandbox's process prints: read from a FIFO as it comes, its end kept for the log."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from pathlib import Path

from bench.lambda_facts import LOG_TAIL_BYTES

_READ_BYTES = 65_536


class OutputPipe:
    """A FIFO that outlives the process: the next one in the same sandbox prints into it too."""

    def __init__(self, path: Path, seen: Callable[[bytes], None]) -> None:
        """seen: called with all that is printed, as it is read."""
        self.path = path
        self._seen = seen
        self._descriptor: int | None = None
        self._kept = bytearray()

    def open(self) -> None:
        """Listen anew. Raises OSError where the host has no room for it."""
        self.close()
        if not self.path.exists():
            os.mkfifo(self.path, 0o600)
        self._descriptor = os.open(self.path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        asyncio.get_running_loop().add_reader(self._descriptor, self._read)

    def close(self) -> None:
        """Read what is there, and listen no longer."""
        self._read()
        if self._descriptor is not None:
            asyncio.get_running_loop().remove_reader(self._descriptor)
            os.close(self._descriptor)
            self._descriptor = None

    def _read(self) -> None:
        """Of what has been printed the last 4 KB are kept."""
        while self._descriptor is not None:
            try:
                printed = os.read(self._descriptor, _READ_BYTES)
            except BlockingIOError:
                return
            if not printed:
                asyncio.get_running_loop().remove_reader(self._descriptor)
                return
            self._seen(printed)
            self._kept += printed
            del self._kept[:-LOG_TAIL_BYTES]

    def drain(self) -> bytes:
        """What has been printed since the last call. awslambdaric ends its lines with CR."""
        self._read()
        drained = bytes(self._kept).replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        self._kept.clear()
        return drained
