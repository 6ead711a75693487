"""Many nodes: machines among them add up what others report, and may be lost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from bench.load import node_results
from bench.load.fleets import node_pulls
from bench.load.fleets import nodes as nodes_module
from bench.load.fleets.fake import FakeClock
from bench.load.fleets.nodes import NodeFleet
from bench.load.frames import Frame, FrameKind, Start
from bench.load.node_messages import Verb
from bench.model.live import BRANCH_LOST_EVENT, NODE_LOST_EVENT
from bench.model.profile import Phase, Profile
from bench.model.times import NS_PER_MS, NS_PER_S
from bench.record.aggregate import Aggregate
from bench.record.delta_encoding import decode_delta
from bench.record.merger import Merger
from bench.record.row_layout import ArrivalCounts
from bench.shapes.ramp import constant_rate
from tests.load.fleets.orders import order
from tests.load.nodes import InProcess, InProcessNodes
from tests.record.build import profile_of, row, together

NOWHERE = "http://127.0.0.1:1/"
NODES = 5
LOAD_S = 8


def profile_with(direct_nodes: int) -> Profile:
    profile = profile_of(phases=(Phase("steady", constant_rate(0.0, LOAD_S * NS_PER_S)),))
    return replace(profile, load=replace(profile.load, direct_nodes=direct_nodes))


class Run:
    """Five nodes in this process, branches of two, and a coordinator that merges."""

    def __init__(self, direct_nodes: int, *, attempts: bool = False) -> None:
        self.clock = FakeClock()
        self.links = [InProcess(f"n{i}", self.clock) for i in range(NODES)]
        self.source = InProcessNodes(self.links)
        profile = replace(profile_with(direct_nodes), record_attempts=attempts)
        self.plan = together(profile)
        self.fleet = NodeFleet(self.source, profile=profile, clock=self.clock)
        self.aggregate = Aggregate(profile, self.plan)
        self.merger = Merger(self.aggregate, lambda _: None)
        self.frames: list[Frame] = []
        self.companies: list[set[int]] = []
        """Of each report that came: whose numbers it covers."""
        self.takes = asyncio.Event()
        self.busy_with: FrameKind | None = None
        """With frames of this kind the coordinator is busy until `takes` is set."""
        self._hearing: asyncio.Future[None] | None = None

    async def begin(self) -> None:
        await self.fleet.hosts()
        await self.fleet.start([order(NOWHERE, i, NODES) for i in range(NODES)])
        start = Start(self.clock.now_ns(), self.plan.segments)
        self.fleet.broadcast(FrameKind.START, start)
        self._hearing = asyncio.ensure_future(self._hear())
        await self.until(lambda: all(link.fleet.sent for link in self.links))

    async def _hear(self) -> None:
        async for _, frame in self.fleet.frames():
            self.frames.append(frame)
            if frame.kind is self.busy_with:
                await self.takes.wait()
            if frame.kind is FrameKind.REPORTS:
                for data in frame.payload.deltas:
                    self.companies.append({span.node for span in decode_delta(data).covers})
                    assert self.merger.add(data), "nothing comes twice where all goes well"
                frame.payload.taken(self.merger.acknowledged)
            elif frame.kind is FrameKind.UNSENT:
                self.aggregate.add_counts(0, frame.payload)

    def offer(self, second: int, arrivals: int) -> None:
        """Each node's worker has so many arrivals to tell of."""
        for link in self.links:
            counts = ArrivalCounts()
            counts.cell(second, 0, 0)[0] = arrivals
            link.fleet.send_later(0, FrameKind.COUNTS, counts.drain())

    async def until(self, holds: Callable[[], bool]) -> None:
        """Let time pass until something holds, at most ten seconds."""
        for _ in range(1000):
            if holds():
                return
            await self.clock.advance(10 * NS_PER_MS)
            await asyncio.sleep(0.001)  # a branch adds up in a thread
        raise AssertionError("it never came to pass")

    @property
    def offered(self) -> int:
        """What has been merged."""
        self.aggregate.settle()
        return sum(interval.window.tally.offered for interval in self.aggregate.intervals())

    def notes(self, kind: str) -> list[Frame]:
        return [f for f in self.frames if f.kind is FrameKind.NOTE and f.payload.kind == kind]

    async def end(self) -> None:
        assert self._hearing is not None
        await self.until(self._hearing.done)
        self._hearing.result()


