"""A fleet of nodes: clocks apart, commands at one instant, and nodes that are lost."""

from __future__ import annotations

import asyncio
import os
import select
import signal
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from time import monotonic_ns

import numpy as np
import pytest

from bench.errors import LamloadError
from bench.load.fleets.fake import FakeClock
from bench.load.fleets.nodes import DEADLINE_NS, NodeFleet
from bench.load.frames import Frame, FrameKind, Replan, Start
from bench.load.node_process import ProcessNodes
from bench.load.schedule import arrivals
from bench.load.silence import children_of
from bench.model.live import FLEET_LOST_EVENT, NODE_LOST_EVENT, NodeHealth
from bench.model.profile import Arrivals
from bench.model.times import NS_PER_MS, NS_PER_S
from bench.record.row_layout import COUNT_FIELDS, ROW_FIELDS, ArrivalCounts, arrivals_by_variant
from tests.load.fakes import segment
from tests.load.fleets.orders import order
from tests.load.nodes import InProcess, InProcessNodes
from tests.wire.rawserver import answering, raw_server

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
NOWHERE = "http://127.0.0.1:1/"
HOURS_NS = 5 * 3600 * NS_PER_S


class Trial:
    """Nodes in this process, with time turned by hand, and what their fleet has said."""

    def __init__(self, *ahead_ns: int) -> None:
        self.clock = FakeClock()
        self.links = [InProcess(f"n{i}", self.clock, ahead) for i, ahead in enumerate(ahead_ns)]
        self.source = InProcessNodes(self.links)
        self.fleet = NodeFleet(self.source, clock=self.clock)
        self.said: list[tuple[int, Frame]] = []
        self._news = asyncio.Event()
        self._hearing: asyncio.Future[None] | None = None

    async def begin(self, workers: int, load_s: float, rate: float = 0.0) -> None:
        await self.fleet.hosts()
        await self.fleet.start([order(NOWHERE, i, workers) for i in range(workers)])
        start = Start(self.clock.now_ns(), (segment(rate, load_s),))
        self.fleet.broadcast(FrameKind.START, start)
        self._hearing = asyncio.ensure_future(self._hear())

    async def _hear(self) -> None:
        async for worker, frame in self.fleet.frames():
            self.said.append((worker, frame))
            self._news.set()

    async def until(self, kind: FrameKind, number: int = 1) -> list[Frame]:
        """The frames of a kind, once there are so many."""
        while len(found := [frame for _, frame in self.said if frame.kind is kind]) < number:
            self._news.clear()
            await self._news.wait()
        return found

    async def end(self) -> None:
        assert self._hearing is not None
        await asyncio.wait_for(self._hearing, 10)

    async def lose(self, node: int) -> None:
        """Cut a node off, and let time pass until somebody notices."""
        self.links[node].reached.clear()
        for _ in range(40):
            await self.clock.advance(250 * NS_PER_MS)
            if any(frame.kind is FrameKind.FAILED for _, frame in self.said):
                return
        raise AssertionError("nobody noticed")


@asynccontextmanager
async def trial_of(*ahead_ns: int) -> AsyncIterator[Trial]:
    trial = Trial(*ahead_ns)
    try:
        yield trial
    finally:
        for link in trial.links:
            link.reached.set()
        await trial.fleet.close()
        assert trial.source.is_closed
        assert all(link.fleet.is_closed for link in trial.links)


async def test_nodes_hours_apart_begin_at_one_instant() -> None:
    async with trial_of(HOURS_NS, -HOURS_NS, 0) as trial:
        hosts = await trial.fleet.hosts()
        assert [host.clock_offset_ns for host in hosts] == [HOURS_NS, -HOURS_NS, 0]
        await trial.begin(3, 600)
        start_ns = trial.clock.now_ns()
        for link in trial.links:
            while not link.fleet.sent:
                link.answered.clear()
                await link.answered.wait()
        heard = [link.fleet.sent[0].payload.start_ns for link in trial.links]
        assert heard == [start_ns + ahead for ahead in (HOURS_NS, -HOURS_NS, 0)]
        entry = trial.fleet.manifest()["fleet"]["nodes"][0]
        assert entry["name"] == "n0"
        assert entry["clock"]["offset_ns"] == HOURS_NS
        assert entry["clock"]["uncertainty_ns"] == 1


async def test_what_a_clock_gains_while_workers_are_brought_up_is_not_in_the_start() -> None:
    async with trial_of(HOURS_NS) as trial:
        await trial.fleet.hosts()
        trial.links[0].ahead_ns += 12 * NS_PER_MS  # a minute at 200 ppm
        await trial.begin(1, 600)
        start_ns = trial.clock.now_ns()
        while not trial.links[0].fleet.sent:
            trial.links[0].answered.clear()
            await trial.links[0].answered.wait()
        heard = trial.links[0].fleet.sent[0].payload
        assert heard.start_ns == start_ns + HOURS_NS + 12 * NS_PER_MS
        clock = trial.fleet.manifest()["fleet"]["nodes"][0]["clock"]
        assert clock["offset_ns"] == HOURS_NS + 12 * NS_PER_MS


