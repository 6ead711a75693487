"""Event format 2.0 and its response, shared by HTTP APIs and function URLs.

Source: the API Gateway guide, "Create AWS Lambda proxy integrations for HTTP APIs"; the Lambda
guide, "Invoking Lambda function URLs".
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from bench.lambda_facts import TRACE_HEADER
from bench.local.doors import answer, fields
from bench.local.doors.base import DoorContext, host, port, trace_root
from bench.local.doors.rules import AnswerRules
from bench.local.model import HttpRequest, HttpResponse

STAGE = "$default"


def event(
    request: HttpRequest, context: DoorContext, path: str, request_id: str, *, cookie_header: bool
) -> dict[str, Any]:
    """The event, with requestContext as far as both doors share it.

    path is the one that the door hands over; cookie_header: cookies are among the headers too.
    """
    as_text = not request.body or fields.is_text(request)
    query = fields.decoded_query(request.raw_query)
    cookies = _cookies(request)
    made: dict[str, Any] = {
        "version": "2.0",
        "routeKey": _route_key(context),
        "rawPath": path,
        "rawQueryString": request.raw_query,
    }
    if cookies:
        made["cookies"] = cookies
    made["headers"] = fields.joined_values(_headers(request, context))
    if cookies and cookie_header:
        made["headers"]["cookie"] = "; ".join(cookies)
    if query:
        made["queryStringParameters"] = fields.joined_values(query)
    if context.route and context.route.parameters:
        made["pathParameters"] = dict(context.route.parameters)
    made["requestContext"] = _request_context(request, context, path, request_id)
    if request.body:
        made["body"] = (fields.text if as_text else fields.base64_text)(request.body)
    made["isBase64Encoded"] = not as_text
    return made


def _route_key(context: DoorContext) -> str:
    return context.route.key if context.route else "$default"


def _cookies(request: HttpRequest) -> list[str]:
    held = (value for name, value in request.headers if name.lower() == "cookie")
    return [part.strip() for value in held for part in value.split(";") if part.strip()]


def _headers(request: HttpRequest, context: DoorContext) -> list[tuple[str, str]]:
    given = fields.lower(fields.without(request.headers, fields.HOP_BY_HOP | {"cookie"}))
    if not request.body and request.header("content-length") is None:
        given.append(("content-length", "0"))
    return fields.overriding(
        given,
        (
            (TRACE_HEADER.lower(), trace_root(request, context)),
            ("x-forwarded-for", fields.forwarded(request)),
            ("x-forwarded-port", port(request)),
            ("x-forwarded-proto", request.scheme),
        ),
    )


def _request_context(
    request: HttpRequest, context: DoorContext, path: str, request_id: str
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
        "requestId": request_id,
        "routeKey": _route_key(context),
        "stage": STAGE,
        "time": context.time_clf,
        "timeEpoch": context.time_epoch_ms,
    }


def respond(payload: bytes, rules: AnswerRules) -> HttpResponse:
    """The function's output as a response; raises Malformed when it cannot be one.

    Without a statusCode the output is the body of a 200, byte for byte: the door does not look
    into it. A JSON string alone is unwrapped.
    """
    said = value_of(payload)
    if isinstance(said, dict) and "statusCode" in said:
        return _proxy_response(said, rules)
    body = said.encode("utf-8", "surrogatepass") if isinstance(said, str) else payload
    return HttpResponse(200, (("Content-Type", "application/json"),), body)


def value_of(payload: bytes) -> Any:
    """The output as a value, None where it is no JSON."""
    try:
        return answer.parse(payload)
    except answer.Malformed:
        return None


def _proxy_response(said: dict[str, Any], rules: AnswerRules) -> HttpResponse:
    status = answer.status(said["statusCode"], rules)
    headers = answer.sendable(answer.headers(said.get("headers"), rules))
    body = answer.body(said.get("body"), said.get("isBase64Encoded"), rules)
    texts_only = replace(rules, scalars=False)
    cookies = answer.multi_headers({"set-cookie": said.get("cookies") or []}, texts_only)
    typed = answer.with_content_type(headers, rules)
    return HttpResponse(status, (*typed, *cookies), body)
