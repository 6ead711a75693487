from __future__ import annotations

import json
from dataclasses import replace

import pytest

from bench.local.model import InvokeResult
from tests.local.doors.calls import (
    CONTEXT,
    RAISED,
    THROTTLED,
    TIMED_OUT,
    event,
    header,
    request,
    respond,
    result,
)


def test_the_event_has_the_shape_of_lambda_at_edge() -> None:
    made = event("cloudfront", request("GET", "/p.html", "size=large", (("X-A", "1"),)))
    (record,) = made["Records"]
    assert record["cf"]["config"]["eventType"] == "viewer-request"
    assert set(record["cf"]["config"]) == {
        "distributionDomainName",
        "distributionId",
        "eventType",
        "requestId",
    }
    assert record["cf"]["request"] == {
        "clientIp": "127.0.0.1",
        "headers": {
            "host": [{"key": "Host", "value": "127.0.0.1:8080"}],
            "user-agent": [{"key": "User-Agent", "value": "curl/8.5"}],
            "x-a": [{"key": "X-A", "value": "1"}],
        },
        "method": "GET",
        "querystring": "size=large",
        "uri": "/p.html",
    }


def test_a_body_is_base64_and_cut_at_the_limit_of_the_event_type() -> None:
    sent = request(body=b"x" * 50_000)
    body = event("cloudfront", sent)["Records"][0]["cf"]["request"]["body"]
    assert (body["inputTruncated"], body["encoding"]) == (True, "base64")
    origin = replace(CONTEXT, edge_event="origin-request")
    whole = event("cloudfront", sent, origin)["Records"][0]["cf"]["request"]["body"]
    assert whole["inputTruncated"] is False
    assert len(whole["data"]) > len(body["data"])


def test_a_generated_response_is_sent() -> None:
    answer = respond(
        "cloudfront",
        result(
            {
                "status": "302",
                "statusDescription": "Found",
                "headers": {"location": [{"key": "Location", "value": "/x"}]},
                "body": "aGk=",
                "bodyEncoding": "base64",
            }
        ),
    )
    assert (answer.status, answer.body) == (302, b"hi")
    assert header(answer, "Location") == "/x"
    assert header(answer, "X-Cache") == "LambdaGeneratedResponse from cloudfront"
    assert header(answer, "X-Amz-Cf-Id")


def test_a_request_that_passes_would_go_to_the_origin() -> None:
    sent = event("cloudfront", request("GET", "/a", "b=c"))["Records"][0]["cf"]["request"]
    sent["uri"] = "/changed"
    answer = respond("cloudfront", result(sent))
    assert answer.status == 200
    assert header(answer, "X-Cache") == "Miss from cloudfront"
    assert json.loads(answer.body)["uri"] == "/changed"


@pytest.mark.parametrize(
    ("of", "status", "cache"),
    [
        (RAISED, 503, "LambdaExecutionError from CloudFront"),
        (TIMED_OUT, 503, "LambdaExecutionError from CloudFront"),
        (THROTTLED, 503, "LambdaLimitExceeded from CloudFront"),
        (result(b"null"), 502, "LambdaValidationError from CloudFront"),
        (result(b"nonsense"), 502, "LambdaValidationError from CloudFront"),
        (result({"status": "abc"}), 502, "LambdaValidationError from CloudFront"),
        (result({"uri": "/x"}), 502, "LambdaValidationError from CloudFront"),
        (
            result({"status": 200, "headers": {"x-cache": [{"value": "Hit"}]}}),
            502,
            "LambdaValidationError from CloudFront",
        ),
        (
            result({"status": 200, "headers": {"x-edge-a": [{"value": "1"}]}}),
            502,
            "LambdaValidationError from CloudFront",
        ),
        (
            result({"status": 200, "headers": {"a": [{"key": "b", "value": "1"}]}}),
            502,
            "LambdaValidationError from CloudFront",
        ),
        (
            result({"status": 200, "body": "x" * 41_000}),
            502,
            "LambdaValidationError from CloudFront",
        ),
    ],
)
def test_failures_name_themselves_in_x_cache(of: InvokeResult, status: int, cache: str) -> None:
    answer = respond("cloudfront", of)
    assert (answer.status, header(answer, "X-Cache")) == (status, cache)
