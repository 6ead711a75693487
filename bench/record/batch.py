"""What is counted of rows: a column for each thing, summed with numpy."""

from __future__ import annotations

from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from bench.model.outcome import Outcome
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


TALLY = len(Outcome) + len(Count)
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
    found: Tallies = np.add.reduceat(columns, starts, axis=0)
    return found
