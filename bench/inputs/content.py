"""What a user's file holds, as UTF-8: mapped, not copied, where it is UTF-8 already.

A file that cannot be what its reader takes it for is refused here, with the line, the column and
the remedy: a spreadsheet's own format, another encoding, a device.
"""

from __future__ import annotations

import codecs
import mmap
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from bench.errors import UsageError, cause_of

MAX_RECODED_BYTES = 64 << 20
"""A file that has to be written anew in memory must not be larger."""
_AT_ONCE = 1 << 18
"""Bytes that are decoded at once."""
_KINDS = (
    (b"PK\x03\x04", "is a spreadsheet's own file or an archive: export it as CSV in UTF-8"),
    (b"\xd0\xcf\x11\xe0", "is a spreadsheet's own file: export it as CSV in UTF-8"),
    (b"\x1f\x8b", "is compressed: unpack it first"),
    (b"BZh", "is compressed: unpack it first"),
    (b"\x28\xb5\x2f\xfd", "is compressed: unpack it first"),
    (b"PAR1", "is a Parquet file: export it as CSV or JSON Lines"),
)
_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16's, with which it begins
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
AS_UTF8 = 'save it as UTF-8 (in a spreadsheet: "CSV UTF-8")'

Bytes = bytes | mmap.mmap


class Content:
    """The bytes of one file in UTF-8; name is what messages call it."""

    def __init__(self, name: str, raw: Bytes, start: int) -> None:
        self.name = name
        self.raw = raw
        self.start = start
        """Where it begins, behind a mark of byte order."""

    def lines(self) -> Iterator[tuple[int, str]]:
        """(offset behind it, line with its end) of each line. Raises UsageError for no UTF-8."""
        at, raw, number = self.start, self.raw, 0
        while at < len(raw):
            end = raw.rfind(b"\n", at, at + _AT_ONCE) + 1 or raw.find(b"\n", at) + 1 or len(raw)
            block = raw[at:end]
            try:
                text = block.decode("utf-8")
            except UnicodeDecodeError as error:
                byte = f"byte 0x{block[error.start]:02x}, which is no UTF-8"
                raise self._fault(number, block, error.start, byte) from None
            if "\0" in text:
                raise self._fault(number, block, block.index(b"\0"), "a zero byte")
            is_ascii = text.isascii()
            for line in text.split("\n"):
                number += 1
                at += (len(line) if is_ascii else len(line.encode("utf-8"))) + 1
                if at <= end:
                    yield at, f"{line}\n"
                elif line:  # the last one of the file, without an end
                    yield end, line
            number -= text.endswith("\n")
            at = end

    def text(self, begin: int, end: int) -> str:
        """What stands between two offsets that `lines` has told."""
        return self.raw[begin:end].decode("utf-8")

    def _fault(self, number: int, block: bytes, at: int, what: str) -> UsageError:
        """number: of the line before the block."""
        line = number + block.count(b"\n", 0, at) + 1
        begin = block.rfind(b"\n", 0, at) + 1
        column = len(block[begin:at].decode("utf-8", "replace")) + 1
        return UsageError(f"{self.name} line {line}, column {column} has {what}: {AS_UTF8}")


def read_content(path: str | Path, name: str | None = None) -> Content:
    """A regular file's content. Raises UsageError with the remedy for any other."""
    name = str(path) if name is None else name
    raw = _mapped(path, name)
    for mark, words in _KINDS:
        if raw[: len(mark)] == mark:
            raise UsageError(f"{name} {words}")
    for mark, encoding in _BOMS:
        if raw[: len(mark)] == mark:
            if encoding == "utf-8":
                return Content(name, raw, len(mark))
            return Content(name, _recoded(raw, encoding, name), 0)
    if raw.find(b"\n") < 0 and raw.find(b"\r") >= 0:
        return Content(name, bytes(_small(raw, name)).replace(b"\r", b"\n"), 0)
    return Content(name, raw, 0)


def read_whole(path: Path, limit_bytes: int) -> bytes:
    """A regular file as it is. Raises UsageError, before reading, for one that is too large."""
    raw = _mapped(path, str(path))
    if len(raw) > limit_bytes:
        raise UsageError(f"cannot use {path}: it has {len(raw)} bytes, at most are {limit_bytes}")
    return bytes(raw)


def _mapped(path: str | Path, name: str) -> Bytes:
    try:
        # Not to be held up by a pipe that nobody writes to.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except (OSError, ValueError) as error:
        raise UsageError(f"cannot read {name}: {cause_of(error)}") from None
    try:
        found = os.fstat(descriptor)
        if stat.S_ISDIR(found.st_mode):
            raise UsageError(f"cannot read {name}: Is a directory")
        if not stat.S_ISREG(found.st_mode):
            raise UsageError(f"cannot read {name}: it is a device or a pipe, and must be a file")
        if not found.st_size:
            return b""
        return mmap.mmap(descriptor, 0, access=mmap.ACCESS_READ)
    except OSError as error:
        raise UsageError(f"cannot read {name}: {cause_of(error)}") from None
    finally:
        os.close(descriptor)


def _small(raw: Bytes, name: str) -> Bytes:
    if len(raw) > MAX_RECODED_BYTES:
        raise UsageError(f"{name} is too large for its encoding or line ends: {AS_UTF8}")
    return raw


def _recoded(raw: Bytes, encoding: str, name: str) -> bytes:
    try:
        text = bytes(_small(raw, name)).decode(encoding)
    except UnicodeDecodeError as error:
        raise UsageError(
            f"{name} is broken {encoding.upper()}: {error.reason}: {AS_UTF8}"
        ) from None
    if "\n" not in text:
        text = text.replace("\r", "\n")
    return text.encode("utf-8", "surrogatepass")
