"""A run while it is under way, for views: one frozen snapshot at a time."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from bench.model.load import Segment
from bench.model.outcome import Reason, Verdict
from bench.model.result import Distribution, Interval, Sample, Vitals, Window


class RunState(Enum):
    """Where a run is; the value is what the screen says."""

    PREPARING = "preparing"
    RUNNING = "running"
    HOLDING = "holding"
    DRAINING = "draining"
    FINISHED = "finished"
    INTERRUPTED = "interrupted"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class WorkerHealth:
    """What a worker says of itself. cpu is the share of one core in the last interval, 0..1."""

    worker: int
    alive: bool
    cpu: float
    rss_mb: float
    connections: int
    connections_opened: int
    in_flight: int
    connection_waits: int = 0
    open_breakers: tuple[int, ...] = ()
    """Indexes of the variants whose circuit breaker lets nothing through, or probes alone."""
    unreachable: tuple[str, ...] = ()
    """Addresses of the target that take no connections while others do: `10.0.0.2:443: why`."""
    core_wait: float | None = None
    """Share of the last interval in which it could have run and had no core; None: not told."""
    span_ns: int = 0
    """How long that interval was."""
    still_ns: int = 0
    """How much later than due this report is: so long the worker did nothing at all."""
    tokens: tuple[float | None, ...] = ()
    """By variant, what its retry budget has left; None of one that pays with no tokens."""


@dataclass(frozen=True, slots=True)
class NodeHealth:
    """A machine of a fleet, over its latest second; None: not told, or nothing to tell yet."""

    name: str
    workers: int
    alive: bool = True
    sent_rps: float = 0.0
    """Arrivals that its workers took up."""
    send_lag_p99_ns: int | None = None
    read_lag_p99_ns: int | None = None
    cpu: float | None = None
    """Share of all its cores that was busy, whoever with, 0..1."""
    clock_offset_ns: int = 0
    """Its clock less the coordinator's."""
    clock_uncertainty_ns: int = 0
    round_trip_ns: int | None = None
    unsent: int = 0
    """Arrivals of its share that were not sent since it was lost."""
    words: str = ""
    """Why it was lost; '' while it is not."""


ANSWER_EVENT = "answer"
"""Kind of the events with what a search for capacity found; fields as in a CapacityAnswer."""
STEP_EVENT = "step"
"""Kind of the events with what a step of that search showed; fields `variant`, `step`, `tried`
(a StepKind), `rate_rps`, and `fault`, why it did not hold, '' if it did."""
FAILURE_EVENT = "failure"
"""Kind of the events with the first reasons of each kind of failure; fields as in a Sample."""
COMMAND_EVENT = "command"
"""Kind of the events with an operator's commands: `text` is the CommandKind, field `value`."""
CREDENTIALS_EVENT = "credentials"
"""That credentials end during the run and there are no new ones."""
NODE_LOST_EVENT = "node-lost"
"""Kind of the events with a machine of the fleet that was lost; fields `node`, `workers`."""
FLEET_LOST_EVENT = "fleet-lost"
"""What a fleet's nodes stand on is gone, and the load ends."""
BRANCH_LOST_EVENT = "branch-lost"
"""Kind of the events with a machine that added up what others report and was lost: `branch`, and
`nodes`, the numbers of those that are asked directly from there on."""
NODE_CLOCK_EVENT = "node-clock"
"""A node's time of day is wrong, or the coordinator's is."""
NODE_CHANGE_EVENT = "node-change"
"""Kind of the events with which a machine of the fleet says when it heard of a change of the load:
fields `node`, `at_ns` (of the change), `heard_ns`, `late_ns`, by its own clock."""
BREAKER_OPEN, BREAKER_CLOSED = "breaker-open", "breaker-closed"
"""Kinds of events with the fields `variant` (its name) and `worker`."""


@dataclass(frozen=True, slots=True)
class RunEvent:
    """What the operator or the run did, and when; a line of events.jsonl."""

    t_ns: int
    kind: str
    text: str
    fields: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything a live view needs, at one moment. Frozen: views read it, nothing else."""

    t_ns: int
    state: RunState
    title: str
    target: str
    """For the header: `LOCAL`, or the account and region, or the URL."""
    phase: str
    segment: Segment | None
    elapsed_ns: int
    remaining_ns: int | None
    """Of load that is still to come; None while nobody knows, in a search for capacity."""
    planned_rps: float
    achieved_rps: float
    in_flight: int
    send_lag: Distribution
    windows: tuple[Window, ...]
    """A total per variant, measured phases only, in the order of the profile."""
    intervals: tuple[Interval, ...]
    """Every interval that changed since the previous snapshot, oldest first."""
    workers: tuple[WorkerHealth, ...]
    reasons: tuple[Reason, ...]
    verdict: Verdict
    samples: tuple[Sample, ...]
    events: tuple[RunEvent, ...]
    spend_usd: float | None = None
    run_folder: str | None = None
    vitals: tuple[Vitals, ...] = ()
    """Seconds that ended since the previous snapshot, oldest first."""
    projected_usd: float | None = None
    """What the run will have cost at its planned end, if prices and failures stay as they are."""
    nodes: tuple[NodeHealth, ...] = ()
    """The machines of a fleet; () where all runs on this one."""
    rate_factor: float = 1.0
    """What the profile's rate is multiplied by now: the operator's latest RATE_FACTOR, 1.0 before
    any."""

    @property
    def whole_ns(self) -> int | None:
        """From beginning to end, as things stand; None while nobody knows the end."""
        return None if self.remaining_ns is None else self.elapsed_ns + self.remaining_ns
