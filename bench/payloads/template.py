"""Payloads with placeholders: `{"id": "{{uuid}}", "n": "{{int 1 100}}", "user": "{{row.name}}"}`.

A string of a JSON template that is one placeholder and nothing else becomes the placeholder's own
value, a number as a number; within a longer string it becomes text. In a template given as text,
what is inserted is escaped for JSON if the text begins like JSON, else it stands as it is.

`PLACEHOLDERS` in bench.payloads.placeholders lists what there is. `row.COLUMN` reads the feed named
by the option `feed` (CSV, JSON Lines or a JSON array), in the order of the option `order`.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from bench.errors import UsageError
from bench.model.profile import EventSpec
from bench.payloads.base import Chance, ConstantEvents, EventSource, parse_size
from bench.payloads.feed import RowOrder, read_rows, refuse_unknown
from bench.payloads.placeholders import PLACEHOLDERS, Draw, Moment

_PLACEHOLDER = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)
_OPTIONS = ("feed", "order", "text")

Encode = Callable[[Any], str]
Piece = str | tuple[Draw, Encode]


class TemplateEvents:
    """A compiled template. fill_bytes is the size that `{{fill SIZE}}` asks for, else None."""

    constant = False

    def __init__(
        self,
        pieces: list[Piece],
        fill_bytes: int | None,
        rows: list[Any],
        order: RowOrder | None,
        seed: int,
    ) -> None:
        self._pieces = pieces
        self._fill_bytes = fill_bytes
        self._rows, self._order = rows, order
        self._chance = Chance(seed, "template")

    def next(self, index: int) -> bytes:
        """The payload of invocation number index."""
        row = self._rows[self._order.at(index)] if self._order is not None else None
        moment = Moment(self._chance.at(index), index, row)
        texts = [
            piece if isinstance(piece, str) else piece[1](piece[0](moment))
            for piece in self._pieces
        ]
        payload = "".join(texts).encode("utf-8", "replace")
        return payload if self._fill_bytes is None else _filled(payload, self._fill_bytes)


def template_events(spec: EventSpec, seed: int, base_dir: Path | None) -> EventSource:
    """The source of a template; a constant one if there is no placeholder in it.

    Raises UsageError for placeholders that do not exist or cannot be, and for an unreadable feed.
    """
    refuse_unknown(spec.options, _OPTIONS)
    compiler = _Compiler()
    pieces = list(compiler.compile(spec.value))
    if all(isinstance(piece, str) for piece in pieces) and compiler.fill_bytes is None:
        return ConstantEvents("".join(map(str, pieces)).encode("utf-8", "replace"))
    rows, order = _rows(spec, seed, base_dir, compiler.columns)
    events = TemplateEvents(pieces, compiler.fill_bytes, rows, order, seed)
    size = len(events.next(0))
    if compiler.fill_bytes is not None and size > compiler.fill_bytes:
        raise UsageError(f"is {size} bytes long, more than its fill of {compiler.fill_bytes}")
    return events


_FILL = "\x00fill\x00"
"""Marks the place of a fill. As JSON and as placeholders, no template can produce it."""


class _Compiler:
    """Turns a template into pieces; columns and fill_bytes are what it met on the way."""

    def __init__(self) -> None:
        self.columns: set[str] = set()
        self.fill_bytes: int | None = None

    def compile(self, value: Any) -> Iterator[Piece]:
        if isinstance(value, str):
            as_json = value.lstrip()[:1] in ("{", "[", '"') and not value.lstrip().startswith("{{")
            yield from self._text(value, _in_json_text if as_json else _plain, literal=str)
        else:
            yield from self._json(value)

    def _json(self, value: Any) -> Iterator[Piece]:
        if isinstance(value, dict):
            yield "{"
            for number, (key, held) in enumerate(value.items()):
                yield "," if number else ""
                yield from self._string(str(key), whole=_quoted)
                yield ":"
                yield from self._json(held)
            yield "}"
        elif isinstance(value, list):
            yield "["
            for number, held in enumerate(value):
                yield "," if number else ""
                yield from self._json(held)
            yield "]"
        elif isinstance(value, str):
            yield from self._string(value, whole=_dumps)
        else:
            yield _dumps(value)

    def _string(self, text: str, whole: Encode) -> Iterator[Piece]:
        match = _PLACEHOLDER.fullmatch(text)
        if match is not None and "{{" not in match[1]:
            draw = self._draw(match[1])
            yield f'"{_FILL}"' if draw is None else (draw, whole)
            return
        yield '"'
        yield from self._text(text, _escaped, literal=_escaped)
        yield '"'

    def _text(self, text: str, encode: Encode, literal: Encode) -> Iterator[Piece]:
        end = 0
        for match in _PLACEHOLDER.finditer(text):
            yield literal(text[end : match.start()])
            draw = self._draw(match[1])
            yield _FILL if draw is None else (draw, encode)
            end = match.end()
        yield literal(text[end:])

    def _draw(self, source: str) -> Draw | None:
        """The placeholder's function; None for `fill`, which needs the rest first."""
        try:
            name, *arguments = shlex.split(source)
        except ValueError:
            raise UsageError(f"has a placeholder that cannot be read: {{{{{source}}}}}") from None
        if name == "fill":
            self._fill(source, arguments)
            return None
        if name.startswith("row."):
            return self._column(name.removeprefix("row."))
        if name not in PLACEHOLDERS:
            known = ", ".join([*PLACEHOLDERS, "row.COLUMN", "fill"])
            raise UsageError(f"has an unknown placeholder {{{{{source}}}}}; there are {known}")
        try:
            return PLACEHOLDERS[name].make(*arguments)
        except (TypeError, ValueError, OverflowError, UsageError) as error:
            usage = PLACEHOLDERS[name].usage
            reason = f" ({error})" if isinstance(error, UsageError) else ""
            raise UsageError(
                f"has a placeholder {{{{{source}}}}} that must read {{{{{usage}}}}}{reason}"
            ) from None

    def _fill(self, source: str, arguments: list[str]) -> None:
        if self.fill_bytes is not None or len(arguments) != 1:
            raise UsageError(f"can have one {{{{fill SIZE}}}} only ({{{{{source}}}}} is one more)")
        self.fill_bytes = parse_size(arguments[0])

    def _column(self, column: str) -> Draw:
        self.columns.add(column)
        return lambda moment: moment.row[column]


