import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.errors import UsageError
from bench.model.profile import EventKind, EventSpec
from bench.payloads.base import parse_size
from bench.payloads.source import EventSource, event_source, response_contract


def source(kind: EventKind, value: Any = None, seed: int = 1, **rest: Any) -> EventSource:
    return event_source([EventSpec(kind, value, **rest)], seed)


def feed(path: Path, **options: Any) -> EventSource:
    return source(EventKind.FEED, path=str(path), options=options)


def rows(events: EventSource, count: int) -> list[Any]:
    return [json.loads(events.next(index)) for index in range(count)]


def test_a_literal_is_one_object_for_ever() -> None:
    events = source(EventKind.LITERAL, {"n": 20000, "text": "ü"})
    assert events.constant
    assert events.next(0) == b'{"n":20000,"text":"\\u00fc"}'
    assert events.next(0) is events.next(7)


def test_a_file_is_sent_as_it_stands(tmp_path: Path) -> None:
    (tmp_path / "event.bin").write_bytes(b"\x00\xff not json")
    events = event_source([EventSpec(EventKind.FILE, path="event.bin")], 1, tmp_path)
    assert events.next(3) == b"\x00\xff not json"
    assert events.next(0) is events.next(1)


def test_a_csv_feed_gives_a_row_each_time_and_starts_again(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_bytes(
        b'\xef\xbb\xbfname,n,on,zip,note\r\n"a, b",1,true,007,\r\nc,2.5,x,-1,"q""q"\r\n'
    )
    events = feed(path)
    first = {"name": "a, b", "n": 1, "on": True, "zip": "007", "note": ""}
    second = {"name": "c", "n": 2.5, "on": "x", "zip": -1, "note": 'q"q'}
    assert rows(events, 3) == [first, second, first]
    assert not events.constant
    texts = feed(path, text=True)
    assert json.loads(texts.next(0))["n"] == "1"


@pytest.mark.parametrize("name", ["rows.jsonl", "rows.ndjson", "rows.json"])
def test_a_json_feed_gives_its_values(tmp_path: Path, name: str) -> None:
    values: list[Any] = [{"a": 1}, [2], "three", None]
    path = tmp_path / name
    text = json.dumps(values) if name == "rows.json" else "\n".join(map(json.dumps, values)) + "\n"
    path.write_text(text)
    assert rows(feed(path), 5) == [*values, values[0]]


def test_orders_of_a_feed(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text("\n".join(map(str, range(50))))
    shuffled = rows(feed(path, order="shuffled"), 150)
    passes = [shuffled[:50], shuffled[50:100], shuffled[100:]]
    assert all(sorted(part) == list(range(50)) for part in passes)
    assert passes[0] != passes[1] != passes[2]
    drawn = rows(feed(path, order="random"), 500)
    assert len(set(drawn)) > 45
    assert sorted(drawn[:50]) != list(range(50))


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.csv", "", "no rows"),
        ("a.csv", "n\n", "no rows"),
        ("a.csv", "a,b\n1\n", "line 2 has 1 cells for 2 columns"),
        ("a.csv", "a,a\n1,2\n", "names a column twice"),
        ("a.csv", 'a\n"x', "line 2"),
        ("a.jsonl", '{"a":1}\n{oops\n', "line 2, column 2 is no JSON"),
        ("a.json", '{"a":1}', "must be a JSON array"),
        ("a.json", "[", "is no JSON"),
        ("a.jsonl", "\n\n", "no rows"),
    ],
)
def test_a_broken_feed_says_where(tmp_path: Path, name: str, content: str, words: str) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(UsageError, match=words):
        feed(tmp_path / name)


def test_what_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"nowhere\.csv: No such file"):
        feed(tmp_path / "nowhere.csv")
    with pytest.raises(UsageError, match="cannot read"):
        source(EventKind.FILE, path=str(tmp_path))
    (tmp_path / "latin.csv").write_bytes(b"n\n\xff\n")
    with pytest.raises(UsageError, match="line 2, column 1 has byte 0xff, which is no UTF-8"):
        feed(tmp_path / "latin.csv")
    with pytest.raises(UsageError, match="unknown option 'oder'; there are order, text"):
        feed(tmp_path / "x.csv", oder="random")
    with pytest.raises(UsageError, match="no JSON value"):
        source(EventKind.LITERAL, {"n": float("nan")})
    with pytest.raises(UsageError, match="at least one"):
        event_source([], 1)


def test_a_mix_draws_by_weight_and_keeps_constant_objects() -> None:
    specs = [EventSpec(value="a", weight=3), EventSpec(value="b", weight=1)]
    events = event_source(specs, 5)
    drawn = [events.next(index) for index in range(4000)]
    counts = Counter(drawn)
    assert 2800 < counts[b'"a"'] < 3200
    assert len({id(payload) for payload in drawn}) == 2
    assert not events.constant
    with pytest.raises(UsageError, match="weight"):
        event_source([EventSpec(weight=0), EventSpec()], 1)


MIXED = [
    EventSpec(EventKind.TEMPLATE, {"id": "{{uuid}}", "n": "{{int 1 100}}"}),
    EventSpec(EventKind.GENERATOR, "firehose", options={"records": 2}),
    EventSpec(value={"a": 1}),
]


@given(seed=st.integers(), indexes=st.lists(st.integers(0, 10**9), min_size=1, max_size=20))
def test_an_event_depends_on_seed_and_number_alone(seed: int, indexes: list[int]) -> None:
    events = event_source(MIXED, seed)
    drawn = {index: events.next(index) for index in indexes}
    again = event_source(MIXED, seed)
    for index in reversed(indexes):
        assert again.next(index) == drawn[index]


def test_another_seed_gives_other_events() -> None:
    first, second = event_source(MIXED, 1), event_source(MIXED, 2)
    assert [first.next(i) for i in range(20)] != [second.next(i) for i in range(20)]


def test_a_mix_checks_the_response_of_the_source_that_was_drawn() -> None:
    events = event_source(MIXED, 1)
    contract = response_contract(events)
    assert contract is not None
    problems = [contract(index, events.next(index), b'{"records":[]}') for index in range(60)]
    assert any(problem and "recordId" in problem for problem in problems)
    assert any(problem is None for problem in problems)
    assert response_contract(event_source(MIXED[:1], 1)) is None


@pytest.mark.parametrize(
    ("text", "size"),
    [(4096, 4096), ("4096", 4096), ("256KB", 262144), ("1.5 kb", 1536), ("6MB", 6291456), ("0", 0)],
)
def test_sizes_are_read_with_their_units(text: Any, size: int) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["", "big", "-1", "1TB", True, None, "300MB", "1e400"])
def test_what_is_no_size_is_refused(text: Any) -> None:
    with pytest.raises(UsageError):
        parse_size(text)
