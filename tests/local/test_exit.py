"""Whatever way the command ends, no process and no folder of it is left."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.local.serving import AUTHORIZATION, PATIENCE_S, processes_below

COMMAND = "import sys; from bench.commands.local import local; local(sys.argv[1:])"


class Command:
    """`lamload local --json` in a process of its own, with sandboxes at work."""

    def __init__(self, *arguments: str) -> None:
        self._mark = f"TEST_MARK={uuid4()}"
        marked = ("--env", self._mark)
        self.process = subprocess.Popen(
            [sys.executable, "-c", COMMAND, "--json", "--with-parent", *arguments, *marked],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        self.ready: dict[str, Any] = json.loads(line)
        prefix = f"lamload-local-{self.process.pid}-"
        self.root = next(Path(tempfile.gettempdir()).resolve().glob(f"{prefix}*"))

    def keep_busy(self) -> None:
        """Start one sandbox that is idle, and one whose handler runs."""
        url = f"{self.ready['invoke_url']}/2015-03-31/functions/sleeper/invocations"
        with httpx.Client(trust_env=False, headers=AUTHORIZATION, timeout=PATIENCE_S) as http:
            http.post(url, content=b'{"ms": 1}').raise_for_status()
            with pytest.raises(httpx.ReadTimeout):
                http.post(url, content=b'{"ms": 60000}', timeout=0.5)

    @property
    def fork_server(self) -> int:
        """Process id of the one that forks sandboxes."""
        children = subprocess.run(
            ["ps", "-o", "pid=", "--ppid", str(self.process.pid)], capture_output=True, text=True
        )
        return int(children.stdout.split()[0])

    def wait(self) -> int:
        """Its exit code, and then the end of everything else."""
        code = self.process.wait(PATIENCE_S)
        deadline = time.monotonic() + PATIENCE_S
        while (self.root.exists() or self.sandboxes()) and time.monotonic() < deadline:
            os.sched_yield()
        assert not self.root.exists()
        assert self.sandboxes() == []
        return code

    def close(self) -> None:
        """End it, whatever state it is in."""
        with self.process:
            self.process.kill()

    def sandboxes(self) -> list[str]:
        """Command lines of what is left."""
        return processes_below(self.root) + _with_environment(self._mark)


def _with_environment(mark: str) -> list[str]:
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if mark.encode() in (folder / "environ").read_bytes():
                found.append(folder.name)
        except OSError:
            continue
    return found


@pytest.fixture
def command() -> Iterator[Command]:
    with closing(Command("--function", "sleeper", "--doors", "none", "--timeout", "90")) as started:
        yield started


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_ends_it_cleanly(command: Command, number: signal.Signals) -> None:
    command.keep_busy()
    command.process.send_signal(number)
    assert command.wait() == 0


def test_the_end_of_stdin_ends_it(command: Command) -> None:
    command.keep_busy()
    assert command.process.stdin is not None
    command.process.stdin.close()
    assert command.wait() == 0


def test_being_killed_leaves_nothing_either(command: Command) -> None:
    command.keep_busy()
    command.process.kill()
    assert command.wait() == -signal.SIGKILL


def test_losing_the_fork_server_ends_it_with_an_error(command: Command) -> None:
    command.keep_busy()
    os.kill(command.fork_server, signal.SIGKILL)
    assert command.wait() != 0


def test_what_nobody_could_remove_goes_at_the_next_start(command: Command) -> None:
    os.kill(command.fork_server, signal.SIGKILL)
    command.process.kill()
    command.process.wait()
    assert command.root.exists()
    with closing(Command("--function", "hello", "--doors", "none")) as successor:
        assert not command.root.exists()
        assert successor.root.exists()
        successor.process.terminate()
        assert successor.wait() == 0
