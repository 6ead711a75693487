"""What holds for every door, whatever comes in."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.lambda_facts import ALB_REASON_HEADER, REPORT_HEADER
from bench.local.doors import DOORS
from bench.local.http.api_error import conflict, not_found
from bench.local.model import HttpRequest, HttpResponse, InvokeResult
from bench.model.endpoint import EndpointKind
from tests.local.doors.calls import (
    CONTEXT,
    RAISED,
    THROTTLED,
    TIMED_OUT,
    header,
    refused,
    request,
    respond,
    result,
)

KINDS = sorted(DOORS)
TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")

header_names = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=12)
latin = st.text(st.characters(max_codepoint=255), max_size=40)
known_headers = st.sampled_from(
    ["Content-Type", "Cookie", "X-Amzn-Trace-Id", "X-Forwarded-For", "Host", "X-Amz-Target"]
)
requests = st.builds(
    HttpRequest,
    method=st.sampled_from(["GET", "POST", "OPTIONS", "X", ""]),
    raw_path=latin.map(lambda path: "/" + path),
    raw_query=latin,
    headers=st.lists(st.tuples(header_names | known_headers, latin), max_size=8).map(tuple),
    body=st.binary(max_size=200)
    | st.from_type(dict[str, int]).map(lambda value: json.dumps(value).encode()),
    client_ip=st.just("127.0.0.1"),
)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)
proxy_keys = st.sampled_from(
    [
        "statusCode",
        "status",
        "statusDescription",
        "headers",
        "multiValueHeaders",
        "body",
        "bodyEncoding",
        "isBase64Encoded",
        "cookies",
        "uri",
        "method",
        "querystring",
        "status code",
    ]
)
outputs = (
    st.dictionaries(proxy_keys, json_values | st.just(200) | st.just("200")).map(
        lambda value: json.dumps(value).encode()
    )
    | json_values.map(lambda value: json.dumps(value).encode())
    | st.binary(max_size=60)
)


def check_sendable(response: HttpResponse) -> None:
    """Status and headers are what an HTTP message can carry."""
    assert 200 <= response.status <= 599
    for name, value in response.headers:
        assert TOKEN.fullmatch(name), name
        assert not set(value) & {"\r", "\n", "\0"}, value
    assert isinstance(response.body, bytes)


def test_every_front_door_of_the_model_has_a_door() -> None:
    front_doors = {kind.value for kind in EndpointKind} - {
        "invoke",
        "invoke-stream",
        "aws-cli",
        "http",
    }
    assert set(DOORS) == front_doors


@pytest.mark.parametrize("kind", KINDS)
@given(asked=requests)
@settings(max_examples=150)
def test_any_request_becomes_a_json_event_or_a_refusal(kind: str, asked: HttpRequest) -> None:
    made = DOORS[kind].event(asked, CONTEXT)
    if isinstance(made, HttpResponse):
        assert 400 <= made.status < 500
    else:
        json.loads(made)


@pytest.mark.parametrize("kind", KINDS)
@given(payload=outputs)
@settings(max_examples=150)
def test_any_output_becomes_a_response_that_can_be_sent(kind: str, payload: bytes) -> None:
    check_sendable(respond(kind, result(payload)))


@pytest.mark.parametrize("kind", KINDS)
@given(asked=requests, payload=outputs)
@settings(max_examples=50)
def test_no_request_disturbs_a_response(kind: str, asked: HttpRequest, payload: bytes) -> None:
    context = replace(CONTEXT, binary_media_types=("*/*",), edge_event="origin-request")
    assert 200 <= respond(kind, result(payload), asked, context).status <= 599


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("depth", [500, 900, 2000, 100_000])
def test_deeply_nested_output_is_answered(kind: str, depth: int) -> None:
    for payload in (
        b"[" * depth + b"]" * depth,
        b'{"statusCode":200,"body":' + b"[" * depth + b"]" * depth + b"}",
        b'{"uri":"/","method":"GET","status":' + b"[" * depth + b"]" * depth + b"}",
    ):
        check_sendable(respond(kind, result(payload)))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("error", [not_found("arn"), conflict("pending")])
def test_a_function_that_cannot_be_invoked_is_answered(kind: str, error: Exception) -> None:
    answer = DOORS[kind].refuse(request(), error, CONTEXT)  # type: ignore[arg-type]
    check_sendable(answer)
    assert answer.status >= 400 or kind == "step-functions"


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("alb", 504),
        ("alb-multi-value", 504),
        ("rest", 504),
        ("http-api", 503),
        ("cloudfront", 503),
        ("step-functions", 200),
    ],
)
def test_a_door_that_has_waited_long_enough_says_so(kind: str, status: int) -> None:
    assert DOORS[kind].timeout_s is not None
    answer = DOORS[kind].timed_out(request(), CONTEXT)
    check_sendable(answer)
    assert answer.status == status


def test_a_function_url_waits_as_long_as_the_function_may_run() -> None:
    assert DOORS["function-url"].timeout_s is None


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("of", [result(b'{"statusCode":200}'), RAISED, TIMED_OUT, result(b"junk")])
def test_every_answer_tells_the_report_of_its_invocation(kind: str, of: InvokeResult) -> None:
    line = header(respond(kind, of), REPORT_HEADER)
    assert line is not None
    assert line.startswith(
        "REPORT RequestId: 11111111-2222-3333-4444-555555555555\tDuration: 12.35 ms\t"
        "Billed Duration: 13 ms\tMemory Size: 128 MB\tMax Memory Used: 31 MB"
    )
    assert ("Status: timeout" in line) is (of is TIMED_OUT)
    assert ("Error Type: ValueError" in line) is (of is RAISED)


@pytest.mark.parametrize("kind", KINDS)
def test_the_report_of_the_log_is_preferred(kind: str) -> None:
    log = b"START RequestId: r\nEND RequestId: r\nREPORT RequestId: r\tDuration: 1.00 ms\t\n"
    line = header(respond(kind, result(log_tail=log)), REPORT_HEADER)
    assert line == "REPORT RequestId: r\tDuration: 1.00 ms"


def test_a_report_in_json_is_taken_as_it_is() -> None:
    log = b'{"type":"platform.start"}\n{"type":"platform.report","record":{"requestId":"r"}}\n'
    line = header(respond("alb", result(log_tail=log)), REPORT_HEADER)
    assert line == '{"type":"platform.report","record":{"requestId":"r"}}'


@pytest.mark.parametrize("kind", KINDS)
def test_local_extras_can_be_left_out(kind: str) -> None:
    context = replace(CONTEXT, report=False)
    for of in (result(b'{"statusCode":200}'), RAISED, THROTTLED):
        names = {name.lower() for name, _ in respond(kind, of, context=context).headers}
        assert not names & {REPORT_HEADER, ALB_REASON_HEADER}


@pytest.mark.parametrize("kind", KINDS)
def test_a_throttled_request_has_no_report(kind: str) -> None:
    assert header(respond(kind, THROTTLED), REPORT_HEADER) is None


def test_a_refusal_reaches_the_caller_whole() -> None:
    for kind in ("alb", "rest", "http-api", "function-url"):
        check_sendable(refused(kind, request(body=b"x" * (11 * 1024 * 1024))))
