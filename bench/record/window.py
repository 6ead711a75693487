"""From raw tallies to what views see."""

from __future__ import annotations

from collections.abc import Callable

from bench.model.outcome import Outcome
from bench.model.profile import Variant
from bench.model.result import Distribution, Tally, Window
from bench.record.batch import Count, Tallies
from bench.record.measures import MEASURES, Series
from bench.record.timeline import Stretch

DistributionOf = Callable[[Series], Distribution]


def window_of(
    variant: Variant,
    tally: Tallies,
    stretch: Stretch,
    distribution: DistributionOf,
    usd_per_million: float | None = None,
) -> Window:
    """The window of a variant over the time in which it was on."""
    duration_s = stretch.duration_s
    per_s = 1 / duration_s if duration_s else 0.0
    return Window(
        variant=variant,
        duration_s=duration_s,
        tally=tally_of(tally),
        planned_rps=stretch.planned_rps,
        achieved_rps=sent(tally) * per_s,
        goodput_rps=int(tally[Outcome.OK]) * per_s,
        measures={measure: distribution(series) for measure, series in MEASURES.items()},
        cold=distribution(Series.COLD),
        warm=distribution(Series.WARM),
        retried=distribution(Series.RETRIED),
        failed=distribution(Series.FAILED),
        billed_ms_mean=billed_ms_mean(tally),
        usd_per_million=usd_per_million,
    )


def billed_ms_mean(tally: Tallies) -> float | None:
    """Mean billed duration of the attempts that told it."""
    if not tally[Count.BILLED]:
        return None
    return int(tally[Count.BILLED_MS]) / int(tally[Count.BILLED])


def ended(tally: Tallies) -> int:
    """Invocations with a final outcome."""
    return int(tally[: len(Outcome)].sum())


def offered(tally: Tallies) -> int:
    """Arrivals; what has ended was offered, also if its count is still under way."""
    return max(int(tally[Count.OFFERED]), ended(tally) + int(tally[Count.DROPPED]))


def in_flight(tally: Tallies) -> int:
    """Arrivals that have neither ended nor been dropped."""
    return offered(tally) - ended(tally) - int(tally[Count.DROPPED])


def sent(tally: Tallies) -> int:
    """Invocations of which a byte was sent; those in flight without a row yet count as such."""
    unseen = in_flight(tally) - int(tally[Count.STARTED] - tally[Count.ENDED])
    return int(tally[Count.SENT_FIRST]) + max(0, unseen)


def tally_of(tally: Tallies) -> Tally:
    """The counts that views see."""
    return Tally(
        offered=offered(tally),
        in_flight=in_flight(tally),
        dropped=int(tally[Count.DROPPED]),
        outcomes=tuple(tally[: len(Outcome)].tolist()),
        attempts=int(tally[Count.ATTEMPTS]),
        cold_starts=int(tally[Count.COLD]),
        retries_refused=int(tally[Count.REFUSED]),
    )
