"""What event sources share: the seam, seeded chance, JSON, files, sizes."""

from __future__ import annotations

import json
import re
from hashlib import blake2b
from pathlib import Path
from random import Random
from typing import Any, Protocol

from bench.errors import UsageError
from bench.folders import expanded
from bench.inputs.content import read_whole
from bench.lambda_facts import KIB, MIB, STREAM_LIMIT_BYTES

_ENCODER = json.JSONEncoder(separators=(",", ":"), allow_nan=False)
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*(B|KB|KIB|MB|MIB)?", re.IGNORECASE)
_UNITS = {"": 1, "B": 1, "KB": KIB, "KIB": KIB, "MB": MIB, "MIB": MIB}


class EventSource(Protocol):
    """The payloads of a run, by number of invocation over all workers."""

    @property
    def constant(self) -> bool:
        """Whether `next` always returns the same object."""

    def next(self, index: int) -> bytes:
        """Payload of invocation number index, from 0; equal for equal index, whoever asks when."""


class ConstantEvents:
    """The same bytes every time, and the same object: endpoints then keep the whole request."""

    constant = True

    def __init__(self, payload: bytes) -> None:
        self._payload = payload

    def next(self, _index: int) -> bytes:
        """The payload, the same for every index."""
        return self._payload


class Chance:
    """Seeded randomness by number: what it gives depends on seed and index alone."""

    __slots__ = ("_high", "_key", "_random")

    def __init__(self, seed: int, salt: str = "") -> None:
        self._random = Random()
        self._high = Random(f"events/{salt}/{seed}").getrandbits(64) << 64
        self._key = self._high.to_bytes(16, "big")

    def at(self, index: int) -> Random:
        """The randomness of one event; valid until the next call."""
        self._random.seed(self._high | index)
        return self._random

    def hex128(self, index: int, number: int) -> str:
        """32 hexadecimal digits, the number-th of an event: a hash, far cheaper than `at`."""
        return blake2b(b"%d/%d" % (index, number), digest_size=16, key=self._key).hexdigest()


def encode_json(value: Any) -> bytes:
    """A JSON value without spaces. Raises UsageError for what JSON cannot say (nan, dates)."""
    try:
        return json_text(value).encode("ascii")
    except (TypeError, ValueError) as error:
        raise UsageError(f"is no JSON value: {error}") from None


def json_text(value: Any) -> str:
    """The same as text. Raises TypeError or ValueError."""
    if type(value) is int:  # no bool: the encoder sets itself up anew for what is not a string
        return str(value)
    return _ENCODER.encode(value)


def read_bytes(path: str | None, base_dir: Path | None) -> bytes:
    """A file's content; a relative path starts at base_dir. Raises UsageError with the path."""
    if not path:
        raise UsageError("needs the path of a file")
    return read_whole((base_dir or Path()) / expanded(path), STREAM_LIMIT_BYTES)


def parse_size(value: Any) -> int:
    """Bytes of `4096`, `"256KB"` or `"6MB"`; KB and MB are 1024s, as Lambda's limits are.

    Raises UsageError for anything else, and beyond 200 MB.
    """
    match = _SIZE.fullmatch(str(value).strip()) if not isinstance(value, bool) else None
    if match is None:
        raise UsageError(f'needs a size such as 4096, "256KB" or "6MB" (it is {value!r})')
    size = int(float(match[1]) * _UNITS[(match[2] or "").upper()])
    if size > STREAM_LIMIT_BYTES:
        raise UsageError(
            f"asks for {size} bytes; the most that Lambda ever takes is "
            f"{STREAM_LIMIT_BYTES // MIB} MB"
        )
    return size
