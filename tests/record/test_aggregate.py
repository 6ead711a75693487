from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.load.schedule import arrivals
from bench.model.endpoint import EndpointKind
from bench.model.load import Plan, Segment
from bench.model.outcome import Outcome
from bench.model.profile import Arrivals, CapacitySpec, Phase, Variant
from bench.model.result import QUANTILES, Measure, Quantile, Tally, Window
from bench.model.times import NS_PER_MS, NS_PER_S
from bench.record.aggregate import SHIPPED_NS, Aggregate
from bench.record.hlog import TaggedHistogram, merged
from bench.record.row_layout import FLAG_HEDGE, FLAG_SPENT
from bench.shapes.ramp import constant_rate
from bench.stats.ranks import rank_of
from tests.record.build import (
    DOOR,
    LARGE,
    SMALL,
    PromptAggregate,
    Shipment,
    counts,
    profile_of,
    random_load,
    row,
    together,
)

PHASES = (
    Phase("warm-up", constant_rate(5.0, 1_500_000_000), measured=False),
    Phase("steady", constant_rate(10.0, 3 * NS_PER_S)),
)
SEEDS = st.integers(0, 2**32)


def aggregate_of(phases: Sequence[Phase] = PHASES) -> tuple[Aggregate, Plan]:
    profile = profile_of(phases=phases)
    plan = together(profile)
    return PromptAggregate(profile, plan), plan


def holds(tally: Tally) -> bool:
    return tally.offered == sum(tally.outcomes) + tally.in_flight + tally.dropped


def quantile(window: Window, measure: Measure, q: float) -> Quantile:
    found = window.measure(measure).at(q)
    assert found is not None
    return found


@given(SEEDS)
def test_offered_is_outcomes_in_flight_and_dropped_in_every_row(seed: int) -> None:
    profile = profile_of(phases=PHASES)
    plan = together(profile)
    aggregate = PromptAggregate(profile, plan)
    random_load(Random(seed), plan).to(aggregate)
    aggregate.advance(5 * NS_PER_S)
    windows = [*aggregate.totals(), *(interval.window for interval in aggregate.intervals())]
    assert all(holds(window.tally) for window in windows)
    assert len(windows) > len(profile.variants)


@given(SEEDS)
def test_seconds_add_up_to_the_totals(seed: int) -> None:
    profile = profile_of(phases=PHASES)
    plan = together(profile)
    aggregate = PromptAggregate(profile, plan)
    random_load(Random(seed), plan).to(aggregate)
    aggregate.advance(5 * NS_PER_S)
    for window in aggregate.totals():
        rows = [
            interval.window
            for interval in aggregate.intervals()
            if interval.measured and interval.window.variant == window.variant
        ]
        for name in ("offered", "in_flight", "dropped", "attempts", "cold_starts"):
            assert sum(getattr(r.tally, name) for r in rows) == getattr(window.tally, name)
        summed = tuple(map(sum, zip(*(r.tally.outcomes for r in rows), strict=True)))
        assert summed == window.tally.outcomes
        assert sum(r.duration_s for r in rows) == pytest.approx(window.duration_s)
        for measure in Measure:
            total = window.measure(measure)
            parts = [r.measure(measure) for r in rows]
            assert sum(part.count for part in parts) == total.count
            assert sum(part.censored for part in parts) == total.censored
            assert max((part.max_ns for part in parts), default=0) == total.max_ns


@settings(max_examples=15)
@given(SEEDS)
def test_the_order_in_which_shipments_come_does_not_matter(seed: int) -> None:
    profile = profile_of(phases=PHASES)
    plan = together(profile)
    load = random_load(Random(seed), plan)
    one, other = PromptAggregate(profile, plan), PromptAggregate(profile, plan)
    load.to(one)
    other.add_counts(1, counts(load.counts))
    shuffled = list(load.rows)
    Random(seed + 1).shuffle(shuffled)
    for i in range(0, len(shuffled), 23):
        other.add_rows(i % 3, b"".join(shuffled[i : i + 23]))
    one.advance(5 * NS_PER_S)
    other.advance(5 * NS_PER_S)
    assert one.totals() == other.totals()
    assert list(one.intervals()) == list(other.intervals())
    assert {n: set(c) for n, c in one.curves().items()} == {
        n: set(c) for n, c in other.curves().items()
    }


