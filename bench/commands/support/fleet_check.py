"""What `lamload doctor --fleet` says of each machine of a cluster."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator

from bench.format import duration_text
from bench.load.fleets.nodes import NodeFleet
from bench.load.fleets.open import FleetOptions, fleet_opener
from bench.load.host import default_workers
from bench.load.node_trial import TRIAL_RPS, TRIAL_S, Trial
from bench.load.remote_node import RemoteNode

LATE_NS = 20_000_000
"""A p99 of the send lag beyond twenty milliseconds shows in most latencies."""
UNSURE_NS = 10_000_000
"""Beyond ten milliseconds seconds of one node lie visibly beside those of another."""


async def examined(word: str, *, insecure: bool) -> list[tuple[str, str, str]]:
    """(what, finding, remedy or '') of each node. Raises LamloadError where there is no fleet."""
    fleet = fleet_opener(FleetOptions(word, insecure), os.environ)()
    assert isinstance(fleet, NodeFleet)
    try:
        await fleet.hosts()
        trials = await asyncio.gather(*(node.try_out() for node in fleet.nodes))
        return [
            line
            for node, trial in zip(fleet.nodes, trials, strict=True)
            for line in (*_lines(node), _trial_line(node, trial))
        ]
    finally:
        await fleet.close()


def _lines(node: RemoteNode) -> Iterator[tuple[str, str, str]]:
    host, latest = node.host, node.readings[-1]
    cores = f"{host.cores} core{'s' if host.cores > 1 else ''}"
    files = "without limit" if host.descriptors is None else f"{host.descriptors:,}"
    load = node.greeting.load_average
    busy = "other programs disturb a measurement" if load > host.cores / 2 else ""
    workers = default_workers(host)
    carries = f"carries {workers} worker{'s' if workers > 1 else ''}"
    text = f"{cores}, {carries}, descriptors {files}, load {load:.2f}"
    yield node.name, text, busy
    sign = "-" if latest.offset_ns < 0 else "+"
    clock = (
        f"clock {sign}{duration_text(abs(latest.offset_ns))} against this one's, "
        f"± {duration_text(latest.uncertainty_ns)}"
    )
    far = "the way there is long: seconds of nodes will not lie exactly on each other"
    yield node.name, clock, far if latest.uncertainty_ns > UNSURE_NS else ""


def _trial_line(node: RemoteNode, trial: Trial) -> tuple[str, str, str]:
    """A moment of load of each node against itself, all of them at once."""
    health, lost = trial.health, trial.wanted - trial.answered
    cpu = "not told" if health.cpu is None else f"{health.cpu:.0%}"
    text = (
        f"tried with {TRIAL_RPS}/s against itself for {TRIAL_S} s: rate {health.sent_rps:.0f}/s, "
        f"lag p99 {_lag(health.send_lag_p99_ns)}, read lag p99 {_lag(health.read_lag_p99_ns)}, "
        f"CPU {cpu}, losses {lost} of {trial.wanted}"
    )
    late = (health.send_lag_p99_ns or 0) > LATE_NS
    mend = "it does not hold the instants of a schedule: leave it to lamload alone, or out"
    return node.name, text, mend if late or lost else ""


def _lag(lag_ns: int | None) -> str:
    return "not known" if lag_ns is None else duration_text(lag_ns)
