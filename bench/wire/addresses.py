"""The addresses of an origin, each with its free connections; the next one's turn comes each time.

A load balancer is one name with several addresses, which change under load. A client that keeps to
the connections that it has measures the nodes that it met first: so every address is used in turn,
and connections to one that the name has given up are retired.
"""

from __future__ import annotations

from collections.abc import Sequence

from bench.wire.connection import PooledAddress
from bench.wire.resolver import SocketAddress


class AddressRotation:
    """Those of one origin, each in its turn."""

    def __init__(self, addresses: Sequence[SocketAddress]) -> None:
        self._ring = [PooledAddress(address) for address in addresses] or [PooledAddress(None)]
        self._doubted: list[PooledAddress] = []
        """Those that say nothing: they get no turn until a connection to them has come about."""
        self._turn = 0

    @property
    def doubted(self) -> Sequence[PooledAddress]:
        """Those that have no turn, because others were connected while they said nothing."""
        return tuple(self._doubted)

    def next(self) -> PooledAddress:
        """The one whose turn it is."""
        ring, turn = self._ring, self._turn
        if len(ring) == 1:
            return ring[0]
        self._turn = (turn + 1) % len(ring)
        return ring[turn]

    def idle(self) -> int:
        """Connections that are open and free, over all addresses."""
        return sum(len(node.idle) for node in (*self._ring, *self._doubted))

    def others(self, node: PooledAddress) -> list[PooledAddress]:
        """What to try beside it, in this order: those whose turn comes next, then the doubted."""
        turn = self._turn
        ring = [*self._ring[turn:], *self._ring[:turn], *self._doubted]
        return [other for other in ring if other is not node]

    def replace(self, addresses: Sequence[SocketAddress]) -> None:
        """These are the addresses now. What leads to others is closed, once it is free."""
        known = {node.address: node for node in (*self._ring, *self._doubted)}
        nodes = [known.get(address) or PooledAddress(address) for address in addresses]
        doubted = [node for node in nodes if node in self._doubted]
        self._ring = [node for node in nodes if node not in doubted] or nodes
        self._doubted = doubted if self._ring is not nodes else []
        for node in known.values():
            if node not in nodes:
                node.retire()
        self._turn %= len(self._ring)

    def doubt(self, node: PooledAddress) -> None:
        """It says nothing, while another one was connected: it loses its turn to the others."""
        if node in self._ring and len(self._ring) > 1:
            self._ring.remove(node)
            self._doubted.append(node)
            self._turn %= len(self._ring)

    def trust(self, node: PooledAddress) -> None:
        """It has taken a connection: it has its turn again."""
        if node in self._doubted:
            self._doubted.remove(node)
            self._ring.append(node)

    def avoid(self, node: PooledAddress) -> None:
        """It refuses connections: no turn, and nothing more is sent there, if there are others.

        It is asked again once the name has been looked up anew. As other clients do: `localhost`
        often means an address at which nobody listens, and one at which somebody does.
        """
        if node in self._doubted:
            self._doubted.remove(node)
        elif node not in self._ring or len(self._ring) == 1:
            return
        else:
            self._ring.remove(node)
            self._turn %= len(self._ring)
        node.retire()
