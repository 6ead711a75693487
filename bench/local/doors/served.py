"""A front door on a port of its own: from a request to an event, from a result to a response."""

from __future__ import annotations

import asyncio
import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import replace

from bench.faults.kinds import FaultAction
from bench.lambda_facts import (
    ERROR_TYPE_HEADER,
    EXECUTION_CONTENT_TYPE,
    INIT_LIMIT_S,
    REQUEST_ID_HEADER,
)
from bench.local.account.records import ResolvedVersion
from bench.local.account.store import Store
from bench.local.doors import DOORS, Door, DoorContext, invoke
from bench.local.doors.base import MatchedRoute, trace_root
from bench.local.doors.fault_player import FaultPlayer
from bench.local.doors.streaming import Pieces, stream_body
from bench.local.execution.dispatcher import Dispatcher
from bench.local.http.api_error import ApiError
from bench.local.http.service import MAX_BODY_BYTES, Reply
from bench.local.model import HttpRequest, HttpResponse, Invocation, InvokeResult
from bench.model.endpoint import EndpointKind

Verify = Callable[[HttpRequest], None]
"""Raises ApiError for a request whose signature is missing or wrong."""
REST_STAGE = "prod"


def mount(kind: str) -> str:
    """The path below which a door lives: a REST API has its stage there."""
    return f"/{REST_STAGE}/" if kind == EndpointKind.REST else "/"


class FrontDoor:
    """One kind of door into one function and qualifier."""

    def __init__(
        self,
        kind: str,
        door: Door,
        name: str,
        qualifier: str | None,
        store: Store,
        dispatcher: Dispatcher,
        faults: FaultPlayer,
        verify: Verify | None = None,
        url_auth: str = "NONE",
        streams: bool = False,
    ) -> None:
        self._kind = kind
        self._door = door
        self._name = name
        self._qualifier = qualifier
        self._store = store
        self._dispatcher = dispatcher
        self._faults = faults
        self._verify = verify
        self._url_auth = url_auth
        self._streams = streams
        self._arn = store.arn(name, qualifier)
        self._api_id = hashlib.sha256(f"{kind} {self._arn}".encode()).hexdigest()[:10]
        self._running: set[asyncio.Task[InvokeResult]] = set()

    def gate(self, request: HttpRequest) -> int:
        """How much of a body is taken: what the door can hand over, or none without a signature."""
        if self._verify is not None and not _seems_signed(request):
            return 0
        limit = EndpointKind(self._kind).facts.request_limit_bytes or MAX_BODY_BYTES
        # An execution's input is limited, not the JSON in which it is a text once more.
        return 8 * limit if self._kind == EndpointKind.STEP_FUNCTIONS else limit

    async def handle(
        self, request: HttpRequest, reply: Reply, route: MatchedRoute | None = None
    ) -> HttpResponse | None:
        """Any request of this port, or one that has taken a route of an API."""
        context = replace(self._context(), route=route)
        inside = self._below_mount(request)
        if inside is None:
            return _no_such_stage(context)
        try:
            if self._verify is not None:
                self._verify(request)
        except ApiError as error:
            if self._kind == EndpointKind.STEP_FUNCTIONS:
                return _unsigned(error, context)
            return self._door.refuse(inside, error, context)
        try:
            target = self._store.target(self._name, self._qualifier)
        except ApiError as error:
            return self._door.refuse(inside, error, context)
        context = replace(context, memory_mb=target.config.memory_mb)
        event = self._door.event(inside, context)
        if isinstance(event, HttpResponse):
            return event
        trace_id = trace_root(inside, context)
        invocation = Invocation(context.request_id, event, target.invoked_arn, trace_id)

        async def run(fresh: bool) -> HttpResponse | None:
            if self._streams:
                return await self._stream(target, invocation, inside, context, reply, fresh)
            try:
                result = await self._result(target, invocation, reply, fresh)
            except ApiError as error:
                return self._door.refuse(inside, error, context)
            if result is None:
                return self._door.timed_out(inside, context)
            return self._door.respond(inside, result, context)

        def throttle(action: FaultAction) -> HttpResponse:
            version = target.config.version
            result = InvokeResult(context.request_id, b"", version, throttle_reason=action.reason)
            return self._door.respond(inside, result, context)

        return await self._faults.play(
            self._kind, self._name, self._qualifier, context.request_id, reply, run, throttle
        )

    def _context(self) -> DoorContext:
        return DoorContext(
            name=self._name,
            arn=self._arn,
            request_id=invoke.new_request_id(),
            now_ns=time.time_ns(),
            trace_id=invoke.new_trace_id().partition(";")[0].replace("root=", "Root="),
            qualifier=self._qualifier,
            api_id=self._api_id,
            stage=REST_STAGE,
            url_auth=self._url_auth,
        )

    def _below_mount(self, request: HttpRequest) -> HttpRequest | None:
        """The request as the door sees it; None outside of it."""
        if self._kind != EndpointKind.REST:
            return request
        head, _, rest = request.raw_path.removeprefix("/").partition("/")
        return replace(request, raw_path=f"/{rest}") if head == REST_STAGE else None

    async def _result(
        self, target: ResolvedVersion, invocation: Invocation, reply: Reply, fresh: bool
    ) -> InvokeResult | None:
        """The function's result; None when the door has waited long enough: it goes on."""
        running = self._dispatcher.invoke(
            target, invocation, fresh=fresh, is_heard=lambda: reply.has_caller
        )
        longest_s = INIT_LIMIT_S + target.config.timeout_s
        if self._door.timeout_s is None or longest_s < self._door.timeout_s:
            return await running
        task = asyncio.ensure_future(running)
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        await asyncio.wait({task}, timeout=self._door.timeout_s)
        return task.result() if task.done() else None

    async def _stream(
        self,
        target: ResolvedVersion,
        invocation: Invocation,
        request: HttpRequest,
        context: DoorContext,
        reply: Reply,
        fresh: bool,
    ) -> HttpResponse | None:
        """As a function URL with RESPONSE_STREAM: what the function gives goes out as it is."""
        pieces = Pieces(self._dispatcher, target, invocation, fresh=fresh)
        try:
            result = await stream_body(pieces, context.request_id, reply)
        except ApiError as error:
            return self._door.refuse(request, error, context)
        if result is None:
            return None
        if result.error or result.throttle_reason:
            return self._door.respond(request, result, context)
        headers = (("Content-Type", result.content_type), (REQUEST_ID_HEADER, result.request_id))
        return HttpResponse(200, headers, result.payload)


