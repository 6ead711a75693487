import json

import pytest

from bench.endpoints.responses import hint_of
from bench.model.endpoint import EndpointKind
from bench.model.outcome import Hint, Outcome, Report
from bench.model.times import NS_PER_MS, NS_PER_S
from tests.endpoints.build import REPORT, REQUEST_ID, classify, log_tail

INVOKE = EndpointKind.INVOKE


def test_a_200_is_ok_and_brings_report_and_request_id() -> None:
    answer = classify(
        INVOKE, 200, b'{"a":1}', x_amzn_RequestId=REQUEST_ID, x_amz_log_result=log_tail()
    )
    assert answer.outcome is Outcome.OK
    assert answer.report == Report(REQUEST_ID, 2.37, 3, 128, 40)
    assert answer.request_id == REQUEST_ID
    assert answer.detail == ""


def test_a_200_without_a_log_is_ok_without_a_report() -> None:
    answer = classify(INVOKE, 200, b"not even json")
    assert (answer.outcome, answer.report, answer.request_id) == (Outcome.OK, None, "")


FUNCTION_ERRORS = [
    (
        {
            "errorMessage": "no such n",
            "errorType": "ValueError",
            "requestId": "r",
            "stackTrace": ["line"],
        },
        "ValueError: no such n",
    ),
    (
        {
            "errorType": "Runtime.ImportModuleError",
            "errorMessage": "Unable to import module 'x'",
            "requestId": "",
        },
        "Runtime.ImportModuleError: Unable to import module 'x'",
    ),
    (
        {
            "errorType": "Sandbox.Timedout",
            "errorMessage": f"RequestId: {REQUEST_ID} Error: Task timed out after 3.00 seconds",
        },
        f"Sandbox.Timedout: RequestId: {REQUEST_ID} Error: Task timed out after 3.00 seconds",
    ),
    (
        {"errorMessage": f"2024-05-01T10:00:00Z {REQUEST_ID} Task timed out after 1.00 seconds"},
        f"2024-05-01T10:00:00Z {REQUEST_ID} Task timed out after 1.00 seconds",
    ),
    (
        {
            "errorType": "Runtime.ExitError",
            "errorMessage": "RequestId: r Error: Runtime exited without providing a reason",
        },
        "Runtime.ExitError: RequestId: r Error: Runtime exited without providing a reason",
    ),
    (
        {
            "errorMessage": "Response payload size exceeded maximum allowed payload size "
            "(6291556 bytes).",
            "errorType": "Function.ResponseSizeTooLarge",
        },
        "Function.ResponseSizeTooLarge: Response payload size exceeded maximum allowed payload "
        "size (6291556 bytes).",
    ),
]


@pytest.mark.parametrize(("payload", "detail"), FUNCTION_ERRORS)
def test_a_functions_error_and_its_timeout_are_the_functions(
    payload: dict[str, object], detail: str
) -> None:
    answer = classify(
        INVOKE,
        200,
        json.dumps(payload).encode(),
        x_amz_function_error="Unhandled",
        x_amz_log_result=log_tail(),
    )
    assert answer.outcome is Outcome.FUNCTION_ERROR
    assert answer.detail == detail
    assert answer.report is not None


def test_report_knows_that_a_kill_was_for_memory() -> None:
    payload = {
        "errorType": "Runtime.ExitError",
        "errorMessage": "RequestId: r Error: Runtime exited with error: signal: killed",
    }
    report = REPORT + "Status: error\tError Type: Runtime.OutOfMemory\t"
    answer = classify(
        INVOKE,
        200,
        json.dumps(payload).encode(),
        x_amz_function_error="Unhandled",
        x_amz_log_result=log_tail(report),
    )
    assert answer.detail.startswith("Runtime.ExitError (Runtime.OutOfMemory): RequestId: r Error")


@pytest.mark.parametrize("body", [b"", b"oops", b"[1]", b"{}", b'{"errorType": null}'])
def test_a_functions_error_without_a_readable_payload_still_has_a_detail(body: bytes) -> None:
    answer = classify(INVOKE, 200, body, x_amz_function_error="Handled")
    assert answer.outcome is Outcome.FUNCTION_ERROR
    assert answer.detail


SERVICE_ERRORS = [
    (400, "InvalidRequestContentException", Outcome.CLIENT_ERROR),
    (400, "InvalidParameterValueException", Outcome.CLIENT_ERROR),
    (402, "ServiceQuotaExceededException", Outcome.CLIENT_ERROR),
    (403, "AccessDeniedException", Outcome.CLIENT_ERROR),
    (404, "ResourceNotFoundException", Outcome.CLIENT_ERROR),
    (408, "SnapStartTimeoutException", Outcome.CLIENT_ERROR),
    (409, "ResourceConflictException", Outcome.CLIENT_ERROR),
    (410, "EFSIOException", Outcome.CLIENT_ERROR),
    (413, "RequestTooLargeException", Outcome.CLIENT_ERROR),
    (415, "UnsupportedMediaTypeException", Outcome.CLIENT_ERROR),
    (429, "TooManyRequestsException", Outcome.THROTTLED),
    (429, "", Outcome.THROTTLED),
    (400, "ThrottlingException", Outcome.THROTTLED),
    (500, "ServiceException", Outcome.SERVER_ERROR),
    (502, "EC2ThrottledException", Outcome.THROTTLED),
    (502, "EC2UnexpectedException", Outcome.SERVER_ERROR),
    (502, "ENILimitReachedException", Outcome.SERVER_ERROR),
    (503, "", Outcome.SERVER_ERROR),
    (301, "", Outcome.CLIENT_ERROR),
    (202, "", Outcome.PROTOCOL_ERROR),
    (204, "", Outcome.PROTOCOL_ERROR),
    (0, "", Outcome.PROTOCOL_ERROR),
    (999, "", Outcome.PROTOCOL_ERROR),
]


