"""Keeps as many environments up as provisioned concurrency asks for, and tells the store."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import NamedTuple

from bench.local.account.concurrency import report_allocated
from bench.local.account.records import ResolvedVersion
from bench.local.account.store import Store
from bench.local.execution.pool import SandboxPool
from bench.local.http.api_error import ApiError

PENDING_POLL_S = 0.05
"""How often to look whether a version that is still Pending has become Active."""


class _Wanted(NamedTuple):
    executions: int
    version: str
    """The one that the qualifier means now: an alias may have moved."""


class Provisioner:
    """One task per function whose provisioned concurrency may have changed."""

    def __init__(self, store: Store, pool_of: Callable[[ResolvedVersion], SandboxPool]) -> None:
        self._store = store
        self._pool_of = pool_of
        self._held: dict[str, dict[str, _Wanted]] = {}
        """By function, qualifier: what was asked for when last looked at."""
        self._provisioned: dict[str, set[SandboxPool]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def reconcile(self, name: str) -> None:
        """Have the environments that the store asks for, in the background."""
        function = self._store.functions.get(name)
        held = function.provisioned if function else {}
        wanted = {q: _Wanted(each.requested, each.version) for q, each in held.items()}
        before = self._held.get(name, {})
        if wanted == before:
            return
        self._held[name] = wanted
        for qualifier, asked in wanted.items():
            if before.get(qualifier) != asked:
                report_allocated(self._store, name, qualifier, 0)
        task = asyncio.ensure_future(self._reconcile(name, dict(wanted)))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def settled(self) -> None:
        """Wait until all that was asked for is up, or has failed to come up."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def close(self) -> None:
        """Cancel what is being started; environments that are up belong to their pools."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _reconcile(self, name: str, wanted: dict[str, _Wanted]) -> None:
        pools: set[SandboxPool] = set()
        for qualifier, (count, _) in wanted.items():
            target = await self._active(name, qualifier)
            if target is None:
                return
            pool = self._pool_of(target)
            pools.add(pool)
            allocated = await pool.provision(count)
            if self._held.get(name) == wanted:
                fails = pool.init_fails and allocated < count
                report_allocated(self._store, name, qualifier, allocated, init_fails=fails)
        for pool in self._provisioned.get(name, set()) - pools:
            await pool.provision(0)
        self._provisioned[name] = pools

    async def _active(self, name: str, qualifier: str) -> ResolvedVersion | None:
        """The version once it is Active; None if it has gone."""
        while True:
            try:
                return self._store.target(name, qualifier)
            except ApiError as error:
                if error.status != 409:
                    return None
            await asyncio.sleep(PENDING_POLL_S)
