from __future__ import annotations

import json
from typing import Any

import pytest

from bench.local.doors import step_functions
from bench.local.model import HttpRequest, InvokeResult
from tests.local.doors.calls import (
    CONTEXT,
    RAISED,
    THROTTLED,
    TIMED_OUT,
    event,
    header,
    refused,
    request,
    respond,
    result,
)

ARN = "arn:aws:states:us-east-1:123456789012:stateMachine:primes.128MB"
TARGET = (("X-Amz-Target", "AWSStepFunctions.StartSyncExecution"),)


def start(**members: Any) -> HttpRequest:
    return request(headers=TARGET, body=json.dumps({"stateMachineArn": ARN, **members}).encode())


def execution(of: InvokeResult) -> dict[str, Any]:
    answer = respond("step-functions", of, start(input='{"n": 1}', name="run-1"))
    assert answer.status == 200
    assert header(answer, "content-type") == "application/x-amz-json-1.0"
    value = json.loads(answer.body)
    assert isinstance(value, dict)
    return value


def test_the_event_is_the_input_as_it_is() -> None:
    assert event("step-functions", start(input='{"n": 20000}')) == {"n": 20000}
    assert event("step-functions", start()) == {}


def test_the_arn_names_function_and_qualifier() -> None:
    assert step_functions.state_machine_arn(CONTEXT) == ARN


def test_a_success_has_the_shape_of_an_execution() -> None:
    made = execution(result({"primes": 7}))
    assert made.pop("executionArn").startswith(ARN.replace("stateMachine", "express") + ":run-1:")
    assert made == {
        "billingDetails": {"billedDurationInMilliseconds": 100, "billedMemoryUsedInMB": 64},
        "status": "SUCCEEDED",
        "output": '{"primes": 7}',
        "input": '{"n": 1}',
        "inputDetails": {"included": True},
        "name": "run-1",
        "outputDetails": {"included": True},
        "startDate": 1_583_348_638.39,
        "stateMachineArn": ARN,
        "stopDate": pytest.approx(1_583_348_638.402345),
    }


@pytest.mark.parametrize(
    ("of", "error"),
    [
        (RAISED, "ValueError"),
        (TIMED_OUT, "Sandbox.Timedout"),
        (THROTTLED, "Lambda.TooManyRequestsException"),
        (result({"errorMessage": "2020 Task timed out"}, error="Unhandled"), "Lambda.Unknown"),
        (result(b"oops"), "States.Runtime"),
        (result({"x": "y" * 262_144}), "States.DataLimitExceeded"),
    ],
)
def test_a_failure_is_still_200(of: InvokeResult, error: str) -> None:
    made = execution(of)
    assert (made["status"], made["error"]) == ("FAILED", error)
    assert made["cause"]
    assert "output" not in made


def test_the_cause_is_the_functions_own_error() -> None:
    assert json.loads(execution(RAISED)["cause"])["errorMessage"] == "no"


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        (request(body=b"{}"), "UnknownOperationException"),
        (request(headers=TARGET, body=b"["), "SerializationException"),
        (request(headers=TARGET, body=b"[]"), "SerializationException"),
        (request(headers=TARGET, body=b"{}"), "ValidationException"),
        (start(stateMachineArn="nonsense"), "InvalidArn"),
        (start(stateMachineArn=ARN.replace("primes", "other")), "StateMachineDoesNotExist"),
        (start(input="{"), "InvalidExecutionInput"),
        (start(input=json.dumps("x" * 262_144)), "ValidationException"),
        (start(name="a b"), "InvalidName"),
    ],
)
def test_a_request_that_cannot_be_is_refused(asked: HttpRequest, code: str) -> None:
    answer = refused("step-functions", asked)
    assert answer.status == 400
    assert json.loads(answer.body)["__type"].endswith(f"#{code}")
