"""How long invocations waited before each further attempt, from rows of attempts. Numpy alone.

A row tells of its own attempt only; the end of the one before is in another row, mostly of an
earlier shipment. What has ended and may be followed is kept until it is. A row names its invocation
by variant and intended arrival: where several share both, as in a burst, attempts are joined in the
order of time, by which every wait is somebody's and their sum is exact. Where a hedge was sent and
both failed, the next attempt follows whichever ended last.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bench.record.row_layout import FLAG_FINAL, FLAG_HEDGE, FLAG_SPENT

Integers = NDArray[np.int64]
MOST = 200_000
"""Attempts that are kept for the one before or behind them: the latest."""
_NONE: Integers = np.empty((0, 5), dtype=np.int64)
_KEY = slice(0, 3)
"""Variant, intended arrival, number of the attempt that has ended."""
_NUMBER, _AT, _ROW = 2, 3, 4
"""Its last; behind them an instant, and the row in this shipment."""
_BEFORE = -1
"""As the row: it came in an earlier shipment."""


class Backoffs:
    """Of the rows of one process; shipments may come in any order."""

    def __init__(self) -> None:
        self._ended = self._begun = self._hedges = _NONE

    def of(self, rows: NDArray[np.void]) -> tuple[Integers, Integers]:
        """Indexes of rows, and ns from the end of an attempt to the first byte of the next.

        Each wait stands with the latest of its rows, which are of one cell in any case; a row may
        have two. Hedges wait for nobody, and of what was never sent nothing is known.
        """
        attempt, is_hedge = rows["attempt"], rows["flags"] & FLAG_HEDGE != 0
        again = (attempt > 1) & (rows["sent_ns"] >= 0) & ~is_hedge
        failed = (attempt > 0) & (rows["flags"] & (FLAG_FINAL | FLAG_SPENT) == 0)
        if not again.any() and not failed.any():
            return _NOBODY, _NOBODY
        ended = np.concatenate((self._ended, _lines(rows, failed & ~is_hedge, 0, "last_ns")))
        hedges = np.concatenate((self._hedges, _lines(rows, failed & is_hedge, 1, "last_ns")))
        if len(hedges):
            ended, hedges = _joined(ended, hedges)
            self._hedges = _kept(hedges, _NOBODY)
        begun = np.concatenate((self._begun, _lines(rows, again, 1, "sent_ns")))
        one, other = _pairs(ended, begun)
        self._ended, self._begun = _kept(ended, one), _kept(begun, other)
        row = np.where(begun[other, _ROW] == _BEFORE, ended[one, _ROW], begun[other, _ROW])
        return row, begun[other, _AT] - ended[one, _AT]


_NOBODY: Integers = np.empty(0, dtype=np.int64)


def _lines(rows: NDArray[np.void], held: NDArray[np.bool_], behind: int, instant: str) -> Integers:
    """A line for each of these rows: its key, by the attempt so far behind, and an instant."""
    places = np.flatnonzero(held)
    own = rows[places]
    attempt = own["attempt"].astype(np.int64) - behind
    columns = (own["variant"], own["intended_ns"], attempt, own[instant], places)
    found: Integers = np.stack([column.astype(np.int64) for column in columns], axis=1)
    return found


def _joined(ended: Integers, hedges: Integers) -> tuple[Integers, Integers]:
    """Both of a hedged pair as one that ends with the later, under the number of the hedge."""
    first = np.flatnonzero(ended[:, _NUMBER] == 1)
    one, other = _pairs(ended[first], hedges)
    one = first[one]
    pairs = np.where(ended[one, _AT, None] > hedges[other, _AT, None], ended[one], hedges[other])
    pairs[:, _NUMBER] = 2
    pairs[:, _ROW] = np.maximum(ended[one, _ROW], hedges[other, _ROW])
    rest = np.delete(ended, one, axis=0)
    return np.concatenate((rest, pairs)), np.delete(hedges, other, axis=0)


def _kept(lines: Integers, paired: Integers) -> Integers:
    """Those that wait for their other half still."""
    left = np.delete(lines, paired, axis=0)[-MOST:]
    left[:, _ROW] = _BEFORE
    return left


def _pairs(ended: Integers, begun: Integers) -> tuple[Integers, Integers]:
    """Places of each attempt that has ended, and of the one that follows it."""
    lines = np.concatenate((ended, begun))
    is_begun = np.arange(len(lines)) >= len(ended)
    order = np.lexsort((lines[:, _AT], is_begun, lines[:, 2], lines[:, 1], lines[:, 0]))
    keys = lines[order, _KEY]
    is_first = np.ones(len(lines), dtype=np.bool_)
    is_first[1:] = (keys[1:] != keys[:-1]).any(axis=1)
    group = np.cumsum(is_first) - 1
    # Within a group those that have ended come first, each kind in the order of time.
    kind = group * 2 + is_begun[order]
    starts = np.flatnonzero(np.diff(kind, prepend=-1))
    rank = np.arange(len(lines)) - np.repeat(starts, np.diff(starts, append=len(lines)))
    codes = group << 32 | rank
    late = is_begun[order]
    _, one, other = np.intersect1d(
        codes[~late], codes[late], assume_unique=True, return_indices=True
    )
    return order[~late][one], order[late][other] - len(ended)
