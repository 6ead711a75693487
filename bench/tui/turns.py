"""Turns of variants laid over each other: a second's place since the beginning of its turn. Pure.

Every variant of a round meets the same arrivals and, at home, the same faults at the same time of
its turn. Over the time of the run these stand side by side; since the beginning of a turn they line
up.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import isnan
from statistics import median

from bench.model.profile import Order, Profile
from bench.model.times import NS_PER_S
from bench.plan import make_plan
from bench.record.question import Question, question_of
from bench.tui.series_store import PartFigure

_DISTURBED = (Question.DISTURBANCE, Question.POLICIES)


@dataclass(frozen=True, slots=True)
class Turns:
    """What a profile plans for each turn.

    once: names of phases that the first turn alone has, and which are left out. starts: second of
    the turn, and the phase or the fault that begins there.
    """

    rounds: tuple[int, ...]
    """By the index of the segment."""
    once: frozenset[str]
    starts: tuple[tuple[float, str], ...]
    length_s: float
    times: int
    """How many each variant has."""
    at_first: bool
    """True if charts show turns before anybody has asked for them."""

    def laid_over(self, seconds: Iterable[PartFigure]) -> dict[int, list[float]]:
        """Known figures of one variant by the second of the turn, over all turns.

        A turn begins where the plan says so; behind a change of the load, which no plan has, where
        the variant was not on before.
        """
        found: dict[int, list[float]] = {}
        start_s, end_s, turn = 0, -1, None
        for t_s, segment, phase, figure in seconds:
            if phase in self.once:
                end_s = -1
                continue
            planned = self.rounds[segment] if 0 <= segment < len(self.rounds) else None
            if t_s > end_s or (None not in (planned, turn) and planned != turn):
                start_s, turn = t_s, planned
            elif planned is not None:
                turn = planned
            end_s = t_s + 1
            figures = found.setdefault(t_s - start_s, [])
            if not isnan(figure):
                figures.append(figure)
        return found

    def medians(self, seconds: Iterable[PartFigure]) -> list[tuple[int, float | None]]:
        """(second of the turn, the middle one of all turns), None where none is known."""
        found = sorted(self.laid_over(seconds).items())
        return [(at, median(figures) if figures else None) for at, figures in found]


def turns_of(profile: Profile) -> Turns | None:
    """None where there is one turn alone, which is the run: nothing can be laid over anything."""
    together = profile.load.order is Order.TOGETHER
    several = profile.load.rounds > 1 or (len(profile.variants) > 1 and not together)
    if profile.capacity is not None or not several:
        return None
    starts, at_ns = [], 0
    for phase in profile.phases:
        if not phase.once:
            starts.append((at_ns / NS_PER_S, phase.name))
            at_ns += phase.duration_ns
    faults = [(float(f.get("start_s", 0.0)), str(f.get("kind"))) for f in profile.target.faults]
    is_disturbed = bool(profile.target.faults) or question_of(profile) in _DISTURBED
    return Turns(
        rounds=tuple(segment.round for segment in make_plan(profile).segments),
        once=frozenset(phase.name for phase in profile.phases if phase.once),
        starts=tuple(sorted({*starts, *faults})),
        length_s=at_ns / NS_PER_S,
        times=profile.load.rounds,
        at_first=is_disturbed and len(profile.variants) > 1 and not together,
    )
