"""When invocations are wanted. Pure: a segment and a seed give intended times, nothing else does.

One formula covers constant rates, ramps and steps. Unit-rate arrivals h₁ < h₂ < … (0, 1, 2, … when
even; running sums of Exp(1) when Poisson) go through the inverse of the cumulative rate: in a
stretch that starts at rate a per second and changes by k per second each second, the cumulative
rate is R(t) = a·t + k·t²/2, and R(t) = h solves to

    t = 2h / (a + √(a² + 2kh))

which is stable for k = 0 and for a = 0. A non-homogeneous Poisson process results (Çinlar 1975).
"""

from __future__ import annotations

from collections.abc import Iterator
from heapq import merge
from itertools import cycle, islice, repeat
from math import sqrt
from random import Random
from struct import iter_unpack

from bench.model.load import Segment
from bench.model.profile import Arrivals
from bench.model.times import NS_PER_S

Arrival = tuple[int, int]
"""(intended instant in ns since the run's start, index of the variant)."""


def arrivals(
    segment: Segment, kind: Arrivals, seed: int, worker: int, workers: int
) -> Iterator[Arrival]:
    """The share of one worker, every workers-th arrival, in time order.

    Each variant of the segment has the segment's rate and the same gaps as the others, so that all
    meet equal arrivals; they are staggered by a share of the mean gap, so that none is always sent
    behind another. The union over all workers is the whole schedule.
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
    """One variant's share. Bursts and replays come as they are, rates through the formula."""
    if segment.burst is not None:
        instants = _bursts(segment, segment.burst)
    elif segment.replay is not None:
        instants = _replayed(segment, segment.replay)
    else:
        instants = _at_rate(segment, turn, kind, seed)
    for instant_ns in islice(instants, worker, None, workers):
        yield instant_ns, variant


def _bursts(segment: Segment, burst: int) -> Iterator[int]:
    for start_ns in range(segment.start_ns, segment.end_ns, segment.every_ns):
        yield from repeat(start_ns, burst)


def _replayed(segment: Segment, replay: bytes) -> Iterator[int]:
    base_ns = segment.start_ns - segment.replay_from_ns
    for (offset_ns,) in iter_unpack("<q", replay):
        instant_ns = base_ns + offset_ns
        if instant_ns >= segment.end_ns:
            return
        if offset_ns >= segment.replay_from_ns:
            yield instant_ns


def _at_rate(segment: Segment, turn: int, kind: Arrivals, seed: int) -> Iterator[int]:
    duration_s = segment.duration_ns / NS_PER_S
    a, b = segment.start_rps, segment.end_rps
    total = (a + b) / 2 * duration_s
    slope = (b - a) / duration_s if duration_s else 0.0
    start_ns, end_ns = segment.start_ns, segment.end_ns
    for h in _unit_arrivals(segment, turn, kind, seed):
        if h >= total:
            return
        root = a + sqrt(max(0.0, a * a + 2 * slope * h))
        offset_s = 2 * h / root if root else 0.0
        yield min(start_ns + round(offset_s * NS_PER_S), end_ns - 1)


def _unit_arrivals(segment: Segment, turn: int, kind: Arrivals, seed: int) -> Iterator[float]:
    shift = turn / len(segment.variants)
    h = shift
    if kind is Arrivals.EVEN:
        while True:
            yield h
            h += 1.0
    # What the shift leaves open at the beginning is a Poisson process too, or counts would be low.
    draw = Random(f"arrivals/{seed}/{segment.index}/{turn}").expovariate
    before = draw(1.0)
    while before < shift:
        yield before
        before += draw(1.0)
    draw = Random(f"arrivals/{seed}/{segment.index}").expovariate
    while True:
        h += draw(1.0)
        yield h


def callers_at(segment: Segment, t_ns: int) -> int:
    """Callers wanted at an instant, over all workers; 0 outside the segment or in an open loop.

    A ramp from p to q reaches caller number p + i when i of its q - p equal steps have passed.
    """
    if segment.start_callers is None or not segment.start_ns <= t_ns < segment.end_ns:
        return 0
    start = segment.start_callers
    end = start if segment.end_callers is None else segment.end_callers
    moved = abs(end - start) * (t_ns - segment.start_ns) // segment.duration_ns
    return start + moved if end > start else start - moved


def next_caller_change_ns(segment: Segment, t_ns: int) -> int | None:
    """The next instant at which `callers_at` changes, or None if it stays until the end."""
    if segment.start_callers is None or segment.end_callers in (None, segment.start_callers):
        return None
    steps = abs((segment.end_callers or 0) - segment.start_callers)
    passed = max(0, (t_ns - segment.start_ns) * steps // segment.duration_ns)
    change_ns = segment.start_ns + -(-segment.duration_ns * (passed + 1) // steps)
    return change_ns if change_ns < segment.end_ns else None


def share(total: int, worker: int, workers: int) -> int:
    """How many of total fall to one worker when they are dealt in turn."""
    return (total - worker + workers - 1) // workers
