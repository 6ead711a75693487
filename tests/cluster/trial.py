"""One fault at a random moment of one load, and what is wrong afterwards."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from time import monotonic_ns, sleep

from bench.load.silence import is_stopped
from tests.cluster.checks import (
    NS_PER_S,
    broken_files,
    events,
    offered,
    planned,
    unbalanced,
    unmatched,
)
from tests.cluster.faults import LEASE_S, VICTIM, Fault
from tests.cluster.machines import LOOK_S, OURS, PATIENCE_S, Cluster, NotInTime, until
from tests.cluster.stalls import stalls
from tests.cluster.target import Served, read_log

RATE = 90
EARLY_S = 4.0
"""About what it takes to prepare a run."""
NAMED_S = 5.0
BUSY_S = 2.5
"""Of the five seconds in which a node is to be named, without a core for who is to name it."""
LATE_S = 3.0
"""After its way is whole again, a node that was given up on sends no more than for so long."""
WAITING_S = 3.0
"""What a node that was cut off still has under way: as long as its calls wait."""
REST_S = 4.0
"""After the coordinator's end, for processes to end that it could reach."""


@dataclass(slots=True)
class Trial:
    """What was seen. Instants in ns of this system's CLOCK_MONOTONIC."""

    name: str
    path: str
    """Of its requests."""
    begun_ns: int = 0
    struck_ns: int = 0
    healed_ns: int = 0
    ended_ns: int = 0
    code: int = 0
    folder: Path | None = None
    log: list[Served] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    """Machines on which a process of ours outlived what it may."""
    false: list[str] = field(default_factory=list)
    """What must not be, however long anything took."""
    late: list[str] = field(default_factory=list)
    """What came later than it may."""
    stalled_s: float = 0.0
    """For how long the coordinator waited for a core in the seconds after it was struck."""

    @property
    def is_too_busy(self) -> bool:
        """Whether the coordinator had so little time that what came late says nothing."""
        return self.stalled_s > BUSY_S

    @property
    def wrong(self) -> list[str]:
        """All that speaks against the product."""
        return self.false + ([] if self.is_too_busy else self.late)

    def line(self) -> str:
        """One line of the table."""
        moment = (self.struck_ns - self.begun_ns) / NS_PER_S
        after = (self.ended_ns - self.struck_ns) / NS_PER_S
        last = (self.log[-1].at_ns - self.struck_ns) / NS_PER_S if self.log else 0.0
        said = "; ".join(self.wrong) or "as it should be"
        if self.late and self.is_too_busy:
            said += f" (and, since this system was too busy, {'; '.join(self.late)})"
        return (
            f"{self.name:28} at {moment:6.2f} s  exit {self.code:4d} {after:6.1f} s after it, "
            f"last request {last:6.1f} s after it, no core for {self.stalled_s:3.1f} s: {said}"
        )


def try_fault(cluster: Cluster, name: str, fault: Fault, seed: int) -> Trial:
    """Run a load, strike at a moment by the seed, wait for the end, and look at everything."""
    out, since = cluster.folder / f"{name}-{seed}", cluster.log.stat().st_size
    trial = Trial(f"{name} {seed}", f"/{name}-{seed}")
    coordinator = cluster.run(
        out,
        *(
            cluster.url + trial.path[1:],
            "--fleet",
            cluster.scheduler.replace("tcp:", "dask:"),
            "--insecure-fleet",
        ),
        *("--rate", f"{RATE}/s", "--for", f"{fault.load_s:g}s", "--warm-up", "0s"),
        *("--timeout", "3s", "--set", "load.arrivals=even", "--set", "record.attempts=true"),
        *fault.options,
        name=f"{name}-{seed}",
    )
    with stalls(coordinator.pid) as seen:
        _strike(cluster, trial, fault, seed, lambda: coordinator.poll() is not None)
        _wait(coordinator, trial, fault)
    trial.stalled_s = seen.waited_s(trial.struck_ns)
    _wait_for_nodes(cluster, trial, fault)
    trial.log = read_log(cluster.log, trial.path, since)
    trial.folder = next(out.iterdir(), None) if out.exists() else None
    trial.late += _late_load(cluster, trial, fault)
    trial.false += _false(cluster, trial, fault)
    return trial


def _strike(
    cluster: Cluster, trial: Trial, fault: Fault, seed: int, is_over: Callable[[], bool]
) -> None:
    """At the moment by the seed, and heal. Raises NotInTime for a run that does not begin."""
    since = cluster.log.stat().st_size

    def begun() -> int:
        served = read_log(cluster.log, trial.path, since)
        if is_over() and not served:
            raise NotInTime("the run has ended before its first request")
        return served[0].at_ns if served else 0

    trial.begun_ns = monotonic_ns() if fault.is_early else until(begun, "the first request")
    latest_s = EARLY_S if fault.is_early else min(8.0, fault.load_s - 1)
    sleep(Random(f"{trial.name}/{seed}").uniform(0.2, latest_s))  # the moment
    fault.strike(cluster)
    trial.struck_ns = monotonic_ns()
    if fault.heal is not None:
        sleep(fault.heal_after_s)
        fault.heal(cluster)
        trial.healed_ns = monotonic_ns()