@asynccontextmanager
async def run_of(
    monkeypatch: pytest.MonkeyPatch, direct_nodes: int = 2, *, attempts: bool = False
) -> AsyncIterator[Run]:
    monkeypatch.setattr(nodes_module, "BRANCH_NODES", 2)
    run = Run(direct_nodes, attempts=attempts)
    try:
        yield run
    finally:
        await run.fleet.close()
        assert all(branch.is_closed for branch in run.source.made)


async def test_reports_of_many_nodes_come_added_up(monkeypatch: pytest.MonkeyPatch) -> None:
    async with run_of(monkeypatch) as run:
        await run.begin()
        for second in (0, 1):
            run.offer(second, 7)
            await run.until(lambda told=second + 1: run.offered == told * NODES * 7)  # type: ignore[misc]
        await run.end()
        assert run.offered == 2 * NODES * 7
        assert all(company in ({0, 1}, {2, 3}, {4}) for company in _of_several(run))
        assert _of_several(run)
        assert [own.missing for own in run.merger.nodes.values()] == [0] * NODES
        assert sum(frame.kind is FrameKind.DONE for frame in run.frames) == NODES
        branches = run.fleet.manifest()["fleet"]["branches"]
        assert [branch["nodes"] for branch in branches] == [[0, 1], [2, 3], [4]]
        assert [branch["lost"] for branch in branches] == [None] * 3


def _of_several(run: Run) -> list[set[int]]:
    return [company for company in run.companies if len(company) > 1]


async def test_as_many_nodes_as_may_report_directly_do(monkeypatch: pytest.MonkeyPatch) -> None:
    async with run_of(monkeypatch, direct_nodes=NODES) as run:
        await run.begin()
        run.offer(0, 3)
        await run.end()
        assert run.offered == NODES * 3
        assert not run.source.made
        assert not _of_several(run)


async def test_nodes_of_a_branch_that_is_lost_are_asked_directly_and_nothing_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with run_of(monkeypatch) as run:
        await run.begin()
        run.offer(0, 7)
        await run.until(lambda: run.offered == NODES * 7)
        lost = run.source.made[1]
        lost.error = ConnectionError("Unable to contact Actor's worker")
        run.offer(1, 5)
        await run.until(lambda: run.offered == NODES * 12)
        await run.end()
        (note,) = run.notes(BRANCH_LOST_EVENT)
        assert note.payload.fields == {"branch": "branch 1", "nodes": [2, 3]}
        assert "added up the reports of 2 nodes, is lost (Unable to contact" in note.payload.text
        assert run.offered == NODES * 12
        assert [own.missing for own in run.merger.nodes.values()] == [0] * NODES
        assert not run.notes(NODE_LOST_EVENT)
        entries = run.fleet.manifest()["fleet"]["branches"]
        assert [entry["lost"] is None for entry in entries] == [True, False, True]


async def test_a_branch_that_hangs_costs_none_of_its_nodes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(node_pulls, "BRANCH_LIMIT_S", 1.0)
    async with run_of(monkeypatch) as run:
        await run.begin()
        run.source.made[0].reached.clear()
        run.offer(0, 7)
        await run.until(lambda: run.offered == NODES * 7)
        await run.end()
        words = [note.payload.text for note in run.notes(BRANCH_LOST_EVENT)]
        reports = "branch 0, which added up the reports of 2 nodes, did not answer for 1 s"
        assert f"{reports}: they are asked directly" in words
        assert not run.notes(NODE_LOST_EVENT)
        assert [own.missing for own in run.merger.nodes.values()] == [0] * NODES


