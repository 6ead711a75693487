"""A node as its coordinator meets it: each command once, each START by its token, a lease."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from time import time

import pytest

from bench.errors import LamloadError, TargetError
from bench.load.fleets.fake import FakeClock
from bench.load.frames import Frame, FrameKind, Start
from bench.load.node_files import NodeFiles, archives, shipments
from bench.load.node_messages import (
    LEASE_NS,
    Batch,
    Commands,
    Orders,
    Pull,
    Told,
    Verb,
    question,
    read_answer,
)
from bench.load.remote_node import RemoteNode
from bench.load.targets.per_node import added_statistics
from bench.load.wall_clock import wall_words
from bench.model.profile import Client, Connections, EventKind, EventSpec
from bench.model.times import NS_PER_S
from tests.load.fakes import segment
from tests.load.fleets.orders import order
from tests.load.nodes import InProcess

NOWHERE = "http://127.0.0.1:1/"
START = Told(0, FrameKind.START, Start(1_000 * NS_PER_S, (segment(0, 600),)))


async def ask(link: InProcess, verb: Verb, payload: object = None) -> object:
    answer = read_answer(await link.node.answer(question(verb, payload)))
    if answer.error:
        raise LamloadError(answer.error)
    return answer.payload


async def ready(clock: FakeClock | None = None) -> tuple[InProcess, str]:
    """A node with one worker, and its token."""
    link = InProcess("a", clock or FakeClock())
    hello = await ask(link, Verb.HELLO)
    assert isinstance(hello, dict)
    await ask(link, Verb.ORDER, Orders((order(NOWHERE, 3, 4),)))
    return link, hello["token"]


async def test_a_command_that_is_told_twice_is_carried_out_once() -> None:
    link, token = await ready()
    commands = Commands(1, (START, Told(0, FrameKind.DRAIN)), token)
    await ask(link, Verb.TELL, commands)
    await ask(link, Verb.TELL, commands)
    await ask(link, Verb.TELL, Commands(2, (Told(0, FrameKind.DRAIN), Told(0, FrameKind.ABORT))))
    kinds = [kind for kind in link.fleet.kinds() if kind is not FrameKind.KEEP]
    assert kinds == [FrameKind.START, FrameKind.DRAIN, FrameKind.ABORT]
    await link.close()


async def test_the_token_of_another_process_begins_nothing() -> None:
    link, _ = await ready()
    _, of_another = await ready()
    with pytest.raises(LamloadError, match="started again meanwhile"):
        await ask(link, Verb.TELL, Commands(1, (START,), of_another))
    assert link.fleet.sent == []
    await link.close()


async def test_a_token_is_redeemed_once() -> None:
    link, token = await ready()
    await ask(link, Verb.TELL, Commands(1, (START,), token))
    with pytest.raises(LamloadError, match="begun before"):
        await ask(link, Verb.TELL, Commands(2, (START,), token))
    assert link.fleet.kinds() == [FrameKind.START]
    await link.close()


async def test_a_start_that_was_long_on_its_way_begins_nothing() -> None:
    clock = FakeClock()
    link, token = await ready(clock)
    await clock.advance(5 * NS_PER_S)
    with pytest.raises(LamloadError, match=r"was to begin 5\.0 s ago"):
        await ask(link, Verb.TELL, Commands(1, (START,), token))
    assert FrameKind.START not in link.fleet.kinds()
    await link.close()


async def test_what_was_said_comes_again_until_it_is_acknowledged() -> None:
    clock = FakeClock()
    link, _ = await ready(clock)
    link.fleet.send_later(0, FrameKind.USED_UP, 7)
    await clock.advance(1)
    first = await ask(link, Verb.PULL, Pull())
    again = await ask(link, Verb.PULL, Pull())
    assert isinstance(first, Batch)
    assert again == first
    assert first.frames == ((0, Frame(FrameKind.USED_UP, 7)),)
    link.fleet.send_later(0, FrameKind.USED_UP, 8)
    await clock.advance(1)
    second = await ask(link, Verb.PULL, Pull(first.number))
    assert isinstance(second, Batch)
    assert second.frames == ((0, Frame(FrameKind.USED_UP, 8)),)
    await link.close()


async def test_it_is_abandoned_when_nobody_has_asked_for_its_lease() -> None:
    clock = FakeClock()
    link, _ = await ready(clock)
    await clock.advance(LEASE_NS)
    assert not link.node.is_abandoned
    await clock.advance(1)
    assert link.node.is_abandoned
    await ask(link, Verb.CLOCK)
    assert not link.node.is_abandoned
    await link.close()


async def test_its_workers_hear_that_the_load_is_wanted_and_have_the_lease_themselves() -> None:
    clock = FakeClock()
    link, _ = await ready(clock)
    assert link.fleet.orders[0].lease_ns < LEASE_NS
    for _ in range(3):
        await clock.advance(NS_PER_S)
        await ask(link, Verb.CLOCK)
        await ask(link, Verb.CLOCK)
    assert link.fleet.kinds() == [FrameKind.KEEP] * 3
    await link.close()


async def test_a_node_without_credentials_says_how_to_send_some(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def none(_environ: object) -> None:
        raise TargetError("no AWS credentials: set AWS_ACCESS_KEY_ID")

    monkeypatch.setattr("bench.load.node.load_credentials", none)
    link = InProcess("a", FakeClock())
    with pytest.raises(LamloadError, match=r"no AWS credentials.*; or send .* --send-credentials"):
        await ask(link, Verb.ORDER, Orders((order(NOWHERE),), resolve_credentials=True))
    await link.close()


async def test_a_second_order_is_refused() -> None:
    link, _ = await ready()
    with pytest.raises(LamloadError, match="has its workers already"):
        await ask(link, Verb.ORDER, Orders((order(NOWHERE),)))
    await link.close()


async def test_files_are_sent_in_pieces_and_found_on_the_node(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bench.load.node_files.PIECE_BYTES", 5)
    feed, bundle, rows = tmp_path / "feed.csv", tmp_path / "ca.pem", tmp_path / "rows.csv"
    feed.write_text("a,b\n1,2\n3,4\n", "utf-8")
    rows.write_text("c\n5\n", "utf-8")
    bundle.write_text("", "utf-8")
    event = EventSpec(EventKind.FEED, path=str(feed))
    template = EventSpec(EventKind.TEMPLATE, {"n": "{{ c }}"}, None, {"feed": str(rows)})
    client = Client(events=(event, template), connections=Connections(ca_bundle=str(bundle)))
    own = replace(order(NOWHERE), clients=(client,))
    files = shipments([own, own])
    assert {file.path for file in files} == {str(feed), str(bundle), str(rows)}
    assert len(files) == 3

    link = InProcess("a", FakeClock())
    remote = RemoteNode(link, link.now_ns)
    await remote.ship(files)
    await remote.order(Orders((own,), shipped={file.path: file.sha256 for file in files}))
    placed = link.fleet.orders[0].clients[0]
    assert placed.events[0].path is not None
    assert placed.connections.ca_bundle is not None
    assert placed.events[0].path != str(feed)
    there = Path(placed.events[0].path)
    assert there.read_text("utf-8") == feed.read_text("utf-8")
    assert there.suffix == ".csv"
    assert Path(placed.connections.ca_bundle).read_bytes() == b""
    assert Path(placed.events[1].options["feed"]).read_bytes() == rows.read_bytes()
    assert template.options["feed"] == str(rows)
    await link.close()
    assert not there.exists()


async def test_another_python_is_refused_with_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    link = InProcess("tcp://10.0.0.2:4000", FakeClock())
    remote = RemoteNode(link, link.now_ns)
    monkeypatch.setattr("bench.load.node.platform.python_version", lambda: "3.9.1")
    with pytest.raises(
        LamloadError, match=r"node tcp://10\.0\.0\.2:4000 runs Python 3\.9\.1.*give"
    ):
        await remote.greet()


async def test_another_version_is_refused_with_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    link = InProcess("a", FakeClock())
    remote = RemoteNode(link, link.now_ns)
    monkeypatch.setattr("bench.load.node.VERSION", 1)
    with pytest.raises(LamloadError, match=r"node a has lamload .* \(frames 1\).*pip install"):
        await remote.greet()


@pytest.mark.parametrize(("ahead_s", "words"), [(7200.5, "ahead of"), (-300, "behind")])
async def test_a_time_of_day_that_is_wrong_is_told_and_not_signed_by(
    monkeypatch: pytest.MonkeyPatch, ahead_s: float, words: str
) -> None:
    monkeypatch.setattr("bench.load.node.time", lambda: time() + ahead_s)
    link = InProcess("a", FakeClock())
    remote = RemoteNode(link, link.now_ns)
    await remote.greet()
    found_s = remote.greeting.wall_ahead_s
    assert abs(found_s - ahead_s) < 2
    told = f"the time of day of node a is {abs(found_s)} s {words} this machine's"
    assert (
        wall_words("a", found_s, has_own_target=False)
        == f"{told}: its requests are signed by this machine's"
    )
    await remote.order(Orders((order(NOWHERE),), wall_ahead_s=found_s))
    assert link.fleet.orders[0].wall_ahead_s == found_s
    await link.close()


async def test_a_function_that_is_a_folder_comes_out_as_it_was(tmp_path: Path) -> None:
    folder = tmp_path / "greeter"
    (folder / "lib").mkdir(parents=True)
    (folder / "__pycache__").mkdir()
    (folder / "__pycache__" / "old.pyc").write_bytes(b"")
    (folder / "app.py").write_text("def handler(event, context): ...\n", "utf-8")
    (folder / "lib" / "run").write_text("#!/bin/sh\n", "utf-8")
    (folder / "lib" / "run").chmod(0o755)
    (packed,) = archives([str(folder), "primes", None, str(folder)])
    (again,) = archives([str(folder)])
    assert again.sha256 == packed.sha256

    files = NodeFiles()
    for piece in packed.pieces():
        files.keep(piece)
    there = Path(files.unpacked(packed.sha256))
    assert there.name == "greeter"
    found = sorted(path.relative_to(there).as_posix() for path in there.rglob("*"))
    assert found == ["app.py", "lib", "lib/run"]
    assert (there / "lib" / "run").stat().st_mode & 0o111
    assert files.unpacked(packed.sha256) == str(there)
    files.close()
    assert not there.exists()


def test_what_nodes_count_is_added_and_their_quantiles_are_not() -> None:
    one = {
        "functions": {"f": {"p99_ms": 3.0}},
        "host": {"refused_for_room": 1, "saturated": False, "waited_share": 0.1},
    }
    other = {
        "functions": {"f": {"p99_ms": 9.0}},
        "host": {"refused_for_room": 2, "saturated": True, "waited_share": 0.4},
    }
    found = added_statistics({"a": one, "b": other})
    assert found["host"] == {"refused_for_room": 3, "saturated": True, "waited_share": 0.4}
    assert found["nodes"] == {"a": one, "b": other}
    assert "functions" not in found
    assert added_statistics({"a": {}}) == {}


def test_what_was_done_too_late_is_told_where_every_node_knows_it() -> None:
    one, other = {"late_successes": {"a": 2, "b": 0}}, {"late_successes": {"a": 3, "b": 1}}
    assert added_statistics({"n": one, "m": other})["late_successes"] == {"a": 5, "b": 1}
    assert "late_successes" not in added_statistics({"n": one, "m": {"unanswered": True}})
