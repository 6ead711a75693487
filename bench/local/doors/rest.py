"""API Gateway REST API, Lambda proxy integration, event format 1.0, resource `/{proxy+}`.

Source: the API Gateway guide, "Lambda proxy integrations" and "Important notes".
"""

from __future__ import annotations

import contextlib
import hashlib
from dataclasses import dataclass
from typing import Any

from bench.lambda_facts import (
    API_GATEWAY_BODY_LIMIT_BYTES,
    ERROR_TYPE_HEADER,
    PAYLOAD_LIMIT_BYTES,
    REQUEST_ID_HEADER,
    REST_ID_HEADER,
    TRACE_HEADER,
)
from bench.local.doors import answer, fields, rules, unverified
from bench.local.doors.base import (
    DoorContext,
    encode,
    host,
    opaque_id,
    port,
    trace_root,
    with_report,
)
from bench.local.http.api_error import ApiError
from bench.local.model import HttpRequest, HttpResponse, InvokeResult

HEADERS_LIMIT_BYTES = 10_240
TIMEOUT_S = 29.0

_NOT_FORWARDED = fields.HOP_BY_HOP | {
    "content-length",
    "content-md5",
    "expect",
    "max-forwards",
    "proxy-authenticate",
    "server",
    "www-authenticate",
}
_KEYS = frozenset({"statusCode", "headers", "multiValueHeaders", "body", "isBase64Encoded"})
_REMAPPED = frozenset(
    {
        "authorization",
        "connection",
        "content-length",
        "content-md5",
        "date",
        "expect",
        "host",
        "max-forwards",
        "proxy-authenticate",
        "server",
        "te",
        "trailer",
        "upgrade",
        "user-agent",
        "via",
        "warn",
        "www-authenticate",
        REQUEST_ID_HEADER.lower(),
        "x-forwarded-for",
    }
)
"""Response headers that come out as `x-amzn-Remapped-…`."""


@dataclass(frozen=True, slots=True)
class RestDoor:
    """A throttle of Lambda's hides behind a 500, a failing function behind a 502."""

    timeout_s: float | None = TIMEOUT_S

    def event(self, request: HttpRequest, context: DoorContext) -> bytes | HttpResponse:
        """The event; 413 for more than 10 MB of body, 431 for more than 10,240 B of headers."""
        if len(request.body) > API_GATEWAY_BODY_LIMIT_BYTES:
            return _message(413, unverified.REST_TOO_LARGE_MESSAGE, request, context)
        if sum(len(name) + len(value) for name, value in request.headers) > HEADERS_LIMIT_BYTES:
            return _message(
                unverified.REST_HEADERS_TOO_LARGE_STATUS,
                "Request Header Fields Too Large",
                request,
                context,
            )
        event = encode(_event(request, context))
        if len(event) > PAYLOAD_LIMIT_BYTES:
            return _message(413, unverified.REST_TOO_LARGE_MESSAGE, request, context)
        return event

    def respond(
        self, request: HttpRequest, result: InvokeResult, context: DoorContext
    ) -> HttpResponse:
        """As the function says; 500 for a throttle, 502 for a failure or a malformed answer."""
        if result.throttle_reason:
            return _internal(500, request, context)
        response = _internal(502, request, context)
        if not result.error:
            with contextlib.suppress(answer.Malformed):
                response = _answer(result.payload, request, context)
        return with_report(response, result, context)

    def timed_out(self, request: HttpRequest, context: DoorContext) -> HttpResponse:
        """504 after the integration timeout."""
        return _message(504, unverified.REST_TIMEOUT_MESSAGE, request, context)

    def refuse(self, request: HttpRequest, _error: ApiError, context: DoorContext) -> HttpResponse:
        """500 `Internal server error`, whatever Lambda said."""
        return _internal(500, request, context)


def _event(request: HttpRequest, context: DoorContext) -> dict[str, Any]:
    headers = fields.overriding(
        _as_named(fields.without(request.headers, _NOT_FORWARDED)),
        (
            (TRACE_HEADER, trace_root(request, context)),
            ("X-Forwarded-For", fields.forwarded(request)),
            ("X-Forwarded-Port", port(request)),
            ("X-Forwarded-Proto", request.scheme),
        ),
    )
    query = fields.decoded_query(request.raw_query)
    proxy = request.raw_path.strip("/")
    binary = bool(request.body) and fields.matches(
        fields.media_type(request), context.binary_media_types
    )
    body = (fields.base64_text if binary else fields.text)(request.body)
    resource, parameters = "/{proxy+}" if proxy else "/", {"proxy": proxy} if proxy else {}
    if context.route is not None:
        resource, parameters = context.route.path, dict(context.route.parameters)
    return {
        "resource": resource,
        "path": "/" + request.raw_path.lstrip("/"),
        "httpMethod": request.method,
        "headers": fields.last_values(headers),
        "multiValueHeaders": fields.all_values(headers),
        "queryStringParameters": fields.last_values(query) or None,
        "multiValueQueryStringParameters": fields.all_values(query) or None,
        "pathParameters": parameters or None,
        "stageVariables": None,
        "requestContext": _request_context(request, context, resource),
        "body": body or None,
        "isBase64Encoded": binary,
    }


