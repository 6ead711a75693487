"""How a window is made: from counts, rates and distributions, wherever these come from.

The coordinator has raw tallies and histograms, a file has cells, playback has running sums: each
brings them into this form, and `make_window` alone makes a Window of it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bench.model.outcome import Outcome, Verdict
from bench.model.profile import Variant
from bench.model.result import Distribution, Measure, Tally, Window
from bench.record.batch import ENDED_WITH, OK_WITH, Count
from bench.record.timeline import Stretch

DistributionOf = Callable[[str], Distribution]
"""The distribution of a measure, or of a class of response times, by the name that files use."""

RawCounts = list[int]
"""A row of Tallies as plain numbers, which are much faster one by one."""

NOTHING = Distribution()
_MEASURES = tuple(Measure)


@dataclass(frozen=True, slots=True)
class Rates:
    """How long something was on, and arrivals, first sends and successes per second of that."""

    duration_s: float
    planned_rps: float
    achieved_rps: float
    goodput_rps: float

    @classmethod
    def over(cls, stretch: Stretch, sent: float, ok: int) -> Rates:
        """The rates of so many first sends and successes; all are 0 over no time."""
        duration_s = stretch.duration_s
        per_s = 1 / duration_s if duration_s else 0.0
        return cls(duration_s, stretch.planned_rps, sent * per_s, ok * per_s)


def make_window(
    variant: Variant,
    tally: Tally,
    rates: Rates,
    distribution: DistributionOf,
    *,
    billed_ms_mean: float | None = None,
    usd_per_million: float | None = None,
    retry_usd_per_million: float | None = None,
    verdict: Verdict = Verdict.VALID,
) -> Window:
    """The window of a variant over the time in which it was on."""
    return Window(
        variant=variant,
        duration_s=rates.duration_s,
        tally=tally,
        planned_rps=rates.planned_rps,
        achieved_rps=rates.achieved_rps,
        goodput_rps=rates.goodput_rps,
        measures={measure: distribution(measure) for measure in _MEASURES},
        cold=distribution("cold"),
        warm=distribution("warm"),
        retried=distribution("retried"),
        failed=distribution("failed"),
        billed_ms_mean=billed_ms_mean,
        usd_per_million=usd_per_million,
        retry_usd_per_million=retry_usd_per_million,
        verdict=verdict,
    )


def empty_window(variant: Variant) -> Window:
    """Of a variant that was not on: no time, no counts, no values."""
    return make_window(variant, Tally(), Rates(0.0, 0.0, 0.0, 0.0), lambda _: NOTHING)


def counted_window(
    variant: Variant,
    counts: RawCounts,
    stretch: Stretch,
    distribution: DistributionOf,
    usd_per_million: float | None = None,
    retry_usd_per_million: float | None = None,
) -> Window:
    """The window of raw counts."""
    return make_window(
        variant,
        tally_of(counts),
        Rates.over(stretch, sent(counts), counts[Outcome.OK]),
        distribution,
        billed_ms_mean=billed_ms_mean(counts),
        usd_per_million=usd_per_million,
        retry_usd_per_million=retry_usd_per_million,
    )


# -- raw counts


def billed_ms_mean(counts: RawCounts) -> float | None:
    """Mean billed duration of the attempts that told it."""
    if not counts[Count.BILLED]:
        return None
    return counts[Count.BILLED_MS] / counts[Count.BILLED]


def ended(counts: RawCounts) -> int:
    """Invocations with a final outcome."""
    return sum(counts[: len(Outcome)])


def offered(counts: RawCounts) -> int:
    """Arrivals; what has ended was offered, also if its count is still under way."""
    return max(counts[Count.OFFERED], ended(counts) + counts[Count.DROPPED])


def in_flight(counts: RawCounts) -> int:
    """Arrivals that have neither ended nor been dropped."""
    return offered(counts) - ended(counts) - counts[Count.DROPPED]


def sent(counts: RawCounts) -> int:
    """Invocations of which a byte was sent; those in flight without a row yet count as such."""
    unseen = in_flight(counts) - (counts[Count.STARTED] - counts[Count.ENDED])
    return counts[Count.SENT_FIRST] + max(0, unseen)


def tally_of(counts: RawCounts) -> Tally:
    """The counts that views see."""
    return Tally(
        offered=offered(counts),
        in_flight=in_flight(counts),
        dropped=counts[Count.DROPPED],
        outcomes=tuple(counts[: len(Outcome)]),
        attempts=counts[Count.ATTEMPTS],
        cold_starts=counts[Count.COLD],
        retries_refused=counts[Count.REFUSED],
        hedges=counts[Count.HEDGES],
        hedges_won=counts[Count.HEDGES_WON],
        spent=counts[Count.SPENT],
        ended_with=tuple(counts[ENDED_WITH]),
        ok_with=tuple(counts[OK_WITH]),
    )
