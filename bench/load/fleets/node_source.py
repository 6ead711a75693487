"""What brings up the nodes of a fleet: a cluster, or this machine for a trial."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from bench.load.remote_node import Link


class NodeSource(Protocol):
    """What brings up nodes and lets go of them."""

    async def open(self) -> Sequence[Link]:
        """A link to each node, at least one. Raises LamloadError."""

    async def branches(self, groups: Sequence[Sequence[int]]) -> Sequence[Link]:
        """Links to what adds up the reports of each group of nodes, which are told by number.

        () where there is nothing that could: then all are asked directly. Raises LamloadError.
        """

    async def close(self) -> None:
        """Let go of everything that `open` took. Raises nothing."""

    async def check(self) -> None:
        """Return if what the nodes stand on answers; hang or raise anything if it does not."""

    @property
    def ground(self) -> str:
        """What the nodes stand on, as words call it."""

    def manifest(self) -> dict[str, Any]:
        """What the nodes stand on; no secret."""
