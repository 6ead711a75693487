"""CloudFront with Lambda@Edge on the viewer or origin request.

There is no origin here: when the function lets the request pass, a 200 tells in JSON what would
have been sent to it. Source: the CloudFront guide, "Lambda@Edge event structure" and
"Restrictions on edge functions".
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

from bench.lambda_facts import (
    CACHE_HEADER,
    EDGE_ID_HEADER,
    EDGE_ORIGIN_BODY_LIMIT_BYTES,
    EDGE_VIEWER_BODY_LIMIT_BYTES,
)
from bench.local.doors import answer, fields, rules, unverified
from bench.local.doors.base import DoorContext, encode, opaque_id, with_report
from bench.local.http.api_error import ApiError
from bench.local.model import HttpRequest, HttpResponse, InvokeResult

VIEWER = "viewer-request"
LIMIT_BYTES = {VIEWER: EDGE_VIEWER_BODY_LIMIT_BYTES, "origin-request": EDGE_ORIGIN_BODY_LIMIT_BYTES}
"""What of a request's body goes into the event, the rest of which is cut off; and the most that a
generated response may have, headers and body."""
TIMEOUT_S = 30.0

_FORBIDDEN = frozenset(
    {
        "connection",
        "expect",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "trailer",
        "upgrade",
        "x-accel-buffering",
        "x-accel-charset",
        "x-accel-limit-rate",
        "x-accel-redirect",
        CACHE_HEADER.lower(),
        "x-forwarded-proto",
        "x-real-ip",
        "transfer-encoding",
        "via",
    }
)
_FORBIDDEN_PREFIXES = ("x-amz-cf-", "x-edge-")
_NOT_FORWARDED = fields.HOP_BY_HOP | {"content-length", "expect"}


@dataclass(frozen=True, slots=True)
class CloudFrontDoor:
    """Answers 503 for a failing function or a throttle, 502 for a malformed answer."""

    timeout_s: float | None = TIMEOUT_S

    def event(self, request: HttpRequest, context: DoorContext) -> bytes | HttpResponse:
        """The event, with the body as for an association with IncludeBody."""
        record: dict[str, Any] = {
            "clientIp": request.client_ip,
            "headers": _edge_headers(fields.without(request.headers, _NOT_FORWARDED)),
            "method": request.method,
            "querystring": request.raw_query,
            "uri": request.raw_path,
        }
        if request.body:
            limit = LIMIT_BYTES.get(context.edge_event, LIMIT_BYTES[VIEWER])
            record["body"] = {
                "inputTruncated": len(request.body) > limit,
                "action": "read-only",
                "encoding": "base64",
                "data": fields.base64_text(request.body[:limit]),
            }
        config = {
            "distributionDomainName": _distribution_domain(context),
            "distributionId": _distribution_id(context),
            "eventType": context.edge_event,
            "requestId": opaque_id(context, 32),
        }
        return encode({"Records": [{"cf": {"config": config, "request": record}}]})

    def respond(
        self, _request: HttpRequest, result: InvokeResult, context: DoorContext
    ) -> HttpResponse:
        """The function's own response, or what would go to the origin."""
        if result.throttle_reason:
            return _failure(503, "LambdaLimitExceeded", context)
        if result.error:
            response = _failure(unverified.EDGE_EXECUTION_STATUS, "LambdaExecutionError", context)
        else:
            try:
                response = _answer(result.payload, context)
            except answer.Malformed:
                response = _failure(502, "LambdaValidationError", context)
        return with_report(response, result, context)

    def timed_out(self, _request: HttpRequest, context: DoorContext) -> HttpResponse:
        """As for a function that failed."""
        return _failure(unverified.EDGE_EXECUTION_STATUS, "LambdaExecutionError", context)

    def refuse(self, _request: HttpRequest, _error: ApiError, context: DoorContext) -> HttpResponse:
        """502: the association is not valid."""
        return _failure(502, "LambdaValidationError", context)


def _distribution_id(context: DoorContext) -> str:
    """Such as `E2QWRUHAPOMQZL`; the same for the same function."""
    return "E" + hashlib.sha256(context.arn.encode()).hexdigest()[:13].upper()


