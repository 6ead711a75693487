"""What a node reports of some time: sums and histograms by cell instead of rows. A plain value.

A cell is a variant in one segment and one second of the run, told apart further by the second of
its round (blocks of time begin with the round) and, where a profile mixes events, by the event.
Deltas add up in any order and grouping to what all their rows together give, so that a tree of
machines may add them on the way. The coordinator tells by the numbers that a delta covers whether
it has it already.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from itertools import chain
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bench.errors import LamloadError
from bench.model.result import Sample
from bench.record.cells import LEFT_OUT, NO_CELLS, CellSums, Integers, Known, Values, summed_cells
from bench.record.interval_key import IntervalKey
from bench.record.row_layout import MOST_PAYLOADS

NO_EVENT = MOST_PAYLOADS
"""The event of what was dropped or never sent, and of everything where none are told apart."""
SAMPLES = 100
"""Failed attempts that a delta tells of in words."""


_MOST_WAITING = 16
"""Deltas that wait to be added up."""
_MOST_SIZE = 1 << 21
"""Likewise how many counts they have together, of five bytes or so."""
_LITTLE = 1 << 16
"""Counts that are taken on at once, as that costs little."""


class DeltaError(LamloadError):
    """Bytes that are no delta, or one of another version or of another run."""


class KeyColumn(IntEnum):
    """The columns of a cell's key. PLACE is a second too, counted within the round."""

    VARIANT = 0
    SEGMENT = 1
    SECOND = 2
    PLACE = 3
    EVENT = 4


class SendColumn(IntEnum):
    """The columns of a first send: what the test of gaps needs of the first arrivals."""

    VARIANT = 0
    SEGMENT = 1
    SENT_NS = 2


class Span(NamedTuple):
    """Reports of a node, by their numbers from first up to and with last.

    coarse_s: seconds in them that are not told one by one; width_s: the longest that is told as
    one.
    """

    node: int
    first: int
    last: int
    coarse_s: int = 0
    width_s: int = 1


@dataclass(frozen=True, slots=True)
class Delta:
    """Cells by key (rows of keys ascend, each is there once), first sends, and failures in words.

    covers is empty for what never leaves its process.
    """

    keys: Integers
    sums: CellSums
    sends: Integers
    samples: tuple[Sample, ...] = ()
    covers: tuple[Span, ...] = ()

    @property
    def size(self) -> int:
        """How many counts its histograms have: what adding it costs."""
        return self.sums.exact.codes.size + self.sums.bounds.codes.size

    def __add__(self, other: Delta) -> Delta:
        return added((self, other))

    def by_interval(self) -> Iterator[Known]:
        """What it adds to each interval."""
        keys, groups = grouped_keys(self.keys[:, _INTERVAL])
        if len(keys) == len(self.keys):  # as where only one event and no round are told apart
            keys, sums = self.keys[:, _INTERVAL], self.sums
        else:
            sums = self.sums.grouped(groups, len(keys))
        told = zip(keys.tolist(), sums.counts, sums.values(), sums.has_rows(), strict=True)
        for key, counts, values, has_rows in told:
            yield Known(IntervalKey(*key), counts, values if has_rows else None)

    def by_variant(self, held: NDArray[np.bool_]) -> Iterator[tuple[int, Values]]:
        """The values of each variant in some of the cells."""
        variants, groups = np.unique(self.column(KeyColumn.VARIANT)[held], return_inverse=True)
        wanted = np.full(held.size, LEFT_OUT)
        wanted[held] = groups
        sums = self.sums.grouped(wanted, variants.size)
        return zip(variants.tolist(), sums.values(), strict=True)

    def column(self, column: KeyColumn) -> Integers:
        """One number of every cell's key."""
        found: Integers = self.keys[:, column]
        return found


