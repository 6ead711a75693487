"""What retries cost against how soon all was well again: a point for each policy. Pure.

The screen and the page draw the same points. What was not as before within the run lies at the
right edge, on a tick of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from bench.model.recovery import RecoveryState
from bench.model.result import Window
from bench.report.axes import Axis, linear_axis

NOT_WITHIN = "not in run"
_EDGE = 1.15
"""Where that lies, as a multiple of the highest tick of seconds."""
_MARGIN = 1.1


@dataclass(frozen=True, slots=True)
class RecoveryPoint:
    """name: of the variant. after_s None: not within the run. ends: of the interval, in s."""

    name: str
    amplification: float
    after_s: float | None
    ends: tuple[float, float] | None = None


def recovery_points(windows: Iterable[Window]) -> tuple[RecoveryPoint, ...]:
    """Of each policy of which it is known whether all was well again."""
    return tuple(_points(windows))


def _points(windows: Iterable[Window]) -> Iterator[RecoveryPoint]:
    for window in windows:
        found, attempts = window.recovery, window.tally.retry_amplification
        if found is None or attempts is None or found.state is RecoveryState.NOT_KNOWN:
            continue
        ends = None
        if found.low_s is not None and found.high_s is not None:
            ends = (found.low_s, found.high_s)
        yield RecoveryPoint(window.variant.name, attempts, found.after_s, ends)


@dataclass(frozen=True, slots=True)
class RecoveryScale:
    """The axis of seconds, and where on it points lie that were not well again within the run."""

    axis: Axis
    edge: float

    def place(self, point: RecoveryPoint) -> float:
        """Where a point lies on the map."""
        return self.edge if point.after_s is None else point.after_s


def recovery_scale(points: Sequence[RecoveryPoint], most: int) -> RecoveryScale:
    """Seconds from 0 on, with at most so many ticks, and the edge if anything lies there."""
    known = [point.after_s for point in points if point.after_s is not None]
    known += [point.ends[1] for point in points if point.ends is not None]
    axis = linear_axis(0.0, max(known, default=1.0) or 1.0, max(2, most - 1))
    if all(point.after_s is not None for point in points):
        return RecoveryScale(axis, axis.high)
    edge = axis.high * _EDGE
    return RecoveryScale(Axis(0.0, edge * _MARGIN, (*axis.ticks, (edge, NOT_WITHIN))), edge)
