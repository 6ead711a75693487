"""Who among the nodes is silent, how each is, and what becomes of the share of one that is lost.

A lost node's workers fail, and what was still to come of their share of the schedule is counted as
not sent as its time comes: what is offered stays exact.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace

from bench.load.coordinator_clock import CoordinatorClock
from bench.load.fleets.reach import Reach
from bench.load.frames import FleetNote, Frame, FrameKind
from bench.load.silence import Silence, silent_words
from bench.load.worker_share import WorkerShare, offered
from bench.model.live import NODE_LOST_EVENT, NodeHealth
from bench.model.times import NS_PER_MS, NS_PER_S

LOOK_NS = 200 * NS_PER_MS
LONGEST_STEP_NS = NS_PER_S
"""The most that one look adds to a node's silence: a busy coordinator names it within 5 s too."""

Put = Callable[[int, Frame], None]
"""Passes a frame of a worker on."""


class NodeLosses:
    """The nodes of a fleet by number, from the start of its workers on."""

    def __init__(
        self, clock: CoordinatorClock, deadline_ns: int, put: Put, run_ns: Callable[[], int]
    ) -> None:
        """deadline_ns: how long a node may be silent. run_ns: the time of the run, 0 before it."""
        self._clock = clock
        self._deadline_ns = deadline_ns
        self._put = put
        self._run_ns = run_ns
        self._silence = Silence(deadline_ns, LONGEST_STEP_NS)
        self._reach = Reach(0, LONGEST_STEP_NS)
        self._health: list[NodeHealth] = []
        self._own: Sequence[Sequence[int]] = []
        self.shares: list[WorkerShare] = []
        """By worker."""

    def begin(self, names: Sequence[str], own: Sequence[Sequence[int]]) -> None:
        """The workers of each node are up. own: by node, the numbers of its workers."""
        self._own = own
        self._reach = Reach(len(names), LONGEST_STEP_NS)
        self._health = [NodeHealth(name, len(its)) for name, its in zip(names, own, strict=True)]

    # -- who is heard

    def expect(self, number: int) -> None:
        """From now on this node has to be heard."""
        self._silence.expect(number)

    def heard(self, number: int, *, last: bool = False) -> None:
        """A node answered this side. last: and need say no more."""
        self._silence.heard(number, last=last)
        self._reach.heard(number)

    def ask(self, number: int) -> None:
        """This side asks a node that others ask too."""
        self._reach.ask(number)

    def heard_of(self, number: int) -> None:
        """A node answered others, who tell what it said."""
        self._silence.heard(number)
        self._reach.heard_of(number)

    async def watch(self, lose: Callable[[int, str], None]) -> None:
        """Tell of those that are silent for too long, and of what lost ones leave unsent."""
        while True:
            await self._clock.sleep_ns(LOOK_NS)
            now_ns = self._clock.now_ns()
            for number in self._silence.overdue(now_ns):
                words = silent_words(self._deadline_ns)
                lose(number, f"node {self._health[number].name} {words}")
            for number in self._reach.out_of_reach(now_ns):
                words = "is out of reach from here, though others hear it"
                lose(number, f"node {self._health[number].name} {words}")
            self.count_unsent()

    def tell_health(self, number: int, health: NodeHealth) -> None:
        """How a node is by now."""
        self._health[number] = health
        self._put(self._own[number][0], Frame(FrameKind.NODE, health))

    # -- who is lost

    def lose(self, number: int, words: str, left: Sequence[int]) -> None:
        """Nothing more will be heard of a node. left: its workers that had not ended."""
        self.heard(number, last=True)
        health = self._health[number]
        if left:
            note = FleetNote(NODE_LOST_EVENT, words, {"node": health.name, "workers": list(left)})
            self._put(0, Frame(FrameKind.NOTE, note))
        self.tell_health(number, replace(health, alive=False, words=words, sent_rps=0.0))
        for worker in left:
            self.shares[worker].abandon()
            text = f"engine worker {worker} was lost with its node: {words}"
            self._put(worker, Frame(FrameKind.FAILED, text))

    def count_unsent(self, ahead_ns: int = 0) -> bool:
        """Tell of what lost workers would have been offered by now; False if there is more."""
        now_ns, is_all = self._run_ns() + ahead_ns, True
        for worker, share in enumerate(self.shares):
            counts, has_all = share.unsent_until(now_ns)
            is_all &= has_all
            if counts:
                self._put(worker, Frame(FrameKind.UNSENT, counts))
                health = self._health[share.node]
                more = replace(health, unsent=health.unsent + offered(counts))
                self.tell_health(share.node, more)
        return is_all

    async def count_all_unsent(self, ahead_ns: int) -> None:
        """To the end of the plan, if others came to it so much sooner, by clocks of their own."""
        while True:
            if self.count_unsent(ahead_ns):
                return
            await asyncio.sleep(0)
