"""AWS's event-stream frames, read. Pure; see `read_frames` for the format and its errors."""

from __future__ import annotations

from binascii import crc32
from collections.abc import Iterator
from dataclasses import dataclass
from struct import Struct, error

_PRELUDE = Struct(">III")
_U16 = Struct(">H")
_U32 = Struct(">I")
_SMALLEST_FRAME = _PRELUDE.size + _U32.size
_STRING, _BYTES = 7, 6
_SIZES = {0: 0, 1: 0, 2: 1, 3: 2, 4: 4, 5: 8, 8: 8, 9: 16}
"""Bytes of the header values of fixed size, by type."""


class BrokenStream(ValueError):
    """The bytes are not an event stream; the text says where and why."""


@dataclass(frozen=True, slots=True)
class EventFrame:
    """One message. headers has the string values only."""

    headers: dict[str, str]
    payload: memoryview


def read_frames(data: bytes) -> Iterator[EventFrame]:
    """The frames of a whole stream, in order. Raises BrokenStream at the first that is broken.

    Big-endian: u32 total length, u32 length of headers, u32 CRC-32 of those 8 bytes; headers, each
    u8 length and name, u8 type, for strings u16 length and value; payload; u32 CRC-32 of all
    before it. Source: AWS's event-stream encoding, as Smithy specifies it.
    """
    view = memoryview(data)
    start = 0
    while start < len(data):
        if len(data) - start < _SMALLEST_FRAME:
            raise BrokenStream(f"{len(data) - start} stray bytes at {start}")
        total, headers_size, prelude_crc = _PRELUDE.unpack_from(view, start)
        if crc32(view[start : start + 8]) != prelude_crc:
            raise BrokenStream(f"checksum of the frame's head at {start} is wrong")
        if total < _SMALLEST_FRAME + headers_size or start + total > len(data):
            raise BrokenStream(f"frame at {start} is cut off or its lengths contradict")
        end = start + total - _U32.size
        if crc32(view[start:end]) != _U32.unpack_from(view, end)[0]:
            raise BrokenStream(f"checksum of the frame at {start} is wrong")
        body = start + _PRELUDE.size
        headers = _read_headers(view[body : body + headers_size])
        yield EventFrame(headers, view[body + headers_size : end])
        start += total


def _read_headers(view: memoryview) -> dict[str, str]:
    headers: dict[str, str] = {}
    at = 0
    try:
        while at < len(view):
            name_end = at + 1 + view[at]
            name = str(view[at + 1 : name_end], "utf-8", "replace")
            kind = view[name_end]
            at = name_end + 1
            if kind in (_STRING, _BYTES):
                size = _U16.unpack_from(view, at)[0]
                at += _U16.size
            else:
                size = _SIZES[kind]
            if at + size > len(view):
                raise BrokenStream("a header runs beyond its frame")
            if kind == _STRING:
                headers[name] = str(view[at : at + size], "utf-8", "replace")
            at += size
    except (IndexError, KeyError, error):
        raise BrokenStream("the headers of a frame cannot be read") from None
    return headers
