"""Tables as spreadsheets write them: read as they were meant, or refused with the place."""

from __future__ import annotations

import json
import os
from pathlib import Path
from random import Random
from typing import Any

import pytest

from bench.errors import UsageError
from bench.model.profile import EventKind, EventSpec
from bench.payloads import feed as feed_module
from bench.payloads.source import event_source

MUTATIONS = int(os.environ.get("LAMLOAD_FUZZ", "200"))
ANN = [{"id": 1, "name": "Ann"}, {"id": 2, "name": "Bo"}]


def rows(path: Path, **options: Any) -> list[Any]:
    """Each row of a feed once."""
    source = event_source([EventSpec(EventKind.FEED, {}, str(path), options)], 1)
    found = [json.loads(source.next(0))]
    while not source.constant and (row := json.loads(source.next(len(found)))) != found[0]:
        found.append(row)
    return found


def table(tmp_path: Path, content: bytes | str, name: str = "rows.csv") -> Path:
    path = tmp_path / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


@pytest.mark.parametrize(
    "content",
    [
        "id,name\n1,Ann\n2,Bo\n",
        "id;name\r\n1;Ann\r\n2;Bo\r\n",
        "sep=;\r\nid;name\r\n1;Ann\r\n2;Bo\r\n",
        '"sep=;"\nid;name\n1;Ann\n2;Bo\n',
        "SEP=,\nid,name\n1,Ann\n2,Bo",
        "sep=\t\nid\tname\n1\tAnn\n2\tBo",
        "id\tname\n1\tAnn\n2\tBo\n",
        "id|name\n1|Ann\n2|Bo\n",
        "\ufeffid,name\r\n1,Ann\r\n2,Bo\r\n",
        "id,name,\r\n1,Ann,\r\n2,Bo,\r\n",
        "id,name,,,\n1,Ann,,,\n2,Bo,,,\n,,,,\n",
        "id,name\n1,Ann\n\n2,Bo\n\n\n",
        "id,name\n1,Ann\n2,Bo\n,\n,\n",
        "id,name\r1,Ann\r2,Bo\r",
        '"id";"name"\n"1";"Ann"\n"2";"Bo"\n',
        'id,"name"\n1,"Ann"\n2,Bo\n',
    ],
)
def test_a_table_is_read_by_its_own_separators(tmp_path: Path, content: str) -> None:
    assert rows(table(tmp_path, content)) == ANN


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32"])
def test_spreadsheets_unicode_text_is_read(tmp_path: Path, encoding: str) -> None:
    text = "id\tname\r\n1\tÄnn\r\n2\tBo\r\n"
    path = table(tmp_path, text.encode(encoding))
    assert rows(path) == [{"id": 1, "name": "Änn"}, ANN[1]]


def test_quotes_hold_separators_line_ends_and_quotes(tmp_path: Path) -> None:
    content = 'id,note\n1,"a, b; c"\n2,"two\nlines\r\n"\n3,"say ""hi"""\n'
    notes = ["a, b; c", "two\nlines\r\n", 'say "hi"']
    for size in (feed_module.KEPT_BYTES, 0):
        feed_module.KEPT_BYTES, before = size, feed_module.KEPT_BYTES
        try:
            assert [row["note"] for row in rows(table(tmp_path, content))] == notes
        finally:
            feed_module.KEPT_BYTES = before


def test_decimal_commas_stay_as_they_are(tmp_path: Path) -> None:
    path = table(tmp_path, "id;price\n1;1,10\n2;2,50\n")
    assert rows(path) == [{"id": 1, "price": "1,10"}, {"id": 2, "price": "2,50"}]


