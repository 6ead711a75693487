"""Arrivals at instants that were recorded, from a CSV file."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from bench.inputs.timestamps import UNITS
from bench.schema.files import existing_file
from bench.schema.table import Table
from bench.schema.values import one_of, positive, text
from bench.shapes.base import AtInstants
from bench.shapes.kind import ShapeKind, read_duration, shape_key
from bench.shapes.recorded_csv import read_offsets, whole_seconds_ns


@dataclass(frozen=True, slots=True)
class Recorded(AtInstants):
    """offsets: little-endian 64-bit nanoseconds, ascending, packed; the speed is in them already.

    from_ns is the offset at which this stretch starts, not 0 for a part. path (absolute), column,
    speed and unit say what the offsets were read from.
    """

    duration_ns: int
    offsets: bytes
    from_ns: int = 0
    path: str = ""
    column: str | None = None
    speed: float = 1.0
    unit: str | None = None

    @property
    def _instants(self) -> memoryview[int]:
        return memoryview(self.offsets).cast("q")

    def _before(self, at_ns: float) -> int:
        """How many of all recorded arrivals come before an instant of the stretch."""
        return bisect_left(self._instants, self.from_ns + at_ns)

    @property
    def sends(self) -> bool:
        return bool(self.offsets)

    @property
    def expected(self) -> float:
        return self.planned(0, self.duration_ns)

    def planned(self, from_ns: float, to_ns: float) -> float:
        """Those recorded in it, one at from_ns included and one at to_ns not."""
        return float(self._before(to_ns) - self._before(from_ns))

    def inverse_ns(self, arrivals: float) -> float:
        if arrivals >= self.expected:
            return self.duration_ns
        return self._instants[self._before(0) + int(arrivals)] - self.from_ns

    def offsets_ns(self, _units: Iterable[float], /) -> Iterator[int]:
        from_ns = self.from_ns
        for instant_ns in self._instants[self._before(0) : self._before(self.duration_ns)]:
            yield instant_ns - from_ns

    def most_within(self, window_ns: int) -> float:
        """Of all windows that begin with an arrival."""
        instants = self._instants[self._before(0) : self._before(self.duration_ns)]
        most = 0
        for first, start_ns in enumerate(instants):
            while first + most < len(instants) and instants[first + most] < start_ns + window_ns:
                most += 1
        return float(most)

    def part(self, from_ns: int, to_ns: int) -> Recorded:
        """The arrivals that are still to come keep their instants."""
        return replace(self, duration_ns=to_ns - from_ns, from_ns=self.from_ns + from_ns)

    def scaled(self, _factor: float) -> Recorded:
        """Itself: what was recorded stays as it was."""
        return self

    def words(self, _arrivals: str) -> str:
        """`5 arrivals as recorded in /tmp/day.csv`."""
        return f"{len(self._instants)} arrivals as recorded in {self.path}"

    def key_values(self) -> Mapping[str, Any]:
        return {
            "replay": self.path,
            "column": self.column,
            "speed": self.speed,
            "unit": self.unit,
        }


REPLAY = shape_key(
    "replay",
    "recorded arrivals: a CSV of ISO or epoch timestamps, or an access log",
    existing_file,
    "",
    cell="",
)
COLUMN = shape_key(
    "column",
    "the column with them",
    text,
    None,
    cell="one named like a time, else the first",
)
UNIT = shape_key(
    "unit",
    "what a number counts: `s`, `ms`, `us`, `ns`, or `days` as in Excel",
    one_of(tuple(UNITS)),
    None,
    cell="told by the column's name or by size",
)
SPEED = shape_key("speed", "a factor: 2 plays them twice as fast", positive, 1.0)


def _read(table: Table) -> Recorded:
    noted = len(table.problems)
    path, column, speed = REPLAY.read(table), COLUMN.read(table), SPEED.read(table)
    unit = UNIT.read(table)
    offsets = b""
    if len(table.problems) == noted:
        offsets = table.read("replay", lambda _: read_offsets(path, column, speed, unit), offsets)
    default_ns = whole_seconds_ns(offsets) if offsets else 0
    return Recorded(read_duration(table, default_ns), offsets, 0, path, column, speed, unit)


RECORDED = ShapeKind((REPLAY, COLUMN, UNIT, SPEED), _read)
