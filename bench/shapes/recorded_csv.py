"""Recorded arrival times: a CSV column of ISO or epoch timestamps, as offsets from the first."""

from __future__ import annotations

import csv
import re
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from pathlib import Path
from struct import pack

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
_UTC_NAMES = re.compile(r"\s*(?:z|utc|gmt)$", re.IGNORECASE)
_BEYOND_US = re.compile(r"([.,]\d{6})(\d+)")
"""A fraction of a second with the digits that datetime cannot hold."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def read_offsets(path: str, column: str | None, speed: float) -> bytes:
    """Ascending offsets in ns, little-endian 64-bit, packed; speed 2 plays twice as fast.

    column is a header's name; without it, the one that is named like a time, else the first.
    Epoch values may be in seconds, ms, µs or ns, told apart by their size. A time without a zone
    is taken as UTC. Raises ValueError with the rest of a sentence, the line included.
    """
    instants = sorted(_instants_ns(path, column))
    if not instants:
        raise ValueError(f"must hold at least one timestamp ({path} holds none)")
    scale = Fraction(speed)
    offsets = [round((instant - instants[0]) / scale) for instant in instants]
    if offsets[-1] > MAX_DURATION_NS:
        raise ValueError(f"spans more than 30 days ({path}): cut it or raise speed")
    return pack(f"<{len(offsets)}q", *offsets)


def whole_seconds_ns(offsets: bytes) -> int:
    """The whole second after the last arrival."""
    last_ns = int.from_bytes(offsets[-8:], "little")
    return (last_ns // NS_PER_S + 1) * NS_PER_S


def _instants_ns(path: str, column: str | None) -> list[int]:
    try:
        with Path(path).open(encoding="utf-8-sig", newline="") as file:
            rows = csv.reader(file)
            written = (row for row in rows if any(cell.strip() for cell in row))
            first = next(written, None)
            if first is None:
                return []
            index, is_header = _column(first, column)
            instants = [] if is_header else [_instant_ns(first, index, rows.line_num)]
            for row in written:
                instants.append(_instant_ns(row, index, rows.line_num))
                if len(instants) > MAX_ARRIVALS:
                    raise ValueError(f"holds more than {MAX_ARRIVALS} timestamps ({path})")
            return instants
    except UnicodeDecodeError:
        raise ValueError(f"must be a CSV file in UTF-8 ({path} is not)") from None
    except csv.Error as error:
        raise ValueError(f"must be a CSV file ({path}: {error})") from None


def _column(first: list[str], column: str | None) -> tuple[int, bool]:
    """(index of the column, whether the first row is a header)."""
    names = [name.strip() for name in first]
    if column is not None:
        if column not in names:
            raise ValueError(f"has no column {shown(column)}; it has {', '.join(names)}")
        return names.index(column), True
    lower = [name.lower() for name in names]
    named = [lower.index(name) for name in _TIME_NAMES if name in lower]
    named += [i for i, name in enumerate(lower) if name.endswith(_TIME_ENDINGS)]
    if named:
        return named[0], True
    try:
        parse_instant_ns(first[0])
    except ValueError:
        return 0, True
    return 0, False


def _instant_ns(row: list[str], index: int, line: int) -> int:
    cell = row[index] if index < len(row) else ""
    try:
        return parse_instant_ns(cell)
    except ValueError:
        raise ValueError(
            f"has no ISO or epoch timestamp in line {line} (there is {shown(cell)})"
        ) from None


def parse_instant_ns(cell: str) -> int:
    """Nanoseconds since 1970 of an ISO 8601 or epoch timestamp. Raises ValueError."""
    cell = cell.strip()
    try:
        number = Decimal(cell)
    except InvalidOperation:
        return _iso_ns(cell)
    if not number.is_finite():
        raise ValueError(cell)
    for unit_ns, limit in ((NS_PER_S, 10**11), (1_000_000, 10**14), (1_000, 10**17)):
        if abs(number) < limit:
            return round(number * unit_ns)
    return round(number)


def _iso_ns(cell: str) -> int:
    beyond = _BEYOND_US.search(cell)
    cell = _BEYOND_US.sub(r"\1", cell)
    moment = datetime.fromisoformat(_UTC_NAMES.sub("+00:00", cell))
    since = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - _EPOCH
    whole_us = (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds
    return whole_us * 1_000 + (int(beyond[2].ljust(3, "0")[:3]) if beyond else 0)
