"""A fleet of nodes: machines that each run some of the workers, asked over links.

What is the same whatever the nodes stand on is here: who runs which workers, how their clocks stand
to the coordinator's, and that every command gets there once. What they have to say is pulled in
bench.load.fleets.node_pulls; what becomes of the share of a node that is lost is in
bench.load.fleets.node_losses. Nodes on a cluster are in bench.load.fleets.dask, those of this
machine in bench.load.node_process.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine, Sequence
from dataclasses import replace
from typing import Any

from bench.errors import LamloadError
from bench.load.branch import BRANCH_NODES
from bench.load.coordinator_clock import CoordinatorClock, SystemClock
from bench.load.fleet import LAST
from bench.load.fleets.fleet_entry import node_entry, shipment_entry
from bench.load.fleets.ground import DEADLINE_NS as GROUND_DEADLINE_NS
from bench.load.fleets.ground import gone
from bench.load.fleets.node_losses import NodeLosses
from bench.load.fleets.node_pulls import BranchPart, NodePulls
from bench.load.fleets.node_source import NodeSource
from bench.load.fleets.node_targets import NodeTargets, all_of, check_reach
from bench.load.fleets.reach import beat_ns
from bench.load.frames import (
    FleetNote,
    Frame,
    FrameKind,
    Ready,
    Replan,
    Start,
    WorkOrder,
)
from bench.load.host import Host, workers_by_host
from bench.load.node_files import Shipment, shipments
from bench.load.node_messages import Orders, Told
from bench.load.remote_node import EXCHANGES, NoAnswer, RemoteNode
from bench.load.silence import GIVEN_UP_NS, silent_words
from bench.load.wall_clock import wall_words
from bench.load.worker_share import WorkerShare
from bench.model.live import FLEET_LOST_EVENT, NODE_CHANGE_EVENT, NODE_CLOCK_EVENT
from bench.model.profile import Profile
from bench.model.secrets import NO_SECRETS
from bench.model.times import NS_PER_MS

DEADLINE_NS = GIVEN_UP_NS
"""A node that has answered nothing for so long is lost; with a look it is named within 5 s."""
LATENCY_NS = 300 * NS_PER_MS
"""What a command may take to each node: live control takes effect in half a second."""


class NodeFleet:
    """A Fleet of other machines, or of processes that stand for them."""

    def __init__(
        self,
        source: NodeSource,
        *,
        profile: Profile | None = None,
        send_credentials: bool = False,
        clock: CoordinatorClock | None = None,
        deadline_ns: int = DEADLINE_NS,
    ) -> None:
        """profile: what nodes tell deltas by; None has them send rows as they are.

        send_credentials: the coordinator's; otherwise each node finds its own. clock: the system's,
        unless a test turns its own.
        """
        self._source = source
        self._profile = None if profile is None else without_secrets(profile)
        self._gathers_attempts = profile is not None and profile.record_attempts
        self._direct_nodes = None if self._profile is None else self._profile.load.direct_nodes
        self._send_credentials = send_credentials
        self._clock = clock or SystemClock()
        self._now_ns = self._clock.now_ns
        self._nodes: list[RemoteNode] = []
        self._targets = NodeTargets(self._found)
        self._own: list[list[int]] = []
        """By node, the numbers of its workers."""
        self._running: set[int] = set()
        """Workers that have not said their last."""
        self._has_ended = False
        """Whether one of them has come to the end of its plan."""
        self._frames: asyncio.Queue[tuple[int, Frame]] = asyncio.Queue()
        self._losses = NodeLosses(self._clock, deadline_ns, self._put, self._run_ns)
        self._tasks: list[asyncio.Future[None]] = []
        self._wake: list[asyncio.Event] = []
        """By node: there is a command to deliver."""
        self._branches: list[BranchPart] = []
        self._start_ns: int | None = None
        self._shipped: list[Shipment] = []
        self._is_closed = False

    # -- the contract

    @property
    def size(self) -> int:
        """How many workers were started."""
        return len(self._losses.shares)

    @property
    def latency_ns(self) -> int:
        """What a command may take, and what the fastest clock has gained since it was read."""
        return LATENCY_NS + max((node.lead_ns() for node in self._nodes), default=0)

    async def hosts(self) -> tuple[Host, ...]:
        """The nodes' machines, each with its clock's offset."""
        if not self._nodes:
            links = await self._source.open()
            self._nodes = [RemoteNode(link, self._now_ns) for link in links]
            await all_of(node.greet() for node in self._nodes)
            beats = (self._beat(number) for number in range(len(self._nodes)))
            self._tasks += [asyncio.ensure_future(beat) for beat in beats]
        return tuple(node.host for node in self._nodes)

    async def _found(self) -> Sequence[RemoteNode]:
        await self.hosts()
        return self._nodes

    @property
    def nodes(self) -> tuple[RemoteNode, ...]:
        """Those that `hosts` has found."""
        return tuple(self._nodes)

    @property
    def target_host(self) -> NodeTargets:
        """Each node can run an embedded Lambda."""
        return self._targets

    async def start(self, orders: Sequence[WorkOrder]) -> tuple[Ready, ...]:
        """Bring up each node's workers, and send nothing."""
        self._own = workers_by_host(await self.hosts(), len(orders))
        at = {worker: (n, i) for n, own in enumerate(self._own) for i, worker in enumerate(own)}
        self._losses.shares = [WorkerShare(*at[i], order) for i, order in enumerate(orders)]
        self._running = set(range(len(orders)))
        files = shipments(orders)
        self._shipped = [*self._targets.shipped, *files]
        ready: dict[int, Ready] = {}

        async def start_on(node: RemoteNode, own: Sequence[int]) -> None:
            if own:
                check_reach(node, orders[own[0]])
                await node.ship(files)
                said = await node.order(self._orders(node, [orders[worker] for worker in own]))
                ready.update(zip(own, said, strict=True))

        dealt = list(zip(self._nodes, self._own, strict=True))
        await all_of(start_on(node, own) for node, own in dealt)
        self._losses.begin([node.name for node in self._nodes], self._own)
        for node in self._nodes:
            if words := wall_words(node.name, node.greeting.wall_ahead_s, bool(node.bindings)):
                self._note(NODE_CLOCK_EVENT, words, node=node.name)
        await self._branch_out()
        await all_of(node.set_clock() for node in self._nodes)  # it takes seconds to come so far
        self._follow()
        return tuple(ready[worker] for worker in range(len(orders)))

    async def _branch_out(self) -> None:
        """Have machines of a large fleet add up what others report."""
        working = [number for number, own in enumerate(self._own) if own]
        if self._direct_nodes is None or len(working) <= self._direct_nodes:
            return
        firsts = range(0, len(working), BRANCH_NODES)
        groups = [working[first : first + BRANCH_NODES] for first in firsts]
        links = await self._source.branches(groups)
        self._branches = [BranchPart(*both) for both in zip(links, groups, strict=False)]

    def _orders(self, node: RemoteNode, own: Sequence[WorkOrder]) -> Orders:
        if node.bindings:
            own = [replace(order, bindings=node.bindings) for order in own]
        signs = any(order.credentials is not None for order in own)
        if not self._send_credentials:
            own = [replace(order, credentials=None) for order in own]
        return Orders(
            tuple(own),
            resolve_credentials=signs and not self._send_credentials,
            shipped={file.path: file.sha256 for file in self._shipped},
            profile=self._profile,
            node=self._nodes.index(node),
            wall_ahead_s=0 if node.bindings else node.greeting.wall_ahead_s,
        )

    def send(self, worker: int, kind: FrameKind, payload: Any = None) -> None:
        """Have it delivered; START in the time of the node's own clock."""
        if kind is FrameKind.CREDENTIALS and not self._send_credentials:
            return
        share = self._losses.shares[worker]
        node = self._nodes[share.node]
        if isinstance(payload, Start):
            self._start_ns = payload.start_ns
        share.told(kind, payload, self._run_ns())
        if isinstance(payload, Start):
            payload = replace(payload, start_ns=node.host.instant_ns(payload.start_ns))
            self._losses.expect(share.node)
        if not node.lost_words and worker in self._running:
            node.tell(Told(share.place, kind, payload))
            self._wake[share.node].set()

    def broadcast(self, kind: FrameKind, payload: Any = None) -> None:
        """`send` the same to every worker there is."""
        for worker in range(self.size):
            self.send(worker, kind, payload)

    async def frames(self) -> AsyncIterator[tuple[int, Frame]]:
        """What the nodes say, and what is to be said of them."""
        while self._running:
            worker, frame = await self._frames.get()
            if frame.kind in LAST:
                self._running.discard(worker)
                self._has_ended |= frame.kind is FrameKind.DONE
            if not self._running:
                ahead_ns = (
                    self.latency_ns if self._has_ended else 0
                )  # clocks may be ahead of this one
                await self._losses.count_all_unsent(ahead_ns)
                while not self._frames.empty():
                    yield self._frames.get_nowait()
            yield worker, frame

    async def close(self) -> None:
        """End every node and what they stand on. Raises nothing."""
        if self._is_closed:
            return
        self._is_closed = True
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        ends = [branch.link.close() for branch in self._branches]
        await asyncio.gather(*ends, *(n.close() for n in self._nodes), return_exceptions=True)
        await self._source.close()

    # -- for the manifest

    def manifest(self) -> dict[str, Any]:
        """The fleet as it is about to start, or as it was."""
        start_ns = self._now_ns() if self._start_ns is None else self._start_ns
        return {
            "fleet": {
                **self._source.manifest(),
                "credentials": "sent" if self._send_credentials else "the nodes' own",
                "nodes": [
                    node_entry(node, own, start_ns)
                    for node, own in zip(self._nodes, self._own, strict=True)
                ],
                "branches": [branch.entry() for branch in self._branches],
                "shipped": list(map(shipment_entry, self._shipped)),
            }
        }

    async def conclude(self) -> dict[str, Any]:
        """The manifest's entry at the end: clocks are read once more, where somebody answers."""
        left = [node for node in self._nodes if not node.lost_words]
        await asyncio.gather(*(node.measure(EXCHANGES) for node in left), return_exceptions=True)
        return self.manifest()

    # -- while it runs

    def _follow(self) -> None:
        self._wake = [asyncio.Event() for _ in self._nodes]
        works: list[Coroutine[Any, Any, None]] = [self._losses.watch(self._lose), self._attend()]
        works += [self._deliver(number) for number, own in enumerate(self._own) if own]
        pulls = NodePulls(
            self._nodes,
            self._own,
            self._losses,
            self._clock,
            put=self._put,
            lose=self._lose,
            run_ns=self._run_ns,
            gathers_attempts=self._gathers_attempts,
        )
        works += pulls.works(self._branches)
        self._tasks += [asyncio.ensure_future(work) for work in works]

    async def _deliver(self, number: int) -> None:
        """Commands as they come; one that got no answer is told again under its number."""
        node, wake = self._nodes[number], self._wake[number]
        while not node.lost_words:
            await wake.wait()
            wake.clear()
            try:
                told, heard_ns = await node.deliver()
            except NoAnswer:
                wake.set()
                continue
            except LamloadError as error:
                self._lose(number, str(error))
                return
            self._losses.heard(number)
            changes = [one.payload for one in told if isinstance(one.payload, Replan)]
            for change in changes[-1:]:  # each of its workers was told the same
                self._tell_change(node, change.at_ns, heard_ns)

    def _tell_change(self, node: RemoteNode, at_ns: int, heard_ns: int) -> None:
        """When a node heard of a change, in the run's time by its own clock."""
        assert self._start_ns is not None
        run_ns = heard_ns - node.instant_ns(self._start_ns)
        late_ns = max(0, run_ns - at_ns)
        words = f"{late_ns / NS_PER_MS:.0f} ms late" if late_ns else "in time"
        self._note(
            NODE_CHANGE_EVENT,
            f"node {node.name} heard of the change {words}",
            node=node.name,
            at_ns=at_ns,
            heard_ns=run_ns,
            late_ns=late_ns,
        )

    async def _beat(self, number: int) -> None:
        """Read the clock, and hear that the node is there; the watch tells when it is not.

        From the first on: a target may take its time, and a node that nobody asks ends.
        """
        node = self._nodes[number]
        while not node.lost_words:
            await self._clock.sleep_ns(beat_ns(len(self._nodes)))
            if any(number in branch.numbers for branch in self._branches):
                self._losses.ask(number)
            try:
                await node.measure()
            except LamloadError:
                continue
            self._losses.heard(number)
            self._follow_clock(number)

    def _follow_clock(self, number: int) -> None:
        """Keep the run's clock on a node together with this one, once the load has begun."""
        node = self._nodes[number]
        left = [worker for worker in self._own[number] if worker in self._running]
        if self._start_ns is None or node.lost_words or not left or not node.follow():
            return
        for worker in left:
            self.send(worker, FrameKind.CLOCK, node.zero_later_ns)

    async def _attend(self) -> None:
        """Tell once what the nodes stand on has gone: nobody is to send for long without it."""
        await gone(self._source.check, self._clock)
        self._note(FLEET_LOST_EVENT, f"{self._source.ground} {silent_words(GROUND_DEADLINE_NS)}")

    def _lose(self, number: int, words: str) -> None:
        node = self._nodes[number]
        if node.lost_words or self._is_closed:
            return
        node.lost_words = words
        self._wake[number].set()
        left = [worker for worker in self._own[number] if worker in self._running]
        self._losses.lose(number, words, left)
        self._tasks.append(asyncio.ensure_future(node.dismiss()))

    def _put(self, worker: int, frame: Frame) -> None:
        self._frames.put_nowait((worker, frame))

    def _run_ns(self) -> int:
        return 0 if self._start_ns is None else self._now_ns() - self._start_ns

    def _note(self, kind: str, text: str, **fields: Any) -> None:
        self._put(0, Frame(FrameKind.NOTE, FleetNote(kind, text, fields)))


def without_secrets(profile: Profile) -> Profile | None:
    """What a node needs of it to tell deltas by; None where it does not tell the plan.

    What workers need of the target stands in their orders.
    """
    if profile.capacity is not None:
        return None
    return replace(profile, secrets=NO_SECRETS, references={})
