"""In which order variants and phases are run. Pure: the same profile gives the same plan."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from bench.model.load import Plan, Segment
from bench.model.profile import Order, Phase, Profile

_Block = tuple[int, tuple[int, ...]]
"""(round, indexes of the variants that are on together)."""


def make_plan(profile: Profile) -> Plan:
    """All phases of block after block, without gaps.

    sequential: a variant after the other, each with all of its rounds. interleaved: in each round
    every variant once, shuffled anew, so that drift of the machine or of the target meets them
    alike. together: all variants at once, each with the phase's own rate.

    A search for capacity (`profile.capacity`) has no phases: its plan is empty and grows later.
    """
    segments: list[Segment] = []
    start_ns = 0
    for round_, variants in _blocks(profile):
        for number, phase in enumerate(profile.phases):
            for piece in pieces(phase):
                segments.append(_segment(len(segments), round_, number, variants, start_ns, piece))
                start_ns += piece.duration_ns
    return Plan(tuple(segments))


def pieces(phase: Phase) -> list[Phase]:
    """A stepped ramp as phases of constant rate, the first at its start, the last at its end."""
    if phase.steps == 1:
        return [phase]
    cuts_ns = [phase.duration_ns * step // phase.steps for step in range(phase.steps + 1)]
    return [
        _step(phase, step / (phase.steps - 1), cuts_ns[step + 1] - cuts_ns[step])
        for step in range(phase.steps)
    ]


def _step(phase: Phase, share: float, duration_ns: int) -> Phase:
    """The phase held at a share (0..1) of its way from start to end."""
    rps = phase.start_rps + (phase.end_rps - phase.start_rps) * share
    callers = phase.start_callers
    if callers is not None and phase.end_callers is not None:
        callers += round((phase.end_callers - callers) * share)
    return Phase(
        name=phase.name,
        duration_ns=duration_ns,
        start_rps=rps,
        end_rps=rps,
        measured=phase.measured,
        start_callers=callers,
        end_callers=callers,
    )


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


def _segment(
    index: int, round_: int, number: int, variants: tuple[int, ...], start_ns: int, phase: Phase
) -> Segment:
    return Segment(
        index=index,
        round=round_,
        phase=number,
        variants=variants,
        start_ns=start_ns,
        duration_ns=phase.duration_ns,
        start_rps=phase.start_rps,
        end_rps=phase.end_rps,
        start_callers=phase.start_callers,
        end_callers=phase.end_callers,
        burst=phase.burst,
        every_ns=phase.every_ns,
        replay=phase.replay,
    )
