"""Files that a reader finds whole: the old one or the new one, and after a crash one of the two."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from time import time

PUBLIC_MODE, PRIVATE_MODE = 0o666, 0o600
"""Of a new file: as the user's umask has it, and for its owner alone."""
_NO_NAMELESS = frozenset({errno.EOPNOTSUPP, errno.EISDIR, errno.EINVAL, errno.ENOENT, errno.ENOSYS})
"""What a file system, a kernel or a system without /proc says to a file without a name."""
_BESIDE = re.compile(r"\..+\.(\d+)\.new")
_LEFT_S = 60.0
"""Older than this, what lies beside a file is nobody's work: replacing one takes much less. A pid
alone does not tell, since another machine or container may write to the same folder."""


def replace_file(path: Path, parts: Iterable[str], *, mode: int = PUBLIC_MODE) -> None:
    """`replace_bytes` with the parts of a text: UTF-8, line ends as they are."""
    replace_bytes(path, (part.encode("utf-8") for part in parts), mode=mode)


def replace_bytes(path: Path, parts: Iterable[bytes], *, mode: int = PUBLIC_MODE) -> None:
    """Write a file from the parts of its content, or leave the old one.

    It is written beside the file, brought to the disk and then put in its place, which is one step
    within a folder. Where the system has files without names it gets one only then, so that nothing
    is left of it if this process is killed. A symbolic link stays one, and what was there lends its
    permissions. A pipe or a device has no content to lose: it is written to. mode is that of a file
    that was not there.

    Raises OSError if the disk refuses, and whatever `parts` raises; either way nothing has changed.
    """
    place = path.resolve()
    if place.exists() and not place.is_file():
        with place.open("wb") as file:
            file.writelines(parts)
        return
    beside = place.with_name(f".{place.name}.{os.getpid()}.new")
    descriptor, is_nameless = _new_file(beside, mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            if place.exists():
                os.fchmod(file.fileno(), place.stat().st_mode & 0o7777)
            file.writelines(parts)
            file.flush()
            os.fsync(file.fileno())
            if is_nameless:
                _name(file.fileno(), beside)
        beside.replace(place)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


def remove_leftovers(folder: Path) -> None:
    """Take away what processes that were killed have left beside the files of a folder."""
    with suppress(OSError):
        for path in folder.iterdir():
            found = _BESIDE.fullmatch(path.name)
            if found is not None and _is_left(path, int(found[1])):
                path.unlink(missing_ok=True)


def _is_left(path: Path, pid: int) -> bool:
    if path.is_symlink() or time() - path.stat().st_mtime < _LEFT_S:
        return False
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return True
    except OSError:  # somebody else's process has the number now
        return False
    return False


def _new_file(path: Path, mode: int) -> tuple[int, bool]:
    """Descriptor of a file that was not there, and whether it still has no name.

    What another process of this number left goes. In a folder that others can write to, a link that
    somebody put in its place is not followed.
    """
    path.unlink(missing_ok=True)
    if (nameless := getattr(os, "O_TMPFILE", 0)) and Path("/proc/self/fd").is_dir():
        try:
            return os.open(path.parent, os.O_WRONLY | nameless, mode), True
        except OSError as error:
            if error.errno not in _NO_NAMELESS:
                raise
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
    return os.open(path, flags, mode), False


def _name(descriptor: int, path: Path) -> None:
    """Source: open(2), O_TMPFILE. Python follows the link only where a src_dir_fd is given."""
    os.link(f"/proc/self/fd/{descriptor}", path, src_dir_fd=descriptor, follow_symlinks=True)
