"""The embedded Lambda as a target: started for a run, ended with it."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.aws.credentials import Credentials
from bench.errors import TargetError
from bench.load.child import package_root
from bench.model.load import Binding
from bench.model.profile import Target, Variant

START_LIMIT_S = 30.0
STOP_LIMIT_S = 5.0
"""Called at the Lambda API itself, with a qualifier for the memory size."""


class LocalTarget:
    """An embedded Lambda in a process of its own, which ends with this one whatever happens."""

    label = "LOCAL"
    credentials: Credentials | None = None
    configuration: Mapping[str, Any] = {}

    def __init__(self, target: Target) -> None:
        self._target = target
        self._process: asyncio.subprocess.Process | None = None
        self._ready: dict[str, Any] = {}
        self._log: Path | None = None

    @property
    def pid(self) -> int | None:
        """Process id of the embedded Lambda."""
        return self._process.pid if self._process else None

    def keep_in(self, folder: Path) -> None:
        """Nothing has to."""

    def lost(self) -> str | None:
        """That its process has ended, and its last words."""
        code = None if self._process is None else self._process.returncode
        if code is None:
            return None
        cause = f"signal {-code}" if code < 0 else f"exit status {code}"
        last = self._words().splitlines()[-1]
        return f"the embedded Lambda has ended ({cause}): {last}"

    async def bind(self, variants: Sequence[Variant]) -> tuple[Binding, ...]:
        """Start it with one version per memory size. Raises TargetError with its own words."""
        handle, name = tempfile.mkstemp(prefix="lamload-local-", suffix=".log")
        self._log = Path(name)
        with os.fdopen(handle, "wb") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                *local_command(self._target, variants),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
                env=os.environ | {"PYTHONPATH": package_root()},
                start_new_session=True,
            )
        self._ready = await self._read_ready()
        return tuple(self._binding(variant) for variant in variants)

    async def statistics(self) -> dict[str, Any]:
        """GET /stats of its control port; {} if it is gone."""
        import httpx

        if not self._ready:
            return {}
        try:
            async with httpx.AsyncClient(timeout=5, trust_env=False) as client:
                answer = await client.get(f"{self._ready['control_url']}/stats")
                answer.raise_for_status()
                found: dict[str, Any] = answer.json()
                return found
        except (httpx.HTTPError, ValueError):
            return {}

    async def close(self) -> None:
        """End it, with patience and then without."""
        process = self._process
        if process is not None and process.returncode is None:
            process.send_signal(signal.SIGTERM)
            # A target that was stopped for an experiment must still be able to end.
            process.send_signal(signal.SIGCONT)
            try:
                await asyncio.wait_for(process.wait(), STOP_LIMIT_S)
            except TimeoutError:
                process.kill()
                await process.wait()
        if self._log is not None:
            self._log.unlink(missing_ok=True)

    async def _read_ready(self) -> dict[str, Any]:
        process = self._process
        assert process is not None and process.stdout is not None
        try:
            line = await asyncio.wait_for(process.stdout.readline(), START_LIMIT_S)
            ready: dict[str, Any] = json.loads(line)
        except (TimeoutError, ValueError):
            words = self._words()
            await self.close()
            raise TargetError(f"the embedded Lambda did not start: {words}") from None
        return ready

    def _words(self) -> str:
        text = self._log.read_text(errors="replace").strip() if self._log else ""
        return text[-2000:] or "it said nothing"

    def _binding(self, variant: Variant) -> Binding:
        for function in self._ready["functions"]:
            if function["memory_mb"] == variant.memory_mb:
                break
        else:
            raise TargetError(f"the embedded Lambda has no version of {variant.memory_mb} MB")
        kind, at_api = variant.endpoint, variant.endpoint.facts.is_at_api
        url = self._ready["invoke_url"] if at_api else function["urls"].get(kind.value)
        if url is None:
            raise TargetError(f"the embedded Lambda has no endpoint {kind.value}")
        return Binding(
            variant=variant,
            url=url,
            function=function["name"] if at_api else function["arn"],
            qualifier=function["qualifier"],
            region=self._ready["region"],
        )


def local_command(target: Target, variants: Sequence[Variant]) -> list[str]:
    """Arguments to Python that start the embedded Lambda for these variants."""
    sizes = sorted({variant.memory_mb for variant in variants if variant.memory_mb is not None})
    doors = sorted({variant.endpoint.value for variant in variants})
    command = ["-m", "bench", "local", "--json", "--with-parent", "--port", "0"]
    command += ["--function", str(target.function), "--memory", ",".join(map(str, sizes))]
    command += ["--doors", ",".join(doors)]
    if target.handler is not None:
        command += ["--handler", target.handler]
    if target.timeout_s is not None:
        command += ["--timeout", f"{target.timeout_s:g}"]
    if target.concurrency is not None:
        command += ["--concurrency", str(target.concurrency)]
    for name, value in target.environment.items():
        command += ["--env", f"{name}={value}"]
    if target.faults:
        command += ["--faults-json", json.dumps(target.faults)]
    return command
