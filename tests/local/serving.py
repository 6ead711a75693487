"""What the tests of the embedded Lambda share: a server in this process, and a client for it."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import re
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent
from typing import Any

import httpx

from bench.local.options import FunctionSource, LocalOptions
from bench.local.sandbox.libc import LibC
from bench.local.sandbox.private_tmp import PrivateTmp
from bench.local.server import LocalLambda
from bench.local.sources import function_source

AUTHORIZATION = {"Authorization": "AWS4-HMAC-SHA256 Credential=test"}
PATIENCE_S = 30
"""For what takes a moment, and on a machine with many others several seconds."""


@dataclass(frozen=True, slots=True)
class Invoked:
    """One answer of the Invoke API."""

    response: httpx.Response

    @property
    def payload(self) -> Any:
        """The body as JSON."""
        return self.response.json()

    @property
    def error(self) -> str | None:
        """X-Amz-Function-Error."""
        found: str | None = self.response.headers.get("X-Amz-Function-Error")
        return found

    @property
    def log(self) -> str:
        """The decoded tail."""
        return base64.b64decode(self.response.headers["X-Amz-Log-Result"]).decode()

    @property
    def report(self) -> str:
        """Its REPORT line."""
        return next(line for line in self.log.splitlines() if line.startswith("REPORT"))

    def reported_ms(self, name: str) -> float:
        """`Duration`, `Billed Duration` or `Init Duration` of the REPORT line."""
        found = re.search(rf"\t{name}: ([\d.]+) ms", self.report)
        assert found, self.report
        return float(found[1])


class Caller:
    """A running server and an HTTP client that goes through no proxy."""

    def __init__(self, server: LocalLambda, http: httpx.AsyncClient) -> None:
        self.server = server
        self.http = http

    async def invoke(
        self,
        name: str,
        event: Any = None,
        qualifier: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Invoked:
        """Invoke with the log's tail. An event of bytes goes as it is."""
        body = event if isinstance(event, bytes) else json.dumps(event or {}).encode()
        response = await self.http.post(
            f"{self.server.invoke_url}/2015-03-31/functions/{name}/invocations",
            params={"Qualifier": qualifier} if qualifier else {},
            headers={**AUTHORIZATION, "X-Amz-Log-Type": "Tail", **(headers or {})},
            content=body,
        )
        return Invoked(response)

    def door(self, kind: str, index: int = 0) -> str:
        """URL of a door of the index-th deployed version."""
        return self.server.deployed[index].urls[kind]

    async def stats(self) -> dict[str, Any]:
        """GET /stats."""
        answer = (await self.http.get(f"{self.server.control_url}/stats")).json()
        assert isinstance(answer, dict)
        return answer

    async def until_running(self, count: int) -> None:
        """Wait until so many invocations are under way, by the server's own count."""
        async with asyncio.timeout(PATIENCE_S):
            while sum(seen["running"] for seen in (await self.stats())["functions"]) != count:
                pass


@asynccontextmanager
async def serving(*functions: FunctionSource | str, **options: Any) -> AsyncIterator[Caller]:
    """A server that ends with the block, and that leaves nothing behind."""
    sources = tuple(f if isinstance(f, FunctionSource) else function_source(f) for f in functions)
    options.setdefault("doors", ())
    server = await LocalLambda.start(LocalOptions(sources, **options))
    try:
        async with httpx.AsyncClient(trust_env=False, timeout=PATIENCE_S) as http:
            yield Caller(server, http)
    finally:
        await server.close()
    assert not server.spawner.root.exists()
    assert processes_below(server.spawner.root) == []


def has_mounts() -> bool:
    """Whether this host allows mount namespaces, in which layers and limits of /tmp lie."""
    return sys.platform == "linux" and PrivateTmp(LibC()).works()


def processes_below(root: Path) -> list[str]:
    """Command lines of live processes that a server with this root has started."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue
        if str(root) in command:
            found.append(command)
    return found


async def ended(pid: int, limit_s: float = 10) -> None:
    """Wait until a process has ended, by the kernel's word. Raises TimeoutError."""
    loop = asyncio.get_running_loop()
    done = loop.create_future()
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    loop.add_reader(descriptor, lambda: None if done.done() else done.set_result(None))
    try:
        await asyncio.wait_for(done, limit_s)
    finally:
        loop.remove_reader(descriptor)
        os.close(descriptor)


def python_function(folder: Path, code: str, name: str = "f", **files: str) -> FunctionSource:
    """A folder with handler.py, whose handler is `handler`."""
    place = folder / name
    place.mkdir()
    (place / "handler.py").write_text(dedent(code))
    for file, content in files.items():
        (place / file).write_text(dedent(content))
    return function_source(f"{name}={place}")


def bootstrap_function(folder: Path, code: str, name: str = "f") -> FunctionSource:
    """A folder with an executable `bootstrap`."""
    place = folder / name
    place.mkdir()
    (place / "bootstrap").write_text(dedent(code).lstrip())
    (place / "bootstrap").chmod(0o755)
    return function_source(f"{name}={place}")
