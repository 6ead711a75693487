"""A /tmp for each sandbox, by mount namespaces. Standard library only: fork servers run it."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from bench.local.sandbox.libc import LibC

CLONE_NEWNS = 0x00020000
CLONE_NEWUSER = 0x10000000
MNT_DETACH = 2
MS_NOSUID = 2
MS_NODEV = 4
MS_BIND = 4096
MS_REC = 16384
MS_PRIVATE = 1 << 18


class PrivateTmp:
    """A mount namespace in which /tmp is the sandbox's own folder, of the size that it may have.

    The fork server has one of its own, in which the folders are file systems in memory: they
    outlive a sandbox's process, and vanish with the fork server. Root unshares mounts alone; others
    need a user namespace, which not every host allows.
    """

    def __init__(self, libc: LibC) -> None:
        self._libc = libc
        self._mounted: set[str] = set()

    def works(self) -> bool:
        """Try it in a child."""
        child = os.fork()
        if child == 0:
            code = 1
            with contextlib.suppress(OSError):
                self.unshare()
                self._unshare_mounts()
                code = 0
            os._exit(code)
        return os.waitpid(child, 0)[1] == 0

    def unshare(self) -> None:
        """Enter a mount namespace of one's own; raises OSError."""
        if os.geteuid() == 0:
            self._unshare_mounts()
            return
        uid, gid = os.getuid(), os.getgid()
        self._libc.call("unshare", CLONE_NEWUSER | CLONE_NEWNS)
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"{uid} {uid} 1")
        Path("/proc/self/gid_map").write_text(f"{gid} {gid} 1")
        self._libc.call("mount", None, b"/", None, MS_REC | MS_PRIVATE, None)

    def _unshare_mounts(self) -> None:
        self._libc.call("unshare", CLONE_NEWNS)
        self._libc.call("mount", None, b"/", None, MS_REC | MS_PRIVATE, None)

    def limit(self, folder: str, size_mb: int) -> None:
        """Have a folder hold no more than that; what is in it stays. As it is where that fails."""
        if folder in self._mounted:
            return
        with contextlib.suppress(OSError):
            options = f"size={size_mb}m,mode=0755".encode()
            target = folder.encode()
            self._libc.call("mount", b"lamload", target, b"tmpfs", MS_NOSUID | MS_NODEV, options)
            self._mounted.add(folder)

    def forget(self, below: str) -> None:
        """Give up the limited folders below a folder, with all that is in them."""
        for folder in [path for path in self._mounted if Path(path).is_relative_to(below)]:
            with contextlib.suppress(OSError):
                self._libc.call("umount2", folder.encode(), MNT_DETACH)
            self._mounted.discard(folder)

    def enter(self, folder: str, keep: list[str], hide: list[str], opt: str) -> None:
        """Make folder the /tmp of this process, and opt its /opt.

        Paths in keep stay visible where they are; folders in hide look empty.
        """
        self._unshare_mounts()
        empty = Path(folder).with_name("empty")
        empty.mkdir(exist_ok=True)
        for path in hide:
            self._bind(str(empty), path)
        for path in keep:
            shown = Path(folder, os.path.relpath(path, "/tmp"))
            shown.mkdir(parents=True, exist_ok=True)
            self._bind(path, str(shown))
        if opt:
            self._bind(opt, "/opt")
        self._bind(folder, "/tmp")

    def _bind(self, source: str, target: str) -> None:
        self._libc.call("mount", source.encode(), target.encode(), None, MS_BIND | MS_REC, None)
