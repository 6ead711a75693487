"""The payload of an invocation, as [target] gives it: one event, or a weighted mix of them."""

from __future__ import annotations

import json
from math import isfinite
from pathlib import Path
from typing import Any

from bench.model import EventKind, EventSpec
from bench.profile.table import Reader, Table, positive, quoted, text
from bench.profile.units import shown

EVENT_KEYS = {
    "event": EventKind.LITERAL,
    "event_file": EventKind.FILE,
    "event_template": EventKind.TEMPLATE,
    "event_feed": EventKind.FEED,
    "event_generator": EventKind.GENERATOR,
}
"""What a table can say where its payloads come from. A template may name a feed for its rows."""


_NO_GENERATOR: tuple[str, dict[str, Any]] = ("", {})


def read_events(target: Table, base_dir: Path) -> tuple[EventSpec, ...]:
    """The events of [target]; without any, the empty object."""
    mix = target.tables("events", "target.events")
    if not mix:
        return (_event(target, base_dir) or EventSpec(),)
    for key in EVENT_KEYS:
        if key in target:
            target.fault(key, "cannot stand beside target.events: put it into the mix")
    return tuple(_mixed(table, base_dir) for table in mix)


def _mixed(table: Table, base_dir: Path) -> EventSpec:
    weight = table.take("weight", positive, 1.0)
    spec = _event(table, base_dir)
    if spec is None:
        table.fault("", f"needs one of {', '.join(EVENT_KEYS)}")
        return EventSpec()
    return EventSpec(spec.kind, spec.value, spec.path, spec.options, weight)


def _event(table: Table, base_dir: Path) -> EventSpec | None:
    given = [key for key in EVENT_KEYS if key in table]
    if given == ["event_template", "event_feed"]:
        path = table.take("event_feed", existing_file(base_dir), None)
        return EventSpec(EventKind.TEMPLATE, table.take("event_template", json_value, {}), path)
    for key in given[1:]:
        table.fault(key, f"cannot stand beside {given[0]}: keep one of them")
    return _single(table, given[0], base_dir) if given else None


def _single(table: Table, key: str, base_dir: Path) -> EventSpec:
    kind = EVENT_KEYS[key]
    if kind in (EventKind.FILE, EventKind.FEED):
        return EventSpec(kind, {}, table.take(key, existing_file(base_dir), None))
    if kind is EventKind.GENERATOR:
        name, options = table.take(key, generator, _NO_GENERATOR)
        return EventSpec(kind, name, None, options)
    return EventSpec(kind, table.take(key, json_value, {}))


def json_value(value: Any) -> Any:
    """A TOML value that JSON has too: no dates, no infinities."""
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
        if not isinstance(value, str | int | float | bool):
            return f"must be JSON, which has no dates: put {value} in quotes{_at(place)}"
    return next((found for key, item in parts if (found := _not_json(item, key))), None)


def _at(place: str) -> str:
    return f" (at {place.lstrip('.')})" if place else ""


def generator(value: Any) -> tuple[str, dict[str, Any]]:
    """`"name"`, or a table with `name` and options."""
    if isinstance(value, dict):
        if "name" not in value:
            raise ValueError('must have a name, such as { name = "firehose", records = 10 }')
        options = {key: json_value(item) for key, item in value.items() if key != "name"}
        return text(value["name"]), options
    return text(value), {}


def existing_file(base_dir: Path) -> Reader[str]:
    """A reader of paths to files that can be read; relative ones start from base_dir."""

    def read(value: Any) -> str:
        path = (base_dir / Path(text(value)).expanduser()).resolve()
        if path.is_dir():
            raise ValueError(f"must be a file ({path} is a folder)")
        try:
            with path.open("rb"):
                return str(path)
        except OSError as error:
            reason = (error.strerror or "cannot be read").lower()
            raise ValueError(f"must be a file that can be read ({path}: {reason})") from None

    return read


def payload_fault(spec: EventSpec, limit_bytes: int | None, must_be_json: bool) -> str | None:
    """What is wrong with a literal's or a file's payload, or None.

    limit_bytes None means that any size goes. Other kinds are known only event by event.
    """
    if spec.kind is EventKind.LITERAL:
        payload = json.dumps(spec.value, separators=(",", ":")).encode()
    elif spec.kind is EventKind.FILE and spec.path is not None:
        payload = Path(spec.path).read_bytes()
        if must_be_json and (fault := _json_fault(payload)):
            return fault
    else:
        return None
    if limit_bytes is not None and len(payload) > limit_bytes:
        return f"is too large: {len(payload)} bytes, of which {limit_bytes} are allowed"
    return None


def _json_fault(payload: bytes) -> str | None:
    try:
        json.loads(payload)
    except UnicodeDecodeError:
        return "must be JSON in UTF-8: the Lambda API takes nothing else"
    except json.JSONDecodeError as error:
        return (
            f"must be JSON: {error.msg} at line {error.lineno}, column {error.colno}"
            if payload.strip()
            else f"must be JSON (it is {shown('')}: write {{}} for an empty event)"
        )
    return None
