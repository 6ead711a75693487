"""What came back: counts, distributions and money of a variant over some time."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from operator import add

from bench.model.outcome import Outcome, Verdict
from bench.model.profile import Variant
from bench.model.recovery import Recovery

TRIES = 8
"""Attempts of an invocation that are told apart; the last counts all further ones too."""
_NO_TRIES = (0,) * TRIES


@dataclass(frozen=True, slots=True)
class Tally:
    """Counts of invocations. offered == sum(outcomes) + in_flight + dropped, always."""

    offered: int = 0
    in_flight: int = 0
    dropped: int = 0
    outcomes: tuple[int, ...] = (0,) * len(Outcome)
    attempts: int = 0
    cold_starts: int = 0
    retries_refused: int = 0
    """Invocations whose next retry the budget, or an open circuit breaker, refused."""
    hedges: int = 0
    """Attempts sent while the invocation's first one was under way."""
    hedges_won: int = 0
    """Those whose good answer came first."""
    spent: int = 0
    """Runs of the function for nothing, as the other attempt's answer had come before."""
    ended_with: tuple[int, ...] = _NO_TRIES
    """How many ended with their first attempt, their second, …: TRIES of them. What was never sent
    is in none."""
    ok_with: tuple[int, ...] = _NO_TRIES
    """Likewise how many succeeded with it."""

    def __add__(self, other: Tally) -> Tally:
        """The counts of both; `sum(tallies, Tally())` adds any number, also none."""
        return Tally(
            offered=self.offered + other.offered,
            in_flight=self.in_flight + other.in_flight,
            dropped=self.dropped + other.dropped,
            outcomes=tuple(map(add, self.outcomes, other.outcomes)),
            attempts=self.attempts + other.attempts,
            cold_starts=self.cold_starts + other.cold_starts,
            retries_refused=self.retries_refused + other.retries_refused,
            hedges=self.hedges + other.hedges,
            hedges_won=self.hedges_won + other.hedges_won,
            spent=self.spent + other.spent,
            ended_with=tuple(map(add, self.ended_with, other.ended_with)),
            ok_with=tuple(map(add, self.ok_with, other.ok_with)),
        )

    @property
    def finished(self) -> int:
        """Invocations with a final outcome."""
        return sum(self.outcomes)

    @property
    def ok(self) -> int:
        """Invocations that succeeded, whether at once or after retries."""
        return self.outcomes[Outcome.OK]

    @property
    def failed(self) -> int:
        """Finished invocations that did not succeed."""
        return self.finished - self.ok

    @property
    def retries(self) -> int:
        """Attempts beyond each sent invocation's first."""
        return max(0, self.attempts - self.sent)

    @property
    def sent(self) -> int:
        """Finished invocations of which at least one attempt was made."""
        return self.finished - self.outcomes[Outcome.REJECTED]

    @property
    def retry_amplification(self) -> float | None:
        """Attempts divided by invocations; None before the first has finished."""
        return self.attempts / self.sent if self.sent else None


@dataclass(frozen=True, slots=True)
class Quantile:
    """One quantile of a distribution, in nanoseconds.

    known is False with fewer than ten samples beyond it: such a value is not printed. censored
    means that it falls among timed-out values: it is at least value_ns.
    """

    q: float
    value_ns: int
    known: bool
    censored: bool = False


@dataclass(frozen=True, slots=True)
class Distribution:
    """One measure of one variant over some time. count 0 has no quantiles."""

    count: int = 0
    min_ns: int = 0
    max_ns: int = 0
    mean_ns: float = 0.0
    censored: int = 0
    """How many of count are right-censored (timed out)."""
    out_of_range: int = 0
    quantiles: tuple[Quantile, ...] = ()

    def at(self, q: float) -> Quantile | None:
        """The quantile for q in 0..1, if it was computed."""
        for quantile in self.quantiles:
            if quantile.q == q:
                return quantile
        return None


QUANTILES = (0.5, 0.9, 0.99, 0.999)
"""The quantiles that every summary has, beside the maximum. One more is computed everywhere and
gets its columns in the files behind all others."""
LADDER = (0.99, 0.9, 0.5)
"""Which of them to speak of where one has to do: the first that is known."""
HIGHEST, MEDIAN = LADDER[0], LADDER[-1]
"""The two to speak of where two have to do."""


class Measure(StrEnum):
    """What is kept as a histogram. The first five are columns of summary.csv, in this order."""

    RESPONSE = "response"
    ATTEMPT = "attempt"
    SEND_LAG = "send_lag"
    DURATION = "duration"
    INIT = "init"
    CONNECT = "connect"
    """Opening a connection: name, TCP (behind a proxy its CONNECT too) and TLS together."""
    FIRST_BYTE = "first_byte"
    BILLED = "billed"
    RESTORE = "restore"
    MEMORY = "memory"
    """Max Memory Used; a megabyte is kept as a million, so that what reads as ms reads as MB."""
    OVERHEAD = "overhead"
    """Attempt time less the function's own duration, of the same good answer; warm ones alone."""
    DNS = "dns"
    """Of connections for which the name was asked for, not taken from the cache."""
    TCP = "tcp"
    TLS = "tls"
    READ_LAG = "read_lag"
    """How long an answer lay unread, of those of which the kernel told when they came."""
    BACKOFF = "backoff"
    """From the end of an attempt to the first byte of the next one of the same invocation."""


