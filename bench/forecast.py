"""What a profile's run will offer, need and cost, from the plan alone. Pure: nothing is sent."""

from __future__ import annotations

from dataclasses import dataclass

from bench.aws.prices import usd_per_million
from bench.lambda_facts import FULL_CORE_MB
from bench.model.load import Plan, Segment
from bench.model.profile import Profile, Variant
from bench.plan import make_plan
from bench.shapes.count import arrival_count

PER_MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class BilledGuess:
    """What is billed of an invocation, by memory: CPU comes in proportion to it, up to one core.

    at_full_core_ms: from 1,769 MB on. waits_ms: how much of it waits, which no CPU shortens.
    """

    at_full_core_ms: float
    waits_ms: float = 0.0

    def at(self, memory_mb: int | None) -> float:
        """Milliseconds at a size; None is one whose size nobody knows."""
        share = 1.0 if memory_mb is None else min(1.0, memory_mb / FULL_CORE_MB)
        return self.waits_ms + (self.at_full_core_ms - self.waits_ms) / share


@dataclass(frozen=True, slots=True)
class VariantForecast:
    """Expected arrivals of one variant. None in a closed loop: the answers decide.

    usd_per_million and usd are at billed_ms, which is assumed, and without retries; None
    where nobody knows a price (the endpoint http) or the number of arrivals.
    """

    variant: Variant
    offered: float | None
    measured: float | None
    billed_ms: float
    usd_per_million: float | None

    @property
    def usd(self) -> float | None:
        """What its arrivals cost on AWS."""
        if self.offered is None or self.usd_per_million is None:
            return None
        return self.offered * self.usd_per_million / PER_MILLION


@dataclass(frozen=True, slots=True)
class Forecast:
    """The whole run. peak_rps None in a closed loop."""

    plan: Plan
    variants: tuple[VariantForecast, ...]
    peak_rps: float | None

    @property
    def offered(self) -> float | None:
        """Arrivals over all variants; None if one of them is not known."""
        return _total([variant.offered for variant in self.variants])

    @property
    def usd(self) -> float | None:
        """Price of the run; None if some part of it is not known."""
        return _total([variant.usd for variant in self.variants])


def forecast(profile: Profile, billed: BilledGuess) -> Forecast:
    """The forecast of a profile, at assumed billed durations."""
    plan = make_plan(profile)
    variants = tuple(
        _variant(profile, plan, index, variant, billed.at(variant.memory_mb))
        for index, variant in enumerate(profile.variants)
    )
    rates = [_peak_rps(segment) for segment in plan.segments]
    known = [rate for rate in rates if rate is not None]
    return Forecast(plan, variants, max(known) if rates and len(known) == len(rates) else None)


def _variant(
    profile: Profile, plan: Plan, index: int, variant: Variant, billed_ms: float
) -> VariantForecast:
    mine = [segment for segment in plan.segments if index in segment.variants]
    measured = [segment for segment in mine if profile.phases[segment.phase].measured]
    offered = _total([_arrivals(profile, s, index) for s in mine]) if mine else None
    return VariantForecast(
        variant=variant,
        offered=offered,
        measured=_total([_arrivals(profile, s, index) for s in measured]) if mine else None,
        billed_ms=billed_ms,
        usd_per_million=usd_per_million(variant, billed_ms, profile.target.region),
    )


def _arrivals(profile: Profile, segment: Segment, index: int) -> float | None:
    """Arrivals of the variant with this index."""
    if segment.shape.is_closed:
        return None
    return arrival_count(segment, segment.variants.index(index), profile.load.arrivals)


def _peak_rps(segment: Segment) -> float | None:
    """The segment's highest rate over all its variants; bursts and recorded ones by their mean."""
    shape = segment.shape
    return None if shape.is_closed else shape.peak_rps * len(segment.variants)


def _total(parts: list[float | None]) -> float | None:
    """The sum, or None if a part is not known."""
    known = [part for part in parts if part is not None]
    return sum(known) if len(known) == len(parts) else None
