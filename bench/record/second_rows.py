"""What comes to be known of the seconds of a variant's turns, kept while a run goes on.

What is added costs what is new, so that a run of any length can be asked every few seconds.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence

import numpy as np

from bench.model.load import Segment
from bench.model.outcome import Outcome
from bench.model.profile import Profile, Variant
from bench.model.times import NS_PER_S
from bench.plan import make_plan
from bench.plan_time import PlanTime
from bench.record.batch import Count
from bench.record.buckets import OVER, Indexes
from bench.record.cells import Known
from bench.record.counted import Counted, summed
from bench.record.disturbance import lead_ns
from bench.record.growing_array import GrowingArray
from bench.record.interval_key import IntervalKey
from bench.record.latency_bins import on_spread
from bench.record.measures import Series
from bench.record.turn_seconds import Integers, Seconds, Times, coarse

_OPEN_S = 3
"""For so long the histograms of a second are added up before they are kept."""


class TurnPlaces:
    """Where in which turn a second lies, as planned."""

    def __init__(self, profile: Profile, time: PlanTime) -> None:
        """time: as the run's commands have it."""
        self._segments: Sequence[Segment] = make_plan(profile).segments
        self._time = time
        self._starts: dict[int, list[tuple[int, int]]] = {}
        """By variant: when each of its turns begins, and the round."""
        seen: set[tuple[int, int]] = set()
        self._lead_ns = lead_ns(profile)
        for segment in self._segments:
            for variant in segment.variants:
                if (variant, segment.round) not in seen:
                    seen.add((variant, segment.round))
                    turn = (segment.start_ns, segment.round)
                    self._starts.setdefault(variant, []).append(turn)

    def of(self, variant: int, second: int, segment: int | None) -> tuple[int, int, int] | None:
        """(round, start, end) in the turn; None before the first turn.

        segment: its number; one that a command has put in the place of the plan's is not known
        here, nor is None.
        """
        from_ns, until_ns = second * NS_PER_S, (second + 1) * NS_PER_S
        start_ns, end_ns = self._time.at(from_ns), self._time.at(until_ns)
        if segment is not None and segment < len(self._segments):
            planned = self._segments[segment]
            start_ns = max(start_ns, planned.start_ns)
            end_ns = min(end_ns, planned.end_ns)
        else:  # with a command of that second, if there was one, another segment began
            moved = [s.plan_ns for s in self._time.shifts if from_ns < s.at_ns < until_ns]
            start_ns = max([start_ns, *moved])
        starts = self._starts.get(variant, [])
        at = bisect_right(starts, (start_ns, len(self._segments))) - 1
        if at < 0 or end_ns <= start_ns:
            return None
        began_ns, round_ = starts[at]
        if round_:
            began_ns -= self._lead_ns
        return round_, start_ns - began_ns, end_ns - began_ns