def _distribution_domain(context: DoorContext) -> str:
    """Such as `d111111abcdef8.cloudfront.net`; the same for the same function."""
    return f"d{hashlib.sha256(context.arn.encode()).hexdigest()[:13]}.cloudfront.net"


def _edge_headers(pairs: fields.Pairs) -> dict[str, list[dict[str, str]]]:
    made: dict[str, list[dict[str, str]]] = {}
    for name, value in pairs:
        made.setdefault(name.lower(), []).append({"key": name, "value": value})
    return made


def _answer(payload: bytes, context: DoorContext) -> HttpResponse:
    said = answer.parse(payload)
    if not isinstance(said, dict):
        raise answer.Malformed("the output is no object")
    if "status" in said:
        return _generated(said, context)
    return _passed_on(said, context)


def _generated(said: dict[str, Any], context: DoorContext) -> HttpResponse:
    status = answer.status(said["status"], rules.EDGE)
    if not isinstance(said.get("statusDescription", ""), str):
        raise answer.Malformed("statusDescription is no string")
    headers = _headers(said.get("headers"))
    body = _body(said)
    limit = LIMIT_BYTES.get(context.edge_event, LIMIT_BYTES[VIEWER])
    if len(body) + sum(len(name) + len(value) for name, value in headers) > limit:
        raise answer.Malformed("the response is too large")
    return HttpResponse(
        status, (*answer.sendable(headers), *_cache("LambdaGeneratedResponse", context)), body
    )


def _passed_on(said: dict[str, Any], context: DoorContext) -> HttpResponse:
    uri, method, query = said.get("uri"), said.get("method"), said.get("querystring", "")
    if not isinstance(uri, str) or not uri.startswith("/") or not isinstance(query, str):
        raise answer.Malformed("the output is neither a request nor a response")
    if not isinstance(method, str):
        raise answer.Malformed("method is no string")
    sent = {
        "method": method,
        "uri": uri,
        "querystring": query,
        "headers": fields.all_values(_headers(said.get("headers"))),
    }
    return HttpResponse(
        200,
        (("Content-Type", "application/json"), *_cache("Miss", context)),
        answer.text_of(sent),
    )


def _headers(value: Any) -> answer.Headers:
    """Headers in CloudFront's form, `{name: [{key, value}]}`."""
    if value is None:
        return []
    if not isinstance(value, dict):
        raise answer.Malformed("headers is no object")
    found: answer.Headers = []
    for name, entries in value.items():
        if name.lower() in _FORBIDDEN or name.lower().startswith(_FORBIDDEN_PREFIXES):
            raise answer.Malformed(f"header {name} may not be set at the edge")
        if not isinstance(entries, list):
            raise answer.Malformed("a header is no list")
        found += [_header(name, entry) for entry in entries]
    return found


def _header(name: str, entry: Any) -> tuple[str, str]:
    if not isinstance(entry, dict) or "value" not in entry:
        raise answer.Malformed("a header has no value")
    key = entry.get("key", name)
    if not isinstance(key, str) or key.lower() != name.lower():
        raise answer.Malformed("a header's key is not its name")
    return answer.header(key, entry["value"], rules.EDGE)


def _body(said: dict[str, Any]) -> bytes:
    encoding = said.get("bodyEncoding", "text")
    if encoding not in ("text", "base64"):
        raise answer.Malformed("bodyEncoding is neither text nor base64")
    return answer.body(said.get("body"), encoding == "base64", rules.EDGE)


def _cache(outcome: str, context: DoorContext) -> tuple[tuple[str, str], ...]:
    return (
        (CACHE_HEADER, f"{outcome} from cloudfront"),
        ("Via", f"1.1 {_distribution_domain(context)} (CloudFront)"),
        ("X-Amz-Cf-Pop", "LOC50-P1"),
        (EDGE_ID_HEADER, opaque_id(context, 32)),
    )


def _failure(status: int, name: str, context: DoorContext) -> HttpResponse:
    cache = ((CACHE_HEADER, f"{name} from CloudFront"), *_cache("Error", context)[1:])
    page = f"<html><body><h1>{status} ERROR</h1><p>{name}</p></body></html>"
    return HttpResponse(
        status, (("Server", "CloudFront"), ("Content-Type", "text/html"), *cache), page.encode()
    )
