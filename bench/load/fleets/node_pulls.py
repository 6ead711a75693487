"""Pulls what nodes have to say: from each of a few at once, from each of many once a second.

Many nodes are asked behind branches (bench.load.branch), which add up what they report. A branch
that does not answer is given up, and its nodes are asked directly from there on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from bench.errors import LamloadError
from bench.load.branch import NODE_LIMIT_S, pulled, read_pulled
from bench.load.coordinator_clock import CoordinatorClock
from bench.load.fleet import LAST
from bench.load.fleets.node_losses import NodeLosses, Put
from bench.load.frames import FleetNote, Frame, FrameKind, Reports
from bench.load.node_messages import Batch
from bench.load.remote_node import Link, NoAnswer, RemoteNode
from bench.model.live import BRANCH_LOST_EVENT
from bench.model.times import NS_PER_MS, NS_PER_S

AT_ONCE = 16
"""Nodes that are asked again as soon as they have answered; of more, each once a second."""
BRANCH_LIMIT_S = NODE_LIMIT_S + 1.0
"""Its nodes are to be heard before they count as silent, whatever becomes of a branch."""
_PHASE_NS = 300 * NS_PER_MS
"""From the end of a second to the first node's turn: its workers have told all of it by then."""
_TURNS_NS = 150 * NS_PER_MS
"""To the last one's turn: half a second is left for the way, and to add up what comes."""


@dataclass(slots=True)
class BranchPart:
    """A branch with its nodes, by number. lost_words: why it was given up, '' while it is not."""

    link: Link
    numbers: Sequence[int]
    lost_words: str = ""

    def entry(self) -> dict[str, Any]:
        """Its entry in the manifest."""
        return {
            "name": self.link.name,
            "nodes": list(self.numbers),
            "lost": self.lost_words or None,
        }


@dataclass(slots=True)
class _Source:
    """A node with workers. ended: what those that have ended said last."""

    number: int
    node: RemoteNode
    own: Sequence[int]
    ended: dict[int, Frame] = field(default_factory=dict)
    more: bool = True
    is_over: bool = False

    @property
    def is_open(self) -> bool:
        """Whether there is anything left to hear."""
        return not self.node.lost_words and (self.more or len(self.ended) < len(self.own))


