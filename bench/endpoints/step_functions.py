"""Step Functions StartSyncExecution: an express workflow around the function, waited for.

HTTP is 200 also when the execution failed; `status` decides. An error that begins with `Lambda.`
is Lambda's own word: TooManyRequestsException is THROTTLED, a service or SDK failure SERVER_ERROR;
`States.…` other than a task's failure, timeout or size is the workflow's: SERVER_ERROR. Everything
else is what the function raised: FUNCTION_ERROR. Source: Step Functions developer guide,
"Error names".
"""

from __future__ import annotations

import json
from typing import Any

from bench.aws.report_line import parse_timing_header
from bench.endpoints.base import Head
from bench.endpoints.invoke import SERVICE_HEADERS, service_error
from bench.endpoints.request_template import CompiledEndpoint, CompiledRequest
from bench.endpoints.responses import (
    REPORT,
    THROTTLE_CODES,
    hint_of,
    json_object,
    one_line,
    pick,
    request_id_of,
)
from bench.lambda_facts import EXECUTION_CONTENT_TYPE, EXECUTION_TARGET, TARGET_HEADER
from bench.model.endpoint import EndpointKind
from bench.model.outcome import Answer, Outcome

HEADERS = {
    "Content-Type": EXECUTION_CONTENT_TYPE,
    TARGET_HEADER: EXECUTION_TARGET,
}

_WANTED = SERVICE_HEADERS | {REPORT}
_LAMBDA_ERRORS = {
    "Lambda.TooManyRequestsException": Outcome.THROTTLED,
    "Lambda.AWSLambdaException": Outcome.SERVER_ERROR,
    "Lambda.ClientExecutionTimeoutException": Outcome.SERVER_ERROR,
    "Lambda.EC2ThrottledException": Outcome.THROTTLED,
    "Lambda.ResourceNotFoundException": Outcome.CLIENT_ERROR,
    "Lambda.SdkClientException": Outcome.SERVER_ERROR,
    "Lambda.ServiceException": Outcome.SERVER_ERROR,
}
_FUNCTIONS_OWN = frozenset(
    {
        "States.DataLimitExceeded",
        "States.HeartbeatTimeout",
        "States.TaskFailed",
        "States.Timeout",
    }
)


class StepFunctionsEndpoint(CompiledEndpoint):
    """A state machine of type EXPRESS; the event is its input."""

    def __init__(self, request: CompiledRequest, answer_limit: int, state_machine_arn: str) -> None:
        super().__init__(request, answer_limit)
        self._encode = request.encode
        self._head = f'{{"stateMachineArn":{json.dumps(state_machine_arn)},"input":'.encode()
        self._event: bytes | None = None
        self._body = b""
        self.request = self._request

    def _request(self, event: bytes, epoch_s: int) -> bytes:
        if event is not self._event:
            text = json.dumps(event.decode("utf-8", "replace"))
            self._event, self._body = event, self._head + text.encode("ascii") + b"}"
        return self._encode(self._body, epoch_s)

    def classify(self, status: int, head: Head, body: bytes) -> Answer:
        """The answer. A report is there only if the response carries one in `x-lamload-report`."""
        found = pick(head, _WANTED)
        request_id = request_id_of(found)
        if status != 200:
            outcome, detail = service_error(status, found, body)
            return Answer(outcome, None, hint_of(found), request_id, detail)
        report = parse_timing_header(found[REPORT]) if REPORT in found else None
        outcome, detail = _execution(_parsed(body))
        return Answer(outcome, report, None, request_id, detail)


def machine_arn(function: str, qualifier: str | None) -> str:
    """The state machine to start: function itself if it is one's ARN.

    For a function's ARN it is the machine of that name that the embedded Lambda serves, with
    `.qualifier` behind it.
    """
    parts = function.split(":")
    if len(parts) < 7 or parts[2] != "lambda":
        return function
    name = f"{parts[6]}.{qualifier}" if qualifier else parts[6]
    return f"arn:{parts[1]}:states:{parts[3]}:{parts[4]}:stateMachine:{name}"


def execution_output(body: bytes) -> bytes | None:
    """What the execution returned, or None where it returned nothing."""
    output = _parsed(body).get("output")
    return output.encode("utf-8", "replace") if isinstance(output, str) else None


def _parsed(body: bytes) -> dict[str, Any]:
    return json_object(body, limit=EndpointKind.STEP_FUNCTIONS.facts.answer_limit_bytes)


def _execution(said: dict[str, Any]) -> tuple[Outcome, str]:
    status = said.get("status")
    if status == "SUCCEEDED":
        return Outcome.OK, ""
    if status not in ("FAILED", "TIMED_OUT"):
        return Outcome.PROTOCOL_ERROR, one_line("no execution in the answer", status)
    error = str(said.get("error") or "")
    return _blame(error), one_line(status, error, said.get("cause"))


def _blame(error: str) -> Outcome:
    if error in _LAMBDA_ERRORS:
        return _LAMBDA_ERRORS[error]
    if error.removeprefix("Lambda.") in THROTTLE_CODES:
        return Outcome.THROTTLED
    if error.startswith("States.") and error not in _FUNCTIONS_OWN:
        return Outcome.SERVER_ERROR
    return Outcome.FUNCTION_ERROR
