import csv
import json
import re
import statistics
from pathlib import Path
from typing import Any
from uuid import RFC_4122, UUID

import pytest

from bench.errors import UsageError
from bench.model.profile import EventKind, EventSpec
from bench.payloads.placeholders import PLACEHOLDERS
from bench.payloads.source import EventSource, event_source


def template(value: Any, seed: int = 1, **options: Any) -> EventSource:
    return event_source([EventSpec(EventKind.TEMPLATE, value, options=options)], seed)


def first(value: Any, **options: Any) -> Any:
    return json.loads(template(value, **options).next(0))


def test_uuids_of_one_event_differ_and_are_the_same_for_the_same_event() -> None:
    events = template({"a": "{{uuid}}", "b": "{{uuid}}"})
    drawn = [json.loads(events.next(number)) for number in range(3)]
    assert len({id for event in drawn for id in event.values()}) == 6
    assert json.loads(events.next(1)) == drawn[1]


def test_a_lone_placeholder_keeps_its_type_and_an_embedded_one_is_text() -> None:
    event = first({"n": "{{index}}", "text": "number {{index}}!", "list": ["{{bool 1}}", 2, None]})
    assert event == {"n": 0, "text": "number 0!", "list": [True, 2, None]}


def test_keys_may_have_placeholders_and_stay_text() -> None:
    assert first({"{{index}}": 1, "k{{index}}": 2}) == {"0": 1, "k0": 2}


def test_a_template_as_text_is_escaped_for_json_where_it_is_json(tmp_path: Path) -> None:
    feed = tmp_path / "rows.jsonl"
    feed.write_text(json.dumps({"name": 'say "hi"\n', "tags": ["a", 1]}))
    text = '{"name": "{{row.name}}", "n": {{int 5 5}}, "tags": {{row.tags}}}'
    assert first(text, feed=str(feed)) == {"name": 'say "hi"\n', "n": 5, "tags": ["a", 1]}
    plain = template("{{row.name}}|{{int 5 5}}|ü", feed=str(feed)).next(0)
    assert plain.decode() == 'say "hi"\n|5|ü'


def test_a_template_without_placeholders_is_constant() -> None:
    events = template({"a": [1, 2.5, "x", None, True, {}]})
    assert events.constant
    assert json.loads(events.next(0)) == {"a": [1, 2.5, "x", None, True, {}]}
    assert template("plain text").next(0) == b"plain text"


def test_counters_and_indexes_follow_the_number_of_the_invocation() -> None:
    events = template({"i": "{{index}}", "c": "{{counter 100 -5}}", "d": "{{counter}}"})
    assert json.loads(events.next(3)) == {"i": 3, "c": 85, "d": 4}


def test_random_values_keep_within_what_was_asked_for() -> None:
    events = template(
        {
            "uuid": "{{uuid}}",
            "int": "{{int -3 3}}",
            "float": "{{float 0 1 2}}",
            "normal": "{{normal 100 5}}",
            "choice": "{{choice red 'dark blue' 7 true}}",
            "string": "{{string 12}}",
            "hex": "{{hex 7}}",
            "base64": "{{base64 6}}",
            "filler": "{{filler 1KB}}",
        }
    )
    drawn = [json.loads(events.next(index)) for index in range(400)]
    assert len({event["uuid"] for event in drawn}) == 400
    ids = [UUID(event["uuid"]) for event in drawn]
    assert {id.version for id in ids} == {4} and {id.variant for id in ids} == {RFC_4122}
    assert {event["int"] for event in drawn} == set(range(-3, 4))
    assert all(0 <= event["float"] <= 1 for event in drawn)
    assert 99 < statistics.mean(event["normal"] for event in drawn) < 101
    assert {json.dumps(event["choice"]) for event in drawn} == {
        '"red"',
        '"dark blue"',
        "7",
        "true",
    }
    for event in drawn[:5]:
        assert re.fullmatch("[a-z0-9]{12}", event["string"])
        assert re.fullmatch("[0-9a-f]{7}", event["hex"])
        assert re.fullmatch("[A-Za-z0-9+/]{8}", event["base64"])
        assert event["filler"] == "x" * 1024


def test_fill_makes_the_whole_payload_that_long() -> None:
    events = template({"id": "{{uuid}}", "n": "{{int 0 99999}}", "pad": "{{fill 300KB}}"})
    for index in (0, 1, 99):
        payload = events.next(index)
        assert len(payload) == 300 * 1024
        assert set(json.loads(payload)["pad"]) == {"x"}
    text = template("ü{{fill 100}}!").next(0)
    assert (len(text), text[-1:]) == (100, b"!")
    assert len(template({"pad": "a{{fill 50}}b"}).next(0)) == 50
    with pytest.raises(UsageError, match="more than its fill"):
        template({"long": "x" * 50, "pad": "{{fill 20}}"})


def test_rows_of_a_feed_come_one_at_a_time(tmp_path: Path) -> None:
    feed = tmp_path / "users.csv"
    feed.write_text("id,name\n1,Ada\n2,Grace\n")
    events = template({"user": "{{row.id}}", "hello": "Hello {{row.name}}"}, feed=str(feed))
    assert [json.loads(events.next(index)) for index in range(3)] == [
        {"user": 1, "hello": "Hello Ada"},
        {"user": 2, "hello": "Hello Grace"},
        {"user": 1, "hello": "Hello Ada"},
    ]
    with pytest.raises(UsageError, match=r"users.csv lacks; its columns are \"id\", \"name\""):
        template({"user": "{{row.email}}"}, feed=str(feed))


