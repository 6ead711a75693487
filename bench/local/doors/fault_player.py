"""Carries out what the fault plan decides for each request."""

from __future__ import annotations

import asyncio
from bisect import bisect_right
from collections.abc import Awaitable, Callable, Mapping, Sequence
from time import monotonic_ns
from typing import Any

from bench.faults.fault import NS_PER_S
from bench.faults.kinds import FaultAction, FaultKind
from bench.faults.plan import FaultPlan
from bench.local.doors.fault_answers import error_answer, spoilt
from bench.local.http.service import Reply
from bench.local.model import HttpResponse

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
        self._at: dict[str, tuple[int, FaultPlan]] = {}
        """By function: the turn in which it was called last, and the plan of that."""
        self.replace(tables, source)

    def replace(self, tables: Sequence[dict[str, Any]], source: str = "faults") -> None:
        """Another plan, from now on. Raises ProfileError, and keeps the old one, for mistakes."""
        self._plan = FaultPlan.parse(tables, source=source)
        self.tables = tuple(tables)
        self._since_ns = monotonic_ns()
        self._turns, self._at = {}, {}

    def expect(self, turns: Mapping[str, Sequence[int]]) -> None:
        """Play the plan anew for a function from each of these instants of the monotonic clock on.

        The same turn of every function meets the same faults.
        """
        self._turns = {name: sorted(starts) for name, starts in turns.items()}
        self._at = {}

    def _current(self, name: str, now_ns: int) -> tuple[FaultPlan, int]:
        """The plan in force for a function, and since when."""
        starts = self._turns.get(name, ())
        turn = bisect_right(starts, now_ns) - 1
        if turn < 0:
            return self._plan, self._since_ns
        number, plan = self._at.get(name, (-1, self._plan))
        if number != turn:
            plan = FaultPlan(self._plan.faults, turn)
            self._at[name] = turn, plan
        return plan, starts[turn]

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
        now_ns = monotonic_ns()
        plan, since_ns = self._current(name, now_ns)
        decision = plan.decide(now_ns - since_ns, door, name, qualifier)
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
