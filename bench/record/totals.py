"""The whole run per variant: counts, a histogram per series, money."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bench.aws.prices import door_usd, function_usd, usd_per_million
from bench.model.outcome import Outcome
from bench.model.profile import Variant
from bench.model.result import Distribution, Measure, Window
from bench.record.batch import TALLY, Count, MeasureValues, Tallies, present
from bench.record.histogram import Histogram
from bench.record.measures import CLASSES, MEASURES, Series
from bench.record.timeline import Stretch
from bench.record.window import DistributionOf, billed_ms_mean, in_flight, offered, window_of
from bench.stats.quantiles import Curve

_NOTHING = Distribution()


class Totals:
    """Measured phases; of the others the counts alone, for what they cost."""

    def __init__(self, variants: Sequence[Variant], region: str | None) -> None:
        self._variants = tuple(variants)
        self._region = region
        self._measured = np.zeros((len(self._variants), TALLY), dtype=np.int64)
        self._warm_up = np.zeros((len(self._variants), TALLY), dtype=np.int64)
        self._histograms: list[dict[Series, Histogram]] = [{} for _ in self._variants]

    def count(self, variant: int, tally: Tallies, measured: bool) -> None:
        """Add counts."""
        (self._measured if measured else self._warm_up)[variant] += tally

    def record(self, variant: int, values: MeasureValues) -> None:
        """Add values of a measured phase."""
        histograms = self._histograms[variant]
        for series in Series:
            every = present(values.buckets[series])
            bounds = None
            if values.bounds is not None:
                bounds = present(values.bounds[series])
                every = np.concatenate((every, bounds))
            if every.size:
                if series not in histograms:
                    histograms[series] = Histogram()
                histograms[series].record_buckets(
                    every,
                    min_ns=int(values.min_ns[series]),
                    max_ns=int(values.max_ns[series]),
                    sum_ns=float(values.sum_ns[series]),
                    negative=int(values.negative[series]),
                    censored=bounds,
                )

    @property
    def in_flight(self) -> tuple[int, ...]:
        """Invocations under way, per variant, over all phases."""
        return tuple(in_flight(tally) for tally in self._measured + self._warm_up)

    def windows(self, stretches: Sequence[Stretch]) -> tuple[Window, ...]:
        """A window per variant, given how long each has been on."""
        return tuple(
            window_of(variant, tally, stretch, self._distribution(index), self.price(index, tally))
            for index, (variant, tally, stretch) in enumerate(
                zip(self._variants, self._measured, stretches, strict=True)
            )
        )

    def _distribution(self, index: int) -> DistributionOf:
        histograms = self._histograms[index]
        return lambda series: (
            histograms[series].distribution() if series in histograms else _NOTHING
        )

    def curve(self, variant: str, measure: Measure) -> Curve | None:
        """The whole distribution of one measure; None without samples."""
        for own, histograms in zip(self._variants, self._histograms, strict=True):
            if own.name == variant and MEASURES[measure] in histograms:
                return histograms[MEASURES[measure]].points()
        return None

    def curves(self) -> dict[str, dict[Measure, Curve]]:
        """The whole distribution of every measure, by the variant's name."""
        return {
            variant.name: {
                measure: curve
                for measure in MEASURES
                if (curve := self.curve(variant.name, measure)) is not None
            }
            for variant in self._variants
        }

    def class_curves(self) -> dict[str, dict[str, Curve]]:
        """Response times of each class of invocations, by the variant's name."""
        return {
            variant.name: {
                name: histograms[series].points()
                for name, series in CLASSES.items()
                if series in histograms
            }
            for variant, histograms in zip(self._variants, self._histograms, strict=True)
        }

    # -- money

    def price(self, index: int, tally: Tallies) -> float | None:
        """USD per million invocations of a variant with these counts."""
        return usd_per_million(self._variants[index], self._billed_ms(index, tally), self._region)

    def _billed_ms(self, index: int, tally: Tallies) -> float | None:
        """Mean billed duration; of the same size elsewhere if this door shows no log."""
        own = billed_ms_mean(tally)
        return own if own is not None else billed_ms_mean(self._same_size(index))

    def _same_size(self, index: int) -> Tallies:
        mine = self._variants[index]
        same = [
            other.memory_mb == mine.memory_mb and other.architecture is mine.architecture
            for other in self._variants
        ]
        total: Tallies = self._measured[same].sum(axis=0)
        return total

    def projected_usd(self, ahead: Sequence[float]) -> float | None:
        """The whole run's cost if each of the arrivals ahead (per variant) costs as those before.

        None while a variant has arrivals ahead and none behind it.
        """
        total = 0.0
        for index, arrivals in enumerate(ahead):
            spent = self._spent(index)
            begun = offered(self._measured[index] + self._warm_up[index])
            if arrivals and not begun:
                return None
            total += spent + (spent / begun * arrivals if begun else 0.0)
        return total

    def spend_usd(self) -> float:
        """What the run has cost so far by list price, warm-up included, or would cost on AWS.

        Variants without a known price count nothing.
        """
        return sum(self._spent(index) for index in range(len(self._variants)))

    def _spent(self, index: int) -> float:
        variant = self._variants[index]
        if variant.memory_mb is None:
            return 0.0
        tally = self._measured[index] + self._warm_up[index]
        ran = max(tally[Count.BILLED], tally[Outcome.OK] + tally[Outcome.FUNCTION_ERROR])
        billed_ms = self._billed_ms(index, tally) or 0.0
        each = function_usd(
            variant.endpoint, variant.architecture, variant.memory_mb, billed_ms, self._region
        )
        door = door_usd(variant.endpoint)
        if each is None or door is None:
            return 0.0
        return float(ran * each + tally[Count.ATTEMPTS] * door)
