"""What a chart can look back at: figures as they were told, thinned by their highest."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace

import pytest

from bench.model.endpoint import EndpointKind as Kind
from bench.model.profile import Variant
from bench.model.result import Distribution, Interval, Measure, Quantile, Tally, Window
from bench.tui.interval_history import FINE_S, GROUP_S, MOST_GROUPS, IntervalHistory
from bench.tui.metrics import BY_NAME, LADDER, MEAN
from tests.tui.fakes import VARIANTS, FakeRun, vitals_at

P50 = BY_NAME["response p50"]
SENT = BY_NAME["sent"]
NAME = "invoke-128MB"


def interval(
    t_s: int,
    *,
    sent: float = 1.0,
    p50_ms: float = 0.0,
    known: bool = True,
    phase: str = "steady",
    segment: int = 0,
    duration_s: float = 1.0,
    samples: int = 30,
    dropped: int = 0,
) -> Interval:
    ns = round(p50_ms * 1e6)
    response = Distribution(samples, ns, ns, ns, quantiles=(Quantile(0.5, ns, known),))
    variant = Variant(Kind.INVOKE, 128)
    tally = Tally(offered=dropped, dropped=dropped)
    window = Window(variant, duration_s, tally, 1.0, sent, sent, {Measure.RESPONSE: response})
    return Interval(t_s, phase, True, window, ((5, t_s + 1),), segment)


def test_points_are_what_the_intervals_say() -> None:
    run = FakeRun(10)
    history = IntervalHistory()
    history.extend(run.aggregate.intervals())
    for variant in VARIANTS:
        told = {
            i.t_s: found.value_ns / 1e6
            for i in run.aggregate.intervals()
            if i.window.variant == variant
            and (found := i.window.measure(Measure.RESPONSE).at(0.5)) is not None
            and found.known
        }
        assert dict(history.points(variant.name, P50, 0, 10)) == pytest.approx(told)


def test_a_later_word_on_a_second_takes_the_place_of_the_first() -> None:
    history = IntervalHistory()
    history.extend([interval(3, sent=4), interval(2, sent=1)])
    history.extend([interval(3, sent=9)])
    assert history.points(NAME, SENT, 0, 10) == ((2, 1), (3, 9))


def test_a_quantile_that_is_not_known_is_a_gap() -> None:
    history = IntervalHistory()
    history.extend([interval(1, p50_ms=5), interval(2, p50_ms=6, known=False)])
    assert history.points(NAME, P50, 0, 10) == ((1, 5), (2, None))


def test_the_line_breaks_where_the_variant_was_not_on() -> None:
    history = IntervalHistory()
    history.extend([interval(1), interval(2), interval(7)])
    assert history.points(NAME, SENT, 0, 10) == ((1, 1), (2, 1), (3, None), (7, 1))


def test_many_seconds_share_a_point_the_highest_of_them() -> None:
    history = IntervalHistory()
    history.extend([interval(second, sent=second % 10) for second in range(100)])
    points = history.points(NAME, SENT, 0, 100, most=10)
    assert len(points) == 10
    assert {value for _, value in points} == {9}


def test_a_second_of_two_phases_keeps_both() -> None:
    history = IntervalHistory()
    history.extend([interval(1, sent=1, phase="warm-up"), interval(1, sent=2)])
    assert history.points(NAME, SENT, 0, 10) == ((1, 2), (1, 1))


def parts(sent: float = 90) -> list[Interval]:
    """A second in which the rate becomes three times what it was at 0.8, and the one after it."""
    return [
        interval(1, segment=0, duration_s=0.8, sent=30, p50_ms=10, samples=24, dropped=1),
        interval(1, segment=1, duration_s=0.2, sent=sent, p50_ms=20, samples=8, dropped=2),
        interval(2, segment=1, sent=90),
    ]


def test_a_second_in_which_the_load_changes_is_one_point() -> None:
    history = IntervalHistory()
    history.extend(parts())
    assert dict(history.points(NAME, SENT, 0, 10)) == pytest.approx({1: 42, 2: 90})
    assert history.points(NAME, BY_NAME["dropped"], 0, 10) == ((1, 3), (2, 0))
    assert dict(history.points(NAME, MEAN, 0, 2)) == pytest.approx({1: 12.5})
    assert history.points(NAME, P50, 0, 2) == ((1, 20),), "no average of quantiles"
    assert list(history.spreads(NAME, 0, 2)) == [(1.0, 1, {5: 4})]


def test_each_part_of_a_second_can_be_told_anew() -> None:
    history = IntervalHistory()
    history.extend(parts())
    history.extend([parts(sent=130)[1]])
    history.extend([parts()[0]])
    assert dict(history.points(NAME, SENT, 0, 10)) == pytest.approx({1: 50, 2: 90})


def test_a_part_of_a_moment_does_not_stand_out_as_the_highest_of_a_group() -> None:
    history = IntervalHistory()
    history.extend([interval(1, segment=0, duration_s=0.999, sent=10)])
    history.extend([interval(1, segment=1, duration_s=0.001, sent=1000)])
    assert dict(history.points(NAME, SENT, 0, 100, most=5)) == pytest.approx({1: 10.99})
    history.extend(interval(second, segment=1) for second in range(2, FINE_S + 200))
    assert dict(history.points(NAME, SENT, 0, GROUP_S)) == pytest.approx({0: 10.99})


def test_what_is_old_is_kept_in_groups_the_highest_of_each() -> None:
    history = IntervalHistory()
    for second in range(FINE_S + 200):
        history.extend([interval(second, sent=second)])
    points = history.points(NAME, SENT, 0, 9999, most=9999)
    assert points[0] == (0, GROUP_S - 1)
    assert points[1] == (GROUP_S, 2 * GROUP_S - 1)
    assert points[-2:] == ((FINE_S + 198, FINE_S + 198), (FINE_S + 199, FINE_S + 199))
    assert None not in [value for _, value in points]


def test_a_day_takes_no_more_room_than_some_hours() -> None:
    history = IntervalHistory()
    day_s = 86_400
    for second in range(0, day_s, GROUP_S):
        history.extend([interval(second + offset) for offset in (0, 5)])
    points = history.points(NAME, SENT, 0, day_s, most=day_s)
    assert points[0][0] == 0
    assert points[-1][0] == day_s - 5
    kept = [value for _, value in points if value is not None]
    assert len(kept) <= FINE_S + GROUP_S * 16 + MOST_GROUPS


@pytest.mark.long
def test_half_an_hour_of_twelve_variants_stays_within_a_few_megabytes() -> None:
    """Each second has its own figures and sixteen bins, as at 100 calls/s; vitals come beside."""
    variants = [Variant(Kind.INVOKE, 128 * size) for size in range(1, 13)]
    window = interval(0, p50_ms=5).window
    windows = [replace(window, variant=variant) for variant in variants]
    history = IntervalHistory()
    tracemalloc.start()
    try:
        for second in range(1800):
            spread = tuple((40 + n, 1 + (second + n) % 60) for n in range(16))
            own = [Interval(second, "steady", True, w, spread, 0) for w in windows]
            in_flight = tuple(300 + second + n for n in range(12))
            history.extend(own, [replace(vitals_at(second), in_flight_by_variant=in_flight)])
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(history.variants) == 12
    assert kept < 7e6


def test_a_late_word_on_a_grouped_second_changes_nothing() -> None:
    history = IntervalHistory()
    for second in range(FINE_S + 200):
        history.extend([interval(second)])
    before = history.points(NAME, SENT, 0, 9999)
    history.extend([interval(3, sent=99)])
    assert history.points(NAME, SENT, 0, 9999) == before


def test_spreads_read_back() -> None:
    history = IntervalHistory()
    history.extend([interval(4)])
    assert list(history.spreads(NAME, 0, 10)) == [(4.0, 1, {5: 5})]


def test_phases_are_told_where_they_begin() -> None:
    history = IntervalHistory()
    history.extend([interval(second, phase="a" if second < 3 else "b") for second in range(6)])
    assert history.phase_changes(0, 10) == [(0, "a"), (3, "b")]


def test_the_chart_begins_with_what_most_seconds_know() -> None:
    few, many = IntervalHistory(), IntervalHistory()
    few.extend([interval(second, p50_ms=5, known=False) for second in range(9)])
    many.extend([interval(second, p50_ms=5) for second in range(9)])
    assert few.default_metric() is MEAN
    assert many.default_metric() is LADDER[-1]