@pytest.mark.parametrize(("status", "code", "outcome"), SERVICE_ERRORS)
def test_the_services_errors_are_told_apart(status: int, code: str, outcome: Outcome) -> None:
    body = b'{"Type":"User","Message":"told in words"}'
    headers = {"x_amzn_errortype": code} if code else {}
    answer = classify(INVOKE, status, body, x_amzn_requestid=REQUEST_ID, **headers)
    assert answer.outcome is outcome
    assert answer.request_id == REQUEST_ID
    assert str(status) in answer.detail
    assert code in answer.detail


def test_a_code_is_read_from_every_place_that_aws_puts_it_in() -> None:
    for header in ("ThrottlingException", "ThrottlingException:http://internal.amazon.com/x"):
        assert classify(INVOKE, 400, x_amzn_errortype=header).outcome is Outcome.THROTTLED
    for body in (b'{"__type":"com.amazon#ThrottlingException"}', b'{"code":"ThrottlingException"}'):
        assert classify(INVOKE, 400, body).outcome is Outcome.THROTTLED


def test_a_throttle_says_why_and_when_to_come_back() -> None:
    body = (
        b'{"Reason":"ReservedFunctionConcurrentInvocationLimitExceeded","Type":"User",'
        b'"message":"Rate Exceeded."}'
    )
    answer = classify(
        INVOKE, 429, body, retry_after="2", x_amzn_errortype="TooManyRequestsException"
    )
    assert answer.outcome is Outcome.THROTTLED
    assert answer.hint == Hint(2 * NS_PER_S)
    assert answer.detail == (
        "HTTP 429: TooManyRequestsException: ReservedFunctionConcurrentInvocationLimitExceeded: "
        "Rate Exceeded."
    )


DATE = "Sat, 28 Nov 2026 12:00:00 GMT"


@pytest.mark.parametrize(
    ("headers", "hint_ns"),
    [
        ({}, None),
        ({"retry_after": "0"}, 0),
        ({"x_amz_retry_after": "150"}, 150 * NS_PER_MS),
        ({"x_amz_retry_after": "150", "retry_after": "7"}, 150 * NS_PER_MS),
        ({"x_amz_retry_after": "soon", "retry_after": "7"}, 7 * NS_PER_S),
        ({"retry_after": "7200"}, 3600 * NS_PER_S),
        ({"retry_after": "9" * 5000}, None),
        *(
            ({name: hint}, None)
            for name in ("retry_after", "x_amz_retry_after")
            for hint in ("-1", "nan", "inf", "1e3", "1_0", "1.5", "+2", "0x2", "2 s", "2, 3", "²")
        ),
        ({"date": DATE, "retry_after": "Sat, 28 Nov 2026 12:00:03 GMT"}, 3 * NS_PER_S),
        ({"date": DATE, "retry_after": "Saturday, 28-Nov-26 12:00:03 GMT"}, 3 * NS_PER_S),
        ({"date": DATE, "retry_after": "Sat Nov 28 12:00:03 2026"}, 3 * NS_PER_S),
        ({"date": DATE, "retry_after": "Sat Nov  7 12:00:03 2026"}, None),  # it has passed
        ({"date": DATE, "retry_after": DATE}, None),
        ({"date": DATE, "retry_after": "Sun, 28 Nov 2027 12:00:00 GMT"}, 3600 * NS_PER_S),
        ({"date": DATE, "retry_after": "Sat, 31 Feb 2026 12:00:00 GMT"}, None),
        ({"date": DATE, "retry_after": "sat, 28 nov 2026 12:00:03 gmt"}, None),
        ({"date": DATE, "retry_after": "Sat, 28 Nov 2026 12:00:03 +0000"}, None),
        ({"date": DATE, "retry_after": "2026-11-28T12:00:03Z"}, None),
        ({"retry_after": "Sat, 28 Nov 2015 12:00:03 GMT"}, None),
    ],
)
def test_hints_are_milliseconds_seconds_or_a_date(
    headers: dict[str, str], hint_ns: int | None
) -> None:
    hint = classify(INVOKE, 429, b"", **headers).hint
    assert (None if hint is None else hint.delay_ns) == hint_ns


def test_it_is_known_which_of_the_hints_is_the_sdks() -> None:
    both = classify(INVOKE, 429, b"", x_amz_retry_after="150", retry_after="7").hint
    assert both == Hint(150 * NS_PER_MS, of_sdk=True)
    none = classify(INVOKE, 429, b"", x_amz_retry_after="soon", retry_after="7").hint
    assert none == Hint(7 * NS_PER_S, of_sdk=False)


def test_a_date_without_one_of_the_answers_own_counts_from_now() -> None:
    found = {b"retry-after": b"Sat, 28 Nov 2026 12:00:03 GMT"}
    assert hint_of(found, lambda: 1795867200.5) == Hint(round(2.5 * NS_PER_S))


def test_a_detail_is_one_short_printable_line() -> None:
    body = json.dumps(
        {"errorType": "E", "errorMessage": "a\nb\x1b[31m\ud800" + "x" * 9000}
    ).encode()
    detail = classify(INVOKE, 200, body, x_amz_function_error="Unhandled").detail
    assert detail.startswith("E: a b")
    assert detail.isprintable()
    assert len(detail) <= 240


def test_a_request_id_that_cannot_be_printed_is_none() -> None:
    assert classify(INVOKE, 200, x_amzn_requestid=b"\x1b[2J").request_id == ""
