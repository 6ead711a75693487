"""What follows from a run, and how well its percentiles are known: the same for every view.

What ended by its own precision, or has not ended, was looked at while samples came: its intervals
are those that hold at any time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bench.aws.prices import usd_per_million
from bench.model.profile import Profile, Variant
from bench.model.result import LADDER, Measure, Window
from bench.record.recorded_run import RecordedRun
from bench.stats.alike import Curves, Price
from bench.stats.one_kind import of_one_kind
from bench.stats.quantiles import Bounds
from bench.stats.recommend import Advice, advise
from bench.stats.woodruff import interval


@dataclass(frozen=True, slots=True)
class KnownQuantile:
    """A percentile of a variant's response time with its interval at 95 %."""

    variant: Variant
    q: float
    value_ns: int
    bounds: Bounds


def price_in(profile: Profile) -> Price:
    """USD per million invocations of a variant at a billed duration, in the profile's region."""

    def price(variant: Variant, billed_ms: float) -> float | None:
        return usd_per_million(variant, billed_ms, profile.target.region)

    return price


def was_watched(run: RecordedRun) -> bool:
    """True if its end hung on its results, or is still to come."""
    return not run.is_finished or run.profile.stop.precision is not None


def compared(run: RecordedRun) -> tuple[Sequence[Window], Curves]:
    """Windows and curves that are put side by side: warm answers alone where some were cold."""
    if len(run.windows) == 1:
        return run.windows, run.curves
    windows, curves, _ = of_one_kind(run.windows, run.curves, run.class_curves)
    return windows, curves


def advice_of(run: RecordedRun) -> Advice:
    """What to conclude from a run; every form of its report says the same."""
    return run.once(
        "advice",
        lambda: advise(
            run.windows,
            run.curves,
            price_in(run.profile),
            classes=run.class_curves,
            anytime=was_watched(run),
        ),
    )


def known_quantiles(run: RecordedRun) -> tuple[KnownQuantile, ...]:
    """Of every variant p50, p90 and p99, as far as enough samples lie beyond."""
    return run.once("known quantiles", lambda: tuple(_known_quantiles(run)))


def _known_quantiles(run: RecordedRun) -> Iterator[KnownQuantile]:
    anytime = was_watched(run)
    for window in run.windows:
        curve = run.curves.get(window.variant.name, {}).get(Measure.RESPONSE)
        if curve is None or not curve.count:
            continue
        for q in sorted(LADDER):
            if curve.is_known(q):
                bounds = interval(curve, q, anytime=anytime)
                yield KnownQuantile(window.variant, q, curve.quantile_ns(q) or 0, bounds)
