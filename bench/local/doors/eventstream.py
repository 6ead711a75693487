"""AWS's event stream: the frames of an InvokeWithResponseStream answer. Pure.

A message: u32 total length, u32 length of headers, u32 CRC-32 of those 8 bytes, headers, payload,
u32 CRC-32 of all before; big-endian. A header: u8 length and name, u8 type 7 (string), u16 length
and value.
"""

from __future__ import annotations

import base64
import json
from binascii import crc32
from struct import pack

from bench.local.model import InvokeResult

CONTENT_TYPE = "application/vnd.amazon.eventstream"
CHUNK_BYTES = 65_536
"""How much of a buffered answer goes into one PayloadChunk."""


def message(headers: dict[str, str], payload: bytes) -> bytes:
    """One frame: lengths, headers of type string, payload, and both checksums."""
    encoded = b"".join(
        pack(">B", len(name)) + name.encode() + pack(">BH", 7, len(value)) + value.encode()
        for name, value in headers.items()
    )
    prelude = pack(">II", 16 + len(encoded) + len(payload), len(encoded))
    body = b"".join((prelude, pack(">I", crc32(prelude)), encoded, payload))
    return body + pack(">I", crc32(body))


def payload_chunk(piece: bytes) -> bytes:
    """A piece of the function's answer."""
    return message(_event("PayloadChunk", "application/octet-stream"), piece)


def invoke_complete(result: InvokeResult, log_tail: bool) -> bytes:
    """The last frame: whether it went well, and the log's tail if it was asked for."""
    members = {}
    if result.error:
        members["ErrorCode"] = result.error_type or result.error
        members["ErrorDetails"] = result.payload.decode(errors="replace")
    if log_tail:
        members["LogResult"] = base64.b64encode(result.log_tail).decode()
    return message(_event("InvokeComplete", "application/json"), json.dumps(members).encode())


def _event(kind: str, content_type: str) -> dict[str, str]:
    return {":event-type": kind, ":content-type": content_type, ":message-type": "event"}
