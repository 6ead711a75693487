"""A Wire with a task for each exchange, for what is dear enough that a task does not count."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Collection
from time import monotonic_ns

from bench.model.outcome import Outcome
from bench.wire.exchange import Exchange


class TaskWire(ABC):
    """Starts, cancels and ends; the exchange itself is its subclass's."""

    def __init__(self) -> None:
        self._under_way: dict[Exchange, asyncio.Task[None]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        """Those of `_under_way`, and of what was cancelled and is being cleared away."""

    def submit(self, exchange: Exchange) -> None:
        """Begin the exchange in a task of its own."""
        task = asyncio.get_running_loop().create_task(self._run(exchange))
        self._under_way[exchange] = task
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def cancel(self, exchanges: Collection[Exchange], detail: str) -> None:
        """End as TIMEOUT those of them that are under way, and let go of what they held."""
        for exchange in exchanges:
            task = self._under_way.get(exchange)
            if task is not None:
                task.cancel()
                exchange.failure, exchange.detail = Outcome.TIMEOUT, detail
                self._end(exchange)

    def close(self) -> None:
        """Cancel what is under way; each task lets go of what it holds."""
        for task in list(self._tasks):
            task.cancel()

    @abstractmethod
    async def _exchange(self, exchange: Exchange) -> None:
        """Send and receive; whatever goes wrong ends as the exchange's failure."""

    async def _run(self, exchange: Exchange) -> None:
        await self._exchange(exchange)
        self._end(exchange)

    def _end(self, exchange: Exchange) -> None:
        del self._under_way[exchange]
        exchange.last_ns = monotonic_ns()
        exchange.finished()
