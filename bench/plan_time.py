"""Which instant of its plan a run is at: commands hold the load, let it go on, and skip. Pure.

What is planned at an instant of a variant's turn, a fault too, meets the load that was planned for
it: what a command puts off or leaves out of the load, it puts off or leaves out of the faults.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable

from bench.model.live import COMMAND_EVENT, RunEvent
from bench.model.load import CommandKind, Plan, Shift


class PlanTime:
    """The run's time as its plan's; the two are one until a command moves them apart."""

    def __init__(self, plan: Plan) -> None:
        self._ends_ns = [segment.end_ns for segment in plan.segments]
        self.shifts: tuple[Shift, ...] = (Shift(0, 0),)
        """In time order, by the run's time; the first is its beginning."""

    @classmethod
    def told_by(cls, plan: Plan, events: Iterable[RunEvent]) -> PlanTime:
        """As the commands among a run's events have it."""
        found = cls(plan)
        for event in events:
            at_ns = event.fields.get("at_ns", event.t_ns)
            is_command = event.kind == COMMAND_EVENT and event.text in set(CommandKind)
            if is_command and isinstance(at_ns, int):
                found.apply(CommandKind(event.text), at_ns)
        return found

    def apply(self, kind: CommandKind, at_ns: int) -> bool:
        """What a command does to it, from at_ns on, which is not before earlier ones; if it does.

        Until the load is let go on, the plan's time stands still. A segment that is skipped never
        is: its end is next.
        """
        plan_ns, runs = self.at(at_ns), self.shifts[-1].runs
        if kind is CommandKind.HOLD and runs and plan_ns < self._end_ns:
            return self._add(Shift(at_ns, plan_ns, runs=False))
        if kind is CommandKind.RESUME and not runs:
            return self._add(Shift(at_ns, plan_ns))
        if kind is CommandKind.SKIP_PHASE and plan_ns < self._end_ns:
            next_ns = self._ends_ns[bisect_right(self._ends_ns, plan_ns)]
            return self._add(Shift(at_ns, next_ns, runs))
        return False

    def at(self, t_ns: int) -> int:
        """The plan's instant at an instant of the run."""
        last = bisect_right(self.shifts, t_ns, key=lambda shift: shift.at_ns) - 1
        return self.shifts[max(last, 0)].plan_at(t_ns)

    @property
    def _end_ns(self) -> int:
        return self._ends_ns[-1] if self._ends_ns else 0

    def _add(self, shift: Shift) -> bool:
        self.shifts = (*self.shifts, shift)
        return True
