"""A delta as bytes and back, for a network whose other end may be anybody: bytes are not trusted.

A head with magic, version and what is kept of a run; how many there are of each thing; the numbers
of the reports it covers; one zlib stream of plain numbers. How much there is to unpack follows from
the head and is held against limits before room is made for it, and every number is held against
what can be.

Buckets are told as gaps, a byte each, and so are counts: what does not fit in a byte is told behind
them. Most are 1 or 2, so that zlib needs some three bits for a bucket and its count.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from struct import Struct
from zlib import compress, crc32, decompressobj
from zlib import error as ZlibError

import numpy as np
from numpy.typing import NDArray

from bench.model.outcome import Outcome
from bench.model.result import Sample
from bench.record.batch import TALLY, Count
from bench.record.buckets import OVER, buckets_of
from bench.record.cells import HUGE, CellSums, Integers
from bench.record.counted import (
    BUCKET_BITS,
    BUCKET_MASK,
    NO_COUNTS,
    Counted,
    Counts,
    Runs,
    small_codes,
    small_counts,
)
from bench.record.delta import NO_EVENT, Delta, DeltaError, KeyColumn, SendColumn, Span
from bench.record.measures import Series

VERSION = 1
"""Of everything below. What is kept (measures, counts) needs none: the head names it."""
_MAGIC = b"LLDE"
_HEAD = Struct(">4sHI")
_SIZES = Struct(">5I")
"""Spans, cells, first sends, bytes of samples, and bytes of the stream."""
_PART = Struct(">4I")
"""Of a histogram: slots, codes, and gaps and counts that do not fit in a byte."""
_SPAN = Struct(">I2Q2Q")
"""As the fields of a Span."""
_FIXED = _HEAD.size + _SIZES.size + 2 * _PART.size
"""Bytes before what is covered."""
_KEPT = crc32(repr(([s.name for s in Series], [c.name for c in Count], OVER, TALLY)).encode())
"""What cells are told of; another program may keep other measures."""

MOST_BYTES = 16 << 20
"""Of an encoded delta: a hundred times a second of a dozen variants on a busy node."""
MOST_CELLS = 1 << 16
MOST_CODES = 1 << 22
_MOST_SPANS = 1 << 12
_MOST_SENDS = 1 << 18
_MOST_SAMPLE_BYTES = 1 << 20
_MOST = 1 << 53
"""Of a count or a time: sums of them stay exact."""
_FITS = 255
"""In a byte: one less; it stands for a number that is told behind."""
_LEVEL = 6
_NO_HISTOGRAM = "a delta with buckets or counts that cannot be"


def encode_delta(delta: Delta, level: int = _LEVEL) -> bytes:
    """The delta as bytes that `decode_delta` reads. level: zlib's, for who has no time."""
    sums = delta.sums
    samples = json.dumps([_listed(sample) for sample in delta.samples]).encode()
    parts = [_packed(part) for part in (sums.exact, sums.bounds)]
    stream = compress(
        b"".join(
            (
                *map(_shuffled, (delta.keys, sums.counts, sums.low_ns, sums.high_ns)),
                *map(_shuffled, (sums.sum_ns, sums.negative, delta.sends)),
                *(column for _, columns in parts for column in columns),
                samples,
            )
        ),
        level,
    )
    sizes = (0, len(delta.keys), len(delta.sends), len(samples), len(stream))
    head = (_HEAD.pack(_MAGIC, VERSION, _KEPT), _SIZES.pack(*sizes))
    whole = b"".join((*head, *(_PART.pack(*counts) for counts, _ in parts), stream))
    return with_covers(whole, delta.covers)


def with_covers(data: bytes, covers: Sequence[Span]) -> bytes:
    """An encoded delta that covers nothing, with what it covers."""
    _, *others = _SIZES.unpack_from(data, _HEAD.size)
    return b"".join(
        (
            data[: _HEAD.size],
            _SIZES.pack(len(covers), *others),
            data[_HEAD.size + _SIZES.size : _FIXED],
            *(_SPAN.pack(*span) for span in covers),
            data[_FIXED:],
        )
    )


