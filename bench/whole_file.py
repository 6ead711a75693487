"""Files that a reader finds whole: the old one or the new one, and after a crash one of the two."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from pathlib import Path

PUBLIC_MODE, PRIVATE_MODE = 0o666, 0o600
"""Of a new file: as the user's umask has it, and for its owner alone."""


def replace_file(path: Path, parts: Iterable[str], *, mode: int = PUBLIC_MODE) -> None:
    """`replace_bytes` with the parts of a text: UTF-8, line ends as they are."""
    replace_bytes(path, (part.encode("utf-8") for part in parts), mode=mode)


def replace_bytes(path: Path, parts: Iterable[bytes], *, mode: int = PUBLIC_MODE) -> None:
    """Write a file from the parts of its content, or leave the old one.

    It is written beside the file, brought to the disk and then put in its place, which is one step
    within a folder. A symbolic link stays one, and what was there lends its permissions. A pipe or
    a device has no content to lose: it is written to. mode is that of a file that was not there.

    Raises OSError if the disk refuses, and whatever `parts` raises; either way nothing has changed.
    """
    place = path.resolve()
    if place.exists() and not place.is_file():
        with place.open("wb") as file:
            file.writelines(parts)
        return
    beside = place.with_name(f".{place.name}.{os.getpid()}.new")
    try:
        with os.fdopen(_new_file(beside, mode), "wb") as file:
            file.writelines(parts)
            file.flush()
            os.fsync(file.fileno())
        if place.exists():
            shutil.copymode(place, beside)
        beside.replace(place)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


def _new_file(path: Path, mode: int) -> int:
    """Descriptor of a file that was not there; what another process of this number left goes.

    In a folder that others can write to, a link that somebody put in its place is not followed.
    """
    path.unlink(missing_ok=True)
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, mode)