def _rows(
    spec: EventSpec, seed: int, base_dir: Path | None, columns: set[str]
) -> tuple[list[Any], RowOrder | None]:
    feed = spec.options.get("feed") or spec.path
    if feed is None:
        if columns:
            name = min(columns)
            raise UsageError(f"uses {{{{row.{name}}}}} and has no feed: name a CSV or JSONL file")
        return [], None
    rows = read_rows(str(feed), base_dir, text=bool(spec.options.get("text", False)))
    for number, row in enumerate(rows, 1):
        missing = columns - row.keys() if isinstance(row, dict) else columns
        if missing:
            raise UsageError(f"uses {{{{row.{min(missing)}}}}}, which row {number} of {feed} lacks")
    return rows, RowOrder(len(rows), str(spec.options.get("order", "sequential")), seed)


def _filled(payload: bytes, size: int) -> bytes:
    head, _, tail = payload.partition(_FILL.encode())
    return head + b"x" * (size - len(head) - len(tail)) + tail


def _dumps(value: Any) -> str:
    try:
        return json.dumps(value, separators=(",", ":"), allow_nan=False)
    except (TypeError, ValueError) as error:
        raise UsageError(f"is no JSON value: {error}") from None


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else _dumps(value)


def _quoted(value: Any) -> str:
    return _dumps(_plain(value))


def _escaped(value: Any) -> str:
    return _quoted(value)[1:-1]


def _in_json_text(value: Any) -> str:
    return _escaped(value) if isinstance(value, str) else _dumps(value)
