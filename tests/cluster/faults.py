"""What happens to a cluster under load, and what has to become of the run. One row a fault."""

from __future__ import annotations

import signal
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from tests.cluster.machines import COORDINATOR, SCHEDULER, Cluster

NODES = ("node0", "node1")
VICTIM = "node1"
ADDS_UP = "node0"
"""The first by its address: where there is a tree its machine adds up what both report."""
NODE, ENGINE = "bench.load.node", "bench.load.worker"
WORKER = "dask_worker"
COMMAND = "bench run"
LEASE_S = 30.0
OK, UNUSABLE, INVALID, INTERRUPTED = 0, 3, 4, 130
KILLED = -signal.SIGKILL

Strike = Callable[[Cluster], None]


@dataclass(frozen=True, slots=True)
class Fault:
    """One kind of fault.

    heal is done heal_after_s later; loses: the nodes that must be named within 5 s; deaf: those
    that may not hear that they are to end, and end by their lease; load_s: how long the load is to
    go on by its plan.
    """

    strike: Strike
    heal: Strike | None = None
    heal_after_s: float = 7.0
    loses: tuple[str, ...] = ()
    silenced_s: float = LEASE_S
    """A node that is lost for good sends nothing later than so long after it."""
    deaf: tuple[str, ...] = ()
    codes: tuple[int, ...] = (INVALID,)
    load_s: float = 10.0
    is_exact: bool = True
    """The plan is offered to its end."""
    stops_load: bool = False
    """The load ends long before its plan."""
    nanny: bool = False
    is_early: bool = False
    """It strikes while the run is being prepared."""
    options: tuple[str, ...] = ()


def _signal(machine: str, number: int, words: str = "") -> Strike:
    return lambda cluster: cluster.signal(machine, number, words)


def _first(machine: str, number: int, words: str) -> Strike:
    return lambda cluster: cluster.signal(machine, number, words, most=1)


def _out(machine: str) -> Strike:
    return lambda cluster: cluster.pull_out(machine)


def _in(machine: str) -> Strike:
    return lambda cluster: cluster.plug_in(machine)


def _parted(one: str, other: str) -> Strike:
    return lambda cluster: cluster.part(one, other)


def _joined(one: str, other: str) -> Strike:
    return lambda cluster: cluster.join(one, other)


def _both(first: Strike, then: Strike) -> Strike:
    def strike(cluster: Cluster) -> None:
        first(cluster)
        then(cluster)

    return strike


def _all(strike: Callable[[str], Strike]) -> Strike:
    def strikes(cluster: Cluster) -> None:
        for name in cluster.nodes:
            strike(name)(cluster)

    return strikes


KILL, STOP, CONT, INT, TERM = (
    *(signal.SIGKILL, signal.SIGSTOP, signal.SIGCONT),
    *(signal.SIGINT, signal.SIGTERM),
)
_LONG = 75.0
_STOP_AT_LOSS = ("--set", "load.on_node_loss=stop")
_IN_A_TREE = ("--set", "load.direct_nodes=1")


def _early(strike: Strike, *codes: int) -> Fault:
    return Fault(strike, codes=codes, load_s=5.0, is_exact=False, is_early=True)


def _tree(
    strike: Strike, heal: Strike | None = None, heal_after_s: float = 7.0, **given: Any
) -> Fault:
    """One that strikes the machine that adds up."""
    own: dict[str, Any] = {"loses": (ADDS_UP,), "options": _IN_A_TREE}
    return Fault(strike, heal, heal_after_s, **(own | given))


def _tree_of(name: str) -> tuple[str, ...]:
    return FAULTS[name].options + _IN_A_TREE


