"""A disk that is full."""

from __future__ import annotations

import errno
import os

import pytest


def refuse_to_replace(monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on no file that is written whole comes to the disk."""

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