def _as_named(pairs: fields.Pairs) -> list[tuple[str, str]]:
    """Headers with their names as sent, but for one that the gateway writes its own way."""
    return [("Authorization" if n.lower() == "authorization" else n, value) for n, value in pairs]


def _request_context(request: HttpRequest, context: DoorContext, resource: str) -> dict[str, Any]:
    identity: dict[str, Any] = dict.fromkeys(
        (
            "accessKey",
            "accountId",
            "caller",
            "cognitoAuthenticationProvider",
            "cognitoAuthenticationType",
            "cognitoIdentityId",
            "cognitoIdentityPoolId",
            "principalOrgId",
        )
    )
    identity["sourceIp"] = request.client_ip
    identity["user"] = None
    identity["userAgent"] = request.header("user-agent")
    identity["userArn"] = None
    return {
        "accountId": context.account,
        "apiId": context.api_id,
        "deploymentId": context.api_id[:6],
        "domainName": host(request, context),
        "domainPrefix": context.api_id,
        "extendedRequestId": opaque_id(context),
        "httpMethod": request.method,
        "identity": identity,
        "path": f"/{context.stage}{request.raw_path}",
        "protocol": "HTTP/1.1",
        "requestId": context.request_id,
        "requestTime": context.time_clf,
        "requestTimeEpoch": context.time_epoch_ms,
        "resourceId": context.api_id[:6],
        "resourcePath": resource,
        "stage": context.stage,
    }


def _answer(payload: bytes, request: HttpRequest, context: DoorContext) -> HttpResponse:
    said = answer.parse(payload)
    if not isinstance(said, dict) or not said.keys() <= _KEYS:
        raise answer.Malformed("the output is no proxy response")
    code = said.get("statusCode")
    status = answer.status(200 if code is None else code, rules.REST)
    # The guide says that of a name in both only the multi values survive; live gateways send all.
    found = answer.multi_headers(said.get("multiValueHeaders"), rules.REST)
    found += answer.headers(said.get("headers"), rules.REST)
    accept = (request.header("accept") or "").partition(",")[0].partition(";")[0].strip()
    body = answer.body(
        said.get("body"),
        said.get("isBase64Encoded"),
        rules.REST,
        decode=fields.matches(accept.lower(), context.binary_media_types),
    )
    headers = answer.with_content_type(_remapped(found), rules.REST)
    return HttpResponse(status, (*headers, *_ids(request, context)), body)


def _remapped(found: answer.Headers) -> answer.Headers:
    renamed = [
        (f"x-amzn-Remapped-{name}" if name.lower() in _REMAPPED else name, value)
        for name, value in found
    ]
    return answer.sendable(renamed)


def _ids(request: HttpRequest, context: DoorContext) -> tuple[tuple[str, str], ...]:
    return (
        (REQUEST_ID_HEADER, context.request_id),
        (REST_ID_HEADER, opaque_id(context)),
        (TRACE_HEADER, _answered_trace(request, context)),
    )


def _answered_trace(request: HttpRequest, context: DoorContext) -> str:
    """The trace header of the answer: the request's, with a parent and a sampling decision."""
    trace = trace_root(request, context)
    if "Parent=" not in trace:
        parent = hashlib.sha256(context.request_id.encode()).hexdigest()[:16]
        trace = f"{trace};Parent={parent}"
    return trace if "Sampled=" in trace else f"{trace};Sampled=0"


def _internal(status: int, request: HttpRequest, context: DoorContext) -> HttpResponse:
    return _message(status, "Internal server error", request, context)


_ERROR_TYPES = {
    413: "RequestEntityTooLargeException",
    431: "RequestHeaderFieldsTooLargeException",
    504: "InternalServerErrorException",
}


def _message(status: int, message: str, request: HttpRequest, context: DoorContext) -> HttpResponse:
    error_type = _ERROR_TYPES.get(status, "InternalServerErrorException")
    return HttpResponse(
        status,
        (
            ("Content-Type", "application/json"),
            *_ids(request, context),
            (ERROR_TYPE_HEADER, error_type),
        ),
        f'{{"message": "{message}"}}'.encode(),
    )
