from __future__ import annotations

import re
from dataclasses import replace

import pytest

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

JSON = (("Content-Type", "application/json"),)
INTERNAL = b'{"message": "Internal server error"}'


def test_the_event_has_the_shape_that_aws_sends() -> None:
    made = event(
        "rest",
        request(
            "POST",
            "/my/path",
            "category=electronics&category=books&a=b%2Bc+d",
            (*JSON, ("tEsT-HEADeR", "aValUE"), ("Connection", "keep-alive")),
            b'{"message":"hello"}',
        ),
    )
    context = made.pop("requestContext")
    assert made == {
        "resource": "/{proxy+}",
        "path": "/my/path",
        "httpMethod": "POST",
        "headers": {
            "Host": "127.0.0.1:8080",
            "User-Agent": "curl/8.5",
            "Content-Type": "application/json",
            "tEsT-HEADeR": "aValUE",
            "X-Amzn-Trace-Id": CONTEXT.trace_id,
            "X-Forwarded-For": "127.0.0.1",
            "X-Forwarded-Port": "8080",
            "X-Forwarded-Proto": "http",
        },
        "multiValueHeaders": {name: [value] for name, value in made["headers"].items()},
        "queryStringParameters": {"category": "books", "a": "b+c d"},
        "multiValueQueryStringParameters": {"category": ["electronics", "books"], "a": ["b+c d"]},
        "pathParameters": {"proxy": "my/path"},
        "stageVariables": None,
        "body": '{"message":"hello"}',
        "isBase64Encoded": False,
    }
    identity = context.pop("identity")
    assert (identity["sourceIp"], identity["userAgent"]) == ("127.0.0.1", "curl/8.5")
    assert set(identity) == {
        "accessKey",
        "accountId",
        "caller",
        "cognitoAuthenticationProvider",
        "cognitoAuthenticationType",
        "cognitoIdentityId",
        "cognitoIdentityPoolId",
        "principalOrgId",
        "sourceIp",
        "user",
        "userAgent",
        "userArn",
    }
    assert context.pop("extendedRequestId")
    assert context == {
        "accountId": "123456789012",
        "apiId": CONTEXT.api_id,
        "deploymentId": CONTEXT.api_id[:6],
        "domainName": "127.0.0.1",
        "domainPrefix": CONTEXT.api_id,
        "httpMethod": "POST",
        "path": "/local/my/path",
        "protocol": "HTTP/1.1",
        "requestId": CONTEXT.request_id,
        "requestTime": "04/Mar/2020:19:03:58 +0000",
        "requestTimeEpoch": 1_583_348_638_390,
        "resourceId": CONTEXT.api_id[:6],
        "resourcePath": "/{proxy+}",
        "stage": "local",
    }


def test_what_is_not_there_is_null() -> None:
    made = event("rest", request("GET", "/"))
    for key in (
        "queryStringParameters",
        "multiValueQueryStringParameters",
        "pathParameters",
        "stageVariables",
        "body",
    ):
        assert made[key] is None
    assert made["resource"] == "/"


def test_the_path_stays_encoded_and_the_proxy_has_no_trailing_slash() -> None:
    made = event("rest", request("GET", "/a/test%2Balias@x/"))
    assert made["path"] == "/a/test%2Balias@x/"
    assert made["pathParameters"] == {"proxy": "a/test%2Balias@x"}


def test_only_binary_media_types_are_base64() -> None:
    png = request(headers=(("Content-Type", "image/png"),), body=b"\x89PNG\xff")
    assert event("rest", png)["isBase64Encoded"] is False
    made = event("rest", png, replace(CONTEXT, binary_media_types=("image/*",)))
    assert (made["body"], made["isBase64Encoded"]) == ("iVBOR/8=", True)


def test_too_much_is_refused_before_the_function() -> None:
    assert refused("rest", request(body=b"x" * (10 * 1024 * 1024 + 1))).status == 413
    assert refused("rest", request(body=b"x" * (7 * 1024 * 1024))).status == 413
    assert refused("rest", request(headers=(("X", "y" * 10_240),))).status == 431


