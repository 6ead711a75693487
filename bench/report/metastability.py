"""Which rate holds, and which one recovers after a disturbance: a point for each variant. Pure.

Between the two a load may be stuck for good in what one disturbance has made of it. On the diagonal
every rate that holds recovers too.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from bench.model.result import CapacityAnswer
from bench.report.axes import Axis, linear_axis


@dataclass(frozen=True, slots=True)
class CapacityPoint:
    """name: of the variant. Both intervals at 95 %, in invocations per second."""

    name: str
    holds: tuple[float, float]
    recovers: tuple[float, float]

    @property
    def place(self) -> tuple[float, float]:
        """The middle of both of them."""
        return sum(self.holds) / 2, sum(self.recovers) / 2


def capacity_points(answers: Iterable[CapacityAnswer]) -> tuple[CapacityPoint, ...]:
    """Of each variant of which both are known."""
    points = []
    for answer in answers:
        low, high = answer.recovers_rps, answer.relapses_rps
        if answer.rate_rps is None or low is None or high is None:
            continue
        holds = (answer.holds_rps or answer.rate_rps, answer.fails_rps or answer.rate_rps)
        points.append(CapacityPoint(answer.variant, holds, (low, high)))
    return tuple(points)


def capacity_axis(points: Iterable[CapacityPoint], most: int) -> Axis:
    """One for both rates, so that the diagonal is one."""
    return linear_axis(0.0, max(max(*p.holds, *p.recovers) for p in points), most)
