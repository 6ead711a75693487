"""Results by the event that was sent, where a profile mixes several."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bench.model.part import Part
from bench.model.profile import Profile
from bench.record.batch import Batch
from bench.record.parts import MOST, part_of
from bench.record.row_layout import MOST_PAYLOADS, PAYLOAD_SHIFT
from bench.record.timeline import Stretch, Timeline
from bench.record.totals import Totals


class PayloadParts:
    """All of them, filled as rows come. Empty where all events are of one kind.

    What was dropped or never sent had no event yet, and is counted with none.
    """

    def __init__(self, profile: Profile, timeline: Timeline) -> None:
        self._variants = profile.variants
        self._region = profile.target.region
        self._timeline = timeline
        self._events = profile.target.events
        self._totals: dict[tuple[int, int], Totals] = {}
        count = len(self._events)
        is_kept = count <= MOST_PAYLOADS and count * len(self._variants) <= MOST
        self._is_wanted = count > 1 and is_kept

    def add(self, payload: bytes) -> None:
        """Count rows of attempts, packed as bench.record.row_layout has them."""
        if not self._is_wanted:
            return
        batch = Batch(payload)
        measured = self._timeline.places[batch.rows["segment"]][:, 0] > 0
        batch.rows = rows = batch.rows[measured & (batch.rows["attempt"] > 0)]
        if not rows.size:
            return
        which = (rows["flags"] >> PAYLOAD_SHIFT).astype(np.int64)
        keys = batch.sort(which << 16 | rows["variant"].astype(np.int64))
        for (key, values), counts in zip(batch.groups(keys), batch.tallies(keys), strict=True):
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
