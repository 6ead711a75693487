from __future__ import annotations

from dataclasses import replace

import pytest

from bench.local.doors import DOORS as DOORS_BY_NAME
from bench.local.doors import unverified
from bench.local.doors.base import opaque_id
from bench.local.http.api_error import ApiError, not_found
from bench.local.model import InvokeResult
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

DOORS = ["http-api", "function-url"]
JSON = (("Content-Type", "application/json"),)
SIGNED = (
    ("X-Amz-Date", "20200304T190358Z"),
    (
        "Authorization",
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20200304/us-east-1/lambda/aws4_request, "
        f"SignedHeaders=host;x-amz-date, Signature={'0' * 64}",
    ),
)


def test_the_event_of_an_http_api() -> None:
    made = event(
        "http-api",
        request(
            "POST",
            "/my/path",
            "p1=v1&p1=v2&p2=a%20b",
            (*JSON, ("Cookie", "c1=1; c2=2"), ("X-A", "1"), ("x-a", "2")),
            b'{"n":1}',
        ),
    )
    assert made == {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": "/my/path",
        "rawQueryString": "p1=v1&p1=v2&p2=a%20b",
        "cookies": ["c1=1", "c2=2"],
        "headers": {
            "host": "127.0.0.1:8080",
            "user-agent": "curl/8.5",
            "content-type": "application/json",
            "x-a": "1,2",
            "x-amzn-trace-id": CONTEXT.trace_id,
            "x-forwarded-for": "127.0.0.1",
            "x-forwarded-port": "8080",
            "x-forwarded-proto": "http",
        },
        "queryStringParameters": {"p1": "v1,v2", "p2": "a b"},
        "requestContext": {
            "accountId": "123456789012",
            "apiId": CONTEXT.api_id,
            "domainName": "127.0.0.1",
            "domainPrefix": "127",
            "http": {
                "method": "POST",
                "path": "/my/path",
                "protocol": "HTTP/1.1",
                "sourceIp": "127.0.0.1",
                "userAgent": "curl/8.5",
            },
            "requestId": opaque_id(CONTEXT),
            "routeKey": "$default",
            "stage": "$default",
            "time": "04/Mar/2020:19:03:58 +0000",
            "timeEpoch": 1_583_348_638_390,
        },
        "body": '{"n":1}',
        "isBase64Encoded": False,
    }


@pytest.mark.parametrize("door", DOORS)
def test_absent_parts_are_left_out(door: str) -> None:
    made = event(door, request("GET"))
    assert not {"cookies", "queryStringParameters", "body"} & made.keys()
    assert made["rawQueryString"] == ""
    assert made["isBase64Encoded"] is False


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize(
    ("content_type", "is_base64"),
    [
        ("application/json", False),
        ("text/plain", False),
        ("application/x-www-form-urlencoded", True),
        ("application/octet-stream", True),
        ("", True),
    ],
)
def test_binary_bodies_are_base64(door: str, content_type: str, is_base64: bool) -> None:
    headers = (("Content-Type", content_type),) if content_type else ()
    made = event(door, request(headers=headers, body=b"a=1"))
    assert made["isBase64Encoded"] is is_base64
    assert made["body"] == ("YT0x" if is_base64 else "a=1")


def test_an_unsigned_function_url_has_an_anonymous_account() -> None:
    made = event("function-url", request())
    assert made["requestContext"]["accountId"] == "anonymous"
    assert "authorizer" not in made["requestContext"]


def test_a_function_url_with_iam_wants_a_signature() -> None:
    context = replace(CONTEXT, url_auth="AWS_IAM")
    answer = refused("function-url", request(), context)
    assert answer.status == 403
    assert answer.body.startswith(b'{"Message":"Forbidden')
    made = event("function-url", request(headers=SIGNED), context)
    assert made["requestContext"]["authorizer"]["iam"]["accessKey"] == "AKIDEXAMPLE"


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize(
    ("payload", "body"),
    [
        (TYPO, TYPO),
        (b'{"hello": "w\\u00f6rld", "n": 1.0}', b'{"hello": "w\\u00f6rld", "n": 1.0}'),
        (b'["hello", 3, true]', b'["hello", 3, true]'),
        (b'"hello"', b"hello"),
        (b"3", b"3"),
        (b"3.1", b"3.1"),
        (b"true", b"true"),
        (b"null", b"null"),
        (b"plain text", b"plain text"),
        (b'{"name": "x", "age":', b'{"name": "x", "age":'),
    ],
)
def test_output_without_a_status_code_is_the_body_of_a_200_byte_for_byte(
    door: str, payload: bytes, body: bytes
) -> None:
    answer = respond(door, result(payload))
    assert (answer.status, answer.body) == (200, body)
    assert header(answer, "content-type") == "application/json"


@pytest.mark.parametrize("door", DOORS)
def test_a_response_with_a_status_code_is_taken_as_it_is(door: str) -> None:
    answer = respond(door, result(HELLO))
    assert (answer.status, answer.body) == (200, b"<h1>Hello from Lambda!</h1>")
    assert header(answer, "content-type") == "text/html"
    plain = respond(door, result({"statusCode": 201, "body": "body123"}))
    assert (plain.status, plain.body) == (201, b"body123")
    inferred = {"http-api": "text/plain; charset=utf-8", "function-url": "application/json"}
    assert header(plain, "content-type") == inferred[door]


