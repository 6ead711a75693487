"""A Dask cluster by hand: a scheduler, workers, a target and a coordinator, each on a machine."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from time import monotonic, monotonic_ns, sleep
from typing import TypeVar

from tests.cluster.network import Network, network

ROOT = Path(__file__).parent.parent.parent
T = TypeVar("T")
LOOK_S = 0.1
PATIENCE_S = 180.0
"""For what a machine does that has other work too."""
COORDINATOR, SCHEDULER, TARGET = "coordinator", "scheduler", "target"
OURS = "-m bench"
"""In command lines of lamload's processes."""
_REGISTERED = "Register worker"
_IDLE_DASK = {
    "DASK_DISTRIBUTED__WORKER__PROFILE__ENABLED": "false",
    "DASK_DISTRIBUTED__ADMIN__TICK__INTERVAL": "500ms",
    "DASK_DISTRIBUTED__ADMIN__SYSTEM_MONITOR__INTERVAL": "5s",
    "DASK_DISTRIBUTED__ADMIN__SYSTEM_MONITOR__GIL__ENABLED": "false",
}
"""What Dask looks at by itself takes each of its processes 2 % of a core, without this."""
DASK_PORT, WORKER_PORT, TARGET_PORT = 8786, 8790, 8000


@dataclass(frozen=True, slots=True)
class Clocks:
    """How a machine's clocks are set against this system's."""

    ahead_s: int = 0
    """CLOCK_MONOTONIC and CLOCK_BOOTTIME, by a time namespace."""
    drift_ppm: float = 0.0
    """CLOCK_MONOTONIC, from now on; needs the shim."""
    wall_ahead_s: int = 0
    """CLOCK_REALTIME; needs the shim."""


class NotInTime(AssertionError):
    """What was waited for did not come."""


def until(found: Callable[[], T], what: str, limit_s: float = PATIENCE_S) -> T:
    """What `found` gives, once that is true."""
    end_s = monotonic() + limit_s
    while not (answer := found()):
        if monotonic() > end_s:
            raise NotInTime(f"{what}: not within {limit_s:g} s")
        sleep(LOOK_S)
    return answer


