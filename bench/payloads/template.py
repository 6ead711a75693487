"""Payloads with placeholders: `{"id": "{{uuid}}", "n": "{{int 1 100}}", "user": "{{row.name}}"}`.

A string of a JSON template that is one placeholder and nothing else becomes the placeholder's own
value, a number as a number; within a longer string it becomes text. In a template given as text,
what is inserted is escaped for JSON if the text begins like JSON, else it stands as it is.

`PLACEHOLDERS` in bench.payloads.placeholders lists what there is. `row.COLUMN` reads the feed named
by the option `feed` (CSV, JSON Lines or a JSON array), in the order of the option `order`; all that
stands behind `row.` is the column's name, whatever is in it. Braces that are data are `{{open}}`.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from bench.errors import UsageError
from bench.model.profile import EventSpec
from bench.payloads.base import Chance, ConstantEvents, EventSource, json_text, parse_size
from bench.payloads.feed import KEPT_BYTES, FeedRows, RowOrder, read_rows, refuse_unknown
from bench.payloads.placeholders import OPEN, PLACEHOLDERS, DrawValue, Moment
from bench.units import shown

_PLACEHOLDER = re.compile(r"""\{\{(\s*row\.(?:"(?:\\.|[^"\\])*"|'[^']*')\s*|.*?)\}\}""", re.DOTALL)
_ROW = "row."
_OPTIONS = ("feed", "order", "text")
_AS_DATA = "for two braces that are data write {{open}}, as in {{open}}name}}"

Encode = Callable[[Any], str]
Piece = str | tuple[DrawValue, Encode]


class TemplateEvents:
    """A compiled template. fill_bytes is the size that `{{fill SIZE}}` asks for, else None."""

    constant = False

    def __init__(
        self,
        pieces: list[Piece],
        fill_bytes: int | None,
        rows: FeedRows | None,
        order: RowOrder | None,
        seed: int,
    ) -> None:
        self._pieces = pieces
        self._fill_bytes = fill_bytes
        self._rows, self._order = rows, order
        is_small = rows is not None and len(rows.content.raw) <= KEPT_BYTES
        self._kept = [rows.value(i) for i in range(len(rows))] if rows and is_small else []
        self._chance = Chance(seed, "template")

    def next(self, index: int) -> bytes:
        """The payload of invocation number index."""
        moment = Moment(self._chance, index, self._row(index))
        texts = [
            piece if isinstance(piece, str) else piece[1](piece[0](moment))
            for piece in self._pieces
        ]
        payload = "".join(texts).encode("utf-8", "replace")
        return payload if self._fill_bytes is None else _filled(payload, self._fill_bytes)

    def _row(self, index: int) -> Any:
        if self._order is None or self._rows is None:
            return None
        number = self._order.at(index)
        return self._kept[number] if self._kept else self._rows.value(number)


def template_events(spec: EventSpec, seed: int, base_dir: Path | None) -> EventSource:
    """The source of a template; a constant one if there is no placeholder in it.

    Raises UsageError for placeholders that do not exist or cannot be, and for an unreadable feed.
    """
    refuse_unknown(spec.options, _OPTIONS)
    compiler = _Compiler()
    pieces = list(compiler.compile(spec.value))
    if not compiler.columns and (spec.options.get("feed") or spec.path):
        raise UsageError("never uses its feed: put {{row.COLUMN}} into it, or leave event_feed out")
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
        self.columns: list[FeedColumn] = []
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
        match = _PLACEHOLDER.match(text)
        is_lone = match is not None and match.end() == len(text)
        if match is not None and is_lone and match[1].strip() != OPEN:
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
            end = match.end()
            if match[1].strip() == OPEN:
                yield literal("{{")
                continue
            draw = self._draw(match[1])
            yield _FILL if draw is None else (draw, encode)
        if "{{" in text[end:]:
            rest = text[text.index("{{", end) :][:40]
            raise UsageError(f"has braces that nothing closes: {shown(rest)}; {_AS_DATA}")
        yield literal(text[end:])

    def _draw(self, source: str) -> DrawValue | None:
        """The placeholder's function; None for `fill`, which needs the rest first."""
        if source.lstrip().startswith(_ROW):
            return self._column(source)
        try:
            name, *arguments = shlex.split(source)
        except ValueError:
            raise UsageError(
                f"has a placeholder that cannot be read: {{{{{source}}}}}; {_AS_DATA}"
            ) from None
        if name == "fill":
            self._fill(source, arguments)
            return None
        if name not in PLACEHOLDERS:
            known = ", ".join([*PLACEHOLDERS, "row.COLUMN", "fill"])
            raise UsageError(
                f"has an unknown placeholder {{{{{source}}}}}; there are {known}; {_AS_DATA}"
            )
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

    def _column(self, source: str) -> DrawValue:
        column = FeedColumn(source.lstrip().removeprefix(_ROW))
        self.columns.append(column)
        return lambda moment: moment.row[column.name]


class FeedColumn:
    """A column as a placeholder spells it; name is the feed's own, once `find` has found it."""

    def __init__(self, written: str) -> None:
        self.written = written.strip()
        self.name = ""
        self._spellings = (written, self.written, *_unquoted(self.written))

    def find(self, names: Iterable[str]) -> bool:
        """Whether it is one of these: as it stands, without quotes, or without JSON's escapes."""
        known = set(names)
        found = next((name for name in self._spellings if name in known), None)
        self.name = found or ""
        return found is not None


def _unquoted(written: str) -> Iterator[str]:
    if len(written) > 1 and written[0] == written[-1] and written[0] in "\"'":
        inner = written[1:-1]
        yield inner
        if written[0] == '"':
            yield re.sub(r"\\(.)", r"\1", inner)
    for quotable in (f'"{written}"', written):
        try:
            value = json.loads(quotable)
        except ValueError:
            continue
        if isinstance(value, str):
            yield value


def _rows(
    spec: EventSpec, seed: int, base_dir: Path | None, columns: list[FeedColumn]
) -> tuple[FeedRows | None, RowOrder | None]:
    feed = spec.options.get("feed") or spec.path
    if feed is None:
        if columns:
            name = columns[0].written
            raise UsageError(f"uses {{{{row.{name}}}}} and has no feed: name a CSV or JSONL file")
        return None, None
    rows = read_rows(str(feed), base_dir, spec.options.get("text", False))
    _find_columns(columns, rows, str(feed))
    return rows, RowOrder(len(rows), str(spec.options.get("order", "sequential")), seed)


def _find_columns(columns: list[FeedColumn], rows: FeedRows, feed: str) -> None:
    """Raises UsageError for a column that the feed, or one of its rows, does not have."""
    names = rows.columns()
    for number in range(len(rows) if names is None else 1):
        row = rows.value(number) if names is None else names
        if not isinstance(row, dict | list):
            raise UsageError(f"uses columns, and row {number + 1} of {feed} is no object")
        known = list(row) if names is not None or isinstance(row, dict) else []
        for column in columns:
            if not column.find(known):
                where = feed if names is not None else f"row {number + 1} of {feed}"
                has = (
                    ", ".join(json.dumps(name, ensure_ascii=False) for name in known[:20]) or "none"
                )
                raise UsageError(
                    f"uses {{{{row.{column.written}}}}}, which {where} lacks; its columns are {has}"
                )


def _filled(payload: bytes, size: int) -> bytes:
    head, _, tail = payload.partition(_FILL.encode())
    return head + b"x" * (size - len(head) - len(tail)) + tail


def _dumps(value: Any) -> str:
    try:
        return json_text(value)
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
