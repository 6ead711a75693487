"""The system calls that Python does not wrap. Standard library only: fork servers run it."""

from __future__ import annotations

import ctypes
import os
import signal
from typing import Any

PR_SET_PDEATHSIG = 1
PR_CAPBSET_DROP = 24
PR_SET_CHILD_SUBREAPER = 36
CAP_SYS_PTRACE = 19
"""With it root's processes look into others', whatever those say."""
SA_NOCLDSTOP = 1


class LibC:
    """Functions of the C library that give 0 where all is well."""

    def __init__(self) -> None:
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._errno = ctypes.get_errno

    def call(self, name: str, *arguments: Any) -> None:
        """Call a function that returns 0; raises OSError."""
        if getattr(self._libc, name)(*arguments) != 0:
            error = self._errno()
            raise OSError(error, f"{name}: {os.strerror(error)}")


class _SigAction(ctypes.Structure):
    """struct sigaction of 64-bit Linux, as glibc and musl have it."""

    _fields_ = (
        ("handler", ctypes.c_void_p),
        ("mask", ctypes.c_ubyte * 128),
        ("flags", ctypes.c_int),
        ("restorer", ctypes.c_void_p),
    )


def hear_only_of_ends(libc: LibC) -> None:
    """Have SIGCHLD for children that end alone, not for each that is frozen or thawed."""
    action = _SigAction()
    libc.call("sigaction", int(signal.SIGCHLD), None, ctypes.byref(action))
    action.flags |= SA_NOCLDSTOP
    libc.call("sigaction", int(signal.SIGCHLD), ctypes.byref(action), None)