@settings(max_examples=25)
@given(st.lists(st.integers(1, 800_000_000), min_size=1, max_size=400), SEEDS)
def test_a_seconds_quantiles_and_the_runs_are_the_exact_ones(times: list[int], seed: int) -> None:
    aggregate, _ = aggregate_of((Phase("steady", constant_rate(10.0, NS_PER_S)),))
    shipment = Shipment()
    random = Random(seed)
    for time_ns in times:
        at_ns = random.randrange(NS_PER_S)
        shipment.offer(at_ns)
        shipment.rows.append(row(at_ns, response_ns=time_ns, lag_ns=0))
    shipment.to(aggregate)
    aggregate.advance(NS_PER_S)
    total = aggregate.totals()[0].measure(Measure.RESPONSE)
    second = next(iter(aggregate.intervals())).window.measure(Measure.RESPONSE)
    assert total == second
    for found in total.quantiles:
        exact = sorted(times)[rank_of(found.q, len(times)) - 1]
        assert exact <= found.value_ns <= max(exact * 1.001, exact + 512)


def test_rows_before_their_counts_are_offered_already() -> None:
    aggregate, _ = aggregate_of()
    aggregate.add_rows(0, row(2 * NS_PER_S, segment=1))
    aggregate.advance(3 * NS_PER_S)
    assert aggregate.totals()[0].tally.offered == 1
    aggregate.add_counts(0, counts({(2, 0, 1): (2, 0)}))
    tally = aggregate.totals()[0].tally
    assert (tally.offered, tally.in_flight, tally.ok) == (2, 1, 1)


def test_a_slow_answer_belongs_to_the_second_of_its_intended_arrival() -> None:
    aggregate, _ = aggregate_of()
    at_ns = 2 * NS_PER_S + 900 * NS_PER_MS
    aggregate.add_counts(0, counts({(2, 0, 1): (1, 0)}))
    aggregate.add_rows(0, row(at_ns, segment=1, response_ns=10 * NS_PER_S))
    aggregate.advance(14 * NS_PER_S)
    by_second = {i.t_s: i.window for i in aggregate.intervals() if i.window.variant == SMALL}
    assert by_second[2].tally.ok == 1
    assert by_second[3].tally.finished == 0


def test_response_time_counts_from_the_intended_arrival_and_attempt_time_from_the_send() -> None:
    aggregate, _ = aggregate_of()
    aggregate.add_rows(
        0, row(2 * NS_PER_S, segment=1, response_ns=90 * NS_PER_MS, lag_ns=30 * NS_PER_MS)
    )
    window = aggregate.totals()[0]
    assert window.measure(Measure.RESPONSE).max_ns == 90 * NS_PER_MS
    assert window.measure(Measure.ATTEMPT).max_ns == 60 * NS_PER_MS
    assert window.measure(Measure.SEND_LAG).max_ns == 30 * NS_PER_MS


def test_retries_lengthen_the_response_and_are_counted_once() -> None:
    aggregate, _ = aggregate_of()
    at_ns = 2 * NS_PER_S
    aggregate.add_counts(0, counts({(2, 0, 1): (1, 0)}))
    aggregate.add_rows(
        0,
        row(at_ns, segment=1, final=False, outcome=Outcome.THROTTLED, response_ns=10 * NS_PER_MS)
        + row(at_ns, segment=1, attempt=2, lag_ns=60 * NS_PER_MS, response_ns=80 * NS_PER_MS),
    )
    window = aggregate.totals()[0]
    tally = window.tally
    assert (tally.attempts, tally.retries, tally.finished) == (2, 1, 1)
    assert tally.retry_amplification == 2.0
    assert window.measure(Measure.RESPONSE).count == 1
    assert window.measure(Measure.ATTEMPT).count == 2
    assert window.measure(Measure.SEND_LAG).count == 1, "only the first attempt has a send lag"
    assert window.retried.count == 1


def hedged(at_ns: int, first_ms: int, hedge_ms: int) -> bytes:
    """A pair of attempts, the hedge sent after 20 ms; the row of the slower one comes last."""
    first_won = first_ms < hedge_ms
    first = row(
        at_ns,
        response_ns=first_ms * NS_PER_MS,
        final=first_won,
        marks=0 if first_won else FLAG_SPENT,
        billed_ms=10,
        segment=1,
    )
    hedge = row(
        at_ns,
        attempt=2,
        lag_ns=20 * NS_PER_MS,
        response_ns=hedge_ms * NS_PER_MS,
        final=not first_won,
        marks=FLAG_HEDGE | (FLAG_SPENT if first_won else 0),
        billed_ms=10,
        segment=1,
    )
    return first + hedge if first_won else hedge + first


