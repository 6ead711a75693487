"""The embedded Lambda as a whole: starts its parts, says where they are, ends them."""

from __future__ import annotations

import asyncio
import os
import secrets
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bench.errors import LamloadError, TargetError, cause_of
from bench.local.account.hot_reload import HotReload
from bench.local.account.records import Settings
from bench.local.account.store import Store
from bench.local.admin import Admin
from bench.local.control_plane.api import ControlPlane
from bench.local.deployment import code_settings, deploy
from bench.local.doors import DOORS, invoke
from bench.local.doors.fault_player import FaultPlayer
from bench.local.doors.lambda_api import InvokeApi
from bench.local.doors.router import Routed, Router
from bench.local.doors.served import FrontDoor, FunctionUrls, mount
from bench.local.execution import host
from bench.local.execution.asynchronous import EventQueue
from bench.local.execution.dispatcher import Dispatcher
from bench.local.http.service import Gate, Handler, Service
from bench.local.http.signatures import Secret, Verifier
from bench.local.model import HttpRequest
from bench.local.options import FunctionSource, LocalOptions, Route
from bench.local.sandbox.memory_watch import MemoryWatch
from bench.local.sandbox.sandbox import Tools
from bench.local.sandbox.spawner import Spawner
from bench.local.sandbox.start_gate import STARTS_PER_CORE, StartGate
from bench.local.sandbox.timer import TimerQueue
from bench.model.endpoint import Address, EndpointKind

CONTROL_LIMIT_BYTES = 1024 * 1024
"""Of a request to the control port."""
CLOSE_LIMIT_S = 2.0
"""How long sandboxes may take to end before the process that forked them is ended."""


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
    routes: tuple[Route, ...] = ()


