"""A session on the fleet that it is given, with time turned by hand: nothing is local in it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from bench.errors import ExitCode, UsageError
from bench.load.fleets.fake import FakeClock, FakeFleet
from bench.load.frames import FleetNote, FrameKind
from bench.load.host import Host
from bench.load.session import GIVE_BACK_NS, START_MARGIN_NS, RunResult, RunSession
from bench.load.targets.http import HttpTarget
from bench.model.live import FLEET_LOST_EVENT, NODE_LOST_EVENT, NodeHealth, RunState
from bench.model.load import Command, CommandKind, Shift, Turn
from bench.model.profile import Connections, LoadSpec, OnNodeLoss, Phase
from bench.model.times import NS_PER_MS, NS_PER_S
from bench.record.row_layout import ArrivalCounts
from bench.shapes.ramp import constant_rate
from tests.load.test_session import profile_of
from tests.wire.rawserver import raw_server, silent

TWO_MACHINES = (Host("large", cores=3, descriptors=1024, realtime=True), Host("small", cores=2))


class Stage:
    """A session of a minute's load, prepared but not begun."""

    def __init__(self, url: str, root: Path, hosts: tuple[Host, ...], load: LoadSpec) -> None:
        self.clock = FakeClock()
        self.fleet = FakeFleet(self.clock, hosts)
        self.session = RunSession(
            replace(
                profile_of(url),
                load=load,
                phases=(Phase("steady", constant_rate(40, 60 * NS_PER_S)),),
            ),
            root,
            open_fleet=lambda: self.fleet,
            clock=self.clock,
        )

    async def play(self, seconds: float) -> asyncio.Future[None]:
        load = asyncio.ensure_future(self.session.run())
        await self.clock.advance(START_MARGIN_NS + round(seconds * NS_PER_S))
        return load

    async def end(self, load: asyncio.Future[None]) -> RunResult:
        await self.clock.advance(NS_PER_S)
        await load
        return await self.session.finish()


@asynccontextmanager
async def staged(
    root: Path,
    hosts: tuple[Host, ...] = TWO_MACHINES,
    on_node_loss: OnNodeLoss = OnNodeLoss.CONTINUE,
) -> AsyncIterator[Stage]:
    async with raw_server(silent) as url:
        load = LoadSpec(in_flight=600, on_node_loss=on_node_loss)
        stage = Stage(url, root, hosts, load)
        try:
            await stage.session.prepare()
            yield stage
        finally:
            await stage.session.close()
            assert stage.fleet.is_closed


