"""Connecting to whichever of several addresses takes the connection first (happy eyeballs).

RFC 8305, section 5: the next address is tried when the one before has refused, or has said nothing
for 250 ms. Who was overtaken is not given up: its attempt goes on, so that it becomes known whether
the address is slow or dead.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Iterable

from bench.model.times import NS_PER_MS, NS_PER_S
from bench.wire.connection import PooledAddress

ATTEMPT_DELAY_NS = 250 * NS_PER_MS
"""How long an address may be silent before the next one is tried as well."""

Connect = Callable[[PooledAddress], Awaitable[socket.socket]]
Overtaken = dict["asyncio.Task[socket.socket]", PooledAddress]


async def connect_first(
    addresses: Iterable[PooledAddress],
    connect: Connect,
    refused: Callable[[PooledAddress, OSError], None],
) -> tuple[socket.socket, PooledAddress, Overtaken]:
    """The first connection that comes about, its address, and the attempts that it overtook.

    refused is told of each address that says no. Raises the first one's OSError if all do.
    """
    waiting = iter(addresses)
    racing: Overtaken = {}
    first_error: OSError | None = None
    following = next(waiting, None)
    try:
        while following is not None or racing:
            if following is not None:
                racing[asyncio.ensure_future(connect(following))] = following
                following = next(waiting, None)
            delay_s = None if following is None else ATTEMPT_DELAY_NS / NS_PER_S
            done, _ = await asyncio.wait(
                racing, timeout=delay_s, return_when=asyncio.FIRST_COMPLETED
            )
            for task in done:
                node = racing.pop(task)
                error = task.exception()
                if error is None:
                    return task.result(), node, racing
                if not isinstance(error, OSError):
                    raise error
                first_error = first_error or error
                refused(node, error)
    except BaseException:
        for task in racing:
            task.add_done_callback(_discard)
            task.cancel()
        raise
    raise first_error or OSError("the name has no address")


def _discard(task: asyncio.Task[socket.socket]) -> None:
    """Close what came about although nobody waits for it any more."""
    if not task.cancelled() and task.exception() is None:
        task.result().close()
