"""What each second of a variant comes to, from the intervals that are its parts. Pure numpy.

A change of the load splits a second into intervals, one for each segment: a chart over time joins
them again. One pass over all rows makes a figure for all seconds of all variants.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from bench.format import quantile_text
from bench.model.profile import Variant
from bench.model.result import LADDER
from bench.model.times import NS_PER_MS
from bench.record.second_figures import SecondFigures
from bench.report.points import Point

PerSecond = NDArray[np.float64]
"""A figure for each second; NaN where it is not known."""


class Seconds:
    """The seconds of each variant in each phase, in the order of the files."""

    def __init__(self, figures: SecondFigures) -> None:
        self._variants, self._phases = figures.variants, figures.phases
        self._rows = rows = figures.rows
        keys = np.stack([rows[name] for name in ("t_s", "variant", "phase")])
        differs = (np.diff(keys, axis=1) != 0).any(axis=0)
        self._starts = np.flatnonzero(np.concatenate(([True], differs))) if rows.size else keys[0]
        self.t_s = rows["t_s"][self._starts]
        self._variant = rows["variant"][self._starts]

    @property
    def end_s(self) -> int:
        """Where the last of them ends."""
        return int(self.t_s.max(initial=-1)) + 1

    def telling_ms(self) -> tuple[str, PerSecond]:
        """Response times by the highest quantile that most seconds know, and its name.

        Low rates have only a mean.
        """
        mean_ms = self._mean_ms()
        busy = np.count_nonzero(~np.isnan(mean_ms))
        for q in LADDER:
            values = self._highest_ms(f"{quantile_text(q)}_ns")
            if busy and np.count_nonzero(~np.isnan(values)) > busy / 2:
                return quantile_text(q), values
        return "mean", mean_ms

    def lag_ms(self) -> PerSecond:
        """The maximum of the send lag."""
        return self._highest_ms("lag_max_ns")

    def read_lag_ms(self) -> PerSecond:
        """The maximum of the read lag, where the kernel told when answers came."""
        return self._highest_ms("read_lag_max_ns")

    def sent_rps(self) -> PerSecond:
        """First sends per second of the time on."""
        return self._per_s(self._rows["achieved_rps"] * self._rows["duration_s"])

    def bad_rps(self) -> PerSecond:
        """Failed and dropped arrivals, likewise."""
        return self._per_s(self._rows["failed"] + self._rows["dropped"])

    def attempts_rps(self) -> PerSecond:
        """Attempts at calls by the second of the arrival, per second of the time on."""
        return self._per_s(self._rows["attempts"])

    def goodput_rps(self) -> PerSecond:
        """Calls that succeeded, likewise, whether at once or later."""
        return self._per_s(self._rows["ok"])

    def backoff_ms(self) -> PerSecond:
        """How long calls waited on average before each further attempt."""
        waits = self._rows["backoffs"]
        return (
            _ratio(self._sum(self._rows["backoff_mean_ns"] * waits), self._sum(waits)) / NS_PER_MS
        )

    def amplification(self) -> PerSecond:
        """Attempts for each call that was sent."""
        return _ratio(self._sum(self._rows["attempts"]), self._sum(self._rows["sent"]))

    def phase_starts(self) -> list[tuple[int, str]]:
        """(second, phase) where another phase begins."""
        second, phase = self._rows["t_s"].tolist(), self._rows["phase"].tolist()
        changes = [at for at in range(len(phase)) if at == 0 or phase[at] != phase[at - 1]]
        return [(second[at], self._phases[phase[at]]) for at in changes]

    def points(self, values: PerSecond) -> dict[Variant, list[Point]]:
        """The known figures of each variant that has any, in time order."""
        order = np.argsort(self._variant, kind="stable")
        order = order[~np.isnan(values[order])]
        owners, first = np.unique(self._variant[order], return_index=True)
        seconds, found = self.t_s[order].astype(np.float64).tolist(), values[order].tolist()
        bounds = pairwise([*first.tolist(), order.size])
        return {
            self._variants[owner]: list(zip(seconds[start:end], found[start:end], strict=True))
            for owner, (start, end) in zip(owners.tolist(), bounds, strict=True)
        }

    def _highest_ms(self, name: str) -> PerSecond:
        """The highest of the parts: quantiles of parts don't make one of the whole."""
        highest = np.maximum.reduceat(self._rows[name], self._starts)
        return np.where(highest < 0, np.nan, highest / NS_PER_MS)

    def _mean_ms(self) -> PerSecond:
        responses = self._rows["responses"]
        total_ns = self._sum(self._rows["response_mean_ns"] * responses)
        return _ratio(total_ns, self._sum(responses)) / NS_PER_MS

    def _per_s(self, counts: NDArray[np.float64] | NDArray[np.int64]) -> PerSecond:
        return _ratio(self._sum(counts), self._sum(self._rows["duration_s"]))

    def _sum(self, values: NDArray[np.float64] | NDArray[np.int64]) -> PerSecond:
        total: PerSecond = np.add.reduceat(values, self._starts).astype(np.float64)
        return total


def _ratio(total: PerSecond, of: PerSecond) -> PerSecond:
    """total / of, element by element; NaN where there is nothing to divide by."""
    return np.divide(total, of, out=np.full_like(total, np.nan), where=of != 0)
