"""The door book: what each door makes of the same requests and the same answers, as a page.

The doors themselves make it, with a fixed time and fixed ids: two books differ where doors do.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import Any, NamedTuple

from bench.lambda_facts import (
    HTTP_API_ID_HEADER,
    REQUEST_ID_HEADER,
    REST_ID_HEADER,
    TRACE_HEADER,
)
from bench.local.doors import DOORS, DoorContext, rules
from bench.local.model import HttpRequest, HttpResponse, InvokeResult

CONTEXT = DoorContext(
    name="book",
    arn="arn:aws:lambda:us-east-1:123456789012:function:book:live",
    request_id="11111111-2222-3333-4444-555555555555",
    now_ns=1_583_348_638_390_000_000,
    trace_id="Root=1-5e5ffc5e-0123456789abcdef01234567",
    qualifier="live",
    report=False,
)
RULES = {
    "alb": rules.ALB,
    "rest": rules.REST,
    "http-api": rules.HTTP_API,
    "function-url": rules.FUNCTION_URL,
    "cloudfront": rules.EDGE,
}
PROXIES = ("alb", "alb-multi-value", "rest", "http-api", "function-url")
"""Doors that ask for a proxy response."""
IDS = frozenset(
    name.lower() for name in (HTTP_API_ID_HEADER, REST_ID_HEADER, REQUEST_ID_HEADER, TRACE_HEADER)
)
LINES = base64.encodebytes(bytes(range(64))).decode()
ANSWERS: Mapping[str, Any] = {
    "the least": {"statusCode": 200},
    "body null": {"statusCode": 200, "body": None},
    "headers null": {"statusCode": 200, "headers": None},
    "multi null": {"statusCode": 200, "multiValueHeaders": None},
    "description null": {"statusCode": 200, "statusDescription": None},
    "a null among headers": {"statusCode": 200, "headers": {"a": None}},
    "a number as header": {"statusCode": 200, "headers": {"x-n": 5}},
    "a boolean as header": {"statusCode": 200, "headers": {"x-n": True}},
    "status as text": {"statusCode": "200"},
    "status null": {"statusCode": None},
    "an object as body": {"statusCode": 200, "body": {"a": 1}},
    "base64 with line breaks": {"statusCode": 200, "isBase64Encoded": True, "body": LINES},
    "no base64": {"statusCode": 200, "isBase64Encoded": True, "body": "%"},
    "an unknown key": {"statusCode": 200, "typo": 1},
    "both header maps": {
        "statusCode": 200,
        "headers": {"x-a": "single"},
        "multiValueHeaders": {"x-a": ["m1", "m2"]},
    },
    "cookies": {"statusCode": 200, "cookies": ["a=1", "b=2"]},
    "a misspelt key": {"status code": 200, "body": "Hello"},
    "an errorMessage": {"errorMessage": "no"},
    "a text": "hello",
    "a list": [1, 2.0],
    "nothing": None,
    "no content": {"statusCode": 204, "body": "x"},
}
"""Outputs of a function, by what is particular about them."""
RAW_ANSWERS: Mapping[str, bytes] = {
    "JSON with spaces": b'{"b": 1.0, "a": "\xc3\xa9"}',
    "no JSON": b"plain text",
}
FAILURES: Mapping[str, dict[str, Any]] = {
    "it raised": {
        "payload": b'{"errorMessage":"no","errorType":"ValueError","stackTrace":[]}',
        "error": "Unhandled",
        "error_type": "ValueError",
    },
    "it timed out": {
        "payload": b'{"errorType":"Sandbox.Timedout","errorMessage":"Task timed out"}',
        "error": "Unhandled",
        "error_type": "Sandbox.Timedout",
    },
    "Lambda throttles": {
        "payload": b"",
        "throttle_reason": "ReservedFunctionConcurrentInvocationLimitExceeded",
    },
}


class Asked(NamedTuple):
    """A request, as far as it is particular."""

    method: str
    path: str = "/"
    query: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""


JSON_TYPE = ("Content-Type", "application/json")
REQUESTS: Mapping[str, Asked] = {
    "a GET": Asked("GET", "/items/7"),
    "a HEAD": Asked("HEAD", "/items"),
    "a query with one name twice": Asked("GET", "/items", "a=1&a=2&b=x%20y+z&c="),
    "a path with percent signs": Asked("GET", "/a%20b/%C3%A9%2Fc%3Fd"),
    "two slashes in front": Asked("GET", "//items//7"),
    "cookies": Asked("GET", "/", headers=(("Cookie", "a=1; b=2"), ("Cookie", "c=3"))),
    "a header twice": Asked("GET", "/", headers=(("X-Two", "1"), ("x-two", "2"))),
    "authorization in lower case": Asked("GET", "/", headers=(("authorization", "Bearer x"),)),
    "JSON": Asked("POST", "/items", headers=(JSON_TYPE,), body=b'{"a": "\xc3\xa9"}'),
    "a form": Asked(
        "POST", "/", headers=(("Content-Type", "application/x-www-form-urlencoded"),), body=b"a=1"
    ),
    "bytes": Asked(
        "PUT", "/", headers=(("Content-Type", "application/octet-stream"),), body=b"\xff\x00"
    ),
    "encoded JSON": Asked(
        "POST", "/", headers=(JSON_TYPE, ("Content-Encoding", "gzip")), body=b"\x1f\x8b"
    ),
}
"""Requests, by what is particular about them."""


def door_book() -> str:
    """The whole book, in Markdown."""
    return "\n".join([*_opening(), *_rules(), *_answers(), *_events(), ""])


def _opening() -> Iterator[str]:
    yield "# The door book"
    yield ""
    yield (
        "What the doors of the embedded Lambda make of the same outputs of a function and of the "
        "same requests; ids that every answer has are left out. What nobody has verified on AWS "
        "stands in bench/local/doors/unverified.py."
    )


def _rules() -> Iterator[str]:
    yield from ("", "## What a door forgives, and what it fills in", "")
    names = [field.name for field in fields(rules.AnswerRules)]
    yield f"| door | {' | '.join(names)} |"
    yield f"|{' --- |' * (len(names) + 1)}"
    for door, row in RULES.items():
        cells = (getattr(row, name) for name in names)
        yield f"| {door} | {' | '.join(_cell(cell) for cell in cells)} |"


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value) or "none"


def _answers() -> Iterator[str]:
    yield from ("", "## Outputs of a function, and what the caller gets")
    outputs = {name: json.dumps(value).encode() for name, value in ANSWERS.items()}
    for name, payload in (outputs | dict(RAW_ANSWERS)).items():
        shown = payload.decode()
        yield from ("", f"### {name}", "", f"    {shown}", "")
        yield from _responses(InvokeResult(CONTEXT.request_id, payload, "1"))
    for name, failure in FAILURES.items():
        yield from ("", f"### {name}", "")
        result = InvokeResult(request_id=CONTEXT.request_id, executed_version="1", **failure)
        yield from _responses(result)


def _responses(result: InvokeResult) -> Iterator[str]:
    """A line for each answer, with the doors that give it."""
    request = _request(REQUESTS["a GET"])
    doors: dict[str, list[str]] = {}
    for kind in PROXIES:
        shown = _shown(DOORS[kind].respond(request, result, CONTEXT))
        doors.setdefault(shown, []).append(kind)
    for shown, kinds in doors.items():
        yield f"- {', '.join(kinds)}: {shown}"


def _shown(response: HttpResponse) -> str:
    """Status, body and headers, without the ids that each answer of a door has."""
    headers = [f"{name}: {value}" for name, value in response.headers if name.lower() not in IDS]
    body = "(error page)" if response.body.startswith(b"<html>") else repr(response.body)[1:]
    return f"{response.status} {body} {'; '.join(headers)}".rstrip()


def _events() -> Iterator[str]:
    yield from ("", "## Requests, and the event that the function gets")
    for name, asked in REQUESTS.items():
        target = asked.path + (f"?{asked.query}" if asked.query else "")
        yield from ("", f"### {name}", "", f"    {asked.method} {target}")
        for kind in (*PROXIES, "cloudfront"):
            made = DOORS[kind].event(_request(asked), CONTEXT)
            refusal = _shown(made) if isinstance(made, HttpResponse) else ""
            yield from ("", f"- {kind}: {refusal}".rstrip(), "")
            if not isinstance(made, HttpResponse):
                yield from _keys(json.loads(made))


def _keys(event: dict[str, Any]) -> Iterator[str]:
    """An event, a line for each of its keys."""
    for key, value in event.items():
        yield f"      {json.dumps(key)}: {json.dumps(value, ensure_ascii=False)}"


def _request(asked: Asked) -> HttpRequest:
    length = (("Content-Length", str(len(asked.body))),) if asked.body else ()
    headers = (("Host", "127.0.0.1:8080"), ("User-Agent", "curl/8.5"), *asked.headers, *length)
    return HttpRequest(asked.method, asked.path, asked.query, headers, asked.body)