_AWAY = (_parted(VICTIM, COORDINATOR), _joined(VICTIM, COORDINATOR))
"""The victim from the coordinator alone: the scheduler reaches both."""
_IN_TREES = (
    *("node-killed", "machine-killed", "node-stopped", "node-cut", "node-parted"),
    *("node-parted-stops", "node-killed-stops", "node-cut-stops", "engine-killed"),
    *("scheduler-killed", "scheduler-stopped", "scheduler-cut"),
    *("coordinator-killed", "coordinator-stopped", "coordinator-stopped-briefly"),
    *("coordinator-cut", "coordinator-cut-briefly", "interrupted", "interrupted-while-cut"),
    *("early-machine-stopped", "early-scheduler-killed"),
)
"""What is tried where the victim reports by way of another machine too."""
_interrupting = partial(Fault, codes=(INTERRUPTED,), load_s=_LONG, is_exact=False, stops_load=True)
"""Faults that end the run early, as an operator does."""
FAULTS = {
    "none": Fault(lambda _: None, codes=(OK,)),
    # a node
    "node-killed": Fault(_signal(VICTIM, KILL, NODE), loses=(VICTIM,)),
    "worker-killed": Fault(_signal(VICTIM, KILL, WORKER), loses=(VICTIM,)),
    "machine-killed": Fault(_signal(VICTIM, KILL), loses=(VICTIM,)),
    "nanny-killed": Fault(_first(VICTIM, KILL, WORKER), loses=(VICTIM,), nanny=True),
    "nannys-worker-killed": Fault(_signal(VICTIM, KILL, "spawn_main"), loses=(VICTIM,), nanny=True),
    "node-stopped": Fault(
        _signal(VICTIM, STOP, NODE), _signal(VICTIM, CONT, NODE), loses=(VICTIM,), load_s=14
    ),
    "worker-stopped": Fault(
        _signal(VICTIM, STOP, WORKER), _signal(VICTIM, CONT, WORKER), loses=(VICTIM,), load_s=14
    ),
    "machine-stopped": Fault(
        _signal(VICTIM, STOP), _signal(VICTIM, CONT), loses=(VICTIM,), load_s=14
    ),
    "machine-stopped-for-good": Fault(_signal(VICTIM, STOP), loses=(VICTIM,)),
    "node-cut": Fault(_out(VICTIM), _in(VICTIM), loses=(VICTIM,), load_s=14),
    "node-cut-for-good": Fault(_out(VICTIM), loses=(VICTIM,)),
    "node-cut-briefly": Fault(
        *(_out(VICTIM), _in(VICTIM)), heal_after_s=1.5, deaf=(VICTIM,), codes=(OK, INVALID)
    ),
    "node-parted": Fault(*_AWAY, loses=(VICTIM,), load_s=14),
    "node-parted-for-good": Fault(_AWAY[0], loses=(VICTIM,), silenced_s=8, load_s=20),
    "node-parted-briefly": Fault(*_AWAY, heal_after_s=1.5, deaf=(VICTIM,), codes=(OK, INVALID)),
    # a process of a node
    "engine-killed": Fault(_signal(VICTIM, KILL, ENGINE)),
    "engine-stopped": Fault(
        _signal(VICTIM, STOP, ENGINE), _signal(VICTIM, CONT, ENGINE), 9.0, load_s=16
    ),
    "all-killed": Fault(_all(lambda name: _signal(name, KILL, NODE)), loses=NODES, is_exact=False),
    "node-killed-stops": Fault(
        _signal(VICTIM, KILL, NODE),
        loses=(VICTIM,),
        load_s=_LONG,
        is_exact=False,
        stops_load=True,
        options=_STOP_AT_LOSS,
    ),
    "node-parted-stops": Fault(
        _AWAY[0],
        loses=(VICTIM,),
        silenced_s=8,
        load_s=_LONG,
        is_exact=False,
        stops_load=True,
        options=_STOP_AT_LOSS,
    ),
    "node-cut-stops": Fault(
        _out(VICTIM),
        _in(VICTIM),
        loses=(VICTIM,),
        load_s=_LONG,
        is_exact=False,
        stops_load=True,
        options=_STOP_AT_LOSS,
    ),
    # the scheduler
    "scheduler-killed": Fault(
        _signal(SCHEDULER, KILL), load_s=_LONG, is_exact=False, stops_load=True
    ),
    "scheduler-stopped": Fault(
        _signal(SCHEDULER, STOP), load_s=_LONG, is_exact=False, stops_load=True
    ),
    "scheduler-stopped-briefly": Fault(
        _signal(SCHEDULER, STOP), _signal(SCHEDULER, CONT), 3.0, codes=(OK,)
    ),
    "scheduler-cut": Fault(_out(SCHEDULER), load_s=_LONG, is_exact=False, stops_load=True),
    # the coordinator
    "coordinator-killed": Fault(
        _signal(COORDINATOR, KILL),
        codes=(KILLED,),
        load_s=_LONG,
        is_exact=False,
        stops_load=True,
        deaf=NODES,
    ),
    "coordinator-stopped": Fault(
        _signal(COORDINATOR, STOP),
        _signal(COORDINATOR, CONT),
        heal_after_s=40.0,
        deaf=NODES,
        load_s=_LONG,
        is_exact=False,
        stops_load=True,
    ),
    "coordinator-stopped-briefly": Fault(
        _signal(COORDINATOR, STOP), _signal(COORDINATOR, CONT), deaf=NODES, codes=(OK, INVALID)
    ),
    "coordinator-cut": Fault(
        _out(COORDINATOR), load_s=_LONG, is_exact=False, stops_load=True, loses=NODES
    ),
    "coordinator-cut-briefly": Fault(
        *(_out(COORDINATOR), _in(COORDINATOR)), heal_after_s=1.5, deaf=NODES, codes=(OK, INVALID)
    ),
    "interrupted-while-cut": _interrupting(
        _both(_out(VICTIM), _signal(COORDINATOR, INT, COMMAND)), deaf=(VICTIM,)
    ),
    "interrupted": _interrupting(
        _signal(COORDINATOR, INT, COMMAND),
    ),
    "interrupted-twice": _interrupting(
        _signal(COORDINATOR, INT, COMMAND),
        _signal(COORDINATOR, INT, COMMAND),
        heal_after_s=0.3,
    ),
    "terminated": _interrupting(
        _signal(COORDINATOR, TERM, COMMAND),
    ),
    "timeout": Fault(  # what `timeout -k 0.2` does
        _signal(COORDINATOR, TERM, COMMAND),
        _signal(COORDINATOR, KILL),
        heal_after_s=0.2,
        codes=(INTERRUPTED, KILLED),
        load_s=_LONG,
        is_exact=False,
        stops_load=True,
    ),
    # any of them, while the run is being prepared
    "early-interrupted": _early(_signal(COORDINATOR, INT, COMMAND), INTERRUPTED),
    "early-terminated": _early(_signal(COORDINATOR, TERM, COMMAND), INTERRUPTED),
    "early-coordinator-killed": _early(_signal(COORDINATOR, KILL), KILLED),
    "early-node-killed": _early(_signal(VICTIM, KILL, NODE), OK, UNUSABLE, INVALID),
    "early-machine-killed": _early(_signal(VICTIM, KILL), OK, UNUSABLE, INVALID),
    "early-machine-stopped": _early(_signal(VICTIM, STOP), UNUSABLE, INVALID),
    "early-node-cut": _early(_out(VICTIM), UNUSABLE, INVALID),
    "early-scheduler-killed": _early(_signal(SCHEDULER, KILL), UNUSABLE, INVALID),
    "early-scheduler-stopped": _early(_signal(SCHEDULER, STOP), UNUSABLE, INVALID),
}
FAULTS |= {
    # where one machine adds up what all report: that one
    "branch-killed": _tree(_signal(ADDS_UP, KILL)),
    "branch-worker-killed": _tree(_signal(ADDS_UP, KILL, WORKER)),
    "branch-node-killed": _tree(_signal(ADDS_UP, KILL, NODE)),
    "branch-stopped": _tree(_signal(ADDS_UP, STOP), _signal(ADDS_UP, CONT), load_s=14),
    "branch-stopped-for-good": _tree(_signal(ADDS_UP, STOP)),
    "branch-cut": _tree(_out(ADDS_UP), _in(ADDS_UP), load_s=14),
    "branch-cut-for-good": _tree(_out(ADDS_UP)),
    "branch-cut-briefly": _tree(
        *(_out(ADDS_UP), _in(ADDS_UP)), 1.5, loses=(), deaf=(ADDS_UP,), codes=(OK, INVALID)
    ),
    "branch-parted": _tree(
        *(_parted(ADDS_UP, COORDINATOR), _joined(ADDS_UP, COORDINATOR)), load_s=14
    ),
    "branch-parted-from-node": _tree(_parted(ADDS_UP, VICTIM), loses=(), codes=(OK,)),
}
FAULTS |= {f"tree-{name}": replace(FAULTS[name], options=_tree_of(name)) for name in _IN_TREES}
