"""A closed loop: so many callers, or from so many to so many, each waiting for its answer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from bench.model.shape import Shape
from bench.schema.quantities import callers
from bench.schema.table import Table
from bench.shapes.kind import ShapeKind, read_duration, shape_key
from bench.shapes.steps import STEPS, in_steps


@dataclass(frozen=True, slots=True)
class Callers:
    """Over all workers, at least 0. No arrivals are planned: answers decide when callers call."""

    has_rate: ClassVar[bool] = False
    is_closed: ClassVar[bool] = True
    expected: ClassVar[float] = 0.0
    peak_rps: ClassVar[float] = 0.0

    duration_ns: int
    start_callers: int
    end_callers: int

    @property
    def sends(self) -> bool:
        """Whether there is a caller at all."""
        return bool(self.start_callers or self.end_callers)

    @property
    def most_callers(self) -> int:
        return max(self.start_callers, self.end_callers)

    def rate_rps(self, _at_ns: float) -> float:
        return 0.0

    def planned(self, _from_ns: float, _to_ns: float) -> float:
        return 0.0

    def cumulative(self, _at_ns: float) -> float:
        return 0.0

    def inverse_ns(self, _arrivals: float) -> float:
        """No planned arrival ever comes."""
        return self.duration_ns

    def even_count(self, _shift: float) -> int:
        return 0

    def offsets_ns(self, _units: Iterable[float], /) -> Iterator[int]:
        return iter(())

    def most_within(self, _window_ns: int) -> float:
        return 0.0

    def pieces(self) -> tuple[Callers, ...]:
        """One segment: the engine follows the ramp by itself."""
        return (self,)

    def callers_at(self, at_ns: int) -> int:
        """A ramp from p to q reaches caller p + i when i of its q - p equal steps have passed."""
        start, end = self.start_callers, self.end_callers
        moved = abs(end - start) * at_ns // self.duration_ns
        return start + moved if end > start else start - moved

    def next_change_ns(self, at_ns: int) -> int | None:
        """Where the next of those steps has passed."""
        steps = abs(self.end_callers - self.start_callers)
        if not steps:
            return None
        passed = max(0, at_ns * steps // self.duration_ns)
        change_ns = -(-self.duration_ns * (passed + 1) // steps)
        return change_ns if change_ns < self.duration_ns else None

    def part(self, from_ns: int, to_ns: int) -> Callers:
        """Between the callers of both instants, rounded: there is no half of one."""
        return Callers(to_ns - from_ns, self._nearest(from_ns), self._nearest(to_ns))

    def _nearest(self, at_ns: int) -> int:
        moved = (self.end_callers - self.start_callers) * (at_ns / self.duration_ns)
        return round(self.start_callers + moved)

    def scaled(self, factor: float) -> Callers:
        """So many times the callers, of some at least one."""
        return replace(
            self,
            start_callers=_times(self.start_callers, factor),
            end_callers=_times(self.end_callers, factor),
        )

    def held(self, share: float, duration_ns: int) -> Callers:
        """The callers at a share (0..1) of the way, for a time: a step of the ramp."""
        callers = self.start_callers + round((self.end_callers - self.start_callers) * share)
        return Callers(duration_ns, callers, callers)

    def words(self, _arrivals: str) -> str:
        """`10 callers`, `1 to 50 callers`."""
        start, end = self.start_callers, self.end_callers
        return f"{start if start == end else f'{start} to {end}'} callers"

    def key_values(self) -> Mapping[str, Any]:
        return {"callers": (self.start_callers, self.end_callers)}


def _times(callers: int, factor: float) -> int:
    return max(1, round(callers * factor)) if callers else 0


_CALLERS = shape_key(
    "callers", 'closed loop: `10`, or a ramp `"1..50"`', callers, (0, 0), cell="`load.callers`"
)


def _read(table: Table) -> Shape:
    return _in_table(table, *_CALLERS.read(table))


def callers_of_load(table: Table, number: int) -> Shape:
    """The shape of a [[phase]] that leaves it to [load], where `callers` is this number."""
    return _in_table(table, number, number)


def _in_table(table: Table, start: int, end: int) -> Shape:
    return in_steps(table, Callers(read_duration(table), start, end), is_level=start == end)


CALLERS = ShapeKind((_CALLERS, STEPS), _read)
