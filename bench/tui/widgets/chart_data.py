"""What a chart is given to draw."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from math import isnan
from typing import overload

import numpy as np
from numpy.typing import NDArray

from bench.report.axes import Axis
from bench.tui.palette import SeriesStyle

ChartPoint = tuple[float, float | None]
"""x, and y or None where the line breaks."""


class ChartPoints(Sequence[ChartPoint]):
    """Points at sixteen bytes each: a chart keeps what it has shown, also while out of sight."""

    __slots__ = ("_packed",)

    def __init__(self, points: Iterable[ChartPoint]) -> None:
        self._packed = np.array(tuple(points), dtype=np.float64).tobytes()

    @property
    def array(self) -> NDArray[np.float64]:
        """Rows of x and y; NaN where the line breaks."""
        return np.frombuffer(self._packed, dtype=np.float64).reshape(-1, 2)

    def __len__(self) -> int:
        return len(self._packed) // 16

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ChartPoints) and self._packed == other._packed

    def __hash__(self) -> int:
        return hash(self._packed)

    @overload
    def __getitem__(self, index: int) -> ChartPoint: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[ChartPoint]: ...
    def __getitem__(self, index: int | slice) -> ChartPoint | Sequence[ChartPoint]:
        rows = self.array[index].tolist()
        return tuple(map(_point, rows)) if isinstance(index, slice) else _point(rows)


def _point(row: list[float]) -> ChartPoint:
    x, y = row
    return x, None if isnan(y) else y


@dataclass(frozen=True, slots=True)
class ChartLine:
    """One series: points ascending in x; a None breaks the line. A hidden one has no points."""

    name: str
    style: SeriesStyle
    points: Sequence[ChartPoint]
    hidden: bool = False
    dots_only: bool = False
    """Markers with no line between them."""


@dataclass(frozen=True, slots=True)
class Flag:
    """A vertical line with a word at its top: where a phase begins."""

    x: float
    text: str


@dataclass(frozen=True, slots=True)
class Whisker:
    """An upright line through a point of a line: where its true value may lie. line: its place."""

    line: int
    x: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class ChartData:
    """What a chart shows. title says the metric, note its window and unit."""

    title: str = ""
    note: str = ""
    lines: tuple[ChartLine, ...] = ()
    x: Axis | None = None
    """None: from the first to the last point."""
    logarithmic: bool = False
    """Concerns y."""
    flags: tuple[Flag, ...] = ()
    labelled: tuple[tuple[float, float, str, SeriesStyle], ...] = field(default=())
    """Single points (x, y, name, style), the last on top, with their names beside them."""
    whiskers: tuple[Whisker, ...] = ()
    filled: tuple[int, int] | None = None
    """Places of two lines: where the first lies above the second, what is between is shaded."""
    empty: str = "no data"