@pytest.mark.parametrize(
    ("payload", "status", "body"),
    [
        (b"{}", 200, b""),
        (b'{"statusCode":"201","body":"x"}', 201, b"x"),
        (b'{"statusCode":404,"body":null}', 404, b""),
        (b'{"statusCode":200,"body":"AAEC","isBase64Encoded":true}', 200, b"AAEC"),
        (b'{"body":"\xc3\xa9"}', 200, "é".encode()),
    ],
)
def test_every_key_of_a_response_is_optional(payload: bytes, status: int, body: bytes) -> None:
    answer = respond("rest", result(payload))
    assert (answer.status, answer.body) == (status, body)
    assert header(answer, "content-type") == "application/json"


def test_base64_is_decoded_where_the_caller_accepts_a_binary_type() -> None:
    answer = respond(
        "rest",
        result({"body": "AAEC", "isBase64Encoded": True, "headers": {"Content-Type": "image/png"}}),
        request(headers=(("Accept", "image/png,*/*"),)),
        replace(CONTEXT, binary_media_types=("image/png",)),
    )
    assert answer.body == b"\0\1\2"


def test_headers_of_both_kinds_are_sent_and_some_are_renamed() -> None:
    answer = respond(
        "rest",
        result(
            {
                "headers": {"X-One": "1", "x-number": 5, "x-true": True, "Date": "today"},
                "multiValueHeaders": {"Set-Cookie": ["a=1", "b=2"], "x-one": ["2"]},
            }
        ),
    )
    assert all_headers(answer, "set-cookie") == ["a=1", "b=2"]
    assert all_headers(answer, "x-one") == ["2", "1"]
    assert header(answer, "x-number") == "5"
    assert header(answer, "x-true") == "true"
    assert header(answer, "x-amzn-Remapped-Date") == "today"


def test_every_answer_carries_awss_ids() -> None:
    for of in (result(b"{}"), RAISED, THROTTLED):
        answer = respond("rest", of)
        assert header(answer, "x-amzn-RequestId") == CONTEXT.request_id
        assert header(answer, "x-amz-apigw-id")
        trace = header(answer, "X-Amzn-Trace-Id") or ""
        assert re.fullmatch(f"{CONTEXT.trace_id};Parent=[0-9a-f]{{16}};Sampled=0", trace)


def test_slashes_at_the_front_are_one_in_the_path_and_as_sent_in_the_context() -> None:
    made = event("rest", request("GET", "//items//a"))
    assert made["path"] == "/items//a"
    assert made["pathParameters"] == {"proxy": "items//a"}
    assert made["requestContext"]["path"] == "/local//items//a"
    assert event("rest", request("GET", "//"))["path"] == "/"


def test_some_headers_are_renamed_and_some_are_dropped_on_the_way_in() -> None:
    names = ("authorization", "Content-MD5", "Expect", "Max-Forwards", "Server", "X-Kept")
    made = event("rest", request("GET", headers=tuple((name, "1") for name in names)))
    for headers in (made["headers"], made["multiValueHeaders"]):
        assert {"Authorization", "X-Kept"} <= headers.keys()
        assert not {name for name in names if name != "X-Kept"} & headers.keys()


@pytest.mark.parametrize(
    "payload",
    [
        TYPO,
        HELLO,
        b"null",
        b'"x"',
        b"[]",
        b"garbage",
        b'{"statusCode":"ok"}',
        b'{"body":{"a":1}}',
        b'{"body":7}',
        b'{"headers":"x"}',
        b'{"multiValueHeaders":{"a":"b"}}',
        b'{"headers":{"a":"b\\nc"}}',
        b'{"isBase64Encoded":"yes","body":""}',
    ],
)
def test_a_malformed_answer_is_502(payload: bytes) -> None:
    answer = respond("rest", result(payload))
    assert (answer.status, answer.body) == (502, INTERNAL)
    assert header(answer, "x-amzn-ErrorType") == "InternalServerErrorException"


@pytest.mark.parametrize(("of", "status"), [(RAISED, 502), (TIMED_OUT, 502), (THROTTLED, 500)])
def test_a_failing_function_is_502_and_a_throttle_hides_behind_500(
    of: InvokeResult, status: int
) -> None:
    answer = respond("rest", of)
    assert (answer.status, answer.body) == (status, INTERNAL)
