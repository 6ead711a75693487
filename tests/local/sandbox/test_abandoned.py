"""What earlier servers left behind is removed; what only looks like it is left alone."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

import pytest

from bench.local.sandbox.fork_server import LOCK
from bench.local.sandbox.spawner import PREFIX, _remove_abandoned


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / f"{PREFIX}1-abc"
    root.mkdir()
    return root


def test_a_root_that_nobody_holds_is_removed(root: Path) -> None:
    (root / LOCK).touch()
    (root / "code").mkdir()
    _remove_abandoned(root.parent)
    assert not root.exists()


def test_a_root_in_use_stays(root: Path) -> None:
    with (root / LOCK).open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        _remove_abandoned(root.parent)
    assert root.exists()


def test_a_fifo_in_the_place_of_a_lock_keeps_nobody_from_starting(root: Path) -> None:
    os.mkfifo(root / LOCK)
    _remove_abandoned(root.parent)
    assert root.exists()


def test_a_link_leads_nowhere(root: Path, tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / LOCK).touch()
    (tmp_path / f"{PREFIX}2-abc").symlink_to(precious)
    (root / LOCK).symlink_to(precious / LOCK)
    os.mkfifo(tmp_path / f"{PREFIX}3-abc")
    _remove_abandoned(tmp_path)
    assert precious.exists()
    assert root.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make another user's files")
def test_another_users_root_stays(root: Path) -> None:
    (root / LOCK).touch()
    os.chown(root / LOCK, 12345, -1)
    _remove_abandoned(root.parent)
    assert root.exists()
