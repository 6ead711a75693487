"""Nodes on a Dask cluster: one actor for each Dask worker, which owns a node process there.

The only file that imports Dask, and only a run that asks for a cluster imports it. Launching the
cluster is Dask's business; what a node is and does stands in bench.load.node.

An actor is pinned to its worker: Dask runs the task of a dead worker again elsewhere
(dask/distributed#7870), which here would be load on somebody's bill. A node that is started again
all the same begins nothing without its token.
"""

from __future__ import annotations

import asyncio
import json
import logging
import signal
from collections.abc import Awaitable, Iterable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from importlib.metadata import version
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import cloudpickle
import dask.config
from distributed import Client, LocalCluster

import bench
from bench.errors import FleetError, UsageError
from bench.load.branch import Branch
from bench.load.fleets import there
from bench.load.fleets.open import FleetWord
from bench.load.frames import VERSION
from bench.load.node_messages import Unseen
from bench.load.node_process import OwnedNode
from bench.load.patience import while_answering

cloudpickle.register_pickle_by_value(there)

CONNECT_S = 10.0
ANSWER_S = 4.5
"""For a word of the scheduler's, or of a worker's by way of it."""
ACTOR_S = 30.0
"""For a worker to load the package and make an actor: it takes a second or two."""
DIRECT_S = 5.0
CLOSE_S = 6.0
DIRECT_FIRST_S = 0.25
"""For a worker to answer directly, before the scheduler is asked to pass on that it is to end."""
_THERE = ("finished", "pending")
"""States of an actor's future, for all that the scheduler knows, while its worker is there."""
_QUIET = {
    "distributed.worker.profile.enabled": False,  # it samples every thread each 10 ms
    "distributed.admin.tick.limit": "1h",
    "logging": {"distributed": "critical", "tornado": "critical", "bokeh": "critical"},
}
_TLS_MEND = (
    "Dask takes the files of tls:// from its configuration: DASK_DISTRIBUTED__COMM__TLS__CA_FILE, "
    "…__TLS__CLIENT__CERT and …__TLS__CLIENT__KEY"
)


class ActorNode:
    """A Link to a node process that an actor owns."""

    def __init__(self, name: str, actor: Any, future: Any, address: str | None = None) -> None:
        """address: of the Dask worker; its name is that, unless it is given."""
        self.name = name
        self.actor = actor
        self._address = address or name
        self._future = future
        self._passing: asyncio.Future[bool] | None = None
        """What the scheduler was asked to pass on."""

    async def call(self, question: bytes) -> bytes:
        """Ask over a call of the actor's; it goes from here to the worker itself.

        Raises ConnectionError where the node process has ended, or its Dask worker.
        """
        try:
            answer: bytes = await self.actor.call(Unseen(question))
        except ConnectionError:
            raise  # the node's own words
        except (OSError, RuntimeError) as error:
            raise ConnectionError(
                f"its Dask worker has ended, or is out of reach ({error})"
            ) from error
        return answer

    async def reach(self) -> None:
        """Return once the actor has answered; it starts no process for that. Raises anything."""
        await self.actor.pid

    async def close(self) -> bool:
        """Have the actor end its process, and forget the actor; False if it was not heard.

        It may be this side alone that does not reach the worker: then the scheduler passes it on.
        May be cancelled and called again: what the scheduler was asked goes on meanwhile.
        """
        directly = asyncio.ensure_future(self._end_directly())
        try:
            async with asyncio.timeout(CLOSE_S):
                for way in asyncio.as_completed((directly, self._passed_on())):
                    if await way:
                        break
                else:
                    return False
        except TimeoutError:
            return False
        finally:
            directly.cancel()
            await asyncio.gather(directly, return_exceptions=True)
        await self.forget()
        with suppress(Exception):
            self._future.release()
        return True

    async def forget(self) -> None:
        """Ask the scheduler no longer to pass anything on. Raises nothing."""
        passing, self._passing = self._passing, None
        if passing is not None:
            passing.cancel()
            await asyncio.gather(passing, return_exceptions=True)

    async def _end_directly(self) -> bool:
        with suppress(Exception):  # whatever Dask raises where a worker is out of reach
            await self.actor.close()
            return True
        return False

    def _passed_on(self) -> asyncio.Future[bool]:
        """What the scheduler is asked, or was: one question at a time, until one was heard."""
        if self._passing is None or (self._passing.done() and not self._passing.result()):
            self._passing = asyncio.ensure_future(self._pass_on())
        return self._passing

    async def _pass_on(self) -> bool:
        await asyncio.sleep(DIRECT_FIRST_S)
        if self._future.status not in _THERE:
            return False
        with suppress(Exception):
            async with asyncio.timeout(CLOSE_S):
                await self._future.client.run(end_owned, self._future.key, workers=[self._address])
            return True
        return False