class NodePulls:
    """Of one fleet, from the start of its workers on."""

    def __init__(
        self,
        nodes: Sequence[RemoteNode],
        own: Sequence[Sequence[int]],
        losses: NodeLosses,
        clock: CoordinatorClock,
        *,
        put: Put,
        lose: Callable[[int, str], None],
        run_ns: Callable[[], int],
        gathers_attempts: bool,
    ) -> None:
        """own: by node, the numbers of its workers. lose: tells that a node is lost, and why."""
        self._sources = [
            _Source(number, node, its)
            for number, (node, its) in enumerate(zip(nodes, own, strict=True))
        ]
        self._losses = losses
        self._clock = clock
        self._put = put
        self._lose = lose
        self._run_ns = run_ns
        self._gathers_attempts = gathers_attempts
        self._gathering = asyncio.Lock()

    def works(self, branches: Sequence[BranchPart]) -> list[Coroutine[Any, Any, None]]:
        """What is to be run side by side until all nodes have ended."""
        behind = {number for branch in branches for number in branch.numbers}
        direct = [s for s in self._sources if s.own and s.number not in behind]
        return [*map(self._through, branches), *map(self._directly, direct)]

    async def _directly(self, source: _Source) -> None:
        while source.is_open:
            await self._ask(source)
            await self._pause(source)
        self._end(source)

    async def _ask(self, source: _Source) -> bool:
        """One batch: the next is asked for when this one is in the results. False if none came."""
        try:
            batch = await source.node.pull()
            if not source.node.lost_words:
                self._losses.heard(source.number)
                await self._take({source.number: batch}, batch.deltas)
            await self._gather(source)
        except NoAnswer:
            return False
        except LamloadError as error:
            self._lose(source.number, str(error))
            return False
        return True

    async def _through(self, branch: BranchPart) -> None:
        """As `_directly`, for all nodes of a branch.

        One that does not answer it, and answers here, is asked directly from there on.
        """
        behind = {number: self._sources[number] for number in branch.numbers}
        async with asyncio.TaskGroup() as directly:
            while left := [source for source in behind.values() if source.is_open]:
                try:
                    batches, sums = await self._asked(branch, left)
                except Exception as error:  # noqa: BLE001 - whatever it was, the nodes are there
                    self._give_up(branch, error)
                    missing = left
                else:
                    missing = await self._take_sums(left, batches, sums)
                for source in missing:
                    del behind[source.number]
                    directly.create_task(self._directly(source))
                await asyncio.gather(*map(self._end_gathered, behind.values()))
                await self._pause(left[0])
            for source in behind.values():
                self._end(source)

    async def _take_sums(
        self, asked: Sequence[_Source], batches: Mapping[int, Batch], sums: Sequence[bytes]
    ) -> list[_Source]:
        """Take what came through a branch; who answers directly alone."""
        if any(self._sources[number].node.lost_words for number in batches):
            return []  # the sums have what by now counts as not sent: the others tell again
        for number, batch in batches.items():
            self._sources[number].node.took(batch)
            self._losses.heard_of(number)
        await self._take(batches, sums)
        silent = [source for source in asked if source.number not in batches]
        heard = await asyncio.gather(*map(self._ask, silent))
        return [source for source, has_come in zip(silent, heard, strict=True) if has_come]

    async def _asked(
        self, branch: BranchPart, sources: Sequence[_Source]
    ) -> tuple[dict[int, Batch], tuple[bytes, ...]]:
        async with asyncio.timeout(BRANCH_LIMIT_S):
            question = pulled({source.number: source.node.wanted for source in sources})
            return read_pulled(await branch.link.call(question))

    def _give_up(self, branch: BranchPart, error: Exception) -> None:
        why = f"did not answer for {BRANCH_LIMIT_S:g} s" if isinstance(error, TimeoutError) else ""
        branch.lost_words = (
            f"{branch.link.name}, which added up the reports of {len(branch.numbers)} nodes, "
            f"{why or f'is lost ({error or type(error).__name__})'}: they are asked directly"
        )
        fields = {"branch": branch.link.name, "nodes": list(branch.numbers)}
        self._put(0, Frame(FrameKind.NOTE, FleetNote(BRANCH_LOST_EVENT, branch.lost_words, fields)))

    async def _pause(self, source: _Source) -> None:
        """Of many nodes, each has its turn once a second: then a second is merged once."""
        if len(self._sources) > AT_ONCE and source.is_open and not source.more:
            share = source.number * _TURNS_NS // len(self._sources)
            left_ns = (_PHASE_NS + share - self._run_ns()) % NS_PER_S
            await self._clock.sleep_ns(left_ns or NS_PER_S)

    # -- what has come

    async def _take(self, batches: Mapping[int, Batch], deltas: Sequence[bytes]) -> None:
        """Pass on what has come of some nodes; of who is done that waits for the attempts."""
        for number, batch in batches.items():
            source = self._sources[number]
            source.more = batch.more
            for worker, arrivals in zip(source.own, batch.offered, strict=True):
                self._losses.shares[worker].reported = arrivals
        await self._merge(batches, deltas)
        for number, batch in batches.items():
            self._pass_on(self._sources[number], batch)
            self._abandon_failed(self._sources[number])

    async def _merge(self, numbers: Collection[int], deltas: Sequence[bytes]) -> None:
        """Pass deltas of some nodes on, and wait until they are in the results."""
        if not deltas:
            return
        own = [self._sources[number].own for number in numbers]
        acknowledged = await self._taken(own[0][0], deltas)
        for number in numbers:
            self._sources[number].node.merged(acknowledged(number))

    async def _taken(self, worker: int, deltas: Sequence[bytes]) -> Callable[[int], int]:
        """Once these are in the results, and all that was passed on before them is taken."""
        taken: asyncio.Future[Callable[[int], int]] = asyncio.get_running_loop().create_future()
        reports = Reports(tuple(deltas), taken.set_result)
        self._put(worker, Frame(FrameKind.REPORTS, reports))
        return await taken

    def _pass_on(self, source: _Source, batch: Batch) -> None:
        for place, frame in batch.frames:
            if frame.kind in LAST:
                source.ended[source.own[place]] = frame
            if frame.kind is not FrameKind.DONE:
                self._put(source.own[place], frame)
        if batch.health is not None:
            latest = source.node.readings[-1]
            health = replace(
                batch.health,
                clock_offset_ns=latest.offset_ns,
                clock_uncertainty_ns=latest.uncertainty_ns,
                round_trip_ns=source.node.round_trips[-1],
            )
            self._losses.tell_health(source.number, health)

    def _abandon_failed(self, source: _Source) -> None:
        """Engine workers that died on a node that lives, once all that they reported is here."""
        for worker, frame in () if source.more else source.ended.items():
            if frame.kind is FrameKind.FAILED:
                self._losses.shares[worker].abandon()

    async def _end_gathered(self, source: _Source) -> None:
        """Behind a branch, one that has ended need not wait for the others."""
        if source.is_open or source.is_over:
            return
        try:
            await self._gather(source)
        except NoAnswer:
            pass
        except LamloadError as error:
            self._lose(source.number, str(error))
        self._end(source)

    async def _gather(self, source: _Source) -> None:
        """The attempts of a node that has nothing else to say."""
        is_due = not (source.is_over or source.is_open or source.node.lost_words)
        if not is_due or not self._gathers_attempts:
            return
        async with self._gathering:  # some megabytes at a time, whatever many nodes have of them
            async for attempts in source.node.gather():
                self._put(source.own[0], Frame(FrameKind.ATTEMPTS, attempts))
                await self._taken(source.own[0], ())

    def _end(self, source: _Source) -> None:
        """Workers are done once all of their node are, and their attempts are here."""
        if source.is_over:
            return
        source.is_over = True
        self._losses.heard(source.number, last=True)
        for worker, frame in source.ended.items():
            if frame.kind is FrameKind.DONE and not source.node.lost_words:
                self._put(worker, frame)
