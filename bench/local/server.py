"""The embedded Lambda as a whole: starts its parts, says where they are, ends them."""

from __future__ import annotations

import asyncio
import os
import sys
from dataclasses import dataclass
from typing import Any

from bench.errors import TargetError
from bench.local import runtime
from bench.local.alarm import Alarm
from bench.local.asynchronous import EventQueue
from bench.local.control import Control
from bench.local.cpu import cores_of
from bench.local.dispatcher import Dispatcher
from bench.local.lambda_api import LambdaApi
from bench.local.model import FunctionConfig
from bench.local.options import FunctionSource, LocalOptions
from bench.local.reservations import put_reserved
from bench.local.sandbox import Tools
from bench.local.service import Service
from bench.local.spawner import Spawner
from bench.local.store import Store
from bench.local.watch import Watch

LINUX = sys.platform == "linux"


@dataclass(frozen=True, slots=True)
class Deployed:
    """A function's version as it can be called. urls by door."""

    name: str
    arn: str
    qualifier: str
    version: str
    memory_mb: int
    architecture: str
    urls: dict[str, str]


class LocalLambda:
    """Everything that `lamload local` serves."""

    def __init__(self, options: LocalOptions, spawner: Spawner) -> None:
        self.options = options
        self.invoke_url = ""
        self.control_url = ""
        self.deployed: tuple[Deployed, ...] = ()
        self.spawner = spawner
        self.store = Store(account_concurrency=options.concurrency)
        self._alarm = Alarm(asyncio.get_running_loop())
        tools = Tools(spawner, self._alarm, Watch())
        self.dispatcher = Dispatcher(self.store, tools, idle_s=options.idle_s)
        self._events = EventQueue(self.dispatcher)
        self._service = Service()

    @classmethod
    async def start(cls, options: LocalOptions) -> LocalLambda:
        """Deploy the functions and open the ports. Raises LamloadError when that cannot be."""
        server = cls(options, await Spawner.start())
        try:
            await server._open()
        except BaseException:
            await server.close()
            raise
        return server

    async def close(self) -> None:
        """Close the ports, end every sandbox, remove every temporary folder."""
        await self._service.close()
        await self._events.close()
        await self.dispatcher.close()
        await self.spawner.close()
        self._alarm.close()

    def document(self) -> dict[str, Any]:
        """What --json prints."""
        return {
            "pid": os.getpid(),
            "region": self.store.region,
            "account": self.store.account,
            "invoke_url": self.invoke_url,
            "control_url": self.control_url,
            "functions": [
                {
                    "name": deployed.name,
                    "arn": deployed.arn,
                    "qualifier": deployed.qualifier,
                    "version": deployed.version,
                    "memory_mb": deployed.memory_mb,
                    "architecture": deployed.architecture,
                    "urls": deployed.urls,
                }
                for deployed in self.deployed
            ],
        }

    def notes(self) -> list[str]:
        """What this host cannot do as AWS does."""
        notes = []
        cores = len(os.sched_getaffinity(0)) if LINUX else os.cpu_count() or 1
        if (wanted := max(map(cores_of, self.options.memory_mb))) > cores:
            notes.append(
                f"Note: {max(self.options.memory_mb)} MB buys {wanted:.1f} cores' worth of CPU, "
                f"this host has {cores}: parallel work will be slower than on AWS."
            )
        if not self.spawner.private_tmp:
            notes.append(
                "Note: this host allows no mount namespaces; sandboxes have their own TMPDIR, "
                "but share /tmp."
            )
        return notes

    # ------------------------------------------------------------------ starting

    async def _open(self) -> None:
        api = LambdaApi(self.store, self.dispatcher, self._events, lambda _: None)
        self.invoke_url = await self._listen(api.handle, self.options.port)
        control = Control(self.dispatcher)
        self.control_url = await self._listen(control.handle, self.options.control_port)
        deployed = [item for source in self.options.functions for item in self._deploy(source)]
        self.deployed = tuple(deployed)

    async def _listen(self, handler: Any, port: int) -> str:
        try:
            return f"http://127.0.0.1:{await self._service.listen(handler, port)}"
        except OSError as error:
            raise TargetError(
                f"port {port} of 127.0.0.1 is taken ({error.strerror}): choose another with "
                "--port, or 0 for a free one"
            ) from None

    def _deploy(self, source: FunctionSource) -> list[Deployed]:
        """A published version with an alias per memory size; `$LATEST` has the first size."""
        options = self.options
        config = FunctionConfig(
            name=source.name,
            arn="",
            version="",
            handler=source.handler,
            folder=str(source.folder),
            memory_mb=options.memory_mb[0],
            timeout_s=options.timeout_s,
            architecture=options.architecture,
            runtime=source.runtime,
            environment=dict(options.environment),
            log_format=options.log_format,
        )
        runtime.check(config)
        latest = self.store.create(config, ready=True)
        aliases = self.store.publish_sizes(source.name, options.memory_mb)
        self.store.update(source.name, latest.config, latest.settings, ready=True)
        if options.reserved is not None:
            put_reserved(self.store, source.name, options.reserved)
        return [self._described(source.name, alias) for alias in aliases.values()]

    def _described(self, name: str, alias: str) -> Deployed:
        config = self.store.version(name, alias).config
        return Deployed(
            name,
            self.store.arn(name),
            alias,
            config.version,
            config.memory_mb,
            config.architecture,
            {},
        )
