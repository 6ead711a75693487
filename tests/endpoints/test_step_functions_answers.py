import json
from typing import Any

import pytest

from bench.endpoints.registry import function_payload
from bench.endpoints.step_functions import machine_arn
from bench.model.endpoint import EndpointKind
from bench.model.outcome import Outcome
from tests.endpoints.build import EPOCH_S, REPORT, REQUEST_ID, classify, endpoint, parsed

SFN = EndpointKind.STEP_FUNCTIONS
MACHINE = "arn:aws:states:us-east-1:123456789012:stateMachine:primes"


def execution(**members: Any) -> bytes:
    details = {"billedDurationInMilliseconds": 200, "billedMemoryUsedInMB": 64}
    return json.dumps({"billingDetails": details} | members).encode()


def test_a_request_starts_the_machine_with_the_event_as_its_input() -> None:
    made = endpoint(SFN, function=MACHINE)
    first, headers, body = parsed(made.request('{"n":"ü\\n"}'.encode(), EPOCH_S))
    assert first == "POST / HTTP/1.1"
    assert headers["x-amz-target"] == "AWSStepFunctions.StartSyncExecution"
    assert headers["content-type"] == "application/x-amz-json-1.0"
    said = json.loads(body)
    assert said["stateMachineArn"] == MACHINE
    assert json.loads(said["input"]) == {"n": "ü\n"}


def test_a_constant_event_is_wrapped_once() -> None:
    made, event = endpoint(SFN, function=MACHINE), b"{}"
    assert made.request(event, EPOCH_S) is made.request(event, EPOCH_S)


def test_a_functions_arn_names_the_machine_that_the_embedded_lambda_serves() -> None:
    arn = "arn:aws:lambda:us-east-1:123456789012:function:primes"
    assert machine_arn(arn, "lamload-512MB") == f"{MACHINE}.lamload-512MB"
    assert machine_arn(arn, None) == MACHINE
    assert machine_arn(MACHINE, "lamload-512MB") == MACHINE


def test_a_success_is_ok_and_hands_the_output_on() -> None:
    body = execution(status="SUCCEEDED", output='{"a":1}')
    answer = classify(SFN, 200, body, x_amzn_requestid=REQUEST_ID, x_lamload_report=REPORT)
    assert answer.outcome is Outcome.OK
    assert answer.request_id == REQUEST_ID
    assert answer.report is not None
    assert function_payload(SFN, body) == b'{"a":1}'


@pytest.mark.parametrize(
    ("status", "error", "outcome"),
    [
        ("FAILED", "ValueError", Outcome.FUNCTION_ERROR),
        ("FAILED", "Lambda.Unknown", Outcome.FUNCTION_ERROR),
        ("FAILED", "Sandbox.Timedout", Outcome.FUNCTION_ERROR),
        ("FAILED", "States.TaskFailed", Outcome.FUNCTION_ERROR),
        ("FAILED", None, Outcome.FUNCTION_ERROR),
        ("TIMED_OUT", "States.Timeout", Outcome.FUNCTION_ERROR),
        ("FAILED", "Lambda.TooManyRequestsException", Outcome.THROTTLED),
        ("FAILED", "Lambda.ServiceException", Outcome.SERVER_ERROR),
        ("FAILED", "Lambda.SdkClientException", Outcome.SERVER_ERROR),
        ("FAILED", "States.Runtime", Outcome.SERVER_ERROR),
    ],
)
def test_a_failed_execution_is_a_200_and_still_told_apart(
    status: str, error: str | None, outcome: Outcome
) -> None:
    body = execution(status=status, error=error, cause="because")
    answer = classify(SFN, 200, body)
    assert answer.outcome is outcome
    assert status in answer.detail
    assert "because" in answer.detail


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b'{"status":"RUNNING"}', b'{"status":[]}'])
def test_an_answer_without_an_execution_is_a_protocol_error(body: bytes) -> None:
    assert classify(SFN, 200, body).outcome is Outcome.PROTOCOL_ERROR
    assert function_payload(SFN, body) is None


def test_the_services_own_errors_come_with_their_status() -> None:
    missing = b'{"__type":"com.amazonaws.swf.service.v2.model#StateMachineDoesNotExist"}'
    answer = classify(SFN, 400, missing)
    assert answer.outcome is Outcome.CLIENT_ERROR
    assert "StateMachineDoesNotExist" in answer.detail
    throttled = b'{"__type":"ThrottlingException","message":"Rate exceeded"}'
    assert classify(SFN, 400, throttled).outcome is Outcome.THROTTLED
