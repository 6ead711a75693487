"""Run a command pinned to one core and account for the CPU that it and its children used."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finished:
    """A finished command: what it printed, its exit code and its CPU seconds (user, system)."""

    output: str
    code: int
    user_s: float
    system_s: float
    peak_mb: float

    @property
    def cpu_s(self) -> float:
        """User and system together."""
        return self.user_s + self.system_s


def run(command: Sequence[str], core: int, stdin: bytes | None = None) -> Finished:
    """Run to the end; CPU by wait4, so that threads and reaped children count too."""
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as given:
        given.write(stdin or b"")
        given.seek(0)
        process = subprocess.Popen(
            command,
            stdin=given,
            stdout=output,
            stderr=subprocess.STDOUT,
            preexec_fn=lambda: os.sched_setaffinity(0, {core}),
        )
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        text = output.read().decode(errors="replace")
    return Finished(text, process.returncode, usage.ru_utime, usage.ru_stime, _peak_mb(usage))


def _peak_mb(usage: resource.struct_rusage) -> float:
    return usage.ru_maxrss / 1000 if sys.platform == "linux" else usage.ru_maxrss / 1e6
