"""The embedded Lambda's doors and this tool's reading of them, against each other."""

from dataclasses import replace

import pytest

from bench.endpoints.base import head_of
from bench.local.doors.alb import AlbDoor
from bench.local.doors.base import Door, DoorContext
from bench.local.doors.cloudfront import CloudFrontDoor
from bench.local.doors.function_url import FunctionUrlDoor
from bench.local.doors.http_api import HttpApiDoor
from bench.local.doors.rest import RestDoor
from bench.local.doors.step_functions import StepFunctionsDoor
from bench.local.model import HttpRequest, HttpResponse, InvokeResult
from bench.model.endpoint import EndpointKind
from bench.model.outcome import Answer, Outcome
from tests.endpoints.build import REQUEST_ID, endpoint

K = EndpointKind
OK, FUNCTION, THROTTLED = Outcome.OK, Outcome.FUNCTION_ERROR, Outcome.THROTTLED
SERVER = Outcome.SERVER_ERROR
DOORS: dict[EndpointKind, Door] = {
    K.ALB: AlbDoor(),
    K.ALB_MULTI: AlbDoor(multi_value=True),
    K.REST: RestDoor(),
    K.HTTP_API: HttpApiDoor(),
    K.FUNCTION_URL: FunctionUrlDoor(),
    K.CLOUDFRONT: CloudFrontDoor(),
    K.STEP_FUNCTIONS: StepFunctionsDoor(),
}
REQUEST = HttpRequest("POST", "/", "", (("Host", "127.0.0.1:9001"),), b"{}")
CONTEXT = DoorContext(
    name="primes",
    arn="arn:aws:lambda:us-east-1:123456789012:function:primes",
    request_id=REQUEST_ID,
    now_ns=1_790_000_000_000_000_000,
    trace_id="Root=1-67891233-abcdef012345678912345678",
)
GOOD = b'{"statusCode":200,"status":"200","headers":{},"multiValueHeaders":{"A":["b"]},"body":"hi"}'
GOOD_REST = b'{"statusCode":200,"headers":{},"body":"hi"}'
ERROR = b'{"errorType":"ValueError","errorMessage":"no"}'


def result(payload: bytes = GOOD, error_type: str = "", throttle: str = "") -> InvokeResult:
    return InvokeResult(
        REQUEST_ID,
        payload,
        "1",
        error="Unhandled" if error_type else "",
        error_type=error_type,
        duration_ms=12.5,
        billed_ms=113,
        init_ms=100.25,
        max_memory_mb=40,
        throttle_reason=throttle,
    )


def read(kind: EndpointKind, response: HttpResponse) -> Answer:
    headers = [(name.encode(), value.encode()) for name, value in response.headers]
    return endpoint(kind).classify(response.status, head_of(headers), response.body)


@pytest.mark.parametrize("kind", DOORS)
def test_a_success_is_ok_with_the_functions_own_timings(kind: EndpointKind) -> None:
    payload = GOOD_REST if kind is K.REST else GOOD
    answer = read(kind, DOORS[kind].respond(REQUEST, result(payload), CONTEXT))
    assert (answer.outcome, answer.detail) == (OK, "")
    report = answer.report
    assert report is not None
    assert (report.duration_ms, report.billed_ms, report.init_ms) == (12.5, 113, 100.25)
    assert (report.memory_mb, report.max_memory_mb) == (128, 40)


@pytest.mark.parametrize("kind", DOORS)
@pytest.mark.parametrize("error_type", ["ValueError", "Sandbox.Timedout", "Runtime.ExitError"])
def test_a_functions_error_or_timeout_is_the_functions_through_every_door(
    kind: EndpointKind, error_type: str
) -> None:
    answer = read(kind, DOORS[kind].respond(REQUEST, result(ERROR, error_type), CONTEXT))
    assert answer.outcome is FUNCTION
    assert answer.report is not None


@pytest.mark.parametrize(
    ("kind", "outcome"),
    [
        (K.ALB, THROTTLED),
        (K.ALB_MULTI, THROTTLED),
        (K.REST, SERVER),
        (K.HTTP_API, SERVER),
        (K.FUNCTION_URL, THROTTLED),
        (K.CLOUDFRONT, THROTTLED),
        (K.STEP_FUNCTIONS, THROTTLED),
    ],
)
def test_lambdas_throttle_is_told_where_the_door_lets_it_through_and_hinted_at_elsewhere(
    kind: EndpointKind, outcome: Outcome
) -> None:
    throttled = result(b"", throttle="ConcurrentInvocationLimitExceeded")
    answer = read(kind, DOORS[kind].respond(REQUEST, throttled, CONTEXT))
    assert answer.outcome is outcome
    assert "thrott" in answer.detail.lower() or "Limit" in answer.detail or "Too" in answer.detail
    assert answer.report is None


@pytest.mark.parametrize("kind", [K.ALB, K.ALB_MULTI, K.REST])
def test_the_misspelt_tutorial_handler_is_a_malformed_response(kind: EndpointKind) -> None:
    misspelt = result(b'{"status code": 200, "body": "hi"}')
    assert read(kind, DOORS[kind].respond(REQUEST, misspelt, CONTEXT)).outcome is FUNCTION


@pytest.mark.parametrize("kind", [K.HTTP_API, K.FUNCTION_URL])
def test_the_misspelt_tutorial_handler_is_fine_with_format_2(kind: EndpointKind) -> None:
    misspelt = result(b'{"status code": 200, "body": "hi"}')
    assert read(kind, DOORS[kind].respond(REQUEST, misspelt, CONTEXT)).outcome is OK


@pytest.mark.parametrize("kind", [K.ALB, K.REST, K.HTTP_API])
def test_a_door_that_lost_patience_is_a_server_error(kind: EndpointKind) -> None:
    answer = read(kind, DOORS[kind].timed_out(REQUEST, CONTEXT))
    assert answer.outcome is SERVER


def test_on_aws_an_albs_502_says_that_it_may_be_a_throttle() -> None:
    throttled = result(b"", throttle="ConcurrentInvocationLimitExceeded")
    response = AlbDoor().respond(REQUEST, throttled, CONTEXT)
    kept = tuple(header for header in response.headers if not header[0].startswith("x-lamload"))
    answer = read(K.ALB, HttpResponse(response.status, kept, response.body))
    assert answer.outcome is FUNCTION
    assert "Lambda's throttle" in answer.detail


@pytest.mark.parametrize("kind", DOORS)
def test_a_throttle_looks_as_its_row_says(kind: EndpointKind) -> None:
    throttled = result(b"", throttle="ConcurrentInvocationLimitExceeded")
    response = DOORS[kind].respond(REQUEST, throttled, replace(CONTEXT, report=False))
    facts = kind.facts.throttle
    assert response.status in facts.statuses
    assert (read(kind, response).outcome is THROTTLED) == facts.is_told


@pytest.mark.parametrize(
    "kind", [kind for kind in K if kind not in DOORS and not kind.facts.is_command]
)
def test_a_throttle_without_a_door_is_told_by_its_status(kind: EndpointKind) -> None:
    for status in kind.facts.throttle.statuses:
        outcome = endpoint(kind).classify(status, head_of(()), b"").outcome
        assert (outcome is THROTTLED) == kind.facts.throttle.is_told