@pytest.mark.parametrize(
    ("value", "payload"),
    [
        (
            '{"id": {{index}}, "text": "Dear {{open}}name}}, {{open}}#if x}}yes{{open}}/if}}"}',
            '{"id": 0, "text": "Dear {{name}}, {{#if x}}yes{{/if}}"}',
        ),
        ({"a": "{{open}}", "{{open}}k}}": 1}, '{"a":"{{","{{k}}":1}'),
        ("{{open}}{raw}}} {{ open }}}}", "{{{raw}}} {{}}"),
        ('{"a":{"b":1}}', '{"a":{"b":1}}'),
    ],
)
def test_braces_that_are_data_are_written_open(value: Any, payload: str) -> None:
    assert template(value).next(0).decode() == payload


NAMES = [
    "Customer ID", "entry.id", "user's mail", 'say "hi"', "größe", "a}}b", "a{{b", "back\\slash",
    "id", "id typo", "line\nbreak", "{", "int 1 2", "row.x", "'", "名前", "a,b", "1", "€ (net)",
]  # fmt: skip


def test_a_column_may_have_any_name(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([NAMES, [f"v{i}" for i in range(len(NAMES))]])
    for number, name in enumerate(NAMES):
        quoted = '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'
        spellings = [f"row.{quoted}", f" row.{quoted} "]
        if "}}" not in name and "{{" not in name:
            spellings += [f"row.{name}", f" row.{name} "]
        for spelling in spellings:
            for value in ({"v": "{{" + spelling + "}}"}, {"v": "x{{" + spelling + "}}"}):
                [found] = first(value, feed=str(path)).values()
                assert found.removeprefix("x") == f"v{number}", spelling


def test_what_follows_a_column_is_part_of_its_name(tmp_path: Path) -> None:
    feed = tmp_path / "rows.csv"
    feed.write_text("id,Customer ID,größe\n1,2,3\n", "utf-8")
    has = r'its columns are "id", "Customer ID", "größe"'
    for spelling in ("id typo", "Customer", "ID", "id ]", '"id" typo'):
        with pytest.raises(UsageError, match=has):
            template({"v": f"{{{{row.{spelling}}}}}"}, feed=str(feed))
    text = template("""{"v": "{{row.Customer ID}}"}""", feed=str(feed))
    assert json.loads(text.next(0)) == {"v": "2"}


def test_a_feed_that_nothing_uses_is_refused(tmp_path: Path) -> None:
    feed = tmp_path / "rows.csv"
    feed.write_text("id\n1\n")
    with pytest.raises(UsageError, match="never uses its feed"):
        template({"a": "{{uuid}}"}, feed=str(feed))


def test_a_cell_within_a_text_is_the_cells_own_text(tmp_path: Path) -> None:
    cells = ["007", "1.10", "2.0", "1e5", "-0", "12345678901234567890", "123456789.123456789"]
    feed = tmp_path / "rows.csv"
    feed.write_text("v\n" + "".join(f"{cell}\n" for cell in cells))
    events = template({"v": "<{{row.v}}>"}, feed=str(feed))
    assert [json.loads(events.next(i))["v"] for i in range(len(cells))] == [f"<{c}>" for c in cells]


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ({"a": "Dear {{name}}"}, r"for two braces that are data write \{\{open\}\}"),
        ({"a": "Dear {{name"}, r"braces that nothing closes: .*\{\{open\}\}"),
        ({"a": "{{itn 1 2}}"}, r"unknown placeholder \{\{itn 1 2\}\}; there are index, counter"),
        ({"a": "{{int 1}}"}, r"must read \{\{int LOW HIGH\}\}"),
        ({"a": "{{int 9 1}}"}, "must read"),
        ({"a": "{{int a b}}"}, "must read"),
        ({"a": "{{float 0 inf}}"}, "must read"),
        ({"a": "{{normal nan 1}}"}, "must read"),
        ({"a": "{{bool 2}}"}, "must read"),
        ({"a": "{{choice}}"}, "must read"),
        ({"a": "{{string many}}"}, "needs a size"),
        ({"a": "{{uuid 4}}"}, "must read"),
        ({"a": "{{choice 'x}}"}, "cannot be read"),
        ({"a": "{{}}"}, "unknown placeholder|cannot be read"),
        ({"a": "{{row.id}}"}, "has no feed"),
        ({"a": "{{fill 1KB}}", "b": "{{fill 1KB}}"}, "one .*only"),
        ({"a": "{{fill}}"}, "one .*only"),
    ],
)
def test_a_wrong_placeholder_is_named_with_its_mend(value: Any, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        template(value)


def test_every_placeholder_is_documented_and_works_as_its_usage_reads() -> None:
    examples = {"LOW": "1", "HIGH": "9", "DIGITS": "2", "MEAN": "1", "DEVIATION": "2"}
    examples |= {"START": "1", "STEP": "1", "SIZE": "8", "PROBABILITY": "0.1"}
    for name, placeholder in PLACEHOLDERS.items():
        assert placeholder.usage.split()[0] == name
        assert placeholder.meaning
        words = [examples.get(word, word) for word in placeholder.usage.split()]
        assert len(template({"a": f"{{{{{' '.join(words)}}}}}"}).next(0)) > 0
