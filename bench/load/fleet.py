"""What starts workers and yields their frames, wherever they run.

`fleets/local.py` runs them as subprocesses of this machine; `fleets/fake.py` is a scripted one on a
clock turned by hand, for tests of whatever a fleet is given to, and to hold another fleet against.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any, Protocol

from bench.load.frames import Frame, FrameKind, Ready, WorkOrder
from bench.load.host import Host
from bench.load.targets.per_node import TargetHost

LAST = (FrameKind.DONE, FrameKind.FAILED)
"""What a worker says last: nothing of it follows."""

OF_NODES = (
    *(FrameKind.UNSENT, FrameKind.NODE, FrameKind.NOTE),
    *(FrameKind.REPORTS, FrameKind.ATTEMPTS),
)
"""What a fleet of nodes says of itself, before or after the last of the worker that it names."""


class Fleet(Protocol):
    """Workers, numbered from 0 as their orders are.

    Order of calls: `hosts`, `start` once, then `send`, `broadcast` and `frames` side by side;
    `close` in any case, also when `start` failed or was cancelled, and more than once if need be.
    Everything is called from one event loop.
    """

    @property
    def size(self) -> int:
        """How many workers were started, those that have ended or died included."""

    @property
    def target_host(self) -> TargetHost | None:
        """What can run a target on each machine; None where there is one machine alone."""

    @property
    def latency_ns(self) -> int:
        """What a command may take to reach a worker beyond what it takes on this machine.

        An instant that all workers are to share has to lie so much further ahead.
        """

    async def hosts(self) -> tuple[Host, ...]:
        """The machines, at least one; what they can bear is settled before `start`.

        Raises LamloadError if one cannot be reached within the fleet's own deadline.
        """

    async def start(self, orders: Sequence[WorkOrder]) -> tuple[Ready, ...]:
        """Start a worker per order and return once all are ready: what each said, by number.

        Nothing is sent to a target yet.

        Worker i runs on the host that `workers_by_host` deals it to. The order goes out unread: a
        worker that has another version of the frames is refused before it gets a START.

        Raises LamloadError, with the worker's own words if it has any, for one that fails, is of
        another version, or is not ready within the fleet's own deadline.
        """

    def send(self, worker: int, kind: FrameKind, payload: Any = None) -> None:
        """A command to one worker; returns at once, and a worker that has ended hears nothing.

        Commands to one worker arrive in the order in which they were given, within
        SHORTEST_MARGIN_NS of the lifecycle on the coordinator's machine. Instants in them are of
        the run (nanoseconds since its start), but for START's start_ns, which is of the
        coordinator's CLOCK_MONOTONIC here: the fleet adds the offset of the worker's machine.
        """

    def broadcast(self, kind: FrameKind, payload: Any = None) -> None:
        """`send` the same to every worker there is."""

    def frames(self) -> AsyncIterator[tuple[int, Frame]]:
        """(worker, frame) as they come, until each worker has said DONE or FAILED. Called once.

        Frames of one worker come in the order in which it sent them, those of different workers in
        any; DONE or FAILED is a worker's last, but for what a fleet of nodes says of itself in a
        worker's name (OF_NODES). One that dies or cannot be heard any more without
        having said either yields FAILED, whose payload says what is known of it, in words. From
        START on a worker has to be heard all the time: one that says nothing for the fleet's own
        deadline is ended, and that is its FAILED. How long a load may take is not judged here.
        """

    def manifest(self) -> dict[str, Any]:
        """What manifest.json says of the fleet, once it is started; {} for this machine alone."""

    async def conclude(self) -> dict[str, Any]:
        """The same after the load, with what is known only then."""

    async def close(self) -> None:
        """End what still runs, hard if need be, and give everything back. Raises nothing."""
