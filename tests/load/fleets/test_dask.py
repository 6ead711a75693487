"""A run on a cluster of two processes, as a user starts it; and what is refused before one."""

from __future__ import annotations

import asyncio
import csv
import json
import subprocess
import sys
from pathlib import Path

import pytest

from bench.errors import LamloadError, UsageError
from bench.load.fleets.dask import DaskNodes, is_loopback
from bench.load.fleets.open import FleetWord
from bench.load.schedule import arrivals
from bench.plan import make_plan
from bench.profile import load_profile
from tests.wire.rawserver import answering, raw_server

ROOT = Path(__file__).parent.parent.parent.parent
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


async def test_two_processes_of_a_cluster_send_exactly_the_plan(tmp_path: Path) -> None:
    async with raw_server(answering(OK)) as url:
        running = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bench", "run", url, "--fleet", "dask-local:2"),
            *("--headless", "--rate", "200/s", "--for", "1s", "--out", str(tmp_path)),
            *("--set", "load.arrivals=even", "--set", "record.attempts=true", "--allow-invalid"),
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


async def test_another_python_on_a_worker_is_refused_before_anything_is_sent_there() -> None:
    source = DaskNodes(FleetWord(processes=1), insecure=False)
    found = {"workers": {"tcp://10.0.0.2:1": {"host": {"python": "3.9.1.final.0"}}}}
    with pytest.raises(LamloadError, match=r"tcp://10\.0\.0\.2:1 runs Python 3\.9 and this side"):
        source._check_versions(found)
