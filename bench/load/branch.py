"""What adds up the reports of some nodes on their way, on a machine of the cluster.

To ask each of hundreds of nodes would take more than a core of the coordinator's. A branch keeps
nothing: with every question comes what the coordinator has of each node, and the nodes give out
again what it has not. With a branch that is lost nothing is: its nodes are asked directly then.
"""

from __future__ import annotations

import asyncio
import pickle
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Protocol

from bench.load.node_messages import Batch, Pull, Unseen, Verb, content_of, question, read_answer
from bench.record.report_sums import summed_reports

BRANCH_NODES = 32
"""Nodes of a branch at most: so many of 20,000/s take it a tenth of a core."""
NODE_LIMIT_S = 1.5
"""For one of them to answer: the others do not wait for it any longer."""


class Asked(Protocol):
    """The way to a node."""

    async def call(self, question: bytes) -> bytes:
        """The answer's bytes. Raises anything if there is none."""


class Branch:
    """Of some nodes, by their numbers in the fleet."""

    def __init__(self, numbers: Sequence[int], links: Sequence[Asked]) -> None:
        """links: in the order of the numbers."""
        self._links = dict(zip(numbers, links, strict=True))

    async def call(self, question: bytes | Unseen) -> bytes:
        """Ask the nodes that the question names, all at once. Raises DeltaError.

        See `pulled` and `read_pulled`. A node that does not answer, or refuses, is left out.
        """
        pulls: dict[int, Pull] = pickle.loads(content_of(question))
        batches: dict[int, Batch] = {}

        async def ask(number: int, pull: Pull) -> None:
            with suppress(Exception):  # whoever is left out is asked by the coordinator itself
                batches[number] = await self._batch(number, pull)

        await asyncio.gather(*(ask(number, pull) for number, pull in pulls.items()))
        reports = [data for number in sorted(batches) for data in batches[number].deltas]
        sums = await asyncio.to_thread(summed_reports, reports)
        bare = {number: replace(batch, deltas=()) for number, batch in batches.items()}
        return pickle.dumps((bare, sums), protocol=5)

    async def close(self) -> None:
        """Nothing is kept that could be given back."""

    async def _batch(self, number: int, pull: Pull) -> Batch:
        async with asyncio.timeout(NODE_LIMIT_S):
            said = read_answer(await self._links[number].call(question(Verb.PULL, pull)))
        batch = said.payload
        if said.error or not isinstance(batch, Batch):
            raise LookupError(said.error)
        return batch


def pulled(pulls: Mapping[int, Pull]) -> bytes:
    """A question to a branch: of each node, by number, what the coordinator has."""
    return pickle.dumps(dict(pulls), protocol=5)


def read_pulled(raw: bytes) -> tuple[dict[int, Batch], tuple[bytes, ...]]:
    """Its answer: a batch of each node that has answered, and the sums of their deltas."""
    batches, sums = pickle.loads(raw)
    return batches, sums
