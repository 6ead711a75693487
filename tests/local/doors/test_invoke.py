"""The Invoke API's requests and answers, without a socket."""

from __future__ import annotations

import base64
import json

import pytest

from bench.local.doors.invoke import answer, check_authorization, parse_call
from bench.local.http.api_error import ApiError
from bench.local.model import HttpRequest, InvokeResult

PATH = "/2015-03-31/functions/f/invocations"


def request(path: str = PATH, query: str = "", body: bytes = b"{}", **headers: str) -> HttpRequest:
    pairs = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return HttpRequest("POST", path, query, pairs, body)


def refusal(asked: HttpRequest) -> ApiError:
    with pytest.raises(ApiError) as caught:
        parse_call(asked)
    return caught.value


def test_names_and_qualifiers_come_percent_encoded() -> None:
    arn = "arn:aws:lambda:us-east-1:123456789012:function:f"
    path = f"/2015-03-31/functions/{arn.replace(':', '%3A')}/invocations"
    call = parse_call(request(path, "Qualifier=%24LATEST"))
    assert (call.function, call.qualifier) == (arn, "$LATEST")


def test_defaults_are_those_of_sdks_that_send_nothing() -> None:
    call = parse_call(request(body=b""))
    assert call.invocation_type == "RequestResponse"
    assert call.payload == b"{}"
    assert not call.log_tail
    assert not call.streaming
    assert call.trace_id.startswith("root=1-")


def test_the_older_asynchronous_path_is_an_event() -> None:
    assert parse_call(request("/2014-11-13/functions/f/invoke-async/")).invocation_type == "Event"


@pytest.mark.parametrize(
    "body",
    [b"{", b"nope", b"{'a': 1}", b"[1,]", b"\xff\xfe\xff", b"NaN", b"[" * 100_000, b"{} {}"],
)
def test_a_payload_that_is_no_json_is_refused(body: bytes) -> None:
    error = refusal(request(body=body))
    assert (error.status, error.code) == (400, "InvalidRequestContentException")
    assert error.message
    assert error.message.startswith("Could not parse request body into json: ")


def test_six_megabytes_pass_and_one_byte_more_does_not() -> None:
    most = b'"' + b"x" * (6 * 1024 * 1024 - 2) + b'"'
    assert parse_call(request(body=most)).payload == most
    error = refusal(request(body=most + b" "))
    assert (error.status, error.code) == (413, "RequestTooLargeException")
    assert error.message == (
        "Request must be smaller than 6291456 bytes for the InvokeFunction operation"
    )


def test_an_event_has_a_smaller_limit() -> None:
    body = b'"' + b"x" * (1024 * 1024 - 1) + b'"'
    error = refusal(request(body=body, X_Amz_Invocation_Type="Event"))
    assert error.message == (
        "1048577 byte payload is too large for the Event invocation type (limit 1048576 bytes)"
    )


@pytest.mark.parametrize(
    ("header", "member", "allowed"),
    [
        ("X-Amz-Invocation-Type", "invocationType", "[DryRun, Event, RequestResponse]"),
        ("X-Amz-Log-Type", "logType", "[None, Tail]"),
    ],
)
def test_unknown_values_are_refused(header: str, member: str, allowed: str) -> None:
    error = refusal(HttpRequest("POST", PATH, "", ((header, "Nonsense"),), b""))
    assert (error.status, error.code) == (400, "ValidationException")
    assert error.message
    assert f"Value 'Nonsense' at '{member}'" in error.message
    assert allowed in error.message


def test_a_client_context_arrives_on_one_line_of_ascii() -> None:
    text = json.dumps({"custom": {"a": "ä\r\nX-Evil: 1"}}, indent=2, ensure_ascii=False)
    call = parse_call(request(X_Amz_Client_Context=base64.b64encode(text.encode()).decode()))
    assert call.client_context
    assert call.client_context.isascii()
    assert "\n" not in call.client_context
    assert json.loads(call.client_context) == json.loads(text)


@pytest.mark.parametrize("context", ["%%%", base64.b64encode(b"[1]").decode(), "e" * 3584])
def test_a_client_context_that_is_none_is_refused(context: str) -> None:
    error = refusal(request(X_Amz_Client_Context=context))
    assert (error.status, error.code) == (400, "InvalidRequestContentException")


def test_a_trace_id_is_passed_on_only_if_it_is_one() -> None:
    good = "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1"
    assert parse_call(request(X_Amzn_Trace_Id=good)).trace_id == good
    assert parse_call(request(X_Amzn_Trace_Id="a b\tc")).trace_id.startswith("root=1-")


def test_a_good_answer_has_lambdas_headers() -> None:
    call = parse_call(request(X_Amz_Log_Type="Tail"))
    result = InvokeResult("id-1", b'{"a":1}', "3", log_tail=b"START\n")
    response = answer(call, result)
    assert (response.status, response.body) == (200, b'{"a":1}')
    assert dict(response.headers) == {
        "Content-Type": "application/json",
        "x-amzn-RequestId": "id-1",
        "x-amzn-Remapped-Content-Length": "0",
        "X-Amzn-Trace-Id": call.trace_id,
        "X-Amz-Executed-Version": "3",
        "X-Amz-Log-Result": base64.b64encode(b"START\n").decode(),
    }


def test_a_function_error_is_a_200_that_says_so() -> None:
    response = answer(parse_call(request()), InvokeResult("i", b"{}", "1", error="Unhandled"))
    assert response.status == 200
    assert ("X-Amz-Function-Error", "Unhandled") in response.headers


def test_a_throttle_is_a_429_with_its_reason() -> None:
    result = InvokeResult("i", b"", "1", throttle_reason="ConcurrentInvocationLimitExceeded")
    response = answer(parse_call(request()), result)
    assert response.status == 429
    assert json.loads(response.body) == {
        "Reason": "ConcurrentInvocationLimitExceeded",
        "Type": "User",
        "message": "Rate Exceeded.",
    }
    assert ("Retry-After", "1") in response.headers
    assert ("x-amzn-ErrorType", "TooManyRequestsException") in response.headers


def test_a_request_without_credentials_is_refused() -> None:
    with pytest.raises(ApiError) as caught:
        check_authorization(request())
    assert (caught.value.status, caught.value.code) == (403, "MissingAuthenticationTokenException")
    with pytest.raises(ApiError) as caught:
        check_authorization(request(Authorization="Bearer x"))
    assert (caught.value.status, caught.value.code) == (403, "IncompleteSignatureException")
    check_authorization(request(Authorization="AWS4-HMAC-SHA256 Credential=a/b/c"))
    check_authorization(request(query="X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature=00"))
