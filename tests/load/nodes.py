"""Nodes in the test's own process: links without anything between, and faults on them."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from typing import Any

from bench.load.branch import Branch
from bench.load.fleets.fake import FakeClock, FakeFleet
from bench.load.node import Node
from bench.load.node_messages import Verb, read_question


class InProcess:
    """A link to a node on a scripted fleet, whose clock shows `ahead_ns` more than the test's."""

    def __init__(self, name: str, clock: FakeClock, ahead_ns: int = 0, **fleet: Any) -> None:
        self.name = name
        self.ahead_ns = ahead_ns
        self._clock = clock
        self.fleet = FakeFleet(clock, **fleet)
        self.node = Node(name, self.fleet, self.now_ns)
        self.reached = asyncio.Event()
        """Cleared, nothing gets there until it is set again."""
        self.reached.set()
        self.in_reach = asyncio.Event()
        """Cleared, the coordinator alone gets nothing there until it is set again."""
        self.in_reach.set()
        self.answered = asyncio.Event()
        """Set with each answer."""
        self.error: Exception | None = None
        """What every call raises from now on."""
        self.asked = 0
        self.verbs: Counter[Verb] = Counter()
        """How often it was asked for what."""
        self.is_deaf = False
        """Whether it cannot be told to end."""
        self.refusals: asyncio.Queue[None] = asyncio.Queue()

    def now_ns(self) -> int:
        return self._clock.now_ns() + self.ahead_ns

    async def reach(self) -> None:
        await self.reached.wait()

    async def call(self, question: bytes) -> bytes:
        await self.in_reach.wait()
        return await self.hear(question)

    async def hear(self, question: bytes) -> bytes:
        """As `call`, for whoever is nearer than the coordinator."""
        self.asked += 1
        self.verbs[read_question(question)[0]] += 1
        if self.error is not None:
            raise self.error
        await self.reached.wait()
        answer = await self.node.answer(question)
        self.answered.set()
        return answer

    async def close(self) -> bool:
        if self.is_deaf:
            self.refusals.put_nowait(None)
            return False
        await self.node.close()
        return True


class InProcessBranch:
    """A link to a branch in this process; `error` is what every call raises from now on."""

    def __init__(self, name: str, branch: Branch) -> None:
        self.name = name
        self._branch = branch
        self.reached = asyncio.Event()
        """Cleared, it hears nothing until that is set again."""
        self.reached.set()
        self.error: Exception | None = None
        self.asked = 0
        self.is_closed = False

    def cut_off(self, number: int) -> None:
        """From now on the branch does not reach this node, which others do."""
        self._branch._links[number] = _Nowhere()

    async def reach(self) -> None:
        """It is in this process."""

    async def call(self, question: bytes) -> bytes:
        self.asked += 1
        await self.reached.wait()
        answer = await self._branch.call(question)
        if self.error is not None:  # it has asked its nodes, and nobody hears what they said
            raise self.error
        return answer

    async def close(self) -> bool:
        self.is_closed = True
        return True


class Near:
    """A link to a node from a machine beside it."""

    def __init__(self, link: InProcess) -> None:
        self.call = link.hear


class _Nowhere:
    async def call(self, _question: bytes) -> bytes:
        raise ConnectionError("no route to host")


class InProcessNodes:
    """A NodeSource of links that are there already."""

    def __init__(self, links: Sequence[InProcess]) -> None:
        self.links = list(links)
        self.made: list[InProcessBranch] = []
        self.is_closed = False
        self.stands = asyncio.Event()
        """Cleared, what the nodes stand on answers nobody."""
        self.stands.set()

    async def branches(self, groups: Sequence[Sequence[int]]) -> Sequence[InProcessBranch]:
        self.made = [
            InProcessBranch(f"branch {i}", Branch(group, [Near(self.links[n]) for n in group]))
            for i, group in enumerate(groups)
        ]
        return self.made

    async def open(self) -> Sequence[InProcess]:
        return self.links

    async def close(self) -> None:
        self.is_closed = True

    async def check(self) -> None:
        await self.stands.wait()

    @property
    def ground(self) -> str:
        return "the ground"

    def manifest(self) -> dict[str, Any]:
        return {"kind": "in-process"}