class FunctionUrls:
    """The URLs that CreateFunctionUrlConfig makes, all on one port: the first label says which."""

    def __init__(
        self, store: Store, dispatcher: Dispatcher, faults: FaultPlayer, verify: Verify
    ) -> None:
        self._store = store
        self._dispatcher = dispatcher
        self._faults = faults
        self._verify = verify

    def gate(self, request: HttpRequest) -> int:
        """How much of a body is taken."""
        door, inside = self._door(request)
        return door.gate(inside)

    async def handle(self, request: HttpRequest, reply: Reply) -> HttpResponse | None:
        """Any request of the port; `/ID` is where a URL is mounted."""
        door, inside = self._door(request)
        return await door.handle(inside, reply)

    def _door(self, request: HttpRequest) -> tuple[FrontDoor, HttpRequest]:
        """The door that a request comes to, and the request as that sees it."""
        label, _, rest = request.raw_path.removeprefix("/").partition("/")
        url = self._store.urls.get(label)
        signed = url is not None and url.auth_type == "AWS_IAM"
        door = FrontDoor(
            EndpointKind.FUNCTION_URL,
            DOORS[EndpointKind.FUNCTION_URL],
            url.name if url else "unknown",
            url.qualifier if url else None,
            self._store,
            self._dispatcher,
            self._faults,
            self._verify if signed else None,
            "AWS_IAM" if signed else "NONE",
            streams=url is not None and url.invoke_mode == "RESPONSE_STREAM",
        )
        return door, replace(request, raw_path=f"/{rest}") if url else request


def _seems_signed(request: HttpRequest) -> bool:
    try:
        invoke.check_authorization(request)
    except ApiError:
        return False
    return True


def _unsigned(error: ApiError, context: DoorContext) -> HttpResponse:
    """A request to Step Functions whose signature is missing or wrong, as JSON 1.0."""
    body = {"__type": f"com.amazon.coral.service#{error.code}", "message": error.message}
    headers = (
        ("Content-Type", EXECUTION_CONTENT_TYPE),
        (REQUEST_ID_HEADER, context.request_id),
    )
    return HttpResponse(error.status, headers, json.dumps(body).encode())


def _no_such_stage(context: DoorContext) -> HttpResponse:
    """What API Gateway says outside of every stage."""
    return HttpResponse(
        403,
        (
            ("Content-Type", "application/json"),
            (REQUEST_ID_HEADER, context.request_id),
            (ERROR_TYPE_HEADER, "ForbiddenException"),
        ),
        b'{"message":"Forbidden"}',
    )
