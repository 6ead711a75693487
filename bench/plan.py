"""In which order variants and phases are run. Pure: the same profile gives the same plan."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from random import Random

from bench.model.load import Plan, Segment, Turn
from bench.model.profile import Order, Profile, Variant

_Block = tuple[int, tuple[int, ...]]
"""(round, indexes of the variants that are on together)."""


def make_plan(profile: Profile) -> Plan:
    """All phases of block after block, without gaps.

    sequential: a variant after the other, each with all of its rounds. interleaved: in each round
    every variant once, shuffled anew, so that drift of the machine or of the target meets them
    alike. together: all variants at once, each with the phase's own rate.

    A phase that is wanted once is part of the first round alone.

    All variants meet the same arrivals in a round, so that what differs is their doing.

    A search for capacity (`profile.capacity`) has no phases: its plan is empty and grows later.
    """
    segments: list[Segment] = []
    start_ns = 0
    pieces = [
        (i, piece) for i, phase in enumerate(profile.phases) for piece in phase.shape.pieces()
    ]
    for round_, variants in _blocks(profile):
        for number, (phase, piece) in enumerate(pieces):
            if round_ and profile.phases[phase].once:
                continue
            stream = round_ * len(pieces) + number
            segments.append(
                Segment(len(segments), round_, phase, variants, start_ns, piece, stream)
            )
            start_ns += piece.duration_ns
    return Plan(tuple(segments))


def turns(plan: Plan, variants: Sequence[Variant], start_ns: int) -> tuple[Turn, ...]:
    """When each variant begins its part of each round, as planned; start_ns is the run's zero."""
    found: dict[tuple[int, int], Turn] = {}
    for segment in plan.segments:
        for index in segment.variants:
            turn = Turn(variants[index], start_ns + segment.start_ns)
            found.setdefault((segment.round, index), turn)
    return tuple(sorted(found.values(), key=lambda turn: turn.start_ns))


def _blocks(profile: Profile) -> Iterator[_Block]:
    rounds = range(profile.load.rounds)
    variants = range(len(profile.variants))
    if profile.load.order is Order.TOGETHER:
        yield from ((round_, tuple(variants)) for round_ in rounds)
    elif profile.load.order is Order.SEQUENTIAL:
        yield from ((round_, (variant,)) for variant in variants for round_ in rounds)
    else:
        random = Random(f"plan/{profile.load.seed}")
        for round_ in rounds:
            shuffled = list(variants)
            random.shuffle(shuffled)
            yield from ((round_, (variant,)) for variant in shuffled)
