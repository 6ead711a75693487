import pytest

from bench.endpoints.base import head_of
from bench.model.endpoint import EndpointKind
from bench.model.outcome import Outcome
from tests.endpoints.build import REPORT, REQUEST_ID, classify, endpoint

K = EndpointKind
OK, FUNCTION, THROTTLED = Outcome.OK, Outcome.FUNCTION_ERROR, Outcome.THROTTLED
SERVER, CLIENT, PROTOCOL = Outcome.SERVER_ERROR, Outcome.CLIENT_ERROR, Outcome.PROTOCOL_ERROR
DOORS = [K.ALB, K.ALB_MULTI, K.REST, K.HTTP_API, K.FUNCTION_URL, K.CLOUDFRONT, K.HTTP]
REST_BODY = b'{"message": "Internal server error"}'
HTTP_BODY = b'{"message":"Internal Server Error"}'
ALB_PAGE = b"<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n</html>\r\n"


@pytest.mark.parametrize("kind", DOORS)
@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (200, OK),
        (201, OK),
        (204, OK),
        (301, OK),
        (304, OK),
        (400, CLIENT),
        (404, CLIENT),
        (413, CLIENT),
        (429, THROTTLED),
        (501, SERVER),
        (504, SERVER),
        (100, PROTOCOL),
        (600, PROTOCOL),
    ],
)
def test_a_status_of_the_functions_own_counts_by_its_class(
    kind: EndpointKind, status: int, outcome: Outcome
) -> None:
    answer = classify(kind, status, b"the function's own words")
    assert answer.outcome is outcome
    assert bool(answer.detail) == (outcome is not OK)


@pytest.mark.parametrize(
    ("kind", "status", "body", "outcome", "words"),
    [
        (K.ALB, 502, ALB_PAGE, FUNCTION, "Lambda's throttle: ALB does not tell which"),
        (K.ALB_MULTI, 502, ALB_PAGE, FUNCTION, "ALB does not tell which"),
        (K.ALB, 503, b"", SERVER, "no registered target"),
        (K.ALB, 504, b"", SERVER, "idle timeout"),
        (K.ALB, 413, b"", CLIENT, "1 MB"),
        (K.ALB, 460, b"", CLIENT, "client close"),
        (K.ALB, 500, b"my own", SERVER, "my own"),
        (K.REST, 502, REST_BODY, FUNCTION, "function error, timeout or malformed"),
        (K.REST, 500, REST_BODY, SERVER, "Lambda's throttle, a missing permission"),
        (K.REST, 500, b'{"message": "my own"}', SERVER, "my own"),
        (K.REST, 502, b'{"message": "Internal server error", "id": 1}', SERVER, "Internal"),
        (K.REST, 504, b'{"message": "Endpoint request timed out"}', SERVER, "integration timeout"),
        (K.REST, 429, b'{"message": "Too Many Requests"}', THROTTLED, "API Gateway's own throttle"),
        (K.REST, 413, b'{"message": "Request Too Long"}', CLIENT, "10 MB"),
        (K.HTTP_API, 500, HTTP_BODY, FUNCTION, "HTTP API does not tell which"),
        (K.HTTP_API, 500, b"my own", SERVER, "my own"),
        (K.HTTP_API, 503, b'{"message":"Service Unavailable"}', SERVER, "integration timeout"),
        (K.HTTP_API, 429, b'{"message":"Too Many Requests"}', THROTTLED, "own throttle"),
        (K.FUNCTION_URL, 502, b"Internal Server Error", FUNCTION, "function error, timeout"),
        (K.FUNCTION_URL, 502, b"my own", SERVER, "my own"),
        (K.FUNCTION_URL, 429, b'{"Reason":"x"}', THROTTLED, "Lambda's throttle"),
        (K.FUNCTION_URL, 403, b'{"Message":null}', CLIENT, "no such URL"),
        (K.HTTP, 502, ALB_PAGE, SERVER, "502 Bad Gateway"),
    ],
)
def test_each_door_has_its_own_way_of_failing(
    kind: EndpointKind, status: int, body: bytes, outcome: Outcome, words: str
) -> None:
    answer = classify(kind, status, body)
    assert answer.outcome is outcome
    assert words in answer.detail
    assert answer.detail.startswith(f"HTTP {status}: ")