_INTERVAL = [KeyColumn.SECOND, KeyColumn.VARIANT, KeyColumn.SEGMENT]
"""As in an IntervalKey."""
NO_KEYS: Integers = np.empty((0, len(KeyColumn)), dtype=np.int64)
NO_SENDS: Integers = np.empty((0, len(SendColumn)), dtype=np.int64)
NO_DELTA = Delta(NO_KEYS, NO_CELLS, NO_SENDS)


def added(deltas: Sequence[Delta]) -> Delta:
    """The sum of any number of deltas, none covered twice."""
    if len(deltas) == 1:
        return deltas[0]
    if not deltas:
        return NO_DELTA
    keys, groups = grouped_keys(np.concatenate([delta.keys for delta in deltas]))
    ends = np.cumsum([len(delta.keys) for delta in deltas])[:-1]
    return Delta(
        keys,
        summed_cells([delta.sums for delta in deltas], np.split(groups, ends), len(keys)),
        np.concatenate([delta.sends for delta in deltas]),
        tuple(chain.from_iterable(delta.samples for delta in deltas))[:SAMPLES],
        _joined_spans(chain.from_iterable(delta.covers for delta in deltas)),
    )


def coarser(delta: Delta, width_s: int) -> Delta:
    """The same with so many seconds told as one, at the first of them that has anything."""
    columns = [KeyColumn.VARIANT, KeyColumn.SEGMENT, KeyColumn.SECOND, KeyColumn.EVENT]
    wide = delta.keys[:, columns]
    wide[:, 2] //= width_s
    found, groups = grouped_keys(wide)
    keys = np.empty((len(found), len(KeyColumn)), dtype=np.int64)
    keys[:, columns] = found
    for column in (KeyColumn.SECOND, KeyColumn.PLACE):
        first = np.full(len(found), np.iinfo(np.int64).max)
        np.minimum.at(first, groups, delta.column(column))
        keys[:, column] = first
    ordered, order = grouped_keys(keys)
    return replace(delta, keys=ordered, sums=delta.sums.grouped(order[groups], len(ordered)))


def grouped_keys(keys: Integers) -> tuple[Integers, Integers]:
    """The distinct rows in ascending order, and which of them each row is."""
    order = np.lexsort(keys.T[::-1])
    ordered = keys[order]
    is_first = np.ones(len(keys), dtype=np.bool_)
    np.any(ordered[1:] != ordered[:-1], axis=1, out=is_first[1:])
    groups = np.empty(len(keys), dtype=np.int64)
    groups[order] = np.cumsum(is_first) - 1
    return ordered[is_first], groups


def _joined_spans(spans: Iterable[Span]) -> tuple[Span, ...]:
    """The same numbers in as few spans as it takes."""
    found: list[Span] = []
    for span in sorted(spans):
        last = found[-1] if found else None
        if last is not None and last.node == span.node and last.last + 1 == span.first:
            found[-1] = Span(
                span.node,
                last.first,
                span.last,
                last.coarse_s + span.coarse_s,
                max(last.width_s, span.width_s),
            )
        else:
            found.append(span)
    return tuple(found)


class Gathering:
    """Deltas that wait to be taken on by who keeps results, which costs by cells and not by deltas.

    Many that come are added up meanwhile: that takes a part of the time that each would.
    """

    def __init__(self) -> None:
        self._waiting: list[Delta] = []
        self._size = 0

    def add(self, delta: Delta) -> None:
        """One more that waits to be taken on."""
        self._waiting.append(replace(delta, sums=delta.sums.small()))
        self._size += delta.size
        if len(self._waiting) > _MOST_WAITING or self._size > _MOST_SIZE:
            self._waiting = [added(self._waiting)]
            self._size = self._waiting[0].size

    @property
    def is_little(self) -> bool:
        """Whether what waits may as well be taken on at once."""
        return self._size <= _LITTLE

    def drain(self) -> Delta | None:
        """Their sum; None if none waits."""
        if not self._waiting:
            return None
        whole = added(self._waiting)
        self._waiting, self._size = [], 0
        return whole