async def test_a_clock_that_has_gained_makes_changes_lie_further_ahead() -> None:
    async with trial_of(0, 0) as trial:
        await trial.begin(2, 600)
        before_ns = trial.fleet.latency_ns
        trial.links[1].ahead_ns = 720 * NS_PER_MS  # an hour at 200 ppm
        await trial.fleet.conclude()
        assert trial.fleet.latency_ns == before_ns + 720 * NS_PER_MS


async def test_a_node_whose_clock_drifts_is_told_and_stays_with_the_others() -> None:
    async with trial_of(HOURS_NS, 0) as trial:
        await trial.begin(4, 600)
        before_ns = trial.fleet.latency_ns
        for _ in range(120):
            trial.links[0].ahead_ns += 100_000  # 200 ppm
            await trial.clock.advance(500 * NS_PER_MS)
        told = [s for s in trial.links[0].fleet.sent if s.kind is FrameKind.CLOCK]
        assert {sent.worker for sent in told} == {0, 1}
        assert 11_800_000 < told[-1].payload <= 12_000_000
        assert all(s.kind is not FrameKind.CLOCK for s in trial.links[1].fleet.sent)
        assert trial.fleet.latency_ns - before_ns < 200_000
        trial.fleet.broadcast(FrameKind.REPLAN, Replan(61 * NS_PER_S, (), finish=False))
        notes = [frame.payload for frame in await trial.until(FrameKind.NOTE, 2)]
        assert all(abs(note.fields["heard_ns"] - 60 * NS_PER_S) < 200_000 for note in notes)
        await trial.fleet.conclude()
        clock = trial.fleet.manifest()["fleet"]["nodes"][0]["clock"]
        assert clock["corrected_ns"] == told[-1].payload


async def test_each_node_says_when_it_heard_of_a_change() -> None:
    async with trial_of(HOURS_NS, 0) as trial:
        await trial.begin(4, 600)
        trial.fleet.broadcast(FrameKind.REPLAN, Replan(50 * NS_PER_MS, (), finish=False))
        notes = [frame.payload for frame in await trial.until(FrameKind.NOTE, 2)]
        assert {note.fields["node"] for note in notes} == {"n0", "n1"}
        assert {(note.fields["heard_ns"], note.fields["late_ns"]) for note in notes} == {(0, 0)}