@dataclass(frozen=True, slots=True)
class Window:
    """Results of one variant over some stretch of time: the whole run, an interval, or a window.

    planned_rps is what the schedule asks for while the variant is on; achieved_rps counts first
    sends and goodput_rps successes, per second of duration_s.
    """

    variant: Variant
    duration_s: float
    tally: Tally
    planned_rps: float
    achieved_rps: float
    goodput_rps: float
    measures: dict[Measure, Distribution]
    cold: Distribution = Distribution()
    """Response time of invocations that met a cold start."""
    warm: Distribution = Distribution()
    """Response time of all others that succeeded."""
    billed_ms_mean: float | None = None
    usd_per_million: float | None = None
    verdict: Verdict = Verdict.VALID
    retried: Distribution = Distribution()
    """Response time of invocations that took more than one attempt."""
    failed: Distribution = Distribution()
    """Response time of answered or timed-out invocations that did not succeed."""
    recovery: Recovery | None = None
    """The slowest after a disturbance that the profile names; None where it names none."""
    late_successes: int | None = None
    """Runs of the function that succeeded after their caller had given up, of the whole run, the
    warm-up included; None where nobody counts them."""
    retry_usd_per_million: float | None = None
    """What attempts beyond each invocation's first cost, those that succeeded too, for a million
    invocations; usd_per_million is for one attempt each."""

    def measure(self, measure: Measure) -> Distribution:
        """The distribution of a measure, empty if it has no samples."""
        return self.measures.get(measure, Distribution())

    @property
    def throughput_rps(self) -> float:
        """Invocations that ended, however they did, a second; goodput is those that succeeded."""
        return self.tally.finished / self.duration_s if self.duration_s else 0.0

    @property
    def read_lag_share(self) -> float | None:
        """Share of the answers of which read lag is known; None where it is known of none."""
        known, attempts = self.measure(Measure.READ_LAG).count, self.measure(Measure.ATTEMPT)
        answers = attempts.count - attempts.censored
        return min(1.0, known / answers) if known and answers else None


@dataclass(frozen=True, slots=True)
class Interval:
    """One second of one variant in one segment, by intended arrival.

    t_s is the second since the run's start. A second in which the load changes has an interval for
    each of its segments, each with the duration and the planned rate of its own part.
    """

    t_s: int
    phase: str
    measured: bool
    window: Window
    spread: tuple[tuple[int, int], ...] = ()
    """(bin, count) of response times, for a heat map; see bench.record.latency_bins."""
    segment: int | None = None
    """`Segment.index`; None in a recording that does not tell it."""


@dataclass(frozen=True, slots=True)
class Vitals:
    """The run as a whole at the end of one second: what is under way and how the engine fares.

    Rates are those of that second, in_flight_by_variant is in the order of the profile,
    connections_opened and connection_waits count from the run's start. cpu is the busiest worker's
    share of a core, rss_mb the sum over all workers.
    """

    t_s: int
    planned_rps: float
    achieved_rps: float
    in_flight: int
    in_flight_by_variant: tuple[int, ...]
    connections: int
    connections_opened: int
    connection_waits: int
    workers: int
    """Workers that are alive."""
    cpu: float
    rss_mb: float
    spend_usd: float
    unreachable: tuple[str, ...] = ()
    """Addresses that take no connections while others of their name do: `10.0.0.2:443: why`."""
    core_wait: float | None = None
    """Share of its time that a worker waited for a core, of the one that waited longest."""
    tokens_by_variant: tuple[float | None, ...] = ()
    """What retry budgets have left, over all workers; None of one that pays with no tokens. Empty
    where nobody tells."""
    open_breakers_by_variant: tuple[int, ...] = ()
    """In how many workers the circuit breaker lets nothing through, or probes alone."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One failed attempt, kept for the eye."""

    t_ns: int
    variant: str
    outcome: Outcome
    status: int
    attempt: int
    request_id: str
    detail: str


@dataclass(frozen=True, slots=True)
class CapacityAnswer:
    """What a search for capacity found of a variant, by its name.

    rate_rps is the highest rate that a hold has confirmed, None if there is none. holds_rps and
    fails_rps: the ends of an interval of confidence at 95 % for the capacity, None if not known.
    recovers_rps and relapses_rps: those for the highest rate that recovers from a disturbance.
    """

    variant: str
    rate_rps: float | None
    text: str
    holds_rps: float | None = None
    fails_rps: float | None = None
    recovers_rps: float | None = None
    relapses_rps: float | None = None