class SecondRows:
    """Of one variant: a row for each second of a segment, in any order."""

    def __init__(self, variant: int, places: TurnPlaces) -> None:
        self._variant = variant
        self._places = places
        self._rows: dict[tuple[int, int | None], int] = {}
        self.of_second: dict[int, list[int]] = {}
        """The rows of each second of the run: one, or two where the load changes in it."""
        self._turns: list[tuple[int, int, int]] = []
        """Round, start and end of each."""
        self._second: list[int] = []
        self._ok: list[int] = []
        self._offered: list[int] = []
        self._max_ns: list[int] = []
        self._forgotten: list[int] = []
        self._open: dict[int, list[Counted]] = {}
        """By row, histograms that are not among the times yet."""
        self._times = GrowingArray(np.uint32), GrowingArray(np.uint16), GrowingArray(np.int64)

    def row(self, second: int, segment: int | None) -> int | None:
        """The row of a second, a new one if need be; None for one that is in no turn."""
        found = self._rows.get((second, segment))
        if found is not None:
            return found
        place = self._places.of(self._variant, second, segment)
        if place is None:
            return None
        self._close(second - _OPEN_S)
        found = self._rows[second, segment] = len(self._turns)
        self.of_second.setdefault(second, []).append(found)
        self._turns.append(place)
        self._second.append(second)
        for column in (self._ok, self._offered, self._max_ns):
            column.append(0)
        return found

    def forget(self, second: int, segment: int) -> None:
        """A second has not come to pass: nothing has happened in it."""
        row = self._rows.pop((second, segment), None)
        if row is not None:
            self.of_second[second].remove(row)
            self._forgotten.append(row)

    def count(self, row: int, ok: int, offered: int, max_ns: int) -> None:
        """So many more successes and arrivals, and a longest response time."""
        self._ok[row] += ok
        self._offered[row] += offered
        self._max_ns[row] = max(self._max_ns[row], max_ns)

    def add(self, row: int, histogram: Counted) -> None:
        """More response times of a second."""
        self._open.setdefault(row, []).append(histogram)

    def extend(self, rows: Integers, buckets: Indexes, counts: Integers) -> None:
        """Likewise of many seconds; buckets are those of histograms."""
        own = Times(rows, coarse(buckets), counts)
        for column, values in zip(self._times, (own.seconds, own.buckets, own.counts), strict=True):
            column.extend(values)

    def _close(self, before_s: int) -> None:
        for row in [row for row in self._open if self._second[row] < before_s]:
            self.extend(*self._opened(row, self._open.pop(row)))

    def _opened(self, row: int, parts: Sequence[Counted]) -> tuple[Integers, Indexes, Integers]:
        held = summed(parts)
        buckets, counts = held.buckets, held.counts.astype(np.int64)
        if len(self.of_second[self._second[row]]) > 1:
            # Files have the histogram of the whole second, and of its parts the spreads.
            buckets = on_spread(buckets)
        inside = buckets != OVER
        rows = np.full(int(inside.sum()), row, dtype=np.int64)
        return rows, buckets[inside], counts[inside]

    def seconds(self, *, is_closed: bool) -> Seconds | None:
        """All of them in the order of time; None if there are none."""
        if not self._rows:
            return None
        rounds, starts_ns, ends_ns = np.array(self._turns, dtype=np.int64).T
        order = np.lexsort((starts_ns, rounds))
        order = order[np.isin(order, self._forgotten, invert=True)]
        place = np.zeros(rounds.size, dtype=np.int64)
        place[order] = np.arange(order.size)
        rows, buckets, counts = (column.values for column in self._times)
        still_open = [self._opened(*item) for item in self._open.items()]
        times = [
            Times(place[rows], buckets, counts),
            *(Times(place[rows], coarse(own), counts) for rows, own, counts in still_open),
        ]
        ok, offered, max_ns = (
            np.array(column, dtype=np.float64)[order]
            for column in (self._ok, self._offered, self._max_ns)
        )
        starts_ns, ends_ns = starts_ns[order], ends_ns[order]
        return Seconds(
            rounds=rounds[order],
            starts_ns=starts_ns,
            ends_ns=ends_ns,
            ok=ok,
            exposure=(ends_ns - starts_ns) / NS_PER_S if is_closed else offered,
            max_ns=max_ns,
            times=Times.joined(times),
            is_closed=is_closed,
        )


class ResponseSeconds:
    """Of all variants of a run under way."""

    def __init__(self, profile: Profile, places: TurnPlaces) -> None:
        self._variants = profile.variants
        self._rows = [SecondRows(number, places) for number in range(len(profile.variants))]
        self._is_closed = is_closed_loop(profile)

    def begin(self, key: IntervalKey) -> None:
        """A measured second is there, whether or not anything happens in it."""
        self._rows[key.variant].row(key.second, key.segment)

    def forget(self, key: IntervalKey) -> None:
        """It has not come to pass."""
        self._rows[key.variant].forget(key.second, key.segment)

    def add(self, known: Known) -> None:
        """What has become known of a measured second."""
        rows, key, values = self._rows[known.key.variant], known.key, known.values
        row = rows.row(key.second, key.segment)
        if row is None:
            return
        ok, offered = int(known.counts[Outcome.OK]), int(known.counts[Count.OFFERED])
        rows.count(row, ok, offered, 0 if values is None else int(values.high_ns[Series.RESPONSE]))
        for part in () if values is None else (values.exact, values.bounds):
            own = part.of_slot(Series.RESPONSE)
            if own.codes.size:
                rows.add(row, own)

    def by_variant(self) -> Mapping[Variant, Seconds]:
        """Their seconds so far, of those of which there are any."""
        found = {
            variant: rows.seconds(is_closed=self._is_closed)
            for variant, rows in zip(self._variants, self._rows, strict=True)
        }
        return {variant: seconds for variant, seconds in found.items() if seconds is not None}


def is_closed_loop(profile: Profile) -> bool:
    """Whether callers wait for their answers, so that no arrivals are planned."""
    return any(phase.shape.is_closed for phase in profile.phases)
