"""Results by the event that was sent, where a profile mixes several."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from bench.model.part import Part
from bench.model.profile import Profile
from bench.record.cells import LEFT_OUT
from bench.record.delta import NO_EVENT, Delta, KeyColumn
from bench.record.parts import MOST, part_of
from bench.record.row_layout import MOST_PAYLOADS
from bench.record.timeline import Stretch
from bench.record.totals import Totals


def tells_events(profile: Profile) -> bool:
    """Whether results are told by event: several are mixed, and not too many to keep."""
    count = len(profile.target.events)
    return 1 < count <= MOST_PAYLOADS and count * len(profile.variants) <= MOST


class PayloadParts:
    """All of them, filled as deltas come. Empty where all events are of one kind.

    What was dropped or never sent had no event yet, and is counted with none.
    """

    def __init__(self, profile: Profile) -> None:
        self._variants = profile.variants
        self._region = profile.target.region
        self._events = profile.target.events
        self._totals: dict[tuple[int, int], Totals] = {}
        self._is_wanted = tells_events(profile)

    def add(self, delta: Delta, measured: NDArray[np.bool_]) -> None:
        """Count what has become known; measured: by cell, whether its phase is."""
        if not self._is_wanted:
            return
        events, variants = (delta.column(c) for c in (KeyColumn.EVENT, KeyColumn.VARIANT))
        held = measured & (events != NO_EVENT)
        places, groups = np.unique(events[held] << 16 | variants[held], return_inverse=True)
        wanted = np.full(held.size, LEFT_OUT)
        wanted[held] = groups
        sums = delta.sums.grouped(wanted, places.size)
        for key, counts, values in zip(places.tolist(), sums.counts, sums.values(), strict=True):
            place = key >> 16, key & 0xFFFF
            totals = self._totals.get(place)
            if totals is None:
                totals = Totals((self._variants[place[1]],), self._region)
                self._totals[place] = totals
            totals.count(0, counts, True)
            totals.record(0, values)

    def results(self, stretches: Sequence[Stretch]) -> tuple[Part, ...]:
        """Event by event in the order of the profile; stretches: how long each variant was on."""
        return tuple(
            part_of(
                totals, self._share(stretches[variant], event), "", None, self._events[event].name
            )
            for (event, variant), totals in sorted(self._totals.items())
        )

    def _share(self, whole: Stretch, event: int) -> Stretch:
        """The time is everybody's, the arrivals are shared by weight."""
        weights = [spec.weight for spec in self._events]
        return Stretch(whole.duration_ns, whole.planned * weights[event] / sum(weights))