def test_a_hedge_is_an_attempt_that_costs_and_no_retry_that_lengthens() -> None:
    aggregate, _ = aggregate_of()
    at_ns = 2 * NS_PER_S
    aggregate.add_counts(0, counts({(2, 0, 1): (3, 0)}))
    alone = row(at_ns, segment=1, billed_ms=10)
    aggregate.add_rows(0, alone)
    once_usd = aggregate.totals()[0].usd_per_million
    before_usd = aggregate.spend_usd()
    aggregate.add_rows(0, hedged(at_ns, 90, 40) + hedged(at_ns, 30, 60))
    window = aggregate.totals()[0]
    assert (window.tally.attempts, window.tally.finished, window.tally.in_flight) == (5, 3, 0)
    assert window.measure(Measure.RESPONSE).max_ns == pytest.approx(50 * NS_PER_MS, rel=1e-2)
    assert window.measure(Measure.ATTEMPT).count == 5
    assert window.retried.count == 0
    assert once_usd is not None
    assert window.usd_per_million == pytest.approx(once_usd * 5 / 3)
    assert aggregate.spend_usd() == pytest.approx(5 * before_usd)


@pytest.mark.parametrize(
    ("outcome", "answered"),
    [(o, o < Outcome.CONNECT_ERROR) for o in Outcome if o is not Outcome.REJECTED],
)
def test_what_was_never_answered_has_no_response_time(outcome: Outcome, answered: bool) -> None:
    aggregate, _ = aggregate_of()
    aggregate.add_rows(0, row(2 * NS_PER_S, segment=1, outcome=outcome))
    window = aggregate.totals()[0]
    assert window.measure(Measure.RESPONSE).count == int(answered)
    assert window.tally.outcomes[outcome] == 1
    assert window.failed.count == int(answered and outcome is not Outcome.OK)


def test_a_timeout_makes_quantiles_lower_bounds() -> None:
    aggregate, _ = aggregate_of()
    rows = [row(2 * NS_PER_S + i, segment=1) for i in range(50)]
    rows += [
        row(2 * NS_PER_S, segment=1, outcome=Outcome.TIMEOUT, response_ns=NS_PER_S, answered=False)
        for _ in range(50)
    ]
    aggregate.add_rows(0, b"".join(rows))
    aggregate.advance(3 * NS_PER_S)
    interval = next(i for i in aggregate.intervals() if i.t_s == 2)
    for window in (aggregate.totals()[0], interval.window):
        assert not quantile(window, Measure.RESPONSE, 0.5).censored
        assert quantile(window, Measure.RESPONSE, 0.9).censored
        assert window.measure(Measure.RESPONSE).censored == 50
        assert quantile(window, Measure.FIRST_BYTE, 0.9).censored
        assert not quantile(window, Measure.SEND_LAG, 0.9).censored


