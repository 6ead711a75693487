"""Reports of several nodes added up on their way: fewer and smaller ones. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bench.record.delta import Delta, added
from bench.record.delta_encoding import MOST_CELLS, MOST_CODES, decode_delta, encode_delta

_MOST_TOGETHER = 1 << 10
"""Reports in a sum: each may cover a span of its own, and a delta has room for four times that."""


def summed_reports(reports: Sequence[bytes]) -> tuple[bytes, ...]:
    """Encoded deltas, none covered twice, as few as hold them all. Raises DeltaError.

    What each covers is in one of them, whole.
    """
    return tuple(encode_delta(added(group)) for group in _groups(map(decode_delta, reports)))


def _groups(deltas: Iterator[Delta]) -> Iterator[list[Delta]]:
    """In their order, each small enough to be decoded where its sum is read."""
    group: list[Delta] = []
    codes = cells = 0
    for delta in deltas:
        codes += delta.size
        cells += len(delta.keys)
        if group and (codes > MOST_CODES or cells > MOST_CELLS or len(group) >= _MOST_TOGETHER):
            yield group
            group, codes, cells = [], delta.size, len(delta.keys)
        group.append(delta)
    if group:
        yield group
