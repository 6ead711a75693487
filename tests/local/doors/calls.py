"""Requests, results and contexts for the doors' tests."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from bench.local.doors import DOORS, DoorContext
from bench.local.model import HttpRequest, HttpResponse, InvokeResult

CONTEXT = DoorContext(
    name="primes",
    arn="arn:aws:lambda:us-east-1:123456789012:function:primes:128MB",
    request_id="11111111-2222-3333-4444-555555555555",
    now_ns=1_583_348_638_390_000_000,
    trace_id="Root=1-5e5ffc5e-0123456789abcdef01234567",
    qualifier="128MB",
)

TYPO = b'{"status code": 200, "body": "Hello"}'
"""The first of the two handlers that users copy from tutorials: a misspelt key."""
HELLO = (
    b'{"statusCode":200,"statusDescription":"200 OK","isBase64Encoded":false,'
    b'"headers":{"Content-Type":"text/html"},"body":"<h1>Hello from Lambda!</h1>"}'
)
"""The second: the load balancer's own example."""


def request(
    method: str = "POST",
    path: str = "/",
    query: str = "",
    headers: tuple[tuple[str, str], ...] = (),
    body: bytes = b"",
) -> HttpRequest:
    """A request to 127.0.0.1:8080."""
    return HttpRequest(
        method,
        path,
        query,
        (("Host", "127.0.0.1:8080"), ("User-Agent", "curl/8.5"), *headers),
        body,
    )


def result(payload: bytes | dict[str, Any] | Any = b"{}", **changes: Any) -> InvokeResult:
    """A success with that payload, or what the changes make of it."""
    if not isinstance(payload, bytes):
        payload = json.dumps(payload).encode()
    made = InvokeResult(
        request_id=CONTEXT.request_id,
        payload=payload,
        executed_version="1",
        duration_ms=12.345,
        billed_ms=13,
        max_memory_mb=31,
    )
    return replace(made, **changes)


RAISED = result(
    {"errorMessage": "no", "errorType": "ValueError", "requestId": "r", "stackTrace": []},
    error="Unhandled",
    error_type="ValueError",
)
TIMED_OUT = result(
    {"errorType": "Sandbox.Timedout", "errorMessage": "RequestId: r Error: Task timed out"},
    error="Unhandled",
    error_type="Sandbox.Timedout",
)
THROTTLED = result(b"", throttle_reason="ReservedFunctionConcurrentInvocationLimitExceeded")


def event(door: str, asked: HttpRequest, context: DoorContext = CONTEXT) -> dict[str, Any]:
    """The event that a door makes, as a value."""
    made = DOORS[door].event(asked, context)
    assert isinstance(made, bytes), made
    value = json.loads(made)
    assert isinstance(value, dict)
    return value


def refused(door: str, asked: HttpRequest, context: DoorContext = CONTEXT) -> HttpResponse:
    """The response of a door that does not take the request."""
    made = DOORS[door].event(asked, context)
    assert isinstance(made, HttpResponse)
    return made


def respond(
    door: str,
    of: InvokeResult,
    asked: HttpRequest | None = None,
    context: DoorContext = CONTEXT,
) -> HttpResponse:
    """What a door makes of a result."""
    return DOORS[door].respond(asked or request(), of, context)


def header(response: HttpResponse, name: str) -> str | None:
    """The only value of a response header; fails if there are several."""
    found = [value for key, value in response.headers if key.lower() == name.lower()]
    assert len(found) < 2, found
    return found[0] if found else None


def all_headers(response: HttpResponse, name: str) -> list[str]:
    """Every value of a response header."""
    return [value for key, value in response.headers if key.lower() == name.lower()]
