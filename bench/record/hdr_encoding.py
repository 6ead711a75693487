"""Buckets and their counts in HdrHistogram's compressed form, version 2, base64, and back.

What lies out of range, exact extremes and what is censored is not in it. Only this module knows
hdrh, whose encoder is in C; its decoder makes a histogram of 188 kB for each line of a log, which a
few occupied buckets don't need.
"""

from __future__ import annotations

import binascii
from collections.abc import Iterable
from struct import Struct
from struct import error as StructError
from typing import Any
from zlib import decompress, decompressobj
from zlib import error as ZlibError

import numpy as np
from hdrh.histogram import HdrHistogram
from numpy.typing import NDArray

from bench.record.buckets import (
    DIGITS,
    HIGHEST_NS,
    LOWER_NS,
    LOWEST_NS,
    OVER,
    UPPER_NS,
    BucketCounts,
)
from bench.record.buckets import Indexes as Indexes

_COMPRESSED_HEADER = 8
"""Bytes before the zlib stream."""
_HEADER = Struct(">IIIIQQd")
"""Before the counters in it: cookie, length, offset, digits, lowest, highest, ratio."""
_COOKIE = 0x1C849303
_COOKIE_MASK = 0xFFFFFF0F
"""Without the bits for the width of a word, which is one in version 2."""
_LONGEST = 9
"""Bytes of a counter."""
_MOST = 1 << 53
"""Samples in a bucket: sums of them stay exact."""
_MAX_BYTES = _HEADER.size + _LONGEST * UPPER_NS.size
"""Of a histogram in which every bucket has as long a counter as there is."""
_SHORT = 4096
"""Bytes that unpack to a few megabytes at most, as nothing is packed to less than a thousandth."""
_UNREADABLE = (TypeError, ValueError, StructError, ZlibError, binascii.Error)


def _new() -> Any:
    return HdrHistogram(LOWEST_NS, HIGHEST_NS, DIGITS)


_SCRATCH = _new()
_COUNTERS = np.frombuffer(_SCRATCH.counts, dtype=np.int64)
"""Its own counters, without a copy."""


def encode_counts(indexes: Indexes, counts: NDArray[np.integer[Any]]) -> str:
    """The counts of some buckets, ascending and each but once, OVER not among them."""
    _COUNTERS[indexes] = counts
    _SCRATCH.total_count = int(counts.sum())
    _SCRATCH.min_value = int(LOWER_NS[indexes[0]]) if indexes.size else 0
    _SCRATCH.max_value = int(UPPER_NS[indexes[-1]]) if indexes.size else 0
    text = str(_SCRATCH.encode().decode("ascii"))
    _COUNTERS[indexes] = 0
    return text


FREE_BYTES = 16 << 20
"""What a log of any length may unpack to."""


class Allowance:
    """How much the lines of one log may unpack to: a run's own take a few times their length."""

    def __init__(self) -> None:
        self._left = FREE_BYTES

    def spend(self, text: str, unpacked: int) -> None:
        """One more line. Raises ValueError once it is too much."""
        self._left += 20 * len(text) - unpacked
        if self._left < 0:
            raise ValueError("the log unpacks to far more than a run can write")


def decode_buckets(text: str) -> tuple[Indexes, BucketCounts]:
    """The occupied buckets, ascending, and their counts.

    Raises ValueError for another format, or a histogram of another range.
    """
    _, indexes, counts = decode_many([text])
    return indexes, counts


def decode_many(
    texts: Iterable[str], allowance: Allowance | None = None
) -> tuple[NDArray[np.int64], Indexes, BucketCounts]:
    """Of each histogram how many buckets are occupied, and those of all one after the other.

    The counters are zigzag LEB128 numbers: a count, or minus the length of a run of empty buckets.
    All are taken apart at once, since a call of numpy's costs more than a line has to say.
    Raises ValueError as `decode_buckets` does.
    """
    payloads = []
    for text in texts:
        payloads.append(_payload(text))
        if allowance is not None:
            allowance.spend(text, len(payloads[-1]))
    octets = np.frombuffer(b"".join(payloads), dtype=np.uint8)
    ends = np.cumsum([len(payload) for payload in payloads], dtype=np.int64)
    last = np.flatnonzero(octets < 0x80)
    number_ends = np.searchsorted(last, ends)  # of each histogram, among all numbers
    if any(payload and payload[-1] >= 0x80 for payload in payloads):
        raise ValueError("not an HdrHistogram: it ends within a number")
    if not octets.size:
        nothing = np.empty(0, dtype=np.int64)
        return np.zeros(len(payloads), dtype=np.int64), nothing.astype(np.uint16), nothing
    if np.diff(last, prepend=-1).max() > _LONGEST:
        raise ValueError("an HdrHistogram with counters that cannot be")
    first = np.concatenate(([0], last[:-1] + 1))
    place = np.arange(octets.size) - np.repeat(first, last - first + 1)
    parts = (octets & 0x7F).astype(np.int64) << (7 * place)
    coded = np.add.reduceat(parts, first)
    numbers = (coded >> 1) ^ -(coded & 1)
    if (numbers < -UPPER_NS.size).any() or (numbers > _MOST).any():
        raise ValueError("an HdrHistogram with counters that cannot be")
    steps = np.where(numbers < 0, -numbers, 1)
    passed = np.concatenate(([0], np.cumsum(steps)))
    number_starts = np.concatenate(([0], number_ends[:-1]))
    begins = np.repeat(passed[number_starts], number_ends - number_starts)
    indexes, occupied = passed[:-1] - begins, numbers > 0
    if indexes[occupied].max(initial=0) >= OVER:
        raise ValueError("an HdrHistogram with more buckets than its range has")
    sizes = np.diff(np.concatenate(([0], np.cumsum(occupied)))[np.append(0, number_ends)])
    return sizes, indexes[occupied].astype(np.uint16), numbers[occupied]


def _payload(text: str) -> bytes:
    try:
        raw = _unpacked(binascii.a2b_base64(text)[_COMPRESSED_HEADER:])
        cookie, _, _, *form, _ = _HEADER.unpack_from(raw)
    except _UNREADABLE as error:
        raise ValueError(f"not an HdrHistogram: {error}") from error
    if cookie & _COOKIE_MASK != _COOKIE & _COOKIE_MASK:
        raise ValueError("not an HdrHistogram of encoding version 2")
    if form != [DIGITS, LOWEST_NS, HIGHEST_NS]:
        raise ValueError("an HdrHistogram of another range")
    return raw[_HEADER.size :]


def _unpacked(packed: bytes) -> bytes:
    """At most _MAX_BYTES of it; raises ValueError for more, and for less than the whole."""
    if len(packed) <= _SHORT:
        raw = decompress(packed)  # at a third of the CPU
        is_more, is_whole = len(raw) > _MAX_BYTES, True
    else:
        unpacking = decompressobj()
        raw = unpacking.decompress(packed, _MAX_BYTES)
        is_more, is_whole = bool(unpacking.unconsumed_tail), unpacking.eof
    if is_more:
        raise ValueError(f"it unpacks to more than {_MAX_BYTES} bytes")
    if not is_whole:
        raise ValueError("it was cut")
    return raw
