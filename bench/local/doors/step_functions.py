"""Step Functions StartSyncExecution: an express state machine with the function as its only task.

A failed execution is HTTP 200 with `status: FAILED`. Source: botocore's Step Functions model, the
Step Functions guide, "Handling error conditions".
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from bench.lambda_facts import (
    EXECUTION_CONTENT_TYPE,
    EXECUTION_DATA_LIMIT_BYTES,
    EXECUTION_TARGET,
    REQUEST_ID_HEADER,
    TARGET_HEADER,
)
from bench.local.doors import answer
from bench.local.doors.base import DoorContext, encode, with_report
from bench.local.http.api_error import ApiError
from bench.local.model import HttpRequest, HttpResponse, InvokeResult
from bench.model.times import NS_PER_MS

TIMEOUT_S = 300.0
BILLED_STEP_MS = 100
BILLED_MEMORY_MB = 64

_ARN = re.compile(
    r"arn:aws[a-z-]*:states:([a-z0-9-]+):(\d{12}):stateMachine:([A-Za-z0-9_-]{1,80})"
    r"(?:\.([A-Za-z0-9_-]{1,128}))?"
)
_NAME = re.compile(r"[A-Za-z0-9_.-]{1,80}")


def state_machine_arn(context: DoorContext) -> str:
    """The state machine of a function: its name, and `.qualifier` if it is qualified."""
    suffix = f".{context.qualifier}" if context.qualifier else ""
    place = f"{context.region}:{context.account}"
    return f"arn:aws:states:{place}:stateMachine:{context.name}{suffix}"


@dataclass(frozen=True, slots=True)
class StepFunctionsDoor:
    """Executions of at most five minutes."""

    timeout_s: float | None = TIMEOUT_S

    def event(self, request: HttpRequest, context: DoorContext) -> bytes | HttpResponse:
        """The execution's input; 400 for a request that is none or a state machine not there."""
        target = request.header(TARGET_HEADER)
        if target != EXECUTION_TARGET:
            return _refusal(400, "UnknownOperationException", None, context)
        try:
            members = json.loads(request.body or b"{}")
        except (ValueError, RecursionError):
            return _refusal(400, "SerializationException", None, context)
        if not isinstance(members, dict):
            return _refusal(400, "SerializationException", None, context)
        return _input(members, context)

    def respond(
        self, request: HttpRequest, result: InvokeResult, context: DoorContext
    ) -> HttpResponse:
        """The execution: SUCCEEDED with the function's output, or FAILED with its error."""
        outcome = _outcome(result)
        spent_ms = result.duration_ms + (result.init_ms or 0.0)
        return with_report(_execution(request, context, outcome, spent_ms), result, context)

    def timed_out(self, request: HttpRequest, context: DoorContext) -> HttpResponse:
        """An execution with status TIMED_OUT, still a 200: its timeout is the duration."""
        outcome = {"status": "TIMED_OUT"}
        return _execution(request, context, outcome, (self.timeout_s or 0.0) * 1000)

    def refuse(self, request: HttpRequest, error: ApiError, context: DoorContext) -> HttpResponse:
        """400 for a state machine that is not there, else an execution that FAILED."""
        if error.status == 404:
            return _no_machine(context)
        cause = f"{error.message} (Service: AWSLambda; Status Code: {error.status})"
        return _execution(request, context, _failed(f"Lambda.{error.code}", cause), 0.0)


def _members(request: HttpRequest) -> dict[str, Any]:
    try:
        members = json.loads(request.body)
    except (ValueError, RecursionError):
        return {}
    return members if isinstance(members, dict) else {}


def _input(members: dict[str, Any], context: DoorContext) -> bytes | HttpResponse:
    arn, given = members.get("stateMachineArn"), members.get("input", "{}")
    name = members.get("name")
    if not isinstance(arn, str):
        return _invalid("stateMachineArn", "must not be null", context)
    if not _ARN.fullmatch(arn):
        message = f"Invalid Arn: 'Invalid ARN prefix: {arn[:128]}'"
        return _refusal(400, "InvalidArn", message, context)
    if arn != state_machine_arn(context):
        return _no_machine(context)
    if name is not None and not (isinstance(name, str) and _NAME.fullmatch(name)):
        return _refusal(400, "InvalidName", f"Invalid Name: '{str(name)[:80]}'", context)
    if not isinstance(given, str):
        return _refusal(400, "SerializationException", None, context)
    encoded = given.encode("utf-8", "surrogatepass")
    if len(encoded) > EXECUTION_DATA_LIMIT_BYTES:
        return _invalid("input", "have length less than or equal to 262144", context)
    try:
        answer.parse(encoded)
    except answer.Malformed:
        message = "Invalid State Machine Execution Input: 'Invalid JSON'"
        return _refusal(400, "InvalidExecutionInput", message, context)
    return encoded


