"""Arrivals at instants that were recorded, from a CSV file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bench.inputs.timestamps import UNITS
from bench.schema.files import existing_file
from bench.schema.table import Table
from bench.schema.values import one_of, positive, text
from bench.shapes.instants import Instants
from bench.shapes.kind import ShapeKind, read_duration, shape_key
from bench.shapes.recorded_csv import read_offsets, whole_seconds_ns


@dataclass(frozen=True, slots=True)
class Recorded(Instants):
    """The speed is in the offsets already. path (absolute), column, speed and unit say what they
    were read from.
    """

    path: str = ""
    column: str | None = None
    speed: float = 1.0
    unit: str | None = None

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