def test_warm_up_stands_in_the_intervals_and_not_in_the_totals() -> None:
    aggregate, _ = aggregate_of()
    aggregate.add_counts(0, counts({(0, 0, 0): (1, 0)}))
    aggregate.add_rows(0, row(NS_PER_S // 2))
    aggregate.advance(NS_PER_S)
    assert aggregate.totals()[0].tally.offered == 0
    first = next(iter(aggregate.intervals()))
    assert (first.phase, first.measured, first.window.tally.ok) == ("warm-up", False, 1)


def test_a_second_at_an_edge_counts_only_the_time_in_which_the_variant_was_on() -> None:
    aggregate, _ = aggregate_of()
    aggregate.advance(5 * NS_PER_S)
    rows = [
        (i.t_s, i.phase, i.window.duration_s)
        for i in aggregate.intervals()
        if i.window.variant == SMALL
    ]
    assert rows == [
        (0, "warm-up", 1.0),
        (1, "warm-up", 0.5),
        (1, "steady", 0.5),
        (2, "steady", 1.0),
        (3, "steady", 1.0),
        (4, "steady", 0.5),
    ]


def test_rates_are_per_second_of_the_time_on() -> None:
    aggregate, _ = aggregate_of()
    shipment = Shipment()
    for i in range(30):
        at_ns = 1_500_000_000 + i * 100 * NS_PER_MS
        shipment.offer(at_ns, segment=1, drop=i % 10 == 0)
        if i % 10:
            shipment.rows.append(row(at_ns, segment=1))
    shipment.to(aggregate)
    aggregate.advance(60 * NS_PER_S)
    window = aggregate.totals()[0]
    assert (window.duration_s, window.planned_rps) == (3.0, 10.0)
    assert window.achieved_rps == window.goodput_rps == pytest.approx(9.0)
    assert window.tally.dropped == 3


def test_what_is_in_flight_counts_as_sent_until_its_row_says_otherwise() -> None:
    aggregate, _ = aggregate_of((Phase("steady", constant_rate(4.0, NS_PER_S)),))
    aggregate.add_counts(0, counts({(0, 0, 0): (4, 0)}))
    aggregate.advance(NS_PER_S)
    assert aggregate.totals()[0].achieved_rps == 4.0
    refused = row(0, outcome=Outcome.CONNECT_ERROR, sent=False, answered=False)
    aggregate.add_rows(0, refused + row(1, final=False, outcome=Outcome.THROTTLED))
    assert aggregate.totals()[0].achieved_rps == 3.0


def test_a_seconds_row_is_given_once_and_changes_are_told_apart() -> None:
    aggregate, _ = aggregate_of()
    aggregate.advance(3 * NS_PER_S)
    assert {i.t_s for i in aggregate.passed()} == {0, 1}
    assert aggregate.passed() == ()
    aggregate.changed()
    aggregate.add_rows(0, row(NS_PER_S // 4))
    assert [(i.t_s, i.window.tally.ok) for i in aggregate.changed()] == [(0, 1)]
    assert aggregate.changed() == ()


@given(SEEDS)
def test_every_value_reaches_the_interval_log_once(seed: int) -> None:
    profile = profile_of(phases=PHASES)
    plan = together(profile)
    aggregate = PromptAggregate(profile, plan)
    load = random_load(Random(seed), plan)
    lines: list[TaggedHistogram] = []
    half = len(load.rows) // 2
    aggregate.add_counts(0, counts(load.counts))
    aggregate.add_rows(0, b"".join(load.rows[:half]))
    aggregate.advance(20 * NS_PER_S)
    lines += aggregate.closed_histograms()
    aggregate.add_rows(0, b"".join(load.rows[half:]))
    lines += aggregate.closed_histograms()
    lines += aggregate.closed_histograms(final=True)
    logged = merged(lines)
    found = aggregate.curves()
    assert list(found) == [variant.name for variant in profile.variants]
    for name, curves in found.items():
        for measure, curve in curves.items():
            assert logged[f"{name}/{measure.value}"].count == curve.count
            late = logged.get(f"{name}/{measure.value}/censored")
            assert (late.count if late else 0) == int(curve.censored.sum())


def test_an_old_second_keeps_its_figures_and_takes_late_rows_honestly() -> None:
    aggregate, _ = aggregate_of((Phase("steady", constant_rate(50.0, NS_PER_S)),))
    shipment = Shipment()
    for i in range(40):
        shipment.offer(i)
        shipment.rows.append(row(i))
    shipment.to(aggregate)
    aggregate.advance(NS_PER_S)
    before = next(iter(aggregate.intervals()))
    for second in range(2, 90):
        aggregate.advance(second * NS_PER_S)
        aggregate.passed()
        list(aggregate.closed_histograms())
    assert next(iter(aggregate.intervals())) == before
    assert aggregate.window(60) == ()
    aggregate.add_rows(0, row(5, response_ns=3 * NS_PER_S))
    late = next(iter(aggregate.intervals())).window
    assert late.tally.ok == 41
    assert late.tally.offered == 41
    response = late.measure(Measure.RESPONSE)
    assert (response.count, response.max_ns) == (41, 3 * NS_PER_S)
    assert not any(q.known for q in response.quantiles), "its values are gone"
    assert quantile(aggregate.totals()[0], Measure.RESPONSE, 0.5).known


def test_a_window_merges_the_last_seconds() -> None:
    aggregate, _ = aggregate_of((Phase("steady", constant_rate(1.0, 30 * NS_PER_S)),))
    for second in range(30):
        aggregate.add_counts(0, counts({(second, 0, 0): (1, 0)}))
        aggregate.add_rows(0, row(second * NS_PER_S, response_ns=(second + 1) * NS_PER_MS))
    aggregate.advance(30 * NS_PER_S)
    window = aggregate.window(10)[0]
    assert (window.tally.ok, window.duration_s) == (10, 10.0)
    assert window.measure(Measure.RESPONSE).min_ns == 21 * NS_PER_MS
    assert aggregate.window(60)[0].tally == aggregate.totals()[0].tally


def test_the_pulse_tells_the_last_whole_second() -> None:
    aggregate, _ = aggregate_of((Phase("steady", constant_rate(4.0, 10 * NS_PER_S)),))
    aggregate.add_counts(0, counts({(1, 0, 0): (3, 0), (1, 1, 0): (4, 0), (2, 0, 0): (9, 0)}))
    aggregate.add_rows(0, row(NS_PER_S, lag_ns=7 * NS_PER_MS))
    aggregate.advance(2 * NS_PER_S + SHIPPED_NS)
    pulse = aggregate.pulse()
    assert (pulse.planned_rps, pulse.achieved_rps, pulse.in_flight) == (8.0, 7, 15)
    assert pulse.in_flight_by_variant == (11, 4)
    assert pulse.send_lag.max_ns == 7 * NS_PER_MS


def test_what_the_run_will_have_cost_follows_from_what_it_has() -> None:
    aggregate, _ = aggregate_of((Phase("steady", constant_rate(4.0, 10 * NS_PER_S)),))
    aggregate.add_counts(0, counts({(1, 0, 0): (20, 0)}))
    aggregate.add_rows(0, b"".join(row(NS_PER_S, billed_ms=100) for _ in range(20)))
    aggregate.advance(5 * NS_PER_S)
    assert aggregate.projected_usd() is None  # the other variant has not begun
    aggregate.add_counts(0, counts({(1, 1, 0): (20, 0)}))
    aggregate.add_rows(0, b"".join(row(NS_PER_S, variant=1, billed_ms=10) for _ in range(20)))
    assert aggregate.projected_usd() == pytest.approx(2 * aggregate.spend_usd())
    aggregate.advance(10 * NS_PER_S)
    assert aggregate.projected_usd() == pytest.approx(aggregate.spend_usd())


def test_a_rate_change_starts_a_new_segment_of_the_same_phase() -> None:
    aggregate, plan = aggregate_of((Phase("steady", constant_rate(10.0, 10 * NS_PER_S)),))
    whole = plan.segments[0]
    half = replace(whole, shape=constant_rate(10.0, 5 * NS_PER_S))
    faster = replace(whole, index=1, start_ns=5 * NS_PER_S, shape=constant_rate(30.0, 5 * NS_PER_S))
    aggregate.add_segment(half)
    aggregate.add_segment(faster)
    aggregate.add_rows(0, row(6 * NS_PER_S, segment=1))
    aggregate.advance(10 * NS_PER_S)
    window = aggregate.totals()[0]
    assert (window.duration_s, window.planned_rps, window.tally.ok) == (10.0, 20.0, 1)


STEERED = Phase("steady", constant_rate(10.0, 6 * NS_PER_S))


def steered() -> tuple[Aggregate, Plan]:
    """At 1.3 s three times the rate, held from 2.6 s on, resumed at 4.2 s."""
    aggregate, plan = aggregate_of((STEERED,))
    whole = plan.segments[0]
    first = replace(whole, shape=constant_rate(10.0, 1_300 * NS_PER_MS))
    tripled = constant_rate(30.0, 1_300 * NS_PER_MS)
    faster = replace(whole, index=1, start_ns=first.end_ns, shape=tripled)
    rest = constant_rate(30.0, 3_400 * NS_PER_MS)
    resumed = replace(whole, index=2, start_ns=4_200 * NS_PER_MS, shape=rest)
    segments = (first, faster, resumed)
    for segment in segments:
        aggregate.advance(segment.start_ns)
        aggregate.add_segment(segment)
    return aggregate, Plan(segments)


def test_a_second_in_which_the_load_changes_has_a_row_for_each_segment() -> None:
    aggregate, _ = steered()
    aggregate.advance(10 * NS_PER_S)
    rows = [
        (i.t_s, i.segment, round(i.window.duration_s, 9), round(i.window.planned_rps, 6))
        for i in aggregate.intervals()
        if i.window.variant == SMALL
    ]
    assert rows == [
        (0, 0, 1.0, 10.0),
        (1, 0, 0.3, 10.0),
        (1, 1, 0.7, 30.0),
        (2, 1, 0.6, 30.0),
        (4, 2, 0.8, 30.0),
        (5, 2, 1.0, 30.0),
        (6, 2, 1.0, 30.0),
        (7, 2, 0.6, 30.0),
    ]
    assert {i.phase for i in aggregate.intervals()} == {"steady"}


def test_arrivals_stand_in_the_row_of_the_rate_at_which_they_were_planned() -> None:
    aggregate, plan = steered()
    shipment = Shipment()
    for segment in plan.segments:
        for at_ns, variant in arrivals(segment, Arrivals.EVEN, 1, 0, 1):
            shipment.offer(at_ns, variant, segment.index, drop=at_ns % 3 == 0)
            if at_ns % 3:
                shipment.rows.append(row(at_ns, variant=variant, segment=segment.index))
    shipment.to(aggregate)
    aggregate.advance(10 * NS_PER_S)
    windows = [interval.window for interval in aggregate.intervals()]
    assert len(windows) >= 10
    for window in windows:
        assert holds(window.tally)
        assert abs(window.tally.offered - window.planned_rps * window.duration_s) < 1 + 1e-6


@given(SEEDS)
def test_the_rows_of_a_steered_run_add_up_to_its_totals(seed: int) -> None:
    aggregate, plan = steered()
    random_load(Random(seed), plan).to(aggregate)
    aggregate.advance(10 * NS_PER_S)
    assert all(holds(interval.window.tally) for interval in aggregate.intervals())
    for window in aggregate.totals():
        rows = [i.window for i in aggregate.intervals() if i.window.variant == window.variant]
        assert sum(r.tally.offered for r in rows) == window.tally.offered
        assert sum(r.tally.ok for r in rows) == window.tally.ok
        assert sum(r.duration_s for r in rows) == pytest.approx(window.duration_s)
        planned = sum(r.planned_rps * r.duration_s for r in rows)
        assert planned == pytest.approx(window.planned_rps * window.duration_s)
        sent = sum(r.achieved_rps * r.duration_s for r in rows)
        assert sent == pytest.approx(window.achieved_rps * window.duration_s)


def test_both_parts_of_a_second_in_the_store_take_late_rows() -> None:
    aggregate, _ = steered()
    for second in range(10, 200):
        aggregate.advance(second * NS_PER_S)
        aggregate.passed()
        list(aggregate.closed_histograms())
    assert aggregate.window(60) == ()
    aggregate.add_rows(0, row(1_100 * NS_PER_MS) + row(1_800 * NS_PER_MS, segment=1))
    told = {(i.t_s, i.segment): i.window.tally.ok for i in aggregate.changed()}
    assert told == {(1, 0): 1, (1, 1): 1}


def test_a_hold_plans_nothing_while_it_lasts() -> None:
    aggregate, plan = aggregate_of((Phase("steady", constant_rate(10.0, 10 * NS_PER_S)),))
    whole = plan.segments[0]
    aggregate.add_segment(replace(whole, shape=constant_rate(10.0, 4 * NS_PER_S)))
    aggregate.advance(8 * NS_PER_S)
    assert aggregate.totals()[0].duration_s == 4.0
    rest = constant_rate(10.0, 6 * NS_PER_S)
    aggregate.add_segment(replace(whole, index=1, start_ns=8 * NS_PER_S, shape=rest))
    aggregate.advance(20 * NS_PER_S)
    assert aggregate.totals()[0].duration_s == 10.0


def test_a_drain_ends_the_time_on() -> None:
    aggregate, _ = aggregate_of((Phase("steady", constant_rate(10.0, 10 * NS_PER_S)),))
    aggregate.advance(3 * NS_PER_S)
    aggregate.cut(3 * NS_PER_S)
    aggregate.advance(9 * NS_PER_S)
    assert aggregate.totals()[0].duration_s == 3.0


def test_a_second_that_began_after_the_end_is_forgotten_once_the_end_is_known() -> None:
    aggregate, _ = aggregate_of((Phase("steady", constant_rate(10.0, 10 * NS_PER_S)),))
    aggregate.add_rows(0, row(NS_PER_S + 5))
    aggregate.advance(round(3.2 * NS_PER_S))
    aggregate.cut(round(2.9 * NS_PER_S))
    aggregate.advance(9 * NS_PER_S)
    assert sorted({interval.t_s for interval in aggregate.intervals()}) == [0, 1, 2]
    assert aggregate.totals()[0].planned_rps == pytest.approx(10.0)
    assert aggregate.totals()[0].duration_s == pytest.approx(2.9)


def test_a_phase_that_the_profile_does_not_know_comes_with_its_description() -> None:
    aggregate, _ = aggregate_of((Phase("steady", constant_rate(10.0, NS_PER_S)),))
    step = Segment(7, 0, 3, (1,), NS_PER_S, constant_rate(99.0, NS_PER_S))
    aggregate.add_segment(step, Phase("settle 99/s", constant_rate(0.0, NS_PER_S), measured=False))
    aggregate.add_rows(0, row(NS_PER_S + 5, variant=1, segment=7))
    aggregate.advance(2 * NS_PER_S)
    assert aggregate.totals()[1].tally.finished == 0
    (interval,) = [interval for interval in aggregate.intervals() if interval.segment == 7]
    assert (interval.phase, interval.window.variant) == ("settle 99/s", LARGE)
    assert (interval.window.tally.ok, interval.window.planned_rps) == (1, 99.0)
    assert aggregate.phase_of[7] == 3


@given(SEEDS)
def test_a_segments_figures_are_those_of_its_seconds(seed: int) -> None:
    profile = profile_of((SMALL,), (Phase("steady", constant_rate(10.0, NS_PER_S)),))
    plan = together(profile)
    aggregate = PromptAggregate(profile, plan)
    random_load(Random(seed), plan).to(aggregate)
    aggregate.advance(2 * NS_PER_S)
    (window,) = aggregate.window(60)
    assert aggregate.segment_tally(0) == window.tally
    assert holds(aggregate.segment_tally(0))
    for q in QUANTILES:
        assert aggregate.segment_quantile(0, Measure.RESPONSE, q) == window.measure(
            Measure.RESPONSE
        ).at(q)


def test_a_segment_is_told_apart_from_those_beside_it() -> None:
    aggregate, _ = aggregate_of()
    aggregate.add_counts(0, counts({(1, 0, 0): (3, 0), (1, 0, 1): (2, 1), (2, 1, 1): (1, 0)}))
    aggregate.add_rows(0, row(NS_PER_S + 7, response_ns=9 * NS_PER_MS))
    aggregate.add_rows(0, row(2 * NS_PER_S - 7, segment=1, response_ns=5 * NS_PER_MS))
    tally = aggregate.segment_tally(1)
    assert (tally.offered, tally.dropped, tally.ok, tally.in_flight) == (3, 1, 1, 1)
    found = aggregate.segment_quantile(1, Measure.RESPONSE, 0.75)
    assert found == Quantile(0.75, 5 * NS_PER_MS, known=False)
    assert aggregate.segment_quantile(2, Measure.RESPONSE, 0.75) is None
    assert aggregate.segment_tally(2) == Tally()


def test_values_of_a_step_are_kept_until_its_last_answer_can_come() -> None:
    step_s, limit_s = 100, 70
    spec = CapacitySpec(1, 2, limit_s * NS_PER_S, step_ns=step_s * NS_PER_S, hold_ns=NS_PER_S)
    profile = replace(profile_of(), capacity=spec, phases=())
    aggregate = PromptAggregate(profile, Plan(()))
    aggregate.add_segment(Segment(0, 0, 0, (0,), 0, constant_rate(1.0, step_s * NS_PER_S)))
    aggregate.add_counts(0, counts({(0, 0, 0): (1, 0)}))
    aggregate.add_rows(0, row(5))
    for second in range(step_s + limit_s + 31):
        aggregate.advance(second * NS_PER_S)
        list(aggregate.closed_histograms())
        aggregate.passed()
    assert aggregate.segment_quantile(0, Measure.RESPONSE, 0.9) is not None


def test_what_a_lost_worker_had_under_way_stays_in_flight() -> None:
    aggregate, _ = aggregate_of()
    aggregate.add_counts(0, counts({(2, 0, 1): (3, 0)}))
    aggregate.add_rows(0, row(2 * NS_PER_S, segment=1))
    aggregate.worker_lost(0)
    aggregate.advance(60 * NS_PER_S)
    assert aggregate.lost_workers == {0}
    assert aggregate.totals()[0].tally.in_flight == 2
    assert any(line.tag.endswith("/response") for line in aggregate.closed_histograms(final=True))


def test_a_door_without_a_log_has_the_price_of_its_size_elsewhere() -> None:
    profile = profile_of((LARGE, DOOR), (Phase("steady", constant_rate(1.0, NS_PER_S)),))
    aggregate = PromptAggregate(profile, together(profile))
    aggregate.add_rows(0, row(0, billed_ms=100) + row(1, variant=1))
    own, door = aggregate.totals()
    assert own.billed_ms_mean == 100.0
    assert door.billed_ms_mean is None
    assert own.usd_per_million is not None
    assert door.usd_per_million is not None
    assert door.usd_per_million > own.usd_per_million


def test_a_plain_url_has_no_price() -> None:
    profile = profile_of(
        (Variant(EndpointKind.HTTP),), (Phase("steady", constant_rate(1.0, NS_PER_S)),)
    )
    aggregate = PromptAggregate(profile, together(profile))
    aggregate.add_rows(0, row(0))
    assert aggregate.totals()[0].usd_per_million is None
    assert aggregate.spend_usd() == 0.0


def test_the_spend_counts_the_warm_up_too() -> None:
    aggregate, _ = aggregate_of()
    aggregate.add_rows(0, row(0, billed_ms=1000))
    once = aggregate.spend_usd()
    aggregate.add_rows(0, row(2 * NS_PER_S, segment=1, billed_ms=1000))
    assert once > 0
    assert aggregate.spend_usd() == pytest.approx(2 * once)


def test_overhead_is_attempt_time_less_what_the_function_took() -> None:
    aggregate, _ = aggregate_of()
    aggregate.add_rows(
        0,
        row(
            2 * NS_PER_S,
            segment=1,
            response_ns=500 * NS_PER_MS,
            lag_ns=0,
            duration_ns=80 * NS_PER_MS,
            init_ns=400 * NS_PER_MS,
            memory_mb=95,
        )
        + row(
            2 * NS_PER_S,
            segment=1,
            response_ns=100 * NS_PER_MS,
            lag_ns=0,
            duration_ns=80 * NS_PER_MS,
            memory_mb=90,
        ),
    )
    window = aggregate.totals()[0]
    assert window.measure(Measure.OVERHEAD).count == 1, "a door is judged by warm answers"
    assert window.measure(Measure.OVERHEAD).max_ns == 20 * NS_PER_MS
    assert window.measure(Measure.MEMORY).max_ns == 95 * NS_PER_MS
    assert (window.tally.cold_starts, window.cold.count, window.warm.count) == (1, 1, 1)


def test_empty_shipments_are_nothing() -> None:
    aggregate, _ = aggregate_of()
    aggregate.add_rows(0, b"")
    aggregate.add_counts(0, b"")
    assert {window.tally for window in aggregate.totals()} == {Tally()}


def test_a_regular_schedule_fails_the_test_of_gaps_and_a_poisson_one_passes() -> None:
    phases = (Phase("steady", constant_rate(30.0, 20 * NS_PER_S)),)
    gaps = np.random.default_rng(7).exponential(1 / 30, 580)
    for instants, good in ((np.cumsum(gaps), True), (np.arange(580) / 30, False)):
        aggregate, _ = aggregate_of(phases)
        for t_ns in (instants * NS_PER_S).astype(int).tolist():
            aggregate.add_rows(0, row(t_ns))
        aggregate.advance(30 * NS_PER_S)
        fit = aggregate.gap_fits()[SMALL.name]
        assert (fit.p > 0.001) is good
        assert fit.mean_gap_ns == pytest.approx(NS_PER_S / 30)


def test_a_window_has_all_values_however_often_it_was_asked_for() -> None:
    profile = profile_of(phases=[Phase("steady", constant_rate(10.0, 60 * NS_PER_S))])
    plan, random = together(profile), Random(3)
    often, once = PromptAggregate(profile, plan), PromptAggregate(profile, plan)
    for second in range(45):
        for at_s in (second, second, max(0, second - random.randrange(30))):  # one of them late
            at_ns = at_s * NS_PER_S + random.randrange(NS_PER_S)
            shipped = row(at_ns, variant=random.randrange(2), response_ns=random.randrange(10**9))
            for own in (often, once):
                own.add_rows(0, shipped)
        often.advance(second * NS_PER_S)
        for seconds in (10, 35, 60):
            often.window(seconds)
    once.advance(44 * NS_PER_S)
    for seconds in (10, 35, 60):
        assert often.window(seconds) == once.window(seconds)
