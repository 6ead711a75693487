"""A cluster with TLS, found by its scheduler file: whose credentials sign, and what is shipped."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import re
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import trustme

from tests.wire.rawserver import raw_server

ROOT = Path(__file__).parent.parent.parent
OURS = {"AWS_ACCESS_KEY_ID": "AKIACOORDINATOR", "AWS_SECRET_ACCESS_KEY": "kept-by-coordinator"}
THEIRS = {"AWS_ACCESS_KEY_ID": "AKIANODE", "AWS_SECRET_ACCESS_KEY": "kept-by-node"}
SECRETS = (OURS["AWS_SECRET_ACCESS_KEY"].encode(), THEIRS["AWS_SECRET_ACCESS_KEY"].encode())
_SIGNED = re.compile(rb"(POST|GET) (\S+) .*?Credential=(\w+)/", re.DOTALL)
WAYS = (
    ((), "AKIANODE", "the nodes' own"),
    (("--send-credentials",), "AKIACOORDINATOR", "sent"),
)
PROFILE = """
[target]
kind = "aws"
function = "hello"
region = "us-east-1"
log_tail = false
event_feed = "rows.csv"
[load]
arrivals = "even"
in_flight = 20
workers = 2
[[phase]]
name = "steady"
rate = "60/s"
duration = "2s"
[[variants]]
endpoint = "invoke"
memory_mb = 128
"""


def tls_environment(folder: Path) -> dict[str, str]:
    """Dask's own settings, for whoever is in the cluster."""
    authority = trustme.CA()
    issued = authority.issue_cert("127.0.0.1")
    authority.cert_pem.write_to_path(folder / "ca.pem")
    issued.cert_chain_pems[0].write_to_path(folder / "cert.pem")
    issued.private_key_pem.write_to_path(folder / "key.pem")
    found = {"DASK_DISTRIBUTED__COMM__TLS__CA_FILE": str(folder / "ca.pem")}
    for who in ("SCHEDULER", "WORKER", "CLIENT"):
        found[f"DASK_DISTRIBUTED__COMM__TLS__{who}__CERT"] = str(folder / "cert.pem")
        found[f"DASK_DISTRIBUTED__COMM__TLS__{who}__KEY"] = str(folder / "key.pem")
    return found


@asynccontextmanager
async def process(
    log: Path, environ: Mapping[str, str], module: str, *words: str
) -> AsyncIterator[asyncio.subprocess.Process]:
    with log.open("ab") as out:
        started = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", module, *words),
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT), **environ},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=out,
            stderr=out,
        )
    try:
        yield started
    finally:
        if started.returncode is None:
            started.kill()
        await started.wait()


async def said(log: Path, words: str, times: int = 1) -> str:
    """The log, once these words stand in it."""
    async with asyncio.timeout(90):
        while True:
            text = log.read_text("utf-8") if log.exists() else ""
            if text.count(words) >= times:
                return text
            await asyncio.sleep(0.05)


@asynccontextmanager
async def lamload_local(folder: Path) -> AsyncIterator[tuple[str, list[tuple[str, str]]]]:
    """An embedded Lambda behind a wire that notes by whom each request was signed, and its path."""
    signers: list[tuple[str, str]] = []
    log = folder / "local.log"
    options = ("--function", "hello", "--json", "--doors", "none")
    async with process(log, {}, "bench", "local", *options):
        port = json.loads((await said(log, "\n")).splitlines()[0])["invoke_url"].rpartition(":")[2]

        async def forward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            own = writer.get_extra_info("sockname")[1]
            there, back = await asyncio.open_connection("127.0.0.1", int(port))

            async def pass_back() -> None:
                while chunk := await there.read(65536):
                    writer.write(chunk)
                writer.close()

            passing = asyncio.ensure_future(pass_back())
            try:
                while chunk := await reader.read(65536):
                    for _, path, who in _SIGNED.findall(chunk):
                        signers.append((who.decode(), path.decode()))
                    back.write(
                        chunk.replace(b"127.0.0.1:%d" % own, b"127.0.0.1:%s" % port.encode())
                    )
            finally:
                back.close()
                passing.cancel()

        async with raw_server(forward) as url:
            yield url, signers


@pytest.mark.long
async def test_tls_nodes_sign_as_they_are_told_and_get_what_they_need(tmp_path: Path) -> None:
    tls, found = tls_environment(tmp_path), tmp_path / "scheduler.json"
    rows = "n\n" + "".join(f"{n}\n" for n in range(50))
    (tmp_path / "rows.csv").write_text(rows, "utf-8")
    (tmp_path / "profile.toml").write_text(PROFILE, "utf-8")
    dask, local = "distributed.cli.dask_", ("--host", "tls://127.0.0.1", "--no-dashboard")
    scheduler = (*local, "--port", "0", "--scheduler-file", str(found))
    worker = (*local, "--nthreads", "1", "--no-nanny", "--scheduler-file", str(found))
    logs = [tmp_path / f"{name}.log" for name in ("scheduler", "one", "other", "run")]
    async with (
        lamload_local(tmp_path) as (url, signers),
        process(logs[0], tls, f"{dask}scheduler", *scheduler),
        process(logs[1], {**tls, **THEIRS}, f"{dask}worker", *worker),
        process(logs[2], {**tls, **THEIRS}, f"{dask}worker", *worker),
    ):
        await said(logs[0], "Register worker", 2)
        own = {**tls, **OURS, "AWS_ENDPOINT_URL": url}
        where = ("run", str(tmp_path / "profile.toml"), "--fleet", str(found))
        for sending, signer, words in WAYS:
            signers.clear()
            out = tmp_path / words
            options = ("--headless", "--allow-invalid", "--out", str(out), *sending)
            async with process(logs[3], own, "bench", *where, *options) as running:
                code = await asyncio.wait_for(running.wait(), 120)
            assert code == 0, logs[3].read_text("utf-8")
            assert {who for who, path in signers if "/invocations" in path} == {signer}
            (folder,) = out.iterdir()
            fleet = json.loads((folder / "manifest.json").read_text("utf-8"))["fleet"]
            assert fleet["credentials"] == words
            assert fleet["scheduler"].startswith("tls://")
            shipped = {Path(one["path"]).name: one["sha256"] for one in fleet["shipped"]}
            assert shipped["rows.csv"] == hashlib.sha256(rows.encode()).hexdigest()
    written = [path for path in tmp_path.rglob("*") if path.is_file()]
    told = [path.name for path in written if any(word in path.read_bytes() for word in SECRETS)]
    assert told == []
