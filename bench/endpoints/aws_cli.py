"""The AWS CLI as a process: what a shell script pays for `aws lambda invoke`.

Works with both major versions: the payload goes in by `fileb:///dev/stdin`, which both take as it
stands, and the function's answer comes out on stdout, followed by the CLI's own JSON. The CLI's
retries are off (AWS_MAX_ATTEMPTS=1). Exit codes: 0 also for a function's error; 252 usage, 253
configuration, 254 or 255 an error of the service's, named on stderr.
"""

from __future__ import annotations

import re
from base64 import b64encode

from bench.aws.credentials import Credentials
from bench.aws.report_line import parse_log_result
from bench.endpoints.base import UNSEEN, CommandLine
from bench.endpoints.invoke import function_error
from bench.endpoints.responses import THROTTLE_CODES, excerpt, json_object, one_line, status_outcome
from bench.model.load import Binding
from bench.model.outcome import Answer, Outcome
from bench.model.profile import Target

_SERVICE_ERROR = re.compile(rb"An error occurred \(([\w.]+)\) when calling the \w+ operation")
_SERVER_CODES = re.compile(
    r"Service|Internal|EC2|ENI|KMS|SubnetIPAddress|InvalidSecurityGroup|InvalidSubnet"
    r"|InvalidRuntime|InvalidZipFile|ResourceNotReady"
)
"""Beginnings of the codes that the Invoke API answers with 5xx. Source: botocore's Lambda model."""
_CONNECTION_ERRORS = (
    (b"Connect timeout on endpoint URL", Outcome.CONNECT_ERROR),
    (b"Could not connect to the endpoint URL", Outcome.CONNECT_ERROR),
    (b"Read timeout on endpoint URL", Outcome.TIMEOUT),
    (b"Connection was closed before", Outcome.PROTOCOL_ERROR),
)


class CliEndpoint:
    """`aws lambda invoke` of one function and qualifier."""

    def __init__(
        self, binding: Binding, target: Target, credentials: Credentials, region: str
    ) -> None:
        argv = ["aws", "lambda", "invoke", "--function-name", binding.function or ""]
        if binding.qualifier is not None:
            argv += ["--qualifier", binding.qualifier]
        if target.log_tail:
            argv += ["--log-type", "Tail"]
        if target.client_context is not None:
            argv += ["--client-context", f"file://{UNSEEN}"]
        argv += ["--payload", "fileb:///dev/stdin", "--endpoint-url", binding.url]
        argv += ["--region", region, "--output", "json", "/dev/stdout"]
        self._argv = tuple(argv)
        self._context = b64encode((target.client_context or "").encode())
        self._environ = {
            "AWS_ACCESS_KEY_ID": credentials.access_key,
            "AWS_SECRET_ACCESS_KEY": credentials.secret_key,
            "AWS_SESSION_TOKEN": credentials.session_token or "",
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_MAX_ATTEMPTS": "1",
            "AWS_PAGER": "",
        }

    def command(self, event: bytes) -> CommandLine:
        """The process for one invocation."""
        return CommandLine(self._argv, self._environ, event, self._context)

    def classify_process(self, returncode: int, stdout: bytes, stderr: bytes) -> Answer:
        """As the Invoke API's answer, read from what the CLI printed."""
        if returncode == 0:
            return _answered(*_split_output(stdout))
        if returncode < 0:
            return Answer(Outcome.PROTOCOL_ERROR, detail=f"the CLI ended by signal {-returncode}")
        outcome = _failure(stderr)
        last = stderr.strip().rpartition(b"\n")[2]
        return Answer(outcome, detail=one_line(f"exit code {returncode}", excerpt(last)))


def _split_output(stdout: bytes) -> tuple[bytes, bytes]:
    """The function's payload and the CLI's JSON behind it, which has no object within."""
    cut = max(0, stdout.rfind(b"{"))
    return stdout[:cut], stdout[cut:]


def printed_payload(stdout: bytes) -> bytes:
    """The function's payload, without the CLI's own JSON behind it."""
    return _split_output(stdout)[0]


def _answered(payload: bytes, metadata: bytes) -> Answer:
    said = json_object(metadata)
    if "StatusCode" not in said:
        return Answer(Outcome.PROTOCOL_ERROR, detail=one_line("CLI output", excerpt(metadata)))
    log = said.get("LogResult")
    report = parse_log_result(log.encode("utf-8", "replace")) if isinstance(log, str) else None
    request_id = report.request_id if report is not None else ""
    if said.get("FunctionError"):
        detail = function_error(payload, report)
        return Answer(Outcome.FUNCTION_ERROR, report, None, request_id, detail)
    return Answer(Outcome.OK, report, None, request_id)


def _failure(stderr: bytes) -> Outcome:
    match = _SERVICE_ERROR.search(stderr)
    if match is not None:
        return _code_outcome(match[1].decode("ascii", "replace"))
    for words, outcome in _CONNECTION_ERRORS:
        if words in stderr:
            return outcome
    return Outcome.CLIENT_ERROR


def _code_outcome(code: str) -> Outcome:
    """What a service's error code means; a bare status stands for an answer without a code."""
    if code in THROTTLE_CODES:
        return Outcome.THROTTLED
    if code.isdigit():
        return status_outcome(int(code[:4]))
    return Outcome.SERVER_ERROR if _SERVER_CODES.match(code) else Outcome.CLIENT_ERROR
