"""The payload of an invocation, as [target] gives it: one event, or a weighted mix of them."""

from __future__ import annotations

import json
from dataclasses import replace
from math import isfinite
from pathlib import Path
from typing import Any

from bench.errors import UsageError
from bench.model.profile import EventKind, EventSpec
from bench.payloads.source import event_source
from bench.schema.table import Table, quoted
from bench.schema.values import Reader, positive, text
from bench.units import shown

EVENT_KEYS = {
    "event": EventKind.LITERAL,
    "event_file": EventKind.FILE,
    "event_template": EventKind.TEMPLATE,
    "event_feed": EventKind.FEED,
    "event_generator": EventKind.GENERATOR,
}
"""What a table can say where its payloads come from. A template may name a feed for its rows."""
SAMPLES = 20
"""Events of a changing source that are made before a run, to see whether they can be sent."""
_NO_GENERATOR: tuple[str, dict[str, Any]] = ("", {})
_NO_FEED: tuple[str | None, dict[str, Any]] = (None, {})


def read_events(target: Table, base_dir: Path) -> list[tuple[Table, EventSpec]]:
    """The events of [target], each with the table that gives it; without any, the empty object."""
    mix = target.tables("events", "target.events")
    if not mix:
        return [(target, _event(target, base_dir) or EventSpec())]
    for key in EVENT_KEYS:
        if key in target:
            target.fault(key, "cannot stand beside target.events: put it into the mix")
    return [(table, _mixed(table, base_dir)) for table in mix]


def _mixed(table: Table, base_dir: Path) -> EventSpec:
    weight = table.read("weight", positive, 1.0)
    spec = _event(table, base_dir)
    if spec is None:
        table.fault("", f"needs one of {', '.join(EVENT_KEYS)}")
    return replace(spec or EventSpec(), weight=weight)


def _event(table: Table, base_dir: Path) -> EventSpec | None:
    given = [key for key in EVENT_KEYS if key in table]
    if given == ["event_template", "event_feed"]:
        path, options = table.read("event_feed", feed(base_dir), _NO_FEED)
        template: Any = table.read("event_template", json_value, {})
        return EventSpec(EventKind.TEMPLATE, template, None, {"feed": path, **options})
    for key in given[1:]:
        table.fault(key, f"cannot stand beside {given[0]}: keep one of them")
    return _single(table, given[0], base_dir) if given else None


def _single(table: Table, key: str, base_dir: Path) -> EventSpec:
    kind = EVENT_KEYS[key]
    if kind is EventKind.FILE:
        return EventSpec(kind, {}, table.read(key, existing_file(base_dir), None))
    if kind is EventKind.FEED:
        path, options = table.read(key, feed(base_dir), _NO_FEED)
        return EventSpec(kind, {}, path, options)
    if kind is EventKind.GENERATOR:
        name, options = table.read(key, generator, _NO_GENERATOR)
        return EventSpec(kind, name, None, options)
    return EventSpec(kind, table.read(key, json_value, {}))


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
    if not isinstance(value, dict):
        return text(value), {}
    if "name" not in value:
        raise ValueError('must have a name, such as { name = "firehose", records = 10 }')
    return text(value["name"]), {key: json_value(value[key]) for key in value if key != "name"}


def feed(base_dir: Path) -> Reader[tuple[str | None, dict[str, Any]]]:
    """A reader of `"rows.csv"`, or of a table with `file` and options."""
    read_path = existing_file(base_dir)

    def read(value: Any) -> tuple[str | None, dict[str, Any]]:
        if not isinstance(value, dict):
            return read_path(value), {}
        if "file" not in value:
            raise ValueError('must have a file, such as { file = "rows.csv", order = "shuffled" }')
        if unknown := sorted(value.keys() - {"file", "order", "text"}):
            raise ValueError(f"has no option {unknown[0]}; there are file, order and text")
        return read_path(value["file"]), {key: value[key] for key in value if key != "file"}

    return read


def existing_file(base_dir: Path) -> Reader[str]:
    """A reader of paths to files that can be read; relative ones start from base_dir."""

    def read(value: Any) -> str:
        path = (base_dir / Path(text(value)).expanduser()).resolve()
        if path.is_dir():
            raise ValueError(f"must be a file ({path} is a folder)")
        try:
            with path.open("rb"):
                return str(path)
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise ValueError(
                f"must be a file that can be read ({path}: {reason.lower()})"
            ) from None

    return read


def check_event(table: Table, spec: EventSpec, limit_bytes: int | None, json_only: bool) -> None:
    """Make events of a spec as a run would, and note why they could not be sent.

    limit_bytes None means that any size goes.
    """
    key = next(name for name, kind in EVENT_KEYS.items() if kind is spec.kind)
    if any(problem.key == table.key_path(key) for problem in table.problems):
        return
    try:
        source = event_source([spec], 1)
        for index in range(1 if source.constant else SAMPLES):
            payload = source.next(index)
            if limit_bytes is not None and len(payload) > limit_bytes:
                table.fault(
                    key,
                    f"is too large: {len(payload)} bytes, and of the endpoints in [[variants]] "
                    f"one takes at most {limit_bytes}",
                )
                return
            if json_only and (fault := _json_fault(payload)):
                table.fault(key, fault)
                return
    except UsageError as error:
        table.fault(key, str(error))


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