@pytest.mark.parametrize(
    ("reason", "outcome"),
    [
        ("LambdaThrottling", THROTTLED),
        ("LambdaUnhandled", FUNCTION),
        ("LambdaInvalidResponse", FUNCTION),
        ("LambdaResponseTooLarge", FUNCTION),
        ("LambdaServiceException", SERVER),
    ],
)
def test_the_embedded_albs_reason_tells_its_502s_apart(reason: str, outcome: Outcome) -> None:
    answer = classify(K.ALB, 502, ALB_PAGE, x_lamload_alb_reason=reason)
    assert (answer.outcome, answer.detail) == (outcome, f"HTTP 502: {reason}")


def test_a_reason_that_nobody_knows_changes_nothing() -> None:
    answer = classify(K.ALB, 502, ALB_PAGE, x_lamload_alb_reason="Weather")
    assert answer.outcome is FUNCTION
    assert "does not tell which" in answer.detail


@pytest.mark.parametrize(
    ("status", "cache", "outcome"),
    [
        (503, "LambdaExecutionError from CloudFront", FUNCTION),
        (502, "LambdaExecutionError from CloudFront", FUNCTION),
        (502, "LambdaValidationError from CloudFront", FUNCTION),
        (503, "LambdaLimitExceeded from CloudFront", THROTTLED),
        (502, "Error from cloudfront", SERVER),
        (403, "Error from cloudfront", CLIENT),
        (200, "Miss from cloudfront", OK),
    ],
)
def test_cloudfront_names_lambdas_failures_in_x_cache(
    status: int, cache: str, outcome: Outcome
) -> None:
    answer = classify(K.CLOUDFRONT, status, x_cache=cache, x_amz_cf_id="id-of-cf")
    assert (answer.outcome, answer.request_id) == (outcome, "id-of-cf")


@pytest.mark.parametrize("kind", DOORS)
@pytest.mark.parametrize("status", [200, 502])
def test_timings_come_through_a_header_where_the_function_gives_them(
    kind: EndpointKind, status: int
) -> None:
    answer = classify(kind, status, x_lamload_report=REPORT, x_amzn_requestid=REQUEST_ID)
    assert answer.report is not None
    assert (answer.report.duration_ms, answer.report.billed_ms) == (2.37, 3)
    assert answer.request_id == REQUEST_ID
    assert classify(kind, status, x_lamload_report="nonsense").report is None


def test_a_refusal_of_awss_own_is_named_by_its_code() -> None:
    answer = classify(K.REST, 403, b"", x_amzn_errortype="MissingAuthenticationTokenException")
    assert answer.detail == "HTTP 403: MissingAuthenticationTokenException"


def test_an_http_apis_request_id_has_a_header_of_its_own() -> None:
    assert classify(K.HTTP_API, 200, apigw_requestid="JKJaXmPLvHcESHA=").request_id == (
        "JKJaXmPLvHcESHA="
    )


@pytest.mark.parametrize("kind", [*DOORS, K.INVOKE])
def test_a_head_that_comes_again_tells_the_same_again_and_another_one_its_own(
    kind: EndpointKind,
) -> None:
    door = endpoint(kind)
    plain, failed = head_of([]), head_of([(b"X-Amz-Function-Error", b"Unhandled")])
    told = [door.classify(status, plain, b"").outcome for status in (200, 200, 500, 200, 404)]
    assert told == [OK, OK, SERVER, OK, CLIENT]
    for _ in range(2):
        assert door.classify(200, failed, b"").outcome is (FUNCTION if kind is K.INVOKE else OK)
        assert door.classify(200, plain, b"").outcome is OK
    report = door.classify(200, head_of([(b"X-Lamload-Report", REPORT.encode())]), b"").report
    assert (report is None) == (kind is K.INVOKE)
