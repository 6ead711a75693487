"""Event format 2.0 and its response, shared by HTTP APIs and function URLs.

Source: the API Gateway guide, "Create AWS Lambda proxy integrations for HTTP APIs"; the Lambda
guide, "Invoking Lambda function URLs".
"""

from __future__ import annotations

from typing import Any

from bench.lambda_facts import TRACE_HEADER
from bench.local.doors import answer, fields
from bench.local.doors.base import DoorContext, host, port, trace_root
from bench.local.model import HttpRequest, HttpResponse

_NOT_FORWARDED = fields.HOP_BY_HOP | {"cookie"}


def event(request: HttpRequest, context: DoorContext, stage: str) -> dict[str, Any]:
    """The event, with requestContext as far as both doors share it."""
    as_text = not request.body or fields.is_text(request)
    path = request.raw_path if stage == "$default" else f"/{stage}{request.raw_path}"
    query = fields.decoded_query(request.raw_query)
    cookies = _cookies(request)
    made: dict[str, Any] = {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": request.raw_query,
    }
    if cookies:
        made["cookies"] = cookies
    made["headers"] = fields.joined_values(_headers(request, context))
    if query:
        made["queryStringParameters"] = fields.joined_values(query)
    made["requestContext"] = _request_context(request, context, path, stage)
    if request.body:
        made["body"] = (fields.text if as_text else fields.base64_text)(request.body)
    made["isBase64Encoded"] = not as_text
    return made


def _cookies(request: HttpRequest) -> list[str]:
    held = (value for name, value in request.headers if name.lower() == "cookie")
    return [part.strip() for value in held for part in value.split(";") if part.strip()]


def _headers(request: HttpRequest, context: DoorContext) -> list[tuple[str, str]]:
    return fields.overriding(
        fields.lower(fields.without(request.headers, _NOT_FORWARDED)),
        (
            (TRACE_HEADER.lower(), trace_root(request, context)),
            ("x-forwarded-for", fields.forwarded(request)),
            ("x-forwarded-port", port(request)),
            ("x-forwarded-proto", request.scheme),
        ),
    )


def _request_context(
    request: HttpRequest, context: DoorContext, path: str, stage: str
) -> dict[str, Any]:
    domain = host(request, context)
    return {
        "accountId": context.account,
        "apiId": context.api_id,
        "domainName": domain,
        "domainPrefix": domain.partition(".")[0],
        "http": {
            "method": request.method,
            "path": path,
            "protocol": "HTTP/1.1",
            "sourceIp": request.client_ip,
            "userAgent": request.header("user-agent") or "",
        },
        "requestId": context.request_id,
        "routeKey": "$default",
        "stage": stage,
        "time": context.time_clf,
        "timeEpoch": context.time_epoch_ms,
    }


def respond(payload: bytes, *, json_bodies: bool) -> HttpResponse:
    """The function's output as a response; raises Malformed when it cannot be one.

    Without a statusCode the whole output is the body of a 200: a string as its text, anything else
    as compact JSON. json_bodies lets the body be an object or a list.
    """
    said = answer.parse(payload)
    if not isinstance(said, dict) or "statusCode" not in said:
        body = (
            said.encode("utf-8", "surrogatepass") if isinstance(said, str) else answer.text_of(said)
        )
        return HttpResponse(200, (("Content-Type", "application/json"),), body)
    status = answer.status(said["statusCode"], strings=True)
    headers = answer.sendable(answer.headers(said.get("headers"), scalars=True))
    content = said.get("body")
    if json_bodies and isinstance(content, dict | list):
        content = answer.text_of(content).decode()
    body = answer.body(content, said.get("isBase64Encoded"))
    cookies = answer.multi_headers({"set-cookie": said.get("cookies") or []}, scalars=False)
    typed = answer.with_content_type(headers, "application/json")
    return HttpResponse(status, (*typed, *cookies), body)
