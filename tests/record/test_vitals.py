"""The run as a whole, second by second."""

from __future__ import annotations

from pathlib import Path

from bench.model.live import WorkerHealth
from bench.model.outcome import Verdict
from bench.model.profile import Phase
from bench.model.result import Vitals
from bench.model.times import NS_PER_S
from bench.profile import resolved_toml
from bench.record.aggregate import SHIPPED_NS, Aggregate
from bench.record.folder import RunFolder
from bench.record.recorded_run import VITALS
from bench.record.vitals import VitalSigns
from bench.record.vitals_csv import read_vitals
from bench.shapes.ramp import constant_rate
from tests.record.build import counts, profile_of, row, together

PHASES = (Phase("steady", constant_rate(4.0, 10 * NS_PER_S)),)
DEAD = ("192.0.2.1:443: no answer within 5000 ms", "[2001:db8::1]:443: No route to host")
HEALTH = (
    WorkerHealth(0, True, 0.3, 50.0, 4, 6, 5, 1, (1,), DEAD, tokens=(480, None)),
    WorkerHealth(1, True, 0.7, 40.0, 2, 2, 3, 0, (0, 1), core_wait=0.05, tokens=(12.5, None)),
    WorkerHealth(2, False, 0.9, 99.0, 9, 3, 0, 0, (1,), tokens=(500, None)),
)


def taken() -> tuple[Vitals, ...]:
    profile = profile_of(phases=PHASES)
    aggregate = Aggregate(profile, together(profile))
    signs = VitalSigns(aggregate)
    aggregate.add_counts(0, counts({(0, 0, 0): (4, 0), (0, 1, 0): (5, 1)}))
    aggregate.add_rows(0, row(0))
    aggregate.advance(NS_PER_S)
    assert signs.tick(NS_PER_S, HEALTH) == ()  # its rates are still under way
    aggregate.add_counts(0, counts({(0, 0, 0): (1, 0)}))
    aggregate.advance(NS_PER_S + SHIPPED_NS)
    return signs.tick(NS_PER_S + SHIPPED_NS, HEALTH)


def test_what_is_under_way_counts_at_the_end_of_the_second_rates_when_all_is_told() -> None:
    [vitals] = taken()
    assert vitals.t_s == 0
    assert vitals.in_flight_by_variant == (3, 4)
    assert vitals.in_flight == 7
    assert vitals.planned_rps == 8.0
    assert vitals.achieved_rps == 9.0


def test_workers_are_summed_up_and_the_busiest_counts_for_cpu() -> None:
    [vitals] = taken()
    assert (vitals.workers, vitals.cpu, vitals.rss_mb) == (2, 0.7, 90.0)
    assert (vitals.connections, vitals.connections_opened, vitals.connection_waits) == (6, 11, 1)
    assert vitals.unreachable == DEAD
    assert vitals.core_wait == 0.05


def test_tokens_and_open_breakers_are_told_by_variant_over_the_live_workers() -> None:
    [vitals] = taken()
    assert vitals.tokens_by_variant == (492.5, None)
    assert vitals.open_breakers_by_variant == (1, 2)


def test_a_second_is_told_once() -> None:
    profile = profile_of(phases=PHASES)
    aggregate = Aggregate(profile, together(profile))
    signs = VitalSigns(aggregate)
    told = []
    for quarter in range(13):
        aggregate.advance(quarter * NS_PER_S // 4)
        told += [vitals.t_s for vitals in signs.tick(quarter * NS_PER_S // 4, HEALTH)]
    assert told == [0, 1]


def test_they_read_back_from_the_run_folder(tmp_path: Path) -> None:
    profile = profile_of(phases=PHASES)
    vitals = taken()
    folder = RunFolder.create(tmp_path, profile, resolved_toml(profile), {})
    folder.append_vitals(vitals)
    windows = Aggregate(profile, together(profile)).totals()
    run = folder.finish(windows, (), (), Verdict.VALID, curves={})
    assert read_vitals(run.folder / VITALS) == vitals
    assert read_vitals(tmp_path / "none.csv") == ()
