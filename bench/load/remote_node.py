"""A node as the coordinator knows it: asked over a link, with its clock and its commands in order.

A link carries the bytes of a question there and those of its answer back; what it stands on (a
process, a Dask actor) knows nothing else.
"""

from __future__ import annotations

import asyncio
import platform
import sys
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from time import time
from typing import Any, Protocol

import bench
from bench.errors import FleetError
from bench.load.clock_offset import ClockFit, Exchange, Reading, fit, reading
from bench.load.frames import VERSION, GatheredAttempts
from bench.load.host import Host
from bench.load.node_files import Shipment
from bench.load.node_messages import (
    LEASE_NS,
    Batch,
    Commands,
    Gathered,
    Orders,
    Pull,
    Told,
    Verb,
    question,
    read_answer,
)
from bench.load.node_trial import Trial
from bench.load.patience import while_answering
from bench.load.wall_clock import beyond
from bench.model.load import Binding

ANSWER_LIMIT_S = 4.0
"""For what a node does at once; bringing up its workers takes longer."""
START_LIMIT_S = 60.0
CLOSE_LIMIT_S = 2.0
DISMISS_S = 0.75
"""For one that was given up on to hear that it is to end, before it is told again."""
EXCHANGES = 8
"""Exchanges of a reading before and after the run; the quickest of them counts."""
NEWS_NS = 50_000
"""By less it is not worth a word: a wake-up takes as long."""
_OLD_ROUND_TRIPS = 32


class Link(Protocol):
    """The way to one node, and whatever the node stands on there."""

    name: str

    async def call(self, question: bytes) -> bytes:
        """The answer's bytes. Raises anything if there is none; may be cancelled."""

    async def reach(self) -> None:
        """Return once what the node stands on has answered; no node is started for that.

        Hangs or raises anything if nobody answers.
        """

    async def close(self) -> bool:
        """End the node if it still runs, and what it stands on. Raises nothing.

        True once it is known to have ended; False if nobody could be told.
        """


class NoAnswer(FleetError):
    """None came in time: it may come to the next question."""


@dataclass(frozen=True, slots=True)
class Greeting:
    """Who answers at the other end."""

    token: str
    machine: str
    pid: int
    load_average: float = 0.0
    """Of its last minute."""
    wall_ahead_s: int = 0
    """By how much its time of day is ahead of the coordinator's, in whole seconds."""


