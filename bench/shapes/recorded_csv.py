"""Recorded arrival times: a column of timestamps, or an access log, as offsets from the first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from itertools import chain
from pathlib import Path
from struct import pack

from bench.errors import UsageError
from bench.inputs.content import Content, read_content
from bench.inputs.separated import SeparatedFile, SeparatedRow
from bench.inputs.timestamps import LOG_TIME, LocatedCell, instants_ns, is_timestamp
from bench.model.times import NS_PER_S
from bench.units import MAX_DURATION_NS, shown

MAX_ARRIVALS = 10_000_000
_TIME_NAMES = ("timestamp", "time", "@timestamp", "datetime", "date", "ts", "epoch")
_TIME_ENDINGS = (
    "timestamp",
    "start_time",
    "event_time",
    "request_time",
    "arrival_time",
    "starttime",
)


def read_offsets(path: str, column: str | None, speed: float, unit: str | None = None) -> bytes:
    """Ascending offsets in ns, little-endian 64-bit, packed; speed 2 plays twice as fast.

    column is a header's name; without it, the one that is named like a time, else the first. unit
    is what numbers count, else it is told by their size; see bench.inputs.timestamps. A time
    without a zone is taken as UTC. A file in which each line has a time as the common log format
    writes it needs no columns. Raises ValueError with the rest of a sentence, the line included.
    """
    try:
        instants = sorted(_instants_ns(path, column, unit))
    except UsageError as error:
        raise ValueError(f"must be a CSV file: {error}") from None
    if not instants:
        raise ValueError(f"must hold at least one timestamp ({path} holds none)")
    scale = Fraction(speed)
    offsets = [round((instant - instants[0]) / scale) for instant in instants]
    if offsets[-1] > MAX_DURATION_NS:
        raise ValueError(
            f'spans more than 30 days ({path}): cut it, raise speed, or set its unit (unit = "ms")'
        )
    return pack(f"<{len(offsets)}q", *offsets)


def whole_seconds_ns(offsets: bytes) -> int:
    """The whole second after the last arrival."""
    last_ns = int.from_bytes(offsets[-8:], "little")
    return (last_ns // NS_PER_S + 1) * NS_PER_S


def _instants_ns(path: str, column: str | None, unit: str | None) -> Iterable[int]:
    content = read_content(path)
    if column is None and _is_log(content):
        return instants_ns(_of_log(content), unit=unit)
    suffix = Path(path).suffix.lower()
    rows = SeparatedFile(content, "\t" if suffix == ".tsv" else ",").rows()
    written = (row for row in rows if any(cell.strip() for cell in row.cells))
    first = next(written, None)
    if first is None:
        return []
    index, name = _column(first, column)
    rest: Iterable[SeparatedRow] = written if name is not None else chain((first,), written)
    return instants_ns(_cells(rest, index, len(first.cells), path), name or "", unit)


def _cells(
    rows: Iterable[SeparatedRow], index: int, columns: int, path: str
) -> Iterator[LocatedCell]:
    """The time of each row. One that a comma has cut in two is refused, as far as it shows."""
    for number, row in enumerate(rows):
        _check_number(number, path)
        if len(row.cells) > columns and row.cells[index + 1].strip()[:1].isdigit():
            raise ValueError(
                f"has {len(row.cells)} cells for {columns} columns in line {row.line} ({path}), as "
                "if a comma stood within the time: write a point, or put the time in quotes"
            )
        yield LocatedCell(row.cells[index].strip() if index < len(row.cells) else "", row.line)


def _check_number(number: int, path: str) -> None:
    if number >= MAX_ARRIVALS:
        raise ValueError(f"holds more than {MAX_ARRIVALS} timestamps ({path})")


def _is_log(content: Content) -> bool:
    """Whether the first line has a log's time within other text, separators or not."""
    first = next((text for _, text in content.lines() if text.strip()), "")
    return LOG_TIME.search(first) is not None and "[" in first and not is_timestamp(first)


def _of_log(content: Content) -> Iterator[LocatedCell]:
    written = ((n, text) for n, (_, text) in enumerate(content.lines(), 1) if text.strip())
    for number, (line, text) in enumerate(written):
        _check_number(number, content.name)
        match = LOG_TIME.search(text)
        yield LocatedCell(match[0] if match else text.strip(), line)


def _column(first: SeparatedRow, column: str | None) -> tuple[int, str | None]:
    """(index of the column, its name; None if the first row is no header)."""
    names = [name.strip() for name in first.cells]
    if column is not None:
        if column not in names:
            raise ValueError(
                f"has no column {shown(column)}; it has {', '.join(map(shown, names[:20]))}"
            )
        if names.count(column) > 1:
            raise ValueError(f"has two columns {shown(column)}: rename one of them")
        return names.index(column), column
    lower = [name.lower() for name in names]
    named = [lower.index(name) for name in _TIME_NAMES if name in lower]
    named += [i for i, name in enumerate(lower) if name.endswith(_TIME_ENDINGS)]
    if named:
        return named[0], names[named[0]]
    return (0, None) if is_timestamp(names[0]) else (0, names[0])
