from __future__ import annotations

import base64

import pytest

from tests.local.doors.calls import (
    CONTEXT,
    HELLO,
    RAISED,
    THROTTLED,
    TIMED_OUT,
    TYPO,
    all_headers,
    event,
    header,
    refused,
    request,
    respond,
    result,
)

JSON = (("Content-Type", "application/json"),)


def test_the_event_has_the_shape_of_the_guide() -> None:
    made = event(
        "alb", request("GET", "/lambda", "query=1234ABCD&a=b%20c&a=d", (("X-Mine", "Yes"),))
    )
    target_group = made["requestContext"]["elb"]["targetGroupArn"]
    assert target_group.startswith(
        "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/primes/"
    )
    assert made == {
        "requestContext": {"elb": {"targetGroupArn": target_group}},
        "httpMethod": "GET",
        "path": "/lambda",
        "queryStringParameters": {"query": "1234ABCD", "a": "d"},
        "headers": {
            "host": "127.0.0.1:8080",
            "user-agent": "curl/8.5",
            "x-mine": "Yes",
            "x-amzn-trace-id": CONTEXT.trace_id,
            "x-forwarded-for": "127.0.0.1",
            "x-forwarded-port": "8080",
            "x-forwarded-proto": "http",
        },
        "body": "",
        "isBase64Encoded": False,
    }


def test_the_query_is_not_decoded() -> None:
    made = event("alb", request(query="a%20b=c%2Bd+e&flag&&x=1=2"))
    assert made["queryStringParameters"] == {"a%20b": "c%2Bd+e", "flag": "", "x": "1=2"}


def test_the_last_header_wins_and_in_multi_value_mode_all_count() -> None:
    asked = request(query="k=1&k=2", headers=(("Cookie", "a=1"), ("cookie", "b=2")))
    single = event("alb", asked)
    assert single["headers"]["cookie"] == "b=2"
    assert single["queryStringParameters"] == {"k": "2"}
    multi = event("alb-multi-value", asked)
    assert multi["multiValueHeaders"]["cookie"] == ["a=1", "b=2"]
    assert multi["multiValueQueryStringParameters"] == {"k": ["1", "2"]}
    assert multi["multiValueHeaders"]["host"] == ["127.0.0.1:8080"]
    assert "headers" not in multi
    assert "queryStringParameters" not in multi


@pytest.mark.parametrize(
    ("content_type", "encoding", "is_text"),
    [
        ("text/plain", None, True),
        ("text/html; charset=utf-8", None, True),
        ("application/json", None, True),
        ("Application/JSON;charset=utf-8", None, True),
        ("application/javascript", None, True),
        ("application/xml", None, True),
        ("application/octet-stream", None, False),
        ("application/x-www-form-urlencoded", None, False),
        ("image/png", None, False),
        (None, None, False),
        ("application/json", "gzip", False),
    ],
)
def test_bodies_are_text_or_base64_by_type(
    content_type: str | None, encoding: str | None, is_text: bool
) -> None:
    headers = tuple(
        (name, value)
        for name, value in (("Content-Type", content_type), ("Content-Encoding", encoding))
        if value
    )
    made = event("alb", request(headers=headers, body=b'{"n": 1}'))
    assert made["isBase64Encoded"] is not is_text
    body = made["body"].encode() if is_text else base64.b64decode(made["body"])
    assert body == b'{"n": 1}'


def test_x_forwarded_for_grows_and_the_trace_gets_a_self() -> None:
    made = event(
        "alb",
        request(headers=(("X-Forwarded-For", "203.0.113.9"), ("X-Amzn-Trace-Id", "Root=1-a-b"))),
    )
    assert made["headers"]["x-forwarded-for"] == "203.0.113.9, 127.0.0.1"
    assert made["headers"]["x-amzn-trace-id"] == (
        CONTEXT.trace_id.replace("Root=", "Self=") + ";Root=1-a-b"
    )


