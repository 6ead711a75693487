"""The embedded Lambda as a target: started for a run, ended with it."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from time import monotonic_ns
from typing import Any

from bench.aws.credentials import Credentials
from bench.errors import TargetError
from bench.folders import temporary_folder
from bench.interrupts import send_signal
from bench.load.child import package_root
from bench.load.silence import Stillness, children_of, silent_words
from bench.load.targets.late_work import LATE_SUCCESSES, Place, late_successes
from bench.load.targets.own_functions import (
    Folders,
    faults_for,
    function_arguments,
    function_names,
)
from bench.local.isolation import hide_from_handlers, needed_environment
from bench.model.load import Binding, Shift, Turn
from bench.model.profile import Target, Variant
from bench.record.validity import BY_VARIANT

START_LIMIT_S = 30.0
LOOK_S = 0.25
"""Between two looks at whether it is stopped while it starts."""
STATISTICS_LIMIT_S = 3.0
STOP_LIMIT_S = 6.0
"""More than its own ending has deadlines for."""
ORPHANED_LOOKS = 3
"""Without its fork server it ends by itself, and then its own words are the better ones."""
WORDS_BYTES = 2000
"""Of its last words as many are told."""


class LocalTarget:
    """An embedded Lambda in a process of its own, which ends with this one whatever happens."""

    label = "LOCAL"
    credentials: Credentials | None = None
    configuration: Mapping[str, Any] = {}

    def __init__(
        self,
        target: Target,
        now_ns: Callable[[], int] = monotonic_ns,
        folders: Folders | None = None,
    ) -> None:
        """now_ns: of a monotonic clock, which tests turn by hand. folders: of variants' own."""
        self._target = target
        self._folders = folders or {}
        self._process: asyncio.subprocess.Process | None = None
        self._ready: dict[str, Any] = {}
        self._names: dict[Variant, str | None] = {}
        self._places: dict[str, Place] = {}
        """By the variant's name, what it calls."""
        self._log: int | None = None
        """What it prints on stderr."""
        self._stillness = Stillness(now_ns)
        self._orphaned: int | None = None
        """Looks in a row that found no fork server below it; None before one was seen."""

    @property
    def pid(self) -> int | None:
        """Process id of the embedded Lambda."""
        return self._process.pid if self._process else None

    def keep_in(self, folder: Path) -> None:
        """Nothing: what it changes ends with its process."""

    def lost(self) -> str | None:
        """That its process has ended, and its last words; or that it had to be ended."""
        if self._process is None:
            return None
        code = self._process.returncode
        if self._stillness.is_over:
            return f"the embedded Lambda {silent_words()} and was ended"
        if code is None:
            return self._watched(self._process.pid)
        cause = f"signal {-code}" if code < 0 else f"exit status {code}"
        last = self._words().splitlines()[-1]
        return f"the embedded Lambda has ended ({cause}): {last}"

    def _watched(self, pid: int) -> str | None:
        """End it if it stands still; why it is of no use any more while it still runs."""
        children = children_of(pid)
        if self._stillness.observe((pid, *children)):
            self._kill()
        if children:
            self._orphaned = 0
        elif self._orphaned is not None:
            self._orphaned += 1
        if self._orphaned is not None and self._orphaned >= ORPHANED_LOOKS:
            return "the embedded Lambda has lost its fork server, and every sandbox with it"
        return None

    async def bind(self, variants: Sequence[Variant]) -> tuple[Binding, ...]:
        """Start it with a function for each variant. Raises TargetError with its own words."""
        self._names = function_names(self._target, variants)
        self._log = _nameless_file()
        hide_from_handlers()
        environment = _filled_pipe(json.dumps(dict(self._target.environment)).encode())
        try:
            self._process = await self._start(variants, environment)
        finally:
            os.close(environment)
        self._ready = await self._read_ready()
        functions = {variant.name: self._function_of(variant) for variant in variants}
        self._places = {name: (f["name"], f["qualifier"]) for name, f in functions.items()}
        return tuple(self._binding(variant) for variant in variants)

    async def _start(
        self, variants: Sequence[Variant], environment: int
    ) -> asyncio.subprocess.Process:
        """environment: a descriptor to read it from, since everybody sees a command line."""
        return await asyncio.create_subprocess_exec(
            sys.executable,
            *local_command(self._target, variants, self._folders),
            *("--env-from", f"/dev/fd/{environment}"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=self._log,
            env=needed_environment(os.environ) | {"PYTHONPATH": package_root()},
            pass_fds=(environment,),
            start_new_session=True,
        )

    async def expect(self, turns: Sequence[Turn], shifts: Sequence[Shift] = ()) -> None:
        """Let every fault count from the beginning of the turn in which it strikes.

        Where the control port does not answer there is nothing left to be told.
        """
        import httpx

        if not self._target.faults or not self._ready:
            return
        starts: dict[str, list[int]] = {}
        for turn in turns:
            starts.setdefault(self._function_of(turn.variant)["name"], []).append(turn.start_ns)
        document = {"turns": starts, "shifts": [(s.at_ns, s.plan_ns, s.runs) for s in shifts]}
        headers = {"Authorization": f"Bearer {self._ready['control_token']}"}
        with suppress(httpx.HTTPError):
            async with httpx.AsyncClient(timeout=STATISTICS_LIMIT_S, trust_env=False) as client:
                await client.post(
                    f"{self._ready['control_url']}/turns", json=document, headers=headers
                )

    async def statistics(self) -> dict[str, Any]:
        """GET /stats of its control port; {} if it is gone."""
        import httpx

        if not self._ready:
            return {}
        has_gone, seen = self.lost() is not None, self._stillness.seen()
        if has_gone:
            return {"unanswered": True} | seen
        try:
            async with httpx.AsyncClient(timeout=STATISTICS_LIMIT_S, trust_env=False) as client:
                answer = await client.get(f"{self._ready['control_url']}/stats")
                answer.raise_for_status()
                found: dict[str, Any] = answer.json()
                late = late_successes(found.get("functions", ()), self._places)
                return self._by_variant(found) | {LATE_SUCCESSES: late} | seen
        except (httpx.HTTPError, ValueError):
            return {"unanswered": True} | seen

    def _by_variant(self, found: dict[str, Any]) -> dict[str, Any]:
        """With what is known of the host by each variant's own function."""
        host = found.get("host", {})
        known = host.get("by_function", {})
        own = {variant: known[name] for variant, (name, _) in self._places.items() if name in known}
        return found | {"host": host | {BY_VARIANT: own}}

    async def close(self) -> None:
        """End it, with patience and then without."""
        process = self._process
        if process is not None and process.returncode is None:
            send_signal(process, signal.SIGTERM)
            self._wake()
            try:
                async with asyncio.timeout(STOP_LIMIT_S):
                    await process.wait()
            except TimeoutError:
                self._kill()
                await asyncio.wait({asyncio.ensure_future(process.wait())}, timeout=STOP_LIMIT_S)
        if self._log is not None:
            os.close(self._log)
            self._log = None

    def _wake(self) -> None:
        """A target that was stopped for an experiment must still be able to end."""
        assert self._process is not None
        for pid in (self._process.pid, *children_of(self._process.pid)):
            with suppress(OSError):
                os.kill(pid, signal.SIGCONT)

    def _kill(self) -> None:
        """End it hard. Its fork server then cleans up, which it cannot while it is stopped."""
        assert self._process is not None
        children = children_of(self._process.pid)
        send_signal(self._process, signal.SIGKILL)
        for pid in children:
            with suppress(OSError):
                os.kill(pid, signal.SIGCONT)

    async def _read_ready(self) -> dict[str, Any]:
        process = self._process
        assert process is not None and process.stdout is not None
        try:
            ready: dict[str, Any] = json.loads(await self._first_line(process.pid, process.stdout))
        except (TimeoutError, ValueError):
            words = silent_words() if self._stillness.is_over else f"did not start: {self._words()}"
            await self.close()
            raise TargetError(f"the embedded Lambda {words}") from None
        return ready

    async def _first_line(self, pid: int, stdout: asyncio.StreamReader) -> bytes:
        """Raises TimeoutError; one that is stopped, or whose fork server is, is ended before."""
        reading = asyncio.ensure_future(stdout.readline())
        try:
            async with asyncio.timeout(START_LIMIT_S):
                while not reading.done():
                    if self._stillness.observe((pid, *children_of(pid))):
                        self._kill()
                        raise TimeoutError
                    await asyncio.wait({reading}, timeout=LOOK_S)
            return reading.result()
        finally:
            reading.cancel()

    def _words(self) -> str:
        if self._log is None:
            return "it said nothing"
        size = os.fstat(self._log).st_size
        tail = os.pread(self._log, WORDS_BYTES, max(0, size - WORDS_BYTES))
        return tail.decode(errors="replace").strip() or "it said nothing"

    def _function_of(self, variant: Variant) -> dict[str, Any]:
        """Its own, or the only one that there is."""
        own = self._names.get(variant)
        for function in self._ready["functions"]:
            if function["memory_mb"] == variant.memory_mb and own in (None, function.get("name")):
                break
        else:
            refused = self._ready.get("refused") or [f"it has none of {variant.memory_mb} MB"]
            raise TargetError(f"the embedded Lambda does not serve {variant.name}: {refused[0]}")
        found: dict[str, Any] = function
        return found

    def _binding(self, variant: Variant) -> Binding:
        function = self._function_of(variant)
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


def _nameless_file() -> int:
    """Descriptor of a new file of which nothing stays behind, whatever becomes of this process."""
    handle, name = tempfile.mkstemp(dir=temporary_folder())
    Path(name).unlink()
    return handle


def _filled_pipe(content: bytes) -> int:
    """A pipe to read the content from; a function's variables are less than it holds."""
    reader, writer = os.pipe()
    with os.fdopen(writer, "wb") as file:
        file.write(content)
    return reader


def local_command(
    target: Target, variants: Sequence[Variant], folders: Folders | None = None
) -> list[str]:
    """Arguments to Python that start the embedded Lambda for these variants."""
    sizes = sorted({variant.memory_mb for variant in variants if variant.memory_mb is not None})
    doors = sorted({variant.endpoint.value for variant in variants})
    command = ["-m", "bench", "local", "--json", "--with-parent", "--port", "0"]
    names = function_names(target, variants)
    command += [
        *function_arguments(target, names, folders or {}),
        "--memory",
        ",".join(map(str, sizes)),
    ]
    command += ["--doors", ",".join(doors)]
    if target.handler is not None:
        command += ["--handler", target.handler]
    if target.runtime is not None:
        command += ["--runtime", target.runtime]
    if target.timeout_s is not None:
        command += ["--timeout", f"{target.timeout_s:g}"]
    if target.faults:
        command += ["--faults-json", json.dumps(faults_for(target, names))]
    return command
