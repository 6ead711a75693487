"""The arrivals of a worker that is lost: counted as offered and not sent. Pure.

Its share of the schedule is known (bench.load.pacer), and that it takes arrivals up in their order.
What it has reported as offered was the beginning of it; the rest is what it never reported, whether
it sent some of that or not.
"""

from __future__ import annotations

from collections.abc import Iterable

from bench.load.frames import Replan, Start, WorkOrder
from bench.load.pacer import END, NEVER_DUE, Pacer
from bench.model.times import NS_PER_S
from bench.record.row_layout import ArrivalCounts

STEPS_AT_ONCE = 20_000
"""A tenth of a second's work at the most: the coordinator has more to do meanwhile."""


class Unsent:
    """What is left of a worker's share. Callers of a closed loop have no arrivals to be counted."""

    def __init__(
        self, order: WorkOrder, start: Start, replans: Iterable[Replan], reported: int
    ) -> None:
        """replans: in their order. reported: arrivals that it said it was offered."""
        self._pacer = Pacer(order.load, order.worker, order.workers)
        self._pacer.begin(start.segments, start.finish)
        for replan in replans:
            self.replan(replan)
        self._reported = reported
        self._quota = order.quota
        self._taken = 0
        """Arrivals of phases that count against the quota."""

    def replan(self, replan: Replan) -> None:
        """The plan has changed, for a lost worker's share too."""
        self._pacer.replan(replan.at_ns, replan.segments, replan.finish)

    def end(self, at_ns: int) -> None:
        """The load was drained or aborted at an instant: nothing is wanted from there on."""
        self._pacer.replan(at_ns, (), finish=True)

    def until(self, now_ns: int, steps: int = STEPS_AT_ONCE) -> tuple[bytes, bool]:
        """Counts of arrivals before an instant that were not given yet, and whether that is all.

        All of them offered and dropped; not more steps of the schedule than said are looked at.
        """
        counts = ArrivalCounts()
        pacer = self._pacer
        for _ in range(steps):
            intended_ns, variant, segment = pacer.next
            if intended_ns >= min(now_ns, NEVER_DUE):
                return counts.drain(), True
            if variant == END:
                pacer.end()
                return counts.drain(), True
            if variant >= 0 and segment is not None and not self._is_reported(segment.phase):
                cell = counts.cell(intended_ns // NS_PER_S, variant, segment.index)
                cell[0] += 1
                cell[1] += 1
            pacer.advance()
        return counts.drain(), False

    def _is_reported(self, phase: int) -> bool:
        """Whether it took the next arrival up itself, or would not have, by its quota."""
        quota = self._quota
        if quota is not None and phase not in quota.unmeasured:
            if self._taken >= quota.invocations:
                return True
            self._taken += 1
        if self._reported:
            self._reported -= 1
            return True
        return False
