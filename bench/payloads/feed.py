"""Rows of a file: CSV with a header line, JSON Lines, or a JSON array. Each row is an event.

CSV cells that read as a JSON number, true, false or null become that (`007` stays text); with
`text = true` every cell stays text. Orders: `sequential` (over and over), `shuffled` (each pass in
a new seeded order), `random` (drawn with replacement).
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from pathlib import Path
from random import Random
from typing import Any

from bench.errors import UsageError
from bench.model.profile import EventSpec
from bench.payloads.base import Chance, encode_json, read_bytes

ORDERS = ("sequential", "shuffled", "random")
_OPTIONS = ("order", "text")


class RowOrder:
    """Which row event number index uses."""

    def __init__(self, count: int, order: str, seed: int) -> None:
        if order not in ORDERS:
            raise UsageError(f"has order {order!r}; choose one of {', '.join(ORDERS)}")
        self._count, self._order, self._seed = count, order, seed
        self._chance = Chance(seed, "feed")
        self._pass, self._permutation = -1, list(range(count))

    def at(self, index: int) -> int:
        """Number of the row, from 0."""
        if self._order == "random":
            return self._chance.at(index).randrange(self._count)
        which, place = divmod(index, self._count)
        if self._order == "sequential":
            return place
        if which != self._pass:
            self._pass = which
            self._permutation = list(range(self._count))
            Random(f"events/shuffle/{self._seed}/{which}").shuffle(self._permutation)
        return self._permutation[place]


class FeedEvents:
    """The rows as events; equal rows are one object each."""

    def __init__(self, rows: list[bytes], order: RowOrder) -> None:
        self._rows, self._order = rows, order
        self.constant = len(rows) == 1

    def next(self, index: int) -> bytes:
        """The row of invocation number index."""
        return self._rows[self._order.at(index)]


def feed_events(spec: EventSpec, seed: int, base_dir: Path | None) -> FeedEvents:
    """The source of a feed. Raises UsageError for an unreadable, empty or malformed file."""
    refuse_unknown(spec.options, _OPTIONS)
    rows = read_rows(spec.path, base_dir, text=bool(spec.options.get("text", False)))
    order = RowOrder(len(rows), str(spec.options.get("order", "sequential")), seed)
    return FeedEvents([encode_json(row) for row in rows], order)


def read_rows(path: str | None, base_dir: Path | None, text: bool = False) -> list[Any]:
    """The rows as JSON values; of a CSV, objects by the names in its header line.

    By the file's ending: `.csv` and `.tsv`, `.json` (an array), anything else is JSON Lines.
    """
    try:
        content = read_bytes(path, base_dir).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(f"{path} is not UTF-8: {error}") from None
    suffix = Path(path or "").suffix.lower()
    if suffix in (".csv", ".tsv"):
        rows = _csv_rows(content, "," if suffix == ".csv" else "\t", str(path), text)
    elif suffix == ".json":
        rows = _json_rows(content, str(path))
    else:
        rows = _json_lines(content, str(path))
    if not rows:
        raise UsageError(f"{path} has no rows")
    return rows


def literal(text: str) -> Any:
    """The JSON number, true, false or null that a text reads as, else the text."""
    if text[:1] in "-0123456789tfn":
        try:
            value = json.loads(text, parse_constant=_refuse)
        except (ValueError, RecursionError):
            return text
        return text if isinstance(value, float) and value in (_INFINITY, -_INFINITY) else value
    return text


def refuse_unknown(options: Mapping[str, Any], known: tuple[str, ...]) -> None:
    """Raise UsageError for an option that does not exist, naming those that do."""
    for name in options:
        if name not in known:
            raise UsageError(f"has an unknown option {name!r}; there are {', '.join(known)}")


_INFINITY = float("inf")


def _refuse(name: str) -> Any:
    raise ValueError(name)


def _csv_rows(content: str, delimiter: str, path: str, text: bool) -> list[Any]:
    reader = csv.reader(io.StringIO(content, newline=""), delimiter=delimiter, strict=True)
    rows: list[Any] = []
    convert = str if text else literal
    try:
        names = next(reader, [])
        if len(set(names)) != len(names):
            raise UsageError(f"{path} line 1 names a column twice")
        for cells in reader:
            if not cells:
                continue
            if len(cells) != len(names):
                raise UsageError(
                    f"{path} line {reader.line_num} has {len(cells)} cells for {len(names)} columns"
                )
            rows.append(dict(zip(names, map(convert, cells), strict=True)))
    except csv.Error as error:
        raise UsageError(f"{path} line {reader.line_num}: {error}") from None
    return rows


def _json_rows(content: str, path: str) -> list[Any]:
    try:
        rows = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path} is no JSON: {error}") from None
    if not isinstance(rows, list):
        raise UsageError(f"{path} must be a JSON array with an event in each place")
    return rows


def _json_lines(content: str, path: str) -> list[Any]:
    rows = []
    for number, line in enumerate(content.split("\n"), 1):
        if not line.strip():
            continue
        try:
            rows.append(json.loads(line))
        except (ValueError, RecursionError) as error:
            raise UsageError(f"{path} line {number} is no JSON: {error}") from None
    return rows
