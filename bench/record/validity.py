"""How far a run can be believed: VALID, SUSPECT or INVALID, with reasons. Pure.

What speaks against a run is what the generator did wrong or could not do, not what the target did:
a slow or failing function is a result. But a variant of which nothing succeeded measured nothing.
Each threshold stands here with its reason.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import sqrt
from typing import Any

from bench.model.outcome import Outcome, Reason, Verdict
from bench.model.profile import Arrivals, Profile
from bench.model.result import LADDER, Measure, Window
from bench.model.times import NS_PER_MS
from bench.record.arrival_test import GapFit
from bench.record.evidence import Evidence, HealthHistory
from bench.record.worker_findings import busy_workers, graded, starved_workers
from bench.stats.quantiles import Curve

LAG_FLOOR_NS = NS_PER_MS
"""Send lag below a millisecond is an ordinary operating system's grain, whatever the latency."""
LAG_SUSPECT = 0.10
"""Share of the response time that the generator itself may add before the figure is doubtful."""
LAG_INVALID = 0.50
"""From half on, the figure is more the generator's than the target's."""
LATE_SUSPECT = 0.01
"""Share of arrivals that may leave so late that it shows in their response time; few of them are
seen by no quantile that has ten samples beyond it."""
LATE_INVALID = 0.10
FEW, MANY = 3, 10
"""Fewer late arrivals than FEW say nothing yet; fewer than MANY only where they are very late."""
WORST_FLOOR_NS = 100 * NS_PER_MS
"""The worst send lag of a long run on a machine that others use too."""
SHORT_SIGMAS = 4.0
"""A Poisson count falls so far below its mean once in 30,000 times."""
SHORT_SUSPECT = 0.01
SHORT_INVALID = 0.05
"""Share of planned arrivals that may be missing, beyond chance."""
DROPS_INVALID = 0.01
"""A drop hides the slowest moments, so any is doubtful; from 1 % on, p99 may be among them."""
UNFINISHED_INVALID = 0.01
"""Likewise an invocation whose end nobody saw."""
WAITED_INVALID = 0.25
"""Share of its time that a function waited for a core of its host: the rest is no measurement."""
UNREACHED_SUSPECT = 0.5
"""Where most invocations found no connection, the figures tell of the few that did."""
WAITS_SUSPECT = 0.01
"""Share of attempts that may wait for a connection that had to be there already."""
GAPS_P = 1e-4
"""Chance of a false alarm of the test of gaps, for each variant."""
GAPS_GRAIN = 20
"""Planned gaps shorter than so many median send lags are blurred by them; lag judges those."""
REFUSED_INVALID = 0.01
"""Share of invocations that may be turned away for the client's own credentials."""
ENOUGH = 10
"""Finished invocations before a running run is called hopeless."""
TICK_S = 1.0
"""A running run's newest second is not complete yet."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """The verdict of the run, why, and the windows with theirs."""

    verdict: Verdict
    reasons: tuple[Reason, ...]
    windows: tuple[Window, ...]


def judge(profile: Profile, windows: Sequence[Window], evidence: Evidence) -> Judgement:
    """Judge a run by its totals. A variant's reasons count for the run, and the run's for each."""
    of_run = [*_of_run(windows, evidence)]
    reasons = list(of_run)
    judged = []
    for window in windows:
        own = list(_of_variant(profile, window, evidence))
        reasons += own
        judged.append(replace(window, verdict=_worst((*of_run, *own))))
    ordered = sorted(reasons, key=lambda reason: -reason.verdict.severity)
    return Judgement(_worst(reasons), tuple(ordered), tuple(judged))


def _worst(reasons: Iterable[Reason]) -> Verdict:
    return max((r.verdict for r in reasons), key=lambda v: v.severity, default=Verdict.VALID)


# -- the whole run


def _of_run(windows: Sequence[Window], evidence: Evidence) -> Iterable[Reason]:
    for worker in sorted(evidence.lost_workers):
        words = evidence.lost_words.get(worker, "died")
        yield Reason(Verdict.INVALID, f"worker {worker} {words}: its share of the load is missing")
    if evidence.interrupted:
        yield Reason(Verdict.SUSPECT, "interrupted: these are partial results")
    if not evidence.running and not any(window.tally.offered for window in windows):
        yield Reason(Verdict.INVALID, "nothing was sent in a measured phase")
    yield from busy_workers(evidence.health)
    yield from starved_workers(evidence.health)
    yield from _connection_waits(windows, evidence.health)
    yield from _dead_addresses(evidence.health)
    yield from _stood_still(evidence.target)
    yield from _room(evidence.target)


def _connection_waits(windows: Sequence[Window], health: HealthHistory) -> Iterable[Reason]:
    attempts = sum(window.tally.attempts for window in windows)
    if attempts and health.waits > WAITS_SUSPECT * attempts:
        text = f"{health.waits:,} of {attempts:,} attempts waited for a free connection"
        yield Reason(Verdict.SUSPECT, text)


def _dead_addresses(health: HealthHistory) -> Iterable[Reason]:
    for found in health.unreachable:
        text = f"an address of the target takes no connections: {found}; the others have its load"
        yield Reason(Verdict.SUSPECT, text)


def _stood_still(target: Mapping[str, Any]) -> Iterable[Reason]:
    """A target of ours that did not run says nothing of the functions in it."""
    still_ms = target.get("stood_still_ms", 0)
    if still_ms:
        text = f"the embedded Lambda stood still for {still_ms / 1000:.1f} s: it was stopped"
        yield Reason(Verdict.SUSPECT, text)
    if target.get("unanswered"):
        text = "the embedded Lambda did not say at the end what it could not bear"
        yield Reason(Verdict.SUSPECT, text)


def _room(target: Mapping[str, Any]) -> Iterable[Reason]:
    host = target.get("host") or {}
    for cause, count in (host.get("cannot_start") or {}).items():
        yield Reason(Verdict.INVALID, f"{count:,} invocations met no sandbox: {cause}")
    refused = host.get("refused_for_room", 0)
    if refused:
        text = f"the host had no room for another sandbox: {refused:,} invocations were throttled"
        yield Reason(Verdict.SUSPECT, text)


# -- one variant


def _of_variant(profile: Profile, window: Window, evidence: Evidence) -> Iterable[Reason]:
    name = window.variant.name
    generators = (
        *_lag(window, evidence.send_lags.get(name)),
        *_read_lag(window),
        *_shortage(profile, window, evidence.running),
        *_exhausted(evidence.exhausted.get(name)),
        *_turned_away(window, evidence.refused.get(name)),
    )
    for finding in (
        *_no_success(window, evidence.running),
        *_unreachable(window),
        *generators,
        *(_drops(window) if profile.capacity is None else ()),
        *_unfinished(window, evidence.running),
        *_gaps(window, evidence.gaps.get(name)),
        *_out_of_range(window),
        *_saturated(window, evidence.target),
    ):
        yield Reason(*finding, name, generator=finding in generators)


Finding = tuple[Verdict, str]


def _no_success(window: Window, running: bool) -> Iterable[Finding]:
    tally = window.tally
    if tally.ok or (running and tally.finished < ENOUGH):
        return
    if tally.finished:
        kind = Outcome(max(range(len(Outcome)), key=lambda o: tally.outcomes[o]))
        words = kind.name.lower().replace("_", " ")
        yield Verdict.INVALID, f"none of {tally.finished:,} invocations succeeded, mostly {words}"
    elif not running:
        yield Verdict.SUSPECT, "it has no result: nothing of it was finished in a measured phase"


def _unreachable(window: Window) -> Iterable[Finding]:
    """A function that fails is a result; one that nobody reached has none."""
    tally = window.tally
    unreached = tally.outcomes[Outcome.CONNECT_ERROR]
    if tally.ok and unreached > UNREACHED_SUSPECT * tally.finished:
        text = f"{unreached:,} of {tally.finished:,} invocations found no connection to the target"
        yield Verdict.SUSPECT, text


def _lag(window: Window, lags: Curve | None) -> Iterable[Finding]:
    """What the generator itself adds to response times, first by quantiles, then one by one."""
    found = tuple(_share_of(window, Measure.SEND_LAG, Measure.RESPONSE))
    yield from found or (_late(window, lags) if lags is not None else ())


def _read_lag(window: Window) -> Iterable[Finding]:
    """Where the kernel tells of it, it is in no attempt time; what follows an answer is late."""
    yield from _share_of(window, Measure.READ_LAG, Measure.ATTEMPT)


_WORDS = {Measure.SEND_LAG: "send lag", Measure.READ_LAG: "read lag"}


def _share_of(window: Window, own: Measure, whole: Measure) -> Iterable[Finding]:
    """A lag against the time that it belongs to, at the highest quantile known of both."""
    for q in LADDER:
        theirs, ours = window.measure(whole).at(q), window.measure(own).at(q)
        if theirs is None or ours is None or not (theirs.known and ours.known):
            continue
        own_ns = ours.value_ns - (_connecting_ns(window, q) if own is Measure.SEND_LAG else 0)
        share = own_ns / theirs.value_ns if theirs.value_ns else 0.0
        if own_ns > LAG_FLOOR_NS and share > LAG_SUSPECT:
            text = (
                f"{_WORDS[own]} p{q * 100:g} is {own_ns / NS_PER_MS:.2f} ms, {min(share, 1):.0%} of"
                f" the {whole.value} time's {theirs.value_ns / NS_PER_MS:.2f} ms:"
                " the generator is the bottleneck"
            )
            yield graded(share, LAG_INVALID), text
        return


def _late(window: Window, lags: Curve) -> Iterable[Finding]:
    """Arrivals that left late, counted: a quantile sees no stop of a run of few arrivals.

    Each opening of a connection explains one of them.
    """
    response, connect = window.measure(Measure.RESPONSE), window.measure(Measure.CONNECT)
    median = response.at(0.5)
    if median is None or not lags.count:
        return
    limit_ns = max(LAG_FLOOR_NS, LAG_SUSPECT * median.value_ns)
    late = _later(lags, limit_ns) - connect.count
    if late < MANY:  # they move no quantile that is known, unless they are the whole of a response
        limit_ns = max(LAG_FLOOR_NS, LAG_INVALID * median.value_ns)
        late = _later(lags, limit_ns) - connect.count
    share = late / lags.count
    if late >= FEW and share > LATE_SUSPECT:
        text = (
            f"{late:,} of {lags.count:,} arrivals left more than {limit_ns / NS_PER_MS:.2f} ms"
            " late: the generator did not keep to its schedule"
        )
        yield graded(share, LATE_INVALID), text
        return
    worst_ns = window.measure(Measure.SEND_LAG).max_ns - connect.max_ns
    if worst_ns > WORST_FLOOR_NS and worst_ns > LAG_INVALID * response.max_ns:
        text = (
            f"an arrival left {worst_ns / NS_PER_MS:,.0f} ms late: the longest response time is the"
            " generator's"
        )
        yield Verdict.SUSPECT, text


def _later(lags: Curve, limit_ns: float) -> int:
    return int(lags.counts[lags.values_ns > limit_ns].sum())


def _connecting_ns(window: Window, q: float) -> int:
    """What opening connections takes of the send lag: that is the target's doing."""
    connect = window.measure(Measure.CONNECT)
    attempts = max(1, window.measure(Measure.ATTEMPT).count)
    if not connect.count or connect.count < (1 - q) * attempts:
        return 0
    found = connect.at(q)
    return found.value_ns if found is not None and found.known else connect.max_ns


