"""Rows of a file: CSV with a header line, JSON Lines, or a JSON array. Each row is an event.

A CSV cell becomes a JSON number, true, false or null if that is written as the cell is (`007`,
`1.10` and `1e5` stay text); with `text = true` every cell stays text. Rows of JSON are sent as they
stand in the file. Orders: `sequential` (over and over), `shuffled` (each pass in a new seeded
order), `random` (drawn with replacement).

A file is mapped and its rows are known by their offsets, so that every process has the same one
copy; those of a small file are kept ready to send.
"""

from __future__ import annotations

from array import array
from collections.abc import Mapping
from pathlib import Path
from random import Random
from typing import Any, Protocol

from bench.errors import UsageError
from bench.folders import expanded
from bench.inputs.cells import literal
from bench.inputs.content import Content, read_content
from bench.inputs.separated import NamedColumns, SeparatedFile
from bench.model.profile import EventSpec
from bench.payloads.base import Chance, encode_json
from bench.payloads.json_rows import JsonRows, array_rows, line_rows

ORDERS = ("sequential", "shuffled", "random")
_OPTIONS = ("order", "text")
_TABLES = {".csv": ",", ".tsv": "\t"}
KEPT_BYTES = 8 << 20
"""Of a file up to this size every row is kept as it is sent: it costs nothing to send it then."""


class FeedRows(Protocol):
    """The rows of a feed."""

    content: Content

    def __len__(self) -> int:
        """How many there are, at least one."""

    def value(self, number: int) -> Any:
        """A row as a JSON value; of a table, an object by the names in its header."""

    def payload(self, number: int) -> bytes:
        """A row as it is sent."""

    def columns(self) -> list[str] | None:
        """The names that every row has; None where each row has its own."""


class TableRows:
    """The rows of a CSV file, all of which have been looked at. text: cells stay text."""

    def __init__(self, content: Content, separator: str, text: bool) -> None:
        self.content = content
        self._file = file = SeparatedFile(content, separator)
        self._convert = str if text else literal
        self._begins, self._ends = array("Q"), array("Q")
        rows = file.rows()
        first = next(rows, None)
        self._columns = columns = (
            NamedColumns(content.name, first.line, first.cells) if first else None
        )
        for row in rows:
            assert columns is not None
            if not columns.check(row, file.separator):
                continue
            if not self._begins:
                columns.check_is_header(row)
            self._begins.append(row.begin)
            self._ends.append(row.end)
        self._kept = columns.kept if columns else []

    def __len__(self) -> int:
        return len(self._begins)

    def value(self, number: int) -> Any:
        """An object by the names of the columns that have one."""
        cells = self._file.cells(self._begins[number], self._ends[number])
        convert = self._convert
        return {name: convert(cells[index]) for index, name in self._kept}

    def payload(self, number: int) -> bytes:
        """The object of a row, as JSON."""
        return encode_json(self.value(number))

    def columns(self) -> list[str]:
        """The names that the header has."""
        return [name for _, name in self._kept]


class RowOrder:
    """Which row event number index uses."""

    def __init__(self, count: int, order: str, seed: int) -> None:
        if order not in ORDERS:
            raise UsageError(f"has order {order!r}; choose one of {', '.join(ORDERS)}")
        self._count, self._order, self._seed = count, order, seed
        self._chance = Chance(seed, "feed")
        self._pass, self._permutation = -1, array("Q")

    def at(self, index: int) -> int:
        """Number of the row, from 0."""
        if self._order == "random":
            return self._chance.at(index).randrange(self._count)
        which, place = divmod(index, self._count)
        if self._order == "sequential":
            return place
        if which != self._pass:
            self._pass = which
            self._permutation = array("Q", range(self._count))
            Random(f"events/shuffle/{self._seed}/{which}").shuffle(self._permutation)
        return self._permutation[place]


class FeedEvents:
    """The rows as events; those of a small file are one object each."""

    def __init__(self, rows: FeedRows, order: RowOrder) -> None:
        self._rows, self._order = rows, order
        is_small = len(rows.content.raw) <= KEPT_BYTES
        self._kept = [rows.payload(number) for number in range(len(rows))] if is_small else []
        self.constant = len(self._kept) == 1

    def next(self, index: int) -> bytes:
        """The row of invocation number index."""
        number = self._order.at(index)
        return self._kept[number] if self._kept else self._rows.payload(number)


def feed_events(spec: EventSpec, seed: int, base_dir: Path | None) -> FeedEvents:
    """The source of a feed. Raises UsageError for an unreadable, empty or malformed file."""
    refuse_unknown(spec.options, _OPTIONS)
    rows = read_rows(spec.path, base_dir, spec.options.get("text", False))
    order = RowOrder(len(rows), str(spec.options.get("order", "sequential")), seed)
    return FeedEvents(rows, order)


def read_rows(path: str | None, base_dir: Path | None, text: Any = False) -> FeedRows:
    """The rows of a file, by its ending.

    `.csv` and `.tsv` are tables, `.json` is an array, anything else is JSON Lines. Raises
    UsageError with line, column and remedy for what cannot be meant so.
    """
    if not path:
        raise UsageError("needs the path of a file")
    if not isinstance(text, bool):
        raise UsageError(f"has text = {text!r}, which must be true or false")
    suffix = Path(path).suffix.lower()
    content = read_content((base_dir or Path()) / expanded(path), str(path))
    if suffix in _TABLES:
        rows: FeedRows = TableRows(content, _TABLES[suffix], text)
    else:
        if text:
            raise UsageError(f"has text = true, which is for a table, and {path} is JSON")
        rows = JsonRows(content, array_rows if suffix == ".json" else line_rows)
    if not len(rows):
        raise UsageError(f"{path} has no rows")
    return rows


def refuse_unknown(options: Mapping[str, Any], known: tuple[str, ...]) -> None:
    """Raise UsageError for an option that does not exist, naming those that do."""
    for name in options:
        if name not in known:
            raise UsageError(f"has an unknown option {name!r}; there are {', '.join(known)}")