async def test_a_minute_on_two_machines_takes_no_time(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        load = await stage.play(59.9)
        assert stage.session.state is RunState.RUNNING
        assert not load.done()
        result = await stage.end(load)
    assert result.recorded.state == RunState.FINISHED.value
    assert result.recorded.windows[0].duration_s == pytest.approx(60)
    assert stage.fleet.kinds(2) == [FrameKind.START]
    assert [sent.t_ns for sent in stage.fleet.sent] == [FakeClock().now_ns()] * 3


async def test_free_memory_is_given_back_now_and_then(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[int] = []
    async with staged(tmp_path) as stage:
        clock = stage.clock
        monkeypatch.setattr("bench.load.session.give_back", lambda: given.append(clock.now_ns()))
        begun_ns = clock.now_ns()
        await stage.end(await stage.play(59.9))
    assert len(given) == 1
    assert given[0] - begun_ns >= GIVE_BACK_NS


async def test_workers_and_what_they_may_need_are_settled_by_the_fleets_machines(
    tmp_path: Path,
) -> None:
    async with staged(tmp_path) as stage:
        orders = stage.fleet.orders
        assert [(order.worker, order.workers) for order in orders] == [(0, 3), (1, 3), (2, 3)]
        assert {order.descriptors for order in orders} == {200 + 64}
        path = next(tmp_path.iterdir()) / "manifest.json"
        manifest = json.loads(path.read_text("utf-8"))
        assert manifest["workers"] == 3
        assert manifest["pacing"] == "default"
        assert manifest["scheduling"] == {
            "asked": "auto",
            "workers": ["realtime", "realtime", "normal"],
        }


async def test_what_a_machine_of_the_fleet_cannot_bear_is_refused_before_anything_starts(
    tmp_path: Path,
) -> None:
    short = Host("short", cores=2, descriptors=263)
    with pytest.raises(UsageError, match="264 file descriptors in a worker and short allows 263"):
        async with staged(tmp_path, (TWO_MACHINES[0], short)) as stage:
            raise AssertionError(stage.fleet.orders)
    assert list(tmp_path.iterdir()) == []


async def test_a_command_takes_effect_in_all_workers_at_one_instant(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        load = await stage.play(10)
        stage.session.command(Command(CommandKind.DRAIN))
        drained = await stage.end(load)
    assert drained.exit_code is ExitCode.INTERRUPTED
    replans = [sent.payload for sent in stage.fleet.sent if sent.kind is FrameKind.REPLAN]
    assert [replan.at_ns for replan in replans] == [10 * NS_PER_S + 120 * NS_PER_MS] * 3
    assert drained.recorded.windows[0].duration_s == pytest.approx(10.12)


class HearingTarget(HttpTarget):
    """Notes what it is told of turns, and takes its time to hear it."""

    def __init__(self, stage: Stage, takes_ns: int = 0) -> None:
        super().__init__(stage.session.profile.target, Connections(), {})
        self._clock, self._takes_ns = stage.clock, takes_ns
        self.heard: list[tuple[int, list[int], list[Shift]]] = []
        """When, the instants of turns, and the shifts."""

    async def expect(self, turns: Sequence[Turn], shifts: Sequence[Shift] = ()) -> None:
        await self._clock.sleep_ns(self._takes_ns)
        told = [turn.start_ns for turn in turns], list(shifts)
        self.heard.append((self._clock.now_ns(), *told))


async def test_the_load_begins_when_its_target_knows_of_its_turns(tmp_path: Path) -> None:
    """And no sooner, however long it takes to hear of them."""
    async with staged(tmp_path) as stage:
        stage.session.target = target = HearingTarget(stage, 700 * NS_PER_MS)
        load = await stage.play(70)
        await stage.end(load)
        (begun,) = {
            sent.payload.start_ns for sent in stage.fleet.sent if sent.kind is FrameKind.START
        }
    heard_ns, (turn_ns,), _ = target.heard[-1]
    assert turn_ns == begun
    assert begun - heard_ns >= START_MARGIN_NS


async def test_the_target_knows_of_a_command_before_it_takes_effect(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        stage.session.target = target = HearingTarget(stage)
        load = await stage.play(10)
        (_, (began_ns,), _) = target.heard[-1]
        for kind, later_s in ((CommandKind.HOLD, 3), (CommandKind.RESUME, 60)):
            stage.session.command(Command(kind))
            await stage.clock.advance(later_s * NS_PER_S)
        await stage.end(load)
    (heard_ns, _, shifts) = target.heard[-1]
    held_ns, resumed_ns = (shift.at_ns for shift in shifts[1:])
    assert [shift.plan_ns - began_ns for shift in shifts] == [0, *[10_120 * NS_PER_MS] * 2]
    assert [shift.runs for shift in shifts] == [True, False, True]
    assert held_ns == began_ns + 10_120 * NS_PER_MS
    assert heard_ns < resumed_ns == held_ns + 3 * NS_PER_S
    assert target.heard[-2][0] < held_ns


async def test_a_worker_that_dies_is_told_of_and_the_others_go_on(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        load = await stage.play(10)
        stage.fleet.die(1)
        await stage.clock.advance(49 * NS_PER_S)
        assert not load.done()
        result = await stage.end(load)
    assert result.exit_code is ExitCode.INVALID
    assert any("worker 1 died" in reason.text for reason in result.recorded.reasons)


async def test_a_worker_that_was_ended_for_its_silence_is_told_in_the_verdict(
    tmp_path: Path,
) -> None:
    async with staged(tmp_path) as stage:
        load = await stage.play(10)
        stage.fleet.send_later(1, FrameKind.FAILED, "engine worker 1 did not answer for 5 s")
        await stage.clock.advance(49 * NS_PER_S)
        result = await stage.end(load)
    assert result.exit_code is ExitCode.INVALID
    told = [reason.text for reason in result.recorded.reasons]
    assert "worker 1 did not answer for 5 s: its share of the load is missing" in told


async def test_a_run_ends_once_what_its_nodes_stand_on_has_gone(tmp_path: Path) -> None:
    words = "the Dask scheduler at tcp://a:1 did not answer for 10 s"
    async with staged(tmp_path) as stage:
        load = await stage.play(10)
        note = FleetNote(FLEET_LOST_EVENT, words, {})
        stage.fleet.send_later(0, FrameKind.NOTE, note)
        await stage.clock.advance(NS_PER_S)
        result = await stage.end(load)
    assert result.exit_code is ExitCode.INVALID
    assert words in [reason.text for reason in result.recorded.reasons]
    assert result.recorded.windows[0].duration_s == pytest.approx(10, abs=0.5)
    assert [kind for kind in stage.fleet.kinds(1) if kind is FrameKind.DRAIN] == [FrameKind.DRAIN]


async def test_a_load_that_has_ended_needs_nothing_that_nodes_stand_on(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        load = await stage.play(10)
        stage.session.command(Command(CommandKind.DRAIN))
        stage.fleet.send_later(0, FrameKind.NOTE, FleetNote(FLEET_LOST_EVENT, "it is gone", {}))
        result = await stage.end(load)
    assert result.exit_code is ExitCode.INTERRUPTED
    assert "it is gone" not in [reason.text for reason in result.recorded.reasons]
    assert "fleet-lost" in [event.kind for event in result.recorded.events]


@pytest.mark.parametrize("on_node_loss", list(OnNodeLoss))
async def test_a_lost_node_ends_the_run_if_the_profile_says_so(
    tmp_path: Path, on_node_loss: OnNodeLoss
) -> None:
    async with staged(tmp_path, on_node_loss=on_node_loss) as stage:
        load = await stage.play(10)
        note = FleetNote(NODE_LOST_EVENT, "node n1 did not answer for 4 s", {"node": "n1"})
        stage.fleet.send_later(0, FrameKind.NOTE, note)
        health = NodeHealth("n1", 1, alive=False, unsent=20)
        stage.fleet.send_later(0, FrameKind.NODE, health)
        counts = ArrivalCounts()
        counts.cell(5, 0, 0)[:] = [20, 20]
        stage.fleet.send_later(0, FrameKind.UNSENT, counts.drain())
        await stage.clock.advance(NS_PER_S)
        assert stage.session.snapshot().nodes == (health,)
        is_over = on_node_loss is OnNodeLoss.STOP
        assert (FrameKind.DRAIN in stage.fleet.kinds(1)) is is_over
        ends = [sent.payload.at_ns for sent in stage.fleet.sent if sent.kind is FrameKind.REPLAN]
        assert ends == [ends[0]] * 3 if is_over else not ends
        if not is_over:
            await stage.clock.advance(60 * NS_PER_S)
        result = await stage.end(load)
    assert result.exit_code is ExitCode.INVALID
    window = result.recorded.windows[0]
    assert (window.tally.offered, window.tally.dropped) == (20, 20)
    texts = [reason.text for reason in result.recorded.reasons]
    assert "20 arrivals were the share of a lost node: they count as dropped" in texts
    assert not any("free slot" in text for text in texts)
    assert "node-lost" in [event.kind for event in result.recorded.events]
