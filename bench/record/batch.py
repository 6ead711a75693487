"""What is counted of rows: a column for each thing, summed with numpy."""

from __future__ import annotations

from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from bench.model.outcome import Outcome
from bench.model.result import TRIES
from bench.record.row_layout import FLAG_COLD, FLAG_FINAL, FLAG_HEDGE, FLAG_REFUSED, FLAG_SPENT


class Count(IntEnum):
    """Columns of a tally, behind one for each Outcome."""

    ATTEMPTS = len(Outcome)
    COLD = len(Outcome) + 1
    SENT_FIRST = len(Outcome) + 2
    """First attempts of which a byte was sent."""
    STARTED = len(Outcome) + 3
    """First attempts, sent or not."""
    ENDED = len(Outcome) + 4
    """Invocations that ended after at least one attempt."""
    BILLED_MS = len(Outcome) + 5
    BILLED = len(Outcome) + 6
    """Attempts of which the billed duration is known."""
    OFFERED = len(Outcome) + 7
    DROPPED = len(Outcome) + 8
    REFUSED = len(Outcome) + 9
    """Retries that were due and refused."""
    HEDGES = len(Outcome) + 10
    """Attempts begun while the invocation's first one was under way."""
    HEDGES_WON = len(Outcome) + 11
    """Those whose good answer came first."""
    SPENT = len(Outcome) + 12
    """Attempts that ran for nothing, as the other's answer had come before."""
    RETRY_RAN = len(Outcome) + 13
    """Attempts beyond the first for which the function is known to have run to its end."""
    RETRY_BILLED_MS = len(Outcome) + 14
    RETRY_BILLED = len(Outcome) + 15
    """Those of them of which the billed duration is known."""


_TRIES = len(Outcome) + len(Count)
ENDED_WITH = slice(_TRIES, _TRIES + TRIES)
"""Columns behind those: invocations that ended with their n-th attempt; the last has all more."""
OK_WITH = slice(_TRIES + TRIES, _TRIES + 2 * TRIES)
"""Those of them that succeeded."""
TALLY = _TRIES + 2 * TRIES
_RAN = np.isin(list(Outcome), (Outcome.OK, Outcome.FUNCTION_ERROR))
"""By outcome: whether the function ran to its end."""
Tallies = NDArray[np.int64]


def tallies(rows: NDArray[np.void], starts: NDArray[np.int64]) -> Tallies:
    """A tally for each run of rows, given where each run starts."""
    flags, attempt, billed = rows["flags"], rows["attempt"], rows["billed_ms"]
    final = flags & FLAG_FINAL > 0
    first = attempt == 1
    columns = np.zeros((rows.size, TALLY), dtype=np.int64)
    columns[np.arange(rows.size), rows["outcome"]] = final
    columns[:, Count.ATTEMPTS] = attempt > 0
    columns[:, Count.COLD] = flags & FLAG_COLD > 0
    columns[:, Count.SENT_FIRST] = first & (rows["sent_ns"] >= 0)
    columns[:, Count.STARTED] = first
    columns[:, Count.ENDED] = final & (attempt > 0)
    columns[:, Count.BILLED_MS] = np.maximum(billed, 0)
    columns[:, Count.BILLED] = billed >= 0
    columns[:, Count.REFUSED] = flags & FLAG_REFUSED > 0
    hedge = flags & FLAG_HEDGE > 0
    columns[:, Count.HEDGES] = hedge
    columns[:, Count.HEDGES_WON] = hedge & final & (rows["outcome"] == Outcome.OK)
    columns[:, Count.SPENT] = (flags & FLAG_SPENT > 0) & _RAN[rows["outcome"]]
    again = attempt > 1
    if again.any():
        columns[:, Count.RETRY_RAN] = again & _RAN[rows["outcome"]]
        columns[:, Count.RETRY_BILLED_MS] = np.where(again, columns[:, Count.BILLED_MS], 0)
        columns[:, Count.RETRY_BILLED] = again & (billed >= 0)
    found: Tallies = np.add.reduceat(columns, starts, axis=0)
    _count_tries(found, rows, starts)
    return found


def _count_tries(found: Tallies, rows: NDArray[np.void], starts: NDArray[np.int64]) -> None:
    """With which attempt invocations ended."""
    ended = np.flatnonzero((rows["flags"] & FLAG_FINAL > 0) & (rows["attempt"] > 0))
    which = np.searchsorted(starts, ended, side="right") - 1
    places = which * TRIES + np.minimum(rows["attempt"][ended], TRIES) - 1
    ok = rows["outcome"][ended] == Outcome.OK
    for columns, own in ((ENDED_WITH, places), (OK_WITH, places[ok])):
        counts = np.bincount(own, minlength=starts.size * TRIES)
        found[:, columns] = counts.reshape(starts.size, TRIES)
