"""What a handler must not find out about whoever serves it: environment and memory.

Handlers run as the same user, and `/proc/PID/environ` of their parents is open to them. This is for
Linux; elsewhere there is no such file. Sources: proc(5), prctl(2).
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import sys
from collections.abc import Mapping
from pathlib import Path

PR_SET_DUMPABLE = 4
ENV_START_FIELD = 50
"""In /proc/PID/stat, counted from 1; the end of the environment is the next one."""
NEEDED = frozenset(
    {"COLUMNS", "HOME", "LANG", "NODE_PATH", "NO_COLOR", "PATH", "TERM", "TMPDIR", "TZ", "USER"}
)
NEEDED_PREFIXES = ("LC_", "LD_", "PYTHON", "XDG_")


def needed_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Of an environment, what the embedded Lambda needs: nothing that could be a secret."""
    return {
        name: value
        for name, value in environ.items()
        if name in NEEDED or name.startswith(NEEDED_PREFIXES)
    }


def hide_from_handlers() -> None:
    """Close this process's environment and memory to other processes of the same user.

    The environment stays as it is for this process and for what it starts.
    """
    if sys.platform != "linux":
        return
    with contextlib.suppress(OSError, ValueError, IndexError):
        _wipe_initial_environment()
    ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)


def _wipe_initial_environment() -> None:
    """Zero the block that the kernel shows as environ, after the C library has copies of its own.

    Root's processes may read it whatever is dumpable.
    """
    stat = Path("/proc/self/stat").read_text()
    fields = stat[stat.rindex(")") + 2 :].split()
    start, end = (int(fields[at - 3]) for at in (ENV_START_FIELD, ENV_START_FIELD + 1))
    for name, value in list(os.environ.items()):
        os.environ[name] = value
    if 0 < start < end:
        ctypes.memset(start, 0, end - start)
