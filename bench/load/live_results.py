"""What a run under way has to tell of its question, worked out when somebody asks for it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from bench.model.part import Part
from bench.model.profile import Profile, Variant
from bench.model.result import Interval, Measure, Window
from bench.record.aggregate import Aggregate
from bench.record.turn_seconds import Seconds
from bench.stats.quantiles import Curve


class LiveResults:
    """The `Results` of a run so far: every property is that of the moment at which it is read."""

    def __init__(self, profile: Profile, aggregate: Aggregate) -> None:
        self._profile = profile
        self._aggregate = aggregate

    @property
    def profile(self) -> Profile:
        """The run's profile, as it was resolved."""
        return self._profile

    @property
    def windows(self) -> Sequence[Window]:
        """A total for each variant, measured phases alone."""
        return self._aggregate.totals()

    @property
    def parts(self) -> Sequence[Part]:
        """By phase, step and event, as far as they have come."""
        return self._aggregate.parts()

    @property
    def intervals(self) -> Collection[Interval]:
        """Every second of each variant so far."""
        return self._aggregate.intervals()

    @property
    def response_seconds(self) -> Mapping[Variant, Seconds]:
        """The measured seconds of each variant's turns so far, where anything is disturbed."""
        return self._aggregate.response_seconds()

    @property
    def curves(self) -> Mapping[str, Mapping[Measure, Curve]]:
        """Whole distributions so far, by variant and measure."""
        return self._aggregate.curves()
