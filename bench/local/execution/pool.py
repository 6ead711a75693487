"""The sandboxes of one version: the most recently used first, idle ones for a while."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from itertools import count
from time import monotonic_ns
from typing import Any

from bench.local.model import FunctionConfig
from bench.local.sandbox.sandbox import CannotStart, Sandbox, Tools
from bench.model.times import NS_PER_S

_numbers = count(1)


class SandboxPool:
    """Sandboxes that share a FunctionConfig. may_grow is asked before each new one."""

    def __init__(self, config: FunctionConfig, tools: Tools, may_grow: Callable[[], bool]) -> None:
        self.config = config
        self.all: set[Sandbox] = set()
        self.init_fails = False
        """Of the environment that was last provisioned."""
        self._tools = tools
        self._may_grow = may_grow
        self._idle: list[Sandbox] = []
        self._retired = False
        self._background: set[asyncio.Task[None]] = set()

    @property
    def alive(self) -> int:
        """Sandboxes with a process that has finished its init."""
        return sum(sandbox.alive for sandbox in self.all)

    def acquire(self) -> Sandbox | None:
        """An idle sandbox, warm if there is one, else a new one; None beyond the scaling rate."""
        for at in range(len(self._idle) - 1, -1, -1):
            if self._idle[at].alive:
                return self._idle.pop(at)
        if self._idle:
            return self._idle.pop()
        return self._new(provisioned=False) if self._may_grow() else None

    def acquire_fresh(self) -> Sandbox | None:
        """A new sandbox in the place of an idle one; None beyond the scaling rate."""
        if not self._may_grow():
            return None
        if self._idle:
            self._close(self._idle.pop())
        return self._new(provisioned=False)

    def _new(self, *, provisioned: bool) -> Sandbox:
        name = f"sandbox-{next(_numbers)}"
        sandbox = Sandbox(name, self.config, self._tools, provisioned=provisioned)
        self.all.add(sandbox)
        return sandbox

    def give_back(self, sandbox: Sandbox) -> None:
        """Make the sandbox free for another invocation; end it if the pool is retired."""
        sandbox.idle_since_ns = monotonic_ns()
        if self._retired:
            self._close(sandbox)
        else:
            self._idle.append(sandbox)

    def discard(self, sandbox: Sandbox) -> None:
        """It could not be started: nobody gets it again."""
        self._close(sandbox)

    async def provision(self, wanted: int) -> int:
        """Have that many provisioned environments up, or none too many: how many there are."""
        held = [sandbox for sandbox in self.all if sandbox.provisioned]
        for sandbox in held[wanted:]:
            sandbox.provisioned = False
        fresh = [self._new(provisioned=True) for _ in range(wanted - len(held))]
        await asyncio.gather(*(self._warm_up(sandbox) for sandbox in fresh))
        return sum(sandbox.provisioned and sandbox.alive for sandbox in self.all)

    async def _warm_up(self, sandbox: Sandbox) -> None:
        try:
            started = await sandbox.start_cold()
        except CannotStart:  # fewer are up than were asked for, and are said to be
            self.discard(sandbox)
        else:
            self.init_fails = started.failure is not None
            self.give_back(sandbox)

    def reap(self, idle_s: float) -> None:
        """Close what has been idle for longer than idle_s; restart provisioned ones that died."""
        before_ns = monotonic_ns() - int(idle_s * NS_PER_S)
        for sandbox in list(self._idle):
            if sandbox.provisioned and not sandbox.alive:
                self._idle.remove(sandbox)
                self._keep(self._warm_up(sandbox))
            elif not sandbox.provisioned and sandbox.idle_since_ns <= before_ns:
                self._idle.remove(sandbox)
                self._close(sandbox)

    def retire(self) -> None:
        """The version is gone or changed: idle sandboxes close now, others when they are done."""
        self._retired = True
        while self._idle:
            self._close(self._idle.pop())

    async def close(self) -> None:
        """Close all, busy ones too."""
        self.retire()
        for sandbox in list(self.all):
            self._close(sandbox)
        await asyncio.gather(*self._background)

    def _close(self, sandbox: Sandbox) -> None:
        self.all.discard(sandbox)
        self._keep(sandbox.close())

    def _keep(self, work: Coroutine[Any, Any, None]) -> None:
        """Run something in the background, until the pool closes at the latest."""
        task = asyncio.ensure_future(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)
