"""Names into addresses, resolved anew by age."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Sequence
from time import monotonic_ns

SocketAddress = tuple[int, str, int]
"""(family, IP address, port)."""


class Resolver:
    """Resolves one host and port, and knows when to do so again."""

    def __init__(self, host: str, port: int, max_age_ns: int) -> None:
        self._host = host
        self._port = port
        self._max_age_ns = max_age_ns
        self._addresses: list[SocketAddress] = _literal(host, port)
        self._fixed = bool(self._addresses)
        self._resolved_ns = 0
        self._asking: asyncio.Task[list[SocketAddress]] | None = None

    @property
    def is_fixed(self) -> bool:
        """True for an IP address, which needs no asking."""
        return self._fixed

    @property
    def addresses(self) -> Sequence[SocketAddress]:
        """The literal address, or what the last lookup gave; empty before the first one."""
        return self._addresses

    def is_old(self, now_ns: int) -> bool:
        """Whether it is time to ask again; never for an IP address."""
        if self._fixed:
            return False
        return not self._addresses or now_ns - self._resolved_ns > self._max_age_ns

    async def refresh(self) -> None:
        """Ask, once for all who want to know. What was known stays when there is no answer.

        Raises OSError if nothing was known.
        """
        if self._asking is None:
            self._asking = asyncio.ensure_future(self._query())
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

    async def _query(self) -> list[SocketAddress]:
        try:
            answers = await asyncio.get_running_loop().getaddrinfo(
                self._host, self._port, type=socket.SOCK_STREAM
            )
        except UnicodeError as error:  # a label that is too long, or none between two dots
            raise OSError(f"{self._host} is not a name: {error}") from None
        return list(
            dict.fromkeys((family, str(to[0]), self._port) for family, _, _, _, to in answers)
        )


def _literal(host: str, port: int) -> list[SocketAddress]:
    try:
        version = ipaddress.ip_address(host).version
    except ValueError:
        return []
    return [(socket.AF_INET if version == 4 else socket.AF_INET6, host, port)]
