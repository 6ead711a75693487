"""Event invocations: accepted at once, run afterwards, tried again when they fail.

As on AWS a function error is retried twice, a minute and then two minutes later, and a throttle
for up to six hours with growing pauses. What is waiting is lost when the server ends.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from bench.local.account.store import Store
from bench.local.execution.dispatcher import Dispatcher
from bench.local.http.api_error import ApiError
from bench.local.model import Invocation

ERROR_DELAYS_S = (60.0, 120.0)
THROTTLE_FIRST_DELAY_S = 1.0
THROTTLE_LAST_DELAY_S = 300.0
MAX_AGE_S = 6 * 3600.0


class EventQueue:
    """Event invocations under way or waiting for another try."""

    def __init__(
        self,
        store: Store,
        dispatcher: Dispatcher,
        error_delays_s: Sequence[float] = ERROR_DELAYS_S,
        throttle_delay_s: float = THROTTLE_FIRST_DELAY_S,
    ) -> None:
        self._store = store
        self._dispatcher = dispatcher
        self._error_delays_s = error_delays_s
        self._throttle_delay_s = throttle_delay_s
        self._tasks: set[asyncio.Task[None]] = set()

    def submit(self, invocation: Invocation) -> None:
        """Run it in the background, on what its ARN means at the time."""
        task = asyncio.ensure_future(self._see_through(invocation))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def idle(self) -> None:
        """Wait until nothing is left to do."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def close(self) -> None:
        """Drop the events that are queued or under way."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _see_through(self, invocation: Invocation) -> None:
        delays = list(self._error_delays_s)
        pause_s = self._throttle_delay_s
        waited_s = 0.0
        while waited_s < MAX_AGE_S:
            try:
                target = self._store.target(invocation.arn)
            except ApiError:
                return  # deleted meanwhile
            try:
                result = await self._dispatcher.invoke(target, invocation)
            except ApiError:
                result = None  # no environment: tried again as after a throttle
            if result is None or result.throttle_reason:
                delay_s = pause_s
                pause_s = min(2 * pause_s, THROTTLE_LAST_DELAY_S)
            elif result.error and delays:
                delay_s = delays.pop(0)
            else:
                return
            waited_s += delay_s
            await asyncio.sleep(delay_s)