def _wait(coordinator: subprocess.Popen[bytes], trial: Trial, fault: Fault) -> None:
    limit_s = 60.0 if fault.stops_load else fault.load_s + 60.0
    try:
        trial.code = coordinator.wait(limit_s)
    except subprocess.TimeoutExpired:
        trial.false.append("the coordinator does not end")
        coordinator.kill()
        trial.code = coordinator.wait(PATIENCE_S)
    trial.ended_ns = monotonic_ns()


def _wait_for_nodes(cluster: Cluster, trial: Trial, fault: Fault) -> None:
    """Until no process of a node is left, or has been there for too long."""
    for name in cluster.nodes:
        is_told = trial.code >= 0 and name not in fault.loses + fault.deaf
        since_ns = max(trial.ended_ns, trial.healed_ns) if is_told else trial.struck_ns
        limit_ns = since_ns + round((REST_S if is_told else LEASE_S + 8) * NS_PER_S)
        while pids := cluster.pids(name, OURS):
            if all(map(is_stopped, cluster.pids(name))):
                cluster.signal(name, signal.SIGKILL)  # whoever did it is not there to undo it
            if monotonic_ns() > limit_ns:
                trial.left.append(name)
                trial.late.append(f"{len(pids)} processes are left on {name}")
                break
            sleep(2 * LOOK_S)


def _false(cluster: Cluster, trial: Trial, fault: Fault) -> Iterator[str]:
    if trial.code not in fault.codes:
        yield f"exit code {trial.code}"
    if not (trial.log or fault.is_early):
        yield "no request came"
    after_ns = trial.struck_ns + round(LEASE_S * NS_PER_S)
    if fault.stops_load and (after := [one for one in trial.log if one.at_ns > after_ns]):
        yield f"{len(after)} requests later than {LEASE_S:g} s after it"
    if trial.folder is None:
        if not fault.is_early:
            yield "there is no folder of the run"
        return
    yield from broken_files(trial.folder)
    if fault.is_early:
        return
    yield from _false_names(cluster, trial, fault, trial.folder)
    yield from unbalanced(trial.folder)
    if trial.code < 0:
        return
    if fault.is_exact and offered(trial.folder) != planned(trial.folder):
        yield f"offered {offered(trial.folder)}, planned {planned(trial.folder)}"
    lost = {cluster.net.address(name) for name in lost_nodes(trial.folder, cluster)}
    if "engine-" in trial.name:
        lost.add(cluster.net.address(VICTIM))
    yield from unmatched(trial.folder, trial.log, lost)


def lost_nodes(folder: Path, cluster: Cluster) -> dict[str, float]:
    """By machine, when it was said to be lost, in seconds of the run."""
    found: dict[str, float] = {}
    for event in events(folder):
        if event["kind"] == "node-lost":
            for name in cluster.nodes:
                if f"/{cluster.net.address(name)}:" in event["fields"]["node"]:
                    found.setdefault(name, event["t_ns"] / NS_PER_S)
    return found


def _false_names(cluster: Cluster, trial: Trial, fault: Fault, folder: Path) -> Iterator[str]:
    lost = lost_nodes(folder, cluster)
    struck_s = (trial.struck_ns - trial.begun_ns) / NS_PER_S
    for name in fault.loses:
        if name not in lost:
            yield f"{name} was not named"
        elif lost[name] - struck_s > NAMED_S:
            trial.late.append(f"{name} was named {lost[name] - struck_s:.2f} s after it")
    if fault.is_exact:
        for name in lost.keys() - set(fault.loses):
            yield f"{name} was named, which was not struck"


def _late_load(cluster: Cluster, trial: Trial, fault: Fault) -> Iterator[str]:
    """What the target saw too late."""
    for name in () if trial.healed_ns else fault.loses:
        end_ns = trial.struck_ns + round(fault.silenced_s * NS_PER_S)
        late = [one for one in trial.log if one.caller == cluster.net.address(name)]
        late = [one for one in late if one.at_ns > end_ns]
        if late:
            yield f"{name} sent {len(late)} requests later than {fault.silenced_s:g} s after it"
    if trial.healed_ns and len(fault.loses) == 1:
        yield from _late_return(cluster, trial, fault.loses[0])


def _late_return(cluster: Cluster, trial: Trial, name: str) -> Iterator[str]:
    """What a node that was given up on sent after its way was whole again."""
    since_ns, share = trial.healed_ns, RATE / len(cluster.nodes)
    own = [one.at_ns - since_ns for one in trial.log if one.caller == cluster.net.address(name)]
    late_ns = [at_ns for at_ns in own if at_ns > 0]
    if late_ns and max(late_ns) > LATE_S * NS_PER_S:
        yield f"{name} went on for {max(late_ns) / NS_PER_S:.1f} s after it was back"
    most_s = LATE_S + (WAITING_S if "cut" in trial.name else 0.0)
    if len(late_ns) > most_s * share + 10:
        yield f"{name} sent {len(late_ns)} requests after it was back"
