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
from bench.model.result import MEDIAN, Measure, Window
from bench.record.arrival_test import GapFit
from bench.record.evidence import Evidence, HealthHistory
from bench.record.lag_findings import Doubt, lacking_class, read_lag, send_lag
from bench.record.node_reports import node_reasons
from bench.record.worker_findings import busy_workers, starved_workers

SHORT_SIGMAS = 4.0
"""A Poisson count falls so far below its mean once in 30,000 times."""
SHORT_SUSPECT = 0.01
SHORT_INVALID = 0.05
"""Share of planned arrivals that may be missing, beyond chance."""
DROPS_INVALID = 0.01
"""A drop hides the slowest moments, so any is doubtful; from 1 % on, p99 may be among them."""
UNFINISHED_INVALID = 0.01
"""Likewise an invocation whose end nobody saw."""
BY_VARIANT = "by_variant"
"""What a target tells of its host, by the name of the variant whose function it ran."""
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
    yield from starved_workers(evidence.health, evidence.classes)
    yield from lacking_class(windows, evidence.classes)
    yield from node_reasons(evidence.reports)
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
        *send_lag(window, evidence.send_lags.get(name)),
        *read_lag(window),
        *_shortage(profile, window, evidence.running),
        *_exhausted(evidence.exhausted.get(name)),
        *_turned_away(window, evidence.refused.get(name)),
    )
    for finding in (
        *_no_success(window, evidence.running),
        *_unreachable(window),
        *generators,
        *(_drops(window, evidence.unsent.get(name, 0)) if profile.capacity is None else ()),
        *_unfinished(window, evidence.running),
        *_gaps(window, evidence.gaps.get(name)),
        *_out_of_range(window),
        *_saturated(window, evidence.target),
    ):
        yield Reason(*finding, name, generator=finding in generators)


def _no_success(window: Window, running: bool) -> Iterable[Doubt]:
    tally = window.tally
    if tally.ok or (running and tally.finished < ENOUGH):
        return
    if tally.finished:
        kind = Outcome(max(range(len(Outcome)), key=lambda o: tally.outcomes[o]))
        words = kind.name.lower().replace("_", " ")
        yield Verdict.INVALID, f"none of {tally.finished:,} invocations succeeded, mostly {words}"
    elif not running:
        yield Verdict.SUSPECT, "it has no result: nothing of it was finished in a measured phase"


def _unreachable(window: Window) -> Iterable[Doubt]:
    """A function that fails is a result; one that nobody reached has none."""
    tally = window.tally
    unreached = tally.outcomes[Outcome.CONNECT_ERROR]
    if tally.ok and unreached > UNREACHED_SUSPECT * tally.finished:
        text = f"{unreached:,} of {tally.finished:,} invocations found no connection to the target"
        yield Verdict.SUSPECT, text


def _drops(window: Window, unsent: int) -> Iterable[Doubt]:
    """unsent: arrivals of lost machines, warm-ups included, which count as dropped too."""
    tally = window.tally
    dropped = max(0, tally.dropped - unsent)
    if unsent:
        text = f"{unsent:,} arrivals were the share of a lost node: they count as dropped"
        yield Verdict.INVALID, text
    if dropped:
        share = dropped / tally.offered
        text = (
            f"{dropped:,} of {tally.offered:,} arrivals ({share:.1%}) found no free slot"
            " and were dropped: raise load.in_flight or lower the rate"
        )
        yield Verdict.INVALID if share > DROPS_INVALID else Verdict.SUSPECT, text


def _shortage(profile: Profile, window: Window, running: bool) -> Iterable[Doubt]:
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


def _unfinished(window: Window, running: bool) -> Iterable[Doubt]:
    tally = window.tally
    if running or not tally.in_flight:
        return
    share = tally.in_flight / tally.offered
    text = f"{tally.in_flight:,} of {tally.offered:,} invocations never ended"
    yield Verdict.INVALID if share > UNFINISHED_INVALID else Verdict.SUSPECT, text


def _gaps(window: Window, fit: GapFit | None) -> Iterable[Doubt]:
    lag = window.measure(Measure.SEND_LAG).at(MEDIAN)
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


def _saturated(window: Window, target: Mapping[str, Any]) -> Iterable[Doubt]:
    """Of the embedded Lambda's host, by the variant's own function, else by its size."""
    told = target.get("host") or {}
    by_size, by_variant = told.get("by_memory_mb") or {}, told.get(BY_VARIANT) or {}
    sized = by_size.get(str(window.variant.memory_mb)) or {}
    host = by_variant.get(window.variant.name, {}) if by_variant else sized
    if host.get("saturated"):
        share = host.get("waited_share", 0.0)
        text = (
            f"the host is saturated: its functions waited {host.get('uncorrected_wait_ms', 0):,.0f}"
            f" ms for a core beyond what their size explains, {share:.0%} of their time"
        )
        yield Verdict.INVALID if share > WAITED_INVALID else Verdict.SUSPECT, text


def _exhausted(what: str | None) -> Iterable[Doubt]:
    if what is not None:
        yield Verdict.INVALID, f"attempts failed since this machine ran out of {what}"


def _turned_away(window: Window, code: str | None) -> Iterable[Doubt]:
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


def _out_of_range(window: Window) -> Iterable[Doubt]:
    for measure, distribution in window.measures.items():
        if distribution.out_of_range:
            text = (
                f"{distribution.out_of_range:,} values of {measure.value} lie beyond 15 minutes"
                " or below zero: they are counted, not placed"
            )
            yield Verdict.SUSPECT, text
