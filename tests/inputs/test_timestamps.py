"""Columns of timestamps: read as they were meant, or refused with the line and the mend."""

from __future__ import annotations

import os
from pathlib import Path
from random import Random
from struct import iter_unpack

import pytest

from bench.inputs.timestamps import LocatedCell, NotMeant, instants_ns
from bench.shapes.recorded_csv import read_offsets

MUTATIONS = int(os.environ.get("LAMLOAD_FUZZ", "200"))


def offsets_s(cells: list[str], name: str = "", unit: str | None = None) -> list[float]:
    """Seconds since the first, in the order of the file."""
    instants = instants_ns((LocatedCell(cell, i) for i, cell in enumerate(cells, 1)), name, unit)
    return [(instant - instants[0]) / 1e9 for instant in instants]


@pytest.mark.parametrize(
    "cells",
    [
        ["1700000000", "1700000001", "1700000001.5"],
        ["1700000000000", "1700000001000", "1700000001500"],
        ["1700000000000000", "1700000001000000", "1700000001500000"],
        ["1700000000000000000", "1700000001000000000", "1700000001500000000"],
        ["1700000000,0", "1700000001,0", "1700000001,5"],
        ["1.7000000000000e+09", "1.7000000010000e+09", "1.7000000015000e+09"],
        ["20231114221320", "20231114221321", "20231114221321500"],
        ["20231231235959", "20240101000000", "20240101000000500000"],
        ["0", "1", "1.5"],
        ["100.0", "101.0", "101.5"],
        ["2023-11-14T22:13:20Z", "2023-11-14T22:13:21Z", "2023-11-14T22:13:21.5Z"],
        ["2023-10-29T02:59:59+02:00", "2023-10-29T02:00:00+01:00", "2023-10-29T02:00:00.5+01:00"],
        ["2023-11-14T22:13:20", "2023-11-14 22:13:21", "2023-11-14 22:13:21,5"],
    ],
)
def test_forms_that_can_be_meant_in_one_way_only(cells: list[str]) -> None:
    assert offsets_s(cells) == [0, 1, 1.5]


def test_the_common_log_format_has_its_zone() -> None:
    cells = ["[10/Oct/2000:13:55:36 -0700]", "[10/Oct/2000:20:55:38 +0000]"]
    assert offsets_s(cells) == [0, 2]
    assert list(instants_ns([LocatedCell("10/Oct/2000:13:55:36 -0700", 1)])) == [971211336 * 10**9]


