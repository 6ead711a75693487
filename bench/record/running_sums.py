"""Sums over the seconds of one variant, of any stretch of them at once.

Rows are appended as a run is followed; those that are in order, which is nearly always, cost what
is new and not what is there.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bench.model.outcome import Outcome
from bench.model.result import TRIES, Measure, Tally, Window
from bench.model.times import NS_PER_S
from bench.record.timeline import Stretch

_TALLY = 5
"""Columns before those of the tally: duration, planned, sent, billed ms, billed."""
_WIDTH = _TALLY + 3 + len(Outcome) + 6 + 2 * TRIES
Sums = NDArray[np.float64]
NO_SUMS: Sums = np.zeros(_WIDTH)


class RunningSums:
    """Running sums, row by row."""

    def __init__(self) -> None:
        self._seconds = np.empty(16, dtype=np.int64)
        self._running = np.zeros((17, _WIDTH))
        self._size = 0

    def add(self, second: int, window: Window) -> None:
        """One more second, or a part of one; they may come in any order."""
        row = np.array(_row(window))
        if self._size == self._seconds.size:
            self._seconds = np.concatenate((self._seconds, np.empty_like(self._seconds)))
            self._running = np.concatenate((self._running, np.empty_like(self._running[1:])))
        seconds, running = self._seconds, self._running
        at = int(np.searchsorted(seconds[: self._size], second, side="right"))
        if at < self._size:
            seconds[at + 1 : self._size + 1] = seconds[at : self._size]
            running[at + 2 : self._size + 2] = running[at + 1 : self._size + 1] + row
        seconds[at] = second
        running[at + 1] = running[at] + row
        self._size += 1

    def between(self, from_s: int, to_s: int) -> Sums:
        """Of the seconds from one up to, without, another."""
        start, end = np.searchsorted(self._seconds[: self._size], [from_s, to_s])
        found: Sums = self._running[end] - self._running[start]
        return found


def _row(window: Window) -> list[float]:
    tally, duration_s = window.tally, window.duration_s
    billed = window.measure(Measure.BILLED).count
    return [
        *(duration_s, window.planned_rps * duration_s, window.achieved_rps * duration_s),
        *((window.billed_ms_mean or 0.0) * billed, billed),
        *(tally.offered, tally.in_flight, tally.dropped, *tally.outcomes),
        *(tally.attempts, tally.cold_starts, tally.retries_refused),
        *(tally.hedges, tally.hedges_won, tally.spent),
        *(*tally.ended_with, *tally.ok_with),
    ]


def stretch_in(sums: Sums) -> Stretch:
    """For how long the variant was on, and what was planned."""
    return Stretch(round(float(sums[0]) * NS_PER_S), float(sums[1]))


def sent_in(sums: Sums) -> float:
    """How many invocations had their first attempt sent."""
    return float(sums[2])


def mean_billed_ms(sums: Sums) -> float | None:
    """Over the attempts whose billed duration is known; None without any."""
    return float(sums[3] / sums[4]) if sums[4] else None


def tally_in(sums: Sums) -> Tally:
    """The counts as a Tally: offered, in flight, dropped, outcomes and the rest."""
    offered, in_flight, dropped, *rest = (round(value) for value in sums[_TALLY:].tolist())
    attempts, cold, refused, hedges, won, spent, *tries = rest[len(Outcome) :]
    return Tally(
        offered,
        in_flight,
        dropped,
        tuple(rest[: len(Outcome)]),
        attempts,
        cold,
        refused,
        hedges,
        won,
        spent,
        tuple(tries[:TRIES]),
        tuple(tries[TRIES:]),
    )