class DaskNodes:
    """A node on each worker of a cluster; of a cluster of processes here, if the word says so."""

    def __init__(self, word: FleetWord, *, insecure: bool) -> None:
        self._word = word
        self._insecure = insecure
        self._cluster: Any = None
        self._client: Any = None
        self._address = ""
        self._nodes: Sequence[ActorNode] = ()

    async def open(self) -> list[ActorNode]:
        """Connect, and make an actor on each worker. Raises FleetError with the remedy."""
        for name in list(logging.root.manager.loggerDict):  # a view may be where they write
            if name.partition(".")[0] in ("distributed", "tornado"):
                logging.getLogger(name).setLevel(logging.CRITICAL)
        dask.config.set(_QUIET)
        await self._connect()
        workers = await _answer(self._client.nthreads(), f"the Dask scheduler at {self._address}")
        if not workers:
            raise FleetError(f"the Dask cluster at {self._address} has no worker: start some")
        if self._word.processes:
            await self._client.run(ignore_interrupts)
        self._check_ways(workers)
        await asyncio.gather(*map(self._hear, sorted(workers)))
        versions = self._client.get_versions(check=False)
        check_versions(await _answer(versions, f"the Dask cluster at {self._address}"))
        asking = self._client.run(there.lamload_there, on_error="return")
        check_lamload(await _answer(asking, f"the Dask cluster at {self._address}", ACTOR_S))
        self._nodes = await asyncio.gather(*(self._node(address) for address in sorted(workers)))
        await self._find_way(self._nodes)
        return list(self._nodes)

    async def branches(self, groups: Sequence[Sequence[int]]) -> list[ActorNode]:
        """An actor beside the first node of each group. Raises FleetError."""
        return list(await asyncio.gather(*map(self._branch, groups)))

    async def _branch(self, numbers: Sequence[int]) -> ActorNode:
        address = self._nodes[numbers[0]].name
        actors = [self._nodes[number].actor for number in numbers]
        actor, future = await self._actor(address, Branch, list(numbers), actors)
        return ActorNode(f"the machine of {address}", actor, future, address)

    async def close(self) -> None:
        """Leave the cluster, and end one that was made for this run."""
        await asyncio.gather(*(node.forget() for node in self._nodes))
        for closing in (self._client, self._cluster):
            if closing is not None:
                with suppress(Exception):
                    async with asyncio.timeout(CLOSE_S):
                        await closing.close()

    async def check(self) -> None:
        """Ask the scheduler for a word, if that is not in this very process."""
        if self._cluster is None:
            await self._client.scheduler.echo(data="")

    @property
    def ground(self) -> str:
        """The scheduler, by its address."""
        return f"the Dask scheduler at {self._address}"

    def manifest(self) -> dict[str, Any]:
        """The cluster's address and Dask's version."""
        kind = "dask-local" if self._word.processes else "dask"
        return {"kind": kind, "scheduler": self._address, "distributed": version("distributed")}

    # -- the cluster

    async def _connect(self) -> None:
        if self._word.processes:
            self._cluster = await self._make_cluster(self._word.processes)
            self._address = str(self._cluster.scheduler_address)
        else:
            self._address = self._word.address or self._file_address()
            self._check_ways([self._address])
        try:
            self._client = Client(  # type: ignore[no-untyped-call]
                self._address, asynchronous=True, timeout=CONNECT_S, direct_to_workers=True
            )
            async with asyncio.timeout(CONNECT_S):  # Dask's own limit is for each of its steps
                await self._client
        except (OSError, TimeoutError) as error:
            raise FleetError(
                f"no Dask scheduler answers at {self._address} within {CONNECT_S:g} s: {error}"
            ) from None
        except (TypeError, ValueError, RuntimeError) as error:
            mend = f"; {_TLS_MEND}" if self._address.startswith("tls://") else ""
            raise UsageError(f"--fleet {self._address}: {error}{mend}") from None

    async def _make_cluster(self, processes: int) -> Any:
        return await LocalCluster(  # type: ignore[no-untyped-call]
            n_workers=processes,
            threads_per_worker=1,
            processes=True,
            memory_limit=0,
            dashboard_address="127.0.0.1:0",  # without one Dask complains where 8787 is taken
            scheduler_kwargs={"dashboard": False},
            host="127.0.0.1",
            silence_logs=logging.CRITICAL,
            asynchronous=True,
        )

    def _file_address(self) -> str:
        path = self._word.scheduler_file
        assert path is not None
        try:
            address = json.loads(path.read_text("utf-8"))["address"]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise UsageError(
                f"--fleet: {path} is no scheduler file of Dask's ({type(error).__name__}): "
                "`dask scheduler --scheduler-file` writes one"
            ) from None
        return str(address)

    def _check_ways(self, addresses: Iterable[str]) -> None:
        """Raises UsageError where somebody else on the network could read along, or give orders."""
        for address in addresses:
            parts = urlsplit(address)
            if self._insecure or parts.scheme == "tls" or is_loopback(parts.hostname or ""):
                continue
            raise UsageError(
                f"--fleet: {address} is beyond this machine and not encrypted, and whoever reaches "
                "a Dask scheduler without TLS runs code as you: use tls://, or say "
                "--insecure-fleet where nobody else is on that network"
            )

    async def _node(self, address: str) -> ActorNode:
        return ActorNode(address, *await self._actor(address, OwnedNode, address))

    async def _actor(self, address: str, kind: type, *arguments: Any) -> tuple[Any, Any]:
        """An actor on a worker and its future, which keeps it. Raises FleetError."""
        future = self._client.submit(
            kind,
            *arguments,
            key=f"lamload-{kind.__name__.lower()}-{uuid4().hex}",
            actor=True,
            workers=[address],
            allow_other_workers=False,
            pure=False,
            retries=0,
        )
        try:
            async with asyncio.timeout(ACTOR_S):
                actor = await while_answering(_result(future), partial(self._hear, address))
                return actor, future
        except FleetError:
            raise
        except TimeoutError:
            raise FleetError(
                f"the Dask worker {address} made no node within {ACTOR_S:g} s: is it busy?"
            ) from None
        except Exception as error:
            raise FleetError(
                f"the Dask worker {address} cannot load lamload "
                f"({type(error).__name__}: {error}): pip install lamload=={bench.__version__} there"
            ) from error

    async def _hear(self, address: str) -> None:
        """Raises FleetError if a worker has no word for the scheduler."""
        asking = self._client.scheduler.broadcast(msg={"op": "echo", "data": ""}, workers=[address])
        await _answer(asking, f"the Dask worker {address}")

    async def _find_way(self, nodes: Iterable[ActorNode]) -> None:
        """Through the scheduler, where a worker's own address cannot be reached from here."""
        with suppress(Exception):
            async with asyncio.timeout(DIRECT_S):
                await asyncio.gather(*(node.reach() for node in nodes))
            return
        self._client.direct_to_workers = False


