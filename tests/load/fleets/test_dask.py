"""A run on a cluster of two processes, as a user starts it; and what is refused before one."""

from __future__ import annotations

import asyncio
import csv
import json
import re
import socket
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from distributed.protocol import pickle as wire

import bench
from bench.errors import ExitCode, FleetError, LamloadError, UsageError
from bench.load.fleets import dask as dask_module
from bench.load.fleets.dask import (
    ActorNode,
    DaskNodes,
    check_lamload,
    check_versions,
    end_owned,
    is_loopback,
)
from bench.load.fleets.open import FleetWord
from bench.load.fleets.there import lamload_there
from bench.load.frames import VERSION
from bench.load.schedule import arrivals
from bench.plan import make_plan
from bench.profile import load_profile
from tests.wire.rawserver import answering, raw_server

ROOT = Path(__file__).parent.parent.parent.parent
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


async def test_two_processes_of_a_cluster_send_exactly_the_plan_and_one_adds_up(
    tmp_path: Path,
) -> None:
    async with raw_server(answering(OK)) as url:
        running = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bench", "run", url, "--fleet", "dask-local:2"),
            *("--headless", "--rate", "200/s", "--for", "1s", "--out", str(tmp_path)),
            *("--set", "load.arrivals=even", "--set", "record.attempts=true", "--allow-invalid"),
            *("--set", "load.direct_nodes=1"),
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        _, words = await asyncio.wait_for(running.communicate(), 60)
    assert running.returncode == 0, words.decode()
    (folder,) = tmp_path.iterdir()
    with (folder / "attempts.csv").open(encoding="utf-8") as file:
        intended = sorted(int(row["intended_ns"]) for row in csv.DictReader(file))
    profile = load_profile(folder / "profile.toml")
    assert len(intended) >= 200
    assert intended == sorted(
        at_ns
        for segment in make_plan(profile).segments
        for at_ns, _ in arrivals(segment, profile.load.arrivals, profile.load.seed, 0, 1)
    )
    fleet = json.loads((folder / "manifest.json").read_text("utf-8"))["fleet"]
    assert fleet["kind"] == "dask-local"
    assert [node["workers"] for node in fleet["nodes"]] == [[0], [1]]
    assert all(len(node["clock"]["readings"]) >= 2 for node in fleet["nodes"])
    (branch,) = fleet["branches"]
    assert (branch["nodes"], branch["lost"]) == ([0, 1], None)