class LocalLambda:
    """Everything that `lamload local` serves."""

    def __init__(self, options: LocalOptions, spawner: Spawner, faults: FaultPlayer) -> None:
        self.options = options
        self.invoke_url = ""
        self.control_url = ""
        self.control_token = secrets.token_urlsafe(24)
        """Who has it may change the faults."""
        self.function_urls = ""
        """Base of the URLs that CreateFunctionUrlConfig makes."""
        self.deployed: tuple[Deployed, ...] = ()
        self.refused = list(options.refused)
        self.apis: dict[str, str] = {}
        """URLs of a template's APIs, by kind of door: there the routes of all functions are."""
        self.spawner = spawner
        self.store = Store(account_concurrency=options.concurrency)
        self._alarm = TimerQueue(asyncio.get_running_loop())
        output = _print_output if options.show_logs else None
        tools = Tools(
            spawner,
            self._alarm,
            MemoryWatch(),
            output,
            options.init_limit_s,
            options.freezes,
            StartGate(STARTS_PER_CORE * host.cores()),
        )
        descriptors = host.raise_descriptor_limit()
        self._most_sandboxes = host.sandbox_limit(descriptors, host.available_mb())
        self.dispatcher = Dispatcher(
            self.store, tools, idle_s=options.idle_s, most_sandboxes=self._most_sandboxes
        )
        self._saturation = host.SaturationWatch(self.dispatcher.stats.saturation)
        self.events = EventQueue(self.store, self.dispatcher)
        self._service = Service()
        self._faults = faults
        self._doors = tuple(DOORS) if options.doors is None else options.doors

    @classmethod
    async def start(cls, options: LocalOptions) -> LocalLambda:
        """Deploy the functions and open the ports. Raises LamloadError when that cannot be."""
        faults = FaultPlayer(options.faults)
        server = cls(options, await Spawner.start(), faults)
        try:
            await server._open()
        except BaseException:
            await server.close()
            raise
        return server

    async def close(self) -> None:
        """Close the ports, end every sandbox, remove every temporary folder."""
        await self._service.close()
        await self.events.close()
        # A fork server that tells nothing any more must not keep this one from ending.
        sandboxes = asyncio.ensure_future(self.dispatcher.close())
        await asyncio.wait({sandboxes}, timeout=CLOSE_LIMIT_S)
        await self.spawner.close()
        await sandboxes
        self._alarm.close()

    def document(self) -> dict[str, Any]:
        """What `lamload local --json` prints: addresses, and each function with its URLs."""
        return {
            "pid": os.getpid(),
            "region": self.store.region,
            "account": self.store.account,
            "invoke_url": self.invoke_url,
            "control_url": self.control_url,
            "control_token": self.control_token,
            "notes": self.notes(),
            "refused": self.refused,
            "apis": self.apis,
            "functions": [
                {
                    "name": deployed.name,
                    "arn": deployed.arn,
                    "qualifier": deployed.qualifier,
                    "version": deployed.version,
                    "memory_mb": deployed.memory_mb,
                    "architecture": deployed.architecture,
                    "urls": deployed.urls,
                    "routes": [route.key for route in deployed.routes],
                }
                for deployed in self.deployed
            ],
        }

    async def watch(self) -> None:
        """Warn on stderr, while it serves, when the host cannot bear the load."""
        while True:
            await asyncio.sleep(1)
            if (warning := self._saturation.check()) is not None:
                sys.stderr.write(f"warning: {warning}\n")

    def notes(self) -> list[str]:
        """What this host cannot do as AWS does."""
        options = self.options
        largest_mb = max(options.memory_mb)
        private_tmp = self.spawner.private_tmp
        return host.notes(largest_mb, self._most_sandboxes, options.concurrency, private_tmp)

    # ------------------------------------------------------------------ starting

    async def _open(self) -> None:
        verify = self._verify("lambda")
        urls = FunctionUrls(self.store, self.dispatcher, self._faults, verify)
        self.function_urls = await self._listen(urls.handle, 0, urls.gate)
        template = self.function_urls + "/{url_id}/"
        plane = ControlPlane(self.store, self.spawner.root / "code", url_template=template)
        api = InvokeApi(
            self.store, self.dispatcher, self.events, plane.handle, self._faults, verify
        )
        self.invoke_url = await self._listen(api.handle, self.options.port, api.gate)
        control = Admin(self.dispatcher, self._faults, self.control_token)
        self.control_url = await self._listen(
            control.handle, self.options.control_port, lambda _: CONTROL_LIMIT_BYTES
        )
        if self.options.watch:
            watched = {source.name: source.folder for source in self.options.functions}
            self.store.before_use = HotReload(self.store, watched, _print_reload).reload_if_changed
        folders = {source.folder for source in self.options.functions}
        code = {folder: code_settings(folder) for folder in folders}
        self.deployed = tuple(
            [
                await self._described(source, alias)
                for source in self.options.functions
                for alias in self._deploy(source, code[source.folder])
            ]
        )
        await self.dispatcher.provisioned()
        await self._open_apis()

    async def _open_apis(self) -> None:
        """A port for each kind of API that has routes; a function's first size serves them."""
        routed: dict[str, dict[str, Routed]] = {}
        for deployed in self.deployed:
            for route in deployed.routes:
                if route.kind in self._doors:
                    door = self._door(route.kind, deployed.name, deployed.qualifier)
                    routed.setdefault(route.kind, {}).setdefault(route.key, Routed(route, door))
        for kind, routes in routed.items():
            router = Router(kind, list(routes.values()))
            url = await self._listen(router.handle, 0, router.gate)
            self.apis[kind] = url + mount(kind)

    def _deploy(self, source: FunctionSource, code: Settings) -> list[str]:
        """Its aliases. One that cannot run is told and left out, if it is not the only one."""
        try:
            if (source.layers or self.options.layers) and not self.spawner.private_tmp:
                raise TargetError(
                    f"function {source.name}: layers need mount namespaces, which this host does "
                    "not allow: put what they hold into the function's folder"
                )
            return deploy(self.store, source, self.options, self.spawner.root / "layers", code)
        except LamloadError as error:
            if len(self.options.functions) == 1:
                raise
            self.refused.append(str(error))
            return []

    async def _listen(self, handler: Handler, port: int, gate: Gate | None = None) -> str:
        try:
            return f"http://127.0.0.1:{await self._service.listen(handler, port, gate)}"
        except OSError as error:
            raise TargetError(
                f"port {port} of 127.0.0.1 is taken ({cause_of(error)}): choose another with "
                "--port, or 0 for a free one"
            ) from None

    async def _described(self, source: FunctionSource, alias: str) -> Deployed:
        """Open its doors; where everything is."""
        name = source.name
        config = self.store.version(name, alias).config
        doors = self._doors if source.doors is None else source.doors
        return Deployed(
            name,
            self.store.arn(name),
            alias,
            config.version,
            config.memory_mb,
            config.architecture,
            {kind: await self._open_door(kind, name, alias) for kind in doors},
            source.routes,
        )

    async def _open_door(self, kind: str, name: str, alias: str) -> str:
        door = self._door(kind, name, alias)
        return await self._listen(door.handle, 0, door.gate) + mount(kind)

    def _door(self, kind: str, name: str, alias: str) -> FrontDoor:
        facts = EndpointKind(kind).facts
        is_api = facts.address is Address.STATE_MACHINE
        verify = self._verify(facts.service or "") if is_api else None
        return FrontDoor(
            kind, DOORS[kind], name, alias, self.store, self.dispatcher, self._faults, verify
        )

    def _verify(self, service: str) -> Callable[[HttpRequest], None]:
        """What checks the signature of a request to an AWS API."""
        if not self.options.verify_signatures:
            return invoke.check_authorization
        secrets = {
            key: Secret(secret, token) for key, (secret, token) in self.options.credentials.items()
        }
        verifier = Verifier(secrets, region=self.store.region)

        def verify(request: HttpRequest) -> None:
            error = verifier.check(request, time.time_ns(), service)
            if error is not None:
                raise error

        return verify


def _print_reload(name: str) -> None:
    sys.stderr.write(f"{name}: new code\n")


def _print_output(name: str, printed: bytes) -> None:
    """On stderr, with the function's name before each line."""
    lines = printed.decode(errors="replace").splitlines()
    sys.stderr.write("".join(f"{name}: {line}\n" for line in lines))