def test_a_name_with_a_separator_of_another_kind_in_quotes_is_a_name(tmp_path: Path) -> None:
    path = table(tmp_path, 'id,"a;b"\n1,x\n')
    assert rows(path) == [{"id": 1, "a;b": "x"}]
    path = table(tmp_path, "id,a|b\n1,x\n2,y\n")
    assert rows(path)[0] == {"id": 1, "a|b": "x"}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("a;b,c;d\n1;2,3;4\n", 'line 1 can be read by commas or by semicolons: .*"sep=,"'),
        ("sep=:\na:b\n1:2\n", 'line 1 names the separator ":"; there are'),
        ("id,,name\n1,x,Ann\n", 'line 2, column 2 has "x" in a column without a name'),
        (",\n1,2\n", "line 1, column 1 names no column"),
        ("id,id\n1,2\n", 'line 1, column 2 names a column twice \\("id"\\): rename'),
        ("id, name\n1, Ann\n", 'line 1, column 2 has the name " name", with spaces'),
        ("1,Ann\n2,Bo\n", 'line 1, column 1 has "1" where the first column\'s name should be'),
        ("id;price\n1;1;10\n", "line 2 has 3 cells for 2 columns .read by semicolons."),
        ("id,price\n1,1,10\n", "line 2 has 3 cells for 2 columns .read by commas.: put a cell"),
        (b"id,name\n1,J\xfcrgen\n", "line 2, column 4 has byte 0xfc, .* save it as UTF-8"),
        ("id,name\n1,ü\0\n", "line 2, column 4 has a zero byte"),
        ("id,name\n1,Ann\n".encode("utf-16-le"), "line 1, column 2 has a zero byte"),
        (b"PK\x03\x04xlsx", "is a spreadsheet's own file or an archive: export it as CSV"),
        (b"\x1f\x8b\x08", "is compressed: unpack it first"),
        ("\ufeffid,name\n1,Ann\n".encode("utf-16")[:-1], "is broken UTF-16"),
        ('id,name\n1,"Ann\n', "line 2: unexpected end of data"),
        ('id,name\n1,"Ann"x\n', "line 2: "),
        ("", "has no rows"),
        ("id,name\n", "has no rows"),
        ("sep=;\n", "has no rows"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_its_place(
    tmp_path: Path, content: bytes | str, words: str
) -> None:
    with pytest.raises(UsageError, match=words):
        rows(table(tmp_path, content))


def test_devices_and_pipes_are_refused_at_once(tmp_path: Path) -> None:
    pipe = tmp_path / "rows.csv"
    os.mkfifo(pipe)
    for path in (pipe, Path("/dev/zero"), Path("/dev/stdin")):
        with pytest.raises(UsageError, match=r"device or a pipe|cannot read"):
            rows(path)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.jsonl", '{"a":1}\n{"a":NaN}\n', "line 2 is no JSON: JSON has no NaN"),
        ("a.jsonl", '[{"a":1},{"a":2}]', "is one JSON array: with the ending .json"),
        ("a.jsonl", "id,name\n1,Ann\n", "line 1, column 1 is no JSON: .*endings .csv, .tsv"),
        ("a.json", '{"a":1}\n{"a":2}', "must be a JSON array .* .jsonl"),
        ("a.json", '[\n{"a":1},\n]', "line 3, column 1 is no JSON: a value must follow"),
        ("a.json", '[{"a":1} {"a":2}]', "line 1, column 10 is no JSON: a comma or the array's"),
        ("a.json", "[1,", "line 1, column 4 is no JSON"),
        ("a.json", "[1] 2", "line 1, column 5 is no JSON: nothing may follow"),
        ("a.json", "[Infinity]", "line 1, column 2 is no JSON: JSON has no Infinity"),
        ("a.json", "[" * 100_000, "nested too deeply"),
        ("a.json", "[]", "has no rows"),
    ],
)
def test_json_that_is_none_is_refused_with_its_place(
    tmp_path: Path, name: str, content: str, words: str
) -> None:
    with pytest.raises(UsageError, match=words):
        rows(table(tmp_path, content, name))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.jsonl", '\ufeff {"p":1.10, "n":12345678901234567890.0}\r\n\n{"ü" : 1e5}\n'),
        ("a.json", '\ufeff[ {"p":1.10, "n":12345678901234567890.0},\n {"ü" : 1e5} ]\n'),
    ],
)
def test_rows_of_json_are_sent_as_they_stand(tmp_path: Path, name: str, content: str) -> None:
    path = table(tmp_path, content, name)
    source = event_source([EventSpec(EventKind.FEED, {}, str(path))], 1)
    assert [source.next(i).decode() for i in range(2)] == [
        '{"p":1.10, "n":12345678901234567890.0}',
        '{"ü" : 1e5}',
    ]


@pytest.mark.parametrize("options", [{"text": "no"}, {"text": 1}, {"order": "backwards"}])
def test_options_are_taken_at_their_word(tmp_path: Path, options: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match=r"text = |order"):
        rows(table(tmp_path, "id\n1\n"), **options)
    with pytest.raises(UsageError, match="for a table"):
        rows(table(tmp_path, '{"a":1}', "a.jsonl"), text=True)


def test_a_large_feed_is_neither_copied_nor_otherwise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = table(tmp_path, "id,name\n" + "".join(f'{i},"n{i}"\n' for i in range(500)))
    small = event_source([EventSpec(EventKind.FEED, {}, str(path))], 1)
    monkeypatch.setattr(feed_module, "KEPT_BYTES", 0)
    large = event_source([EventSpec(EventKind.FEED, {}, str(path))], 1)
    assert isinstance(large, feed_module.FeedEvents)
    assert not large._kept
    assert [large.next(i) for i in range(1000)] == [small.next(i) for i in range(1000)]


def test_mutated_files_are_read_or_refused(tmp_path: Path) -> None:
    """Nothing but a UsageError comes out, whatever a file holds; LAMLOAD_FUZZ sets how many."""
    rng = Random(12)
    seeds = [
        b"id,name\n1,Ann\n2,\"Bo\"\n", b"sep=;\r\nid;name\r\n1;Ann\r\n",
        "id\tna\u00fcme\n1\tAnn\n".encode("utf-16"), b'{"a":[1,2.5e3,null]}\n{"b":"x"}\n',
        b'[{"a":1},\n {"b":"\\u00fc"}]', b"\xef\xbb\xbfid,name,\n1,Ann,\n",
    ]  # fmt: skip
    odd = [b"\0", b"\xff", b'"', b"\n", b"\r", b",", b";", b"\t", b"sep=", b"1e999", b"[" * 3000]
    for number in range(MUTATIONS):
        raw = bytearray(rng.choice(seeds))
        for _ in range(rng.randint(1, 4)):
            at = rng.randrange(len(raw) + 1)
            raw[at : at + rng.choice((0, 0, 1, 5))] = rng.choice([*odd, rng.randbytes(2)])
        path = table(tmp_path, bytes(raw), f"m{number % 3}" + rng.choice([".csv", ".json", ".x"]))
        try:
            source = event_source([EventSpec(EventKind.FEED, {}, str(path))], 1)
        except UsageError as error:
            assert len(str(error)) < 2000
        else:
            json.loads(source.next(0))
