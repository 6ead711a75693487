"""When invocations are wanted. Pure: a segment and a seed give intended times, nothing else does.

Unit-rate arrivals h₁ < h₂ < … (0, 1, 2, … when even; running sums of Exp(1) when Poisson) go
through the inverse of the cumulative rate of the segment's shape. A non-homogeneous Poisson process
results (Çinlar 1975). Shapes with instants of their own leave them aside.
"""

from __future__ import annotations

from collections.abc import Iterator
from heapq import merge
from itertools import count, cycle, islice
from random import Random

from bench.model.load import Segment
from bench.model.profile import Arrivals

Arrival = tuple[int, int]
"""(intended instant in ns since the run's start, index of the variant)."""


def arrivals(
    segment: Segment, kind: Arrivals, seed: int, worker: int, workers: int
) -> Iterator[Arrival]:
    """The share of one worker, every workers-th arrival, in time order.

    Each variant of the segment has the segment's rate and the same gaps as the others, staggered
    by a share of the mean gap. The union over all workers is the whole schedule.
    """
    streams = [
        _stream(segment, turn, variant, kind, seed, worker, workers)
        for turn, variant in enumerate(segment.variants)
    ]
    return streams[0] if len(streams) == 1 else merge(*streams)


def owners(segment: Segment, kind: Arrivals, seed: int, workers: int) -> Iterator[int]:
    """The worker that each arrival of the segment falls to, in time order over all workers."""
    streams = [
        zip(_stream(segment, turn, variant, kind, seed, 0, 1), cycle(range(workers)), strict=False)
        for turn, variant in enumerate(segment.variants)
    ]
    for _, worker in streams[0] if len(streams) == 1 else merge(*streams):
        yield worker


def _stream(
    segment: Segment, turn: int, variant: int, kind: Arrivals, seed: int, worker: int, workers: int
) -> Iterator[Arrival]:
    """One variant's arrivals, as far as they are this worker's: every workers-th."""
    start_ns = segment.start_ns
    instants = segment.shape.offsets_ns(_unit_arrivals(segment, turn, kind, seed))
    for offset_ns in islice(instants, worker, None, workers):
        yield start_ns + offset_ns, variant


def _unit_arrivals(segment: Segment, turn: int, kind: Arrivals, seed: int) -> Iterator[float]:
    """Those below the number that the segment's shape expects."""
    shift = segment.stagger(turn)
    if kind is Arrivals.EVEN:
        return islice(count(shift), segment.shape.even_count(shift))
    stream = segment.index if segment.stream is None else segment.stream
    return _poisson(f"arrivals/{seed}/{stream}", turn, shift, segment.shape.expected)


def _poisson(seed: str, turn: int, shift: float, total: float) -> Iterator[float]:
    # What the shift leaves open at the beginning is a Poisson process too, or counts would be low.
    draw = Random(f"{seed}/{turn}").expovariate
    h = draw(1.0)
    while h < shift and h < total:
        yield h
        h += draw(1.0)
    draw = Random(seed).expovariate
    h = shift + draw(1.0)
    while h < total:
        yield h
        h += draw(1.0)


def callers_at(segment: Segment, t_ns: int) -> int:
    """Callers wanted at an instant, over all workers; 0 outside the segment or in an open loop."""
    offset_ns = t_ns - segment.start_ns
    within = 0 <= offset_ns < segment.duration_ns
    return segment.shape.callers_at(offset_ns) if within else 0


def next_caller_change_ns(segment: Segment, t_ns: int) -> int | None:
    """The next instant at which `callers_at` changes, or None if it stays until the end."""
    offset_ns = segment.shape.next_change_ns(t_ns - segment.start_ns)
    return None if offset_ns is None else segment.start_ns + offset_ns


def share(total: int, worker: int, workers: int) -> int:
    """How many of total fall to one worker when they are dealt in turn."""
    return (total - worker + workers - 1) // workers
