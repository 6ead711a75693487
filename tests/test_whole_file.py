"""A reader never sees half a file, and what cannot be written leaves the old one."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from time import time

import pytest

from bench.whole_file import remove_leftovers, replace_file
from tests.disk import refuse_to_replace

OLD, NEW = "old\n", "one\r\ntwo ±\n"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "report.json"
    path.write_text(OLD)
    return path


def others(path: Path) -> list[str]:
    return [found.name for found in path.parent.iterdir() if found != path]


def test_the_new_content_is_there_as_it_was_given(path: Path) -> None:
    replace_file(path, ["one\r\n", "two ±\n"])
    assert path.read_bytes() == NEW.encode("utf-8")
    assert others(path) == []


@pytest.mark.parametrize("nameless", [True, False])
def test_a_reader_sees_the_old_file_until_the_new_one_is_whole(
    nameless: bool, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who is killed meanwhile leaves nothing where there are files without names."""
    seen = []
    if not nameless:
        monkeypatch.delattr(os, "O_TMPFILE", raising=False)

    def parts() -> Iterator[str]:
        for _ in range(3):
            yield "x" * 100_000
            seen.append((path.read_text(), len(others(path))))

    replace_file(path, parts())
    assert seen == [(OLD, 0 if nameless else 1)] * 3
    assert others(path) == []
    assert path.stat().st_size == 300_000


def test_who_has_begun_to_read_the_old_file_reads_it_to_its_end(path: Path) -> None:
    with path.open() as reader:
        replace_file(path, [NEW])
        assert reader.read() == OLD


def test_where_there_was_none_there_is_none_until_it_is_whole(tmp_path: Path) -> None:
    path, seen = tmp_path / "new.csv", []

    def parts() -> Iterator[str]:
        yield "a"
        seen.append(path.exists())
        yield "b"

    replace_file(path, parts())
    assert (seen, path.read_text()) == ([False], "ab")


def test_the_content_is_on_the_disk_before_it_takes_the_files_place(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced = []

    def fsync(descriptor: int) -> None:
        written = os.fstat(descriptor).st_size
        synced.append((written, path.read_text()))

    monkeypatch.setattr(os, "fsync", fsync)
    replace_file(path, [NEW])
    assert synced == [(len(NEW.encode("utf-8")), OLD)]


def test_a_disk_that_refuses_leaves_the_old_file_and_nothing_else(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refuse_to_replace(monkeypatch)
    with pytest.raises(OSError, match="No space"):
        replace_file(path, [NEW])
    assert (path.read_text(), others(path)) == (OLD, [])


def test_a_text_that_fails_half_way_leaves_the_old_file_and_nothing_else(path: Path) -> None:
    def parts() -> Iterator[str]:
        yield "half"
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        replace_file(path, parts())
    assert (path.read_text(), others(path)) == (OLD, [])


def test_a_link_goes_on_leading_to_the_file(path: Path, tmp_path: Path) -> None:
    link = tmp_path / "latest"
    link.symlink_to(path)
    replace_file(link, [NEW])
    assert link.is_symlink()
    assert path.read_bytes() == NEW.encode("utf-8")


def test_who_could_not_read_the_old_file_cannot_read_the_new_one(path: Path) -> None:
    path.chmod(0o600)
    replace_file(path, [NEW])
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_file_system_without_nameless_files_has_named_ones(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opens = os.open

    def refuse(name: Path, flags: int, mode: int = 0o777) -> int:
        if flags & os.O_DIRECTORY:  # as O_TMPFILE has it
            raise OSError(errno.EOPNOTSUPP, os.strerror(errno.EOPNOTSUPP))
        return opens(name, flags, mode)

    monkeypatch.setattr(os, "open", refuse)
    replace_file(path, [NEW])
    assert (path.read_bytes(), others(path)) == (NEW.encode("utf-8"), [])


def test_what_the_killed_have_left_goes_and_nothing_else(path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        pass
    long_ago, folder = time() - 3600, path.parent
    kept = [f".report.json.{os.getpid()}.new", "report.json.1.new", ".own.new", f".{ended.pid}.new"]
    for name in [f".report.json.{ended.pid}.new", ".a.99999999999999999999.new", *kept]:
        (folder / name).write_text("half")
        os.utime(folder / name, (long_ago, long_ago))
    (folder / f".fresh.{ended.pid}.new").write_text("another machine's")
    remove_leftovers(folder)
    assert sorted(others(path)) == sorted([*kept, f".fresh.{ended.pid}.new"])


def test_a_device_is_written_to() -> None:
    replace_file(Path(os.devnull), [NEW])
    assert Path(os.devnull).is_char_device()