async def _answer(asking: Awaitable[Any], who: str, limit_s: float = ANSWER_S) -> Any:
    """What somebody of the cluster answers at once. Raises FleetError if nothing comes."""
    try:
        async with asyncio.timeout(limit_s):
            return await asking
    except TimeoutError:
        raise FleetError(
            f"{who} did not answer for {limit_s:g} s: end it, or start it again"
        ) from None
    except (OSError, RuntimeError) as error:
        raise FleetError(f"{who} does not answer: {error}") from None


async def _result(future: Any) -> Any:
    return await future


def check_versions(found: Mapping[str, Any]) -> None:
    """Raises FleetError where somebody has another Python or Dask, with the remedy.

    found: as Client.get_versions has it. It comes without anything being pickled, which would have
    no meaning for another Python.
    """
    ours = _versions(found["client"])
    others = {"the Dask scheduler": found["scheduler"]}
    others |= {f"the Dask worker {name}": one for name, one in sorted(found["workers"].items())}
    for who, versions in others.items():
        for what, theirs in _versions(versions).items():
            if theirs != ours[what]:
                raise FleetError(
                    f"{who} has {what} {theirs} and this side {ours[what]}: give both the same"
                )


def check_lamload(found: Mapping[str, Any]) -> None:
    """Raises FleetError where a worker has another lamload or none, with the remedy.

    found: by worker, what `lamload_there` gave or raised there.
    """
    ours = (bench.__version__, VERSION)
    for address, theirs in sorted(found.items()):
        if isinstance(theirs, Exception):
            raise FleetError(
                f"the Dask worker {address} cannot load lamload "
                f"({type(theirs).__name__}: {theirs}): pip install lamload=={ours[0]} there"
            )
        if tuple(theirs) != ours:
            raise FleetError(
                f"the Dask worker {address} has lamload {theirs[0]} (frames {theirs[1]}) and this "
                f"side {ours[0]} (frames {ours[1]}): pip install lamload=={ours[0]} there"
            )


def _versions(found: Mapping[str, Any]) -> dict[str, str]:
    python = ".".join(str(found["host"]["python"]).split(".")[:2])
    return {"Python": python, "distributed": str(found["packages"]["distributed"])}


async def end_owned(key: str, dask_worker: Any) -> None:
    """On a worker: end the node process of the actor with this key, if that is there still."""
    actor = dask_worker.state.actors.get(key)
    if actor is not None:
        await actor.close()


def ignore_interrupts() -> None:
    """Ctrl-C at a terminal reaches processes started there too, and is the coordinator's matter."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def is_loopback(host: str) -> bool:
    """Whether an address never leaves its machine; a name does, but for localhost."""
    try:
        return ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return host == "localhost"
