"""Application Load Balancer with a Lambda target, single and multi-value headers.

Source: the guide for Application Load Balancers, "Lambda functions as targets" and "Access logs".
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from bench.lambda_facts import ALB_BODY_LIMIT_BYTES, ALB_REASON_HEADER, TRACE_HEADER
from bench.local.doors import answer, fields, rules, unverified
from bench.local.doors.base import DoorContext, encode, port, with_report
from bench.local.http.api_error import ApiError
from bench.local.model import HttpRequest, HttpResponse, InvokeResult

IDLE_TIMEOUT_S = 60.0
_NOT_FORWARDED = frozenset({"transfer-encoding"})


@dataclass(frozen=True, slots=True)
class AlbDoor:
    """multi_value is the target group's lambda.multi_value_headers.enabled."""

    multi_value: bool = False
    timeout_s: float | None = IDLE_TIMEOUT_S

    def event(self, request: HttpRequest, context: DoorContext) -> bytes | HttpResponse:
        """The event; 413 for more than 1 MB of body, 400 for a WebSocket."""
        if len(request.body) > ALB_BODY_LIMIT_BYTES:
            return _error_page(413, "LambdaRequestTooLarge", context)
        if (request.header("upgrade") or "").lower() == "websocket":
            return _error_page(400, "", context)
        as_text = not request.body or fields.is_text(request)
        event: dict[str, Any] = {
            "requestContext": {"elb": {"targetGroupArn": _target_group_arn(context)}},
            "httpMethod": request.method,
            "path": request.raw_path,
        }
        query = fields.raw_query(request.raw_query)
        headers = _event_headers(request, context)
        if self.multi_value:
            event["multiValueQueryStringParameters"] = fields.all_values(query)
            event["multiValueHeaders"] = fields.all_values(headers)
        else:
            event["queryStringParameters"] = fields.last_values(query)
            event["headers"] = fields.last_values(headers)
        event["body"] = (fields.text if as_text else fields.base64_text)(request.body)
        event["isBase64Encoded"] = not as_text
        return encode(event)

    def respond(
        self, _request: HttpRequest, result: InvokeResult, context: DoorContext
    ) -> HttpResponse:
        """200 to 599 as the function says; 502 for a throttle, a failure or a malformed answer."""
        reason = _failure(result)
        if reason:
            return with_report(_error_page(502, reason, context), result, context)
        try:
            response = self._answer(result.payload)
        except answer.Malformed:
            response = _error_page(502, "LambdaInvalidResponse", context)
        return with_report(response, result, context)

    def timed_out(self, _request: HttpRequest, context: DoorContext) -> HttpResponse:
        """504: the idle timeout is over."""
        return _error_page(504, "LambdaConnectionTimeout", context)

    def refuse(self, _request: HttpRequest, error: ApiError, context: DoorContext) -> HttpResponse:
        """503 without a target; 502 otherwise, with the reason."""
        if error.status == 404:
            return _error_page(503, "LambdaResourceNotFound", context)
        reason = "LambdaBadRequest" if error.status == 400 else "LambdaServiceException"
        return _error_page(502, reason, context)

    def _answer(self, payload: bytes) -> HttpResponse:
        said = answer.parse(payload)
        if not isinstance(said, dict):
            raise answer.Malformed("the output is no object")
        status = answer.status(said.get("statusCode"), rules.ALB)
        single = answer.member(said, "headers", rules.ALB)
        multi = answer.member(said, "multiValueHeaders", rules.ALB)
        if self.multi_value:
            if multi is None:
                raise answer.Malformed("multiValueHeaders is missing")
            headers = answer.multi_headers(multi, rules.ALB)
        else:
            headers = answer.headers(single, rules.ALB)
        headers = answer.with_content_type(answer.sendable(headers), rules.ALB)
        content = answer.member(said, "body", rules.ALB)
        body = answer.body(content, said.get("isBase64Encoded"), rules.ALB)
        return HttpResponse(status, tuple(headers), body, _phrase(status, said))


def _target_group_arn(context: DoorContext) -> str:
    """The ARN of the function's target group; the same for the same function and qualifier."""
    group = hashlib.sha256(context.arn.encode()).hexdigest()[:16]
    return (
        f"arn:aws:elasticloadbalancing:{context.region}:{context.account}:"
        f"targetgroup/{context.name[:32]}/{group}"
    )


def _event_headers(request: HttpRequest, context: DoorContext) -> list[tuple[str, str]]:
    given = request.header(TRACE_HEADER)
    own = context.trace_id.partition(";")[0]
    trace = f"{own.replace('Root=', 'Self=', 1)};{given}" if given else own
    return fields.overriding(
        fields.lower(fields.without(request.headers, _NOT_FORWARDED)),
        (
            (TRACE_HEADER.lower(), trace),
            ("x-forwarded-for", fields.forwarded(request)),
            ("x-forwarded-port", port(request)),
            ("x-forwarded-proto", request.scheme),
        ),
    )


def _failure(result: InvokeResult) -> str:
    """The access log's reason for an invocation that failed; '' if it did not."""
    if result.throttle_reason:
        return "LambdaThrottling"
    if result.error_type == "Function.ResponseSizeTooLarge":
        return "LambdaResponseTooLarge"
    if result.error:
        return "LambdaUnhandled"
    return "LambdaResponseTooLarge" if len(result.payload) > ALB_BODY_LIMIT_BYTES else ""


def _phrase(status: int, said: dict[str, Any]) -> str | None:
    """The reason phrase of statusDescription, if that is `<status> <phrase>`."""
    description = answer.member(said, "statusDescription", rules.ALB)
    if description is None:
        return None
    if not isinstance(description, str):
        raise answer.Malformed("statusDescription is no string")
    number, _, phrase = description.partition(" ")
    usable = number == str(status) and phrase.isascii() and phrase.isprintable()
    return phrase if usable and phrase else None


def _error_page(status: int, reason: str, context: DoorContext) -> HttpResponse:
    phrase = HTTPStatus(status).phrase
    page = unverified.ALB_ERROR_PAGE.format(status=status, reason=phrase)
    headers = [("Server", "awselb/2.0"), ("Content-Type", "text/html")]
    if reason and context.report:
        headers.append((ALB_REASON_HEADER, reason))
    return HttpResponse(status, tuple(headers), page.encode())
