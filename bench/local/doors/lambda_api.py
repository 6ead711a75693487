"""The port that SDKs talk to: the Invoke API, and the control plane for everything else."""

from __future__ import annotations

from collections.abc import Callable

from bench.errors import LamloadError
from bench.lambda_facts import PAYLOAD_LIMIT_BYTES
from bench.local.account.store import Store
from bench.local.control_plane.api import carries_code
from bench.local.doors import invoke
from bench.local.doors.fault_answers import throttle_error
from bench.local.doors.fault_player import FaultPlayer
from bench.local.doors.streaming import Pieces, stream_events
from bench.local.execution.asynchronous import EventQueue
from bench.local.execution.dispatcher import Dispatcher, qualifier_of
from bench.local.http.api_error import ApiError
from bench.local.http.service import MAX_BODY_BYTES, Reply
from bench.local.model import HttpRequest, HttpResponse
from bench.model.endpoint import EndpointKind

CONFIGURATION_LIMIT_BYTES = 1024 * 1024
"""Of requests to the control plane that carry no code: far more than any of them needs."""
ApiHandler = Callable[[HttpRequest], HttpResponse | None]
RequestCheck = Callable[[HttpRequest], None]
"""Raises ApiError for a request whose signature is wrong."""


class InvokeApi:
    """Handles the requests of the Lambda API's port."""

    def __init__(
        self,
        store: Store,
        dispatcher: Dispatcher,
        events: EventQueue,
        control_plane: ApiHandler,
        faults: FaultPlayer,
        verify: RequestCheck,
    ) -> None:
        self._store = store
        self._dispatcher = dispatcher
        self._events = events
        self._control_plane = control_plane
        self._faults = faults
        self._verify = verify

    def gate(self, request: HttpRequest) -> int | HttpResponse:
        """How much of a body is taken, by path; nothing of what carries no signature."""
        try:
            invoke.check_authorization(request)
        except ApiError as error:
            return error.response(invoke.new_request_id())
        if invoke.is_invoke(request):
            return PAYLOAD_LIMIT_BYTES
        return MAX_BODY_BYTES if carries_code(request) else CONFIGURATION_LIMIT_BYTES

    async def handle(self, request: HttpRequest, reply: Reply) -> HttpResponse | None:
        """Any request of this port."""
        request_id = invoke.new_request_id()
        try:
            self._verify(request)
            if invoke.is_invoke(request):
                return await self._invoke(invoke.parse_call(request), request_id, reply)
            response = self._control_plane(request)
        except ApiError as error:
            return error.response(request_id)
        except LamloadError as error:
            message = f"The embedded Lambda is in trouble: {error}"
            return ApiError(500, "ServiceException", message, "Service").response(request_id)
        if response is None:
            return ApiError(404, "UnknownOperationException", None, type="").response(request_id)
        return response

    async def _invoke(
        self, call: invoke.InvokeCall, request_id: str, reply: Reply
    ) -> HttpResponse | None:
        target = self._store.target(call.function, call.qualifier)
        if call.invocation_type == invoke.DRY_RUN:
            return invoke.dry_run(request_id, call.trace_id)
        invocation = call.invocation(target.invoked_arn, request_id)
        if call.invocation_type == invoke.ASYNCHRONOUS:
            self._events.submit(invocation)
            return invoke.accepted(request_id, call.trace_id)

        async def run(fresh: bool) -> HttpResponse | None:
            if call.streaming:
                pieces = Pieces(self._dispatcher, target, invocation, fresh=fresh)
                return await stream_events(pieces, target, call, request_id, reply)
            result = await self._dispatcher.invoke(
                target, invocation, fresh=fresh, is_heard=lambda: reply.has_caller
            )
            return invoke.answer(call, result)

        return await self._faults.play(
            EndpointKind.STREAM if call.streaming else EndpointKind.INVOKE,
            target.config.name,
            qualifier_of(target),
            request_id,
            reply,
            run,
            lambda action: throttle_error(action).response(request_id),
        )