class Cluster:
    """Its processes and their logs; nodes are called node0, node1, …"""

    def __init__(
        self,
        net: Network,
        folder: Path,
        clocks: Sequence[Clocks],
        *,
        nanny: bool = False,
        environ: Mapping[str, str] | None = None,
        scheme: str = "tcp",
    ) -> None:
        """clocks: of each node. environ: what all of its processes get besides."""
        self.net, self.folder = net, folder
        self._clocks = {f"node{i}": own for i, own in enumerate(clocks)}
        self._nanny = nanny
        self._environ = dict(environ or {})
        self._scheme = scheme
        self._processes: list[subprocess.Popen[bytes]] = []
        self._dask: list[subprocess.Popen[bytes]] = []
        """The scheduler and the workers, or their nannies, that are to be there."""
        self._is_struck = False
        """Whether a signal reached them, or a cable was pulled out, since they were started."""
        self._parted: list[tuple[str, str]] = []
        self.log = folder / "target.log"

    @property
    def nodes(self) -> list[str]:
        """Names of the machines that send the load."""
        return list(self._clocks)

    @property
    def scheduler(self) -> str:
        """Its address, as Dask writes it."""
        return f"{self._scheme}://{self.net.address(SCHEDULER)}:{DASK_PORT}"

    @property
    def url(self) -> str:
        """The target's."""
        return f"http://{self.net.address(TARGET)}:{TARGET_PORT}/"

    def open(self) -> None:
        """Start everything but a coordinator, and wait until the scheduler has all workers."""
        self.folder.mkdir(parents=True, exist_ok=True)
        for name in (COORDINATOR, SCHEDULER, TARGET, *self.nodes):
            self.net.add(name)
        self.log.touch()
        host = self.net.address(TARGET)
        self._start(TARGET, "target", "tests.cluster.target", host, str(TARGET_PORT), str(self.log))
        self._start_dask()

    def mend(self, *, wholly: bool = False) -> None:
        """End every run, plug in every cable, and start Dask again unless nothing touched it.

        wholly: start it again in any case.
        """
        self.signal(COORDINATOR, signal.SIGKILL)
        if not (wholly or self._is_struck) and all(one.poll() is None for one in self._dask):
            for name in self.nodes:
                self.signal(name, signal.SIGKILL, OURS)
                until(partial(self._is_idle, name, OURS), f"the end of nodes on {name}")
            return
        for one, other in self._parted:
            self.net.join(one, other)
        self._parted.clear()
        for name in (COORDINATOR, SCHEDULER, *self.nodes):
            self.net.plug_in(name)
            self.signal(name, signal.SIGKILL)
        for name in (SCHEDULER, *self.nodes):
            until(partial(self._is_idle, name), f"the end of {name}")
        self._start_dask()

    def _is_idle(self, name: str, words: str = "") -> bool:
        return not self.pids(name, words)

    # -- faults

    def pull_out(self, name: str) -> None:
        """The cable of a machine."""
        self._is_struck = True
        self.net.pull_out(name)

    def part(self, one: str, other: str) -> None:
        """Two machines, which both still reach all others."""
        self._is_struck = True
        self._parted.append((one, other))
        self.net.part(one, other)

    def plug_in(self, name: str) -> None:
        """The cable of a machine again."""
        self.net.plug_in(name)

    def join(self, one: str, other: str) -> None:
        """Two machines that were parted."""
        self._parted.remove((one, other))
        self.net.join(one, other)

    def _start_dask(self) -> None:
        begun = self._said("scheduler").count(_REGISTERED)
        self._is_struck = False
        scheduler = self._start(
            *(SCHEDULER, "scheduler", "distributed.cli.dask_scheduler"),
            *("--host", f"{self._scheme}://{self.net.address(SCHEDULER)}"),
            *("--port", str(DASK_PORT), "--no-dashboard"),
            *("--scheduler-file", str(self.folder / "scheduler.json")),
        )
        self._dask = [scheduler, *map(self.start_worker, self.nodes)]
        wanted = begun + len(self.nodes)
        until(lambda: self._said("scheduler").count(_REGISTERED) >= wanted, "workers")

    def start_worker(self, name: str) -> subprocess.Popen[bytes]:
        """A Dask worker on a node."""
        local = self.folder / f"{name}-files"
        local.mkdir(exist_ok=True)
        return self._start(
            *(name, name, "distributed.cli.dask_worker", self.scheduler, "--nthreads", "1"),
            *("--host", f"{self._scheme}://{self.net.address(name)}", "--no-dashboard"),
            *("--memory-limit", "0", "--local-directory", str(local)),
            *("--worker-port", str(WORKER_PORT)),  # one that a nanny starts again has it again
            "--nanny" if self._nanny else "--no-nanny",
        )

    def run(self, out: Path, *arguments: str, name: str = "coordinator") -> subprocess.Popen[bytes]:
        """`lamload run` with arguments, on the coordinator's machine, as a group of its own."""
        return self._start(
            *(COORDINATOR, name, "bench", "run", *arguments, "--headless", "--out", str(out)),
        )

    def pids(self, name: str, words: str = "") -> list[int]:
        """Processes on a machine whose command line has these words."""
        return [pid for pid in self.net.pids(name) if words in command_of(pid)]

    def signal(self, name: str, number: int, words: str = "", *, most: int | None = None) -> None:
        """To each of them. most: to so many, those that were started first."""
        for pid in sorted(self.pids(name, words))[:most]:
            self._is_struck |= OURS not in command_of(pid)
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                continue

    def said(self, name: str) -> str:
        """What a process has written so far, both ways."""
        return self._said(name)

    def close(self) -> None:
        """End everything; the namespaces are the network's matter."""
        for name in (COORDINATOR, SCHEDULER, TARGET, *self.nodes):
            self.signal(name, signal.SIGKILL)
        for process in self._processes:
            process.wait(PATIENCE_S)

    def _start(self, machine: str, log: str, module: str, *words: str) -> subprocess.Popen[bytes]:
        command = ["ip", "netns", "exec", self.net.space(machine)]
        environ = os.environ | {"PYTHONPATH": str(ROOT)} | _IDLE_DASK | self._environ
        clocks = self._clocks.get(machine, Clocks())
        if clocks.ahead_s:
            ahead = str(clocks.ahead_s)
            command += ["unshare", "--time", "--monotonic", ahead, "--boottime", ahead]
        if clocks.drift_ppm or clocks.wall_ahead_s:
            environ["CLOCK_BASE_NS"] = str(monotonic_ns() + clocks.ahead_s * 1_000_000_000)
            environ["CLOCK_DRIFT_PPM"] = str(clocks.drift_ppm)
            environ["CLOCK_WALL_S"] = str(clocks.wall_ahead_s)
            environ["LD_PRELOAD"] = str(_shim(self.folder))
        with (self.folder / f"{log}.log").open("ab") as out:
            process = subprocess.Popen(
                [*command, sys.executable, "-m", module, *words],
                cwd=ROOT,
                env=environ,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,
            )
        self._processes.append(process)
        return process

    def _said(self, name: str) -> str:
        log = self.folder / f"{name}.log"
        return log.read_text("utf-8", errors="replace") if log.exists() else ""


def _shim(folder: Path) -> Path:
    built = folder / "clock_shim.so"
    if not built.exists():
        compiler = shutil.which("cc")
        if compiler is None:
            raise FileNotFoundError("clocks that drift need a C compiler: install gcc")
        source = Path(__file__).parent / "clock_shim.c"
        command = [compiler, "-O2", "-shared", "-fPIC", "-o", str(built), str(source)]
        subprocess.run(command, check=True)
    return built


def command_of(pid: int) -> str:
    """A process's command line; '' once it has ended."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return ""


@contextmanager
def cluster(
    folder: Path,
    clocks: Sequence[Clocks] = (Clocks(), Clocks()),
    *,
    nanny: bool = False,
    environ: Mapping[str, str] | None = None,
    scheme: str = "tcp",
) -> Iterator[Cluster]:
    """One that runs; nothing of it is left afterwards."""
    with network() as net:
        made = Cluster(net, folder, clocks, nanny=nanny, environ=environ, scheme=scheme)
        try:
            made.open()
            yield made
        finally:
            made.close()
