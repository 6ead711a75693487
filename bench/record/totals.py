"""The whole run per variant: counts, a histogram per series, money."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bench.aws.prices import PER_MILLION, door_usd, function_usd, usd_per_million
from bench.model.outcome import Outcome
from bench.model.profile import Variant
from bench.model.result import Distribution, Measure, Window
from bench.record.batch import TALLY, Count, Tallies
from bench.record.cells import Values
from bench.record.histogram import Histogram
from bench.record.measures import CLASSES, MEASURES, TAGS, Series
from bench.record.timeline import Stretch
from bench.record.window import (
    NOTHING,
    DistributionOf,
    RawCounts,
    billed_ms_mean,
    counted_window,
    ended,
    in_flight,
    offered,
)
from bench.stats.quantiles import Curve


class Totals:
    """Measured phases; of the others the counts alone, for what they cost."""

    def __init__(self, variants: Sequence[Variant], region: str | None) -> None:
        self._variants = tuple(variants)
        self._region = region
        self._measured = np.zeros((len(self._variants), TALLY), dtype=np.int64)
        self._warm_up = np.zeros((len(self._variants), TALLY), dtype=np.int64)
        self._histograms: list[dict[Series, Histogram]] = [{} for _ in self._variants]
        self._index = {variant.name: index for index, variant in enumerate(self._variants)}
        self._size = _sizes(self._variants)
        self._by_size = np.zeros((len(self._variants), TALLY), dtype=np.int64)

    def count(self, variant: int, tally: Tallies, measured: bool) -> None:
        """Add counts to the variant's totals, of the measured part or of the warm-up."""
        (self._measured if measured else self._warm_up)[variant] += tally
        if measured:
            self._by_size[self._size[variant]] += tally

    def record(self, variant: int, values: Values) -> None:
        """Add values of a measured phase."""
        histograms = self._histograms[variant]
        exact, bounds = values.exact.by_slot(len(Series)), values.bounds.by_slot(len(Series))
        for series in Series:
            if exact[series].codes.size or bounds[series].codes.size:
                if series not in histograms:
                    histograms[series] = Histogram()
                histograms[series].add(
                    exact[series],
                    bounds[series],
                    min_ns=int(values.low_ns[series]),
                    max_ns=int(values.high_ns[series]),
                    sum_ns=float(values.sum_ns[series]),
                    negative=int(values.negative[series]),
                )

    @property
    def in_flight(self) -> tuple[int, ...]:
        """Invocations under way, per variant, over all phases."""
        return tuple(map(in_flight, self._counts()))

    def _counts(self) -> list[RawCounts]:
        """Per variant, over all phases."""
        counts: list[RawCounts] = (self._measured + self._warm_up).tolist()
        return counts

    def windows(self, stretches: Sequence[Stretch]) -> tuple[Window, ...]:
        """A window per variant, given how long each has been on."""
        return tuple(
            counted_window(
                variant,
                counts,
                stretch,
                self._distribution(index),
                self.price(index, counts),
                self._retry_price(index, counts),
            )
            for index, (variant, counts, stretch) in enumerate(
                zip(self._variants, self._measured.tolist(), stretches, strict=True)
            )
        )

    def _distribution(self, index: int) -> DistributionOf:
        histograms = self._histograms[index]

        def distribution(name: str) -> Distribution:
            histogram = histograms.get(TAGS[name])
            return NOTHING if histogram is None else histogram.distribution()

        return distribution

    def index_of(self, variant: str) -> int:
        """The place of a variant in the profile, by its name."""
        return self._index[variant]

    def curve(self, variant: str, measure: Measure) -> Curve | None:
        """The whole distribution of one measure; None without samples."""
        histogram = self._histograms[self._index[variant]].get(MEASURES[measure])
        return None if histogram is None else histogram.points()

    def curves(self) -> dict[str, dict[Measure, Curve]]:
        """The whole distribution of every measure, by the variant's name."""
        return {
            name: {
                measure: curve
                for measure in MEASURES
                if (curve := self.curve(name, measure)) is not None
            }
            for name in self._index
        }

    def class_curves(self) -> dict[str, dict[str, Curve]]:
        """Response times of each class of invocations, by the variant's name."""
        return {
            variant: {
                name: self._histograms[index][series].points()
                for name, series in CLASSES.items()
                if series in self._histograms[index]
            }
            for variant, index in self._index.items()
        }

    # -- money

    def price(self, index: int, counts: RawCounts) -> float | None:
        """USD per million invocations of a variant with these counts.

        Attempts that ran for nothing beside the one that was heard are paid for too.
        """
        once = usd_per_million(self._variants[index], self._billed_ms(index, counts), self._region)
        heard = counts[Outcome.OK] + counts[Outcome.FUNCTION_ERROR]
        if once is None or not heard:
            return once
        return once * (heard + counts[Count.SPENT]) / heard

    def _retry_price(self, index: int, counts: RawCounts) -> float | None:
        """USD that attempts beyond the first cost, for a million invocations; None if unknown."""
        variant, finished = self._variants[index], ended(counts)
        if variant.memory_mb is None or not finished:
            return None
        known = counts[Count.RETRY_BILLED]
        own_ms = counts[Count.RETRY_BILLED_MS] / known if known else self._billed_ms(index, counts)
        usd = self._usd(
            variant,
            own_ms or 0.0,
            max(known, counts[Count.RETRY_RAN]),
            counts[Count.ATTEMPTS] - counts[Count.STARTED],
        )
        return None if usd is None else usd / finished * PER_MILLION

    def _billed_ms(self, index: int, counts: RawCounts) -> float | None:
        """Mean billed duration; of the same size elsewhere if this door shows no log."""
        own = billed_ms_mean(counts)
        if own is not None:
            return own
        return billed_ms_mean(self._by_size[self._size[index]].tolist())

    def projected_usd(self, ahead: Sequence[float]) -> float | None:
        """The whole run's cost if each of the arrivals ahead (per variant) costs as those before.

        None while a variant has arrivals ahead and none behind it.
        """
        total = 0.0
        for index, (arrivals, counts) in enumerate(zip(ahead, self._counts(), strict=True)):
            spent = self._spent(index, counts)
            begun = offered(counts)
            if arrivals and not begun:
                return None
            total += spent + (spent / begun * arrivals if begun else 0.0)
        return total

    def spend_usd(self) -> float:
        """What the run has cost so far by list price, warm-up included, or would cost on AWS.

        Variants without a known price count nothing.
        """
        return sum(self._spent(index, counts) for index, counts in enumerate(self._counts()))

    def _spent(self, index: int, counts: RawCounts) -> float:
        variant = self._variants[index]
        if variant.memory_mb is None:
            return 0.0
        heard = counts[Outcome.OK] + counts[Outcome.FUNCTION_ERROR]
        ran = max(counts[Count.BILLED], heard + counts[Count.SPENT])
        billed_ms = self._billed_ms(index, counts) or 0.0
        return self._usd(variant, billed_ms, ran, counts[Count.ATTEMPTS]) or 0.0

    def _usd(self, variant: Variant, billed_ms: float, ran: int, attempts: int) -> float | None:
        """So many runs of the function, and requests at its door; None where a price is unknown."""
        assert variant.memory_mb is not None
        each = function_usd(
            variant.endpoint,
            variant.architecture,
            variant.memory_mb,
            billed_ms,
            self._region,
            variant.initialization,
        )
        door = door_usd(variant.endpoint, billed_ms=billed_ms)
        return None if each is None or door is None else ran * each + attempts * door


def _sizes(variants: Sequence[Variant]) -> list[int]:
    """Per variant, a number that those share which differ only in how they are called."""
    numbers: dict[Variant, int] = {}
    return [numbers.setdefault(variant.at_function, len(numbers)) for variant in variants]
