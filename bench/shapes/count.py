"""How many arrivals a segment plans: what a forecast says is what the schedule sends."""

from __future__ import annotations

from bench.model.load import Segment
from bench.model.profile import Arrivals


def arrival_count(segment: Segment, turn: int, kind: Arrivals) -> float:
    """Arrivals of the variant at this place in the segment's variants, over all workers.

    Exact for even arrivals and for instants of the shape's own; of Poisson arrivals the mean.
    """
    if kind is Arrivals.EVEN:
        return float(segment.shape.even_count(segment.stagger(turn)))
    return segment.shape.expected