def _drops(window: Window) -> Iterable[Finding]:
    tally = window.tally
    if tally.dropped:
        share = tally.dropped / tally.offered
        text = (
            f"{tally.dropped:,} of {tally.offered:,} arrivals ({share:.1%}) found no free slot"
            " and were dropped: raise load.in_flight or lower the rate"
        )
        yield Verdict.INVALID if share > DROPS_INVALID else Verdict.SUSPECT, text


def _shortage(profile: Profile, window: Window, running: bool) -> Iterable[Finding]:
    """Offered against planned arrivals. The schedule is known: only chance may make it differ."""
    duration_s = window.duration_s - (TICK_S if running else 0.0)
    planned = window.planned_rps * duration_s
    if planned <= 0:
        return
    missing = planned - window.tally.offered
    poisson = profile.load.arrivals is Arrivals.POISSON
    chance = SHORT_SIGMAS * sqrt(planned) if poisson else 1.0 + len(profile.phases)
    share = (missing - chance) / planned
    if share > SHORT_SUSPECT:
        text = (
            f"{window.tally.offered:,} arrivals of {planned:,.0f} planned: the generator did not"
            " keep to its schedule"
        )
        yield Verdict.INVALID if share > SHORT_INVALID else Verdict.SUSPECT, text


def _unfinished(window: Window, running: bool) -> Iterable[Finding]:
    tally = window.tally
    if running or not tally.in_flight:
        return
    share = tally.in_flight / tally.offered
    text = f"{tally.in_flight:,} of {tally.offered:,} invocations never ended"
    yield Verdict.INVALID if share > UNFINISHED_INVALID else Verdict.SUSPECT, text


