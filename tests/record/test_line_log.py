from __future__ import annotations

from pathlib import Path

import pytest

from bench.record import line_log
from bench.record.interval_key import IntervalKey
from bench.record.interval_stats import Packed
from bench.record.interval_store import IntervalStore
from bench.record.line_log import LineLog, Spool
from tests.disk import disk_of


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "events.jsonl"


def test_lines_are_in_the_file_as_soon_as_they_are_added(path: Path) -> None:
    log = LineLog(path, "head\n")
    log.add("one\n")
    assert path.read_text() == "head\none\n"
    log.close()
    assert log.complaint == ""


def test_half_a_line_is_never_left_and_the_rest_comes_when_there_is_room(path: Path) -> None:
    log = LineLog(path, "head\n")
    with disk_of(12):
        log.add("one\ntwo ±\nthree\n")
        assert path.read_text() == "head\none\n"
        log.add("four\n")
        assert path.read_text() == "head\none\n"
    log.add("five\n")
    log.close()
    assert path.read_text() == "head\none\ntwo ±\nthree\nfour\nfive\n"
    assert log.complaint == ""


def test_lines_that_never_find_room_are_counted_and_the_cause_is_named(path: Path) -> None:
    log = LineLog(path, "head\n")
    with disk_of(7):
        log.add("one\ntwo\n")
        log.close()
    assert path.read_text() == "head\n"
    assert log.complaint == "2 lines are missing: File too large"


def test_what_waits_for_room_is_bounded(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(line_log, "PENDING_LIMIT", 10)
    log = LineLog(path, "head\n")
    with disk_of(5):
        for _ in range(10):
            log.add("line\n")
    log.add("last\n")
    log.close()
    assert path.read_text().splitlines()[-1] == "last"
    assert log.complaint == "9 lines are missing: there was no room for a while"


def test_a_log_that_cannot_even_begin_says_so(path: Path) -> None:
    with disk_of(3), pytest.raises(OSError, match="File too large"):
        LineLog(path, "head\n")


def test_what_is_not_ours_is_not_written_to(path: Path, tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    path.symlink_to(precious)
    with pytest.raises(FileExistsError):
        LineLog(path, "head\n")
    assert not precious.exists()


def test_a_spool_goes_on_in_memory_where_the_disk_ends() -> None:
    spool = Spool()
    with disk_of(10):
        for number in range(10):
            spool.write(b"row %d\n" % number)
    spool.read_from_start()
    assert spool.read(4) == b"row "
    assert spool.read() == b"0\n" + b"".join(b"row %d\n" % number for number in range(1, 10))
    spool.close()


def test_a_spool_without_a_folder_lies_in_memory(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "gone")
    spool.write(b"row\n")
    spool.read_from_start()
    assert spool.read() == b"row\n"


def test_seconds_stay_readable_when_the_disk_below_them_is_full() -> None:
    store = IntervalStore()
    packed = Packed(b"t" * 500, b"f" * 500, b"s" * 500)
    with disk_of(100_000):
        for second in range(2000):
            store.add(IntervalKey(second, 0, 0), packed)
    assert len(store) == 2000
    assert store.get(IntervalKey(7, 0, 0)) == packed
    assert list(store.keys(from_s=1999)) == [IntervalKey(1999, 0, 0)]
