"""Carries out what the fault plan decides for each request."""

from __future__ import annotations

import asyncio
from bisect import bisect_right
from collections.abc import Awaitable, Callable, Mapping, Sequence
from time import monotonic_ns
from typing import Any

from bench.faults.kinds import FaultAction, FaultKind
from bench.faults.plan import FaultPlan
from bench.local.doors.fault_answers import error_answer, spoilt
from bench.local.http.service import Reply
from bench.local.model import HttpResponse
from bench.model.load import Shift
from bench.model.times import NS_PER_S

Run = Callable[[bool], Awaitable[HttpResponse | None]]
"""Invokes the function, in a new sandbox if True, and makes the response."""
MakeThrottle = Callable[[FaultAction], HttpResponse]
"""The response of a throttle that never reached the function."""


class FaultPlayer:
    """The plan in force, and how often each kind of it has struck."""

    def __init__(self, tables: Sequence[dict[str, Any]] = (), source: str = "faults") -> None:
        self.struck: dict[str, int] = {}
        self.tables: Sequence[dict[str, Any]] = ()
        self._plan = FaultPlan()
        self._since_ns = 0
        self._turns: dict[str, list[int]] = {}
        self._shifts: tuple[Shift, ...] = ()
        self._at: dict[str, tuple[int, FaultPlan]] = {}
        """By function: the turn in which it was called last, and the plan of that."""
        self.replace(tables, source)

    def replace(self, tables: Sequence[dict[str, Any]], source: str = "faults") -> None:
        """Another plan, from now on. Raises ProfileError, and keeps the old one, for mistakes."""
        self._plan = FaultPlan.parse(tables, source=source)
        self.tables = tuple(tables)
        self._since_ns = monotonic_ns()
        self._turns, self._shifts, self._at = {}, (), {}

    def expect(self, turns: Mapping[str, Sequence[int]], shifts: Sequence[Shift] = ()) -> None:
        """Play the plan anew for a function from each of these instants of the monotonic clock on.

        The same turn of every function meets the same faults. shifts, in time order, say which
        instant counts as which, where the load is not where it was planned to be.
        """
        told = {name: sorted(starts) for name, starts in turns.items()}
        self._at = {k: at for k, at in self._at.items() if told.get(k) == self._turns.get(k)}
        self._turns, self._shifts = told, tuple(shifts)

    def _planned_ns(self, now_ns: int) -> int:
        last = bisect_right(self._shifts, now_ns, key=lambda shift: shift.at_ns) - 1
        return now_ns if last < 0 else self._shifts[last].plan_at(now_ns)

    def _current(self, name: str, now_ns: int) -> tuple[FaultPlan, int]:
        """The plan in force for a function, and for how long."""
        starts, planned_ns = self._turns.get(name, ()), self._planned_ns(now_ns)
        turn = bisect_right(starts, planned_ns) - 1
        if turn < 0:
            return self._plan, now_ns - self._since_ns
        number, plan = self._at.get(name, (-1, self._plan))
        if number != turn:
            plan = FaultPlan(self._plan.faults, turn)
            self._at[name] = turn, plan
        return plan, planned_ns - starts[turn]

    async def play(
        self,
        door: str,
        name: str,
        qualifier: str | None,
        request_id: str,
        reply: Reply,
        run: Run,
        throttle: MakeThrottle,
    ) -> HttpResponse | None:
        """The response to one request, spoilt or not; None when reply has done it all."""
        if not self._plan.faults:
            return await run(False)
        plan, offset_ns = self._current(name, monotonic_ns())
        decision = plan.decide(offset_ns, door, name, qualifier)
        if decision.delay_ns:
            self._count("delay")
            await asyncio.sleep(decision.delay_ns / NS_PER_S)
        if decision.cold:
            self._count(FaultKind.COLD_START)
        action = decision.action
        if action is None:
            return await run(decision.cold)
        self._count(action.kind)
        if action.runs_function:
            response = await run(decision.cold)
            if response is not None:
                reply.send_raw(spoilt(action, response))
            return None
        if action.kind is FaultKind.RESET:
            reply.reset()
            return None
        if action.kind is FaultKind.THROTTLE:
            return throttle(action)
        return error_answer(action, door, request_id)

    def _count(self, kind: str) -> None:
        self.struck[kind] = self.struck.get(kind, 0) + 1
