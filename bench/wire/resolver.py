"""Names into addresses: every address in turn, resolved anew by age.

A load balancer changes its addresses under load and expects its clients to notice; a client that
keeps to the first address measures one node of it.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from time import monotonic_ns

Address = tuple[int, str, int]
"""(family, IP address, port)."""


class Resolver:
    """Resolves one host and port; hands its addresses out in turn."""

    def __init__(self, host: str, port: int, max_age_ns: int) -> None:
        self._host = host
        self._port = port
        self._max_age_ns = max_age_ns
        self._addresses: list[Address] = _literal(host, port)
        self._fixed = bool(self._addresses)
        self._resolved_ns = 0
        self._turn = 0
        self._asking: asyncio.Task[list[Address]] | None = None

    async def next(self) -> tuple[Address, int]:
        """The next address, and the nanoseconds spent asking (0 from the cache).

        Raises OSError when the name does not resolve and nothing is known from before.
        """
        started_ns = monotonic_ns()
        if not self._fixed and self._is_old(started_ns):
            await self._refresh()
        address = self._addresses[self._turn % len(self._addresses)]
        self._turn += 1
        return address, monotonic_ns() - started_ns if not self._fixed else 0

    def _is_old(self, now_ns: int) -> bool:
        return not self._addresses or now_ns - self._resolved_ns > self._max_age_ns

    async def _refresh(self) -> None:
        if self._asking is None:
            self._asking = asyncio.ensure_future(self._ask())
        asking = self._asking
        try:
            self._addresses = await asyncio.shield(asking)
            self._resolved_ns = monotonic_ns()
        except OSError:
            if not self._addresses:
                raise
        finally:
            if asking.done():
                self._asking = None

    async def _ask(self) -> list[Address]:
        answers = await asyncio.get_running_loop().getaddrinfo(
            self._host, self._port, type=socket.SOCK_STREAM
        )
        return list(
            dict.fromkeys((family, str(to[0]), self._port) for family, _, _, _, to in answers)
        )


def _literal(host: str, port: int) -> list[Address]:
    try:
        version = ipaddress.ip_address(host).version
    except ValueError:
        return []
    return [(socket.AF_INET if version == 4 else socket.AF_INET6, host, port)]
