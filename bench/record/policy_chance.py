"""What chance leaves open of shares that policies are compared by, such as attempts a call. Pure.

Variants had the same arrivals, so their seconds are paired by place, and the differences of the
pairs are judged as blocks that hang together (`bench.stats.block_means`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property

import numpy as np

from bench.model.profile import Variant
from bench.model.result import Tally, Window
from bench.record.finding import Results
from bench.stats.block_means import Series, block_mean
from bench.stats.blocks import Reals
from bench.stats.holm import apart_from_one
from bench.stats.student import two_sided

Part = Callable[[Tally], tuple[int, int]]
"""Of a share or ratio, what is above the line and what is below."""
LOOKED_AT = 20_000
"""Intervals of a run at most; chance leaves little open of more, and a view waits for them."""


def attempts_a_call(tally: Tally) -> tuple[int, int]:
    """Of all that were sent."""
    return tally.attempts, tally.sent


def successes(tally: Tally) -> tuple[int, int]:
    """Of all that have ended."""
    return tally.ok, tally.finished


class Chances:
    """The measured seconds of a run's variants, in their order, read once they are asked for."""

    def __init__(self, results: Results) -> None:
        self._results = results

    @cached_property
    def _seconds(self) -> dict[Variant, list[Tally]] | None:
        intervals = self._results.intervals
        if len(intervals) > LOOKED_AT:
            return None
        found: dict[Variant, list[Tally]] = {}
        for interval in intervals:
            if interval.measured:
                found.setdefault(interval.window.variant, []).append(interval.window.tally)
        return found

    def leaves_open(self, windows: Sequence[Window], base: Window, part: Part) -> list[bool]:
        """Of each whether it may be that it does not differ from base, judged together.

        So it is where too few seconds are there to know. Equal figures leave nothing open.
        """
        if self._seconds is None:
            return [False] * len(windows)
        p_values = [self._p_value(window, base, part) for window in windows]
        apart = apart_from_one(p_values)
        return [
            not is_apart and _ratio(part(window.tally)) != _ratio(part(base.tally))
            for window, is_apart in zip(windows, apart, strict=True)
        ]

    def _p_value(self, window: Window, base: Window, part: Part) -> float | None:
        own, theirs = (self._linear(one, part) for one in (window, base))
        pairs = min(own.size, theirs.size)
        if not pairs:
            return None
        differences = own[:pairs] - theirs[:pairs]
        if not np.ptp(differences):
            return 1.0
        found = block_mean(Series.of(differences))
        return None if found is None else two_sided(found.deviate(0.0))

    def _linear(self, window: Window, part: Part) -> Reals:
        """By second, what makes up the ratio: their mean is the ratio of the sums."""
        assert self._seconds is not None
        tallies = self._seconds.get(window.variant, [])
        table = np.array([part(tally) for tally in tallies], dtype=np.float64).reshape(-1, 2)
        above, below = table.T
        if not below.sum():
            return np.array([])
        ratio = above.sum() / below.sum()
        found: Reals = ratio + (above - ratio * below) / below.mean()
        return found


def _ratio(part: tuple[int, int]) -> float:
    above, below = part
    return above / below if below else 0.0