def _listed(sample: Sample) -> list[object]:
    return [
        sample.t_ns,
        sample.variant,
        int(sample.outcome),
        sample.status,
        sample.attempt,
        sample.request_id,
        sample.detail,
    ]


def _shuffled(numbers: NDArray[np.int64]) -> bytes:
    """All first bytes, then all second ones: high ones are mostly 0, which packs well."""
    octets = np.ascontiguousarray(numbers, dtype="<i8").reshape(-1).view(np.uint8)
    return octets.reshape(-1, 8).T.tobytes()


def _packed(part: Counted) -> tuple[tuple[int, int, int, int], list[bytes]]:
    """How many there are of each, and the columns."""
    slots = part.codes >> BUCKET_BITS
    starts = np.flatnonzero(np.diff(slots, prepend=-1))
    sizes = np.diff(starts, append=slots.size)
    # Modulo 2**16: the first gap of a slot may lead back.
    gaps = np.diff(part.buckets, prepend=np.uint16(0))
    far, many = gaps >= _FITS, part.counts >= _FITS
    columns = [
        slots[starts].astype("<u4").tobytes(),
        sizes.astype("<u4").tobytes(),
        np.minimum(gaps, _FITS).astype(np.uint8).tobytes(),
        gaps[far].astype("<u2").tobytes(),
        np.minimum(part.counts, _FITS).astype(np.uint8).tobytes(),
        part.counts[many].astype("<i8").tobytes(),
    ]
    return (starts.size, slots.size, int(far.sum()), int(many.sum())), columns


# -- back


def decode_delta(data: bytes) -> Delta:
    """The delta that `encode_delta` wrote. Raises DeltaError for anything else."""
    if len(data) > MOST_BYTES:
        raise DeltaError(f"a delta of {len(data):,} bytes: at most {MOST_BYTES:,} are read")
    if len(data) < _FIXED:
        raise DeltaError("a delta that was cut, or something else")
    _check_head(*_HEAD.unpack_from(data))
    spans, cells, sends, sample_bytes, packed = _SIZES.unpack_from(data, _HEAD.size)
    parts = [_PART.unpack_from(data, _HEAD.size + _SIZES.size + at * _PART.size) for at in range(2)]
    _check_sizes(spans, cells, sends, sample_bytes, parts)
    begin = _FIXED + spans * _SPAN.size
    if len(data) != begin + packed:
        raise DeltaError("a delta that was cut, or something else")
    figures = cells * (len(KeyColumn) + TALLY + 4 * len(Series))
    numbers = figures + sends * len(SendColumn)
    whole = 8 * numbers + sum(map(_part_bytes, parts)) + sample_bytes
    columns = _Columns(_unpacked(data[begin:], whole))
    keys = columns.numbers(cells, len(KeyColumn))
    counts = columns.numbers(cells, TALLY)
    low_ns, high_ns, sum_ns, negative = (columns.numbers(cells, len(Series)) for _ in range(4))
    sent = columns.numbers(sends, len(SendColumn))
    exact, bounds = (columns.histogram(part, cells) for part in parts)
    sums = CellSums(counts, low_ns, high_ns, sum_ns, negative, exact, bounds)
    _check_keys(keys, sent)
    _check_sums(sums)
    return Delta(keys, sums, sent, _samples(columns.rest()), _spans(data[_FIXED:begin]))


def _check_head(magic: bytes, version: int, kept: int) -> None:
    if magic != _MAGIC:
        raise DeltaError("not a delta: it begins with something else")
    if version != VERSION:
        raise DeltaError(
            f"a delta of version {version}, and this lamload reads version {VERSION}:"
            " install the same lamload on every machine"
        )
    if kept != _KEPT:
        raise DeltaError(
            "a delta with other measures than this lamload keeps:"
            " install the same lamload on every machine"
        )


