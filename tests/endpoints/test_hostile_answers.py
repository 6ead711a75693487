"""Whatever a server sends becomes an Answer: nothing raises, nothing grows."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.endpoints.base import Endpoint, head_of
from bench.endpoints.registry import command_endpoint_for, function_payload
from bench.endpoints.responses import DETAIL_LIMIT
from bench.model.endpoint import EndpointKind
from bench.model.outcome import Answer, Outcome
from bench.model.times import NS_PER_S
from tests.endpoints.build import binding, endpoint, target
from tests.endpoints.test_stream_answers import event

ENDPOINTS: dict[EndpointKind, Endpoint] = {
    kind: endpoint(kind) for kind in EndpointKind if kind is not EndpointKind.CLI
}
NAMES = [
    b"X-Amz-Function-Error",
    b"X-Amz-Log-Result",
    b"x-amzn-ErrorType",
    b"x-amzn-RequestId",
    b"Retry-After",
    b"x-amz-retry-after",
    b"x-lamload-report",
    b"x-lamload-alb-reason",
    b"X-Cache",
]
KEYS = ["errorType", "errorMessage", "message", "Message", "Reason", "__type", "status", "error"]
KEYS += ["cause", "output", "billingDetails", "ErrorCode", "ErrorDetails", "LogResult", "code"]

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
bodies = (
    st.binary(max_size=200)
    | st.dictionaries(st.sampled_from(KEYS), json_values).map(
        lambda said: json.dumps(said).encode()
    )
    | st.binary(max_size=50).map(lambda payload: event("InvokeComplete", payload))
    | st.dictionaries(st.sampled_from(KEYS), json_values).map(
        lambda said: event("InvokeComplete", json.dumps(said).encode())
    )
)
headers = st.lists(st.tuples(st.sampled_from(NAMES), st.binary(max_size=60)), max_size=5)


def check(answer: Answer) -> None:
    assert isinstance(answer.outcome, Outcome)
    assert answer.detail.isprintable()
    assert len(answer.detail) <= DETAIL_LIMIT
    assert answer.request_id.isprintable()
    assert answer.outcome is Outcome.OK or answer.detail
    assert answer.hint is None or 0 <= answer.hint.delay_ns <= 3600 * NS_PER_S
    if answer.report is not None:
        assert 0 <= answer.report.duration_ms < 1e9
        assert 0 <= answer.report.billed_ms < 2**31
        assert 0 <= (answer.report.max_memory_mb or 0) < 2**31


@pytest.mark.parametrize("kind", ENDPOINTS)
@given(
    status=st.sampled_from([200, 200, 429, 500, 502, 503]) | st.integers(-5, 70_000),
    headers=headers,
    body=bodies,
)
@settings(max_examples=60)
def test_any_response_is_classified(
    kind: EndpointKind, status: int, headers: list[tuple[bytes, bytes]], body: bytes
) -> None:
    check(ENDPOINTS[kind].classify(status, head_of(headers), body))
    function_payload(kind, body)


@given(code=st.integers(-64, 255), stdout=bodies, stderr=st.binary(max_size=100))
def test_any_end_of_a_process_is_classified(code: int, stdout: bytes, stderr: bytes) -> None:
    made = command_endpoint_for(binding(EndpointKind.CLI), target(), None)
    check(made.classify_process(code, stdout, stderr))
    function_payload(EndpointKind.CLI, stdout)


@pytest.mark.parametrize("kind", ENDPOINTS)
@pytest.mark.parametrize(
    "body",
    [
        b"[" * 200_000,
        b'{"errorMessage":' * 20_000,
        b'{"errorMessage":"' + b"x" * 3_000_000 + b'"}',
        b'{"errorMessage":' + b"9" * 100_000 + b"}",
        b'{"errorMessage":"\\ud800\\udfff\\u001b"}',
        b"\xff\xfe" * 1000,
    ],
    ids=["nested-list", "nested-object", "huge", "long-number", "surrogates", "utf-16"],
)
def test_hostile_json_is_classified(kind: EndpointKind, body: bytes) -> None:
    for status, found in ((200, [(b"X-Amz-Function-Error", b"Unhandled")]), (502, [])):
        check(ENDPOINTS[kind].classify(status, head_of(found), body))
