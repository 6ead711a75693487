"""The half of the record that stands beside the engines of a node: rows in, numbered deltas out.

Memory is bounded however long nobody asks: what waits is kept encoded, and once that is more than
BACKLOG_BYTES, neighbours of it are put together, the oldest of the finest ones first, with twice
the seconds told as one. Totals stay exact by that; a delta says how many seconds it concerns. Where
even that does not help the oldest is given up, under a number that the coordinator will miss.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from bench.model.load import Segment
from bench.model.plain import LONGEST
from bench.model.profile import Phase, Profile
from bench.model.result import Sample
from bench.record.delta import NO_DELTA, SAMPLES, Delta, KeyColumn, Span, added, coarser
from bench.record.delta_encoding import (
    MOST_CELLS,
    MOST_CODES,
    decode_delta,
    encode_delta,
    with_covers,
)
from bench.record.reduction import Reduction
from bench.record.timeline import Timeline

BACKLOG_BYTES = 16 << 20
"""Of deltas that nobody has asked for: some minutes of a busy node, before any are put together."""
UNANSWERED = 64
"""Numbered deltas that may be under way: no more are numbered until some are acknowledged."""
_SHIPMENTS = 64
"""Reductions that are added together at once."""
_CODES = 1 << 20
"""Likewise how many codes they have together: sixteen megabytes."""
_SAMPLE_TEXT = 4 * LONGEST
"""Letters of a failure's own words; whoever shows them cuts them further."""
_REQUEST_ID = 128


@dataclass(frozen=True, slots=True)
class _Waiting:
    """Something that has no number yet."""

    data: bytes
    width_s: int
    coarse_s: int


class Reducer:
    """Of one node. Call `add_…` as its workers ship, and `take` as the coordinator asks."""

    def __init__(self, node: int, profile: Profile, segments: Sequence[Segment]) -> None:
        """node: its number, its own as long as the run lasts. segments: as its workers have them.

        The profile says which variants there are, and what is told of them.
        """
        self._node = node
        self._timeline = Timeline(profile, segments)
        self._reduction = Reduction(profile, self._timeline)
        self._open: list[Delta] = []
        self._codes = 0
        self._backlog: list[_Waiting] = []
        self._numbered: deque[tuple[int, bytes]] = deque()
        self._last = 0

    # -- what comes in

    def add_rows(self, payload: bytes) -> None:
        """Rows of attempts, packed as bench.record.row_layout has them."""
        self._add(self._reduction.rows(payload))

    def add_counts(self, payload: bytes) -> None:
        """Arrivals offered and dropped, packed likewise."""
        self._add(self._reduction.counts(payload))

    def add_samples(self, samples: Sequence[Sample]) -> None:
        """Failed attempts in words, each with the index of its variant as text."""
        short = tuple(
            replace(
                sample,
                request_id=sample.request_id[:_REQUEST_ID],
                detail=sample.detail[:_SAMPLE_TEXT],
            )
            for sample in samples[:SAMPLES]
        )
        if short:
            self._add(replace(NO_DELTA, samples=short))

    def add_segment(self, segment: Segment, phase: Phase | None = None) -> None:
        """A change of the plan, before the first row of it: as `Timeline.add`."""
        self._timeline.add(segment, phase)

    def _add(self, delta: Delta | None) -> None:
        if delta is None:
            return
        self._open.append(delta)
        self._codes += delta.size
        if len(self._open) > _SHIPMENTS or self._codes > _CODES:
            self._seal()

    def _seal(self) -> None:
        """Encode what has come; it can no longer be added to."""
        if not self._open:
            return
        self._backlog.append(_Waiting(encode_delta(added(self._open)), 1, 0))
        self._open.clear()
        self._codes = 0
        while self.backlog_bytes > BACKLOG_BYTES:
            if not self._put_together():
                self._backlog.pop(0)
                self._last += 1  # the coordinator will miss this number, and say so

    # -- what goes out

    def take(self, limit: int = UNANSWERED) -> list[bytes]:
        """The oldest encoded deltas that have not been acknowledged, at most `limit` of them.

        What has been given out is given out again, unchanged and under its own number, until it is
        acknowledged; then what has come since.
        """
        if len(self._numbered) < min(limit, UNANSWERED):
            self._seal()
        while self._backlog and len(self._numbered) < min(limit, UNANSWERED):
            self._number(self._backlog.pop(0))
        return [data for _, data in list(self._numbered)[:limit]]

    def _number(self, waiting: _Waiting) -> None:
        self._last += 1
        span = Span(self._node, self._last, self._last, waiting.coarse_s, waiting.width_s)
        self._numbered.append((self._last, with_covers(waiting.data, (span,))))

    def acknowledge(self, number: int) -> None:
        """The coordinator has all up to and with this number: they are forgotten here."""
        while self._numbered and self._numbered[0][0] <= number:
            self._numbered.popleft()

    @property
    def is_told(self) -> bool:
        """Whether all that has come was taken and acknowledged."""
        return not (self._open or self._backlog or self._numbered)

    @property
    def backlog_bytes(self) -> int:
        """What waits to be taken, encoded."""
        return sum(len(waiting.data) for waiting in self._backlog)

    # -- when nobody asks

    def _put_together(self) -> bool:
        """The two oldest neighbours of the finest width become one; False if none can."""
        waiting = self._backlog
        for width_s in sorted({one.width_s for one in waiting}):
            for at, (one, other) in enumerate(pairwise(waiting)):
                if one.width_s == other.width_s == width_s:
                    both = _together(one, other)
                    if both is not None:
                        waiting[at : at + 2] = [both]
                        return True
        return False


def _together(one: _Waiting, other: _Waiting) -> _Waiting | None:
    """Both as one, at twice their width; None if that were more than a delta can be."""
    width_s = 2 * one.width_s
    both = added((decode_delta(one.data), decode_delta(other.data)))
    coarse_s = one.coarse_s + other.coarse_s
    if one.width_s == 1:
        coarse_s = np.unique(both.column(KeyColumn.SECOND)).size
    wide = coarser(both, width_s)
    if wide.size > MOST_CODES or len(wide.keys) > MOST_CELLS:
        return None
    return _Waiting(encode_delta(wide), width_s, coarse_s)