@pytest.mark.parametrize("door", DOORS)
def test_cookies_become_set_cookie_headers_and_base64_is_decoded(door: str) -> None:
    answer = respond(
        door,
        result(
            {
                "statusCode": 200,
                "cookies": ["a=1; Path=/", "b=2"],
                "body": "AAEC",
                "isBase64Encoded": True,
            }
        ),
    )
    assert all_headers(answer, "set-cookie") == ["a=1; Path=/", "b=2"]
    assert answer.body == b"\0\1\2"


@pytest.mark.parametrize(
    ("door", "of", "status", "body"),
    [
        ("http-api", RAISED, 500, b'{"message":"Internal Server Error"}'),
        ("http-api", TIMED_OUT, 500, b'{"message":"Internal Server Error"}'),
        ("function-url", RAISED, 502, b"Internal Server Error"),
        ("function-url", TIMED_OUT, 502, b"Internal Server Error"),
    ],
)
def test_a_failing_function(door: str, of: InvokeResult, status: int, body: bytes) -> None:
    answer = respond(door, of)
    assert (answer.status, answer.body) == (status, body)


def test_a_throttle_is_429_at_a_function_url() -> None:
    answer = respond("function-url", THROTTLED)
    assert answer.status == 429
    assert b"ReservedFunctionConcurrentInvocationLimitExceeded" in answer.body
    assert header(answer, "x-amzn-ErrorType") == "TooManyRequestsException"
    assert respond("http-api", THROTTLED).status == unverified.HTTP_API_THROTTLED_STATUS


@pytest.mark.parametrize(
    "payload",
    [
        b'{"statusCode":"abc"}',
        b'{"statusCode":null}',
        b'{"statusCode":200,"headers":7}',
        b'{"statusCode":200,"headers":{"a":"\\u0000"}}',
        b'{"statusCode":200,"cookies":"a=1"}',
        b'{"statusCode":200,"cookies":["a\\r\\nb"]}',
        b'{"statusCode":200,"body":"!","isBase64Encoded":true}',
    ],
)
def test_what_cannot_be_sent_is_an_error(payload: bytes) -> None:
    assert respond("http-api", result(payload)).status == unverified.HTTP_API_MALFORMED_STATUS
    url = respond("function-url", result(payload))
    assert url.status == unverified.FUNCTION_URL_MALFORMED_STATUS


def test_an_output_that_looks_like_an_error_is_one_at_an_http_api_alone() -> None:
    assert respond("http-api", result({"errorMessage": "no"})).status == 500
    assert respond("http-api", result({"errorMessage": "no", "statusCode": 200})).status == 200
    assert respond("function-url", result({"errorMessage": "no"})).status == 200


@pytest.mark.parametrize(
    ("door", "path", "handed_over"),
    [
        ("http-api", "/a%20b/%E4", "/a b/\ufffd"),
        ("http-api", "/a%3Fb", "/a"),
        ("function-url", "/a%20b%3F", "/a%20b%3F"),
    ],
)
def test_an_http_api_decodes_the_path_and_a_function_url_does_not(
    door: str, path: str, handed_over: str
) -> None:
    made = event(door, request("GET", path, "q=%20+"))
    assert made["rawPath"] == made["requestContext"]["http"]["path"] == handed_over
    assert made["rawQueryString"] == "q=%20+"
    assert made["queryStringParameters"] == {"q": "  "}


def test_cookies_are_among_the_headers_of_a_function_url_alone() -> None:
    asked = request("GET", headers=(("Cookie", "a=1;b=2"),))
    assert event("function-url", asked)["headers"]["cookie"] == "a=1; b=2"
    assert "cookie" not in event("http-api", asked)["headers"]
    assert all(event(door, asked)["cookies"] == ["a=1", "b=2"] for door in DOORS)


@pytest.mark.parametrize("door", DOORS)
def test_a_request_without_a_body_tells_its_length(door: str) -> None:
    assert event(door, request("GET"))["headers"]["content-length"] == "0"
    assert "content-length" not in event(door, request("POST", body=b"x"))["headers"]


def test_too_large_bodies_are_413() -> None:
    assert refused("http-api", request(body=b"x" * (10 * 1024 * 1024 + 1))).status == 413
    assert refused("function-url", request(body=b"x" * (6 * 1024 * 1024))).status == 413


def test_request_ids_are_where_aws_has_them() -> None:
    made = event("http-api", request())["requestContext"]["requestId"]
    assert header(respond("http-api", result(b"{}")), "apigw-requestid") == made
    assert len(made) == 16 and made.endswith("=")
    assert header(respond("function-url", result(b"{}")), "x-amzn-RequestId") == CONTEXT.request_id


def test_a_function_url_tells_what_is_not_there_from_what_is_not_signed() -> None:
    door = DOORS_BY_NAME["function-url"]
    unknown = door.refuse(request(), not_found("arn"), CONTEXT)
    assert (unknown.status, unknown.body) == (403, b'{"Message":null}')
    unsigned = ApiError(403, "MissingAuthenticationTokenException", "Missing", type="")
    forbidden = door.refuse(request(), unsigned, CONTEXT)
    assert forbidden.status == 403
    assert forbidden.body.startswith(b'{"Message":"Forbidden')