@pytest.mark.parametrize(
    ("name", "unit", "cells", "expected"),
    [
        ("offset_ms", None, ["0", "250", "500"], [0, 0.25, 0.5]),
        ("elapsed (us)", None, ["0", "250000", "500000"], [0, 0.25, 0.5]),
        ("intended_ns", None, ["0", "60000000000"], [0, 60]),
        ("ts", "ms", ["0", "250"], [0, 0.25]),
        ("ts", "days", ["45244.5", "45244.75"], [0, 21600]),
        ("ts", "days", ["45244,5", "45245"], [0, 43200]),
        ("ts", "s", ["36000.1234", "36001.1234"], [0, 1]),
        ("ts", "ns", ["0", "1000"], [0, 1e-6]),
    ],
)
def test_a_unit_is_told_by_the_columns_name_or_the_profile(
    name: str, unit: str | None, cells: list[str], expected: list[float]
) -> None:
    assert offsets_s(cells, name, unit) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        (["1.70E+12", "1.70E+12"], "lost its last digits in line 1 .*without an exponent"),
        (["1.7e9", "1.7e9"], "lost its last digits in line 1"),
        (["1e999999", "1"], "no ISO or epoch timestamp in line 1"),
        (["1", "1e999999999999999999"], "no ISO or epoch timestamp in line 2"),
        (["1", "9" * 10**6], "no ISO or epoch timestamp in line 2"),
        (["1_700_000_000", "2"], "no ISO or epoch"),
        (["45244.92593", "45244.92594"], 'Excel.s days or as seconds in line 1 .*unit = "days"'),
        (["17000000001234", "17000000001235"], "no time of our era in line 1"),
        (["99999999999", "99999999999"], "no time of our era in line 1"),
        (["20231114", "20231115"], "a date without a time in line 1"),
        (["20231114221320", "20231314221320"], "no ISO or epoch timestamp in line 2"),
        (["1700000000", "1700000000001"], "different units: .* line 1 and .* line 2: set unit"),
        (["1700000000", "3"], "different units"),
        (["1700000000", "2023-11-14T22:13:20Z"], "another form in line 2"),
        (["2023-11-14T22:13:20Z", "1700000000"], "another form in line 2"),
        (["2023-11-14T22:13:20Z", "[10/Oct/2000:13:55:36 -0700]"], "another form in line 2"),
        (["2023-11-14T22:13:20Z", "2023-11-14T22:13:21"], "a zone in some lines and none"),
        (["2023-11-14T22:13:20", "2023-11-14T22:13:21 CET"], "no ISO or epoch .* line 2"),
        (["11/14/2023 22:13", "11/14/2023 22:14"], "no ISO or epoch timestamp in line 1"),
        (["2023-11-14T22:13:20Z", "soon"], "no ISO or epoch timestamp in line 2"),
        (["2023-11-14T22:13:20Z", ""], "no ISO or epoch timestamp in line 2"),
        (["9999-11-14T22:13:20Z", "2023-11-14T22:13:20Z"], "no ISO or epoch .* line 1"),
        (["[31/Feb/2000:13:55:36 -0700]", "x"], "no ISO or epoch timestamp in line 1"),
        (["[01/Feb/2000:13:55:36 +9999]", "x"], "no ISO or epoch timestamp in line 1"),
        (["2023-11-14", "2023-11-14"], "one and the same instant in all its 2 lines"),
        (["1700000000"] * 5, "one and the same instant in all its 5 lines"),
        (["0.000001", "0.000002"], "within 0.001 ms, which no recording has"),
        (
            ["2023-10-29T02:58:00", "2023-10-29T02:59:59", "2023-10-29T02:00:00"],
            "goes back by 60 min in line 3, as local time does",
        ),
        (["NaN", "1"], "no ISO or epoch"),
        (["inf", "1"], "no ISO or epoch"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_its_line(cells: list[str], words: str) -> None:
    with pytest.raises(NotMeant, match=words):
        offsets_s(cells)


def test_a_columns_name_that_contradicts_its_numbers_is_refused() -> None:
    with pytest.raises(NotMeant, match=r'called "ts_ms" .* set unit'):
        offsets_s(["1700000000", "1700000001"], "ts_ms")
    with pytest.raises(NotMeant, match="a unit, which is for numbers"):
        offsets_s(["2023-11-14T22:13:20Z", "2023-11-14T22:13:21Z"], "ts", "ms")


def test_the_latest_first_is_as_good_as_the_latest_last() -> None:
    assert offsets_s(["2023-11-14T22:13:22Z", "2023-11-14T22:13:20Z"]) == [0, -2]
    naive = ["2023-10-29 05:00", "2023-10-29 04:00", "2023-10-29 03:00"]
    assert offsets_s(naive) == [0, -3600, -7200]


ACCESS_LOG = (
    '127.0.0.1 - bob [10/Oct/2000:13:55:36 -0700] "GET /a,b;c HTTP/1.0" 200 2326\n'
    '::1 - - [10/Oct/2000:13:55:38 -0700] "GET /?x=[1/Jan] HTTP/1.0" 200 5\n\n'
)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("access.log", ACCESS_LOG),
        ("a.csv", "time;path\n[10/Oct/2000:13:55:36 -0700];/\n[10/Oct/2000:13:55:38 -0700];/\n"),
        ("a.csv", "id;at;timestamp\n1;x;2023-11-14T22:13:20Z\n2;x;2023-11-14T22:13:22Z\n"),
        ("a.csv", "sep=;\nid;timestamp\n1;1700000000\n2;1700000002\n"),
        ("a.tsv", "id\ttimestamp\n1\t1700000000\n2\t1700000002\n"),
        ("a.csv", "timestamp;n\n1700000000,0;1\n1700000002,0;2\n"),
    ],
)
def test_files_as_servers_and_spreadsheets_write_them(
    tmp_path: Path, name: str, content: str
) -> None:
    for encoding in ("utf-8", "utf-8-sig", "utf-16"):
        (tmp_path / name).write_bytes(content.encode(encoding))
        offsets = read_offsets(str(tmp_path / name), None, 1.0)
        assert [offset for (offset,) in iter_unpack("<q", offsets)] == [0, 2 * 10**9]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\xff\n1\n", "line 1, column 1 has byte 0xff"),
        (b"PK\x03\x04", "export it as CSV"),
        (b'time\n"1\n', "unexpected end of data"),
        (ACCESS_LOG.encode() + b"no time\n", "no ISO or epoch timestamp in line 4"),
    ],
)
def test_files_that_cannot_be_meant(tmp_path: Path, content: bytes, words: str) -> None:
    (tmp_path / "a.csv").write_bytes(content)
    with pytest.raises(ValueError, match=words):
        read_offsets(str(tmp_path / "a.csv"), None, 1.0)


def test_mutated_columns_are_read_or_refused(tmp_path: Path) -> None:
    """Nothing but a ValueError comes out, at once; LAMLOAD_FUZZ sets how many are tried."""
    rng = Random(6)
    seeds = [
        b"ts,n\n1700000000,1\n1700000001,2\n", b"2023-11-14T22:13:20Z\n2023-11-14T22:13:25Z\n",
        ACCESS_LOG.encode(), b"a;b\n45244,5;1\n45245;2\n", b"20231114221320\n20231114221321\n",
    ]  # fmt: skip
    odd = [b"1e999999", b"9" * 500, b"-", b"+", b".", b"e", b"\0", b'"', b"\n", b",", b";", b"Z"]
    for _ in range(MUTATIONS):
        raw = bytearray(rng.choice(seeds))
        for _ in range(rng.randint(1, 3)):
            at = rng.randrange(len(raw) + 1)
            raw[at : at + rng.choice((0, 1, 3))] = rng.choice([*odd, rng.randbytes(2)])
        (tmp_path / "m.csv").write_bytes(bytes(raw))
        try:
            offsets = read_offsets(str(tmp_path / "m.csv"), None, 1.0)
        except ValueError as error:
            assert len(str(error)) < 2000
        else:
            assert len(offsets) % 8 == 0