async def test_a_node_that_its_branch_does_not_reach_is_asked_directly(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with run_of(monkeypatch) as run:
        await run.begin()
        run.source.made[0].cut_off(1)
        run.offer(0, 7)
        await run.until(lambda: run.offered == NODES * 7)
        run.companies.clear()
        run.offer(1, 5)
        await run.end()
        assert run.offered == NODES * 12
        assert {1} in run.companies
        assert {0, 1} not in run.companies
        assert not run.notes(NODE_LOST_EVENT)
        assert sum(frame.kind is FrameKind.DONE for frame in run.frames) == NODES


async def test_of_many_nodes_each_has_its_turn_once_a_second(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(node_pulls, "AT_ONCE", NODES - 1)
    async with run_of(monkeypatch, direct_nodes=NODES) as run:
        await run.begin()
        await run.clock.advance(1000 * NS_PER_MS)
        before = [link.verbs[Verb.PULL] for link in run.links]
        for _ in range(8):
            run.offer(0, 1)
            await run.clock.advance(250 * NS_PER_MS)
        assert [
            link.verbs[Verb.PULL] - was for link, was in zip(run.links, before, strict=True)
        ] == [2] * 5
        await run.end()
        assert run.offered == NODES * 8


async def test_a_node_that_is_lost_behind_a_branch_is_named_and_the_others_go_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with run_of(monkeypatch) as run:
        await run.begin()
        run.offer(0, 7)
        await run.until(lambda: run.offered == NODES * 7)
        begun_ns = run.clock.now_ns()
        run.links[2].error = ConnectionError("the node process has ended (signal 9)")
        await run.until(lambda: bool(run.notes(NODE_LOST_EVENT)))
        assert run.clock.now_ns() - begun_ns < 5 * NS_PER_S
        run.offer(1, 5)
        await run.end()
        assert run.notes(NODE_LOST_EVENT)[0].payload.fields["node"] == "n2"
        assert run.offered == NODES * 7 + (NODES - 1) * 5
        assert sum(frame.kind is FrameKind.DONE for frame in run.frames) == NODES - 1
        assert not run.notes(BRANCH_LOST_EVENT)


async def test_a_node_that_its_branch_alone_reaches_is_named_since_nobody_could_stop_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with run_of(monkeypatch) as run:
        await run.begin()
        run.offer(0, 7)
        await run.until(lambda: run.offered == NODES * 7)
        begun_ns = run.clock.now_ns()
        run.links[2].in_reach.clear()
        await run.until(lambda: bool(run.notes(NODE_LOST_EVENT)))
        assert run.clock.now_ns() - begun_ns < 5 * NS_PER_S
        (lost,) = run.notes(NODE_LOST_EVENT)
        assert lost.payload.fields["node"] == "n2"
        assert "though others hear it" in lost.payload.text
        await run.until(run.links[2].node.closed.is_set)
        run.offer(1, 5)
        await run.end()
        assert run.offered == NODES * 7 + (NODES - 1) * 5
        assert not run.notes(BRANCH_LOST_EVENT)


async def test_attempts_are_gathered_no_faster_than_they_are_written(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(node_results, "BATCH_BYTES", 1)
    async with run_of(monkeypatch, attempts=True) as run:
        await run.begin()
        for link in run.links:
            for at_ns in range(3):
                link.fleet.send_later(0, FrameKind.ROWS, row(at_ns))
        run.busy_with = FrameKind.ATTEMPTS
        await run.until(lambda: bool(_attempts(run)))
        for _ in range(50):
            await run.clock.advance(10 * NS_PER_MS)
        assert sum(link.verbs[Verb.GATHER] for link in run.links) == 1
        run.takes.set()
        await run.end()
        assert len(_attempts(run)) == NODES * 3
        assert sum(frame.kind is FrameKind.DONE for frame in run.frames) == NODES


def _attempts(run: Run) -> list[Frame]:
    return [frame for frame in run.frames if frame.kind is FrameKind.ATTEMPTS]
