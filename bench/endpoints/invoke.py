"""The Invoke API, RequestResponse: the shortest way into a function, and the one that tells most.

A function's error is a 200 with `X-Amz-Function-Error`: FUNCTION_ERROR. So is the function's own
timeout (`Sandbox.Timedout`, or before 2025 a bare `Task timed out after …`): it is the function
that failed, while Outcome.TIMEOUT is this client's patience. 429, and the codes that AWS SDKs
treat as throttling whatever their status (EC2ThrottledException comes as 502), are THROTTLED; other
5xx SERVER_ERROR, other 4xx CLIENT_ERROR. Sources: botocore's Lambda model; lambda error payloads.
"""

from __future__ import annotations

from urllib.parse import quote

from bench.aws.report_line import parse_log_result
from bench.endpoints.base import Head
from bench.endpoints.request_template import CompiledEndpoint
from bench.endpoints.responses import (
    ERROR_TYPE,
    HINTS,
    THROTTLE_CODES,
    excerpt,
    hint_of,
    json_object,
    key_of,
    line_with,
    one_line,
    pick,
    request_id_of,
    status_outcome,
)
from bench.lambda_facts import (
    FUNCTION_ERROR_HEADER,
    INVOKE_PREFIX,
    INVOKE_SUFFIX,
    LOG_RESULT_HEADER,
    REQUEST_ID_HEADER,
)
from bench.model.outcome import Answer, Outcome, Report

_FUNCTION_ERROR = key_of(FUNCTION_ERROR_HEADER)
_LOG_RESULT = key_of(LOG_RESULT_HEADER)
_has_more = line_with(_FUNCTION_ERROR, _LOG_RESULT)
_PLAIN_OK = Answer(Outcome.OK)
SERVICE_HEADERS = frozenset(
    {_FUNCTION_ERROR, _LOG_RESULT, ERROR_TYPE, key_of(REQUEST_ID_HEADER), *HINTS}
)
"""What the answers of AWS's APIs are read for."""


class InvokeEndpoint(CompiledEndpoint):
    """Invoke, with the answer in one piece: `POST /2015-03-31/functions/{name}/invocations`."""

    _plain_head = b""
    """The latest that told no more: for a head that it knows the wire gives the same object."""

    def classify(self, status: int, head: Head, body: bytes) -> Answer:
        """The answer; its report comes from the log's tail, if that was asked for."""
        if status == 200 and (head is self._plain_head or not _has_more(head)):
            self._plain_head = head
            return _PLAIN_OK
        found = pick(head, SERVICE_HEADERS)
        request_id = request_id_of(found)
        if status != 200:
            outcome, detail = service_error(status, found, body)
            return Answer(outcome, None, hint_of(found), request_id, detail)
        report = parse_log_result(found[_LOG_RESULT]) if _LOG_RESULT in found else None
        if _FUNCTION_ERROR not in found:
            return Answer(Outcome.OK, report, None, request_id)
        return Answer(
            Outcome.FUNCTION_ERROR, report, None, request_id, function_error(body, report)
        )


def invoke_path(function: str, qualifier: str | None) -> str:
    """Path and query of an invocation; labels are percent-encoded whole, as SDKs do it."""
    path = f"{INVOKE_PREFIX}{quote(function, safe='')}{INVOKE_SUFFIX}"
    return f"{path}?Qualifier={quote(qualifier, safe='')}" if qualifier else path


def function_error(body: bytes, report: Report | None = None) -> str:
    """What a function's error payload says, in one line; REPORT's error type where it knows more.

    An out-of-memory kill, for example, reads `Runtime.ExitError (Runtime.OutOfMemory): …`.
    """
    found = json_object(body)
    kind = found.get("errorType") or ""
    if report is not None and report.error_type not in (None, kind):
        kind = f"{kind} ({report.error_type})" if kind else report.error_type
    return one_line(kind, found.get("errorMessage")) or excerpt(body) or "function error"


def service_error(status: int, found: dict[bytes, bytes], body: bytes) -> tuple[Outcome, str]:
    """An answer of the Lambda service other than 200, with its code, reason and message."""
    error = json_object(body)
    header = found.get(ERROR_TYPE, b"").decode("latin-1")
    code = _error_code(header or str(error.get("__type") or error.get("code") or ""))
    message = error.get("message") or error.get("Message") or error.get("errorMessage")
    detail = one_line(f"HTTP {status}", code, error.get("Reason"), message or excerpt(body))
    if code in THROTTLE_CODES:
        return Outcome.THROTTLED, detail
    outcome = status_outcome(status)
    if outcome is not Outcome.OK:
        return outcome, detail
    if 300 <= status < 400:
        return Outcome.CLIENT_ERROR, detail
    return Outcome.PROTOCOL_ERROR, one_line(f"HTTP {status} is no answer to an invocation")


def _error_code(text: str) -> str:
    """The name in an error's type: `ThrottlingException` of `com.amazon#ThrottlingException:…`."""
    return text.split(":", 1)[0].rsplit("#", 1)[-1].strip()
