"""Two workers against one: what the second one adds.

Wall-clock rates can only tell where each worker and each target has a core of its own: four in all.
On fewer the cores are the limit and not the workers, and what is told instead is how much CPU an
invocation costs with two workers at once against one: the workers share nothing but the schedule,
so that cores which both have to themselves would carry twice the rate divided by that.

What all workers do share is the coordinator, which turns their rows into histograms: its own CPU
per invocation says at which rate it would be the limit.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median
from time import process_time
from typing import Any

from bench.model.endpoint import EndpointKind
from bench.model.profile import LoadSpec, Phase, Profile, Target, TargetKind, Variant
from bench.model.times import NS_PER_S
from bench.plan import make_plan
from bench.record.aggregate import Aggregate
from bench.shapes.callers import Callers
from tests.benchmarks.nginx import nginx
from tests.benchmarks.ours import WorkerRun, closed, run_workers

CALLERS = 64
"""In both cases, divided among the workers."""
ROUNDS = 5
WORKERS = 2
SHIPMENTS_PER_S = 4
"""How often a worker ships its rows."""


@dataclass(frozen=True, slots=True)
class Together:
    """What some workers did at once."""

    per_s: float
    cpu_us: float
    """CPU per invocation, the start of the processes left out."""
    coordinator_us: float
    """What the coordinator would spend on each invocation's row."""


def scaling(url: str, seconds: float, core: int, say: Callable[[str], None]) -> None:
    """One worker and two in turn, several times over. url is served by another core than core."""
    say(f"\nTwo workers against one, closed loop, {CALLERS} connections, {ROUNDS} × {seconds:g} s")
    spare = sorted(os.sched_getaffinity(0))
    apart = len(spare) >= 2 * WORKERS
    with _targets(spare[WORKERS : 2 * WORKERS] if apart else [], url) as urls:
        cores = spare[:WORKERS] if apart else [core] * WORKERS
        pairs = [
            (_together(urls[:1], cores[:1], seconds), _together(urls, cores, seconds))
            for _ in range(ROUNDS)
        ]
    for name, runs in zip(("one worker", "two workers"), zip(*pairs, strict=True), strict=True):
        per_s, cpu_us = median(run.per_s for run in runs), median(run.cpu_us for run in runs)
        say(f"  {name:<22}{per_s:>12,.0f}/s{cpu_us:>10.1f} µs of CPU, their start left out")
    by_cpu = median(WORKERS * one.cpu_us / two.cpu_us for one, two in pairs)
    say(f"  by CPU: {by_cpu:.2f} × (twice the invocations per CPU second of two against one)")
    if apart:
        by_rate = median(two.per_s / one.per_s for one, two in pairs)
        say(f"  by rate: {by_rate:.2f} × (each worker and each of two nginx has a core to itself)")
    else:
        say(f"  by rate: not measured: that takes {2 * WORKERS} cores, and here are {len(spare)}")
    row_us = median(two.coordinator_us for _, two in pairs)
    say(f"  the coordinator spends {row_us:.1f} µs on a row: it bears {1e6 / row_us:,.0f}/s")


@contextmanager
def _targets(cores: Sequence[int], otherwise: str) -> Iterator[list[str]]:
    """An nginx on each of two cores, or the one that there is for both workers."""
    if not cores:
        yield [otherwise] * WORKERS
        return
    with nginx(cores[0]) as first, nginx(cores[1]) as second:
        yield [first.url, second.url]


def _together(urls: list[str], cores: list[int], seconds: float) -> Together:
    runs = run_workers(urls, closed(CALLERS, seconds), cores)
    done = max(1, sum(run.invocations for run in runs))
    return Together(
        per_s=done / seconds,
        cpu_us=sum(run.load_s for run in runs) / done * 1e6,
        coordinator_us=_aggregated_s(runs, seconds) / done * 1e6,
    )


def _aggregated_s(runs: Sequence[WorkerRun], seconds: float) -> float:
    """CPU seconds for all rows of a run, taken in as a coordinator takes them: by shipments."""
    phase = Phase("steady", Callers(round(seconds * NS_PER_S), CALLERS, CALLERS))
    profile = Profile(
        name="scaling",
        title="",
        question="",
        source="",
        target=Target(TargetKind.HTTP, urls={EndpointKind.HTTP: "http://127.0.0.1/"}),
        variants=(Variant(EndpointKind.HTTP),),
        load=LoadSpec(),
        phases=(phase,),
    )
    aggregate = Aggregate(profile, make_plan(profile))
    shipments = round(seconds * SHIPMENTS_PER_S)
    shipped = [_shares(run.rows, shipments) for run in runs]
    begun = process_time()
    for number, payloads in enumerate(zip(*shipped, strict=True), 1):
        for worker, payload in enumerate(payloads):
            aggregate.add_rows(worker, payload)
        aggregate.advance(number * NS_PER_S // SHIPMENTS_PER_S)
        for _ in aggregate.closed_histograms():
            pass
    return process_time() - begun


def _shares(rows: Any, count: int) -> list[bytes]:
    size = -(-len(rows) // count)
    return [rows[i * size : (i + 1) * size].tobytes() for i in range(count)]
