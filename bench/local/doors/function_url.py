"""Function URL, payload format 2.0, unsigned or with IAM."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from bench.lambda_facts import (
    ERROR_TYPE_HEADER,
    PAYLOAD_LIMIT_BYTES,
    REQUEST_ID_HEADER,
    TRACE_HEADER,
)
from bench.local.doors import answer, payload_v2, rules, unverified
from bench.local.doors.base import DoorContext, encode, trace_root, with_report
from bench.local.http.api_error import ApiError
from bench.local.http.authorization import access_key
from bench.local.model import HttpRequest, HttpResponse, InvokeResult

FORBIDDEN = (
    "Forbidden. For troubleshooting Function URL authorization issues, see: "
    "https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html"
)


@dataclass(frozen=True, slots=True)
class FunctionUrlDoor:
    """Waits as long as the function may run."""

    timeout_s: float | None = None

    def event(self, request: HttpRequest, context: DoorContext) -> bytes | HttpResponse:
        """The event; 413 for more than 6 MB, 403 for an unsigned request where IAM is asked for."""
        caller = access_key(request) if context.url_auth == "AWS_IAM" else None
        if context.url_auth == "AWS_IAM" and caller is None:
            return _forbidden(context)
        made = payload_v2.event(
            request, context, request.raw_path, context.request_id, cookie_header=True
        )
        made["requestContext"]["accountId"] = context.account if caller else "anonymous"
        if caller:
            made["requestContext"]["authorizer"] = {"iam": _iam(caller, context)}
        event = encode(made)
        if len(event) > PAYLOAD_LIMIT_BYTES:
            message = unverified.FUNCTION_URL_TOO_LARGE_MESSAGE
            return _error(413, "RequestEntityTooLargeException", {"Message": message}, context)
        return event

    def respond(
        self, request: HttpRequest, result: InvokeResult, context: DoorContext
    ) -> HttpResponse:
        """As the function says; 429 for a throttle, 502 for a failure."""
        if result.throttle_reason:
            body = unverified.FUNCTION_URL_THROTTLED_BODY % result.throttle_reason.encode()
            return _raw(429, "TooManyRequestsException", body, context)
        response = _bad_gateway(context)
        if not result.error:
            try:
                made = payload_v2.respond(result.payload, rules.FUNCTION_URL)
                ids = (*_ids(context), (TRACE_HEADER, trace_root(request, context)))
                response = replace(made, headers=(*made.headers, *ids))
            except answer.Malformed:
                status = unverified.FUNCTION_URL_MALFORMED_STATUS
                response = replace(_bad_gateway(context), status=status)
        return with_report(response, result, context)

    def timed_out(self, _request: HttpRequest, context: DoorContext) -> HttpResponse:
        """502, as for a function that failed; only with a timeout_s of one's own."""
        return _bad_gateway(context)

    def refuse(self, _request: HttpRequest, error: ApiError, context: DoorContext) -> HttpResponse:
        """403 for what is not there or not signed, 502 otherwise."""
        if error.status == 404:
            return _unknown_url(context)
        if error.status in (400, 403):
            return _forbidden(context)
        return _bad_gateway(context)


def _unknown_url(context: DoorContext) -> HttpResponse:
    """The answer of a URL that does not exist."""
    return _error(403, "AccessDeniedException", {"Message": None}, context)


def _forbidden(context: DoorContext) -> HttpResponse:
    return _error(403, "AccessDeniedException", {"Message": FORBIDDEN}, context)


def _iam(caller: str, context: DoorContext) -> dict[str, Any]:
    user = f"arn:aws:iam::{context.account}:user/lamload"
    return {
        "accessKey": caller,
        "accountId": context.account,
        "callerId": caller,
        "cognitoIdentity": None,
        "principalOrgId": None,
        "userArn": user,
        "userId": caller,
    }


def _ids(context: DoorContext) -> tuple[tuple[str, str], ...]:
    return ((REQUEST_ID_HEADER, context.request_id),)


def _bad_gateway(context: DoorContext) -> HttpResponse:
    return HttpResponse(
        502, (("Content-Type", "application/json"), *_ids(context)), b"Internal Server Error"
    )


def _error(
    status: int, error_type: str, body: dict[str, Any], context: DoorContext
) -> HttpResponse:
    return _raw(status, error_type, encode(body), context)


def _raw(status: int, error_type: str, body: bytes, context: DoorContext) -> HttpResponse:
    headers = (
        ("Content-Type", "application/json"),
        *_ids(context),
        (ERROR_TYPE_HEADER, error_type),
    )
    return HttpResponse(status, headers, body)
