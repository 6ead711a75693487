"""Files that grow while a run goes on, and what becomes of them when there is no more room."""

from __future__ import annotations

import io
import os
from pathlib import Path
from tempfile import TemporaryFile

from bench.errors import cause_of
from bench.whole_file import PUBLIC_MODE

PENDING_LIMIT = 1 << 20
"""Bytes of lines that wait for room; more than that and they are lost, and counted."""


class LineLog:
    """A file that grows in whole lines, each addition given to the kernel at once.

    Never half a line: what did not fit waits until there is room again. Raises OSError only when it
    is opened.
    """

    def __init__(self, path: Path, header: str, mode: int = PUBLIC_MODE) -> None:
        self._fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, mode)
        self._size = 0
        """Bytes of whole lines in the file."""
        self._pending = b""
        self.lost = 0
        """Lines that were given up."""
        self.error: OSError | None = None
        """What happened last, until all is written again."""
        self.add(header)
        if self.error is not None:
            os.close(self._fd)
            raise self.error

    def add(self, lines: str) -> None:
        """Write these after those that still wait."""
        if self._fd < 0 or not (lines or self._pending):
            return
        self._pending += lines.encode("utf-8")
        try:
            self._write()
            self.error = None
        except OSError as error:
            self.error = error
        if len(self._pending) > PENDING_LIMIT:
            self.lost += self._pending.count(b"\n")
            self._pending = b""

    def close(self) -> None:
        """Try once more to write what waits; what still does not fit is lost."""
        if self._fd < 0:
            return
        self.add("")
        self.lost += self._pending.count(b"\n")
        os.close(self._fd)
        self._fd = -1

    @property
    def complaint(self) -> str:
        """What is missing in it, and why; '' if nothing is."""
        if not self.lost:
            return ""
        cause = cause_of(self.error) if self.error is not None else "there was no room for a while"
        return f"{self.lost:,} lines are missing: {cause}"

    def _write(self) -> None:
        """Keeps in `_pending` what has to be written again: all from the first line not whole."""
        at = 0
        try:
            while at < len(self._pending):
                at += os.write(self._fd, memoryview(self._pending)[at:])
        finally:
            whole = self._pending.rfind(b"\n", 0, at) + 1
            self._size += whole
            if whole != at:
                os.ftruncate(self._fd, self._size)
                os.lseek(self._fd, self._size, os.SEEK_SET)
            self._pending = self._pending[whole:]


class Spool:
    """Bytes that wait in a file without a name, or in memory where there is no room for one."""

    def __init__(self, folder: Path | None = None) -> None:
        """folder: where the file is to lie; None is the system's for temporary files."""
        self._file: io.FileIO | io.BytesIO
        try:
            self._file = TemporaryFile(buffering=0, dir=folder)  # noqa: SIM115 - until `close`
        except OSError:
            self._file = io.BytesIO()

    def write(self, content: bytes) -> None:
        """Add bytes behind those that are there."""
        view = memoryview(content)
        while view:
            try:
                written = self._file.write(view)
            except OSError:
                self._to_memory()
                continue
            view = view[written or 0 :]

    def read_from_start(self) -> None:
        """The next `read` begins at the first byte."""
        self._file.seek(0)

    def read(self, size: int = -1) -> bytes:
        """The next bytes, as many at most; all that are left for -1."""
        return self._file.read(size) or b""

    def close(self) -> None:
        """Forget what was written, and give the file back."""
        self._file.close()

    def _to_memory(self) -> None:
        size = self._file.tell()
        self._file.seek(0)
        memory = io.BytesIO()
        memory.write((self._file.read(size) or b"")[:size])
        self._file.close()
        self._file = memory
