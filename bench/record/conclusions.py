"""What follows from a run, and how well its percentiles are known: the same for every view.

What ended by its own precision, or has not ended, was looked at while samples came: its intervals
are those that hold at any time.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bench.aws.prices import usd_per_million
from bench.format import quantile_text
from bench.model.profile import Profile, Variant
from bench.model.result import LADDER
from bench.record.recorded_run import RecordedRun
from bench.stats.alike import Judgement, Price
from bench.stats.one_kind import OneKind, of_one_kind
from bench.stats.quantiles import Bounds
from bench.stats.recommend import Advice, advise_on
from bench.stats.woodruff import interval


@dataclass(frozen=True, slots=True)
class KnownQuantile:
    """A percentile of a variant's response time with its interval at 95 %."""

    variant: Variant
    q: float
    value_ns: int
    bounds: Bounds
    kind: str = ""
    """Of which answers: `warm`, `cold`, '' for all."""

    @property
    def name(self) -> str:
        """Its percentile with the kind of answers: `p99`, `warm p99`."""
        return quantile_text(self.q, self.kind)


def price_in(profile: Profile) -> Price:
    """USD per million invocations of a variant at a billed duration, in the profile's region."""

    def price(variant: Variant, billed_ms: float) -> float | None:
        return usd_per_million(variant, billed_ms, profile.target.region)

    return price


def was_watched(run: RecordedRun) -> bool:
    """True if its end hung on its results, or is still to come."""
    return not run.is_finished or run.profile.stop.precision is not None


def compared(run: RecordedRun) -> OneKind:
    """Results as they are put side by side: of warm answers alone where some were cold."""
    return run.once(
        "compared",
        lambda: of_one_kind(run.windows, run.curves, run.class_curves, anytime=was_watched(run)),
    )


def advice_of(run: RecordedRun) -> Advice:
    """What to conclude from a run; every form of its report says the same."""
    return run.once(
        "advice", lambda: advise_on(compared(run), price_in(run.profile), run.class_curves)
    )


def known_quantiles(run: RecordedRun) -> tuple[KnownQuantile, ...]:
    """Of every variant p50, p90 and p99 of all calls, as far as enough samples lie beyond."""
    every = OneKind(run.windows, Judgement(run.curves, was_watched(run)))
    return run.once("known quantiles", lambda: tuple(_known_quantiles(every)))


def compared_quantiles(run: RecordedRun) -> tuple[KnownQuantile, ...]:
    """The same of the answers by which variants are compared."""
    results = compared(run)
    if not results.kind:
        return known_quantiles(run)
    return run.once("compared quantiles", lambda: tuple(_known_quantiles(results)))


def _known_quantiles(results: OneKind) -> Iterator[KnownQuantile]:
    for window in results.windows:
        curve = results.judgement.response(window.variant.name)
        if curve is None or not curve.count:
            continue
        for q in sorted(LADDER):
            if curve.is_known(q):
                bounds = interval(curve, q, anytime=results.judgement.anytime)
                value_ns = curve.quantile_ns(q) or 0
                yield KnownQuantile(window.variant, q, value_ns, bounds, results.kind)
