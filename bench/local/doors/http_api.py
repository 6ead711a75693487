"""API Gateway HTTP API, Lambda proxy integration, payload format 2.0, route `$default`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from urllib.parse import unquote

from bench.lambda_facts import API_GATEWAY_BODY_LIMIT_BYTES, HTTP_API_ID_HEADER, PAYLOAD_LIMIT_BYTES
from bench.local.doors import answer, payload_v2, rules, unverified
from bench.local.doors.base import DoorContext, encode, opaque_id, with_report
from bench.local.http.api_error import ApiError
from bench.local.model import HttpRequest, HttpResponse, InvokeResult

TIMEOUT_S = 30.0


@dataclass(frozen=True, slots=True)
class HttpApiDoor:
    """Answers 500 for a failing function and 503 when the integration takes too long."""

    timeout_s: float | None = TIMEOUT_S

    def event(self, request: HttpRequest, context: DoorContext) -> bytes | HttpResponse:
        """The event; 413 for more than 10 MB of body or an event that Lambda would refuse."""
        if len(request.body) > API_GATEWAY_BODY_LIMIT_BYTES:
            return _message(413, unverified.HTTP_API_TOO_LARGE_MESSAGE, context)
        path = unquote(request.raw_path, errors="replace").partition("?")[0]
        request_id = opaque_id(context)
        event = encode(payload_v2.event(request, context, path, request_id, cookie_header=False))
        if len(event) > PAYLOAD_LIMIT_BYTES:
            return _message(413, unverified.HTTP_API_TOO_LARGE_MESSAGE, context)
        return event

    def respond(
        self, _request: HttpRequest, result: InvokeResult, context: DoorContext
    ) -> HttpResponse:
        """As the function says; 500 for a failure."""
        if result.throttle_reason:
            status = unverified.HTTP_API_THROTTLED_STATUS
            return _message(status, _INTERNAL if status == 500 else "Service Unavailable", context)
        response = _message(500, _INTERNAL, context)
        if not result.error:
            try:
                made = _answer(result.payload)
                response = replace(made, headers=(*made.headers, _request_id(context)))
            except answer.Malformed:
                response = _message(unverified.HTTP_API_MALFORMED_STATUS, _INTERNAL, context)
        return with_report(response, result, context)

    def timed_out(self, _request: HttpRequest, context: DoorContext) -> HttpResponse:
        """503 after the integration timeout."""
        return _message(503, unverified.HTTP_API_TIMEOUT_MESSAGE, context)

    def refuse(self, _request: HttpRequest, _error: ApiError, context: DoorContext) -> HttpResponse:
        """500 `Internal Server Error`, whatever Lambda said."""
        return _message(500, _INTERNAL, context)


def _answer(payload: bytes) -> HttpResponse:
    """As payload format 2.0 has it; an output that looks like an error of Lambda's is one here."""
    said = payload_v2.value_of(payload)
    if isinstance(said, dict) and "errorMessage" in said and "statusCode" not in said:
        raise answer.Malformed("the output is an error")
    return payload_v2.respond(payload, rules.HTTP_API)


_INTERNAL = "Internal Server Error"


def _request_id(context: DoorContext) -> tuple[str, str]:
    return (HTTP_API_ID_HEADER, opaque_id(context))


def _message(status: int, message: str, context: DoorContext) -> HttpResponse:
    return HttpResponse(
        status,
        (("Content-Type", "application/json"), _request_id(context)),
        encode({"message": message}),
    )
