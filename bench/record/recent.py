"""What the values of the last minute tell, merged over seconds, variants or segments.

A quantile of several seconds is that of their values together, so that it can be had of any of them
for as long as these are kept, and not longer.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from bench.model.profile import Variant
from bench.model.result import Distribution, Measure, Quantile, Tally, Window
from bench.record.batch import TALLY
from bench.record.figure_array import distributions_of
from bench.record.interval_key import IntervalKey
from bench.record.interval_stats import (
    IntervalStats,
    beyond,
    merged,
    merged_figures,
    merged_quantile,
    merged_series,
)
from bench.record.interval_table import IntervalTable
from bench.record.measures import MEASURES, Series
from bench.record.timeline import Stretch
from bench.record.window import NOTHING, RawCounts, counted_window, sent, tally_of
from bench.stats.blocks import Reals


@dataclass(frozen=True, slots=True)
class Pulse:
    """The load at this moment, over all variants: a whole second, and what is under way."""

    planned_rps: float
    achieved_rps: float
    """Of the last second of which workers have told everything."""
    in_flight: int
    in_flight_by_variant: tuple[int, ...]
    send_lag: Distribution
    """Of the ten seconds up to that one and what is known of the next; it changes once a second."""


MERGED_S = 10
"""Seconds that are merged once for all windows that have them whole."""


@dataclass(frozen=True, slots=True)
class _Merged:
    """Some cells as one. mark: how many they were, and all their counts: it shows a late row."""

    mark: tuple[int, int]
    cell: IntervalStats


class RecentValues:
    """The intervals of a table that are still open.

    stretch: how long the variant of an interval was on in it. price: USD per million invocations of
    a variant with such counts.
    """

    def __init__(
        self,
        variants: Sequence[Variant],
        table: IntervalTable,
        stretch: Callable[[IntervalKey], Stretch],
        price: Callable[[int, RawCounts], float | None],
    ) -> None:
        self._variants = variants
        self._table = table
        self._stretch = stretch
        self._price = price
        self._merged: dict[tuple[int, int], _Merged] = {}
        """By variant, and number of the ten seconds."""

    def windows(self, from_s: int) -> tuple[Window, ...]:
        """From a second on, of every variant that was on."""
        by_variant: dict[int, list[IntervalKey]] = {}
        for key in self._table.open:
            if key.second >= from_s:
                by_variant.setdefault(key.variant, []).append(key)
        oldest = min((key.second for key in self._table.open), default=0) // MERGED_S
        self._merged = {at: own for at, own in self._merged.items() if at[1] >= oldest}
        return tuple(
            self._window(variant, by_variant[variant], from_s) for variant in sorted(by_variant)
        )

    def _window(self, variant: int, keys: Sequence[IntervalKey], from_s: int) -> Window:
        parts = self._parts(variant, keys, from_s)
        counts = np.sum([part.tally for part in parts], axis=0).tolist()
        return counted_window(
            self._variants[variant],
            counts,
            sum((self._stretch(key) for key in keys), Stretch()),
            distributions_of(merged_figures(parts)),
            self._price(variant, counts),
        )

    def _parts(self, variant: int, keys: Sequence[IntervalKey], from_s: int) -> list[IntervalStats]:
        """The cells of these intervals; ten seconds that hardly change any more are one."""
        newest = max(key.second for key in keys) // MERGED_S
        spans: dict[int, list[IntervalStats]] = {}
        for key in keys:
            spans.setdefault(key.second // MERGED_S, []).append(self._table.open[key])
        found: list[IntervalStats] = []
        for span, cells in spans.items():
            if from_s > span * MERGED_S or span == newest:
                found += cells
                continue
            mark = len(cells), int(np.sum([cell.tally for cell in cells]))
            kept = self._merged.get((variant, span))
            if kept is None or kept.mark != mark:
                kept = self._merged[variant, span] = _Merged(mark, merged(cells))
            found.append(kept.cell)
        return found

    def segment_tally(self, segment: int) -> Tally:
        """Counts of one segment, over its variants."""
        counts = [part.tally for part in self._where(lambda key: key.segment == segment)]
        return tally_of(np.sum([np.zeros(TALLY, dtype=np.int64), *counts], axis=0).tolist())

    def segment_quantile(self, segment: int, measure: Measure, q: float) -> Quantile | None:
        """Any quantile of one segment, 0 < q < 1, over its variants; None without a value."""
        parts = self._where(lambda key: key.segment == segment)
        return merged_quantile(parts, MEASURES[measure], q)

    def segment_blocks(self, segment: int, measure: Measure, limit_ns: int) -> tuple[Reals, Reals]:
        """By second of one segment: values, and those of them that reach a limit."""
        seconds: dict[int, list[IntervalStats]] = {}
        for key, part in self._table.open.items():
            if key.segment == segment:
                seconds.setdefault(key.second, []).append(part)
        counts = [beyond(seconds[s], MEASURES[measure], limit_ns) for s in sorted(seconds)]
        answers, late = np.array(counts, dtype=np.float64).reshape(-1, 2).T
        return answers, late

    def sent(self, second: int) -> int:
        """Invocations first sent, of those meant for a second."""
        return sum(
            sent(part.tally.tolist()) for part in self._where(lambda key: key.second == second)
        )

    def send_lag(self, from_s: int) -> Distribution:
        """Over all variants, from a second on."""
        parts = self._where(lambda key: key.second >= from_s)
        return merged_series(parts, Series.SEND_LAG) if parts else NOTHING

    def _where(self, wanted: Callable[[IntervalKey], bool]) -> list[IntervalStats]:
        return [part for key, part in self._table.open.items() if wanted(key)]
