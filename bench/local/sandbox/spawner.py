"""The server's end of the fork server: ask for sandbox processes, learn of their exits."""

from __future__ import annotations

import asyncio
import errno
import fcntl
import json
import os
import secrets
import shutil
import signal
import stat
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.errors import LamloadError
from bench.folders import temporary_folder
from bench.interrupts import send_signal
from bench.lambda_facts import MIN_STORAGE_MB
from bench.local.sandbox import fork_server

PREFIX = "lamload-local-"
_PACKAGES = Path(__file__).parents[3]
"""The folder in which `bench` lies."""
ANSWER_LIMIT_S = 30.0
"""How long the fork server may take to answer; forking takes it milliseconds on a busy host."""
END_LIMIT_S = 2.5
"""How long it may take to clean up before it is killed; its sandboxes die with it."""
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
    opt: str = ""
    """What becomes its /opt, if anything."""
    tmp_mb: int = MIN_STORAGE_MB
    """How much its /tmp may hold."""


@dataclass(slots=True)
class _Child:
    exited: Exited
    pid: asyncio.Future[int]


class Spawner:
    """Starts the fork server, and through it sandboxes. Raises LamloadError once that is lost."""

    def __init__(self, process: asyncio.subprocess.Process, root: Path, private_tmp: bool) -> None:
        self.root = root
        self.private_tmp = private_tmp
        self.lost = asyncio.get_running_loop().create_future()
        """Done once the fork server has ended, wanted or not."""
        self._process = process
        self._children: dict[str, _Child] = {}
        self._listener = asyncio.ensure_future(self._listen())

    @classmethod
    async def start(cls) -> Spawner:
        """Start the fork server in a session of its own, so that a terminal's signals pass it by.

        Raises LamloadError where it cannot be started, or does not answer.
        """
        temporary = temporary_folder()
        _remove_abandoned(temporary)
        root = temporary / f"{PREFIX}{os.getpid()}-{secrets.token_hex(4)}"
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-I",
            "-S",
            "-c",
            fork_server.COMMAND,
            str(_PACKAGES),
            str(root),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env={"PATH": os.defpath},
            start_new_session=True,
        )
        assert process.stdout is not None
        try:
            async with asyncio.timeout(ANSWER_LIMIT_S):
                line = await process.stdout.readline()
        except TimeoutError:
            send_signal(process, signal.SIGKILL)
            await process.wait()
            raise LamloadError(_silent()) from None
        except asyncio.CancelledError:
            send_signal(process, signal.SIGKILL)
            raise
        if not line:
            await process.wait()
            raise LamloadError(f"cannot start sandboxes below {root.parent}: is it writable?")
        ready = json.loads(line)
        if "error" in ready:
            await process.wait()
            raise LamloadError(f"cannot start sandboxes: {ready['error']}")
        return cls(process, root, private_tmp=ready["private_tmp"])

    @property
    def pid(self) -> int:
        """Process id of the fork server."""
        return self._process.pid

    async def spawn(self, name: str, command: ForkRequest, exited: Exited) -> int:
        """Start a process and give its pid; exited is called once it has ended.

        Raises LamloadError, after which there is no process, where it cannot be forked, and where
        the fork server does not answer within ANSWER_LIMIT_S.
        """
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
                "opt": command.opt,
                "tmp_mb": command.tmp_mb,
            }
        )
        return await self.told(child.pid)

    async def told(self, news: asyncio.Future[int]) -> int:
        """What the fork server tells, however often it is waited for.

        One that says nothing for ANSWER_LIMIT_S is killed, and all its sandboxes with it. Raises
        LamloadError.
        """
        try:
            async with asyncio.timeout(ANSWER_LIMIT_S):
                return await asyncio.shield(news)
        except TimeoutError:
            send_signal(self._process, signal.SIGKILL)
            raise LamloadError(_silent()) from None

    def kill(self, name: str) -> None:
        """SIGKILL a process and all its descendants; nothing happens if it is gone."""
        if name in self._children:
            self._send_request({"kill": name})

    def remove(self, folder: Path) -> None:
        """Delete a folder below the root, in the background."""
        self._send_request({"remove": str(folder)})

    async def close(self) -> None:
        """Kill every sandbox, remove the root, and wait for the fork server's end."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        if self._process.returncode is None:
            send_signal(self._process, signal.SIGCONT)  # stopped it could clean up nothing
        try:
            async with asyncio.timeout(END_LIMIT_S):
                await asyncio.shield(self._listener)
        except TimeoutError:  # stopped, or out of processes: its sandboxes die with it
            send_signal(self._process, signal.SIGKILL)
            await self._listener
        await self._process.wait()
        shutil.rmtree(self.root, ignore_errors=True)  # where the fork server could not any more

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
                child.pid.exception()  # perhaps nobody waits for it any more
            child.exited(signal.SIGKILL)

    def _on_event(self, event: dict[str, Any]) -> None:
        if "spawned" in event:
            self._children[event["spawned"]].pid.set_result(event["pid"])
        elif "failed" in event:
            self._children.pop(event["failed"]).pid.set_exception(LamloadError(event["error"]))
        elif "exited" in event:
            self._children.pop(event["exited"]).exited(event["status"])


def _remove_abandoned(temporary: Path) -> None:
    """Roots whose server and fork server were killed together: nobody holds their lock.

    Names in a folder for everybody can be anybody's: only what is this user's, a folder with a
    plain file in it, is touched, and nothing is waited for (a FIFO has no end).
    """
    for root in temporary.glob(f"{PREFIX}*"):
        try:
            lock = _own_lock(root)
        except OSError:  # there is none, or another user's
            continue
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(root, ignore_errors=True)
        except OSError:  # held
            continue
        finally:
            os.close(lock)


def _own_lock(root: Path) -> int:
    """Descriptor of a root's lock. Raises OSError for a root that this user has not made."""
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK
    folder = os.open(root, flags | os.O_DIRECTORY)
    try:
        lock = os.open(fork_server.LOCK, flags, dir_fd=folder)
        is_own = {os.fstat(one).st_uid for one in (folder, lock)} == {os.geteuid()}
        if not is_own or not stat.S_ISREG(os.fstat(lock).st_mode):
            os.close(lock)
            raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))
        return lock
    finally:
        os.close(folder)


def _silent() -> str:
    return f"the process that starts sandboxes has not answered for {ANSWER_LIMIT_S:g} s"
