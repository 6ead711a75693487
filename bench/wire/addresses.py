"""The addresses of an origin, each with its free connections; the next one's turn comes each time.

A load balancer is one name with several addresses, which change under load. A client that keeps to
the connections that it has measures the nodes that it met first: so every address is used in turn,
and connections to one that the name has given up are retired.
"""

from __future__ import annotations

from collections.abc import Sequence

from bench.wire.connection import PooledAddress
from bench.wire.resolver import Address


class AddressRotation:
    """Those of one origin, each in its turn."""

    def __init__(self, addresses: Sequence[Address]) -> None:
        self._ring = [PooledAddress(address) for address in addresses] or [PooledAddress(None)]
        self._turn = 0

    def next(self) -> PooledAddress:
        """The one whose turn it is."""
        ring, turn = self._ring, self._turn
        if len(ring) == 1:
            return ring[0]
        self._turn = (turn + 1) % len(ring)
        return ring[turn]

    def idle(self) -> int:
        """Connections that are open and free, over all addresses."""
        return sum(len(node.idle) for node in self._ring)

    def replace(self, addresses: Sequence[Address]) -> None:
        """These are the addresses now. What leads to others is closed, once it is free."""
        known = {node.address: node for node in self._ring}
        self._ring = [known.get(address) or PooledAddress(address) for address in addresses]
        for node in known.values():
            if node not in self._ring:
                node.retire()
        self._turn %= len(self._ring)

    def avoid(self, node: PooledAddress) -> PooledAddress | None:
        """It refuses connections: which one to try instead, None if it was the last one.

        It is asked again once the name has been looked up anew. As other clients do: `localhost`
        often means an address at which nobody listens, and one at which somebody does.
        """
        if node in self._ring and len(self._ring) > 1:
            self._ring.remove(node)
            self._turn %= len(self._ring)
            node.retire()
            return self.next()
        return self.next() if node.gone else None
