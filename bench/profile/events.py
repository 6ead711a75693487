"""The payload of an invocation, as [target] gives it: one event, or a weighted mix of them."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from math import isfinite
from pathlib import Path
from typing import Any

from bench.errors import UsageError
from bench.model.profile import EventKind, EventSpec
from bench.payloads.feed import ORDERS
from bench.payloads.source import event_source
from bench.schema import files
from bench.schema.key import Key
from bench.schema.paths import quoted
from bench.schema.section import Section
from bench.schema.table import Table
from bench.schema.values import Value, located, positive, text
from bench.units import shown

SAMPLES = 20
"""Events of a changing source that are made before a run, to see whether they can be sent."""
_NO_GENERATOR: tuple[str, dict[str, Any]] = ("", {})
_NO_FEED: tuple[str | None, dict[str, Any]] = (None, {})


def _json_value(value: Any) -> Any:
    place = _not_json(value, "")
    if place is not None:
        raise ValueError(place)
    return value


def _not_json(value: Any, place: str) -> str | None:
    if isinstance(value, dict):
        parts = [(f"{place}.{quoted(key)}", item) for key, item in value.items()]
    elif isinstance(value, list):
        parts = [(f"{place}[{index}]", item) for index, item in enumerate(value)]
    else:
        parts = []
        if isinstance(value, float) and not isfinite(value):
            return f"must be JSON, which has no {value}{_at(place)}"
        if isinstance(value, int) and value.bit_length() > 1000:
            return f"must have numbers that a program can read (it has {shown(value)}){_at(place)}"
        if not isinstance(value, str | int | float | bool):
            return f"must be JSON, which has no dates: put {value} in quotes{_at(place)}"
    return next((found for key, item in parts if (found := _not_json(item, key))), None)


def _at(place: str) -> str:
    return f" (at {place.lstrip('.')})" if place else ""


def _generator(value: Any) -> tuple[str, dict[str, Any]]:
    """`"name"`, or a table with `name` and options."""
    if not isinstance(value, dict):
        return text(value), {}
    if "name" not in value:
        raise ValueError('must have a name, such as { name = "firehose", records = 10 }')
    return text(value["name"]), {key: _json_value(value[key]) for key in value if key != "name"}


def _feed(value: Any, base_dir: Path) -> tuple[str | None, dict[str, Any]]:
    """`"rows.csv"`, or a table with `file` and options."""
    if not isinstance(value, dict):
        return files.existing_file.read_in(value, base_dir), {}
    if "file" not in value:
        raise ValueError('must have a file, such as { file = "rows.csv", order = "shuffled" }')
    if unknown := sorted(value.keys() - {"file", "order", "text"}):
        raise ValueError(f"has no option {quoted(unknown[0])}; there are file, order and text")
    path = files.existing_file.read_in(value["file"], base_dir)
    return path, {key: value[key] for key in value if key != "file"}


json_value: Value[Any] = Value(_json_value, {})
"""A TOML value that JSON has too: no dates, no infinities."""
generator = Value(
    _generator,
    {
        "anyOf": [
            {"type": "string"},
            {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]},
        ]
    },
)
"""The name of a generator and its options."""
feed = located(
    _feed,
    {
        "anyOf": [
            {"type": "string"},
            {
                "type": "object",
                "properties": {
                    "file": {"type": "string"},
                    "order": {"type": "string", "enum": list(ORDERS)},
                    "text": {"type": "boolean"},
                },
                "required": ["file"],
                "additionalProperties": False,
            },
        ]
    },
)
"""The absolute path of a file with rows and its options."""


def _of(kind: EventKind, found: Callable[[EventSpec], Any]) -> Callable[[EventSpec], Any]:
    return lambda spec: found(spec) if spec.kind is kind else None


def _feed_of(spec: EventSpec) -> Any:
    if spec.kind is EventKind.FEED:
        return {"file": spec.path, **spec.options} if spec.options else spec.path
    if spec.kind is EventKind.TEMPLATE and spec.options:
        rows = dict(spec.options)
        return {"file": rows.pop("feed"), **rows}
    return None


def _generator_of(spec: EventSpec) -> Any:
    return {"name": spec.value, **spec.options} if spec.options else spec.value


EVENT = Key(
    "event",
    "the payload, any JSON value in TOML",
    json_value,
    {},
    of=_of(EventKind.LITERAL, lambda spec: spec.value),
    cell="`{}`",
)
EVENT_FILE = Key(
    "event_file",
    "a file with the payload",
    files.existing_file,
    None,
    of=_of(EventKind.FILE, lambda spec: spec.path),
)
EVENT_TEMPLATE = Key(
    "event_template",
    "JSON value or text with placeholders such as `{{uuid}}`, `{{int 1 100}}`, `{{row.name}}`; "
    "braces that are data are `{{open}}`; `lamload events` lists all",
    json_value,
    {},
    of=_of(EventKind.TEMPLATE, lambda spec: spec.value),
    cell="",
)
EVENT_FEED = Key(
    "event_feed",
    'a CSV, JSON Lines or JSON file, each row an event, or the rows of a template: `"rows.csv"` '
    'or `{ file = "rows.csv", order = "shuffled" }` (`sequential`, `shuffled`, `random`); a cell '
    "of a CSV becomes a number, `true`, `false` or `null` only if that is written as the cell is "
    "(`007`, `1.10` and `1e5` stay text), and with `text = true` none does",
    feed,
    _NO_FEED,
    of=_feed_of,
    cell="",
)
EVENT_GENERATOR = Key(
    "event_generator",
    'a ready one: `"firehose"` or `{ name = "firehose", records = 10 }`; `lamload events` lists '
    "them",
    generator,
    _NO_GENERATOR,
    of=_of(EventKind.GENERATOR, _generator_of),
    cell="",
)
EVENT_KEYS: tuple[tuple[Key[Any], EventKind], ...] = (
    (EVENT, EventKind.LITERAL),
    (EVENT_FILE, EventKind.FILE),
    (EVENT_TEMPLATE, EventKind.TEMPLATE),
    (EVENT_FEED, EventKind.FEED),
    (EVENT_GENERATOR, EventKind.GENERATOR),
)
"""What a table can say where its payloads come from. A template may name a feed for its rows."""
_KIND_OF = {key.name: kind for key, kind in EVENT_KEYS}
WEIGHT = Key("weight", "how often it is sent, beside the others' weights", positive, 1.0)
NAME = Key("name", "what results call it", text, "", cell="`event 1`, …")
EVENTS = Section("target.events", (NAME, *(key for key, _ in EVENT_KEYS), WEIGHT), many=True)


def read_events(target: Table) -> list[tuple[Table, EventSpec]]:
    """The events of [target], each with the table that gives it; without any, the empty object."""
    mix = target.tables("events")
    if not mix:
        return [(target, _event(target) or EventSpec())]
    for name in _KIND_OF:
        if name in target:
            target.fault(name, "cannot stand beside target.events: put it into the mix")
    found = [(table, _mixed(table, number)) for number, table in enumerate(mix, 1)]
    _check_names(found)
    return found


def _check_names(events: list[tuple[Table, EventSpec]]) -> None:
    seen: dict[str, str] = {}
    for table, spec in events:
        if spec.name in seen:
            table.fault("name", f'repeats "{spec.name}", the name of {seen[spec.name]}')
        seen.setdefault(spec.name, table.path)


def _mixed(table: Table, number: int) -> EventSpec:
    weight = WEIGHT.read(table)
    spec = _event(table)
    if spec is None:
        table.fault("", f"needs one of {', '.join(_KIND_OF)}")
    name = NAME.read(table, default=f"event {number}")
    return replace(spec or EventSpec(), weight=weight, name=name)


def _event(table: Table) -> EventSpec | None:
    given = [key for key, _ in EVENT_KEYS if key.name in table]
    if given == [EVENT_TEMPLATE, EVENT_FEED]:
        path, options = EVENT_FEED.read(table)
        template = EVENT_TEMPLATE.read(table)
        return EventSpec(EventKind.TEMPLATE, template, None, {"feed": path, **options})
    for key in given[1:]:
        table.fault(key.name, f"cannot stand beside {given[0].name}: keep one of them")
    return _single(table, given[0]) if given else None


def _single(table: Table, key: Key[Any]) -> EventSpec:
    kind, value = _KIND_OF[key.name], key.read(table)
    if kind is EventKind.FILE:
        return EventSpec(kind, {}, value)
    if kind is EventKind.FEED:
        path, options = value
        return EventSpec(kind, {}, path, options)
    if kind is EventKind.GENERATOR:
        name, options = value
        return EventSpec(kind, name, None, options)
    return EventSpec(kind, value)


NAMED_EVENT = Section("events", tuple(key for key, _ in EVENT_KEYS), called="an event of [events]")


def read_named_event(table: Table) -> EventSpec:
    """One that variants name; its mistakes are noted in it."""
    spec = _event(table)
    if spec is None:
        table.fault("", f"needs one of {', '.join(_KIND_OF)}")
    return spec or EventSpec()


def check_event(table: Table, spec: EventSpec, limit_bytes: int | None, json_only: bool) -> None:
    """Make events of a spec as a run would, and note why they could not be sent.

    limit_bytes None means that any size goes.
    """
    key = next(name for name, kind in _KIND_OF.items() if kind is spec.kind)
    if table.is_noted(key):
        return
    try:
        fault = _unsendable(spec, limit_bytes, json_only)
    except UsageError as error:
        fault = str(error)
    if fault is not None:
        table.fault(key, fault)


def _unsendable(spec: EventSpec, limit_bytes: int | None, json_only: bool) -> str | None:
    source = event_source([spec], 1)
    for index in range(1 if source.constant else SAMPLES):
        payload = source.next(index)
        if limit_bytes is not None and len(payload) > limit_bytes:
            return (
                f"is too large: {len(payload)} bytes, and of the endpoints in [[variants]] "
                f"one takes at most {limit_bytes}"
            )
        if json_only and (fault := _json_fault(payload)):
            return fault
    return None


def _json_fault(payload: bytes) -> str | None:
    try:
        json.loads(payload)
    except UnicodeDecodeError:
        return "must be JSON in UTF-8: the Lambda API takes nothing else"
    except json.JSONDecodeError as error:
        if not payload.strip():
            return f"must be JSON (it is {shown('')}: write {{}} for an empty event)"
        return f"must be JSON: {error.msg} at line {error.lineno}, column {error.colno}"
    except RecursionError:
        return "must be JSON that is not nested so deeply"
    return None
