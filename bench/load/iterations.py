"""Ending a run after an exact number of invocations: each worker has its share beforehand. Pure.

Shares follow the schedule: of the first so many arrivals each worker has those that are its own, so
that all workers come to their end at the same arrival. What is not known beforehand (a closed loop,
arrivals that are dropped, changes by the operator) moves the end of one worker against that of
another, never the sum.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain, islice, takewhile

from bench.load.schedule import owners, share
from bench.model.load import Plan, Segment
from bench.model.profile import Profile
from bench.model.times import NS_PER_S

FOLLOWED = 500_000
"""Arrivals that are followed through the schedule, which takes about a microsecond each; those
beyond are dealt in turn."""


@dataclass(frozen=True, slots=True)
class Iterations:
    """How many invocations of measured phases one worker may begin.

    An arrival that no free slot took does not use it up; one that a breaker rejected does.
    """

    invocations: int
    unmeasured: frozenset[int] = frozenset()
    """Indexes of the phases whose invocations are not counted."""


class CountedEnd:
    """When a counted run came to its end: what was counted took until then.

    Callers were busy until the last of them had its answer. The last arrival of an open loop has
    its share of the time until another one would have come.
    """

    def __init__(self) -> None:
        self._told_ns: dict[int, int] = {}
        """By worker, its last arrival by the quota, then its last answer."""
        self._gap_ns = 1
        self.by_answers = False
        """Whether the end moves on with the answers that are still to come."""

    def told(self, worker: int, at_ns: int) -> None:
        """A worker had its last arrival, or its last answer."""
        self._told_ns[worker] = max(at_ns, self._told_ns.get(worker, 0))

    @property
    def workers(self) -> int:
        """How many have had their last arrival."""
        return len(self._told_ns)

    @property
    def last_ns(self) -> int:
        """What was told last of all."""
        return max(self._told_ns.values())

    @property
    def end_ns(self) -> int:
        """The end, of the run's clock."""
        return self.last_ns + self._gap_ns

    def close(self, segment: Segment | None) -> None:
        """All have had their last arrival, in this segment."""
        if segment is None:
            return
        self.by_answers = segment.shape.is_closed
        rate_rps = segment.shape.rate_rps(self.last_ns - segment.start_ns)
        if rate_rps > 0 and not self.by_answers:
            left_ns = segment.end_ns - self.last_ns
            self._gap_ns = max(1, min(left_ns, round(NS_PER_S / rate_rps)))


def quotas(profile: Profile, plan: Plan, workers: int) -> list[Iterations | None]:
    """By worker; None for all without that rule, and in a search, whose steps nobody knows yet."""
    total = profile.stop.invocations
    if total is None or profile.capacity is not None:
        return [None] * workers
    phases = enumerate(profile.phases)
    unmeasured = frozenset(index for index, phase in phases if not phase.measured)
    measured = [segment for segment in plan.segments if segment.phase not in unmeasured]
    return [Iterations(dealt, unmeasured) for dealt in _deal(profile, measured, workers, total)]


def _deal(profile: Profile, measured: Sequence[Segment], workers: int, total: int) -> list[int]:
    """Arrivals by the schedule, until a closed loop comes; what is left by turns."""
    load = profile.load
    scheduled = takewhile(lambda segment: not segment.shape.is_closed, measured)
    each = (owners(segment, load.arrivals, load.seed, workers) for segment in scheduled)
    followed = Counter(islice(chain.from_iterable(each), min(total, FOLLOWED)))
    left = total - followed.total()
    callers = _most_callers(measured)
    return [
        followed[worker]
        + sum(share(left, turn, callers or workers) for turn in _turns(worker, workers, callers))
        for worker in range(workers)
    ]


def _turns(worker: int, workers: int, callers: int) -> range:
    """A worker's own turns: as often as it has callers, so that one without any has none."""
    return range(worker, callers or workers, workers)


def _most_callers(segments: Sequence[Segment]) -> int:
    """Of a variant, 0 where every loop is open."""
    return max((segment.shape.most_callers for segment in segments), default=0)