def _outcome(result: InvokeResult) -> dict[str, Any]:
    if result.throttle_reason:
        cause = f"Rate Exceeded. (Service: AWSLambda; Status Code: 429; {result.throttle_reason})"
        return _failed("Lambda.TooManyRequestsException", cause)
    output = result.payload.decode("utf-8", "replace")
    if result.error:
        return _failed(_error_type(result.payload), output)
    if len(result.payload) > EXECUTION_DATA_LIMIT_BYTES:
        return _failed(
            "States.DataLimitExceeded",
            "The state/task returned a result with a size exceeding the maximum number of bytes "
            "service limit.",
        )
    try:
        answer.parse(result.payload)
    except answer.Malformed:
        return _failed("States.Runtime", "The function's output is not valid JSON")
    return {"status": "SUCCEEDED", "output": output}


def _error_type(payload: bytes) -> str:
    """The errorType of a function's error, `Lambda.Unknown` if it names none."""
    try:
        said = answer.parse(payload)
    except answer.Malformed:
        return "Lambda.Unknown"
    named = said.get("errorType") if isinstance(said, dict) else None
    return named if isinstance(named, str) and named else "Lambda.Unknown"


def _failed(error: str, cause: str) -> dict[str, Any]:
    return {"status": "FAILED", "error": error[:256], "cause": cause[:32768]}


def _execution(
    request: HttpRequest, context: DoorContext, outcome: dict[str, Any], spent_ms: float
) -> HttpResponse:
    members = _members(request)
    name = members.get("name") or str(uuid5(NAMESPACE_URL, context.request_id))
    machine = state_machine_arn(context)
    place = machine.replace(":stateMachine:", ":express:")
    billed_ms = max(1, -(-int(spent_ms) // BILLED_STEP_MS)) * BILLED_STEP_MS
    body: dict[str, Any] = {
        "billingDetails": {
            "billedDurationInMilliseconds": billed_ms,
            "billedMemoryUsedInMB": BILLED_MEMORY_MB,
        },
        **outcome,
        "executionArn": f"{place}:{name}:{uuid5(NAMESPACE_URL, context.request_id + '/run')}",
        "input": members.get("input", "{}"),
        "inputDetails": {"included": True},
        "name": name,
        "outputDetails": {"included": True},
        "startDate": context.now_ns / NS_PER_MS / 1000,
        "stateMachineArn": machine,
        "stopDate": (context.now_ns / NS_PER_MS + spent_ms) / 1000,
    }
    return _json(200, body, context)


def _json(status: int, body: dict[str, Any], context: DoorContext) -> HttpResponse:
    headers = (
        ("Content-Type", EXECUTION_CONTENT_TYPE),
        (REQUEST_ID_HEADER, context.request_id),
    )
    return HttpResponse(status, headers, encode(body))


def _refusal(status: int, code: str, message: str | None, context: DoorContext) -> HttpResponse:
    """An error as JSON 1.0 services answer it."""
    body: dict[str, Any] = {"__type": f"com.amazonaws.swf.service.v2.model#{code}"}
    if message is not None:
        body["message"] = message
    return _json(status, body, context)


def _invalid(member: str, constraint: str, context: DoorContext) -> HttpResponse:
    message = (
        f"1 validation error detected: Value at '{member}' failed to satisfy constraint: "
        f"Member must {constraint}"
    )
    return _refusal(400, "ValidationException", message, context)


def _no_machine(context: DoorContext) -> HttpResponse:
    message = f"State Machine Does Not Exist: '{state_machine_arn(context)}'"
    return _refusal(400, "StateMachineDoesNotExist", message, context)
