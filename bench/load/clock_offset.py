"""How a node's clock stands to the coordinator's, from exchanges between the two. Pure.

A message goes there and one comes back, each with the instant at which it was sent and heard, by
the clock of whoever did (RFC 5905, section 8). The offset is wrong by half the round trip at the
most, however unequal the two ways are, and by least where the round trip was shortest. Over a run
a line is fitted, since two clocks also run at different rates.

Every bound holds for certain while the clocks keep their rates; none is an estimate of chance.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import inf

MOST_READINGS = 128
"""A fit looks at each pair of them: beyond, neighbours are thinned to the surer one."""
_PPM = 1e6


@dataclass(frozen=True, slots=True)
class Exchange:
    """Four instants in ns: sent and received by the coordinator's clock, heard and said by the
    node's."""

    sent_ns: int
    heard_ns: int
    said_ns: int
    received_ns: int

    @property
    def round_trip_ns(self) -> int:
        """Time on the way, there and back, without what the node took to answer."""
        return max(0, (self.received_ns - self.sent_ns) - (self.said_ns - self.heard_ns))


@dataclass(frozen=True, slots=True)
class Reading:
    """A node's clock less the coordinator's at an instant of the coordinator's clock.

    The truth is within uncertainty_ns of it, either way.
    """

    at_ns: int
    offset_ns: int
    uncertainty_ns: int


def reading(exchanges: Iterable[Exchange]) -> Reading:
    """What the exchange with the shortest round trip says. Raises ValueError for none."""
    best = min(exchanges, key=lambda exchange: exchange.round_trip_ns)
    there_ns, back_ns = best.heard_ns - best.sent_ns, best.said_ns - best.received_ns
    return Reading(
        (best.sent_ns + best.received_ns) // 2,
        (there_ns + back_ns) // 2,
        -(-best.round_trip_ns // 2) + 1,  # halves are rounded down, instants and offset
    )


@dataclass(frozen=True, slots=True)
class ClockFit:
    """A node's clock over a run: a line through its readings."""

    readings: tuple[Reading, ...]
    """In time order, at least one."""
    drift_ppm: float
    """How much faster the node's clock runs, in ns per ms; 0.0 where one reading is all."""
    drift_low_ppm: float
    """No drift below this agrees with every reading; -inf where one reading is all."""
    drift_high_ppm: float
    anchor_ns: float
    """Offset of the line at the first reading, less that reading's own."""

    def offset_ns(self, at_ns: int) -> int:
        """The node's clock less the coordinator's, at an instant of the coordinator's clock."""
        first = self.readings[0]
        return first.offset_ns + round(self._line_ns(at_ns - first.at_ns))

    def uncertainty_ns(self, at_ns: int) -> int:
        """How far `offset_ns` may be off there; before the first reading or after the last too.

        The line and the truth are both straight, so that between two readings the line is off by no
        more than what lies between its errors at the two.
        """
        bounds = [(reading.at_ns, self._error_ns(reading)) for reading in self.readings]
        found = [bound for bound in (_between(pair, at_ns) for pair in _pairs(bounds)) if bound]
        at_hand = [error for t_ns, error in bounds if t_ns == at_ns]
        if found or at_hand:
            return round(min((*found, *at_hand)))
        t_ns, error = min(bounds, key=lambda bound: abs(bound[0] - at_ns))
        slope = max(self.drift_high_ppm - self.drift_ppm, self.drift_ppm - self.drift_low_ppm)
        return round(error + (0 if slope == inf else slope / _PPM * abs(at_ns - t_ns)))

    def _line_ns(self, passed_ns: int) -> float:
        return self.anchor_ns + self.drift_ppm / _PPM * passed_ns

    def _error_ns(self, reading: Reading) -> float:
        return abs(reading.offset_ns - self.offset_ns(reading.at_ns)) + reading.uncertainty_ns


_Bound = tuple[int, float]
"""(instant, how far the line may be off there)."""


def _pairs(bounds: Sequence[_Bound]) -> Iterable[tuple[_Bound, _Bound]]:
    return combinations(bounds, 2)


def _between(pair: tuple[_Bound, _Bound], at_ns: int) -> float | None:
    """What lies between two bounds at an instant; None outside."""
    (before_ns, before), (after_ns, after) = pair
    if not before_ns <= at_ns <= after_ns or before_ns == after_ns:
        return None
    share = (at_ns - before_ns) / (after_ns - before_ns)
    return before + (after - before) * share


def fit(readings: Sequence[Reading]) -> ClockFit:
    """The line through readings, each with the weight of its certainty (1/uncertainty²).

    Where that line leaves a reading's bounds by its slope, the nearest slope that agrees with all
    readings is taken. Raises ValueError for no readings.
    """
    if not readings:
        raise ValueError("no reading of the clock")
    kept = thinned(sorted(readings, key=lambda reading: reading.at_ns))
    low, high = _slopes(kept)
    slope, middle_ns, mean_ns = _least_squares(kept)
    if low <= high:
        slope = min(max(slope, low), high)
    anchor_ns = mean_ns - slope * middle_ns
    return ClockFit(kept, slope * _PPM, low * _PPM, high * _PPM, anchor_ns)


def thinned(readings: Sequence[Reading]) -> tuple[Reading, ...]:
    """At most MOST_READINGS, in time order: of neighbours the surer.

    The first and the last stay in any case: they say the most of the drift.
    """
    kept = tuple(readings)
    while len(kept) > MOST_READINGS:
        inner = kept[1:-1]
        pairs = [inner[i : i + 2] for i in range(0, len(inner), 2)]
        kept = (
            kept[0],
            *(min(pair, key=lambda reading: reading.uncertainty_ns) for pair in pairs),
            kept[-1],
        )
    return kept


def _slopes(readings: Sequence[Reading]) -> tuple[float, float]:
    """The least and the greatest drift that a pair of readings leaves open."""
    low, high = -inf, inf
    for before, after in combinations(readings, 2):
        passed_ns = after.at_ns - before.at_ns
        if passed_ns > 0:
            rise_ns = after.offset_ns - before.offset_ns
            slack_ns = before.uncertainty_ns + after.uncertainty_ns
            low = max(low, (rise_ns - slack_ns) / passed_ns)
            high = min(high, (rise_ns + slack_ns) / passed_ns)
    return low, high


def _least_squares(readings: Sequence[Reading]) -> tuple[float, float, float]:
    """(slope, weighted mean of instants, of offsets), the latter two less the first reading's."""
    first = readings[0]
    weights = [1.0 / reading.uncertainty_ns**2 for reading in readings]
    whole = sum(weights)
    times = [float(reading.at_ns - first.at_ns) for reading in readings]
    offsets = [float(reading.offset_ns - first.offset_ns) for reading in readings]
    middle = sum(w * t for w, t in zip(weights, times, strict=True)) / whole
    mean = sum(w * o for w, o in zip(weights, offsets, strict=True)) / whole
    spread = sum(w * (t - middle) ** 2 for w, t in zip(weights, times, strict=True))
    shared = sum(
        w * (t - middle) * (o - mean) for w, t, o in zip(weights, times, offsets, strict=True)
    )
    return (shared / spread if spread else 0.0), middle, mean