def test_a_cluster_that_does_not_answer_is_told_by_the_exit_code(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    fleet = ("--fleet", f"dask://127.0.0.1:{port}", "--headless", "--out", str(tmp_path))
    done = subprocess.run(
        [sys.executable, "-m", "bench", "run", "http://127.0.0.1:1/", *fleet],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == ExitCode.TARGET
    assert f"no Dask scheduler answers at tcp://127.0.0.1:{port} within" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("host", "found"),
    [("127.0.0.1", True), ("::1", True), ("localhost", True), ("10.0.0.1", False), ("a.b", False)],
)
def test_only_loopback_never_leaves_the_machine(host: str, found: bool) -> None:
    assert is_loopback(host) is found


async def test_beyond_this_machine_tls_is_required() -> None:
    source = DaskNodes(FleetWord(address="tcp://192.0.2.1:8786"), insecure=False)
    with pytest.raises(UsageError, match=r"tcp://192\.0\.2\.1:8786.*use tls://, or say"):
        await source.open()
    await source.close()


async def test_a_file_that_is_no_scheduler_file_is_told(tmp_path: Path) -> None:
    file = tmp_path / "scheduler.json"
    file.write_text('{"host": 1}', "utf-8")
    source = DaskNodes(FleetWord(scheduler_file=file), insecure=False)
    with pytest.raises(UsageError, match=r"scheduler\.json is no scheduler file.*dask scheduler"):
        await source.open()
    await source.close()


def versions(python: str = "3.11.7.final.0", distributed: str = "2026.8.0") -> dict[str, Any]:
    return {"host": {"python": python}, "packages": {"distributed": distributed}}


@pytest.mark.parametrize(
    ("worker", "words"),
    [
        (versions("3.9.1.final.0"), "worker tcp://a:1 has Python 3.9 and this side 3.11: give"),
        (versions(distributed="2025.1.0"), "tcp://a:1 has distributed 2025.1.0 and this side"),
    ],
)
def test_another_python_or_dask_is_refused_with_the_remedy(
    worker: dict[str, Any], words: str
) -> None:
    found = {"client": versions(), "scheduler": versions(), "workers": {"tcp://a:1": worker}}
    with pytest.raises(LamloadError, match=re.escape(words)):
        check_versions(found)
    check_versions({**found, "workers": {"tcp://a:1": versions("3.11.1.final.0")}})


@pytest.mark.parametrize(
    ("there", "words"),
    [
        (ImportError("No module named 'bench'"), "cannot load lamload (ImportError: No module"),
        (("0.0.1", VERSION), f"has lamload 0.0.1 (frames {VERSION}) and this side"),
        ((bench.__version__, 1), "(frames 1) and this side"),
    ],
)
def test_a_worker_with_another_lamload_or_none_is_refused_with_the_remedy(
    there: object, words: str
) -> None:
    ours = (bench.__version__, VERSION)
    with pytest.raises(FleetError, match=re.escape(words)) as refusal:
        check_lamload({"tcp://a:1": ours, "tcp://b:1": there})
    assert str(refusal.value).startswith("the Dask worker tcp://b:1 ")
    assert str(refusal.value).endswith(f": pip install lamload=={bench.__version__} there")
    check_lamload({"tcp://a:1": ours})


def test_a_worker_without_lamload_can_load_the_question_whether_it_has_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    dumps: Any = wire.dumps
    loads: Any = wire.loads
    sent = dumps(lamload_there)
    assert loads(sent)() == (bench.__version__, VERSION)
    for name in [name for name in sys.modules if name.split(".")[0] == "bench"]:
        monkeypatch.setitem(sys.modules, name, None)
    asked = loads(sent)
    with pytest.raises(ImportError, match="bench"):
        asked()


class SilentActor:
    """Nothing that it is asked is ever answered."""

    def __init__(self) -> None:
        self.is_asked = False

    async def close(self) -> None:
        self.is_asked = True
        await asyncio.Event().wait()


class EndedActor:
    async def close(self) -> None:
        raise RuntimeError("Worker holding Actor was lost.  Status: lost")


class ByScheduler:
    """The future of an actor, and the client behind it, whose scheduler reaches some workers."""

    def __init__(self, *reached: str) -> None:
        self.client = self
        self.key = "lamload-node"
        self.status = "finished"
        self.reached = reached
        self.ended: list[str] = []
        self.is_released = False
        self.asked = asyncio.Event()
        self.passes = asyncio.Event()
        """Cleared, its scheduler takes its time."""
        self.passes.set()

    async def run(self, _function: object, key: str, *, workers: list[str]) -> None:
        self.asked.set()
        await self.passes.wait()
        if not set(workers) <= set(self.reached):
            raise OSError(f"no way to {workers}")
        self.ended.append(key)

    def release(self) -> None:
        self.is_released = True


async def test_the_scheduler_passes_on_that_a_node_is_to_end_which_it_alone_reaches(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(dask_module, "DIRECT_FIRST_S", 0.0)
    actor, held = SilentActor(), ByScheduler("tcp://a:1")
    assert await ActorNode("tcp://a:1", actor, held).close()
    assert (actor.is_asked, held.ended, held.is_released) == (True, ["lamload-node"], True)


async def test_what_the_scheduler_was_asked_outlasts_the_patience_of_who_asks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(dask_module, "DIRECT_FIRST_S", 0.0)
    held = ByScheduler("tcp://a:1")
    held.passes.clear()
    node = ActorNode("tcp://a:1", SilentActor(), held)
    for _ in range(2):
        asking = asyncio.ensure_future(node.close())
        await held.asked.wait()
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
    held.passes.set()
    assert await node.close()
    assert held.ended == ["lamload-node"]
    await node.forget()


async def test_a_node_that_nobody_reaches_is_not_taken_for_ended(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(dask_module, "DIRECT_FIRST_S", 0.0)
    monkeypatch.setattr(dask_module, "CLOSE_S", 0.05)
    held = ByScheduler("tcp://b:1")
    assert not await ActorNode("tcp://a:1", SilentActor(), held).close()
    assert (held.ended, held.is_released) == ([], False)


async def test_a_worker_that_the_scheduler_knows_to_have_ended_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(dask_module, "DIRECT_FIRST_S", 0.0)
    held = ByScheduler("tcp://a:1")
    held.passes.clear()
    held.status = "lost"
    async with asyncio.timeout(dask_module.CLOSE_S / 2):
        assert not await ActorNode("tcp://a:1", EndedActor(), held).close()
    assert not held.asked.is_set()


async def test_a_node_is_ended_on_its_worker_by_the_key_of_its_actor() -> None:
    ended = asyncio.Event()

    class Owned:
        async def close(self) -> None:
            ended.set()

    worker = SimpleNamespace(state=SimpleNamespace(actors={"lamload-node": Owned()}))
    await end_owned("another", worker)
    assert not ended.is_set()
    await end_owned("lamload-node", worker)
    assert ended.is_set()


class BrokenActor:
    def __init__(self, error: Exception) -> None:
        self.error = error

    async def call(self, _question: bytes) -> bytes:
        raise self.error


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OSError("Unable to contact Actor's worker"), "its Dask worker has ended, or is out of"),
        (RuntimeError("Worker holding Actor was lost."), "its Dask worker has ended, or is out of"),
        (ConnectionError("the node process has ended (signal 9)"), "the node process has ended"),
    ],
)
async def test_a_node_whose_worker_has_ended_is_told_from_one_that_has_ended_itself(
    error: Exception, words: str
) -> None:
    node = ActorNode("tcp://a:1", BrokenActor(error), None)
    with pytest.raises(ConnectionError, match=f"^{words}"):
        await node.call(b"")
