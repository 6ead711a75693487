"""The server's end of the warden: ask for sandbox processes, hear of their exits."""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import secrets
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.errors import LamloadError
from bench.local.sandbox import fork_server

PREFIX = "lamload-local-"
Exited = Callable[[int], None]
"""Called with the wait status when a sandbox's process has ended."""


@dataclass(frozen=True, slots=True)
class ForkRequest:
    """What to run as a sandbox. log is a FIFO with an open reader; tmp becomes its /tmp, if any."""

    argv: tuple[str, ...]
    environment: dict[str, str]
    cwd: str
    log: str
    tmp: str
    keep: tuple[str, ...] = ()
    """Paths below /tmp that it must still see."""
    hide: tuple[str, ...] = ()
    """Folders that it must not see into."""


@dataclass(slots=True)
class _Child:
    exited: Exited
    pid: asyncio.Future[int]


class Spawner:
    """Starts the warden, and through it sandboxes. Raises LamloadError when the warden is lost."""

    def __init__(self, process: asyncio.subprocess.Process, root: Path, private_tmp: bool) -> None:
        self.root = root
        self.private_tmp = private_tmp
        self.lost = asyncio.get_running_loop().create_future()
        """Done once the warden has ended, wanted or not."""
        self._process = process
        self._children: dict[str, _Child] = {}
        self._listener = asyncio.ensure_future(self._listen())

    @classmethod
    async def start(cls) -> Spawner:
        """Start the warden in a session of its own, so that a terminal's signals pass it by."""
        temporary = Path(tempfile.gettempdir()).resolve()
        _remove_abandoned(temporary)
        root = temporary / f"{PREFIX}{os.getpid()}-{secrets.token_hex(4)}"
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-I",
            "-S",
            fork_server.__file__,
            str(root),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env={"PATH": os.defpath},
            start_new_session=True,
        )
        assert process.stdout is not None
        line = await process.stdout.readline()
        if not line:
            raise LamloadError(f"cannot start sandboxes below {root.parent}: is it writable?")
        return cls(process, root, private_tmp=json.loads(line)["private_tmp"])

    async def spawn(self, name: str, command: ForkRequest, exited: Exited) -> int:
        """Start a process and give its pid; exited is called once it has ended."""
        child = _Child(exited, asyncio.get_running_loop().create_future())
        self._children[name] = child
        self._send_request(
            {
                "spawn": name,
                "argv": command.argv,
                "env": command.environment,
                "cwd": command.cwd,
                "log": command.log,
                "tmp": command.tmp,
                "keep": command.keep,
                "hide": command.hide,
            }
        )
        return await asyncio.shield(child.pid)

    def kill(self, name: str) -> None:
        """SIGKILL a process and all its descendants; nothing happens if it is gone."""
        if name in self._children:
            self._send_request({"kill": name})

    def remove(self, folder: Path) -> None:
        """Delete a folder below the root, in the background."""
        self._send_request({"remove": str(folder)})

    async def close(self) -> None:
        """Kill every sandbox, remove the root, and wait for the warden's end."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        await self._listener
        await self._process.wait()
        shutil.rmtree(self.root, ignore_errors=True)  # where the warden could not any more

    def _send_request(self, request: dict[str, Any]) -> None:
        if self._process.stdin is not None and not self.lost.done():
            self._process.stdin.write(json.dumps(request).encode() + b"\n")

    async def _listen(self) -> None:
        assert self._process.stdout is not None
        while line := await self._process.stdout.readline():
            self._on_event(json.loads(line))
        self.lost.set_result(None)
        while self._children:
            _, child = self._children.popitem()
            if not child.pid.done():
                child.pid.set_exception(LamloadError("the process that starts sandboxes is gone"))
            child.exited(signal.SIGKILL)

    def _on_event(self, event: dict[str, Any]) -> None:
        if "spawned" in event:
            self._children[event["spawned"]].pid.set_result(event["pid"])
        elif "exited" in event:
            self._children.pop(event["exited"]).exited(event["status"])


def _remove_abandoned(temporary: Path) -> None:
    """Roots whose server and warden were killed together: nobody holds their lock any more."""
    for lock in temporary.glob(f"{PREFIX}*/{fork_server.LOCK}"):
        try:
            with lock.open() as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(lock.parent, ignore_errors=True)
        except OSError:  # held, or another user's
            continue