def _gaps(window: Window, fit: GapFit | None) -> Iterable[Finding]:
    lag = window.measure(Measure.SEND_LAG).at(0.5)
    tally = window.tally
    unsent = (
        tally.dropped + tally.outcomes[Outcome.CONNECT_ERROR] + tally.outcomes[Outcome.REJECTED]
    )
    if fit is None or lag is None or fit.mean_gap_ns < GAPS_GRAIN * lag.value_ns:
        return
    if fit.p < GAPS_P and not unsent and not tally.in_flight:
        text = (
            f"gaps between sends are not exponential as planned (Anderson–Darling p = {fit.p:.1g})"
        )
        yield Verdict.SUSPECT, text


def _saturated(window: Window, target: Mapping[str, Any]) -> Iterable[Finding]:
    """Of the embedded Lambda's host, by the size that the variant's function has."""
    by_size = (target.get("host") or {}).get("by_memory_mb") or {}
    host = by_size.get(str(window.variant.memory_mb)) or {}
    if host.get("saturated"):
        share = host.get("waited_share", 0.0)
        text = (
            f"the host is saturated: its functions waited {host.get('uncorrected_wait_ms', 0):,.0f}"
            f" ms for a core beyond what their size explains, {share:.0%} of their time"
        )
        yield Verdict.INVALID if share > WAITED_INVALID else Verdict.SUSPECT, text


def _exhausted(what: str | None) -> Iterable[Finding]:
    if what is not None:
        yield Verdict.INVALID, f"attempts failed since this machine ran out of {what}"


def _turned_away(window: Window, code: str | None) -> Iterable[Finding]:
    """AWS did not take this client for who it said it was: no answer of the function's."""
    if code is None:
        return
    tally = window.tally
    turned = tally.outcomes[Outcome.CLIENT_ERROR]
    share = turned / tally.finished if tally.finished else 1.0
    text = (
        f"AWS refused this client's own credentials ({code}): {turned:,} of {tally.finished:,}"
        " invocations ended as client errors; renew the credentials, or their permissions"
    )
    yield Verdict.INVALID if share > REFUSED_INVALID else Verdict.SUSPECT, text


def _out_of_range(window: Window) -> Iterable[Finding]:
    for measure, distribution in window.measures.items():
        if distribution.out_of_range:
            text = (
                f"{distribution.out_of_range:,} values of {measure.value} lie beyond 15 minutes"
                " or below zero: they are counted, not placed"
            )
            yield Verdict.SUSPECT, text
