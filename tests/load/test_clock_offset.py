"""A node's clock against simulated truth: hours apart, drifting, over ways of unequal length."""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from random import Random

import pytest

from bench.load.clock_offset import MOST_READINGS, Exchange, Reading, fit, reading
from bench.model.times import NS_PER_MS, NS_PER_S

HOURS_NS = 7 * 3600 * NS_PER_S
MINUTE_NS = 60 * NS_PER_S


def clock(offset_ns: int, drift_ppm: float) -> Callable[[int], int]:
    """What a node's clock shows at an instant of the coordinator's."""
    return lambda t_ns: t_ns + offset_ns + round(drift_ppm * t_ns / 1e6)


def exchanges(
    node: Callable[[int], int], at_ns: int, ways_ms: list[tuple[float, float]]
) -> list[Exchange]:
    """One after another; each way takes so many milliseconds, the node itself one."""
    made = []
    for there_ms, back_ms in ways_ms:
        heard_ns = at_ns + round(there_ms * NS_PER_MS)
        said_ns = heard_ns + NS_PER_MS
        received_ns = said_ns + round(back_ms * NS_PER_MS)
        made.append(Exchange(at_ns, node(heard_ns), node(said_ns), received_ns))
        at_ns = received_ns
    return made


def test_equal_ways_give_the_offset_itself() -> None:
    found = reading(exchanges(clock(HOURS_NS, 0), MINUTE_NS, [(0.4, 0.4)]))
    assert found.offset_ns == HOURS_NS
    assert found.uncertainty_ns == 400_001


@pytest.mark.parametrize("ways", [(0.0, 3.0), (3.0, 0.0), (0.1, 0.2)])
def test_unequal_ways_are_off_by_half_the_round_trip_at_most(ways: tuple[float, float]) -> None:
    found = reading(exchanges(clock(-HOURS_NS, 0), MINUTE_NS, [ways]))
    assert abs(found.offset_ns + HOURS_NS) <= found.uncertainty_ns
    assert found.uncertainty_ns == pytest.approx(sum(ways) / 2 * NS_PER_MS, abs=2)


def test_of_several_exchanges_the_quickest_is_believed() -> None:
    found = reading(exchanges(clock(HOURS_NS, 0), 0, [(40, 2), (0.2, 0.3), (1, 90)]))
    assert found.uncertainty_ns == 250_001


@pytest.mark.parametrize("drift_ppm", [200.0, -200.0, 0.0, 3.5])
@pytest.mark.parametrize("seed", range(3))
def test_the_truth_is_within_the_bounds_at_every_instant(drift_ppm: float, seed: int) -> None:
    random = Random(seed)
    node = clock(HOURS_NS * random.choice((1, -1)), drift_ppm)
    readings = []
    for second in range(0, 600, 15):
        ways = [(random.expovariate(0.5), random.expovariate(4.0)) for _ in range(4)]
        readings.append(reading(exchanges(node, second * NS_PER_S, ways)))
    found = fit(readings)
    assert found.drift_low_ppm <= drift_ppm <= found.drift_high_ppm
    assert found.drift_ppm == pytest.approx(drift_ppm, abs=2.0)
    for at_ns in range(0, 600 * NS_PER_S, 37 * NS_PER_S):
        assert abs(found.offset_ns(at_ns) - (node(at_ns) - at_ns)) <= found.uncertainty_ns(at_ns)
    assert found.uncertainty_ns(300 * NS_PER_S) < 2 * NS_PER_MS


def test_a_line_is_surer_than_what_it_is_drawn_through_was_late() -> None:
    sure, unsure = 50_000, 40 * NS_PER_MS
    readings = [
        Reading(0, HOURS_NS, sure),
        Reading(MINUTE_NS, HOURS_NS + 30 * NS_PER_MS, unsure),
        Reading(2 * MINUTE_NS, HOURS_NS, sure),
    ]
    found = fit(readings)
    assert found.uncertainty_ns(MINUTE_NS) < 2 * sure


def test_one_reading_knows_no_drift() -> None:
    found = fit([Reading(MINUTE_NS, 5, 3)])
    assert (found.drift_ppm, found.drift_low_ppm, found.drift_high_ppm) == (0.0, -inf, inf)
    assert (found.offset_ns(MINUTE_NS), found.uncertainty_ns(MINUTE_NS)) == (5, 3)


def test_a_long_run_keeps_its_first_and_last_reading_and_the_surer_of_neighbours() -> None:
    readings = [
        Reading(second * NS_PER_S, 0, 9 if second % 2 else 90)
        for second in range(10 * MOST_READINGS)
    ]
    kept = fit(readings).readings
    assert len(kept) <= MOST_READINGS
    assert (kept[0], kept[-1]) == (readings[0], readings[-1])
    assert {one.uncertainty_ns for one in kept[1:-1]} == {9}


def test_no_reading_is_refused() -> None:
    with pytest.raises(ValueError, match="no reading"):
        fit([])