async def test_a_node_that_is_cut_off_is_named_and_its_share_is_counted() -> None:
    own = segment(100, 60)
    async with trial_of(0, 0) as trial:
        await trial.begin(2, 60, 100)
        counts = ArrivalCounts()
        counts.cell(0, 0, 0)[0] = 30
        trial.links[1].fleet.send_later(0, FrameKind.COUNTS, counts.drain())
        await trial.clock.advance(1)
        await trial.until(FrameKind.COUNTS)
        begun_ns = trial.clock.now_ns()
        await trial.lose(1)
        assert trial.clock.now_ns() - begun_ns <= 5 * NS_PER_S
        notes = [frame.payload for frame in await trial.until(FrameKind.NOTE)]
        assert [note.kind for note in notes] == [NODE_LOST_EVENT]
        assert notes[0].text == f"node n1 did not answer for {DEADLINE_NS // NS_PER_S} s"
        assert [w for w, frame in trial.said if frame.kind is FrameKind.FAILED] == [1]
        await trial.clock.advance(60 * NS_PER_S)
        await trial.end()
        unsent = b"".join(f.payload for _, f in trial.said if f.kind is FrameKind.UNSENT)
        seconds: Counter[int] = Counter()
        for second, _, _, offered, dropped in np.frombuffer(unsent, list(COUNT_FIELDS)).tolist():
            assert offered == dropped
            seconds[second] += offered
        share = [at_ns // NS_PER_S for at_ns, _ in arrivals(own, Arrivals.EVEN, 1, 1, 2)]
        assert seconds == Counter(share[30:])
        last = [
            f.payload for _, f in trial.said if f.kind is FrameKind.NODE and not f.payload.alive
        ]
        assert isinstance(last[-1], NodeHealth)
        assert last[-1].unsent == len(share) - 30


async def test_a_node_whose_way_breaks_is_lost_at_once_and_the_others_go_on() -> None:
    async with trial_of(0, 0) as trial:
        await trial.begin(2, 5)
        trial.links[0].error = ConnectionError("the node process has ended (signal 9)")
        (failed,) = await trial.until(FrameKind.FAILED)
        assert "signal 9" in failed.payload
        await trial.clock.advance(6 * NS_PER_S)
        await trial.end()
        assert [w for w, frame in trial.said if frame.kind is FrameKind.DONE] == [1]


async def test_a_node_that_comes_back_is_ended_then() -> None:
    async with trial_of(0, 0) as trial:
        await trial.begin(2, 600, 100)
        link = trial.links[1]
        link.is_deaf = True
        await trial.lose(1)
        for _ in range(2):
            await link.refusals.get()
        assert not link.fleet.is_closed
        link.is_deaf = False
        await asyncio.wait_for(link.node.closed.wait(), 10)


async def test_the_share_of_an_engine_worker_that_dies_is_counted() -> None:
    async with trial_of(0) as trial:
        await trial.begin(2, 10, 100)
        counts = ArrivalCounts()
        counts.cell(0, 0, 0)[0] = 30
        trial.links[0].fleet.send_later(1, FrameKind.COUNTS, counts.drain())
        trial.links[0].fleet.die(1)
        await trial.clock.advance(1)
        await trial.until(FrameKind.FAILED)
        for _ in range(48):
            await trial.clock.advance(250 * NS_PER_MS)
        await trial.end()
        unsent = b"".join(f.payload for _, f in trial.said if f.kind is FrameKind.UNSENT)
        assert sum(arrivals_by_variant(unsent).values()) == 500 - 30


async def test_a_fleet_tells_once_that_what_its_nodes_stand_on_has_gone() -> None:
    async with trial_of(0, 0) as trial:
        await trial.begin(2, 600)
        trial.source.stands.clear()
        for _ in range(60):
            await trial.clock.advance(250 * NS_PER_MS)
        notes = [frame.payload for frame in await trial.until(FrameKind.NOTE)]
        assert [note.kind for note in notes] == [FLEET_LOST_EVENT]
        assert notes[0].text == "the ground did not answer for 10 s"


async def test_one_that_refuses_to_start_is_named() -> None:
    clock = FakeClock()
    links = [InProcess("good", clock), InProcess("bad", clock, broken={0: "no such module"})]
    fleet = NodeFleet(InProcessNodes(links), clock=clock)
    try:
        with pytest.raises(LamloadError, match=r"node bad: [\s\S]*no such module"):
            await fleet.start([order(NOWHERE, i, 2) for i in range(2)])
    finally:
        await fleet.close()


async def test_two_processes_send_exactly_the_schedule() -> None:
    async with raw_server(answering(OK)) as url:
        fleet = NodeFleet(ProcessNodes(2))
        try:
            await fleet.hosts()
            await fleet.start([order(url, i, 2) for i in range(2)])
            own = segment(200, 0.5)
            fleet.broadcast(FrameKind.START, Start(monotonic_ns() + 300 * NS_PER_MS, (own,)))
            rows = [f.payload async for _, f in fleet.frames() if f.kind is FrameKind.ROWS]
        finally:
            await fleet.close()
    packed = np.frombuffer(b"".join(rows), list(ROW_FIELDS))
    assert sorted(packed["intended_ns"].tolist()) == [
        at_ns for at_ns, _ in arrivals(own, Arrivals.EVEN, 1, 0, 1)
    ]
    assert (packed["sent_ns"] >= packed["intended_ns"]).all()


async def test_a_killed_and_a_stopped_node_are_named_and_the_whole_schedule_is_counted() -> None:
    offered: Counter[FrameKind] = Counter()
    failed: dict[int, str] = {}
    heard: set[int] = set()
    async with raw_server(answering(OK)) as url:
        fleet = NodeFleet(ProcessNodes(3), deadline_ns=NS_PER_S)
        try:
            await fleet.hosts()
            pids = [node.greeting.pid for node in fleet.nodes]
            await fleet.start([order(url, i, 3) for i in range(3)])
            ends = [os.pidfd_open(pid) for own in pids for pid in (own, *children_of(own))]
            start = Start(monotonic_ns() + 300 * NS_PER_MS, (segment(300, 2.5),))
            fleet.broadcast(FrameKind.START, start)
            async for worker, frame in fleet.frames():
                if frame.kind in (FrameKind.COUNTS, FrameKind.UNSENT):
                    offered[frame.kind] += sum(arrivals_by_variant(frame.payload).values())
                    heard.add(worker)
                elif frame.kind is FrameKind.FAILED:
                    failed[worker] = frame.payload
                if heard == {0, 1, 2}:
                    heard.add(-1)
                    os.kill(pids[0], signal.SIGKILL)
                    os.kill(pids[1], signal.SIGSTOP)
        finally:
            await fleet.close()
    assert offered.total() == 750
    assert offered[FrameKind.UNSENT] > 200
    assert set(failed) == {0, 1}
    assert "signal 9" in failed[0]
    assert "did not answer for 1 s" in failed[1]
    assert len(ends) == 6
    for end in ends:
        assert select.select([end], [], [], 10)[0], "a process is left"
        os.close(end)