def test_more_than_a_megabyte_of_body_is_413() -> None:
    assert event("alb", request(headers=JSON, body=b"x" * 1024 * 1024))["body"]
    answer = refused("alb", request(headers=JSON, body=b"x" * (1024 * 1024 + 1)))
    assert answer.status == 413
    assert header(answer, "x-lamload-alb-reason") == "LambdaRequestTooLarge"


def test_a_websocket_is_400() -> None:
    assert refused("alb", request("GET", headers=(("Upgrade", "websocket"),))).status == 400


def test_the_example_of_the_guide_is_answered() -> None:
    answer = respond("alb", result(HELLO))
    assert (answer.status, answer.reason, answer.body) == (
        200,
        "OK",
        b"<h1>Hello from Lambda!</h1>",
    )
    assert header(answer, "content-type") == "text/html"


def test_base64_bodies_are_decoded() -> None:
    answer = respond("alb", result({"statusCode": 200, "isBase64Encoded": True, "body": "AAEC"}))
    assert answer.body == b"\0\1\2"
    assert header(answer, "content-type") == "application/octet-stream"


def test_hop_by_hop_headers_and_lengths_are_the_servers_own() -> None:
    answer = respond(
        "alb",
        result(
            {
                "statusCode": 200,
                "headers": {
                    "Connection": "close",
                    "Transfer-Encoding": "chunked",
                    "Content-Length": "99",
                    "X-A": "1",
                },
            }
        ),
    )
    assert answer.status == 200
    assert header(answer, "x-a") == "1"
    for name in ("connection", "transfer-encoding", "content-length"):
        assert header(answer, name) is None


def test_multi_value_mode_wants_multi_value_headers() -> None:
    several = {"statusCode": 200, "multiValueHeaders": {"Set-Cookie": ["a=1", "b=2"]}}
    answer = respond("alb-multi-value", result(several))
    assert all_headers(answer, "set-cookie") == ["a=1", "b=2"]
    assert respond("alb-multi-value", result(HELLO)).status == 502


@pytest.mark.parametrize(
    "payload",
    [
        TYPO,
        b"null",
        b'"Hello"',
        b"[]",
        b"not json",
        b"",
        b'{"statusCode":"200"}',
        b'{"statusCode":true}',
        b'{"statusCode":99}',
        b'{"statusCode":600}',
        b'{"statusCode":100}',
        b'{"statusCode":200,"headers":[]}',
        b'{"statusCode":200,"headers":{"a":1}}',
        b'{"statusCode":200,"headers":{"a b":"c"}}',
        b'{"statusCode":200,"headers":{"a":"b\\r\\nc: d"}}',
        b'{"statusCode":200,"body":{"a":1}}',
        b'{"statusCode":200,"body":"%%%","isBase64Encoded":true}',
        b'{"statusCode":200,"statusDescription":200}',
    ],
)
def test_a_malformed_answer_is_502_with_its_reason(payload: bytes) -> None:
    answer = respond("alb", result(payload))
    assert answer.status == 502
    assert header(answer, "x-lamload-alb-reason") == "LambdaInvalidResponse"
    assert header(answer, "server") == "awselb/2.0"
    assert b"<center><h1>502 Bad Gateway</h1></center>" in answer.body


@pytest.mark.parametrize(
    ("of", "reason"),
    [
        (RAISED, "LambdaUnhandled"),
        (TIMED_OUT, "LambdaUnhandled"),
        (THROTTLED, "LambdaThrottling"),
        (result({"statusCode": 200, "body": "x" * 1024 * 1024}), "LambdaResponseTooLarge"),
        (
            result(b"{}", error="Unhandled", error_type="Function.ResponseSizeTooLarge"),
            "LambdaResponseTooLarge",
        ),
    ],
)
def test_every_failure_is_502_with_its_reason(of: object, reason: str) -> None:
    answer = respond("alb", of)  # type: ignore[arg-type]
    assert answer.status == 502
    assert header(answer, "x-lamload-alb-reason") == reason
