"""Damaged run folders: read as far as they can be, or told with the file; never a crash.

LAMLOAD_FUZZ sets how many mutations are tried.
"""

from __future__ import annotations

import json
import os
from base64 import b64encode
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from zlib import compress

import numpy as np
import pytest

from bench.commands.support.run_lookup import find_run, readable_runs
from bench.errors import LamloadError, UsageError
from bench.profile import load_profile
from bench.record.buckets import OVER
from bench.record.folder import RunFolder
from bench.record.hdr_encoding import decode_buckets, encode_counts
from bench.record.hlog import TaggedHistogram
from bench.record.hlog_index import HlogIndex
from bench.record.load_run import load_run
from bench.record.playback import RunPlayback
from bench.record.recorded_run import MANIFEST, REPORT, latest_run, list_runs
from bench.record.summary_json import document_of
from bench.report.formats import FORMATS, render
from tests.record.test_folder import PROFILE, Run

MUTATIONS = int(os.environ.get("LAMLOAD_FUZZ", "25"))
ODD = (
    "", "nan", "inf", "-inf", "1e999", "-1", "9" * 30, "9" * 5000, "null", "[]", "{}", '"', ",",
    "\n", "\0", "é", "x", "0", "1e18", "-9223372036854775809", "[" * 2000, "true", ";", "/",
)  # fmt: skip


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run that has ended."""
    root = tmp_path_factory.mktemp("damage")
    (root / "trial.toml").write_text(PROFILE)
    run = Run(root / "runs", load_profile(root / "trial.toml"))
    run.go()
    recorded = run.end()
    run.folder.close()
    return recorded.folder


def replaced(path: Path, change: Callable[[bytes], bytes], read: Callable[[], object]) -> object:
    """What reading gives, or the error that it ends with, while a file is changed."""
    before = path.read_bytes()
    path.write_bytes(change(before))
    try:
        return read()
    except LamloadError as error:
        assert not isinstance(error, AssertionError)
        return error
    finally:
        path.write_bytes(before)


@pytest.mark.parametrize(
    ("name", "old", "new", "words"),
    [
        ("report.json", b"{", b"[", "report.json line 2 is not JSON"),
        ("report.json", b'"SUSPECT"', b'"FINE"', "report.json is damaged: 'FINE' is not a valid"),
        ("report.json", b'"reasons": [', b'"reasons": [3, ', "report.json is damaged: 'int'"),
        ("manifest.json", b"{", b"3", "manifest.json line 2 is not JSON"),
        ("manifest.json", b"{", b"\xff", "manifest.json is damaged: 'utf-8' codec"),
        ("summary.csv", b",128,", b",x,", "summary.csv line 2 is damaged: "),
        ("intervals.csv", b"\n0,", b"\nx,", "intervals.csv line [0-9]+ is damaged: "),
        ("events.jsonl", b'"t_ns": 0', b'"t_ns": "0"', "events.jsonl line 1 is damaged: "),
        ("totals.hlog", b"Tag=", b"Tag=,", "totals.hlog line [0-9]+ is damaged"),
    ],
)
def test_damage_is_told_with_file_and_line(
    made: Path, name: str, old: bytes, new: bytes, words: str
) -> None:
    def read() -> object:
        return [list(load_run(made).intervals)]

    path = made / name
    assert old in path.read_bytes()
    error = replaced(path, lambda raw: raw.replace(old, new, 1), read)
    assert isinstance(error, UsageError)
    with pytest.raises(UsageError, match=words):
        raise error


def test_mutated_files_never_end_a_reader_otherwise(made: Path) -> None:
    rng = Random(13)
    names = sorted(path.name for path in made.iterdir() if path.suffix != ".html")

    def change(raw: bytes) -> bytes:
        found = bytearray(raw)
        for _ in range(rng.randint(1, 3)):
            at = rng.randrange(len(found) + 1)
            if rng.random() < 0.15:
                del found[at:]
                continue
            cut = rng.choice((0, 1, 3, 40))
            found[at : at + cut] = rng.choice((rng.choice(ODD).encode(), rng.randbytes(2)))
        return bytes(found)

    def value(raw: bytes) -> bytes:
        """One whole value of a row or document is another."""
        separator = rng.choice((b",", b": "))
        cells = raw.split(separator)
        cells[rng.randrange(len(cells))] = rng.choice(ODD).encode()
        return separator.join(cells)

    def read() -> object:
        run = load_run(made)
        list(run.intervals)
        json.dumps(document_of(run))
        return render(rng.choice(list(FORMATS)), run)

    readers: tuple[Callable[[], object], ...] = (read, lambda: RunPlayback(made).refresh())
    for _ in range(MUTATIONS):
        name = rng.choice(names)
        replaced(made / name, rng.choice((change, value)), rng.choice(readers))


def hlog_bomb(size: int) -> str:
    return b64encode(b"\0" * 8 + compress(b"\x1c\x84\x93\x13" + b"\0" * size, 9)).decode()


def test_what_unpacks_to_more_than_a_histogram_can_hold_is_refused_before_it_does() -> None:
    bomb = hlog_bomb(20_000_000)
    assert len(bomb) < 30_000
    with pytest.raises(ValueError, match="unpacks to more than"):
        decode_buckets(bomb)


def test_a_log_of_many_that_unpack_to_as_much_as_they_may_is_refused_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("bench.record.hdr_encoding.FREE_BYTES", 1 << 20)
    everywhere = encode_counts(np.arange(OVER, dtype=np.uint16), np.ones(OVER, np.int64))
    lines = [TaggedHistogram("a/response", 0, 1, 1, everywhere, n) for n in range(312)]
    HlogIndex().add(lines[:2])
    with pytest.raises(ValueError, match="far more than a run can write"):
        HlogIndex().add(lines)
    broken = TaggedHistogram("a/response", 0, 1, 1, "AAAA", 7)
    with pytest.raises(ValueError, match="line 7: not an HdrHistogram"):
        HlogIndex().add([lines[0], broken])


def test_bad_entries_spoil_no_list_and_are_told_of_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "trial.toml").write_text(PROFILE)
    profile = load_profile(tmp_path / "trial.toml")
    runs = tmp_path / "runs"
    folders = []
    for day in (1, 2, 3, 4, 5, 6):
        folder = RunFolder.create(runs, profile, PROFILE, {}, datetime(2026, 1, day, tzinfo=UTC))
        folder.close()
        folders.append(folder.path)
    (folders[1] / MANIFEST).write_bytes(b"\xff\0")
    (folders[2] / MANIFEST).write_text('{"variants": 3}')
    (folders[3] / REPORT).write_text('{"verdict": "FINE"}')
    (folders[4] / MANIFEST).write_text("[]")
    (folders[5] / MANIFEST).write_text("")
    assert [entry.folder for entry in list_runs(runs)] == [folders[0]]
    assert latest_run(runs) == folders[0]
    assert [entry.folder for entry in readable_runs(runs)] == [folders[0]]
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert "5 entries cannot be read, so passed over: " in told
    assert find_run(None, runs) == folders[0]
    assert find_run(folders[1].name, runs) == folders[1]  # asked for by name: its reader tells
