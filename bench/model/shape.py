"""How wanted arrivals lie in a stretch of load, as everybody but bench.shapes sees it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Protocol


class Shape(Protocol):
    """A stretch of load of its own length; immutable, and sent to workers.

    Every instant is an offset in nanoseconds from the stretch's start. Arrivals are those of one
    variant over all workers; the schedule deals them. Three sorts of shapes: with a rate, at which
    the schedule draws arrivals (`has_rate`); with instants of their own, which come as they are;
    and closed loops (`is_closed`), whose callers plan no arrivals: their rates and counts are 0.
    """

    @property
    def has_rate(self) -> bool:
        """Whether arrivals are drawn at `rate_rps`."""

    @property
    def is_closed(self) -> bool:
        """Whether callers wait for answers before they call again."""

    @property
    def duration_ns(self) -> int:
        """The stretch is [0, duration_ns)."""

    @property
    def sends(self) -> bool:
        """False if nothing at all comes of it, as at a rate of 0."""

    @property
    def expected(self) -> float:
        """Arrivals of the whole stretch; with a rate, their expectation."""

    @property
    def peak_rps(self) -> float:
        """The highest `rate_rps`, in arrivals per second."""

    @property
    def most_callers(self) -> int:
        """The most callers at once; 0 in an open loop."""

    def rate_rps(self, at_ns: float) -> float:
        """Arrivals wanted per second at an instant; of instants of their own the overall mean."""

    def planned(self, from_ns: float, to_ns: float) -> float:
        """Arrivals of [from_ns, to_ns): the integral of the rate, or how many instants lie in it.

        One step instead of a difference of two cumulative values, which would cancel digits.
        """

    def cumulative(self, at_ns: float) -> float:
        """Arrivals planned before an instant, from the stretch's start on."""

    def inverse_ns(self, arrivals: float) -> float:
        """The instant before which `cumulative` is so much: where arrival number `arrivals` comes.

        arrivals counts from 0; with as many as `expected` or more it is the stretch's end.
        """

    def even_count(self, shift: float) -> int:
        """How many arrivals there are when they are even, the first at `inverse_ns(shift)`."""

    def offsets_ns(self, units: Iterable[float], /) -> Iterator[int]:
        """The instants of all arrivals, ascending, each before duration_ns.

        units: unit-rate arrivals, ascending, from 0 to below `expected`. They go through the
        inverse of the cumulative rate; instants of their own leave them untouched.
        """

    def most_within(self, window_ns: int) -> float:
        """The most arrivals in any window of that length within the stretch."""

    def part(self, from_ns: int, to_ns: int) -> Shape:
        """The stretch between two offsets, 0 ≤ from_ns < to_ns ≤ duration_ns, as a shape.

        It does what the whole does there: arrivals and rates go on exactly where they were.
        """

    def scaled(self, factor: float) -> Shape:
        """So many times the load in the same time; of callers and bursts at least one stays."""

    def pieces(self) -> tuple[Shape, ...]:
        """What is run as segments of their own, in time order; mostly the shape itself."""

    def callers_at(self, at_ns: int) -> int:
        """Callers wanted at an instant of the stretch, over all workers; 0 in an open loop."""

    def next_change_ns(self, at_ns: int) -> int | None:
        """The next instant at which `callers_at` changes, or None if it stays until the end."""

    def words(self, arrivals: str) -> str:
        """What people read of it, such as `5 to 50/s, even`; arrivals is how gaps are drawn."""

    def key_values(self) -> Mapping[str, Any]:
        """What its keys in [[phase]], but for the duration, were read as; None: it was not there.

        Of a shape as a profile gives it: of a part of one it tells the whole.
        """
