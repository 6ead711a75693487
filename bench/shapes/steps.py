"""A ramp, of a rate or of callers, in equal steps: the first at its start, the last at its end."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

from bench.model.shape import Shape
from bench.schema.table import Table
from bench.schema.values import whole
from bench.shapes.base import even_count
from bench.shapes.kind import shape_key

STEPS = shape_key(
    "steps", "a ramp in so many equal steps", whole(1, 10_000), 1, cell="1, a smooth one"
)


class Changing(Shape, Protocol):
    """A shape that goes from a start to an end."""

    def held(self, share: float, duration_ns: int) -> Shape:
        """What it is at a share (0..1) of its way, held for a time."""

    def scaled(self, factor: float) -> Changing:
        """So many times the load in the same time."""


def in_steps(table: Table, whole_way: Changing, *, is_level: bool) -> Shape:
    """The shape in as many steps as [[phase]] says; is_level: it is the same at both ends."""
    steps = STEPS.read(table)
    if steps > 1 and is_level:
        table.fault("steps", 'is for a ramp, such as rate = "10/s..100/s"')
    return Steps(whole_way, steps) if steps > 1 else whole_way


@dataclass(frozen=True, slots=True)
class Steps:
    """whole in so many steps (at least 2), from one offset of it to another (None: its end).

    Each step is run as a segment of its own, of one of the shapes in `pieces`. What is asked of all
    of them together is answered by one after the other.
    """

    whole: Changing
    steps: int
    from_ns: int = 0
    to_ns: int | None = None

    @property
    def has_rate(self) -> bool:
        return self.whole.has_rate

    @property
    def is_closed(self) -> bool:
        return self.whole.is_closed

    @property
    def sends(self) -> bool:
        return self.whole.sends

    @property
    def duration_ns(self) -> int:
        return (self.whole.duration_ns if self.to_ns is None else self.to_ns) - self.from_ns

    @property
    def expected(self) -> float:
        return sum(piece.expected for piece in self.pieces())

    @property
    def peak_rps(self) -> float:
        return max(piece.peak_rps for piece in self.pieces())

    @property
    def most_callers(self) -> int:
        return max(piece.most_callers for piece in self.pieces())

    def pieces(self) -> tuple[Shape, ...]:
        """A constant load for each step; a step shorter than a nanosecond is left out."""
        return tuple(piece for _, piece in self._placed())

    def _placed(self) -> Iterator[tuple[int, Shape]]:
        """Every piece with the offset that it starts at."""
        to_ns = self.from_ns + self.duration_ns
        for step in range(self.steps):
            start_ns = max(self.from_ns, self.whole.duration_ns * step // self.steps)
            end_ns = min(to_ns, self.whole.duration_ns * (step + 1) // self.steps)
            if end_ns > start_ns:
                held = self.whole.held(step / (self.steps - 1), end_ns - start_ns)
                yield start_ns - self.from_ns, held

    def _at(self, at_ns: float) -> Shape:
        """The piece of an instant, of the end the last one."""
        return [piece for start_ns, piece in self._placed() if start_ns <= at_ns][-1]

    def rate_rps(self, at_ns: float) -> float:
        return self._at(at_ns).rate_rps(0)

    def planned(self, from_ns: float, to_ns: float) -> float:
        """What lies between, of every step."""
        return sum(
            piece.planned(max(from_ns - start_ns, 0), min(to_ns - start_ns, piece.duration_ns))
            for start_ns, piece in self._placed()
            if from_ns < start_ns + piece.duration_ns and to_ns > start_ns
        )

    def cumulative(self, at_ns: float) -> float:
        """Of the steps that are over, and of the one that is on."""
        return self.planned(0, at_ns)

    def inverse_ns(self, arrivals: float) -> float:
        """In the step that the arrival falls into."""
        for start_ns, piece in self._placed():
            if arrivals < piece.expected:
                return start_ns + piece.inverse_ns(arrivals)
            arrivals -= piece.expected
        return self.duration_ns

    def even_count(self, shift: float) -> int:
        """Those at shift, shift + 1, … of the cumulative rate of all steps."""
        return even_count(self.expected, shift)

    def offsets_ns(self, units: Iterable[float], /) -> Iterator[int]:
        """Of all steps as one segment, step by step."""
        last_ns = self.duration_ns - 1
        return (min(round(self.inverse_ns(h)), last_ns) for h in units)

    def most_within(self, window_ns: int) -> float:
        """What comes within it at the higher end of the ramp."""
        last_ns = self.duration_ns - window_ns
        if last_ns <= 0:
            return self.expected
        return max(self.planned(at_ns, at_ns + window_ns) for at_ns in (0, last_ns))

    def part(self, from_ns: int, to_ns: int) -> Steps:
        """The same steps between two other offsets."""
        return replace(self, from_ns=self.from_ns + from_ns, to_ns=self.from_ns + to_ns)

    def scaled(self, factor: float) -> Steps:
        """The ramp times the factor, in as many steps."""
        return replace(self, whole=self.whole.scaled(factor))

    def callers_at(self, at_ns: int) -> int:
        return self._at(at_ns).callers_at(0)

    def next_change_ns(self, at_ns: int) -> int | None:
        """Where the next step with other callers begins."""
        now = self.callers_at(at_ns)
        later = ((ns, piece) for ns, piece in self._placed() if ns > at_ns)
        return next((ns for ns, piece in later if piece.most_callers != now), None)

    def words(self, arrivals: str) -> str:
        """`5 to 50/s, even in 6 steps`."""
        return f"{self.whole.words(arrivals)} in {self.steps} steps"

    def key_values(self) -> Mapping[str, Any]:
        """Those of the ramp, and `steps`."""
        return {**self.whole.key_values(), "steps": self.steps}
