"""Exit codes and the exceptions that carry them.

A failed invocation is data (`bench.model.Outcome`), never an exception. What is raised here is a
mistake of the user's or of ours: its text says what is wrong, where, and how to mend it.
"""

from __future__ import annotations

import errno
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum


class ExitCode(IntEnum):
    """What the command returns to the shell; a contract with CI jobs."""

    OK = 0
    INTERNAL = 1
    USAGE = 2
    TARGET = 3
    INVALID = 4
    UNKNOWN = 98
    THRESHOLD = 99
    INTERRUPTED = 130


class LamloadError(Exception):
    """Base of every error that ends the command with one clear line and `exit_code`.

    way tells of a command that works instead, where the text has none and one is known.
    """

    exit_code = ExitCode.INTERNAL
    way = ""


class UsageError(LamloadError):
    """The command line asks for something that cannot be."""

    exit_code = ExitCode.USAGE


class InterruptedRun(LamloadError):
    """A signal ended it before there was a result."""

    exit_code = ExitCode.INTERRUPTED


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake in a profile: `key` is a path such as `phase[1].rate`, or '' for the file.

    source is where it was made if that is not the file itself, such as `--set`. line counts from
    1; None where the mistake has none, such as a file that cannot be read.
    """

    key: str
    message: str
    source: str | None = None
    line: int | None = None


class ProfileError(UsageError):
    """A profile with mistakes: all of them at once, a line each."""

    def __init__(self, source: str, problems: Sequence[Problem]) -> None:
        self.source = source
        self.problems = tuple(problems)
        super().__init__("\n".join(self.lines()))

    def lines(self) -> list[str]:
        """One line each: `profiles/ramp.toml:7: phase[1].rate must be at least 0 (it is -5)`."""
        return [self._line(problem) for problem in self.problems]

    def _line(self, problem: Problem) -> str:
        place = problem.source or self.source
        if problem.line is not None:
            place += f":{problem.line}"
        return (
            f"{place}: {problem.key} {problem.message}"
            if problem.key
            else (f"{place}: {problem.message}")
        )


class TargetError(LamloadError):
    """The target or the credentials cannot be used."""

    exit_code = ExitCode.TARGET


class FleetError(LamloadError):
    """The machines of a fleet cannot be reached, or not be used."""

    exit_code = ExitCode.TARGET


def cause_of(error: Exception) -> str:
    """What the system calls an error, such as `Permission denied`; of any other what it says."""
    return getattr(error, "strerror", None) or str(error)


_EXHAUSTED = {
    errno.EAGAIN: "no more processes (ulimit -u)",
    errno.EMFILE: "no more file descriptors (ulimit -n)",
    errno.ENFILE: "no more file descriptors in the whole system",
    errno.ENOMEM: "no more memory",
    errno.ENOSPC: "no space left on a disk: free some, or set TMPDIR",
    errno.EDQUOT: "the disk quota is used up",
    errno.EFBIG: "a file may not grow as far (ulimit -f)",
}


def exhausted(error: BaseException) -> str | None:
    """What the system has no more of, in words with the remedy; None for any other error."""
    if isinstance(error, RuntimeError) and "start new thread" in str(error):
        return "no more threads (ulimit -u)"
    if isinstance(error, MemoryError):
        return _EXHAUSTED[errno.ENOMEM]
    return _EXHAUSTED.get(error.errno or 0) if isinstance(error, OSError) else None
