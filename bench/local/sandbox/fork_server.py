"""The process that forks sandboxes, and that outlives the server just long enough to clean up.

Begun by COMMAND in a fresh interpreter (-I -S), standard library only, one thread: forking is safe
here and quick, whatever the server has loaded. Requests come as JSON lines on stdin, events go
out as JSON lines on stdout. stdin's end means that the server is gone, however it went: every
sandbox with everything that it started is killed, ROOT is removed, and the fork server ends.

    {"spawn": ID, "argv": […], "env": {…}, "cwd": DIR, "log": FIFO, "tmp": DIR or "",
     "keep": [PATH, …], "hide": [DIR, …], "opt": DIR or "", "tmp_mb": N}
    {"kill": ID}          with every descendant
    {"remove": DIR}       a folder below ROOT

    {"ready": true, "private_tmp": true}      {"spawned": ID, "pid": N}
    {"exited": ID, "status": WAIT_STATUS}     {"failed": ID, "error": TEXT}

Sandboxes are process groups in the fork server's session: where the kernel schedules by session
(autogroup), a hundred of them weigh as much as the server, not a hundred times as much.

On Linux it is a subreaper, so that daemonised grandchildren stay within reach, and each sandbox has
PR_SET_PDEATHSIG, so that none survives the fork server's own death.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import resource
import select
import shutil
import signal
import time
from pathlib import Path
from typing import Any, NoReturn

from bench.local.sandbox.libc import (
    CAP_SYS_PTRACE,
    PR_CAPBSET_DROP,
    PR_SET_CHILD_SUBREAPER,
    PR_SET_PDEATHSIG,
    LibC,
    hear_only_of_ends,
)
from bench.local.sandbox.private_tmp import PrivateTmp
from bench.local.sandbox.process_table import (
    LINUX,
    MARK,
    descendants,
    kill,
    kill_group,
    mark_of,
    reap_one,
)

MAX_DESCRIPTORS = 1024
"""What AWS gives a function; processes are not limited: RLIMIT_NPROC counts the whole user."""
NICENESS = 5
"""Sandboxes yield to the server and to whoever measures: their waiting is seen and made good."""
ENDING_S = 1.5
"""How long killed processes may take to vanish before the fork server goes on without them."""
COMMAND = (
    f"import sys; sys.path.append(sys.argv[1]); from {__name__} import main; main(sys.argv[2])"
)
"""What a fresh interpreter runs; arguments: the folder that has the package, and ROOT."""
LOCK = "lock"
"""A file in ROOT that is locked as long as the fork server lives."""


class Sandboxes:
    """What has been forked and not yet reported as exited."""

    def __init__(self, private_tmp: PrivateTmp | None, libc: LibC | None) -> None:
        self._private_tmp = private_tmp
        self._libc = libc
        self._pids: dict[str, int] = {}
        self._marks: dict[str, str] = {}

    def spawn(self, request: dict[str, Any]) -> dict[str, Any]:
        """Fork one sandbox; the event to report, also when there can be no more processes."""
        name = request["spawn"]
        server = os.getpid()
        if self._private_tmp is not None and request["tmp"]:
            self._private_tmp.limit(request["tmp"], request["tmp_mb"])
        try:
            pid = os.fork()
        except OSError as error:
            return {"failed": name, "error": f"no process can be forked: {error.strerror}"}
        if pid == 0:
            self._become(request, server)
        with contextlib.suppress(OSError):  # it does the same: whoever comes first
            os.setpgid(pid, pid)
        self._pids[name] = pid
        self._marks[name] = request["env"].get(MARK, "")
        return {"spawned": name, "pid": pid}

    def _become(self, request: dict[str, Any], server: int) -> NoReturn:
        """In the child: from here on only exec or _exit."""
        try:
            self._enter(request)
            if os.getppid() != server:
                os._exit(127)
            os.execve(request["argv"][0], request["argv"], request["env"])
        except Exception as error:  # noqa: BLE001 - a child must never return into the server
            os.write(2, f"{request['argv'][0]}: {error}\n".encode())
        os._exit(127)

    def _enter(self, request: dict[str, Any]) -> None:
        log = os.open(request["log"], os.O_WRONLY)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(log, 1)
        os.dup2(log, 2)
        signal.set_wakeup_fd(-1)
        os.closerange(3, resource.getrlimit(resource.RLIMIT_NOFILE)[0])
        os.setpgid(0, 0)
        os.nice(NICENESS)
        if self._libc is not None:
            self._libc.call("prctl", PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
            with contextlib.suppress(OSError):  # not root: there is none to drop
                self._libc.call("prctl", PR_CAPBSET_DROP, CAP_SYS_PTRACE, 0, 0, 0)
        for number in (signal.SIGCHLD, signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_DFL)
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        limit = MAX_DESCRIPTORS if hard < 0 else min(MAX_DESCRIPTORS, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        if self._private_tmp is not None and request["tmp"]:
            self._private_tmp.enter(
                request["tmp"], request["keep"], request["hide"], request["opt"]
            )
        os.umask(0o022)
        os.chdir(request["cwd"])

    def kill(self, names: list[str]) -> None:
        """Kill sandboxes and what they started; their exits are reported later."""
        pids = {self._pids[name] for name in names if name in self._pids}
        if not pids:
            return
        below = descendants(pids)
        for pid in pids:
            kill_group(pid)
            kill(pid)
        for pid in below:
            kill(pid)

    def reap(self) -> list[dict[str, Any]]:
        """Exits since the last call. What exited sandboxes leave behind is killed first."""
        names = {pid: name for name, pid in self._pids.items()}
        events, marks = [], set()
        while (ended := reap_one(names)) is not None:
            pid, status = ended
            if pid in names:
                name = names[pid]
                marks.add(self._marks.pop(name))
                del self._pids[name]
                events.append({"exited": name, "status": status})
        if marks:
            self._sweep(marks)
        return events

    def _sweep(self, marks: set[str]) -> None:
        """Kill the strays of dead sandboxes, until there are none."""
        deadline = time.monotonic() + ENDING_S
        while time.monotonic() < deadline:
            others = descendants({os.getpid()}) - set(self._pids.values())
            strays = [pid for pid in others if mark_of(pid) in marks]
            for stray in strays:
                kill(stray)
            if not strays:
                return
            time.sleep(0.001)

    def end(self) -> None:
        """Kill everything below this process, and wait until it is gone."""
        deadline = time.monotonic() + ENDING_S
        for pid in self._pids.values():
            kill_group(pid)
            kill(pid)
        while time.monotonic() < deadline:
            try:
                while os.waitpid(-1, os.WNOHANG)[0]:
                    pass
            except ChildProcessError:
                return
            for pid in descendants({os.getpid()}):
                kill(pid)
            time.sleep(0.002)


def remove(folder: str, root: str) -> None:
    """Delete a folder below root, also one whose handler took its permissions away."""
    if Path(folder).is_relative_to(root):
        shutil.rmtree(folder, onerror=_unlock)


def _unlock(function: Any, path: str, _: Any) -> None:
    """Retry a failed deletion with the permissions restored."""
    with contextlib.suppress(OSError):
        Path(path).parent.chmod(0o700)
        Path(path).chmod(0o700)
        if function in (os.open, os.scandir, os.lstat):
            shutil.rmtree(path, ignore_errors=True)
        else:
            function(path)


class ForkServer:
    """Requests in, events out, until stdin ends."""

    def __init__(self, root: str) -> None:
        self._root = root
        libc = LibC() if LINUX else None
        if libc is not None:
            libc.call("prctl", PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
            hear_only_of_ends(libc)
        private_tmp = PrivateTmp(libc) if libc is not None else None
        if private_tmp is not None and private_tmp.works():
            private_tmp.unshare()
        else:
            private_tmp = None
        self._private_tmp = private_tmp
        self._sandboxes = Sandboxes(private_tmp, libc)
        self._pending = b""
        self.send_event({"ready": True, "private_tmp": private_tmp is not None})

    def send_event(self, event: dict[str, Any]) -> None:
        """One line to the server."""
        line = json.dumps(event).encode() + b"\n"
        while line:
            line = line[os.write(1, line) :]

    def serve(self, wakeup: int) -> None:
        """Work until the server is gone."""
        while True:
            readable, _, _ = select.select([0, wakeup], [], [])
            if wakeup in readable:
                os.read(wakeup, 4096)
            if 0 in readable and not self._read_requests():
                return
            for event in self._sandboxes.reap():
                self.send_event(event)

    def _read_requests(self) -> bool:
        """Carry out what has arrived; False at the end of stdin."""
        received = os.read(0, 1 << 20)
        *lines, self._pending = (self._pending + received).split(b"\n")
        requests = [json.loads(line) for line in lines]
        self._sandboxes.kill([request["kill"] for request in requests if "kill" in request])
        for request in requests:
            self._obey(request)
        return bool(received)

    def _obey(self, request: dict[str, Any]) -> None:
        if "spawn" in request:
            self.send_event(self._sandboxes.spawn(request))
        elif "remove" in request:
            self._remove(request["remove"])

    def _remove(self, folder: str) -> None:
        if self._private_tmp is not None:
            self._private_tmp.forget(folder)
        remove(folder, self._root)

    def end(self) -> None:
        """End all sandboxes, and remove the folder that theirs lie in."""
        self._sandboxes.end()
        self._remove(self._root)


def main(root: str) -> None:
    """Serve requests for the sandboxes below the folder root, which is made here."""
    wakeup, signalled = os.pipe()
    os.set_blocking(signalled, False)
    signal.set_wakeup_fd(signalled, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM, signal.SIGPIPE):
        signal.signal(number, signal.SIG_IGN)
    Path(root).mkdir(0o700)
    fresh = Path(root, f"{LOCK}.new")
    lock = os.open(fresh, os.O_CREAT | os.O_WRONLY)
    fcntl.flock(lock, fcntl.LOCK_EX)
    fresh.rename(Path(root, LOCK))  # so it is never seen unlocked
    try:
        try:
            server = ForkServer(root)
        except OSError as error:  # not even one process can be forked
            os.write(1, json.dumps({"failed": "", "error": str(error)}).encode() + b"\n")
            return
        with contextlib.suppress(OSError):  # the other end went while it was being told something
            server.serve(wakeup)
        server.end()
    finally:
        shutil.rmtree(root, ignore_errors=True)