def _check_sizes(
    spans: int, cells: int, sends: int, sample_bytes: int, parts: Sequence[tuple[int, ...]]
) -> None:
    is_sane = (
        spans <= _MOST_SPANS
        and cells <= MOST_CELLS
        and sends <= _MOST_SENDS
        and sample_bytes <= _MOST_SAMPLE_BYTES
        and sum(codes for _, codes, _, _ in parts) <= MOST_CODES
        and all(
            slots <= codes and slots <= cells * len(Series) and far <= codes and many <= codes
            for slots, codes, far, many in parts
        )
    )
    if not is_sane:
        raise DeltaError("a delta that would unpack to more than a node can have")


def _part_bytes(part: tuple[int, ...]) -> int:
    slots, codes, far, many = part
    return 8 * slots + 2 * codes + 2 * far + 8 * many


def _unpacked(packed: bytes, size: int) -> bytes:
    unpacking = decompressobj()
    try:
        raw = unpacking.decompress(packed, size + 1)
    except ZlibError as error:
        raise DeltaError(f"a delta that cannot be unpacked: {error}") from error
    if len(raw) != size or not unpacking.eof or unpacking.unused_data:
        raise DeltaError("a delta that is not as long as it says")
    return raw


class _Columns:
    """The stream, taken apart from its beginning."""

    def __init__(self, raw: bytes) -> None:
        self._raw = raw
        self._at = 0

    def numbers(self, rows: int, columns: int) -> Integers:
        octets = self._take(rows * columns * 8, np.dtype(np.uint8)).reshape(8, -1)
        whole = np.ascontiguousarray(octets.T).view("<i8").astype(np.int64, copy=False)
        return whole.reshape(rows, columns)

    def histogram(self, part: tuple[int, ...], cells: int) -> Counted:
        slots, codes, far, many = part
        slot = self._take(4 * slots, np.dtype("<u4")).astype(np.int64)
        sizes = self._take(4 * slots, np.dtype("<u4")).astype(np.int64)
        gaps = self._take(codes, np.dtype(np.uint8)).astype(np.uint16)
        _put_back(gaps, self._take(2 * far, np.dtype("<u2")))
        octets = self._take(codes, np.dtype(np.uint8)).astype(np.uint8, copy=False)
        large = self._take(8 * many, np.dtype("<i8"))
        if not codes:
            return NO_COUNTS
        if sizes.sum() != codes or not sizes.all():
            raise DeltaError("a delta whose histograms are not as long as it says")
        is_ordered = (slot[1:] > slot[:-1]).all()
        if not is_ordered or slot[-1] >= cells * len(Series) or octets.min() < 1:
            raise DeltaError(_NO_HISTOGRAM)
        counts = _with_large(octets, large)
        buckets = np.cumsum(gaps, dtype=np.uint16)
        found = np.repeat(small_codes(slot << BUCKET_BITS), sizes) | buckets
        if buckets.max() > OVER or (found[1:] <= found[:-1]).any():
            raise DeltaError(_NO_HISTOGRAM)
        return Counted(found, counts, Runs(slot, sizes))

    def rest(self) -> bytes:
        return self._raw[self._at :]

    def _take(self, size: int, kind: np.dtype[np.generic]) -> NDArray[np.generic]:
        found = np.frombuffer(self._raw, dtype=kind, count=size // kind.itemsize, offset=self._at)
        self._at += size
        return found


def _with_large(counts: NDArray[np.uint8], large: NDArray[np.generic]) -> Counts:
    """The counts, of which those that fit in no byte come apart; in as little room as they need."""
    if not large.size and int(counts.max()) < _FITS:
        return counts
    whole = counts.astype(np.int64)
    _put_back(whole, large)
    if whole.min() < 1 or whole.max() > _MOST:
        raise DeltaError(_NO_HISTOGRAM)
    return small_counts(whole)


def _put_back(numbers: NDArray[np.generic], large: NDArray[np.generic]) -> None:
    places = np.flatnonzero(numbers == _FITS)
    if places.size != large.size:
        raise DeltaError("a delta whose histograms are not as long as it says")
    numbers[places] = large


def _check_keys(keys: Integers, sends: Integers) -> None:
    most = np.zeros(len(KeyColumn), dtype=np.int64)
    most[[KeyColumn.VARIANT, KeyColumn.SEGMENT]] = np.iinfo(np.uint16).max
    most[[KeyColumn.SECOND, KeyColumn.PLACE]] = np.iinfo(np.uint32).max
    most[KeyColumn.EVENT] = NO_EVENT
    order = np.lexsort(keys.T[::-1])
    is_ordered = (order == np.arange(len(keys))).all()
    has_twins = (keys[1:] == keys[:-1]).all(axis=1).any()
    if (keys < 0).any() or (keys > most).any() or not is_ordered or has_twins:
        raise DeltaError("a delta with cells that cannot be")
    most_of_send = np.array((0xFFFF, 0xFFFF, _MOST))
    if (sends < 0).any() or (sends > most_of_send).any():
        raise DeltaError("a delta with first sends that cannot be")


def _check_sums(sums: CellSums) -> None:
    """Extremes have to lie in the first and the last bucket, or reading them would go astray."""
    lowest = np.full(sums.low_ns.shape, BUCKET_MASK)
    highest = np.full(sums.low_ns.shape, -1)
    low, high = lowest.reshape(-1), highest.reshape(-1)
    for part in (sums.exact, sums.bounds):
        runs = part.runs
        ends = np.cumsum(runs.sizes)
        first, last = part.codes[ends - runs.sizes], part.codes[ends - 1]
        own = runs.slots  # each once, since codes ascend
        low[own] = np.minimum(low[own], first & BUCKET_MASK)
        high[own] = np.maximum(high[own], last & BUCKET_MASK)
    has_any = highest >= 0
    low_ns, high_ns = np.where(has_any, sums.low_ns, 0), sums.high_ns
    is_right = np.where(
        has_any,
        (buckets_of(low_ns) == lowest) & (buckets_of(high_ns) == highest) & (low_ns <= high_ns),
        (sums.low_ns == HUGE) & (high_ns == 0) & (sums.sum_ns == 0) & (sums.negative == 0),
    )
    numbers = (low_ns, high_ns, sums.sum_ns, sums.negative, sums.counts)
    if not is_right.all() or any((own < 0).any() or (own > _MOST).any() for own in numbers):
        raise DeltaError("a delta with figures that cannot be")


def _spans(packed: bytes) -> tuple[Span, ...]:
    spans = tuple(Span(*fields) for fields in _SPAN.iter_unpack(packed))
    for span in spans:
        if not (
            1 <= span.first <= span.last <= _MOST
            and span.coarse_s <= _MOST
            and 1 <= span.width_s <= _MOST
        ):
            raise DeltaError("a delta with numbers of reports that cannot be")
    return spans


def _samples(text: bytes) -> tuple[Sample, ...]:
    try:
        return tuple(_sample(*fields) for fields in json.loads(text))
    except (ValueError, TypeError, RecursionError) as error:
        raise DeltaError("a delta with failures in words that cannot be") from error


def _sample(
    t_ns: int, variant: str, outcome: int, status: int, attempt: int, request_id: str, detail: str
) -> Sample:
    whole, words = (t_ns, outcome, status, attempt), (variant, request_id, detail)
    if not all(type(number) is int and 0 <= number <= _MOST for number in whole):
        raise ValueError("not a number")
    if not all(isinstance(text, str) for text in words) or not 0 <= int(variant) <= 0xFFFF:
        raise ValueError("not a text")
    return Sample(t_ns, variant, Outcome(outcome), status, attempt, request_id, detail)
