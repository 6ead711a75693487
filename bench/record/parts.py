"""Results by part of the load, where it has more than one: each measured phase, each of its steps.

A ramp, of a rate or of callers, that rises smoothly is told in SLICES of equal length, since no two
of its seconds are alike. What follows a change by hand is part of its phase, but of no step.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from bench.model.load import Segment
from bench.model.part import Ends, Part
from bench.model.profile import Phase, Profile
from bench.model.result import LADDER, Measure
from bench.model.times import NS_PER_S
from bench.record.cells import Known
from bench.record.timeline import Stretch, Timeline
from bench.record.totals import Totals
from bench.stats.quantiles import Curve, quantile_bounds

SLICES = 6
MOST = 256
"""Variants times parts beyond which only the whole is kept: each has histograms of its own."""


@dataclass(frozen=True, slots=True, order=True)
class _Place:
    """A part of the load; step 0 is a phase without steps, or what was changed by hand in one."""

    phase: int
    step: int


class LoadParts:
    """All of them, filled as deltas come. Empty where the load has but one part."""

    def __init__(self, profile: Profile, segments: Sequence[Segment], timeline: Timeline) -> None:
        self._variants = profile.variants
        self._region = profile.target.region
        self._timeline = timeline
        self._phases = profile.phases
        self._steps = dict(_steps(segments))
        self._sliced = {
            segment.index: segment
            for segment in segments
            if is_sliced(profile.phases[segment.phase])
        }
        self._totals: dict[tuple[_Place, int], Totals] = {}
        count = sum(_part_count(phase) for phase in profile.phases if phase.measured)
        self._is_wanted = count > 1 and count * len(profile.variants) <= MOST

    def add(self, known: Known) -> None:
        """Count what has become known of a second."""
        second, variant, segment = known.key
        if not self._is_wanted or not self._timeline.phase_in(segment).measured:
            return
        key = self._place(segment, second * NS_PER_S), variant
        totals = self._totals.get(key)
        if totals is None:
            totals = Totals((self._variants[variant],), self._region)
            self._totals[key] = totals
        totals.count(0, known.counts, True)
        if known.values is not None:
            totals.record(0, known.values)

    def results(self, now_ns: int) -> tuple[Part, ...]:
        """Part by part in the order of the load, each with its variants; as things stand now."""
        stretches = self._stretches(now_ns)
        return tuple(
            self._part(place, totals, stretches.get((place, variant), Stretch()))
            for (place, variant), totals in sorted(self._totals.items(), key=lambda item: item[0])
        )

    def _place(self, segment: int, at_ns: int) -> _Place:
        phase = int(self._timeline.phase_of[segment])
        sliced = self._sliced.get(segment)
        if sliced is None:
            return _Place(phase, self._steps.get(segment, 0))
        share = (at_ns - sliced.start_ns) / sliced.duration_ns
        return _Place(phase, 1 + min(SLICES - 1, max(0, int(share * SLICES))))

    def _stretches(self, now_ns: int) -> dict[tuple[_Place, int], Stretch]:
        """How long each variant has been on in each part."""
        found: dict[tuple[_Place, int], Stretch] = {}
        for segment, whole in self._timeline.between(0, now_ns) if self._is_wanted else ():
            if not self._timeline.phase(segment.phase).measured:
                continue
            for place, stretch in self._cut(segment, whole, now_ns):
                for variant in segment.variants:
                    key = place, variant
                    found[key] = found.get(key, Stretch()) + stretch
        return found

    def _cut(
        self, segment: Segment, whole: Stretch, now_ns: int
    ) -> Iterator[tuple[_Place, Stretch]]:
        """A segment in its parts; a second is of the part in which it begins."""
        if segment.index not in self._sliced:
            yield self._place(segment.index, segment.start_ns), whole
            return
        first, last = segment.start_ns // NS_PER_S, min(segment.end_ns, now_ns) // NS_PER_S
        for second in range(first, last + 1):
            from_ns, to_ns = second * NS_PER_S, min((second + 1) * NS_PER_S, now_ns)
            stretch = self._timeline.stretch(segment.variants[0], segment.index, from_ns, to_ns)
            yield self._place(segment.index, from_ns), stretch

    def _part(self, place: _Place, totals: Totals, stretch: Stretch) -> Part:
        phase, step = self._phases[place.phase], place.step or None
        part = part_of(totals, stretch, phase.name, step, "")
        return replace(part, callers=_callers(phase, step)) if phase.shape.is_closed else part


def part_of(totals: Totals, stretch: Stretch, phase: str, step: int | None, name: str) -> Part:
    """The part that these totals of one variant are of."""
    (window,) = totals.windows([stretch])
    curve = totals.curve(window.variant.name, Measure.RESPONSE)
    bounds = {} if curve is None else {q: _ends(curve, q) for q in LADDER if curve.is_known(q)}
    return Part(phase, step, window, bounds, name)


def _callers(phase: Phase, step: int | None) -> int:
    """Those of a step; where they change within a part, those in its middle."""
    count, shape = _part_count(phase), phase.shape
    return shape.callers_at(round(shape.duration_ns * ((step or 1) - 0.5) / count))


def _ends(curve: Curve, q: float) -> Ends:
    found = quantile_bounds(curve, q)
    return found.low_ns, found.high_ns


def is_sliced(phase: Phase) -> bool:
    """Whether its one piece has a rate, or callers, that change within it."""
    shape = phase.shape
    if not (shape.has_rate or shape.is_closed) or len(shape.pieces()) > 1:
        return False
    level = shape.callers_at if shape.is_closed else shape.rate_rps
    levels = {level(round(shape.duration_ns * share)) for share in (0.0, 0.3, 0.5, 1.0)}
    return len(levels) > 1


def _part_count(phase: Phase) -> int:
    return SLICES if is_sliced(phase) else len(phase.shape.pieces())


def _steps(segments: Sequence[Segment]) -> Iterator[tuple[int, int]]:
    """Index of a segment and which step of its phase it is, of those that have several."""
    for _, run in groupby(segments, key=lambda s: (s.round, s.variants, s.phase)):
        pieces = list(run)
        if len(pieces) > 1:
            yield from ((piece.index, step) for step, piece in enumerate(pieces, 1))
