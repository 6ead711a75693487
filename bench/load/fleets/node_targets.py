"""Embedded Lambdas on the nodes of a fleet, each beside the workers that call it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

from bench.errors import LamloadError, UsageError
from bench.load.frames import WorkOrder
from bench.load.host import machine_identity
from bench.load.node_files import Shipment, archives
from bench.load.node_messages import TargetOrder, Verb
from bench.load.remote_node import RemoteNode
from bench.load.targets.own_functions import Folders
from bench.load.targets.per_node import added_statistics
from bench.model.load import Binding, Shift, Turn
from bench.model.profile import Target, TargetKind, Variant

TARGET_LIMIT_S = 60.0
"""For an embedded Lambda to come up on a node."""


class NodeTargets:
    """A TargetHost of which each node runs one."""

    def __init__(self, found: Callable[[], Awaitable[Sequence[RemoteNode]]]) -> None:
        """found: brings the nodes up, if they are not yet."""
        self._found = found
        self.shipped: list[Shipment] = []
        """Folders of functions that the nodes were sent."""

    async def open_targets(
        self, target: Target, variants: Sequence[Variant], folders: Folders
    ) -> tuple[Binding, ...]:
        """Start one on each node, with the functions that are folders sent there."""
        nodes = await self._found()
        packed = archives([target.function, *folders.values()])
        self.shipped += packed
        order = TargetOrder(
            target, tuple(variants), dict(folders), {one.path: one.sha256 for one in packed}
        )

        async def open_on(node: RemoteNode) -> None:
            await node.ship(packed)
            node.bindings = await node.ask_for_long(Verb.TARGET, order, TARGET_LIMIT_S)

        await all_of(open_on(node) for node in nodes)
        return nodes[0].bindings

    async def expect(self, turns: Sequence[Turn], shifts: Sequence[Shift] = ()) -> None:
        """In the time of each node's own clock; one that does not answer is lost soon."""

        async def tell(node: RemoteNode) -> None:
            instant_ns = node.instant_ns
            own = [replace(one, start_ns=instant_ns(one.start_ns)) for one in turns]
            moved = [
                replace(one, at_ns=instant_ns(one.at_ns), plan_ns=instant_ns(one.plan_ns))
                for one in shifts
            ]
            with suppress(LamloadError):
                await node.ask(Verb.EXPECT, (own, moved))

        await all_of(tell(node) for node in await self._found())

    async def target_statistics(self) -> dict[str, Any]:
        """Of the nodes that are left."""
        found: dict[str, dict[str, Any]] = {}

        async def ask(node: RemoteNode) -> None:
            with suppress(LamloadError):
                found[node.name] = await node.ask(Verb.STATISTICS)

        await all_of(ask(node) for node in await self._found() if not node.lost_words)
        return added_statistics(found)


def check_reach(node: RemoteNode, order: WorkOrder) -> None:
    """Raises UsageError where a node cannot reach the embedded Lambda, which is on 127.0.0.1."""
    is_local = order.target.kind is TargetKind.LOCAL and not node.bindings
    if is_local and node.greeting.machine != machine_identity():
        raise UsageError(
            f"the embedded Lambda listens on this machine's 127.0.0.1, which node {node.name} does "
            "not reach: set target.per_node, measure a function on AWS or a URL, or use --fleet "
            "dask-local:4"
        )


async def all_of(works: Iterable[Coroutine[Any, Any, None]]) -> None:
    """All of them; the first that fails is told, and the others are ended."""
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