class RemoteNode:
    """One node, until it is lost."""

    def __init__(self, link: Link, now_ns: Callable[[], int]) -> None:
        self.name = link.name
        self._link = link
        self._now_ns = now_ns
        self.greeting = Greeting("", "", 0)
        self.host = Host(link.name, cores=1)
        self.readings: list[Reading] = []
        """Of its clock, oldest first."""
        self.round_trips: deque[int] = deque(maxlen=_OLD_ROUND_TRIPS)
        self.bindings: tuple[Binding, ...] = ()
        """Where its own target is, if it has one."""
        self.zero_later_ns = 0
        """By how much the run's zero is later on its clock than was known when the run began."""
        self.lost_words = ""
        """Why it was given up on; '' while it is not."""
        self._closing: asyncio.Future[None] | None = None
        self._has_ended = False
        """It is known to be no more."""
        self._pending: list[Told] = []
        self._next_command = 1
        self.wanted = Pull()
        """What the next pull says to have."""

    async def ask(self, verb: Verb, payload: Any = None, limit_s: float = ANSWER_LIMIT_S) -> Any:
        """What the node answers. Raises FleetError where it refuses, or none comes in time."""
        return (await self._exchange(verb, payload, limit_s))[0]

    async def ask_for_long(self, verb: Verb, payload: Any, limit_s: float) -> Any:
        """The same for what takes its time: the node has to answer other questions meanwhile."""
        return await while_answering(self.ask(verb, payload, limit_s), self._is_there)

    async def _is_there(self) -> None:
        """Raises NoAnswer: once more after the first time, since it may be this side that slept."""
        with suppress(NoAnswer):
            await self.ask(Verb.CLOCK)
            return
        await self.ask(Verb.CLOCK, limit_s=1.0)

    async def _has_ground(self) -> None:
        for limit_s in (ANSWER_LIMIT_S, 1.0):
            with suppress(TimeoutError):
                async with asyncio.timeout(limit_s):
                    await self._link.reach()
                return
        raise NoAnswer(f"node {self.name} did not answer for {ANSWER_LIMIT_S:g} s")

    async def _exchange(self, verb: Verb, payload: Any, limit_s: float) -> tuple[Any, Exchange]:
        sent_ns = self._now_ns()
        try:
            async with asyncio.timeout(limit_s):  # wait_for may lose a cancellation
                raw = await self._link.call(question(verb, payload))
            answer = read_answer(raw)
        except TimeoutError:
            words = f"node {self.name} did not answer for {limit_s:g} s"
            raise NoAnswer(words) from None
        except Exception as error:
            raise FleetError(f"node {self.name}: {error or type(error).__name__}") from error
        exchange = Exchange(sent_ns, answer.heard_ns, answer.said_ns, self._now_ns())
        if answer.error:
            raise FleetError(f"node {self.name}: {answer.error}")
        return answer.payload, exchange

    # -- before anything is sent

    async def greet(self) -> None:
        """Learn who it is and what it can bear. Raises FleetError for another version."""
        before_s = time()
        asking = self.ask(Verb.HELLO, limit_s=START_LIMIT_S)
        said = await while_answering(asking, self._has_ground)
        ahead_s = beyond(said.get("wall_s", 0.0), before_s, time())
        self._check(said)
        self.greeting = Greeting(
            said["token"], said["machine"], said["pid"], said["load_average"], ahead_s
        )
        self.host = replace(await self.ask(Verb.HOST), name=self.name)
        await self.set_clock()

    async def set_clock(self) -> None:
        """Tell the run's instants by its clock as that stands now. Raises FleetError."""
        await self.measure(EXCHANGES)
        latest = self.readings[-1]
        self.host = replace(
            self.host,
            clock_offset_ns=latest.offset_ns,
            clock_uncertainty_ns=latest.uncertainty_ns,
        )

    def _check(self, said: dict[str, Any]) -> None:
        ours = f"{sys.version_info.major}.{sys.version_info.minor}"
        theirs = ".".join(str(said.get("python")).split(".")[:2])
        if theirs != ours:
            raise FleetError(
                f"node {self.name} runs Python {said.get('python')} and this side "
                f"{platform.python_version()}: give both the same {ours}"
            )
        if (said.get("lamload"), said.get("frames")) != (bench.__version__, VERSION):
            raise FleetError(
                f"node {self.name} has lamload {said.get('lamload')} (frames "
                f"{said.get('frames')}) and this side {bench.__version__} (frames {VERSION}): "
                f"pip install lamload=={bench.__version__} there"
            )

    async def ship(self, files: Sequence[Shipment]) -> None:
        """Send files that its workers need."""
        for file in files:
            for piece in file.pieces():
                await self.ask_for_long(Verb.SHIP, piece, START_LIMIT_S)

    async def order(self, orders: Orders) -> Any:
        """Bring up its workers: what each got of its system, in their order."""
        return await self.ask_for_long(Verb.ORDER, orders, START_LIMIT_S)

    async def try_out(self) -> Trial:
        """A moment of load against itself, before it has any workers."""
        found: Trial = await self.ask(Verb.TRIAL, limit_s=START_LIMIT_S)
        return found

    # -- clock

    async def measure(self, exchanges: int = 1) -> None:
        """One more reading of its clock."""
        made = [
            (await self._exchange(Verb.CLOCK, None, ANSWER_LIMIT_S))[1] for _ in range(exchanges)
        ]
        self.readings.append(reading(made))
        self.round_trips.append(min(exchange.round_trip_ns for exchange in made))

    def clock(self) -> ClockFit:
        """Its clock over the run so far."""
        return fit(self.readings)

    def instant_ns(self, coordinator_ns: int) -> int:
        """An instant of the coordinator's clock by the node's, drift included."""
        return self.host.instant_ns(coordinator_ns) + self.zero_later_ns

    def lead_ns(self) -> int:
        """How far the run's clock there is ahead by the latest reading, at least 0."""
        return max(0, self.readings[-1].offset_ns - self.instant_ns(0))

    def follow(self) -> bool:
        """Move the run's zero as far as the latest reading proves it to be off.

        True if it is to be told: by NEWS_NS at least, so that a few ppm cost a word a minute.
        """
        latest = self.readings[-1]
        off_ns = latest.offset_ns - self.instant_ns(0)
        surely_ns = max(0, abs(off_ns) - latest.uncertainty_ns)
        if surely_ns < NEWS_NS:
            return False
        self.zero_later_ns += surely_ns if off_ns > 0 else -surely_ns
        return True

    # -- under load

    def tell(self, command: Told) -> None:
        """Have it carried out with the next `deliver`, after those before it."""
        self._pending.append(command)

    async def deliver(self) -> tuple[tuple[Told, ...], int]:
        """Tell it what is pending: what that was, and when it heard it by its own clock.

        What is not answered is pending still, under the same numbers. Raises FleetError.
        """
        first, told = self._next_command, tuple(self._pending)
        heard_ns: int = await self.ask(
            Verb.TELL, Commands(first, told, self.greeting.token), ANSWER_LIMIT_S
        )
        del self._pending[: len(told)]
        self._next_command = first + len(told)
        return told, heard_ns

    async def pull(self) -> Batch:
        """What its workers have said since the last time; waits a little for it."""
        batch: Batch = await self.ask(Verb.PULL, self.wanted)
        self.took(batch)
        return batch

    def took(self, batch: Batch) -> None:
        """A batch has come: the next question is for another one."""
        self.wanted = replace(self.wanted, batch=batch.number)

    def merged(self, delta: int) -> None:
        """All of its deltas up to this number are in the results: it may forget them."""
        self.wanted = replace(self.wanted, delta=delta)

    async def gather(self) -> AsyncIterator[GatheredAttempts]:
        """The attempts that stayed there. Raises FleetError if it is lost meanwhile."""
        position: int | None = 0
        while position is not None:
            try:
                found: Gathered = await self.ask(Verb.GATHER, position)
            except NoAnswer:
                if self.lost_words:
                    raise
                continue
            for attempts in found.attempts:
                yield attempts
            position = found.position

    async def close(self) -> None:
        """End it. Raises nothing; one that does not answer is ended by what it stands on."""
        if self._closing is None:
            self._closing = asyncio.ensure_future(self._close())
        await asyncio.shield(self._closing)

    async def _close(self) -> None:
        if self._has_ended:
            return
        if self.lost_words:
            await self._dismiss_once()
            return
        with suppress(FleetError):  # then it ends with its link, or with its lease
            await self.ask(Verb.CLOSE, limit_s=CLOSE_LIMIT_S)
        await self._link.close()

    async def dismiss(self) -> None:
        """Have one that was given up on end, as soon as somebody hears it again.

        It may come back with its share of the load still to be sent, which counts as not sent. It
        is told anew each time: what is on a broken way may arrive much later than what follows it.
        """
        end_ns = self._now_ns() + LEASE_NS
        while not await self._dismiss_once():
            if self._now_ns() > end_ns:
                return
            await asyncio.sleep(DISMISS_S)

    async def _dismiss_once(self) -> bool:
        with suppress(TimeoutError):
            async with asyncio.timeout(DISMISS_S):
                self._has_ended = self._has_ended or await self._link.close()
        return self._has_ended
